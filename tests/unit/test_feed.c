/* The events of a history, read by the caller's thread or by one of its own: the same comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "simulate/feed.h"

static const char *const key_paths[] = {"customer.id", NULL};

struct world {
    char path[64];
    FILE *file;
};

static int begin(void **state)
{
    static struct world world;
    strcpy(world.path, "/tmp/nudged-feed-XXXXXX");
    int fd = mkstemp(world.path);
    world.file = fd < 0 ? NULL : fdopen(fd, "w");
    *state = &world;
    return world.file ? 0 : -1;
}

static int end(void **state)
{
    const struct world *world = *state;
    return unlink(world->path);
}

static void put_event(const struct world *world, int number)
{
    fprintf(world->file, "{\"type\":\"x\",\"id\":\"e%d\",\"time\":%d,\"customer\":{\"id\":%d}}\n",
            number, 1772352000 + number, number);
}

static struct feed *open_feed(const struct world *world, bool ahead, struct history **history)
{
    const struct shop_event_form form = {.key_paths = key_paths};
    struct diag diag = {0};
    *history = history_new(NULL);
    assert_true(history_add(*history, world->path, &diag));
    return feed_new(*history, &form, ahead);
}

static void test_all_of_them(void **state)
{
    struct world *world = *state;
    enum { MANY = 3000 }; /* of more batches than go round */
    for (int i = 0; i < MANY; i++)
        put_event(world, i);
    fclose(world->file);
    for (int ahead = 0; ahead < 2; ahead++) {
        struct history *history;
        struct feed *feed = open_feed(world, ahead, &history);
        const struct feed_item *item;
        struct diag diag = {0};
        char id[16];
        int count = 0;
        for (; (item = feed_next(feed, &diag)); count++) {
            snprintf(id, sizeof id, "e%d", count);
            assert_true(item->is_event);
            assert_string_equal(item->event.id, id);
            assert_int_equal(item->at_ms, (1772352000 + count) * INT64_C(1000));
        }
        assert_int_equal(count, MANY);
        assert_string_equal(diag.text, "");
        assert_null(feed_next(feed, &diag)); /* and so it stays */
        feed_destroy(&feed);
        history_destroy(&history);
    }
}

static void test_what_is_no_event(void **state)
{
    struct world *world = *state;
    put_event(world, 1);
    fputs("{\"type\":\"x\",\"time\":1772352002}\n", world->file);
    fputs("nonsense\n", world->file);
    put_event(world, 4);
    fclose(world->file);
    for (int ahead = 0; ahead < 2; ahead++) {
        struct history *history;
        struct feed *feed = open_feed(world, ahead, &history);
        struct diag diag = {0};
        assert_true(feed_next(feed, &diag)->is_event);
        for (uint32_t line = 2; line < 4; line++) {
            const struct feed_item *item = feed_next(feed, &diag);
            assert_false(item->is_event);
            assert_int_equal(item->fault->line, line);
            assert_string_equal(item->fault->file, world->path);
        }
        assert_true(feed_next(feed, &diag)->is_event);
        assert_null(feed_next(feed, &diag));
        feed_destroy(&feed);
        history_destroy(&history);
    }
}

/* The thread that reads ahead waits for room then. */
static void test_ended_before_its_end(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 5000; i++)
        put_event(world, i);
    fclose(world->file);
    for (int taken = 0; taken < 300; taken += 299) {
        struct history *history;
        struct feed *feed = open_feed(world, true, &history);
        struct diag diag = {0};
        for (int i = 0; i < taken; i++)
            assert_non_null(feed_next(feed, &diag));
        feed_destroy(&feed);
        history_destroy(&history);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_of_them),
        TEST(what_is_no_event),
        TEST(ended_before_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
