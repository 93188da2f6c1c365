#include "rules/segment_cycles.h"

#include "cel/cel_calls.h"

/* What is asked about, first what the one asks, then what these do. */
struct walk {
    const struct condition_segment *segments;
    uint32_t *queue, waiting;
    bool *seen;
};

static void note(void *context, const struct cel_call *call)
{
    struct walk *walk = context;
    if (call->method != CONDITION_SEGMENT || !call->argument)
        return;
    for (uint32_t i = 0; walk->segments[i].name; i++) {
        if (walk->seen[i] || !value_is_text(call->argument, walk->segments[i].name))
            continue;
        walk->seen[i] = true;
        walk->queue[walk->waiting++] = i;
    }
}

static void visit(struct walk *walk, uint32_t number)
{
    if (walk->segments[number].program)
        cel_calls(walk->segments[number].program, note, walk);
}

bool segment_cycles_has(const struct condition_segment *segments, uint32_t number,
                        struct arena *arena)
{
    uint32_t count = 0;
    while (segments[count].name)
        count++;
    struct walk walk = {.segments = segments,
                        .queue = arena_zero(arena, sizeof *walk.queue * (count + 1)),
                        .seen = arena_zero(arena, sizeof *walk.seen * (count + 1))};
    visit(&walk, number);
    for (uint32_t i = 0; i < walk.waiting && !walk.seen[number]; i++)
        visit(&walk, walk.queue[i]);
    return walk.seen[number];
}
