#include "decide/replay_starts.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "customer/customer_starts.h"

enum { START_MOST = 512 * 1024 };

/* A name is the first member of what is kept. */
static const struct replay_kept *kept_of(const struct name *name)
{
    return (const struct replay_kept *)name;
}

static void forget_start(struct customer_image_maker *maker, struct replay_kept *kept,
                         uint32_t index)
{
    customer_image_retire(maker, kept->starts[index].text, kept->starts[index].length);
    kept->starts[index] = kept->starts[--kept->start_count];
}

void replay_starts_forget(struct customer_image_maker *maker, struct replay_kept *kept)
{
    while (kept->start_count)
        forget_start(maker, kept, kept->start_count - 1);
}

static const struct replay_start *find_start(struct name *name, const char *origin)
{
    const struct replay_kept *kept = kept_of(name);
    for (uint32_t i = 0; i < kept->start_count; i++)
        if (bytes_same_text(kept->starts[i].origin, origin))
            return &kept->starts[i];
    return NULL;
}

const struct replay_start *replay_starts_find(const struct person *person, const char *origin)
{
    const struct replay_start *start = find_start(person->name, origin);
    for (uint32_t i = 0; !start && i < person->taken_count; i++)
        start = find_start(person->taken[i], origin);
    return start;
}

static void add_start(struct customer_image_maker *maker, struct replay_kept *kept,
                      struct replay_start start)
{
    kept->starts = pool_grow(&maker->pool, kept->starts, kept->start_count, &kept->start_capacity,
                             sizeof *kept->starts);
    kept->starts[kept->start_count++] = start;
}

void replay_starts_move(struct customer_image_maker *maker, struct replay_kept *from,
                        struct replay_kept *to)
{
    for (uint32_t i = 0; i < from->start_count; i++)
        add_start(maker, to, from->starts[i]);
    from->start_count = 0;
}

/* Of an entry's id, what stands behind the time. */
static uint32_t number_of(const char *entry)
{
    const char *dash = strchr(entry, '-');
    return dash ? (uint32_t)strtoul(dash + 1, NULL, 10) : 0;
}

/* The event that was decided is kept as it was pushed: it is read anew where it is asked for. */
static struct replay_start make_start(struct customer_image_maker *maker,
                                      const struct replay_commit *commit,
                                      const struct customer_start *start, struct arena *arena)
{
    const struct shop_event *event = commit->event;
    bool pushed = event && !event->internal && event->document.map == start->event.map;
    const struct slice text =
        pushed ? commit->text : json_print_slice(arena, &start->event, START_MOST);
    struct replay_start made = {.is_pushed = pushed,
                                .entry = pushed ? number_of(event->entry) : 0,
                                .at_ms = event ? event->arrival_ms : 0,
                                .text = pool_alloc(&maker->pool, text.length),
                                .length = text.length};
    memcpy(made.text, text.text, text.length);
    memcpy(made.origin, start->origin, strnlen(start->origin, sizeof made.origin - 1));
    return made;
}

void replay_starts_keep(struct customer_image_maker *maker, struct replay_kept *kept,
                        const struct replay_commit *commit, struct arena *arena)
{
    const struct customer *customer = commit->customer;
    for (uint32_t i = 0; i < customer->starts.count; i++) {
        const struct customer_start *start = &customer->starts.items[i];
        if (!start->stored && customer_starts_needs(customer, start->origin))
            add_start(maker, kept, make_start(maker, commit, start, arena));
    }
    for (uint32_t i = kept->start_count; i-- > 0;)
        if (!customer_starts_needs(customer, kept->starts[i].origin))
            forget_start(maker, kept, i);
}
