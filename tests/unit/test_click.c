/* Mailed links: what a token says by its path, what a GET shows, and what a POST means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "mail/confirm.h"
#include "mail/preferences.h"
#include "mail/unsubscribe.h"
#include "web/click.h"

static const struct token_key key = {
    "2026a", (const unsigned char *)"0123456789abcdef0123456789abcdef", 32, false};
static const struct token_key secret = {"1", (const unsigned char *)"of the installation", 19,
                                        true};
static const struct token_keys keys = {&key, 1};

struct scene {
    struct arena *arena;
    struct click_person person;
    const struct page_language *language;
    struct click click;
};

static int set_up(void **state)
{
    static const struct click_topic topics[] = {
        {"offers", true}, {"news", false}, {"tea.time", true}};
    static struct scene scene;
    struct arena *arena = arena_new(65536);
    struct value customer = value_new_map(arena, 1), names = value_new_map(arena, 1);
    value_set(arena, customer, "id", value_text("7"));
    value_set(arena, names, "customer", customer);
    scene = (struct scene){.arena = arena,
                           .person = {.names = names, .topics = topics, .topic_count = 3},
                           .language = &page_languages_own.items[0]};
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    arena_destroy(&scene->arena);
    return 0;
}

static bool post(struct scene *scene, const struct link *link, const char *body)
{
    struct form form;
    assert_true(form_read(scene->arena, NULL, slice_of(body), &form));
    return click_read(scene->arena, link, &scene->person, scene->language, &form, &scene->click);
}

/* The events without their ids, as JSON. */
static const char *said(struct scene *scene)
{
    const char *text = "";
    for (size_t i = 0; i < scene->click.event_count; i++) {
        struct value event = value_copy(scene->arena, &scene->click.events[i]);
        const char *id = value_to_text(scene->arena, value_get(&event, "id"));
        assert_int_equal(strlen(id), strlen("click-") + 32);
        assert_true(value_is_text(value_get(&event, "source"), "nudged-web"));
        assert_true(value_is_text(value_path(&event, "customer.id"), "7"));
        value_remove(event, "id");
        value_remove(event, "source");
        value_remove(event, "customer");
        text = arena_printf(scene->arena, "%s%s\n", text,
                            json_print_slice(scene->arena, &event, 4096).text);
    }
    return text;
}

static enum link_verdict read_link(struct scene *scene, enum link_kind kind, const char *token,
                                   int64_t now_ms, struct link *link)
{
    return link_read(scene->arena, &keys, kind, slice_of(token), now_ms, link);
}

static void links(void **state)
{
    struct scene *scene = *state;
    struct arena *arena = scene->arena;
    struct link link;
    const struct confirm_claim claim = {"id:7", "news,alerts", 1000};
    const char *leave = unsubscribe_make(arena, &key, "id:7", "offers");
    const char *choose = preferences_make(arena, &key, "id:7");
    const char *yes = confirm_make(arena, &key, &claim);
    const char *old = unsubscribe_make(arena, &secret, "id:7", "offers");
    assert_int_equal(read_link(scene, LINK_UNSUBSCRIBE, leave, 0, &link), LINK_GOOD);
    assert_string_equal(link.customer, "id:7");
    assert_string_equal(link.topic, "offers");
    assert_int_equal(read_link(scene, LINK_PREFERENCES, choose, 0, &link), LINK_GOOD);
    assert_string_equal(link.topic, "");
    assert_int_equal(read_link(scene, LINK_CONFIRM, yes, 999, &link), LINK_GOOD);
    assert_string_equal(link.topic, "news,alerts");
    assert_int_equal(read_link(scene, LINK_CONFIRM, yes, 1000, &link), LINK_EXPIRED);
    assert_int_equal(read_link(scene, LINK_CONFIRM, leave, 0, &link), LINK_VOID);
    assert_int_equal(read_link(scene, LINK_PREFERENCES, leave, 0, &link), LINK_VOID);
    assert_int_equal(read_link(scene, LINK_UNSUBSCRIBE, yes, 0, &link), LINK_VOID);
    assert_int_equal(read_link(scene, LINK_UNSUBSCRIBE, "", 0, &link), LINK_VOID);
    assert_int_equal(read_link(scene, LINK_UNSUBSCRIBE, old, 0, &link), LINK_FOREIGN);
}

static void one_click(void **state)
{
    struct scene *scene = *state;
    const struct link link = {LINK_UNSUBSCRIBE, "id:7", "offers", 0};
    assert_true(post(scene, &link, "List-Unsubscribe=One-Click"));
    assert_string_equal(said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"offers\","
                                     "\"how\":\"one-click\"}\n");
    assert_true(post(scene, &link, "List-Unsubscribe=One-Click&from=page"));
    assert_string_equal(said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"offers\","
                                     "\"how\":\"page\"}\n");
    assert_true(post(scene, &link, "List-Unsubscribe=One-Click&from=page&all=1"));
    assert_string_equal(
        said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"all\",\"how\":\"page\"}\n");
    assert_false(post(scene, &link, ""));
    assert_false(post(scene, &link, "list-unsubscribe=one-click"));
    assert_false(post(scene, &link, "confirm=1"));
    assert_int_equal(scene->click.event_count, 0);
}

/* Each time a word of its own: a no, a yes and another no are three. */
static void ids_are_used_once(void **state)
{
    struct scene *scene = *state;
    const struct link link = {LINK_UNSUBSCRIBE, "id:7", "offers", 0};
    assert_true(post(scene, &link, "List-Unsubscribe=One-Click"));
    const char *first = value_to_text(scene->arena, value_get(&scene->click.events[0], "id"));
    assert_true(post(scene, &link, "List-Unsubscribe=One-Click"));
    assert_false(value_is_text(value_get(&scene->click.events[0], "id"), first));
}

static void preferences(void **state)
{
    struct scene *scene = *state;
    const struct link link = {LINK_PREFERENCES, "id:7", "", 0};
    assert_true(post(scene, &link, "was=offers&was=tea.time&on=tea.time&on=news"));
    assert_string_equal(said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"offers\","
                                     "\"how\":\"preferences\"}\n"
                                     "{\"type\":\"customer.subscription_requested\",\"topics\":"
                                     "[\"news\"],\"how\":\"preferences\"}\n");
    /* What another page switched on meanwhile was not shown here, so it stays. */
    assert_true(post(scene, &link, "was=tea.time&on=tea.time"));
    assert_string_equal(said(scene), "");
    assert_int_equal(scene->click.content.parts[2].lead, PAGE_UNCHANGED);
    assert_true(post(scene, &link, "was=offers&on=offers&on=news&all=1"));
    assert_string_equal(said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"all\","
                                     "\"how\":\"preferences\"}\n");
    /* A yes to what there is not is none; a no is one, for it may have been there. */
    assert_true(post(scene, &link, "on=all&on=evil&was=evil2&was=e%20vil"));
    assert_string_equal(said(scene), "{\"type\":\"customer.unsubscribed\",\"topic\":\"evil2\","
                                     "\"how\":\"preferences\"}\n");
}

static void confirmation(void **state)
{
    struct scene *scene = *state;
    const struct link link = {LINK_CONFIRM, "id:7", "news,,alerts,", 0};
    assert_false(post(scene, &link, ""));
    assert_false(post(scene, &link, "List-Unsubscribe=One-Click"));
    assert_true(post(scene, &link, "confirm=1"));
    assert_string_equal(said(scene), "{\"type\":\"customer.subscribed\",\"topic\":\"news\","
                                     "\"how\":\"confirmed\"}\n"
                                     "{\"type\":\"customer.subscribed\",\"topic\":\"alerts\","
                                     "\"how\":\"confirmed\"}\n");
}

static void titles(void **state)
{
    struct scene *scene = *state;
    struct link link = {LINK_UNSUBSCRIBE, "id:7", "new-arrivals", 0};
    struct page_content content = click_show(scene->arena, &link, &scene->person, scene->language);
    assert_string_equal(content.parts[0].titles[0], "New arrivals");
    assert_int_equal(content.note, PAGE_ORDERS_STAY);
    link.topic = "all";
    content = click_show(scene->arena, &link, &scene->person, scene->language);
    assert_string_equal(content.parts[0].titles[0], scene->language->all);
    link.topic = "новости";
    content = click_show(scene->arena, &link, &scene->person, scene->language);
    assert_string_equal(content.parts[0].titles[0], "новости");
    link = (struct link){LINK_PREFERENCES, "id:7", "", 0};
    content = click_show(scene->arena, &link, &scene->person, &page_languages_own.items[2]);
    assert_int_equal(content.form.choice_count, 3);
    assert_string_equal(content.form.choices[1].title, "Noutăți");
    assert_false(content.form.choices[1].on);
    scene->person.topic_count = 0;
    content = click_show(scene->arena, &link, &scene->person, scene->language);
    assert_int_equal(content.form.button, PAGE_NOTHING);
    assert_int_equal(content.form.all_button, PAGE_LEAVE_ALL_BUTTON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_click, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_used_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(preferences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(confirmation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(titles, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
