/* The list of webhooks, and what is remembered between their deliveries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "web/hooks.h"
#include "web/outside_event.h"

#define SNS "{\"mapping\": \"ses\", \"topic_arn\": [\"arn:aws:sns:eu-west-1:1:a\"]}"

static struct hooks *read(struct arena *arena, const char *text, const char *fault)
{
    struct value list;
    struct diags diags = {0};
    assert_true(json_read(arena, text, strlen(text), &json_file_limits, &list, NULL));
    struct hooks *hooks = hooks_read(&list, NULL, false, NULL, &diags);
    if (!fault && diags.count)
        fail_msg("%s: %s", text, diags.items[0].text);
    if (fault && (!diags.count || !strstr(diags.items[0].text, fault)))
        fail_msg("%s: %s", text, diags.count ? diags.items[0].text : "no fault");
    assert_int_equal(hooks == NULL, fault != NULL);
    diags_free(&diags);
    return hooks;
}

static void lists(void **state)
{
    struct arena *arena = arena_new(4096);
    struct hooks *hooks =
        read(arena,
             "[{\"mapping\": \"shopify\", \"secret_file\": \"/none\"}, " SNS
             ", {\"mapping\": \"shopify\", \"secret_file\": \"/none\", \"path\": \"/webhooks/b\"}]",
             NULL);
    (void)state;
    assert_int_equal(hooks_count(hooks), 3);
    assert_non_null(hooks_find(hooks, "b"));
    assert_null(hooks_find(hooks, "c"));
    assert_int_equal(hooks_find(hooks, "shopify")->rights, OUTSIDE_SUBSCRIPTIONS | OUTSIDE_ERASURE);
    assert_int_equal(hooks_find(hooks, "ses")->rights, 0);
    assert_string_equal(hooks_find(hooks, "ses")->topics[0], "arn:aws:sns:eu-west-1:1:a");
    hooks_destroy(&hooks);
    hooks = read(arena, "null", NULL);
    assert_int_equal(hooks_count(hooks), 0);
    hooks_destroy(&hooks);
    read(arena, "{}", "`webhooks` is a list");
    read(arena, "[7]", "");
    read(arena, "[{}]", "`mapping`");
    read(arena, "[" SNS "," SNS "]", "another webhook's path");
    read(arena, "[{\"mapping\": \"../x\", \"secret_file\": \"s\"}]", "there is no mapping");
    arena_destroy(&arena);
}

static void certificates(void **state)
{
    struct arena *arena = arena_new(4096);
    struct hooks *hooks = read(arena, "[]", NULL);
    char url[32];
    (void)state;
    assert_null(hooks_certificate(hooks, "u", 0).text);
    for (int i = 0; i < HOOKS_CERTIFICATES_MOST + 1; i++) {
        snprintf(url, sizeof url, "u%d", i);
        hooks_keep_certificate(hooks, url, slice_of("pem"), 1000 + i);
    }
    assert_null(hooks_certificate(hooks, "u0", 2000).text); /* the oldest made room */
    assert_true(slice_is(hooks_certificate(hooks, "u1", 2000), "pem"));
    assert_null(hooks_certificate(hooks, "u1", 1001 + 86400000).text);
    hooks_destroy(&hooks);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
