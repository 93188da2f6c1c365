/*
 * What a work has (work_add_…, work_merge), what it learns in a round (work_begin_round,
 * work_learn…), and what of it one commit carries (work_choose, work_advance). Events and their
 * sizes, dead letters and their ids are pairs of lists that move together.
 */
#include "events/work.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* ---- What it has ---- */

void work_add_event(struct arena *arena, struct work *work, const struct shop_event *event,
                    size_t size)
{
    uint32_t capacity = work->event_capacity;
    work->events = arena_grow(arena, work->events, work->event_count, &work->event_capacity,
                              sizeof *work->events);
    work->sizes = arena_grow(arena, work->sizes, work->event_count, &capacity, sizeof *work->sizes);
    work->events[work->event_count] = event;
    work->sizes[work->event_count++] = size;
}

static void add_entry(struct arena *arena, struct work *work, const char *entry,
                      const struct work_entry *dead)
{
    work->dead =
        arena_grow(arena, work->dead, work->dead_count, &work->dead_capacity, sizeof *work->dead);
    work->dead[work->dead_count++] = *dead;
    work_list_add(arena, &work->ids, entry);
}

void work_add_telling(struct arena *arena, struct work *work, const struct intake_entry *entry,
                      const char *product, const char *event)
{
    add_entry(
        arena, work, entry->id,
        &(struct work_entry){.product = product, .dead = {.body = event, .length = strlen(event)}});
}

void work_add_dead(struct arena *arena, struct work *work, const struct intake_entry *entry,
                   const struct diag *diag)
{
    struct buf detail;
    buf_init(&detail, 2048);
    diag_line(diag, &detail);
    const struct commit_dead dead = {.kind = "event",
                                     .reason = arena_text(arena, diag->code),
                                     .detail = arena_text(arena, buf_string(&detail)),
                                     .body = entry->event ? entry->event : "",
                                     .length = entry->length < WORK_DEAD_MOST ? entry->length
                                                                              : WORK_DEAD_MOST,
                                     .own = entry->own};
    buf_free(&detail);
    add_entry(arena, work, entry->id, &(struct work_entry){.dead = dead});
}

void work_add_tick(struct arena *arena, struct work *work, const struct decide_tick *tick,
                   const char *taken)
{
    uint32_t at = work->tick_count;
    work->ticks =
        arena_grow(arena, work->ticks, work->tick_count, &work->tick_capacity, sizeof *work->ticks);
    work_list_add(arena, &work->taken, taken);
    for (; at > 0 && work->ticks[at - 1].moment_ms > tick->moment_ms; at--) {
        work->ticks[at] = work->ticks[at - 1];
        work->taken.texts[at] = work->taken.texts[at - 1];
    }
    work->ticks[at] = *tick;
    work->taken.texts[at] = taken;
    work->tick_count++;
}

void work_add_name(struct arena *arena, struct work *work, struct name *name)
{
    work->names = arena_grow(arena, work->names, work->name_count, &work->name_capacity,
                             sizeof(struct name *));
    work->names[work->name_count++] = name;
}

/* "1772352000000-7" before "1772352000000-12". */
static bool is_before(const char *entry, const char *other)
{
    char *rest, *other_rest;
    unsigned long long ms = strtoull(entry, &rest, 10), other_ms = strtoull(other, &other_rest, 10);
    if (ms != other_ms)
        return ms < other_ms;
    return strtoull(rest + (*rest == '-'), NULL, 10) <
           strtoull(other_rest + (*other_rest == '-'), NULL, 10);
}

void work_merge(struct arena *arena, struct work *work, struct work *other)
{
    const struct work mine = *work;
    uint32_t all = mine.event_count + other->event_count, at = 0, theirs = 0;
    work->events = NULL;
    work->sizes = NULL;
    work->event_count = work->event_capacity = 0;
    while (work->event_count < all) {
        const struct work *from = &mine;
        uint32_t *next = &at;
        if (at == mine.event_count ||
            (theirs < other->event_count &&
             is_before(other->events[theirs]->entry, mine.events[at]->entry))) {
            from = other;
            next = &theirs;
        }
        work_add_event(arena, work, from->events[*next], from->sizes[*next]);
        ++*next;
    }
    for (uint32_t i = 0; i < other->name_count; i++)
        work_add_name(arena, work, other->names[i]);
    if (other->due_ms > work->due_ms)
        work->due_ms = other->due_ms;
    for (uint32_t i = 0; i < other->tick_count; i++)
        work_add_tick(arena, work, &other->ticks[i], other->taken.texts[i]);
    other->event_count = other->name_count = other->tick_count = other->taken.count = 0;
    other->due_ms = 0;
    other->state = WORK_DONE;
}

/* ---- What it learns ---- */

void work_begin_round(struct work *work)
{
    work->person = NULL;
    work->document = (struct slice){0};
    work->records = NULL;
    work->record_count = 0;
    work->suppressed = work->suppressions = work->declined = work->braked = work->unknown =
        (struct work_list){0};
    work->codeless = work->noes = (struct work_list){0};
    work->halts = NULL;
    work->halt_count = work->halt_capacity = 0;
    work->places = NULL;
    work->place_count = work->place_capacity = 0;
    work->starts = NULL;
    work->start_count = work->start_capacity = 0;
    work->lookups = NULL;
    work->lookup_count = work->lookup_capacity = work->lookup_rounds = 0;
    work->decision = (struct decision){0};
    work->tries = 0;
}

static void add_copies(struct arena *arena, struct work_list *list, const char *const *texts,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        work_list_add(arena, list, arena_text(arena, texts[i]));
}

static bool is_listed(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static void keep_event(struct work *work, uint32_t to, uint32_t from)
{
    work->events[to] = work->events[from];
    work->sizes[to] = work->sizes[from];
}

static void keep_dead(struct work *work, uint32_t to, uint32_t from)
{
    work->dead[to] = work->dead[from];
    work->ids.texts[to] = work->ids.texts[from];
}

/* Entries that somebody else has, or has finished: the work goes on without them. */
static void forget(struct work *work, const char *const *gone, size_t count)
{
    uint32_t events = 0, ids = 0, ticks = 0;
    for (uint32_t i = 0; i < work->event_count; i++)
        if (!is_listed(gone, count, work->events[i]->entry))
            keep_event(work, events++, i);
    for (uint32_t i = 0; i < work->ids.count; i++)
        if (!is_listed(gone, count, work->ids.texts[i]))
            keep_dead(work, ids++, i);
    for (uint32_t i = 0; i < work->tick_count; i++)
        if (!is_listed(gone, count, work->taken.texts[i])) {
            work->taken.texts[ticks] = work->taken.texts[i];
            work->ticks[ticks++] = work->ticks[i];
        }
    work->event_count = events;
    work->ids.count = work->dead_count = ids;
    work->tick_count = work->taken.count = ticks;
}

static void add_place(struct arena *arena, struct work *work, const struct commit_withdrawal *found)
{
    work->places = arena_grow(arena, work->places, work->place_count, &work->place_capacity,
                              sizeof *work->places);
    work->places[work->place_count++] =
        (struct policy_place){.mid = arena_text(arena, found->mid), .place = found->place};
}

void work_add_halt(struct arena *arena, struct work *work, const struct policy_halt *halt)
{
    work->halts =
        arena_grow(arena, work->halts, work->halt_count, &work->halt_capacity, sizeof *work->halts);
    work->halts[work->halt_count++] = *halt;
}

void work_learn(struct arena *arena, struct work *work, const struct commit_result *result)
{
    work->lookup_rounds = 0;
    if (result->outcome == COMMIT_STALE) {
        work->document = slice_copy(arena, result->document);
        work->start_count = 0;
    }
    for (size_t i = 0; i < work->record_count && i < result->record_count; i++)
        work->records[i].text = slice_copy(arena, result->records[i]);
    add_copies(arena, &work->suppressed, result->suppressed, result->suppressed_count);
    add_copies(arena, &work->suppressions, result->suppressions, result->suppressions_count);
    add_copies(arena, &work->declined, result->declined, result->declined_count);
    add_copies(arena, &work->noes, result->noes, result->noes_count);
    add_copies(arena, &work->unknown, result->unknown, result->unknown_count);
    for (size_t i = 0; i < result->place_count; i++)
        add_place(arena, work, &result->places[i]);
    add_copies(arena, &work->braked, result->braked, result->braked_count);
    add_copies(arena, &work->codeless, result->codeless, result->codeless_count);
    for (size_t i = 0; i + 2 < result->halts_count; i += 3) {
        const struct policy_halt halt = {.rule = arena_text(arena, result->halts[i]),
                                         .by = arena_text(arena, result->halts[i + 1]),
                                         .at_ms = strtoll(result->halts[i + 2], NULL, 10)};
        work_add_halt(arena, work, &halt);
    }
    forget(work, result->gone, result->gone_count);
}

/* ---- What one commit carries ---- */

void work_choose(struct work *work, uint32_t most)
{
    uint32_t count = work->key ? work->event_count : work->dead_count;
    if (count > most)
        count = most;
    if (work->most && count > work->most)
        count = work->most;
    size_t bytes = 0;
    for (work->chosen = 0; work->chosen < count; work->chosen++) {
        bytes += work->key ? work->sizes[work->chosen] : work->dead[work->chosen].dead.length;
        if (work->chosen > 0 && bytes > WORK_COMMIT_MOST)
            return;
    }
}

void work_advance(struct work *work)
{
    uint32_t left = 0;
    if (work->key) {
        for (uint32_t i = work->chosen; i < work->event_count; i++)
            keep_event(work, left++, i);
        work->event_count = left;
        work->due_ms = 0;
        work->tick_count = work->taken.count = 0;
    } else {
        for (uint32_t i = work->chosen; i < work->dead_count; i++)
            keep_dead(work, left++, i);
        work->ids.count = work->dead_count = left;
    }
    work->chosen = work->moves = work->most = 0;
    work->told = work->waited = work->last = false;
}

bool work_is_empty(const struct work *work)
{
    return work->event_count == 0 && work->dead_count == 0 && work->tick_count == 0 &&
           !work->due_ms;
}
