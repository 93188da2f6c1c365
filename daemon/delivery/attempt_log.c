#include "delivery/attempt_log.h"

#include <stdio.h>

#include "base/log.h"
#include "base/log_group.h"

static const char *body_text(const struct attempt *attempt, const char *name)
{
    return value_to_text(attempt->arena, value_get(&attempt->message, name));
}

/* To tell of its event it is read here, not in its sender's thread. */
void attempt_log_given(struct attempt *attempt, const char *gateway)
{
    struct diag unreadable;
    if (!log_wants(LOG_LEVEL_DEBUG))
        return;
    attempt_read(attempt, &unreadable);
    log_with(LOG_LEVEL_DEBUG,
             LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)), LOG_TEXT("mid", attempt->mid),
                        LOG_TEXT("gateway", gateway), LOG_NUMBER("attempts", attempt->charged)),
             "a message was taken");
}

static void log_sent(const struct attempt *attempt, enum log_level level)
{
    const struct outcome *outcome = &attempt->job.outcome;
    const char *to = attempt_to(attempt);
    char address[OUTCOME_TEXT_SIZE], words[2 * OUTCOME_TEXT_SIZE];
    log_with(level,
             LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)), LOG_TEXT("mid", attempt->mid),
                        LOG_TEXT("rule", body_text(attempt, "rule")),
                        LOG_TEXT("template", body_text(attempt, "template")),
                        LOG_TEXT("channel", attempt->channel),
                        LOG_TEXT("gateway", attempt->gateway),
                        LOG_TEXT("to", to ? log_address(to, address, sizeof address) : NULL),
                        LOG_NUMBER("code", outcome->code), LOG_TEXT("id", outcome->id),
                        LOG_DETAIL(log_masked(outcome->text, to, words, sizeof words))),
             "a message was sent");
}

/* What is counted with others of its kind is told all the same at `debug`. That of a gateway at
 * fault is told by its breaker, with the same words. */
static void log_failure(const struct attempt *attempt, const struct settlement_scene *scene,
                        const char *what)
{
    const struct outcome *outcome = &attempt->job.outcome;
    bool dead = attempt->result.verdict == OUTBOX_DEAD;
    bool told = outcome->kind == OUTCOME_GATEWAY_FAULT && !dead;
    const char *name = dead ? "reason" : "kind", *word = dead ? attempt->result.reason : what;
    char words[2 * OUTCOME_TEXT_SIZE];
    bool news = log_group_is_news(
        scene->log_group, scene->clock_ms, dead ? "dead messages" : "messages",
        LOG_FIELDS(LOG_TEXT(name, word), LOG_TEXT("gateway", attempt->gateway),
                   LOG_NUMBER("code", outcome->code), LOG_TEXT("enhanced", outcome->enhanced)));
    log_with(
        news && !told ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG,
        LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)), LOG_TEXT("mid", attempt->mid),
                   LOG_TEXT(name, word), LOG_TEXT("gateway", attempt->gateway),
                   LOG_NUMBER("code", outcome->code), LOG_TEXT("enhanced", outcome->enhanced),
                   LOG_DETAIL(log_masked(outcome->text, attempt_to(attempt), words, sizeof words)),
                   LOG_ID(dead ? LOG_ID_DEAD_MESSAGE : NULL)),
        "%s", dead ? "a message became a dead letter" : "a message failed at its gateway");
}

void attempt_log_result(const struct attempt *attempt, const struct settlement_scene *scene,
                        const char *what)
{
    enum outcome_kind kind = attempt->job.outcome.kind;
    if (kind == OUTCOME_SENT)
        log_sent(attempt, scene->log_sent ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG);
    else if (kind != OUTCOME_CUT) /* then it is the daemon that gave up */
        log_failure(attempt, scene, what);
}

void attempt_log_waits(const struct attempt *attempt, const struct settlement_scene *scene,
                       const char *missing)
{
    char words[2 * OUTCOME_TEXT_SIZE];
    if (log_group_is_news(scene->log_group, scene->clock_ms, "messages",
                          LOG_FIELDS(LOG_TEXT("kind", missing))))
        log_with(LOG_LEVEL_WARNING,
                 LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)),
                            LOG_TEXT("mid", attempt->mid),
                            LOG_DETAIL(log_masked(attempt->job.outcome.text, attempt_to(attempt),
                                                  words, sizeof words))),
                 "a message waits for a daemon that has its template");
}
