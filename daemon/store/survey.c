#include "store/survey.h"

#include <stdlib.h>
#include <string.h>

#include "store/script_call.h"

static int by_channel(const void *a, const void *b)
{
    const struct survey_queue *one = a, *two = b;
    int channels = strcmp(one->channel, two->channel);
    return channels ? channels : strcmp(two->class, one->class);
}

static void read_queues(const struct reply *rows, struct arena *arena, struct survey *survey)
{
    survey->queue_count = rows->count;
    survey->queues = arena_zero(arena, sizeof *survey->queues * (rows->count + 1));
    for (size_t i = 0; i < rows->count; i++) {
        const struct reply *row = reply_item(rows, i);
        struct survey_queue *queue = &survey->queues[i];
        queue->channel = arena_text(arena, reply_item(row, 0)->text);
        queue->class = arena_text(arena, reply_item(row, 1)->text);
        reply_number(reply_item(row, 2), &queue->count);
        reply_number(reply_item(row, 3), &queue->since_ms);
    }
    qsort(survey->queues, survey->queue_count, sizeof *survey->queues, by_channel);
}

bool survey_read(struct session *session, const char *prefix, const char *inbox,
                 struct arena *arena, struct survey *survey, struct diag *diag)
{
    *survey = (struct survey){0};
    int64_t *const figures[] = {
        &survey->now_ms,
        &survey->events,
        &survey->events_since_ms,
        &survey->inbox,
        &survey->timers,
        &survey->due,
        &survey->due_since_ms,
        &survey->deciding,
        &survey->later,
        &survey->uncertain,
        &survey->uncertain_since_ms,
        &survey->withdrawn,
        &survey->full_transactional,
        &survey->full_marketing,
        &survey->dead,
        &survey->dead_newest_ms,
    };
    const size_t count = sizeof figures / sizeof *figures;
    struct arguments arguments = script_call_begin(arena, SCRIPT_SURVEY, prefix, 1);
    arguments_text(&arguments, inbox);
    const struct reply *reply = script_call(session, &arguments, diag);
    if (!reply)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!reply_number(reply_item(reply, i), figures[i]))
            return reply_fault(reply, diag);
    read_queues(reply_item(reply, count), arena, survey);
    return true;
}
