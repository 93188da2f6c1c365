/* By which names an event speaks of people: whatever was read before, the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "simulate/event_names.h"

static const char *const paths[] = {"customer.id", "customer.email", NULL};
static const char *const paths_of_subject[] = {"customer.id", "subject", NULL};
static const char *const others[] = {"friend", NULL};

/* Many begin as another one does, and go on with more names, or fewer. */
static const char *const texts[] = {
    "{\"type\":\"x\",\"customer\":{\"id\":\"1\"},\"n\":1}",
    "{\"type\":\"x\",\"customer\":{\"id\":\"2\"},\"n\":1}",
    "{\"type\":\"x\",\"customer\":{\"id\":3,\"email\":\"a@example.com\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":4,\"email\":\"B@Example.com\",\"phone\":\"+40 721\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":null,\"email\":\"c@example.com\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":5,\"email\":null}}",
    "{\"type\":\"x\",\"customer\":{\"id\":6,\"email\":\"a\\u0062@example.com\",\"friend\":7}}",
    "{\"type\":\"x\",\"customer\":{\"id\":8,\"friend\":\"9\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":8 , \"friend\":\"9\" } }",
    "{\"type\":\"x\",\"customer\":{\"id\":10,\"tags\":[\"a\"],\"email\":\"d@example.com\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":1.5,\"email\":\"e@example.com\"}}",
    "{\"type\":\"x\",\"customer\":{\"id\":true,\"email\":\"f@example.com\"}}",
    "{\"type\":\"x\",\"customer\":{\"email\":\"not an address\"}}",
    "{\"type\":\"x\",\"subject\":\"11\"}",
    "{\"type\":\"x\",\"subject\":\"11\",\"customer\":{}}",
    "{\"type\":\"x\",\"subject\":\"12\",\"customer\":{\"id\":13}}",
    "{\"type\":\"x\",\"customer\":{\"id\":13},\"subject\":\"14\"}",
    "{\"type\":\"x\",\"customer\":{\"id\":13},\"n\":2,\"subject\":\"14\"}",
    "{\"type\":\"x\",\"customer\":{\"name\":\"Ana\"},\"subject\":\"15\"}",
    "{\"specversion\":\"1.0\",\"type\":\"x\",\"data\":{\"customer\":{\"email\":\"g@x.org\"}}}",
    "{\"type\":\"x\",\"customer\":{\"id\":\"17",
    "{\"type\":\"x\",\"customer\":{\"id\":\"18\"",
    "{\"type\":\"x\"}",
    "{}",
    "",
};

enum { TEXTS = sizeof texts / sizeof *texts };

static const struct shop_event_form form_of[] = {{.key_paths = paths},
                                                 {.key_paths = paths_of_subject}};

static struct event_names read(struct event_names_reader *reader, const char *text)
{
    struct event_names names;
    event_names_read(reader, slice_of(text), &names);
    return names;
}

static void check(const struct event_names *names, const struct event_names *wanted)
{
    assert_int_equal(names->mark, wanted->mark);
    assert_int_equal(names->count, wanted->count);
    assert_memory_equal(names->hashes, wanted->hashes, sizeof *names->hashes * names->count);
}

static void test_what_was_read_before(void **state)
{
    (void)state;
    for (size_t form = 0; form < 2; form++)
        for (size_t i = 0; i < TEXTS; i++) {
            struct event_names_reader first;
            assert_true(event_names_open(&first, &form_of[form], others));
            const struct event_names wanted = read(&first, texts[i]);
            event_names_close(&first);
            for (size_t before = 0; before < TEXTS; before++) {
                struct event_names_reader reader;
                assert_true(event_names_open(&reader, &form_of[form], others));
                read(&reader, texts[before]);
                const struct event_names names = read(&reader, texts[i]);
                check(&names, &wanted);
                event_names_close(&reader);
            }
        }
}

static void test_whom_the_event_is_about(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    for (size_t form = 0; form < 2; form++) {
        struct event_names_reader reader;
        assert_true(event_names_open(&reader, &form_of[form], others));
        for (size_t i = 0; i < 2 * (size_t)TEXTS; i++) {
            const char *text = texts[i % TEXTS];
            struct shop_event event;
            struct diag diag;
            bool good =
                shop_event_read(arena, text, strlen(text), "0-0", &form_of[form], &event, &diag);
            const struct event_names names = read(&reader, text);
            if (good)
                assert_int_equal(names.mark, event_names_mark(&event));
        }
        event_names_close(&reader);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_read_before),
        cmocka_unit_test(test_whom_the_event_is_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
