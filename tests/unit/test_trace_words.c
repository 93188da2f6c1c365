/* The words of traces and dead letters: each in its table once, and no script writes another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <regex.h>

#include "base/file.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"

#define COUNT(array) (sizeof array / sizeof *(array))

struct word {
    const char *word, *meaning;
};

#define WORD(name, word, meaning) {word, meaning},
static const struct word whats[] = {TRACE_WHATS(WORD)};
static const struct word whys[] = {TRACE_WHYS(WORD)};
static const struct word reasons[] = {TRACE_REASONS(WORD)};

static bool is_among(const struct word *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].word, word) == 0)
            return true;
    return false;
}

/* Each is what its number is printed as, has a meaning, and stands there once. */
static void test_tables(void **state)
{
    (void)state;
    assert_int_equal(COUNT(whats), TRACE_WHAT_COUNT);
    assert_int_equal(COUNT(whys), TRACE_WHY_COUNT - 1);
    assert_int_equal(COUNT(reasons), TRACE_REASON_COUNT);
    assert_string_equal(trace_why_word(TRACE_WHY_NONE), "");
    for (size_t i = 0; i < COUNT(whats); i++)
        assert_string_equal(trace_what_word((enum trace_what)i), whats[i].word);
    for (size_t i = 0; i < COUNT(whys); i++)
        assert_string_equal(trace_why_word((enum trace_why)(i + 1)), whys[i].word);
    for (size_t i = 0; i < COUNT(reasons); i++) {
        assert_string_equal(trace_reason_word((enum trace_reason)i), reasons[i].word);
        assert_int_equal(trace_reason_of(reasons[i].word), i);
    }
    assert_int_equal(trace_reason_of("no such word"), TRACE_REASON_REFUSED);
    const struct {
        const struct word *words;
        size_t count;
    } tables[] = {{whats, COUNT(whats)}, {whys, COUNT(whys)}, {reasons, COUNT(reasons)}};
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++) {
            assert_true(strlen(tables[t].words[i].meaning) > 0);
            assert_false(is_among(tables[t].words, i, tables[t].words[i].word));
        }
}

/* The codes of faults with which the making of a message can end, and how many the pattern finds
 * in a folder at least: each is the reason of a dead letter. */
static const struct {
    const char *folder, *pattern;
    int least;
} codes[] = {
    {"compose", "diag_fault\\([^,]+, \"([a-z-]+)\"", 8},
    {"compose", "[?] \"([a-z-]+)\" : \"bad-message\"", 1},
    {"compose", "diag_code\\([^,]+, \"([a-z-]+)\"", 1},
    {"mail", "diag_fault\\([^,]+, \"([a-z-]+)\"", 10},
    {"liquid", "diag_code\\(run->diag, \"([a-z-]+)\"", 2},
    {"delivery", "diag_code\\([^,]+, \"([a-z-]+)\"", 1},
};

/* Where words stand in the scripts, and how many there are: the pattern is found so often. Behind
 * the colon of a `why` something follows that is put in, and %s is a word that stands elsewhere. */
static const struct {
    const char *pattern;
    const struct word *words;
    size_t count;
    int found;
} places[] = {
    {"\"what\":\"([^\"%]+)\"", whats, COUNT(whats), 3},
    {"and '([a-z]+)' or 'unsuppressed'", whats, COUNT(whats), 1},
    {"'suppressed' or '([a-z]+)'", whats, COUNT(whats), 1},
    {" line\\(m, '([^']+)'", whats, COUNT(whats), 9},
    {" why = '([^']+)'", whys, COUNT(whys), 2},
    {"\"why\":\"([^\":]+)[\":]", whys, COUNT(whys), 1},
    {" line\\(m, '[a-z]+', '([^':]+)[':]", whys, COUNT(whys), 3},
    {"local WHY_[A-Z]+ = '([^']+)'", whys, COUNT(whys), 2},
    {"put_fields\\(m.mid, 'mark', '([^']+)'", whys, COUNT(whys), 1},
    {" letter\\(m, '([^']+)'", reasons, COUNT(reasons), 1},
    {"end_as_dead\\(mid,[^')]*'([^']+)'", reasons, COUNT(reasons), 5},
    {"\\['([^']+)'\\] = \\{", reasons, COUNT(reasons), 3},
    {"bury\\(message_of\\([^)]*\\), '([^']+)'", reasons, COUNT(reasons), 2},
};

/* How often the text has the pattern. What it finds is among the words. */
static int find_words(const char *file, const char *text, const char *pattern,
                      const struct word *words, size_t count)
{
    regex_t compiled;
    regmatch_t match[2];
    int found = 0;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED), 0);
    for (; regexec(&compiled, text, 2, match, 0) == 0; text += match[0].rm_eo, found++) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
                 text + match[1].rm_so);
        if (!is_among(words, count, word))
            fail_msg("%s: `%s` is in no table of words", file, word);
    }
    regfree(&compiled);
    return found;
}

/* Likewise of all files of a folder of daemon/ that end so. */
static int find_in_folder(const char *folder, const char *ending, const char *pattern,
                          const struct word *words, size_t count)
{
    const char *source = getenv("NUDGED_SOURCE"), *const * names, *text;
    size_t files, length;
    int found = 0;
    struct diag diag;
    struct arena *arena = arena_new(1 << 16);
    const char *path = arena_printf(arena, "%s/daemon/%s", source ? source : ".", folder);
    if (!file_list(arena, path, ending, false, &names, &files, &diag))
        fail_msg("%s", diag.text);
    for (size_t i = 0; i < files; i++) {
        if (!file_read(arena, arena_printf(arena, "%s/%s", path, names[i]), 1 << 18, &text, &length,
                       &diag))
            fail_msg("%s", diag.text);
        found += find_words(names[i], text, pattern, words, count);
    }
    arena_destroy(&arena);
    return found;
}

static void test_scripts(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(places); p++)
        assert_int_equal(
            find_in_folder("store", ".lua", places[p].pattern, places[p].words, places[p].count),
            places[p].found);
}

static void test_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++)
        assert_true(find_in_folder(codes[i].folder, ".c", codes[i].pattern, reasons,
                                   COUNT(reasons)) >= codes[i].least);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests_name("trace_words", tests, NULL, NULL);
}
