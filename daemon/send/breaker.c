#include "send/breaker.h"

#include "base/failpoint.h"

enum { SOON_MS = 500, NO_SOCKET_MS = 1000 };

void breaker_init(struct breaker *breaker)
{
    *breaker = (struct breaker){.state = BREAKER_CLOSED};
}

/* The one function that changes the state. */
static void enter_state(struct breaker *breaker, enum breaker_state state)
{
    if (state == BREAKER_CLOSED) {
        breaker->why = BREAKER_WELL;
        breaker->backoff_ms = 0;
        health_init(&breaker->health);
    }
    breaker->state = state;
}

/* Opens it, or keeps it open for longer: 5 s, doubled up to 5 min, of which a random
 * part, so that many daemons do not probe at the same moment. */
static void trip(struct breaker *breaker, enum breaker_why why, int64_t now_ms, uint64_t random)
{
    int64_t most = why == BREAKER_REFUSALS ? BREAKER_REFUSED_MOST_MS : BREAKER_MOST_MS;
    int64_t first = failpoint("breaker") ? SOON_MS : BREAKER_FIRST_MS;
    int64_t backoff = breaker->backoff_ms ? breaker->backoff_ms * 2 : first;
    if (backoff > most)
        backoff = most;
    breaker->backoff_ms = backoff;
    breaker->why = why;
    int64_t least = first / 2;
    int64_t spread = (int64_t)(random % (uint64_t)(backoff - least + 1));
    breaker->until_ms = now_ms + least + spread;
    enter_state(breaker, BREAKER_OPEN);
}

size_t breaker_allows(const struct breaker *breaker, int64_t now_ms)
{
    switch (breaker->state) {
    case BREAKER_CLOSED:
        return SIZE_MAX;
    case BREAKER_OPEN:
        return now_ms >= breaker->until_ms;
    case BREAKER_HALF_OPEN:
        break;
    }
    return 0;
}

bool breaker_begin(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state != BREAKER_OPEN || now_ms < breaker->until_ms)
        return false;
    enter_state(breaker, BREAKER_HALF_OPEN);
    return true;
}

/* Whether it says something of the gateway: not what failed before it was sent, which has no code,
 * and not what this daemon gave up, or had no socket for. */
static bool says_something(const struct outcome *outcome)
{
    switch (outcome->kind) {
    case OUTCOME_CUT:
        return false;
    case OUTCOME_DEAD:
    case OUTCOME_UNCERTAIN:
    case OUTCOME_UNAVAILABLE:
        return outcome->code || outcome->unhealthy;
    default:
        return true;
    }
}

/* BREAKER_WELL: nothing against the gateway. */
static enum breaker_why complaint(const struct breaker_report *report)
{
    if (report->outcome->kind == OUTCOME_GATEWAY_FAULT)
        return BREAKER_FAULT;
    if (report->suspected)
        return BREAKER_REFUSALS;
    return report->outcome->unhealthy ? BREAKER_HEALTH : BREAKER_WELL;
}

static void report_closed(struct breaker *breaker, const struct breaker_report *report,
                          int64_t now_ms, uint64_t random)
{
    enum breaker_why why = complaint(report);
    bool lost = report->outcome->kind == OUTCOME_UNCERTAIN && !report->outcome->code;
    enum health_sign sign = why != BREAKER_HEALTH ? HEALTH_GOOD : lost ? HEALTH_LOST : HEALTH_BAD;
    bool ill = health_note(&breaker->health, sign, report->recipient, now_ms);
    if (why == BREAKER_FAULT || why == BREAKER_REFUSALS || ill)
        trip(breaker, why, now_ms, random);
}

/* Where refusals had opened it, one of another kind shows nothing: a mailbox that is gone, say. */
static bool shows_something(const struct breaker *breaker, const struct breaker_report *report)
{
    enum outcome_kind kind = report->outcome->kind;
    bool refusal = kind == OUTCOME_BOUNCED || kind == OUTCOME_DEAD;
    return says_something(report->outcome) &&
           !(breaker->why == BREAKER_REFUSALS && refusal && !report->suspected);
}

static void report_probe(struct breaker *breaker, const struct breaker_report *report,
                         int64_t now_ms, uint64_t random)
{
    enum breaker_why why = complaint(report);
    if (!shows_something(breaker, report)) { /* the next one is the probe */
        bool no_socket = report->outcome->kind == OUTCOME_UNAVAILABLE;
        breaker->until_ms = now_ms + (no_socket ? NO_SOCKET_MS : 0);
        enter_state(breaker, BREAKER_OPEN);
    } else if (why == BREAKER_WELL) {
        enter_state(breaker, BREAKER_CLOSED);
    } else {
        trip(breaker, why, now_ms, random);
    }
}

void breaker_report(struct breaker *breaker, const struct breaker_report *report, int64_t now_ms,
                    uint64_t random)
{
    if (report->probe && breaker->state == BREAKER_HALF_OPEN)
        report_probe(breaker, report, now_ms, random);
    else if (breaker->state == BREAKER_CLOSED && says_something(report->outcome))
        report_closed(breaker, report, now_ms, random);
    /* else begun before it opened: changes nothing */
}

int64_t breaker_next(const struct breaker *breaker)
{
    return breaker->state == BREAKER_OPEN ? breaker->until_ms : INT64_MAX;
}

const char *breaker_state_name(enum breaker_state state)
{
    static const char *const names[] = {"closed", "open", "half-open"};
    return names[state];
}

const char *breaker_why_name(enum breaker_why why)
{
    static const char *const names[] = {"", "gateway-fault", "health", "refusals"};
    return names[why];
}
