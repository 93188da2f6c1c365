/*
 * Lines are read in batches (fill). Where a thread reads ahead, batches go round: `filled` of them
 * wait for the caller, the others for the thread.
 */
#include "simulate/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json_shape.h"
#include "base/mem.h"

/* The events of a circle are read one by one, and stay as long as there is room for them: so
 * whoever decides them need not copy what they say. */
enum { BATCH = 256, BATCHES = 8, ARENA_BYTES = 512 * 1024, CIRCLE_BYTES = 128 * 1024 };

struct batch {
    struct arena *arena;
    struct feed_item items[BATCH];
    const struct shop_event *events[BATCH]; /* of the items; NULL: it is none */
    uint32_t count;
    bool last;
    struct diag diag; /* of the history, where it is the last */
};

struct feed {
    struct history *history; /* NULL: it is of parts */
    struct parts_cursor part;
    struct shop_event_form form;
    struct shop_event_known known; /* in the arena, of parts */
    struct batch batches[BATCHES]; /* of parts the first alone, of one event */
    uint32_t first;                /* that the caller has, or will have next */
    uint32_t at;                   /* the item in it that comes next */
    bool has_first;                /* the caller has it */
    bool ahead, stops;             /* `stops`: the thread is to end */
    uint32_t filled;
    pthread_t thread;
    pthread_mutex_t mutex; /* of `filled` and `stops` */
    pthread_cond_t changed;
};

/* ---- Reading ---- */

static void refuse(struct batch *batch, struct feed_item *item, const struct history_entry *entry,
                   struct diag *diag)
{
    diag_file(diag, entry->file);
    diag_place(diag, (uint32_t)entry->line, diag->column, diag->width);
    struct diag *kept = arena_alloc(batch->arena, sizeof *kept);
    *kept = *diag;
    item->fault = kept;
}

static const char *entry_of(struct arena *arena, const struct history_entry *is)
{
    char *entry = arena_alloc(arena, 2 * DECIMAL_TEXT_SIZE);
    size_t length = decimal_print_int(is->at_ms, entry);
    entry[length++] = '-';
    decimal_print_int((int64_t)is->number, entry + length);
    return entry;
}

static void read_item(struct feed *feed, struct batch *batch, const struct history_entry *entry)
{
    struct feed_item *item = &batch->items[batch->count];
    struct diag diag;
    *item = (struct feed_item){.at_ms = entry->at_ms,
                               .number = entry->number,
                               .mark = entry->mark,
                               .bytes = feed->history ? history_bytes(feed->history) : 0};
    if (!entry->event.text) {
        diag_error(&diag, "the line is too large to be an event");
        refuse(batch, item, entry, &diag);
        return;
    }
    item->text = entry->lasts ? entry->event : slice_copy(batch->arena, entry->event);
    item->is_event =
        shop_event_read(batch->arena, item->text.text, item->text.length,
                        entry_of(batch->arena, entry), &feed->form, &item->event, &diag);
    if (!item->is_event)
        refuse(batch, item, entry, &diag);
    else
        batch->events[batch->count] = &item->event;
}

static bool next_entry(struct feed *feed, struct history_entry *entry, struct diag *diag)
{
    return feed->history ? history_next(feed->history, entry, diag)
                         : parts_next(&feed->part, entry);
}

/* Whether the arena is to be made empty before the batch is filled again. */
static bool is_full(const struct feed *feed, const struct batch *batch)
{
    return feed->history || arena_used(batch->arena) > CIRCLE_BYTES;
}

static void empty(struct feed *feed, struct batch *batch)
{
    arena_reset(batch->arena);
    feed->known = (struct shop_event_known){0};
}

static void fill(struct feed *feed, struct batch *batch)
{
    const uint32_t wanted = feed->history ? BATCH : 1;
    struct history_entry entry;
    if (is_full(feed, batch))
        empty(feed, batch);
    batch->count = 0;
    batch->last = false;
    batch->diag = (struct diag){0};
    while (batch->count < wanted) {
        if (!next_entry(feed, &entry, &batch->diag)) {
            batch->last = true;
            return;
        }
        batch->events[batch->count] = NULL;
        read_item(feed, batch, &entry);
        batch->count++;
    }
}

/* ---- Ahead ---- */

/* Waits until there is room; false: it is to end. */
static bool wait_for_room(struct feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    while (feed->filled == BATCHES && !feed->stops)
        pthread_cond_wait(&feed->changed, &feed->mutex);
    bool goes_on = !feed->stops;
    pthread_mutex_unlock(&feed->mutex);
    return goes_on;
}

static void change_filled(struct feed *feed, int by)
{
    pthread_mutex_lock(&feed->mutex);
    feed->filled += (uint32_t)by;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
}

static void *run(void *context)
{
    struct feed *feed = context;
    uint32_t next = 0;
    while (wait_for_room(feed)) {
        struct batch *batch = &feed->batches[next];
        fill(feed, batch);
        bool last = batch->last; /* the batch is the caller's from then on */
        change_filled(feed, 1);
        if (last)
            break;
        next = (next + 1) % BATCHES;
    }
    return NULL;
}

static void wait_for_batch(struct feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    while (feed->filled == 0)
        pthread_cond_wait(&feed->changed, &feed->mutex);
    pthread_mutex_unlock(&feed->mutex);
}

/* ---- The caller ---- */

static struct feed *make(struct history *history, const struct shop_event_form *form, bool ahead)
{
    struct feed *feed = mem_zero(1, sizeof *feed);
    feed->history = history;
    feed->form = *form;
    feed->form.shapes = json_shapes_new(&json_event_limits);
    feed->form.known = history ? NULL : &feed->known;
    for (uint32_t i = 0; i < BATCHES; i++)
        feed->batches[i].arena = arena_new(i == 0 || ahead ? ARENA_BYTES : 1);
    pthread_mutex_init(&feed->mutex, NULL);
    pthread_cond_init(&feed->changed, NULL);
    feed->ahead = ahead && pthread_create(&feed->thread, NULL, run, feed) == 0;
    return feed;
}

struct feed *feed_new(struct history *history, const struct shop_event_form *form, bool ahead)
{
    return make(history, form, ahead);
}

struct feed *feed_new_of_parts(const struct shop_event_form *form)
{
    return make(NULL, form, false);
}

void feed_open(struct feed *feed, const struct parts *parts, uint32_t part)
{
    parts_open(&feed->part, parts, part);
}

bool feed_next_circle(struct feed *feed, uint32_t *circle)
{
    empty(feed, &feed->batches[0]);
    feed->has_first = false;
    return parts_next_circle(&feed->part, circle);
}

void feed_destroy(struct feed **feed)
{
    struct feed *gone = *feed;
    if (!gone)
        return;
    pthread_mutex_lock(&gone->mutex);
    gone->stops = true;
    pthread_cond_signal(&gone->changed);
    pthread_mutex_unlock(&gone->mutex);
    if (gone->ahead)
        pthread_join(gone->thread, NULL);
    for (uint32_t i = 0; i < BATCHES; i++)
        arena_destroy(&gone->batches[i].arena);
    parts_close(&gone->part);
    json_shapes_destroy(&gone->form.shapes);
    pthread_cond_destroy(&gone->changed);
    pthread_mutex_destroy(&gone->mutex);
    free(gone);
    *feed = NULL;
}

/* Gives the batch back whose items are done, and takes the next. */
static void take_batch(struct feed *feed)
{
    if (feed->ahead && feed->has_first) {
        feed->first = (feed->first + 1) % BATCHES;
        change_filled(feed, -1);
    }
    if (feed->ahead)
        wait_for_batch(feed);
    else
        fill(feed, &feed->batches[0]);
    feed->has_first = true;
    feed->at = 0;
}

const struct feed_item *feed_next(struct feed *feed, struct diag *diag)
{
    struct batch *batch = &feed->batches[feed->first];
    while (!feed->has_first || feed->at == batch->count) {
        if (feed->has_first && batch->last) {
            *diag = batch->diag;
            return NULL;
        }
        take_batch(feed);
        batch = &feed->batches[feed->first];
    }
    return &batch->items[feed->at++];
}

const struct shop_event *const *feed_read(const struct feed *feed, size_t *count, size_t *last)
{
    const struct batch *batch = &feed->batches[feed->first];
    *count = batch->count;
    *last = feed->at - 1;
    return batch->events;
}

bool feed_lets_go(const struct feed *feed)
{
    const struct batch *batch = &feed->batches[feed->first];
    return feed->has_first && feed->at == batch->count && is_full(feed, batch);
}
