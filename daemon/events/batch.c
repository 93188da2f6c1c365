#include "events/batch.h"

#include "archive/archive.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/metrics.h"
#include "customer/watch.h"
#include "decide/words.h"
#include "events/entry.h"
#include "events/work_figures.h"
#include "events/work_log.h"

void batch_begin(struct batch *batch, struct workspace *space, struct generation *generation,
                 const struct placement_home *home)
{
    batch->space = space;
    batch->arena = space->works;
    batch->round = space->round;
    batch->portions = space->portions;
    batch->state = BATCH_BARRED;
    batch->is_known = batch->is_alone = false;
    batch->generation = generation_hold(generation);
    batch->form = config_event_form(batch->generation->config);
    names_begin(batch->names, &batch->generation->policy, batch->form.key_paths, home);
}

struct work *batch_add_work(struct batch *batch, const char *key)
{
    struct work *work = arena_zero(batch->arena, sizeof *work);
    work->batch = batch;
    work->key = key;
    batch->works = arena_grow(batch->arena, batch->works, batch->work_count, &batch->work_capacity,
                              sizeof(struct work *));
    batch->works[batch->work_count++] = work;
    return work;
}

/* The customer's work in this batch, as far as their first key tells. */
static struct work *work_of(struct batch *batch, const struct shop_event *event)
{
    const struct name *name = names_find(batch->names, event->key);
    struct work *work = name && name->work ? name->work : batch_add_work(batch, event->key);
    names_add_event(batch->names, batch->arena, work, event);
    return work;
}

/* What shops pushed; what nudged makes of it is made again from that. What another shard has led
 * here was archived there. */
static void archive_entry(struct archive *archive, const struct intake_entry *entry,
                          const struct shop_event *event)
{
    if (archive && !event->internal && !entry->archived && !entry->whose)
        archive_add(archive, entry->id, entry->event, entry->length, clock_wall_ms());
}

/* About a product, and no customer: it is told to who watches that. */
static bool is_told(struct batch *batch, const struct intake_entry *entry,
                    const struct shop_event *event, const struct diag *diag)
{
    const char *product;
    if (entry->own || !watch_is_told(batch->arena, event, diag, &product))
        return false;
    archive_entry(batch->archive, entry, event);
    work_add_telling(batch->arena, batch->no_events, entry, product,
                     watch_told_event(batch->arena, event, product));
    return true;
}

static void add_no_event(struct batch *batch, const struct intake_entry *entry)
{
    struct diag diag = {0};
    struct shop_event event = {0};
    entry_read(batch->arena, entry, &batch->form, &event, &diag); /* says what is wrong */
    if (!batch->no_events)
        batch->no_events = batch_add_work(batch, NULL);
    batch->is_alone = true;
    if (is_told(batch, entry, &event, &diag))
        return;
    work_add_dead(batch->arena, batch->no_events, entry, &diag);
    work_figures_read(batch->generation->rules, NULL);
    metrics_add_to(METRIC_EVENTS_DEAD, METRIC_LABELS(diag.code), 1);
    work_log_dead(batch->log_group, entry, &diag);
}

void batch_add_entry(struct batch *batch, const struct intake_entry *entry)
{
    const struct shop_event *event = entry->read;
    if (!event) {
        add_no_event(batch, entry);
        return;
    }
    work_figures_read(batch->generation->rules, event->type);
    work_log_taken(event);
    archive_entry(batch->archive, entry, event);
    batch->is_alone = batch->is_alone || words_are_in(event);
    work_add_event(batch->arena, work_of(batch, event), event, entry->length);
}

void batch_add_timer(struct batch *due, const struct timers_customer *customer)
{
    const char *key = arena_text(due->arena, customer->key);
    struct work *work = batch_add_work(due, key);
    work->due_ms = customer->deadline_ms;
    names_add_key(due->names, due->arena, work, key);
}

void batch_add_tick(struct batch *ticks, const char *text)
{
    struct clocks_taken taken;
    struct decide_tick tick;
    if (!taken_tick_read(ticks->generation, ticks->arena, text, &taken, &tick))
        return;
    const struct name *name = names_find(ticks->names, taken.customer);
    struct work *work = name && name->work ? name->work : batch_add_work(ticks, taken.customer);
    work_add_tick(ticks->arena, work, &tick, arena_text(ticks->arena, text));
    work->indexed = taken.customer;
    work->zone = taken.zone;
    work->place = taken.place;
    names_add_key(ticks->names, ticks->arena, work, taken.customer);
}

void batch_forget(struct batch *batch, struct workspaces *workspaces)
{
    generation_release(&batch->generation);
    batch->no_events = NULL;
    workspaces_leave(workspaces, &batch->space, batch->is_full);
    batch->works = batch->in_round = NULL;
    batch->work_count = batch->work_capacity = batch->in_round_count = batch->next = 0;
    batch->state = BATCH_NONE;
    batch->is_full = false;
    batch->on_ticks = NULL;
    backoff_reset(&batch->backoff);
}
