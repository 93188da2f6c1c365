/*
 * What comes soon is a heap (`near`), small enough for the processor's cache, with four children to
 * a node. What comes later lies in spans of time, each a list in no order, which becomes the heap
 * when the one before is done (advance); what is behind all spans in one list more.
 *
 * Of timers of the same moment, as many are at the end of quiet hours, an entry has the begin of
 * the key (begin_of): most need not be looked at where they are. A timer that was moved is entered
 * anew, and its former entry is passed over when it comes up; where most entries are such, they go
 * (sweep).
 */
#include "decide/replay_timers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHILDREN = 4, FEW = 64, SWEEP_FROM = 1024, SPAN_MS = 1 << 20 };

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

/* ---- The heap ---- */

static void rise(struct replay_timers_list *heap, uint32_t place)
{
    const struct replay_timers_entry entry = heap->items[place];
    for (; place > 0 && is_before(&entry, &heap->items[(place - 1) / CHILDREN]);
         place = (place - 1) / CHILDREN)
        heap->items[place] = heap->items[(place - 1) / CHILDREN];
    heap->items[place] = entry;
}

static void sink(struct replay_timers_list *heap, uint32_t place)
{
    const struct replay_timers_entry entry = heap->items[place];
    for (;;) {
        uint32_t first = place * CHILDREN + 1, least = first;
        if (first >= heap->count)
            break;
        for (uint32_t child = first + 1; child < first + CHILDREN && child < heap->count; child++)
            if (is_before(&heap->items[child], &heap->items[least]))
                least = child;
        if (!is_before(&heap->items[least], &entry))
            break;
        heap->items[place] = heap->items[least];
        place = least;
    }
    heap->items[place] = entry;
}

static void put_in_order(struct replay_timers_list *heap)
{
    for (uint32_t i = heap->count / CHILDREN + 1; i-- > 0;)
        if (i < heap->count)
            sink(heap, i);
}

/* ---- Spans ---- */

static int64_t span_of(int64_t at_ms)
{
    return at_ms / SPAN_MS;
}

static struct replay_timers_list *list_of(const struct replay_timers *timers, int64_t span)
{
    return &timers->spans[span & (REPLAY_TIMERS_SPANS - 1)];
}

static void push(struct replay_timers_list *list, struct replay_timers_entry entry)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = mem_resize(list->items, sizeof *list->items * list->capacity);
    }
    list->items[list->count++] = entry;
}

static void put_later(struct replay_timers *timers, struct replay_timers_entry entry)
{
    const int64_t span = span_of(entry.at_ms);
    if (!timers->later.count || span < timers->later_span)
        timers->later_span = span;
    push(&timers->later, entry);
}

static void put(struct replay_timers *timers, struct replay_timers_entry entry)
{
    const int64_t span = span_of(entry.at_ms);
    if (!timers->spans && timers->near.count == FEW)
        timers->spans = mem_zero(REPLAY_TIMERS_SPANS, sizeof *timers->spans);
    if (!timers->spans && span >= timers->span)
        timers->span = span + 1;
    if (span < timers->span) {
        push(&timers->near, entry);
        rise(&timers->near, timers->near.count - 1);
    } else if (span - timers->span < REPLAY_TIMERS_SPANS) {
        push(list_of(timers, span), entry);
    } else {
        put_later(timers, entry);
    }
}

/* From there on there are spans: what lies behind them may have come into one. */
static void move_to(struct replay_timers *timers, int64_t span)
{
    const struct replay_timers_list later = timers->later;
    timers->span = span;
    timers->later = (struct replay_timers_list){0};
    for (uint32_t i = 0; i < later.count; i++)
        put(timers, later.items[i]);
    free(later.items);
}

/* The next span with something in it becomes the heap, which is empty. False: there is none. */
static bool advance(struct replay_timers *timers)
{
    const int64_t end = timers->span + REPLAY_TIMERS_SPANS;
    int64_t span = timers->span;
    while (timers->spans && span < end && !list_of(timers, span)->count)
        span++;
    const bool found = timers->spans && span < end;
    if (!found && !timers->later.count)
        return false;
    if (timers->later.count && (!found || timers->later_span <= span))
        move_to(timers, timers->later_span);
    else
        timers->span = span;
    struct replay_timers_list *next = list_of(timers, timers->span), done = timers->near;
    timers->near = *next;
    *next = done;
    timers->span++;
    put_in_order(&timers->near);
    return true;
}

/* ---- Timers ---- */

static bool is_stale(const struct replay_timers_entry *entry)
{
    return entry->timer->at_ms != entry->at_ms;
}

static void sweep_list(struct replay_timers_list *list)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        if (!is_stale(&list->items[i]))
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void sweep(struct replay_timers *timers)
{
    sweep_list(&timers->near);
    put_in_order(&timers->near);
    sweep_list(&timers->later);
    timers->count = timers->near.count + timers->later.count;
    for (uint32_t i = 0; i < REPLAY_TIMERS_SPANS; i++) {
        sweep_list(&timers->spans[i]);
        timers->count += timers->spans[i].count;
    }
    timers->sweep_at = SWEEP_FROM + 2 * timers->count;
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
    put(timers, (struct replay_timers_entry){at_ms, begin_of(timer->key), timer});
    if (++timers->count > SWEEP_FROM && timers->count > timers->sweep_at &&
        timers->count / 2 > timers->set)
        sweep(timers);
}

static void drop_first(struct replay_timers *timers)
{
    struct replay_timers_list *near = &timers->near;
    near->items[0] = near->items[--near->count];
    timers->count--;
    if (near->count)
        sink(near, 0);
}

struct replay_timer *replay_timers_first(struct replay_timers *timers)
{
    while (timers->near.count || advance(timers)) {
        if (!timers->near.count)
            continue; /* what was the first of `later` is no more */
        if (!is_stale(&timers->near.items[0]))
            return timers->near.items[0].timer;
        drop_first(timers);
    }
    return NULL;
}

void replay_timers_clear(struct replay_timers *timers)
{
    if (timers->spans) {
        replay_timers_free(timers);
        return;
    }
    timers->near.count = 0;
    timers->span = 0;
    timers->count = timers->set = 0;
}

void replay_timers_free(struct replay_timers *timers)
{
    for (uint32_t i = 0; timers->spans && i < REPLAY_TIMERS_SPANS; i++)
        free(timers->spans[i].items);
    free(timers->spans);
    free(timers->near.items);
    free(timers->later.items);
    *timers = (struct replay_timers){0};
}
