/*
 * Each function asks shard by shard, in order, and adds what it hears to what it has: lists by name
 * (merge), numbers as sums.
 */
#include "ctl/overall.h"

#include <stdlib.h>
#include <string.h>

#include "store/keys.h"

/* ---- Lists by name ---- */

/* Rows of `size` bytes that begin with their name. */
struct rows {
    char *items;
    size_t count, capacity, size;
};

static void *row_at(const struct rows *rows, size_t at)
{
    return rows->items + at * rows->size;
}

static const char *name_of(const void *row)
{
    const char *name;
    memcpy(&name, row, sizeof name);
    return name;
}

/* The row of that name; NULL: it is not there. */
static void *find_row(const struct rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(name_of(row_at(rows, i)), name) == 0)
            return row_at(rows, i);
    return NULL;
}

static int by_name(const void *one, const void *other)
{
    return strcmp(name_of(one), name_of(other));
}

/* What is new comes to it; of what is there both are joined. */
static void merge(struct rows *rows, struct arena *arena, const void *more, size_t count,
                  void (*join)(void *row, const void *other))
{
    for (size_t i = 0; i < count; i++) {
        const char *other = (const char *)more + i * rows->size;
        void *row = find_row(rows, name_of(other));
        if (row) {
            join(row, other);
            continue;
        }
        if (rows->count == rows->capacity) {
            char *larger = arena_alloc(arena, (2 * rows->capacity + 8) * rows->size);
            if (rows->count)
                memcpy(larger, rows->items, rows->count * rows->size);
            rows->items = larger;
            rows->capacity = 2 * rows->capacity + 8;
        }
        memcpy(row_at(rows, rows->count++), other, rows->size);
    }
    if (rows->count)
        qsort(rows->items, rows->count, rows->size, by_name);
}

/* ---- Pauses ---- */

static void join_paused(void *row, const void *other)
{
    struct paused *paused = row;
    const struct paused *more = other;
    int64_t waiting = paused->waiting + more->waiting;
    if (more->at_ms && (!paused->at_ms || more->at_ms < paused->at_ms))
        *paused = *more;
    paused->waiting = waiting;
}

typedef bool list_of(const struct shards_item *shard, struct arena *arena, struct paused **paused,
                     size_t *count, struct diag *diag);

static bool list_paused(const struct shards_item *shard, struct arena *arena,
                        struct paused **paused, size_t *count, struct diag *diag)
{
    return paused_list(shard->session, shard->prefix, KEY_PAUSED, arena, paused, count, diag);
}

static bool list_halted(const struct shards_item *shard, struct arena *arena,
                        struct paused **paused, size_t *count, struct diag *diag)
{
    return halted_list(shard->session, shard->prefix, arena, paused, count, diag);
}

static bool join_pauses(const struct shards *shards, list_of *list, struct arena *arena,
                        struct paused **paused, size_t *count, struct diag *diag)
{
    struct rows rows = {.size = sizeof(struct paused)};
    for (size_t k = 0; k < shards->count; k++) {
        struct paused *more;
        size_t more_count;
        bool there = list(&shards->items[k], arena, &more, &more_count, diag);
        if (there)
            merge(&rows, arena, more, more_count, join_paused);
        else if (!shards_pass(shards, &shards->items[k], diag))
            return false;
    }
    *paused = (struct paused *)rows.items;
    *count = rows.count;
    return true;
}

bool overall_paused(const struct shards *shards, struct arena *arena, struct paused **paused,
                    size_t *count, struct diag *diag)
{
    return join_pauses(shards, list_paused, arena, paused, count, diag);
}

bool overall_halted(const struct shards *shards, struct arena *arena, struct paused **halted,
                    size_t *count, struct diag *diag)
{
    return join_pauses(shards, list_halted, arena, halted, count, diag);
}

/* ---- Daemons ---- */

bool overall_daemons(const struct shards *shards, struct arena *arena, struct daemons_item **items,
                     size_t *count, struct diag *diag)
{
    const struct shards_item *first = &shards->items[0];
    bool there = daemons_read(first->session, first->prefix, arena, items, count, diag);
    if (!there)
        *count = 0;
    return there || shards_pass(shards, first, diag);
}

const char *const *overall_workers(const struct shards_item *shard,
                                   const struct daemons_item *daemons, size_t count,
                                   struct arena *arena, struct diag *diag)
{
    const char **argv = arena_alloc(arena, sizeof *argv * (count + 1));
    const char **names = arena_zero(arena, sizeof *names * (count + 1));
    size_t known = 0;
    argv[0] = "MGET";
    for (size_t i = 0; i < count; i++)
        argv[1 + i] = keys_spell(arena, shard->prefix, KEY_INSTANCE, daemons[i].name, NULL);
    const struct reply *leases =
        count ? session_call(shard->session, count + 1, argv, NULL, diag) : NULL;
    for (size_t i = 0; leases && i < count; i++)
        if (reply_text(reply_item(leases, i)))
            names[known++] = daemons[i].name;
    return leases || !count ? names : NULL;
}

/* ---- What waits ---- */

static void keep_older(int64_t *since_ms, int64_t other_ms)
{
    if (other_ms && (!*since_ms || other_ms < *since_ms))
        *since_ms = other_ms;
}

static struct survey_queue *find_queue(const struct survey *survey,
                                       const struct survey_queue *queue)
{
    for (size_t i = 0; i < survey->queue_count; i++)
        if (strcmp(survey->queues[i].channel, queue->channel) == 0 &&
            strcmp(survey->queues[i].class, queue->class) == 0)
            return &survey->queues[i];
    return NULL;
}

static void add_queues(struct survey *sum, const struct survey *more, struct arena *arena)
{
    struct survey_queue *queues =
        arena_zero(arena, sizeof *queues * (sum->queue_count + more->queue_count + 1));
    if (sum->queue_count)
        memcpy(queues, sum->queues, sizeof *queues * sum->queue_count);
    sum->queues = queues;
    for (size_t i = 0; i < more->queue_count; i++) {
        struct survey_queue *queue = find_queue(sum, &more->queues[i]);
        if (!queue) {
            queues[sum->queue_count++] = more->queues[i];
            continue;
        }
        queue->count += more->queues[i].count;
        keep_older(&queue->since_ms, more->queues[i].since_ms);
    }
}

static void add_survey(struct survey *sum, const struct survey *more, struct arena *arena)
{
    sum->now_ms = more->now_ms > sum->now_ms ? more->now_ms : sum->now_ms;
    sum->events += more->events;
    sum->inbox += more->inbox;
    sum->timers += more->timers;
    sum->due += more->due;
    sum->deciding += more->deciding;
    sum->later += more->later;
    sum->uncertain += more->uncertain;
    sum->withdrawn += more->withdrawn;
    sum->full_transactional += more->full_transactional;
    sum->full_marketing += more->full_marketing;
    sum->dead += more->dead;
    keep_older(&sum->events_since_ms, more->events_since_ms);
    keep_older(&sum->due_since_ms, more->due_since_ms);
    keep_older(&sum->uncertain_since_ms, more->uncertain_since_ms);
    if (more->dead_newest_ms > sum->dead_newest_ms)
        sum->dead_newest_ms = more->dead_newest_ms;
    add_queues(sum, more, arena);
}

bool overall_survey(const struct shards *shards, const char *list, struct arena *arena,
                    struct survey *sum, struct survey *each, struct diag *diag)
{
    *sum = (struct survey){0};
    for (size_t k = 0; k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        const char *inbox = list ? list : keys_spell(arena, shard->prefix, KEY_INBOX, NULL);
        if (survey_read(shard->session, shard->prefix, inbox, arena, &each[k], diag))
            add_survey(sum, &each[k], arena);
        else if (!shards_pass(shards, shard, diag))
            return false;
        else
            each[k] = (struct survey){0};
    }
    return true;
}

/* ---- A gateway's ---- */

static void add_queues_of(struct gateway_queues *sum, const struct gateway_queues *more)
{
    sum->transactional += more->transactional;
    sum->marketing += more->marketing;
    sum->bound += more->bound;
    sum->used += more->used;
}

bool overall_queues(const struct shards *shards, const char *gateway, const char *const *channels,
                    int64_t window_ms, struct gateway_queues *queues, struct diag *diag)
{
    *queues = (struct gateway_queues){0};
    for (size_t k = 0; k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        struct gateway_queues more;
        if (gateway_queues_read(shard->session, shard->prefix, gateway, channels,
                                k == 0 ? window_ms : 0, &more, diag))
            add_queues_of(queues, &more);
        else if (!shards_pass(shards, shard, diag))
            return false;
    }
    return true;
}

/* ---- Codes ---- */

static void join_codes(void *row, const void *other)
{
    struct codes_list *list = row;
    const struct codes_list *more = other;
    list->loaded += more->loaded;
    list->left += more->left;
}

bool overall_codes(const struct shards *shards, struct arena *arena, struct codes_list **lists,
                   size_t *count, struct diag *diag)
{
    struct rows rows = {.size = sizeof(struct codes_list)};
    for (size_t k = 0; k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        struct codes_list *more;
        size_t more_count;
        if (codes_lists(shard->session, shard->prefix, arena, &more, &more_count, diag))
            merge(&rows, arena, more, more_count, join_codes);
        else if (!shards_pass(shards, shard, diag))
            return false;
    }
    *lists = (struct codes_list *)rows.items;
    *count = rows.count;
    return true;
}
