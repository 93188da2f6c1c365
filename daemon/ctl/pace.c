#include "ctl/pace.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

struct moment {
    int64_t at_ms;
    struct arena *arena;
    struct map *names; /* to the index of the row, plus one */
    struct pace_row *rows;
    uint32_t count, capacity;
};

struct pace {
    struct moment moments[PACE_MOMENTS]; /* a ring */
    size_t count, now;                   /* how many there are, and which is the newest */
};

struct pace *pace_new(void)
{
    struct pace *pace = mem_zero(1, sizeof *pace);
    for (size_t i = 0; i < PACE_MOMENTS; i++) {
        pace->moments[i].arena = arena_new(4096);
        pace->moments[i].names = map_new();
    }
    return pace;
}

void pace_destroy(struct pace **pace)
{
    if (!*pace)
        return;
    for (size_t i = 0; i < PACE_MOMENTS; i++) {
        map_destroy(&(*pace)->moments[i].names);
        arena_destroy(&(*pace)->moments[i].arena);
    }
    free(*pace);
    *pace = NULL;
}

void pace_begin(struct pace *pace, int64_t now_ms)
{
    pace->now = (pace->now + 1) % PACE_MOMENTS;
    if (pace->count < PACE_MOMENTS)
        pace->count++;
    struct moment *moment = &pace->moments[pace->now];
    arena_reset(moment->arena);
    map_clear(moment->names);
    moment->rows = NULL;
    moment->count = moment->capacity = 0;
    moment->at_ms = now_ms;
}

static struct pace_row *find(const struct moment *moment, const char *name)
{
    uintptr_t index = (uintptr_t)map_get(moment->names, name, strlen(name));
    return index ? &moment->rows[index - 1] : NULL;
}

void pace_add(struct pace *pace, const char *name, size_t index, int64_t count)
{
    struct moment *moment = &pace->moments[pace->now];
    struct pace_row *row = find(moment, name);
    if (!row && moment->count == PACE_MOST)
        return;
    if (!row) {
        moment->rows = arena_grow(moment->arena, moment->rows, moment->count, &moment->capacity,
                                  sizeof *moment->rows);
        row = &moment->rows[moment->count++];
        *row = (struct pace_row){.name = arena_text(moment->arena, name)};
        map_put(moment->names, name, strlen(name), (void *)(uintptr_t)moment->count);
    }
    row->counts[index] += count;
}

/* A count that has fallen was begun anew, as a daemon ended that had the rest. */
static void set_rates(const struct moment *old, int64_t now_ms, struct pace_row *row)
{
    const struct pace_row *before = find(old, row->name);
    for (size_t i = 0; i < PACE_COUNTS; i++) {
        int64_t more = before ? row->counts[i] - before->counts[i] : 0;
        row->rates[i] = more > 0 && now_ms > old->at_ms
                            ? (double)more * 1000 / (double)(now_ms - old->at_ms)
                            : 0;
    }
}

struct pace_row *pace_rows(struct pace *pace, size_t *count)
{
    struct moment *now = &pace->moments[pace->now];
    const struct moment *old =
        &pace->moments[(pace->now + PACE_MOMENTS + 1 - pace->count) % PACE_MOMENTS];
    for (uint32_t i = 0; i < now->count; i++)
        set_rates(old, now->at_ms, &now->rows[i]);
    *count = now->count;
    return now->rows;
}

const struct pace_row *pace_row(struct pace *pace, const char *name)
{
    size_t count;
    pace_rows(pace, &count);
    return find(&pace->moments[pace->now], name);
}
