/* Fibers: whose turn it is, and what wakes them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fiber.h"
#include "base/fiber_loop.h"

enum { FIBERS = 100 };

/* ---- Alone ---- */

static char said[256];

static void say(const char *word)
{
    strcat(said, word);
}

static void counts(void *context)
{
    const char *name = context;
    for (int i = 0; i < 3; i++) {
        char kept[64]; /* on its stack, while the others work */
        snprintf(kept, sizeof kept, "%s%d ", name, i);
        fiber_give_way();
        say(kept);
    }
}

static void they_take_turns(void **state)
{
    (void)state;
    struct fiber *a = fiber_new(counts, "a"), *b = fiber_new(counts, "b");
    said[0] = '\0';
    while (!fiber_has_ended(a)) {
        fiber_resume(a);
        fiber_resume(b);
    }
    assert_true(fiber_has_ended(b));
    assert_string_equal(said, "a0 b0 a1 b1 a2 b2 ");
    fiber_destroy(&a);
    fiber_destroy(&b);
    assert_null(a);
    fiber_destroy(&a);
}

/* Each level has a page of its stack. */
static size_t dive(size_t depth)
{
    volatile char page[4096];
    memset((void *)(uintptr_t)page, (int)depth, sizeof page);
    size_t below = depth ? dive(depth - 1) : 0;
    return below + (size_t)page[sizeof page - 1];
}

static void dives(void *context)
{
    size_t *sum = context;
    *sum = dive(100);
    fiber_give_way();
    *sum += dive(100);
}

static void many_have_deep_stacks(void **state)
{
    (void)state;
    struct fiber *fibers[FIBERS];
    size_t sums[FIBERS];
    for (size_t i = 0; i < FIBERS; i++) {
        fibers[i] = fiber_new(dives, &sums[i]);
        assert_non_null(fibers[i]);
        fiber_resume(fibers[i]);
    }
    for (size_t i = 0; i < FIBERS; i++) {
        fiber_resume(fibers[i]);
        assert_true(fiber_has_ended(fibers[i]));
        assert_int_equal(sums[i], 2 * 5050);
        fiber_destroy(&fibers[i]);
    }
}

/* One that was never run has no end to come to. */
static void one_may_never_run(void **state)
{
    (void)state;
    struct fiber *fiber = fiber_new(counts, "a");
    assert_false(fiber_has_ended(fiber));
    fiber_destroy(&fiber);
}

/* ---- Waiting ---- */

/* Waits at a pipe until a byte has come, or its time is over. */
struct reader {
    struct fiber_loop *loop;
    struct fiber_wait wait;
    int pipe[2], other[2];
    int64_t until_ms;
    int waits, ready;
    char byte;
};

static void reads(void *context)
{
    struct reader *reader = context;
    struct pollfd fds[] = {{.fd = reader->pipe[0], .events = POLLIN},
                           {.fd = reader->other[0], .events = POLLIN}};
    const size_t count = reader->other[0] ? 2 : 1;
    for (;;) {
        reader->waits++;
        reader->ready = fiber_loop_wait(reader->loop, &reader->wait, fds, count, reader->until_ms);
        for (size_t i = 0; i < count; i++)
            if (reader->ready && (fds[i].revents & POLLIN) &&
                read(fds[i].fd, &reader->byte, 1) == 1)
                return;
        if (clock_monotonic_ms() >= reader->until_ms)
            return;
    }
}

static void open_reader(struct reader *reader, struct fiber_loop *loop, int64_t until_ms)
{
    *reader = (struct reader){.loop = loop, .until_ms = until_ms};
    assert_int_equal(pipe(reader->pipe), 0);
    reader->wait.fiber = fiber_new(reads, reader);
    fiber_resume(reader->wait.fiber);
    assert_false(fiber_has_ended(reader->wait.fiber));
}

static void close_reader(struct reader *reader)
{
    assert_true(fiber_has_ended(reader->wait.fiber));
    fiber_destroy(&reader->wait.fiber);
    close(reader->pipe[0]);
    close(reader->pipe[1]);
}

static void until_ended(const struct reader *reader)
{
    while (!fiber_has_ended(reader->wait.fiber)) {
        fiber_loop_sleep(reader->loop, INT64_MAX);
        fiber_loop_run(reader->loop);
    }
}

/* Each is resumed for what it waits for itself, once for each wait. */
static void what_is_ready_resumes_who_waits(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    struct reader readers[FIBERS];
    for (size_t i = 0; i < FIBERS; i++)
        open_reader(&readers[i], loop, INT64_MAX);
    for (size_t i = FIBERS; i-- > 0;) {
        assert_int_equal(write(readers[i].pipe[1], "x", 1), 1);
        until_ended(&readers[i]);
        assert_int_equal(readers[i].byte, 'x');
        assert_int_equal(readers[i].waits, 1);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(readers[j].waits, 1);
        close_reader(&readers[i]);
    }
    fiber_loop_destroy(&loop);
    assert_null(loop);
}

static void a_time_resumes_too(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    struct reader late, soon;
    open_reader(&late, loop, clock_monotonic_ms() + 20);
    open_reader(&soon, loop, clock_monotonic_ms());
    until_ended(&soon);
    assert_false(fiber_has_ended(late.wait.fiber));
    until_ended(&late);
    assert_int_equal(late.ready, 0);
    assert_true(clock_monotonic_ms() >= late.until_ms);
    close_reader(&late);
    close_reader(&soon);
    fiber_loop_destroy(&loop);
}

/* What was closed and is open anew, under the same number, is another one. */
static void a_descriptor_may_be_another_one(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    for (int i = 0; i < 3; i++) {
        struct reader reader;
        open_reader(&reader, loop, INT64_MAX);
        assert_int_equal(write(reader.pipe[1], "x", 1), 1);
        until_ended(&reader);
        close_reader(&reader);
    }
    fiber_loop_destroy(&loop);
}

static void one_of_two_is_enough(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    struct reader reader = {.loop = loop, .until_ms = INT64_MAX};
    assert_int_equal(pipe(reader.pipe), 0);
    assert_int_equal(pipe(reader.other), 0);
    reader.wait.fiber = fiber_new(reads, &reader);
    fiber_resume(reader.wait.fiber);
    assert_int_equal(write(reader.other[1], "y", 1), 1);
    until_ended(&reader);
    assert_int_equal(reader.byte, 'y');
    close(reader.other[0]);
    close(reader.other[1]);
    close_reader(&reader);
    fiber_loop_destroy(&loop);
}

static void who_is_roused_waits_again(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    struct reader readers[3];
    for (size_t i = 0; i < 3; i++)
        open_reader(&readers[i], loop, INT64_MAX);
    fiber_loop_rouse(loop);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(readers[i].waits, 2);
        assert_int_equal(write(readers[i].pipe[1], "z", 1), 1);
        until_ended(&readers[i]);
        close_reader(&readers[i]);
    }
    fiber_loop_destroy(&loop);
}

static void *wakes(void *loop)
{
    fiber_loop_wake(loop);
    return NULL;
}

/* Whether it sleeps already or not. */
static void another_thread_wakes_it(void **state)
{
    (void)state;
    struct fiber_loop *loop = fiber_loop_new();
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&thread, NULL, wakes, loop), 0);
        fiber_loop_sleep(loop, INT64_MAX);
        fiber_loop_run(loop);
        pthread_join(thread, NULL);
    }
    fiber_loop_destroy(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_take_turns),
        cmocka_unit_test(many_have_deep_stacks),
        cmocka_unit_test(one_may_never_run),
        cmocka_unit_test(what_is_ready_resumes_who_waits),
        cmocka_unit_test(a_time_resumes_too),
        cmocka_unit_test(a_descriptor_may_be_another_one),
        cmocka_unit_test(one_of_two_is_enough),
        cmocka_unit_test(who_is_roused_waits_again),
        cmocka_unit_test(another_thread_wakes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
