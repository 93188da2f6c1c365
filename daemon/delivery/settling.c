#include "delivery/settling.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "base/metrics.h"

enum { SETTLE_MOST = 256 /* results in one call */, AGAIN_MS = 500 };

struct settling {
    struct settling_options options;
    struct attempt *waiting, *asked;
    struct event *turn;
};

/* ---- What the answer says ---- */

/* After a freeze it may be thousands. */
static void log_dropped(const struct settling *settling, const struct attempt *attempt,
                        bool vanished)
{
    const char *kind = vanished ? "messages whose record was deleted while they were being sent"
                                : "messages settled by somebody else";
    if (!log_group_is_news(settling->options.log_group, clock_monotonic_ms(), kind, NULL))
        return;
    if (vanished)
        log_with(LOG_LEVEL_WARNING,
                 LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)),
                            LOG_TEXT("mid", attempt->mid),
                            LOG_TEXT("result", outbox_verdict_name(attempt->result.verdict))),
                 "a message's record was deleted while it was being sent, its result is dropped");
    else
        log_with(
            LOG_LEVEL_WARNING,
            LOG_FIELDS(LOG_TEXT("event", attempt_event(attempt)), LOG_TEXT("mid", attempt->mid)),
            "a message was settled by somebody else");
}

static void note_settled(const struct settling *settling, const struct attempt *attempt,
                         enum outbox_settled settled)
{
    if (settled == OUTBOX_NOT_OURS || settled == OUTBOX_VANISHED)
        log_dropped(settling, attempt, settled == OUTBOX_VANISHED);
    else if (settled == OUTBOX_SPOILT)
        outbox_note_spoilt(settling->options.outbox, attempt->mid);
    else if (settled == OUTBOX_ENDED && attempt->result.verdict != OUTBOX_DONE)
        metrics_add(METRIC_MESSAGES_CANCELLED, 1);
}

static void end(struct settling *settling, struct attempt *attempt,
                const struct outbox_answer *answer)
{
    note_settled(settling, attempt, answer->settled);
    settling->options.settled(settling->options.context, attempt, answer);
    attempt_destroy(&attempt);
}

static void on_settled(void *context, const struct diag *fault, const struct outbox_answer *answers,
                       size_t count)
{
    (void)count;
    struct settling *settling = context;
    struct attempt *attempt = settling->asked;
    settling->asked = NULL;
    for (size_t i = 0; attempt; i++) {
        struct attempt *next = attempt->next;
        if (fault) {
            attempt->next = settling->waiting;
            settling->waiting = attempt;
        } else {
            end(settling, attempt, &answers[i]);
        }
        attempt = next;
    }
    const struct timeval again = clock_timeval(AGAIN_MS);
    if (fault)
        event_add(settling->turn, &again);
    else if (settling->waiting)
        event_active(settling->turn, EV_TIMEOUT, 0);
    else
        settling->options.rested(settling->options.context);
}

/* ---- Writing ---- */

/* As many results as fit into one call. */
static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct settling *settling = context;
    struct outbox_result results[SETTLE_MOST];
    size_t count = 0;
    if (settling->asked || !settling->waiting)
        return;
    failpoint("settle");
    struct attempt *attempt = settling->waiting, *last = NULL;
    for (; attempt && count < SETTLE_MOST; attempt = attempt->next) {
        results[count++] = attempt->result;
        last = attempt;
    }
    settling->asked = settling->waiting;
    settling->waiting = attempt;
    last->next = NULL;
    outbox_settle(settling->options.outbox, results, count, on_settled, settling);
}

void settling_add(struct settling *settling, struct attempt *attempt)
{
    generation_release(&attempt->generation);
    attempt->next = settling->waiting;
    settling->waiting = attempt;
    event_active(settling->turn, EV_TIMEOUT, 0);
}

void settling_drop(struct settling *settling, struct attempt *attempt)
{
    end(settling, attempt, &(struct outbox_answer){.settled = OUTBOX_NOT_OURS});
}

void settling_each(struct settling *settling,
                   void (*visit)(void *context, struct attempt *attempt, bool asked), void *context)
{
    for (struct attempt *attempt = settling->waiting; attempt; attempt = attempt->next)
        visit(context, attempt, false);
    for (struct attempt *attempt = settling->asked; attempt; attempt = attempt->next)
        visit(context, attempt, true);
}

/* ---- The object ---- */

struct settling *settling_new(const struct settling_options *options)
{
    struct settling *settling = mem_zero(1, sizeof *settling);
    settling->options = *options;
    settling->turn = evtimer_new(options->base, on_turn, settling);
    if (!settling->turn)
        mem_exhausted();
    return settling;
}

void settling_destroy(struct settling **settling)
{
    struct settling *ended = *settling;
    if (!ended)
        return;
    *settling = NULL;
    attempts_destroy(ended->waiting);
    attempts_destroy(ended->asked);
    event_free(ended->turn);
    free(ended);
}
