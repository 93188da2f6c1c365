#include "store/levels.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "redis/arguments.h"
#include "store/script_table.h"

struct levels {
    struct scripts *scripts;
    struct connection_owner owner;
    char *inbox;
    char **channels;
    size_t channel_count;
    bool asked;
};

struct levels *levels_new(struct scripts *scripts, const char *inbox, const char *const *channels,
                          size_t channel_count)
{
    struct levels *levels = mem_zero(1, sizeof *levels);
    levels->scripts = scripts;
    levels->inbox = mem_text(inbox);
    levels->channels = mem_zero(channel_count, sizeof *levels->channels);
    levels->channel_count = channel_count;
    for (size_t i = 0; i < channel_count; i++)
        levels->channels[i] = mem_text(channels[i]);
    return levels;
}

void levels_destroy(struct levels **levels)
{
    struct levels *ended = *levels;
    if (!ended)
        return;
    *levels = NULL;
    connection_silence(&ended->owner);
    for (size_t i = 0; i < ended->channel_count; i++)
        free(ended->channels[i]);
    free(ended->channels);
    free(ended->inbox);
    free(ended);
}

static void tell_channel(const char *channel, const struct reply *reply, size_t first)
{
    static const char *const classes[] = {"transactional", "marketing"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        int64_t messages;
        if (reply_number(reply_item(reply, first + i), &messages))
            metrics_set_to(METRIC_OUTBOX_MESSAGES, METRIC_LABELS(channel, classes[i]), messages);
    }
}

static void on_levels(void *context, const struct reply *reply, const struct diag *fault)
{
    static const enum metric figures[] = {METRIC_EVENT_LAG, METRIC_EVENTS_WAITING, METRIC_TIMER_LAG,
                                          METRIC_TIMERS, METRIC_DEAD_LETTERS};
    enum { FIGURES = sizeof figures / sizeof *figures };
    struct levels *levels = context;
    (void)fault;
    levels->asked = false;
    if (!reply || reply->kind != REPLY_LIST)
        return;
    for (size_t i = 0; i < FIGURES; i++) {
        int64_t figure;
        if (reply_number(reply_item(reply, i), &figure))
            metrics_set(figures[i], figure);
    }
    for (size_t i = 0; i < levels->channel_count; i++)
        tell_channel(levels->channels[i], reply, FIGURES + 2 * i);
}

void levels_ask(struct levels *levels)
{
    if (levels->asked)
        return;
    levels->asked = true;
    struct arena *arena = arena_new(512);
    struct arguments arguments = arguments_begin(arena, levels->channel_count + 1);
    arguments_text(&arguments, levels->inbox);
    for (size_t i = 0; i < levels->channel_count; i++)
        arguments_text(&arguments, levels->channels[i]);
    const struct connection_request request =
        arguments_request(&arguments, &levels->owner, on_levels, levels);
    scripts_run(levels->scripts, SCRIPT_LEVELS, &request);
    arena_destroy(&arena);
}
