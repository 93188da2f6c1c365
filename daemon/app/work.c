#include "app/work.h"

#include <string.h>

#include "base/buf.h"

void work_list_add(struct arena *arena, struct work_list *list, const char *text)
{
    if (list->count + 1 >= list->capacity) /* one more than needed, for the NULL */
        list->texts =
            arena_grow(arena, list->texts, list->capacity, &list->capacity, sizeof *list->texts);
    list->texts[list->count++] = text;
    list->texts[list->count] = NULL;
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

void work_add_event(struct arena *arena, struct work *work, const struct shop_event *event)
{
    work->events = arena_grow(arena, work->events, work->event_count, &work->event_capacity,
                              sizeof *work->events);
    work->events[work->event_count++] = event;
}

void work_add_dead(struct arena *arena, struct work *work, const struct intake_entry *entry,
                   const struct diag *diag)
{
    struct buf detail;
    buf_init(&detail, 2048);
    diag_line(diag, &detail);
    work->dead =
        arena_grow(arena, work->dead, work->dead_count, &work->dead_capacity, sizeof *work->dead);
    work->dead[work->dead_count++] =
        (struct commit_dead){.kind = "event",
                             .reason = arena_text(arena, diag->code),
                             .detail = arena_text(arena, buf_string(&detail)),
                             .body = entry->event ? entry->event : "",
                             .length = entry->event ? entry->length : 0};
    buf_free(&detail);
    work_list_add(arena, &work->ids, entry->id);
}

static struct customers_text copy(struct arena *arena, const struct customers_text *text)
{
    return (struct customers_text){.text = text->text ? arena_copy(arena, text->text, text->length)
                                                      : NULL,
                                   .length = text->length};
}

void work_begin_round(struct arena *arena, struct work *work, const struct customers_text *document)
{
    work->document = document ? copy(arena, document) : (struct customers_text){0};
    work->suppressed = work->sent = (struct work_list){0};
    work->decision = (struct decision){0};
    work->tries = 0;
}

/* Entries that somebody else has, or has finished: the work goes on without them. */
static void forget(struct work *work, const char *const *gone, size_t count)
{
    uint32_t events = 0, ids = 0;
    for (uint32_t i = 0; i < work->event_count; i++)
        if (!is_listed(gone, count, work->events[i]->entry))
            work->events[events++] = work->events[i];
    for (uint32_t i = 0; i < work->ids.count; i++)
        if (!is_listed(gone, count, work->ids.texts[i])) {
            work->dead[ids] = work->dead[i];
            work->ids.texts[ids++] = work->ids.texts[i];
        }
    work->event_count = events;
    work->ids.count = work->dead_count = ids;
}

void work_learn(struct arena *arena, struct work *work, const struct commit_result *result)
{
    if (result->outcome == COMMIT_STALE)
        work->document = copy(arena, &result->document);
    add_copies(arena, &work->suppressed, result->suppressed, result->suppressed_count);
    add_copies(arena, &work->sent, result->taken, result->taken_count);
    forget(work, result->gone, result->gone_count);
}

bool work_is_empty(const struct work *work)
{
    return work->event_count == 0 && work->ids.count == 0 && !work->due_ms;
}
