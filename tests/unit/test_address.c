/* Mail addresses: what passes, how it is normalised, and what never passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/utf8.h"
#include "mail/address.h"

#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *text, *mailbox; /* NULL: refused */
    bool utf8_local;
} bare[] = {
    {"ana@shop.example", "ana@shop.example", false},
    {"Ana.Pop+x@Shop.Example", "Ana.Pop+x@shop.example", false},
    {"a@localhost", "a@localhost", false},
    {"\"ana pop\"@shop.example", "\"ana pop\"@shop.example", false},
    {"\"a\\\"b\"@shop.example", "\"a\\\"b\"@shop.example", false},
    {"ana@b\u00fccher.example", "ana@xn--bcher-kva.example", false},
    {"ana@пример.рф", "ana@xn--e1afmkfd.xn--p1ai", false},
    {"анна@shop.example", "анна@shop.example", true},
    {"", NULL, false},
    {"ana", NULL, false},
    {"@shop.example", NULL, false},
    {"ana@", NULL, false},
    {".ana@shop.example", NULL, false},
    {"ana.@shop.example", NULL, false},
    {"a..b@shop.example", NULL, false},
    {"ana@shop..example", NULL, false},
    {"ana@shop.example.", "ana@shop.example", false},
    {"ana@shop.example..", NULL, false},
    {"ana@.", NULL, false},
    {"ana@-shop.example", NULL, false},
    {"ana@sh_op.example", NULL, false},
    {"ana@[127.0.0.1]", NULL, false},
    {"ana@shop.example>", NULL, false},
    {"<ana@shop.example>", NULL, false},
    {"ana@shop.example\r\nRCPT TO:<x@y>", NULL, false},
    {"ana\n@shop.example", NULL, false},
    {"an a@shop.example", NULL, false},
    {"ana,bob@shop.example", NULL, false},
    {"a@b@shop.example", NULL, false},
    {"\"a>b\"@shop.example", NULL, false},
    {"\"ab@shop.example", NULL, false},
    {"\"\"@shop.example", NULL, false},
    {"\"a\\\"@shop.example", NULL, false},
    {"an\u2028a@shop.example", NULL, false},
    {"an\u202ea@shop.example", NULL, false},
    {"an\xc2\x85"
     "a@shop.example",
     NULL, false},
    {"ana\xff@shop.example", NULL, false},
    {A60 "12345@shop.example", NULL, false},
};

static void checked(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
        struct address address;
        struct diag diag;
        bool right = address_check(arena, bare[i].text, &address, &diag);
        if (right != (bare[i].mailbox != NULL))
            print_error("%s\n", bare[i].text);
        assert_int_equal(right, bare[i].mailbox != NULL);
        if (right) {
            assert_string_equal(address.mailbox, bare[i].mailbox);
            assert_int_equal(address.utf8_local, bare[i].utf8_local);
        } else {
            assert_string_equal(diag.code, "bad-address");
        }
    }
    arena_destroy(&arena);
}

static void parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *mailbox;
    } cases[] = {
        {"ana@shop.example", NULL, "ana@shop.example"},
        {" ana@shop.example ", NULL, "ana@shop.example"},
        {"<ana@shop.example>", NULL, "ana@shop.example"},
        {"Ana Pop <ana@shop.example>", "Ana Pop", "ana@shop.example"},
        {"Ceainărie <ana@shop.example>", "Ceainărie", "ana@shop.example"},
        {"\"Pop, Ana\" <ana@shop.example>", "Pop, Ana", "ana@shop.example"},
        {"\"A \\\"B\\\"\" <ana@shop.example>", "A \"B\"", "ana@shop.example"},
        {"\"A <ana@shop.example>", "\"A", "ana@shop.example"},
        {"A\nB <ana@shop.example>", "A B", "ana@shop.example"},
        {" A\tB <\u00a0ana@shop.example > \r\n", "A B", "ana@shop.example"},
        {"\" \" <ana@shop.example>", NULL, "ana@shop.example"},
        {"A <an\na@shop.example>", NULL, NULL},
        {"A <<ana@shop.example>", "A <", "ana@shop.example"},
        {"A <ana@shop.example> x", NULL, NULL},
        {"A <>", NULL, NULL},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address;
        bool right = address_parse(arena, cases[i].text, &address, NULL);
        assert_int_equal(right, cases[i].mailbox != NULL);
        if (!right)
            continue;
        assert_string_equal(address.mailbox, cases[i].mailbox);
        assert_string_equal(address.name ? address.name : "-", cases[i].name ? cases[i].name : "-");
    }
    arena_destroy(&arena);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *clean;
    } cases[] = {
        {"Ana", "Ana"},
        {"Ana\tLind", "Ana Lind"},
        {" \u00a0Ana ", "Ana"},
        {"Ana\r\nBcc: x@y.example", "Ana Bcc: x@y.example"},
        {"", NULL},
        {" \t", NULL},
        {"An\x07\xc2\x85 a", "An a"},
        {"Ana\u2028\u2029Lind \"", "Ana Lind \""},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *clean = address_clean_name(arena, slice_of(cases[i].name));
        assert_string_equal(clean ? clean : "-", cases[i].clean ? cases[i].clean : "-");
    }
    char many[1001] = "";
    for (size_t i = 0; i < 1000; i += 4)
        memcpy(many + i, i ? "ก " : " ก", 4);
    many[1000] = '\0';
    size_t length = strlen(address_clean_name(arena, slice_of(many)));
    assert_true(length <= ADDRESS_NAME_MOST && length > ADDRESS_NAME_MOST - 4);
    assert_true(utf8_valid(address_clean_name(arena, slice_of(many)), length));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checked),
        cmocka_unit_test(parsed),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
