/* Any text as one line of a header, cut where a reader would not see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/grapheme.h"
#include "mail/header_line.h"

static void cleaned(void **state)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"Ana", "Ana"},
        {"", ""},
        {" \t\r\n", ""},
        {"Ana\tMaria", "Ana Maria"},
        {"Ana \r\n\t Maria", "Ana Maria"},
        {"a\r\nBcc: b@c.example", "a Bcc: b@c.example"},
        {"a\u2028b\u2029c\xc2\x85 d\x7f-\x1b[31m", "a b c d - [31m"},
        {"Bonjour\u00a0!  Hé", "Bonjour\u00a0!  Hé"}, /* what people typed stays */
        {"\u3000a\u3000b\u3000", "a\u3000b"},
        {"a\xff"
         "b",
         "a\ufffdb"},
        {"שלום\u200f!", "שלום\u200f!"},
    };
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(header_line_clean(arena, slice_of(cases[i].text), 100), cases[i].line);
    assert_string_equal(header_line_clean(arena, (struct slice){"a\0b", 3}, 100), "a b");
    assert_string_equal(header_line_clean(arena, slice_of("ab cd"), 3), "ab");
    arena_destroy(&arena);
}

static void cut_between_clusters(void **state)
{
    static const struct {
        const char *text;
        size_t most, at;
    } cases[] = {
        {"abc", 3, 3},
        {"abc", 2, 2},
        {"abc", 0, 0},
        {"ae\u0301", 3, 1},                    /* not without its accent */
        {"a\U0001F1F7\U0001F1F4", 8, 1},       /* a flag is two characters */
        {"a\U0001F469\u200d\U0001F467", 9, 1}, /* mother, joiner, daughter */
        {"e\u0301\u0301\u0301\u0301", 4, 3},   /* one cluster, larger than all there is room for */
        {"ก", 2, 0},
        {"กก", 5, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(grapheme_floor(cases[i].text, strlen(cases[i].text), cases[i].most),
                         cases[i].at);
}

static void names_of_files(void **state)
{
    char name[600];
    (void)state;
    struct arena *arena = arena_new(4096);
    assert_string_equal(header_line_file(arena, "a\r\nb.pdf"), "a b.pdf");
    memset(name, 'x', sizeof name);
    strcpy(name + 300, ".pdf");
    const char *cut = header_line_file(arena, name);
    assert_int_equal(strlen(cut), HEADER_LINE_FILE_MOST);
    assert_string_equal(cut + HEADER_LINE_FILE_MOST - 5, "x.pdf");
    name[0] = '.'; /* no ending is so long */
    name[300] = 'x';
    assert_int_equal(strlen(header_line_file(arena, name)), HEADER_LINE_FILE_MOST);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleaned),
        cmocka_unit_test(cut_between_clusters),
        cmocka_unit_test(names_of_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
