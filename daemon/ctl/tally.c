#include "ctl/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

struct moment {
    int64_t at_ms;
    struct arena *arena;
    struct map *names; /* to the index of the row, plus one */
    struct tally_row *rows;
    uint32_t count, capacity;
};

struct tally {
    struct moment moments[TALLY_MOMENTS]; /* a ring */
    size_t count, now;                    /* how many there are, and which is the newest */
};

struct tally *tally_new(void)
{
    struct tally *tally = mem_zero(1, sizeof *tally);
    for (size_t i = 0; i < TALLY_MOMENTS; i++) {
        tally->moments[i].arena = arena_new(4096);
        tally->moments[i].names = map_new();
    }
    return tally;
}

void tally_destroy(struct tally **tally)
{
    if (!*tally)
        return;
    for (size_t i = 0; i < TALLY_MOMENTS; i++) {
        map_destroy(&(*tally)->moments[i].names);
        arena_destroy(&(*tally)->moments[i].arena);
    }
    free(*tally);
    *tally = NULL;
}

void tally_begin(struct tally *tally, int64_t now_ms)
{
    tally->now = (tally->now + 1) % TALLY_MOMENTS;
    if (tally->count < TALLY_MOMENTS)
        tally->count++;
    struct moment *moment = &tally->moments[tally->now];
    arena_reset(moment->arena);
    map_clear(moment->names);
    moment->rows = NULL;
    moment->count = moment->capacity = 0;
    moment->at_ms = now_ms;
}

static struct tally_row *find(const struct moment *moment, const char *name)
{
    uintptr_t index = (uintptr_t)map_get(moment->names, name, strlen(name));
    return index ? &moment->rows[index - 1] : NULL;
}

void tally_add(struct tally *tally, const char *name, size_t index, int64_t count)
{
    struct moment *moment = &tally->moments[tally->now];
    struct tally_row *row = find(moment, name);
    if (!row && moment->count == TALLY_MOST)
        return;
    if (!row) {
        moment->rows = arena_grow(moment->arena, moment->rows, moment->count, &moment->capacity,
                                  sizeof *moment->rows);
        row = &moment->rows[moment->count++];
        *row = (struct tally_row){.name = arena_text(moment->arena, name)};
        map_put(moment->names, name, strlen(name), (void *)(uintptr_t)moment->count);
    }
    row->counts[index] += count;
}

/* A count that has fallen was begun anew, as a daemon ended that had the rest. */
static void set_rates(const struct moment *old, int64_t now_ms, struct tally_row *row)
{
    const struct tally_row *before = find(old, row->name);
    for (size_t i = 0; i < TALLY_COUNTS; i++) {
        int64_t more = before ? row->counts[i] - before->counts[i] : 0;
        row->rates[i] = more > 0 && now_ms > old->at_ms
                            ? (double)more * 1000 / (double)(now_ms - old->at_ms)
                            : 0;
    }
}

struct tally_row *tally_rows(struct tally *tally, size_t *count)
{
    struct moment *now = &tally->moments[tally->now];
    const struct moment *old =
        &tally->moments[(tally->now + TALLY_MOMENTS + 1 - tally->count) % TALLY_MOMENTS];
    for (uint32_t i = 0; i < now->count; i++)
        set_rates(old, now->at_ms, &now->rows[i]);
    *count = now->count;
    return now->rows;
}

const struct tally_row *tally_row(struct tally *tally, const char *name)
{
    size_t count;
    tally_rows(tally, &count);
    return find(&tally->moments[tally->now], name);
}
