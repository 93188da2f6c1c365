/* What the body of an HTTP request sees of a message, and what is refused rather than left out. */
#include "compose_fixture.h"

static struct compose_request made;

static bool request(struct room *room, const char *file, const char *members)
{
    struct value message = message_with(room, members);
    struct value gateway = read_json(room, "{\"stream\": \"bulk\"}");
    made = (struct compose_request){.file = file, .gateway = &gateway};
    return compose_body(room->templates, &room->settings, &message, room->arena, &made,
                        &room->diag);
}

static void request_bodies(void **state)
{
    struct room *room = *state;
    put(room, "a.html.liquid",
        "---\nsubject: \"Hi {{ customer.first_name }}\"\n---\n<p>\"Hi\"</p>");
    put(room, "mailer.json.liquid",
        "{\"to\": {{ message.to | json }}, \"name\": {{ message.name | json }}, "
        "\"from\": {{ message.from_name | json }}, \"subject\": {{ message.subject | json }}, "
        "\"text\": {{ message.text | json }}, \"html\": {{ message.html | json }}, "
        "\"id\": {{ message.headers['Message-ID'] | json }}, \"rule\": {{ message.rule | json }}}");
    put(room, "twilio.json.liquid", "To={{ message.to | url_encode }}&Body={{ message.text }}");
    load(room);
    assert_true(request(room, "mailer.json.liquid", "{}"));
    assert_string_equal(
        made.body,
        "{\"to\": \"ana@example.com\", \"name\": \"Ana Pop\", \"from\": \"Tea Shop\", "
        "\"subject\": \"Hi Ana\", \"text\": \"\\\"Hi\\\"\", \"html\": \"<p>\\\"Hi\\\"</p>\", "
        "\"id\": \"<0a1b2c@shop.example>\", \"rule\": \"welcome\"}");
    assert_string_equal(made.to, "ana@example.com");
    assert_true(value_is_text(value_path(&made.seen, "message.subject"), "Hi Ana"));
    assert_true(request(room, "twilio.json.liquid", "{\"channel\": \"sms\", \"to\": \"+40\"}"));
    assert_string_equal(made.body, "To=%2B40&Body=\"Hi\"");
    assert_string_equal(made.to, "+40");
    assert_false(request(room, "none.json.liquid", "{}"));
    assert_string_equal(room->diag.code, "no-template");
}

/* Whatever a provider's API may ask for. */
static void all_of_a_message(void **state)
{
    static const char *const names[][2] = {
        {"mid", "0a1b2c"},
        {"id", "0a1b2c"},
        {"from", "mail@shop.example"},
        {"from_address", "mail@shop.example"},
        {"from_name", "Tea Shop"},
        {"from_mailbox", "Tea Shop <mail@shop.example>"},
        {"reply_to", "help@shop.example"},
        {"envelope_from", "mail@shop.example"},
        {"to", "ana@example.com"},
        {"to_name", "Ana Pop, Esq."},
        {"to_mailbox", "\\\"Ana Pop, Esq.\\\" <ana@example.com>"},
        {"subject", "Hi"},
        {"preview", "Soon"},
        {"text", "Text"},
        {"html", NULL},
        {"locale", "en"},
        {"channel", "email"},
        {"rule", "welcome"},
        {"template", "a"},
        {"topic", "all"},
        {"class", "marketing"},
        {"headers['X-Tag']", "welcome"},
        {"headers['List-Unsubscribe-Post']", "List-Unsubscribe=One-Click"},
        {"headers['Message-ID']", "<0a1b2c@shop.example>"},
        {"headers['Subject']", NULL},
    };
    struct room *room = *state;
    put(room, "a.text.liquid",
        "---\nsubject: Hi\npreheader: Soon\nreply_to: help@shop.example\n"
        "headers:\n  X-Tag: \"{{ message.rule }}\"\n---\nText\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(room, arena_printf(room->arena, "b%zu.json.liquid", i),
            arena_printf(room->arena, "{{ message.%s | json }}", names[i][0]));
    put(room, "link.json.liquid",
        "{{ message.unsubscribe_url }} {{ customer.id }} {{ event.type }} {{ data.gift }} "
        "{{ shop.name }} {{ gateway.stream }}");
    load(room);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file = arena_printf(room->arena, "b%zu.json.liquid", i), *value = names[i][1];
        assert_true(request(room, file, "{\"name\": \"Ana Pop, Esq.\", \"class\": \"marketing\"}"));
        const char *expected = value ? arena_printf(room->arena, "\"%s\"", value) : "null";
        if (strcmp(made.body, expected) != 0)
            fail_msg("%s: %s, not %s", names[i][0], made.body, expected);
    }
    assert_true(request(room, "link.json.liquid", "{\"data\": {\"gift\": \"G\"}}"));
    assert_non_null(strstr(made.body, "https://"));
    assert_non_null(strstr(made.body, " G Tea & Co bulk"));
}

static void senders_of_other_channels(void **state)
{
    static const char members[] = "{\"channel\": \"push\", \"to\": \"token\"}";
    static const char *const cases[][2] = {
        {"x", "mail@shop.example|Tea Shop|"},
        {"---\nfrom: TEASHOP\n---\nx", "TEASHOP||"},
        {"---\nfrom: \"Ana <a@b.example>\"\nheaders: {X-A: b}\n---\nx", "a@b.example|Ana|b"},
    };
    struct room *room = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put(room, "a.text.liquid", cases[i][0]);
        put(room, "b.json.liquid",
            "{{ message.from }}|{{ message.from_name }}|"
            "{{ message.headers['X-A'] }}");
        load(room);
        assert_true(request(room, "b.json.liquid", members));
        assert_string_equal(made.body, cases[i][1]);
    }
}

/* Whatever may be composed can be said in JSON. */
static void large_parts(void **state)
{
    struct room *room = *state;
    put(room, "a.html.liquid",
        "---\nsubject: Hi\n---\n{% for i in (1..60000) %}<p>\"123\"</p>{% endfor %}");
    put(room, "a.text.liquid", "x");
    put(room, "b.json.liquid", "{{ message.html | json }}");
    load(room);
    assert_true(request(room, "b.json.liquid", "{}"));
    assert_int_equal(strlen(made.body), 60000 * strlen("<p>\\\"123\\\"</p>") + 2);
}

static void attached_files(void **state)
{
    struct room *room = *state;
    put(room, "a.html.liquid",
        "---\nsubject: Hi\nattachments:\n  - terms.pdf\n"
        "  - {file: logo.png, cid: logo}\n---\n<img src=\"cid:logo\" alt=\"\">");
    put(room, "terms.pdf", "%PDF");
    put(room, "logo.png", "PNG");
    put(room, "list.json.liquid",
        "{% for a in message.attachments %}{{ a.filename }} {{ a.content_type }} {{ a.content }} "
        "{{ a.cid }} {{ a.inline }} {{ a.size }};{% endfor %}{{ message.mime | size }}");
    put(room, "snippets/files.liquid", "{{ message.attachments[1].cid }}");
    put(room, "within.json.liquid", "{% render 'files' %}");
    put(room, "all.json.liquid", "{{ message | json }}");
    put(room, "mime.json.liquid", "{{ message.mime }}");
    put(room, "none.json.liquid", "{{ message.subject }}");
    put(room, "plain.json.liquid", "{% for a in message.attachments %}{{ a.content }}{% endfor %}");
    put(room, "whole.json.liquid", "{{ message.attachments | json }}");
    load(room);
    assert_true(request(room, "list.json.liquid", "{}"));
    assert_non_null(strstr(made.body, "terms.pdf application/pdf JVBERg==  false 4;"
                                      "logo.png image/png UE5H logo true 3;"));
    assert_true(request(room, "within.json.liquid", "{}"));
    assert_string_equal(made.body, "logo");
    assert_true(request(room, "all.json.liquid", "{}"));
    assert_non_null(strstr(made.body, "\"content\":\"JVBERg==\""));
    assert_null(strstr(made.body, "\"mime\""));
    compose_well(room, "{}");
    assert_true(request(room, "mime.json.liquid", "{}"));
    assert_string_equal(made.body, buf_string(&room->mail.wire));
    assert_true(has_line(room, "Content-ID: <logo>"));
    assert_int_equal(count(made.body, "\r\nContent-Disposition: "), 2);
    assert_false(request(room, "none.json.liquid", "{}"));
    assert_string_equal(room->diag.code, "lost-attachments");
    assert_false(request(room, "plain.json.liquid", "{}"));
    assert_string_equal(room->diag.code, "lost-attachments");
    assert_true(request(room, "whole.json.liquid", "{}"));
    assert_true(request(room, "none.json.liquid", "{\"channel\": \"push\"}"));
    assert_false(request(room, "mime.json.liquid", "{\"channel\": \"push\"}"));
    assert_string_equal(room->diag.code, "bad-message");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(request_bodies), TEST(all_of_a_message), TEST(senders_of_other_channels),
        TEST(large_parts),    TEST(attached_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
