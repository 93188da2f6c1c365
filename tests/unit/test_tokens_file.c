#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "web/outside_event.h"
#include "web/tokens_file.h"

#define TOKEN "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
#define OTHER "aaaaaaaaaaaaaaaaaaaaaaaa=="
#define KEY   "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

static struct tokens_file *read_file(const char *text, struct diags *diags)
{
    *diags = (struct diags){0};
    return tokens_file_read(text, strlen(text), "tokens", diags);
}

static bool may(const struct tokens_login *login, const char *type)
{
    return tokens_file_may(login, type, strlen(type));
}

static void test_lines(void **state)
{
    (void)state;
    static const char text[] = "# the shop\n"
                               "\n" TOKEN "\torder.*, cart.updated\r\n"
                               "  " OTHER " * customer.erased\nnews-form:  " KEY
                               " customer.subscribed,customer.unsubscribed";
    struct diags diags;
    struct tokens_file *file = read_file(text, &diags);
    assert_non_null(file);
    const struct tokens_login *shop = tokens_file_find(file, TOKEN, strlen(TOKEN));
    const struct tokens_login *all = tokens_file_find(file, OTHER, strlen(OTHER));
    assert_non_null(shop);
    assert_true(may(shop, "order.placed"));
    assert_true(may(shop, "order."));
    assert_true(may(shop, "cart.updated"));
    assert_false(may(shop, "cart.updated2"));
    assert_false(may(shop, "orders.placed"));
    assert_false(may(shop, "order"));
    assert_false(may(shop, ""));
    assert_int_equal(tokens_file_rights(shop), 0);
    assert_true(may(all, "anything"));
    assert_true(may(all, "customer.erased"));
    assert_false(may(all, "customer.unsubscribed"));
    assert_false(may(all, "message.sent"));
    assert_int_equal(tokens_file_rights(all), OUTSIDE_ERASURE);
    assert_string_not_equal(tokens_file_mark(all), tokens_file_mark(shop));
    assert_null(tokens_file_find(file, TOKEN, strlen(TOKEN) - 1));
    assert_null(tokens_file_find(file, "", 0));
    assert_null(tokens_file_find(file, KEY, strlen(KEY))); /* is never sent */
    const char *key;
    assert_int_equal(tokens_file_rights(tokens_file_key(file, 0, &key)), OUTSIDE_SUBSCRIPTIONS);
    assert_string_equal(key, KEY);
    assert_string_equal(tokens_file_name(shop), "line-3");
    assert_string_equal(tokens_file_name(tokens_file_key(file, 0, &key)), "news-form");
    assert_null(tokens_file_key(file, 1, &key));
    tokens_file_destroy(&file);
    assert_null(file);
}

static void test_nobody(void **state)
{
    (void)state;
    struct diags diags;
    struct tokens_file *file = read_file("# nobody yet\n\n", &diags);
    assert_non_null(file);
    assert_null(tokens_file_find(file, TOKEN, strlen(TOKEN)));
    tokens_file_destroy(&file);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
        unsigned line, column;
    } cases[] = {
        {"short order.*", "fewer than 20", 1, 1},
        {"\n  " TOKEN "\n", "may push nothing", 2, 3},
        {TOKEN " order*", "a star stands", 1, 26},
        {TOKEN " *.order", "a star stands", 1, 26},
        {TOKEN " **", "a star stands", 1, 26},
        {TOKEN " a,message.sent", "nudged's own", 1, 28},
        {TOKEN " message.*", "nudged's own", 1, 26},
        {TOKEN " a\001b", "no event's type", 1, 26},
        {TOKEN " a\n# x\n" TOKEN " b", "stands in line 1", 3, 1},
        {"a/b: " TOKEN " a", "no name", 1, 1},
        {": " TOKEN " a", "no name", 1, 1},
        {TOKEN ": order.*", "consists of", 1, 1},
        {"shop:", "no token stands behind", 1, 6},
        {"tok:with:colons:in:it:all a", "consists of", 1, 1},
        {"whsec_short a", "a key of 24", 1, 1},
        {"whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!! a", "a key of 24", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diags diags;
        assert_null(read_file(cases[i].text, &diags));
        assert_int_equal(diags.errors, 1);
        assert_non_null(strstr(diags.items[0].text, cases[i].fault));
        assert_int_equal(diags.items[0].line, cases[i].line);
        assert_int_equal(diags.items[0].column, cases[i].column);
        assert_true(diags.items[0].excerpt[0]);
        assert_null(strstr(diags.items[0].excerpt, TOKEN)); /* of which nothing is told */
        diags_free(&diags);
    }
}

/* Past a bound the whole file is void: half of the logins would look like all. */
static void test_bounds(void **state)
{
    (void)state;
    struct buf text;
    struct diags diags;
    buf_init(&text, 1 << 20);
    for (int i = 0; i <= TOKENS_LOGINS_MOST; i++)
        buf_printf(&text, "token-%020d a\n", i);
    assert_null(read_file(buf_string(&text), &diags));
    assert_non_null(strstr(diags.items[0].text, "more than 256"));
    diags_free(&diags);
    buf_clear(&text);
    for (int i = 0; i <= TOKENS_KEYS_MOST; i++)
        buf_printf(&text, "whsec_%032d a\n", i);
    assert_null(read_file(buf_string(&text), &diags));
    assert_non_null(strstr(diags.items[0].text, "more than 8 keys"));
    diags_free(&diags);
    buf_clear(&text);
    buf_text(&text, TOKEN);
    for (int i = 0; i <= TOKENS_TYPES_MOST; i++)
        buf_printf(&text, " t%d", i);
    assert_null(read_file(buf_string(&text), &diags));
    assert_non_null(strstr(diags.items[0].text, "more than 64 types"));
    diags_free(&diags);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
