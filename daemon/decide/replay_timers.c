/*
 * Four children to a node: they share lines of the processor's cache. Of timers of the same moment,
 * as many are at the end of quiet hours, an entry has the begin of the key (begin_of): most need
 * not be looked at where they are. A timer that was moved is entered anew, and its former entry is
 * passed over when it comes up; where most entries are such, all of them are put in order again
 * (sweep).
 */
#include "decide/replay_timers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHILDREN = 4, SWEEP_FROM = 1024 };

static bool is_before(const struct replay_timers_entry *a, const struct replay_timers_entry *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms;
    return a->begin != b->begin ? a->begin < b->begin : strcmp(a->timer->key, b->timer->key) < 0;
}

/* The first eight bytes, the first one highest; what is behind a short key's end is zero. */
static uint64_t begin_of(const char *key)
{
    uint64_t begin = 0;
    for (int i = 0; i < 8; i++) {
        begin = begin << 8 | (unsigned char)*key;
        key += *key != '\0';
    }
    return begin;
}

static bool is_stale(const struct replay_timers_entry *entry)
{
    return entry->timer->at_ms != entry->at_ms;
}

static void rise(struct replay_timers *timers, uint32_t place)
{
    const struct replay_timers_entry entry = timers->heap[place];
    for (; place > 0 && is_before(&entry, &timers->heap[(place - 1) / CHILDREN]);
         place = (place - 1) / CHILDREN)
        timers->heap[place] = timers->heap[(place - 1) / CHILDREN];
    timers->heap[place] = entry;
}

static void sink(struct replay_timers *timers, uint32_t place)
{
    const struct replay_timers_entry entry = timers->heap[place];
    for (;;) {
        uint32_t first = place * CHILDREN + 1, least = first;
        if (first >= timers->count)
            break;
        for (uint32_t child = first + 1; child < first + CHILDREN && child < timers->count; child++)
            if (is_before(&timers->heap[child], &timers->heap[least]))
                least = child;
        if (!is_before(&timers->heap[least], &entry))
            break;
        timers->heap[place] = timers->heap[least];
        place = least;
    }
    timers->heap[place] = entry;
}

static void drop_first(struct replay_timers *timers)
{
    timers->heap[0] = timers->heap[--timers->count];
    if (timers->count)
        sink(timers, 0);
}

static void sweep(struct replay_timers *timers)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < timers->count; i++)
        if (!is_stale(&timers->heap[i]))
            timers->heap[kept++] = timers->heap[i];
    timers->count = kept;
    for (uint32_t i = kept / CHILDREN + 1; i-- > 0;)
        if (i < kept)
            sink(timers, i);
}

void replay_timers_set(struct replay_timers *timers, struct replay_timer *timer, int64_t at_ms)
{
    if (timer->at_ms == at_ms)
        return;
    timers->set += at_ms != 0;
    timers->set -= timer->at_ms != 0;
    timer->at_ms = at_ms;
    if (!at_ms)
        return;
    if (timers->count == timers->capacity && timers->count > SWEEP_FROM &&
        timers->count / 2 > timers->set)
        sweep(timers);
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? 2 * timers->capacity : 64;
        timers->heap = mem_resize(timers->heap, sizeof *timers->heap * timers->capacity);
    }
    timers->heap[timers->count] = (struct replay_timers_entry){at_ms, begin_of(timer->key), timer};
    rise(timers, timers->count++);
}

struct replay_timer *replay_timers_first(struct replay_timers *timers)
{
    while (timers->count && is_stale(&timers->heap[0]))
        drop_first(timers);
    return timers->count ? timers->heap[0].timer : NULL;
}

void replay_timers_free(struct replay_timers *timers)
{
    free(timers->heap);
    *timers = (struct replay_timers){0};
}
