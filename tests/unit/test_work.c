/* A customer's work: what one commit carries, what is left of it, what others took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "events/work.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static const struct shop_event events[] = {
    {.entry = "1-1"}, {.entry = "1-2"}, {.entry = "1-3"}, {.entry = "1-4"}, {.entry = "1-5"}};

static struct work new_work(struct arena *arena, const size_t *sizes, size_t count)
{
    struct work work = {.key = "id:7", .due_ms = 5};
    for (size_t i = 0; i < count; i++)
        work_add_event(arena, &work, &events[i], sizes[i]);
    return work;
}

/* The entries that no event could be made of. */
static struct work new_dead_work(struct arena *arena, const size_t *sizes, size_t count)
{
    static const char bytes[2 << 20] = "x";
    struct work work = {0};
    struct diag diag = {0};
    diag_error(&diag, "no event");
    diag_code(&diag, "json");
    for (size_t i = 0; i < count; i++)
        work_add_dead(
            arena, &work,
            &(struct intake_entry){.id = events[i].entry, .event = bytes, .length = sizes[i]},
            &diag);
    return work;
}

/* "1-1 1-2": the entries that are still in the work. */
static const char *left_of(const struct work *work)
{
    static char text[128];
    struct buf out;
    buf_init(&out, sizeof text - 1);
    for (uint32_t i = 0; i < (work->key ? work->event_count : work->ids.count); i++)
        buf_printf(&out, i ? " %s" : "%s", work->key ? work->events[i]->entry : work->ids.texts[i]);
    snprintf(text, sizeof text, "%s", buf_string(&out));
    buf_free(&out);
    return text;
}

enum { MOST = WORK_COMMIT_MOST };

static const struct {
    size_t sizes[5];
    uint32_t chosen[5]; /* of one commit after the other; ends with 0 */
} cases[] = {
    {{1, 1, 1, 1, 1}, {5}},
    {{MOST, 1, 1, 1, 1}, {1, 4}},
    {{MOST - 1, 1, 1, 1, 1}, {2, 3}},
    {{1, MOST, 1, MOST, 1}, {1, 1, 1, 1, 1}},
    {{MOST, MOST, MOST, MOST, MOST}, {1, 1, 1, 1, 1}},
    {{MOST / 2, MOST / 2, MOST / 2, MOST / 2, MOST / 2}, {2, 2, 1}},
};

/* Every entry is in exactly one commit, in its order. */
static void play(struct work *work, const uint32_t chosen[5], size_t number)
{
    uint32_t done = 0;
    for (size_t i = 0; i < 5 && chosen[i]; i++) {
        assert_false(work_is_empty(work));
        assert_string_equal(work->key ? work->events[0]->entry : work->ids.texts[0],
                            events[done].entry);
        work_choose(work, UINT32_MAX);
        work->told = true;
        if (work->chosen != chosen[i])
            fail_msg("case %zu: commit %zu has %u", number, i, work->chosen);
        done += work->chosen;
        work_advance(work);
        assert_int_equal(work->chosen, 0);
        assert_false(work->told); /* the log hears of the next commit too */
        assert_int_equal(work->key ? work->event_count : work->ids.count, 5 - done);
        assert_int_equal(work->dead_count, work->ids.count);
    }
    assert_int_equal(work->due_ms, 0); /* the first commit decided what was due */
    assert_true(work_is_empty(work));
}

static void commits(void **state)
{
    struct arena *arena = arena_new(4096);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct work work = new_work(arena, cases[i].sizes, 5);
        play(&work, cases[i].chosen, i);
        work = new_dead_work(arena, cases[i].sizes, 5);
        play(&work, cases[i].chosen, i);
    }
    arena_destroy(&arena);
}

static void a_deadline_alone(void **state)
{
    struct work work = {.key = "id:7", .due_ms = 5};
    (void)state;
    assert_false(work_is_empty(&work));
    work_choose(&work, UINT32_MAX);
    assert_int_equal(work.chosen, 0);
    work_advance(&work);
    assert_true(work_is_empty(&work));
}

/* What somebody else has by now: the rest stays, each with its own size or letter. */
static void gone(void **state)
{
    static const char *const first[] = {"1-1"}, *const middle[] = {"9-9", "1-4", "1-2"},
                             *const all[] = {"1-1", "1-2", "1-3", "1-4", "1-5"};
    static const struct {
        const char *const *ids;
        size_t count;
        const char *left;
    } lists[] = {{NULL, 0, "1-1 1-2 1-3 1-4 1-5"},
                 {first, 1, "1-2 1-3 1-4 1-5"},
                 {middle, 3, "1-1 1-3 1-5"},
                 {all, 5, ""}};
    static const size_t sizes[] = {10, 20, 30, 40, 50};
    struct arena *arena = arena_new(4096);
    (void)state;
    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct commit_result result = {
            .outcome = COMMIT_GONE, .gone = lists[i].ids, .gone_count = lists[i].count};
        struct work work = new_work(arena, sizes, 5);
        work_learn(arena, &work, &result);
        assert_string_equal(left_of(&work), lists[i].left);
        for (uint32_t j = 0; j < work.event_count; j++)
            assert_int_equal(work.sizes[j], 10 * (work.events[j]->entry[2] - '0'));
        assert_int_equal(work.due_ms, 5); /* the deadline is still this daemon's */
        work = new_dead_work(arena, sizes, 5);
        work_learn(arena, &work, &result);
        assert_string_equal(left_of(&work), lists[i].left);
        assert_int_equal(work.dead_count, work.ids.count);
        for (uint32_t j = 0; j < work.dead_count; j++)
            assert_int_equal(work.dead[j].dead.length, 10 * (work.ids.texts[j][2] - '0'));
        assert_int_equal(work_is_empty(&work), work.ids.count == 0);
    }
    arena_destroy(&arena);
}

/* What a commit taught is there for the next decision, and forgotten with the round. */
static void facts(void **state)
{
    static const char *const hashes[] = {"h1", "h2"};
    static const struct commit_withdrawal places[] = {{"m1", CUSTOMER_PLACE_HAND, NULL}};
    struct arena *arena = arena_new(4096);
    const struct slice old = {"{\"n\":1}", 7}, fresh = {"{\"n\":2}", 7}, other = {"-2", 2},
                       none = {0};
    struct said_text record = {"h", {"-1", 2}};
    struct work work = {.key = "id:7"};
    (void)state;
    work_begin_round(&work);
    assert_null(work.document.text);
    work.document = old;
    work_learn(arena, &work,
               &(struct commit_result){.outcome = COMMIT_FACTS,
                                       .suppressed = hashes,
                                       .suppressed_count = 2,
                                       .places = places,
                                       .place_count = 1});
    assert_string_equal(work.document.text, "{\"n\":1}");
    work.records = &record;
    work.record_count = 1;
    work_learn(
        arena, &work,
        &(struct commit_result){
            .outcome = COMMIT_STALE, .document = fresh, .records = &other, .record_count = 1});
    assert_string_equal(work.document.text, "{\"n\":2}");
    assert_string_equal(record.text.text, "-2");
    assert_int_equal(work.suppressed.count, 2); /* a fresh document makes no address good */
    assert_string_equal(work.suppressed.texts[0], "h1");
    assert_string_equal(work.suppressed.texts[1], "h2");
    assert_null(work.suppressed.texts[2]);
    assert_int_equal(work.place_count, 1);
    assert_string_equal(work.places[0].mid, "m1");
    assert_int_equal(work.places[0].place, CUSTOMER_PLACE_HAND);
    work_learn(
        arena, &work,
        &(struct commit_result){.outcome = COMMIT_STALE, .records = &none, .record_count = 1});
    assert_null(work.document.text); /* it was deleted meanwhile */
    assert_null(record.text.text);
    work.tries = 3;
    work_begin_round(&work);
    assert_int_equal(work.tries, 0);
    assert_null(work.document.text);
    assert_int_equal(work.suppressed.count + work.place_count, 0);
    arena_destroy(&arena);
}

/* A letter keeps what it can of an entry of any size. */
static void dead_letters(void **state)
{
    static const size_t sizes[] = {0, 3, WORK_DEAD_MOST, WORK_DEAD_MOST + 1};
    struct arena *arena = arena_new(4096);
    (void)state;
    struct work work = new_dead_work(arena, sizes, 4);
    assert_int_equal(work.dead_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_string_equal(work.dead[i].dead.kind, "event");
        assert_string_equal(work.dead[i].dead.reason, "json");
        assert_non_null(strstr(work.dead[i].dead.detail, "no event"));
        assert_int_equal(work.dead[i].dead.length,
                         sizes[i] < WORK_DEAD_MOST ? sizes[i] : WORK_DEAD_MOST);
        assert_int_equal(work.dead[i].dead.body[0], 'x');
        assert_string_equal(work.ids.texts[i], events[i].entry);
    }
    work_add_dead(arena, &work, &(struct intake_entry){.id = "1-5"}, &(struct diag){0});
    assert_string_equal(work.dead[4].dead.body, ""); /* it had no field of an event */
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits), cmocka_unit_test(a_deadline_alone), cmocka_unit_test(gone),
        cmocka_unit_test(facts),   cmocka_unit_test(dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
