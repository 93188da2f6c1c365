/* What a daemon has sent, or is sending, though Redis has lost that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "delivery/sent.h"

static const char *state_of(const struct sent *sent, const char *mid, int64_t losses, int64_t now)
{
    const char *gateway = NULL;
    switch (sent_find(sent, mid, losses, now, &gateway)) {
    case SENT_UNKNOWN:
        return "unknown";
    case SENT_UNDER_WAY:
        return "under way";
    case SENT_GONE:
        return gateway;
    }
    return NULL;
}

/* Only what was lost since is known: with no loss in between somebody wants it once more. */
static void test_losses(void **state)
{
    struct sent *sent = sent_new();
    (void)state;
    sent_begin(sent, "a", 3, 10);
    assert_string_equal(state_of(sent, "a", 3, 20), "unknown");
    assert_string_equal(state_of(sent, "a", 4, 20), "under way");
    sent_end(sent, "a", "relay", 30);
    assert_string_equal(state_of(sent, "a", 3, 40), "unknown");
    assert_string_equal(state_of(sent, "a", 4, 40), "relay");
    assert_string_equal(state_of(sent, "b", 4, 40), "unknown");
    assert_string_equal(state_of(sent, "", 4, 40), "unknown");
    sent_destroy(&sent);
}

static void test_what_did_not_go(void **state)
{
    struct sent *sent = sent_new();
    (void)state;
    sent_begin(sent, "a", 0, 10);
    sent_end(sent, "a", NULL, 20);
    assert_string_equal(state_of(sent, "a", 1, 20), "unknown");
    sent_end(sent, "never begun", "relay", 20);
    assert_string_equal(state_of(sent, "never begun", 1, 20), "unknown");
    sent_destroy(&sent);
}

/* A while later it is not known any more; what is under way is, for as long as it takes. */
static void test_time(void **state)
{
    struct sent *sent = sent_new();
    (void)state;
    sent_begin(sent, "a", 0, 10);
    assert_string_equal(state_of(sent, "a", 1, 10 + 2 * SENT_KEEP_MS), "under way");
    sent_end(sent, "a", "relay", 20);
    assert_string_equal(state_of(sent, "a", 1, 19 + SENT_KEEP_MS), "relay");
    assert_string_equal(state_of(sent, "a", 1, 20 + SENT_KEEP_MS), "unknown");
    sent_destroy(&sent);
}

/* The newer ones are known, however many came before. */
static void test_many(void **state)
{
    enum { MANY = 4 * SENT_MOST, NEW = SENT_MOST / 16 };
    struct sent *sent = sent_new();
    char mid[16];
    int known = 0;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(mid, sizeof mid, "m%d", i);
        sent_begin(sent, mid, 0, i);
        sent_end(sent, mid, "relay", i);
    }
    for (int i = MANY - NEW; i < MANY; i++) {
        snprintf(mid, sizeof mid, "m%d", i);
        known += sent_find(sent, mid, 1, MANY, &(const char *){NULL}) == SENT_GONE;
    }
    assert_int_equal(known, NEW);
    assert_string_equal(state_of(sent, "m0", 1, MANY), "unknown");
    assert_string_equal(state_of(sent, "a name that is longer than any of ours", 1, 0), "unknown");
    sent_destroy(&sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_what_did_not_go),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
