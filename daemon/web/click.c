/*
 * click_show and click_read take each kind of link in turn: unsubscribe, preferences, confirm.
 * Above them: how topics are called, and how events are made.
 *
 * An event has no time of its own: it counts from when Redis takes it, which is when the page says
 * that it is done. A clock of this machine that runs late could put a no before an older yes. Its
 * id is never used twice, so that a no, a yes and another no within a second are three words.
 */
#include "web/click.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/slice.h"
#include "base/word.h"

static const char all[] = "all";

/* ---- What topics are called ---- */

/* "new-arrivals" reads as "New arrivals". */
static const char *plain_title(struct arena *arena, const char *topic)
{
    char *title = arena_text(arena, topic);
    for (char *at = title; *at; at++)
        if (*at == '-' || *at == '_' || *at == '.')
            *at = ' ';
    if (*title >= 'a' && *title <= 'z')
        *title = (char)(*title - 'a' + 'A');
    return title;
}

static const char *title_of(struct arena *arena, const struct page_language *language,
                            const char *topic)
{
    if (strcasecmp(topic, all) == 0)
        return language->all;
    const char *title = page_topic_title(language, topic);
    return title ? title : plain_title(arena, topic);
}

struct topics {
    const char *names[CLICK_TOPICS_MOST + 1]; /* NULL-terminated */
    size_t count;
};

static void add_topic(struct topics *topics, const char *name)
{
    if (topics->count < CLICK_TOPICS_MOST)
        topics->names[topics->count++] = name;
}

static const char *const *titles_of(struct arena *arena, const struct page_language *language,
                                    const struct topics *topics)
{
    const char **titles = arena_alloc(arena, (topics->count + 1) * sizeof *titles);
    for (size_t i = 0; i < topics->count; i++)
        titles[i] = title_of(arena, language, topics->names[i]);
    titles[topics->count] = NULL;
    return titles;
}

/* Those of a link; to confirm they stand with commas between. */
static struct topics topics_of(struct arena *arena, const struct link *link)
{
    struct topics topics = {0};
    const char *at = link->topic;
    while (*at && link->kind == LINK_CONFIRM) {
        size_t length = strcspn(at, ",");
        if (length)
            add_topic(&topics, arena_copy(arena, at, length));
        at += length + (at[length] == ',');
    }
    if (link->kind == LINK_UNSUBSCRIBE)
        add_topic(&topics, *at ? at : all);
    return topics;
}

/* ---- Events ---- */

static const char *new_id(struct arena *arena)
{
    unsigned char bytes[16];
    char *id = arena_text(arena, "click-................................");
    digest_random(bytes, sizeof bytes);
    digest_hex(bytes, sizeof bytes, id + strlen("click-"));
    return id;
}

static struct value begin_event(struct arena *arena, const struct click_person *person,
                                const char *type)
{
    struct value event = value_new_map(arena, 8);
    value_set(arena, event, "type", value_text(type));
    value_set(arena, event, "id", value_text(new_id(arena)));
    value_set(arena, event, "source", value_text("nudged-web"));
    for (uint32_t i = 0; i < value_count(&person->names); i++)
        value_add(arena, event, person->names.map->members[i].key,
                  person->names.map->members[i].value);
    return event;
}

/* One for each topic: a word is about one. */
static void add_words(struct arena *arena, struct click *click, const struct click_person *person,
                      const char *type, const struct topics *topics, const char *how)
{
    for (size_t i = 0; i < topics->count; i++) {
        struct value event = begin_event(arena, person, type);
        value_set(arena, event, "topic", value_text(topics->names[i]));
        value_set(arena, event, "how", value_text(how));
        click->events[click->event_count++] = event;
    }
}

/* One for all topics, so that one mail asks. */
static void add_request(struct arena *arena, struct click *click, const struct click_person *person,
                        const struct topics *topics)
{
    if (topics->count == 0)
        return;
    struct value event = begin_event(arena, person, "customer.subscription_requested");
    struct value list = value_new_list(arena, (uint32_t)topics->count);
    for (size_t i = 0; i < topics->count; i++)
        value_push(arena, list, value_text(topics->names[i]));
    value_set(arena, event, "topics", list);
    value_set(arena, event, "how", value_text("preferences"));
    click->events[click->event_count++] = event;
}

/* ---- Unsubscribe ---- */

/* RFC 8058: a mail program posts the first alone; our page posts the second with it. */
#define ONE_CLICK "List-Unsubscribe", "One-Click"
static const struct form_field leave_fields[] = {{ONE_CLICK}, {"from", "page"}};
static const struct form_field confirm_fields[] = {{"confirm", "1"}};

static struct page_content show_leave(struct arena *arena, const struct link *link,
                                      const struct page_language *language)
{
    const struct topics topics = topics_of(arena, link);
    return (struct page_content){
        .heading = PAGE_LEAVE,
        .parts = {{PAGE_LEAVE_LEAD, titles_of(arena, language, &topics)}},
        .form = {.fields = leave_fields, .field_count = 2, .button = PAGE_LEAVE_BUTTON},
        .note = strcasecmp(topics.names[0], all) == 0 ? PAGE_NOTHING : PAGE_ORDERS_STAY,
    };
}

static bool read_leave(struct arena *arena, const struct link *link,
                       const struct click_person *person, const struct page_language *language,
                       const struct form *form, struct click *click)
{
    if (!form_has(form, ONE_CLICK))
        return false;
    struct topics topics = topics_of(arena, link);
    bool by_page = form_get(form, "from") != NULL;
    if (form_has(form, "all", "1"))
        topics = (struct topics){{all}, 1};
    add_words(arena, click, person, "customer.unsubscribed", &topics,
              by_page ? "page" : "one-click");
    bool more = strcasecmp(topics.names[0], all) != 0;
    click->content = (struct page_content){
        .heading = PAGE_LEFT,
        .parts = {{PAGE_LEAVE_LEAD, titles_of(arena, language, &topics)}, {PAGE_ON_ITS_WAY, NULL}},
        .form = {.fields = leave_fields,
                 .field_count = 2,
                 .all_button = more ? PAGE_LEAVE_ALL_BUTTON : PAGE_NOTHING},
        .note = more ? PAGE_ORDERS_STAY : PAGE_NOTHING,
    };
    return true;
}

/* ---- Preferences ---- */

static struct page_content show_choices(struct arena *arena, const struct click_person *person,
                                        const struct page_language *language)
{
    struct page_choice *choices = arena_alloc(arena, (person->topic_count + 1) * sizeof *choices);
    for (size_t i = 0; i < person->topic_count; i++)
        choices[i] = (struct page_choice){person->topics[i].name,
                                          title_of(arena, language, person->topics[i].name),
                                          person->topics[i].on};
    bool any = person->topic_count > 0;
    return (struct page_content){
        .heading = PAGE_CHOOSE,
        .parts = {{any ? PAGE_CHOOSE_LEAD : PAGE_NOTHING, NULL}},
        .form = {.choices = choices,
                 .choice_count = person->topic_count,
                 .button = any ? PAGE_SAVE_BUTTON : PAGE_NOTHING,
                 .all_button = PAGE_LEAVE_ALL_BUTTON},
        .note = PAGE_ORDERS_STAY,
    };
}

static bool is_known(const struct click_person *person, const char *topic)
{
    for (size_t i = 0; i < person->topic_count; i++)
        if (strcasecmp(person->topics[i].name, topic) == 0)
            return true;
    return false;
}

/* A topic that was there when the page was sent, and is in no configuration now: a no to it counts
 * all the same, should it come back. */
static void add_gone(const struct click_person *person, const struct form *form, struct topics *off)
{
    for (size_t i = 0; i < form->count; i++) {
        const char *name = form->fields[i].value;
        if (strcmp(form->fields[i].name, "was") == 0 && word_is_plain(name, strlen(name)) &&
            !is_known(person, name) && !form_has(form, "on", name))
            add_topic(off, name);
    }
}

/* What was changed, against what the page showed: what another page changed meanwhile stays. */
static bool read_choices(struct arena *arena, const struct click_person *person,
                         const struct page_language *language, const struct form *form,
                         struct click *click)
{
    struct topics off = {0}, on = {0};
    if (form_has(form, "all", "1"))
        add_topic(&off, all);
    for (size_t i = 0; i < person->topic_count && off.names[0] != all; i++) {
        const char *name = person->topics[i].name;
        bool was = form_has(form, "was", name), is = form_has(form, "on", name);
        if (was != is)
            add_topic(is ? &on : &off, name);
    }
    if (off.names[0] != all)
        add_gone(person, form, &off);
    add_words(arena, click, person, "customer.unsubscribed", &off, "preferences");
    add_request(arena, click, person, &on);
    click->content = (struct page_content){
        .heading = PAGE_SAVED,
        .parts = {{off.count ? PAGE_LEAVE_LEAD : PAGE_NOTHING, titles_of(arena, language, &off)},
                  {on.count ? PAGE_MAIL_COMES : PAGE_NOTHING, titles_of(arena, language, &on)},
                  {off.count || on.count ? PAGE_NOTHING : PAGE_UNCHANGED, NULL}},
        .note = off.count ? PAGE_ON_ITS_WAY : PAGE_NOTHING,
    };
    return true;
}

/* ---- Confirm ---- */

static struct page_content show_confirm(struct arena *arena, const struct link *link,
                                        const struct page_language *language)
{
    const struct topics topics = topics_of(arena, link);
    return (struct page_content){
        .heading = PAGE_CONFIRM,
        .parts = {{PAGE_CONFIRM_LEAD, titles_of(arena, language, &topics)}},
        .form = {.fields = confirm_fields, .field_count = 1, .button = PAGE_CONFIRM_BUTTON},
        .note = PAGE_CONFIRM_NOTE,
    };
}

static bool read_confirm(struct arena *arena, const struct link *link,
                         const struct click_person *person, const struct page_language *language,
                         const struct form *form, struct click *click)
{
    const struct topics topics = topics_of(arena, link);
    if (!form_has(form, "confirm", "1"))
        return false;
    add_words(arena, click, person, "customer.subscribed", &topics, "confirmed");
    click->content = (struct page_content){
        .heading = PAGE_CONFIRMED,
        .parts = {{PAGE_CONFIRM_LEAD, titles_of(arena, language, &topics)}},
        .note = PAGE_WAY_OUT,
    };
    return true;
}

/* ---- Each kind ---- */

struct page_content click_show(struct arena *arena, const struct link *link,
                               const struct click_person *person,
                               const struct page_language *language)
{
    switch (link->kind) {
    case LINK_PREFERENCES:
        return show_choices(arena, person, language);
    case LINK_CONFIRM:
        return show_confirm(arena, link, language);
    case LINK_UNSUBSCRIBE:
    case LINK_KIND_COUNT:
        break;
    }
    return show_leave(arena, link, language);
}

bool click_read(struct arena *arena, const struct link *link, const struct click_person *person,
                const struct page_language *language, const struct form *form, struct click *click)
{
    *click = (struct click){0};
    switch (link->kind) {
    case LINK_PREFERENCES:
        return read_choices(arena, person, language, form, click);
    case LINK_CONFIRM:
        return read_confirm(arena, link, person, language, form, click);
    case LINK_UNSUBSCRIBE:
    case LINK_KIND_COUNT:
        break;
    }
    return read_leave(arena, link, person, language, form, click);
}

/* ---- Faults ---- */

struct page_content click_fault(enum page_text heading)
{
    const enum page_text lead = heading == PAGE_EXPIRED ? PAGE_EXPIRED_LEAD
                                : heading == PAGE_ODD   ? PAGE_ODD_LEAD
                                                        : PAGE_VOID_LEAD;
    return (struct page_content){.heading = heading, .parts = {{lead, NULL}}};
}

struct page_content click_away(const struct form *form)
{
    return (struct page_content){
        .heading = PAGE_AWAY,
        .parts = {{PAGE_AWAY_LEAD, NULL}},
        .form = {.fields = form ? form->fields : NULL,
                 .field_count = form ? form->count : 0,
                 .button = PAGE_AGAIN_BUTTON,
                 .get = !form},
    };
}
