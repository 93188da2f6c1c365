/* Presets: each file is right, and its settings are those of kind http with other defaults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "send/gateway_kinds.h"
#include "send/http_settings.h"
#include "send/preset.h"

struct shop {
    struct arena *arena;
    struct diags diags;
    const struct gateway_kind *kind;
    const void *settings;
};

static void open_shop(struct shop *shop, const char *json)
{
    struct value map;
    *shop = (struct shop){.arena = arena_new(4096)};
    assert_true(json_read(shop->arena, json, strlen(json), &json_file_limits, &map, NULL));
    shop->kind = gateway_kinds_read(&map, NULL, shop->arena, &shop->settings, &shop->diags);
}

static void close_shop(struct shop *shop)
{
    diags_free(&shop->diags);
    arena_destroy(&shop->arena);
}

/* With what it requires, and no more. */
static void put_required(struct buf *json, const struct gateway_kind *kind)
{
    for (const struct setting *row = kind->settings; row->key; row++)
        if (row->required && strcmp(row->key, "kind") != 0)
            buf_printf(json, ", \"%s\": \"%s\"", row->key,
                       strcmp(row->key, "url") == 0 ? "https://x.example/" : "x");
}

static void each_is_right(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct diags diags = {0};
    const char *const *names = preset_names(arena);
    assert_non_null(names[0]);
    for (; *names; names++) {
        struct shop shop;
        struct buf json;
        const struct gateway_kind *kind = preset_kind(arena, *names, &diags);
        if (!kind || diags.count)
            fail_msg("%s: %s", *names, diags.items[0].text);
        assert_non_null(kind->about);
        buf_init(&json, 4096);
        buf_printf(&json, "{\"kind\": \"%s\", \"secret_file\": \"/s\"", *names);
        put_required(&json, kind);
        buf_char(&json, '}');
        open_shop(&shop, buf_string(&json));
        if (!shop.kind)
            fail_msg("%s: %s", *names, shop.diags.items[0].text);
        assert_string_equal(shop.kind->name, *names);
        buf_free(&json);
        close_shop(&shop);
    }
    assert_null(preset_kind(arena, "no", &diags));
    assert_int_equal(diags.count, 0);
    diags_free(&diags);
    arena_destroy(&arena);
}

static const char *header_of(const struct shop *shop, const char *name)
{
    const struct http_settings *settings = shop->settings;
    return value_to_text(shop->arena, value_get(&settings->headers, name));
}

static void what_it_says_is_a_default(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, "{\"kind\": \"sendgrid\", \"secret_file\": \"/key\"}");
    assert_non_null(shop.kind);
    const struct http_settings *settings = shop.settings;
    assert_string_equal(settings->common.kind, "sendgrid");
    assert_string_equal(settings->url, "https://{{ host }}/v3/mail/send");
    assert_true(value_is_text(value_get(&settings->own, "host"), "api.sendgrid.com"));
    assert_string_equal(header_of(&shop, "Authorization"), "Bearer {{ secret }}");
    assert_string_equal(settings->body, "sendgrid.json.liquid");
    assert_true(settings->answers.id.kind == VALUE_STRING);
    assert_int_equal(settings->common.connections, 4);
    close_shop(&shop);
}

static void the_file_goes_before_it(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, "{\"kind\": \"sendgrid\", \"secret_file\": \"/key\","
                     " \"url\": \"https://api.eu.sendgrid.com/v3/mail/send\", \"connections\": 9,"
                     " \"headers\": {\"authorization\": \"Token {{ secret }}\", \"X-A\": \"1\"},"
                     " \"body\": \"mine.json.liquid\", \"answers\": {\"id\": \"'x'\"}}");
    if (!shop.kind)
        fail_msg("%s", shop.diags.items[0].text);
    const struct http_settings *settings = shop.settings;
    assert_string_equal(settings->url, "https://api.eu.sendgrid.com/v3/mail/send");
    assert_int_equal(settings->common.connections, 9);
    assert_null(header_of(&shop, "Authorization"));
    assert_string_equal(header_of(&shop, "authorization"), "Token {{ secret }}");
    assert_string_equal(header_of(&shop, "X-A"), "1");
    assert_string_equal(settings->body, "mine.json.liquid");
    assert_true(value_is_text(&settings->answers.id, "'x'"));
    close_shop(&shop);
}

static void faults_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text, *hint;
    } cases[] = {
        {"{\"kind\": \"sendgird\"}", "unknown kind", "sendgrid"},
        {"{\"kind\": \"sendgrid\"}", "`secret_file` is missing", "key or token"},
        {"{\"kind\": \"ses\", \"access_key\": \"A\", \"secret_file\": \"/k\"}",
         "`region` is missing", ""},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\", \"regoin\": \"eu\"}",
         "unknown key `regoin`", ""},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\", \"answers\": {\"snet\": \"true\"}}",
         "unknown key `snet`", "sent"},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\", \"answers\": {\"sent\": \"answer.\"}}",
         "", ""},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\","
         " \"answers\": {\"sent\": \"answer.stauts == 200\"}}",
         "stauts", "status"},
        {"{\"kind\": \"http\", \"url\": \"https://a.{{ region }}.example/\","
         " \"settings\": {\"region\": \"eu/x\"}}",
         "host", ""},
        {"{\"kind\": \"http\", \"url\": \"https://a.example/\", \"settings\": {\"to\": \"x\"}}",
         "`{{ to }}` is of each message", ""},
        {"{\"kind\": \"http\", \"url\": \"https://a.example/\", \"settings\": {\"A-b\": \"x\"}}",
         "no name", "letters"},
        {"{\"kind\": \"http\", \"url\": \"https://a.example/\", \"settings\": {\"a\": \"{{ to "
         "}}\"}}",
         "brace", ""},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\","
         " \"answers\": {\"id\": \"answer.headers['X-Id']\"}}",
         "lower case", ""},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\","
         " \"answers\": {\"sent\": \"answer.status\"}}",
         "true or false", "compare"},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\", \"answers\": {\"id\": \"[1]\"}}",
         "a text or a number", "answer.body"},
        {"{\"kind\": \"sendgrid\", \"secret_file\": \"/k\","
         " \"headers\": {\"X-A\": \"{{ custmer.id }}\"}}",
         "`{{ custmer.id }}` stands for nothing", "customer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct shop shop;
        open_shop(&shop, cases[i].json);
        if (shop.kind || shop.diags.errors != 1)
            fail_msg("%s: %zu errors", cases[i].json, shop.diags.errors);
        if (!strstr(shop.diags.items[0].text, cases[i].text) ||
            !strstr(shop.diags.items[0].hint, cases[i].hint))
            fail_msg("%s: %s: %s", cases[i].json, shop.diags.items[0].text,
                     shop.diags.items[0].hint);
        close_shop(&shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_right),
        cmocka_unit_test(what_it_says_is_a_default),
        cmocka_unit_test(the_file_goes_before_it),
        cmocka_unit_test(faults_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
