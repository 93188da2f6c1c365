/* Rows of refusals: which of them are the gateway's fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "send/suspicion.h"

#define COUNT(array) (sizeof array / sizeof *(array))

enum { SUSPECT = 5 };

/* r a refusal, m a mailbox, b a bounce, k one of an address that was accepted before, each of a new
 * recipient; R, M, B of always the same one; `.` an acceptance. */
static bool play(struct suspicion *suspicion, char letter, uint64_t recipient)
{
    static const struct {
        char letter;
        enum suspicion_kind kind;
        bool known, same;
    } kinds[] = {
        {'r', SUSPICION_REFUSAL, false, false}, {'R', SUSPICION_REFUSAL, false, true},
        {'m', SUSPICION_MAILBOX, false, false}, {'M', SUSPICION_MAILBOX, false, true},
        {'b', SUSPICION_BOUNCED, false, false}, {'B', SUSPICION_BOUNCED, false, true},
        {'k', SUSPICION_BOUNCED, true, false},
    };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].letter == letter)
            return suspicion_add(
                suspicion,
                &(struct suspicion_item){.kind = kinds[i].kind,
                                         .known = kinds[i].known,
                                         .recipient = kinds[i].same ? 1 : recipient},
                SUSPECT);
    suspicion_clear(suspicion);
    return false;
}

static void rows(void **state)
{
    (void)state;
    static const struct {
        const char *results;
        size_t blamed; /* at so many; 0: never */
    } cases[] = {
        {"rrrr", 0},
        {"rrrrr", 5},
        {"mmmmm", 5},
        {"rmrmr", 5},
        {"RRRRRRRRRRR", 0},
        {"RMRMRMRMR", 0},
        {"RRRRRrrrr", 9},
        {"rrrr.rrrr.rrrr", 0},
        {"rrrr.rrrrr", 10},
        /* a stale list, however long */
        {"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
         "bb"
         "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
         0},
        {"bbbbk", 5},
        {"kbbbb", 5},
        {"kbbb", 0},
        {"bbbbbbbbbk", 10},
        {"kBBBBBBB", 0},
        /* bounces and refusals are counted apart */
        {"rrrrbbbb", 0},
        {"rrrrkbbb", 0},
        {"rbrbrbrbr", 9},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct suspicion suspicion;
        size_t blamed = 0;
        suspicion_init(&suspicion);
        for (size_t n = 0; cases[i].results[n] && !blamed; n++)
            if (play(&suspicion, cases[i].results[n], n + 2))
                blamed = n + 1;
        if (blamed != cases[i].blamed)
            fail_msg("%s: %zu", cases[i].results, blamed);
    }
}

/* Who is refused while it is blamed shares that; a stale mailbox only where bounces are the fault.
 */
static void while_blamed(void **state)
{
    (void)state;
    static const struct {
        const char *row, *then;
        bool shared;
    } cases[] = {
        {"rrrrr", "r", true}, {"rrrrr", "m", true}, {"rrrrr", "b", false},  {"rrrrr", "k", true},
        {"bbbbk", "b", true}, {"bbbbk", "r", true}, {"rrrrr.", "r", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct suspicion suspicion;
        suspicion_init(&suspicion);
        for (size_t n = 0; cases[i].row[n]; n++)
            play(&suspicion, cases[i].row[n], n + 2);
        suspicion_end(&suspicion);
        if (play(&suspicion, cases[i].then[0], 99) != cases[i].shared)
            fail_msg("%s, then %s", cases[i].row, cases[i].then);
        assert_int_equal(suspicion.count, cases[i].then[0] != 'b' || cases[i].shared);
    }
}

static void letters_are_minded(void **state)
{
    (void)state;
    struct suspicion suspicion;
    suspicion_init(&suspicion);
    play(&suspicion, 'r', 2);
    play(&suspicion, 'b', 3);
    suspicion_note_letter(&suspicion, 2, "1772445600000-0");
    suspicion_note_letter(&suspicion, 3, "1772445600000-1"); /* there is none of that number */
    assert_string_equal(suspicion.items[0].letter, "");
    assert_string_equal(suspicion.items[1].letter, "1772445600000-0");
    /* A number is never used again. */
    suspicion_clear(&suspicion);
    play(&suspicion, 'r', 2);
    suspicion_note_letter(&suspicion, 1, "1772445600000-2");
    assert_int_equal(suspicion.items[0].number, 3);
    assert_string_equal(suspicion.items[0].letter, "");
}

static void a_row_has_a_bound(void **state)
{
    (void)state;
    struct suspicion suspicion;
    suspicion_init(&suspicion);
    for (uint64_t n = 1; n <= SUSPICION_MOST + 7; n++)
        play(&suspicion, 'b', n);
    assert_int_equal(suspicion.count, SUSPICION_MOST);
    assert_int_equal(suspicion.items[0].recipient, 8);
    assert_int_equal(suspicion.items[SUSPICION_MOST - 1].number, SUSPICION_MOST + 7);
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        struct outcome outcome;
        enum suspicion_kind kind;
    } cases[] = {
        {{.kind = OUTCOME_SENT}, SUSPICION_NONE},
        {{.kind = OUTCOME_RETRY}, SUSPICION_NONE},
        {{.kind = OUTCOME_DEAD}, SUSPICION_NONE},
        {{.kind = OUTCOME_BOUNCED}, SUSPICION_BOUNCED},
        {{.kind = OUTCOME_DEAD, .suspect = OUTCOME_SUSPECT_MAILBOX}, SUSPICION_MAILBOX},
        {{.kind = OUTCOME_DEAD, .suspect = OUTCOME_SUSPECT_REFUSAL}, SUSPICION_REFUSAL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(suspicion_kind_of(&cases[i].outcome), cases[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(while_blamed),
        cmocka_unit_test(letters_are_minded),
        cmocka_unit_test(a_row_has_a_bound),
        cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
