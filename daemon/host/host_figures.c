#include "host/host_figures.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/metrics.h"
#include "base/word.h"
#include "web/web_refusal.h"

enum { TOLD_MOST = 1000 /* of one frame; what is above is counted, but not told in the log */ };

/* The name of a route; false where it is none that could be. */
static bool read_route(struct wire_frame *frame, char route[WORD_MOST + 1])
{
    const struct slice text = wire_read_text(frame);
    if (!word_is_plain(text.text, text.length))
        return false;
    snprintf(route, WORD_MOST + 1, "%.*s", (int)text.length, text.text);
    return true;
}

static bool take_requests(struct wire_frame *frame)
{
    char route[WORD_MOST + 1], status[16];
    if (!read_route(frame, route))
        return false;
    uint32_t number = wire_read_number(frame), count = wire_read_number(frame);
    if (!wire_read_all(frame) || number < 100 || number > 599)
        return false;
    snprintf(status, sizeof status, "%u", number);
    metrics_add_to(METRIC_WEB_REQUESTS, METRIC_LABELS(route, status), count);
    return true;
}

static bool take_refused(struct wire_frame *frame, struct log_group *group)
{
    char route[WORD_MOST + 1];
    if (!read_route(frame, route))
        return false;
    uint32_t refusal = wire_read_number(frame), status = wire_read_number(frame),
             count = wire_read_number(frame);
    if (!wire_read_all(frame) || status > 599 || refusal == WEB_REFUSAL_NONE ||
        refusal >= WEB_REFUSAL_COUNT)
        return false;
    const struct web_refusal_row *row = web_refusal_row((enum web_refusal)refusal);
    metrics_add_to(METRIC_WEB_REFUSED, METRIC_LABELS(row->word), count);
    for (uint32_t i = 0; i < count && i < TOLD_MOST; i++)
        if (log_group_is_news(group, clock_monotonic_ms(), "requests from the web refused",
                              LOG_FIELDS(LOG_TEXT("reason", row->word))))
            log_with(LOG_LEVEL_WARNING,
                     LOG_FIELDS(LOG_TEXT("reason", row->word), LOG_TEXT("route", route),
                                LOG_NUMBER("status", status)),
                     "a request from the web was refused: %s", row->sentence);
    return true;
}

bool host_figures_take(struct wire_frame *frame, struct log_group *group)
{
    if (frame->kind == WIRE_REQUESTS)
        return take_requests(frame);
    if (frame->kind == WIRE_REFUSED)
        return take_refused(frame, group);
    uint32_t open = wire_read_number(frame);
    metrics_set(METRIC_WEB_CONNECTIONS, open);
    return wire_read_all(frame);
}
