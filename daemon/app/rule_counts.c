#include "app/rule_counts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"
#include "base/metrics.h"

enum { COUNTS = 3, FIRST_CHUNK = 16 * 1024 };

struct rule_count {
    const char *name;
    int64_t counts[COUNTS];
};

struct rule_counts {
    struct arena *arena;
    struct map *names; /* to the index of the row, plus one */
    struct rule_count *rows;
    uint32_t count, capacity;
    size_t which; /* of the counts is being read */
};

static void add(void *context, const char *name, int64_t figure)
{
    struct rule_counts *counts = context;
    uintptr_t index = (uintptr_t)map_get(counts->names, name, strlen(name));
    if (!index) {
        counts->rows = arena_grow(counts->arena, counts->rows, counts->count, &counts->capacity,
                                  sizeof *counts->rows);
        counts->rows[counts->count++] =
            (struct rule_count){.name = arena_text(counts->arena, name)};
        index = counts->count;
        map_put(counts->names, name, strlen(name), (void *)index);
    }
    counts->rows[index - 1].counts[counts->which] += figure;
}

static int64_t work_of(const struct rule_count *rule)
{
    return rule->counts[0] + rule->counts[1] + rule->counts[2];
}

static int by_work(const void *a, const void *b)
{
    const struct rule_count *one = a, *two = b;
    int64_t less = work_of(two) - work_of(one);
    return less ? (less > 0) - (less < 0) : strcmp(one->name, two->name);
}

static void write(const struct rule_counts *counts, struct buf *out)
{
    buf_text(out, "\"by_rule\":{");
    for (size_t i = 0; i < counts->count && i < RULE_COUNTS_MOST; i++) {
        const struct rule_count *rule = &counts->rows[i];
        if (work_of(rule) == 0)
            break;
        buf_text(out, i ? "," : "");
        json_print_string(out, rule->name, strlen(rule->name));
        buf_printf(out, ":[%" PRId64 ",%" PRId64 ",%" PRId64 "]", rule->counts[0], rule->counts[1],
                   rule->counts[2]);
    }
    buf_text(out, "}");
}

void rule_counts_write(struct buf *out)
{
    static const enum metric metrics[COUNTS] = {METRIC_MESSAGES_DECIDED, METRIC_MESSAGES_SENT,
                                                METRIC_MESSAGES_REFUSED};
    struct rule_counts counts = {.arena = arena_new(FIRST_CHUNK), .names = map_new()};
    for (; counts.which < COUNTS; counts.which++)
        metrics_each(metrics[counts.which], "rule", add, &counts);
    if (counts.count)
        qsort(counts.rows, counts.count, sizeof *counts.rows, by_work);
    write(&counts, out);
    map_destroy(&counts.names);
    arena_destroy(&counts.arena);
}
