/* A message in hand: what is copied, and what is read of its body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/attempt.h"

static struct attempt *new_attempt(const char *body, size_t length)
{
    return attempt_new(&(struct outbox_message){.entry = "1-1",
                                                .mid = "m1",
                                                .customer = "",
                                                .channel = "",
                                                .class_ = "",
                                                .body = body,
                                                .length = length,
                                                .on_uncertain = ""},
                       1);
}

static void a_copy(void **state)
{
    char body[] = "{\"to\":\"ana@example.com\",\"rule\":\"tea\"}";
    size_t length = strlen(body);
    struct attempt *attempt = new_attempt(body, length);
    (void)state;
    memset(body, 'x', length);
    assert_int_equal(attempt->message.kind, VALUE_NULL);
    assert_true(attempt->recipient == 0);
    assert_true(attempt_read(attempt, NULL));
    assert_true(value_is_text(value_get(&attempt->message, "rule"), "tea"));
    assert_true(attempt_of(&attempt->job) == attempt);
    /* Once is enough. */
    const struct value_map *map = attempt->message.map;
    assert_true(attempt_read(attempt, NULL));
    assert_true(attempt->message.map == map);
    attempt_destroy(&attempt);
    assert_null(attempt);
}

static void not_json(void **state)
{
    struct attempt *attempt = new_attempt("{\"to\":", 6);
    struct diag diag;
    (void)state;
    assert_false(attempt_read(attempt, &diag));
    assert_string_equal(diag.code, "bad-message");
    assert_int_equal(attempt->message.kind, VALUE_NULL);
    attempt_destroy(&attempt);
}

/* The breaker knows recipients apart, whatever else the messages say. */
static void recipients(void **state)
{
    static const struct {
        const char *to;
        const char *template;
    } cases[] = {{"ana@example.com", "a"}, {"ana@example.com", "code"}, {"bob@example.com", "a"}};
    uint64_t seen[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char body[160];
        int length =
            snprintf(body, sizeof body, "{\"to\":\"%s\",\"template\":\"%s\",\"channel\":\"email\"}",
                     cases[i].to, cases[i].template);
        struct attempt *attempt = new_attempt(body, (size_t)length);
        assert_true(attempt_read(attempt, NULL));
        seen[i] = attempt->recipient;
        attempt_destroy(&attempt);
    }
    assert_true(seen[0] != 0);
    assert_true(seen[0] == seen[1] && seen[0] != seen[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy),
        cmocka_unit_test(not_json),
        cmocka_unit_test(recipients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
