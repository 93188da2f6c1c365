/* The records of P:said in memory: what words leave of them, as commit.lua would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "decide/replay_said.h"

/* "-10 all": a no, "+20 news": a yes, "!30 id": an erasure. */
struct row {
    const char *name, *words[6], *record;
    const char *declined; /* topics that the record speaks against, of "all news offers" */
};

static const struct row rows[] = {
    {"a no stands", {"-10 all"}, "-10\n", "all news offers "},
    {"a no to a topic is of that alone", {"-10 news"}, "-10=news\n", "news "},
    {"an older yes changes nothing", {"-10 all", "+5 all"}, "-10\n", "all news offers "},
    {"a newer yes to all ends what was said before",
     {"-10 all", "-11 news", "-30 offers", "+20 all"},
     "-30=offers\n",
     "offers "},
    {"a yes to a topic stands over an older no to all",
     {"-10 all", "+20 news"},
     "-10\n+20=news\n",
     "all offers "},
    {"without such a no it need not be known", {"+20 news"}, "", ""},
    {"a newer no to all outdoes it",
     {"-10 all", "+20 news", "-30 all"},
     "-30\n",
     "all news offers "},
    {"an older no is not worth keeping beside a newer one to all",
     {"-10 news", "-20 all"},
     "-20\n",
     "all news offers "},
    {"an erasure takes each yes, and leaves each no",
     {"-10 all", "+20 news", "!30 e1"},
     "!30=e1\n-10\n",
     "all news offers "},
    {"the newer erasure stands", {"!30 e1", "!20 e2"}, "!30=e1\n", ""},
    {"… and the later of the same time", {"!30 e1", "!30 e2"}, "!30=e2\n", ""},
};

static struct decision_said word_of(struct arena *arena, const char *text)
{
    char *rest;
    int64_t at_ms = strtoll(text + 1, &rest, 10);
    return (struct decision_said){.name = "n",
                                  .word = *text == '-'   ? DECISION_NO
                                          : *text == '+' ? DECISION_YES
                                                         : DECISION_ERASED,
                                  .topic = arena_text(arena, rest + 1),
                                  .at_ms = at_ms};
}

static bool check_row(const struct row *row)
{
    static const char *const topics[] = {"all", "news", "offers"};
    struct arena *arena = arena_new(1024);
    struct replay_said *said = replay_said_new();
    char declined[64] = "";
    for (size_t i = 0; i < 6 && row->words[i]; i++) {
        struct decision_said word = word_of(arena, row->words[i]);
        const struct decision decision = {.said = &word, .said_count = 1};
        replay_said_learn(said, &decision);
    }
    for (size_t i = 0; i < 3; i++)
        if (replay_said_declines(said, "n", topics[i]))
            strcat(strcat(declined, topics[i]), " ");
    const struct slice record = replay_said_record(said, "n");
    bool good = strcmp(record.text ? record.text : "", row->record) == 0 &&
                strcmp(declined, row->declined) == 0;
    if (!good)
        print_error("%s: \"%s\", declines %s\n", row->name, record.text ? record.text : "",
                    declined);
    replay_said_destroy(&said);
    arena_destroy(&arena);
    return good;
}

static void test_rows(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        wrong += !check_row(&rows[i]);
    assert_int_equal(wrong, 0);
}

static void test_nobody(void **state)
{
    (void)state;
    struct replay_said *said = replay_said_new();
    assert_null(replay_said_record(said, "n").text);
    assert_false(replay_said_declines(said, "n", "all"));
    replay_said_destroy(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
