/* Who was suppressed by a gateway's word, and who is forgiven when it was at fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/destination.h"

static void hash_of(size_t number, char out[POLICY_HASH_SIZE])
{
    snprintf(out, POLICY_HASH_SIZE, "%032zx", number);
}

static void note_bounces(struct destination *destination, size_t from, size_t count)
{
    char hash[POLICY_HASH_SIZE];
    for (size_t i = from; i < from + count; i++) {
        hash_of(i, hash);
        destination_note_bounce(destination, OUTCOME_BOUNCED, hash);
    }
}

/* Of a list of results that suppress the addresses 1 to 9, and one that suppresses none: "456" are
 * those that still do. */
static const char *still_suppressed(const struct destination *destination)
{
    static char text[16];
    struct attempt attempts[10] = {0};
    char hashes[10][POLICY_HASH_SIZE];
    size_t length = 0;
    for (size_t i = 0; i < 10; i++) {
        hash_of(i, hashes[i]);
        attempts[i].result.suppress = i ? hashes[i] : NULL;
        attempts[i].next = i < 9 ? &attempts[i + 1] : NULL;
    }
    destination_forgive(destination, attempts);
    for (size_t i = 0; i < 10; i++)
        if (attempts[i].result.suppress)
            text[length++] = (char)('0' + i);
    text[length] = '\0';
    return text;
}

static void those_and_no_others(void **state)
{
    struct destination destination = {0};
    (void)state;
    assert_string_equal(still_suppressed(&destination), "123456789");
    note_bounces(&destination, 2, 1);
    assert_string_equal(still_suppressed(&destination), "13456789");
    note_bounces(&destination, 5, 3);
    assert_string_equal(still_suppressed(&destination), "13489");
    destination_forgive(&destination, NULL);
    /* What says nothing of an address changes nothing. */
    for (int kind = 0; kind < OUTCOME_KINDS; kind++)
        if (kind != OUTCOME_SENT)
            destination_note_bounce(&destination, (enum outcome_kind)kind, NULL);
    assert_string_equal(still_suppressed(&destination), "13489");
}

/* It took a message: so those before it were truly refused. */
static void a_message_taken_ends_the_row(void **state)
{
    struct destination destination = {0};
    (void)state;
    note_bounces(&destination, 1, 3);
    destination_note_bounce(&destination, OUTCOME_SENT, NULL);
    assert_string_equal(still_suppressed(&destination), "123456789");
    note_bounces(&destination, 4, 1);
    assert_string_equal(still_suppressed(&destination), "12356789");
}

static void the_row_has_a_bound(void **state)
{
    struct destination destination = {0};
    (void)state;
    note_bounces(&destination, 1, BREAKER_ROW + 5);
    assert_int_equal(destination.bounced_count, BREAKER_ROW);
    assert_int_equal(destination.promised, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_and_no_others),
        cmocka_unit_test(a_message_taken_ends_the_row),
        cmocka_unit_test(the_row_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
