/* What a sender hands to its gateway: for each kind and channel, and nothing where a step fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "delivery/prepare.h"
#include "send/http.h"
#include "send/http_settings.h"
#include "send/maildir.h"

struct desk {
    char folder[64];
    struct arena *arena;
    struct templates *templates;
    struct value shop;
    struct compose_settings compose;
    struct outgoing outgoing;
    struct diag diag;
};

static const struct {
    const char *name, *text;
} files[] = {
    {"a.text.liquid", "---\nsubject: Hi {{ customer.name }}\n---\nDear {{ customer.name }}\n"},
    {"year.text.liquid", "---\nsubject: Hi\n---\nIt is {{ 'now' | date: '%Y' }}.\n"},
    {"code.text.liquid", "Your code: {{ code }}\n"},
    {"api.json.liquid", "{\"to\": {{ message.to | json }}, \"text\": {{ message.text | json }}}"},
    {"fails.json.liquid", "{\"half\": {{ 5 | divided_by: 0 }}}"},
    {"long.json.liquid", "{% for i in (1..2000000) %}{% assign x = i %}{% endfor %}"},
};

static char *path_of(const struct desk *desk, size_t file, char out[128])
{
    snprintf(out, 128, "%s/%s", desk->folder, files[file].name);
    return out;
}

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    struct diags diags = {0};
    char path[128];
    strcpy(desk->folder, "/tmp/nudged-prepare-XXXXXX");
    assert_non_null(mkdtemp(desk->folder));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *file = fopen(path_of(desk, i, path), "w");
        assert_non_null(file);
        fputs(files[i].text, file);
        assert_int_equal(fclose(file), 0);
    }
    desk->arena = arena_new(65536);
    desk->shop = value_new_map(desk->arena, 1);
    desk->templates = templates_load(
        &(struct templates_settings){.folder = desk->folder, .default_locale = "en"}, &diags);
    diags_free(&diags);
    assert_non_null(desk->templates);
    desk->compose = (struct compose_settings){
        .from = "Tea Shop <mail@shop.example>",
        .bounces = "bounces@shop.example",
        .shop = &desk->shop,
        .message_id_domain = "shop.example",
        .zone = "UTC",
        .key = {.id = "1", .bytes = (const unsigned char *)"secret", .length = 6},
    };
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        remove(path_of(desk, i, path));
    assert_int_equal(remove(desk->folder), 0);
    templates_destroy(&desk->templates);
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

/* A message as the store has it; `members` over the usual ones. */
static bool prepare(struct desk *desk, const char *body_file, const char *members)
{
    static const char usual[] =
        "{\"mid\": \"m1\", \"rule\": \"r\", \"step\": \"s\", \"class\": \"transactional\", "
        "\"topic\": \"all\", \"channel\": \"email\", \"template\": \"a\", "
        "\"to\": \"ana@example.com\", \"customer_key\": \"id:7\", \"decided\": 1772352000000, "
        "\"customer\": {\"name\": \"Ana\"}, \"event\": {\"type\": \"x\", \"id\": \"e\", "
        "\"data\": {}}, \"start\": {}}";
    struct value base, over;
    assert_true(json_read(desk->arena, usual, strlen(usual), &json_file_limits, &base, NULL));
    assert_true(json_read(desk->arena, members, strlen(members), &json_file_limits, &over, NULL));
    base = value_merge(desk->arena, &base, &over);
    const struct http_settings settings = {.body = body_file};
    const struct config_gateway gateway = {
        .name = "api", .kind = body_file ? &http_kind : &maildir_kind, .settings = &settings};
    const struct prepare with = {
        .compose = &desk->compose, .templates = desk->templates, .gateway = &gateway};
    desk->diag = (struct diag){0};
    return prepare_outgoing(&with, &base, desk->arena, &desk->outgoing, &desk->diag);
}

static void a_mail(void **state)
{
    struct desk *desk = *state;
    const struct outgoing *outgoing = &desk->outgoing;
    assert_true(prepare(desk, NULL, "{}"));
    assert_string_equal(outgoing->mid, "m1");
    assert_string_equal(outgoing->channel, "email");
    assert_string_equal(outgoing->envelope_to, "ana@example.com");
    assert_string_equal(outgoing->envelope_from, "bounces@shop.example");
    assert_false(outgoing->smtputf8);
    assert_int_equal(outgoing->body_length, strlen(outgoing->body));
    assert_non_null(strstr(outgoing->body, "Subject: Hi Ana\r\n"));
    assert_non_null(strstr(outgoing->body, "Dear Ana"));
    /* A second attempt, whenever that is, sends the same mail. */
    assert_non_null(strstr(outgoing->body, "Date: Sun, 01 Mar 2026 08:00:00 +0000\r\n"));
    const char *first = outgoing->body;
    assert_true(prepare(desk, NULL, "{}"));
    assert_string_equal(outgoing->body, first);
    assert_true(prepare(desk, NULL, "{\"template\": \"year\", \"decided\": 1000000000000}"));
    assert_non_null(strstr(outgoing->body, "It is 2001."));
    assert_true(prepare(desk, NULL, "{\"to\": \"\u0436@example.com\"}"));
    assert_true(outgoing->smtputf8);
}

static void a_text(void **state)
{
    struct desk *desk = *state;
    const struct outgoing *outgoing = &desk->outgoing;
    assert_true(prepare(desk, NULL,
                        "{\"channel\": \"sms\", \"template\": \"code\", \"to\": \"+40722\", "
                        "\"data\": {\"code\": 42}}"));
    assert_string_equal(outgoing->body, "Date: Sun, 01 Mar 2026 08:00:00 +0000\r\n"
                                        "Subject: sms to +40722\r\n"
                                        "MIME-Version: 1.0\r\n"
                                        "Content-Type: text/plain; charset=utf-8\r\n"
                                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                        "Your code: 42\r\n");
    assert_int_equal(outgoing->body_length, strlen(outgoing->body));
    assert_string_equal(outgoing->channel, "sms");
    assert_string_equal(outgoing->envelope_to, "+40722");
    assert_string_equal(outgoing->envelope_from, "");
    assert_true(prepare(desk, NULL, "{\"channel\": \"push\", \"to\": \"token 7\"}"));
    assert_non_null(strstr(outgoing->body, "\r\nSubject: Hi Ana\r\n"));
    assert_string_equal(outgoing->envelope_to, "token 7");
}

static void a_request(void **state)
{
    struct desk *desk = *state;
    const struct outgoing *outgoing = &desk->outgoing;
    static const char expected[] = "{\"to\": \"ana@example.com\", \"text\": \"Dear Ana\"}";
    assert_true(prepare(desk, "api.json.liquid", "{}"));
    assert_string_equal(outgoing->body, expected);
    assert_int_equal(outgoing->body_length, strlen(expected));
    assert_string_equal(outgoing->envelope_to, "ana@example.com");
    assert_string_equal(outgoing->envelope_from, "mail@shop.example");
}

/* No half a message, and none without its recipient, goes to a gateway. */
static void refusals(void **state)
{
    static const struct {
        const char *body_file, *members, *code;
    } cases[] = {
        {"fails.json.liquid", "{}", "liquid-render"},
        {"long.json.liquid", "{}", "liquid-limit"},
        {"none.json.liquid", "{}", "no-template"},
        {"api.json.liquid", "{\"to\": \"nobody\"}", "bad-address"},
        {"api.json.liquid", "{\"to\": \"a@b.example, c@d.example\"}", "bad-address"},
        {"api.json.liquid", "{\"channel\": \"sms\", \"to\": \"+4\\n0\"}", "bad-address"},
        {"api.json.liquid", "{\"channel\": \"sms\", \"to\": \"\"}", "bad-address"},
        {"api.json.liquid", "{\"template\": \"none\"}", "no-template"},
        {NULL, "{\"mid\": \"\"}", "bad-message"},
        {NULL,
         "{\"mid\": \""
         "0123456789012345678901234567890123456789012345678901234567890123456789"
         "01234567890123456789012345678901234567890123456789012345678\"}",
         "bad-message"},
        {NULL, "{\"to\": \"nobody\"}", "bad-address"},
        {NULL, "{\"to\": \"ana@example.com\\r\\nBcc: eve@example.com\"}", "bad-address"},
        {NULL, "{\"channel\": \"sms\", \"to\": \"+4\\n0\"}", "bad-address"},
        {NULL, "{\"channel\": \"sms\", \"template\": \"none\"}", "no-template"},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (prepare(desk, cases[i].body_file, cases[i].members) ||
            strcmp(desk->diag.code, cases[i].code) != 0)
            fail_msg("case %zu: %s: %s", i, desk->diag.code, desk->diag.text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        TEST(a_mail),
        TEST(a_text),
        TEST(a_request),
        TEST(refusals),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
