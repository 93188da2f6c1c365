/* Reports of mail servers, as these make them; and what is none. The samples are the fuzzer's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "ctl/report.h"

static const char own[] = "r-aaisem2ekvthpcezvk54zxpo74aaaaaaaaaaaa@bounces.shop.example",
                  id[] = "<00112233445566778899aabbccddeeff@shop.example>";

static void read_sample(struct arena *arena, const char *name, struct report *report)
{
    const char *source = getenv("NUDGED_SOURCE"), *text;
    size_t length;
    struct diag diag;
    const char *path =
        arena_printf(arena, "%s/tests/fuzz/corpus/report/%s", source ? source : ".", name);
    if (!file_read(arena, path, 1 << 20, &text, &length, &diag))
        fail_msg("%s", diag.text);
    report_read(arena, text, length, report);
}

static void samples(void **state)
{
    static const struct {
        const char *name;
        enum report_kind kind;
        int code;
        const char *enhanced, *words, *recipient;
    } cases[] = {
        {"postfix", REPORT_FAILED, 550, "5.1.1",
         "550 5.1.1 <ana@gone.example>: Recipient address rejected: User unknown",
         "Ana@gone.example"},
        {"exim", REPORT_FAILED, 550, "", "550 Unknown user", "Ana@gone.example"},
        {"delayed", REPORT_DELAYED, 0, "4.4.1",
         "connect to mx.gone.example[192.0.2.1]:25: Connection timed out", "Ana@gone.example"},
        {"policy", REPORT_FAILED, 550, "5.7.1",
         "550 5.7.1 <ana@gone.example>: Recipient address rejected: User unknown",
         "Ana@gone.example"},
        {"two", REPORT_FAILED, 550, "5.1.1",
         "550 5.1.1 <ana@gone.example>: Recipient address rejected: User unknown",
         "Ana@gone.example"},
        {"utf8", REPORT_FAILED, 550, "5.1.1",
         "550 5.1.1 <ana@gone.example>: Recipient address rejected: User unknown",
         "Ana@gone.example"},
        {"base64", REPORT_FAILED, 550, "5.1.1",
         "550 5.1.1 <ana@gone.example>: Recipient address rejected: User unknown",
         "Ana@gone.example"},
        {"arf", REPORT_COMPLAINT, 0, "", "abuse, by SomeGenerator/1.0", "<user@isp.example>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(4096);
        struct report report;
        read_sample(arena, cases[i].name, &report);
        if (report.kind != cases[i].kind || report.code != cases[i].code)
            fail_msg("%s: kind %d, code %d", cases[i].name, (int)report.kind, report.code);
        assert_string_equal(report.enhanced, cases[i].enhanced);
        assert_string_equal(report.words, cases[i].words);
        assert_string_equal(report.recipient, cases[i].recipient);
        assert_string_equal(report_field(arena, report.returned, "message-id"), id);
        if (report.kind == REPORT_COMPLAINT)
            assert_non_null(strstr(report_field(arena, report.told, "Original-Mail-From"), own));
        else
            assert_string_equal(report_field(arena, report.outer, "X-Original-To"), own);
        arena_destroy(&arena);
    }
}

static void none(void **state)
{
    static const char *const names[] = {"delivered", "not-spam", "vacation",       "no-mail",
                                        "empty",     "deep",     "nested-messages"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct arena *arena = arena_new(4096);
        struct report report;
        read_sample(arena, names[i], &report);
        if (report.kind != REPORT_NONE)
            fail_msg("%s is a report", names[i]);
        assert_string_equal(report.words, "");
        arena_destroy(&arena);
    }
}

static void fields(void **state)
{
    static const char block[] = "To: a\nto : b\nX-To: c\n To: d\nEmpty:\nLast:e";
    (void)state;
    struct arena *arena = arena_new(1024);
    assert_string_equal(report_field(arena, block, "To"), "a");
    assert_string_equal(report_field(arena, block, "X-TO"), "c");
    assert_string_equal(report_field(arena, block, "Empty"), "");
    assert_string_equal(report_field(arena, block, "Last"), "e");
    assert_null(report_field(arena, block, "Las"));
    assert_null(report_field(arena, "", "To"));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(samples), cmocka_unit_test(none),
                                       cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
