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
    for (size_t i = 0; i < COUNT(reasons); i++)
        assert_string_equal(trace_reason_word((enum trace_reason)i), reasons[i].word);
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

/* Where words stand in the scripts, and how many there are: the pattern is found so often. Behind
 * the colon of a `why` something follows that is put in, and %s is a word that stands elsewhere. */
static const struct {
    const char *pattern;
    const struct word *words;
    size_t count;
    int found;
} places[] = {
    {"\"what\":\"([^\"%]+)\"", whats, COUNT(whats), 1},
    {"return 'done', '([^']+)'", whats, COUNT(whats), 2},
    {"\"why\":\"([^\":]+)[\":]", whys, COUNT(whys), 2},
    {"'reason', '([^']+)'", reasons, COUNT(reasons), 1},
    {"bury\\(mid, '([^']+)'", reasons, COUNT(reasons), 2},
};

/* How many words the script has at such a place. Each is in the table. */
static int check_place(const char *script, const char *text, size_t place)
{
    regex_t pattern;
    regmatch_t match[2];
    int found = 0;
    assert_int_equal(regcomp(&pattern, places[place].pattern, REG_EXTENDED), 0);
    for (; regexec(&pattern, text, 2, match, 0) == 0; text += match[0].rm_eo, found++) {
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(match[1].rm_eo - match[1].rm_so),
                 text + match[1].rm_so);
        if (!is_among(places[place].words, places[place].count, word))
            fail_msg("%s: `%s` is in no table of words", script, word);
    }
    regfree(&pattern);
    return found;
}

static void test_scripts(void **state)
{
    (void)state;
    const char *source = getenv("NUDGED_SOURCE"), *const * names, *text;
    size_t count, length;
    int found[COUNT(places)] = {0};
    struct diag diag;
    struct arena *arena = arena_new(1 << 16);
    const char *folder = arena_printf(arena, "%s/daemon/store", source ? source : ".");
    if (!file_list(arena, folder, ".lua", false, &names, &count, &diag))
        fail_msg("%s", diag.text);
    for (size_t i = 0; i < count; i++) {
        if (!file_read(arena, arena_printf(arena, "%s/%s", folder, names[i]), 1 << 16, &text,
                       &length, &diag))
            fail_msg("%s", diag.text);
        for (size_t p = 0; p < COUNT(places); p++)
            found[p] += check_place(names[i], text, p);
    }
    for (size_t p = 0; p < COUNT(places); p++)
        assert_int_equal(found[p], places[p].found);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_scripts),
    };
    return cmocka_run_group_tests_name("trace_words", tests, NULL, NULL);
}
