#include "events/work_log.h"

#include "base/clock.h"
#include "base/log_group.h"
#include "decide/message_body.h"

const char *work_log_event(const struct shop_event *event, char out[LOG_NAME_SIZE])
{
    return log_name(event->id[0] ? event->id : event->origin, out);
}

void work_log_taken(const struct shop_event *event)
{
    char id[LOG_NAME_SIZE], type[LOG_NAME_SIZE];
    log_with(LOG_LEVEL_DEBUG,
             LOG_FIELDS(LOG_TEXT("event", work_log_event(event, id)),
                        LOG_TEXT("entry", event->entry),
                        LOG_TEXT("type", log_name(event->type, type))),
             "an event was taken");
}

void work_log_dead(struct log_group *group, const struct intake_entry *entry,
                   const struct diag *diag)
{
    if (log_group_is_news(group, clock_monotonic_ms(), "dead events",
                          LOG_FIELDS(LOG_TEXT("reason", diag->code))))
        log_with(LOG_LEVEL_WARNING,
                 LOG_FIELDS(LOG_ID(LOG_ID_DEAD_EVENT), LOG_TEXT("reason", diag->code),
                            LOG_TEXT("entry", entry->id), LOG_DETAIL(diag->text)),
                 "an event became a dead letter");
}

static void tell_message(const struct decision_message *message)
{
    char name[MESSAGE_BODY_EVENT_SIZE], id[LOG_NAME_SIZE];
    message_body_event(&message->body, name);
    log_with(LOG_LEVEL_DEBUG,
             LOG_FIELDS(LOG_TEXT("event", log_name(name, id)), LOG_TEXT("mid", message->mid),
                        LOG_TEXT("rule", message->rule->name),
                        LOG_TEXT("channel", message->step->channel)),
             "a message was put into the outbox");
}

void work_log_committed(const struct work *work)
{
    const struct decision *decision = &work->decision;
    char id[LOG_NAME_SIZE];
    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    for (uint32_t i = 0; work->event_count && i < work->chosen; i++)
        log_with(LOG_LEVEL_DEBUG,
                 LOG_FIELDS(LOG_TEXT("event", work_log_event(work->events[i], id)),
                            LOG_TEXT("entry", work->events[i]->entry),
                            LOG_TEXT("reason", work->given_up ? work->reason : NULL)),
                 work->given_up ? "an event was given up" : "an event was decided");
    for (uint32_t i = 0; i < decision->message_count; i++)
        tell_message(&decision->messages[i]);
    for (uint32_t i = 0; i < decision->withdrawn_count; i++)
        log_with(LOG_LEVEL_DEBUG,
                 LOG_FIELDS(LOG_TEXT("mid", decision->withdrawn[i].mid),
                            LOG_TEXT("why", trace_why_word(decision->withdrawn[i].why))),
                 "a message must not be sent any more");
}

void work_log_different(const struct work *work, struct log_group *group)
{
    if (work->decision.counts.differs &&
        log_group_is_news(group, clock_monotonic_ms(), "events that came again with other content",
                          NULL))
        log_warning("an event came again with the same source, type and id, and other content: the "
                    "first counts (`duplicate-differs` in the customer's trace)");
}

void work_log_low(const struct commit_result *result)
{
    for (size_t i = 0; i + 1 < result->low_count; i += 2)
        log_with(LOG_LEVEL_WARNING,
                 LOG_FIELDS(LOG_TEXT("list", result->low[i]), LOG_TEXT("left", result->low[i + 1])),
                 "codes are running out: `nudgectl codes load` brings more");
}

void work_log_codeless(const struct commit_result *result, struct log_group *group)
{
    if (result->codeless_count && log_group_is_news(group, clock_monotonic_ms(),
                                                    "sends without a code, as none is left", NULL))
        log_error("no code is left for a send, which is refused: `nudgectl codes` tells of which "
                  "list");
}
