#include "decide/replay_timers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_before(const struct replay_timer *a, const struct replay_timer *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : strcmp(a->key, b->key) < 0;
}

static void put(struct replay_timers *timers, uint32_t place, struct replay_timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void rise(struct replay_timers *timers, uint32_t place)
{
    struct replay_timer *timer = timers->heap[place];
    for (; place > 1 && is_before(timer, timers->heap[place / 2]); place /= 2)
        put(timers, place, timers->heap[place / 2]);
    put(timers, place, timer);
}

static void sink(struct replay_timers *timers, uint32_t place)
{
    struct replay_timer *timer = timers->heap[place];
    for (uint32_t child = 2 * place; child <= timers->count; child = 2 * place) {
        if (child < timers->count && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], timer))
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, timer);
}

static void settle(struct replay_timers *timers, uint32_t place)
{
    rise(timers, place);
    sink(timers, place);
}

static void take_out(struct replay_timers *timers, struct replay_timer *timer)
{
    uint32_t place = timer->place;
    struct replay_timer *last = timers->heap[timers->count--];
    timer->place = 0;
    if (last == timer)
        return;
    put(timers, place, last);
    settle(timers, place);
}

void replay_timers_set(struct replay_timers *timers, struct replay_timer *timer, int64_t at_ms)
{
    if (at_ms == 0) {
        if (timer->place)
            take_out(timers, timer);
        return;
    }
    timer->at_ms = at_ms;
    if (!timer->place) {
        if (timers->count + 2 > timers->capacity) {
            timers->capacity = timers->capacity ? 2 * timers->capacity : 64;
            timers->heap =
                mem_resize(timers->heap, sizeof(struct replay_timer *) * timers->capacity);
        }
        put(timers, ++timers->count, timer);
    }
    settle(timers, timer->place);
}

struct replay_timer *replay_timers_first(const struct replay_timers *timers)
{
    return timers->count ? timers->heap[1] : NULL;
}

void replay_timers_free(struct replay_timers *timers)
{
    free(timers->heap);
    *timers = (struct replay_timers){0};
}
