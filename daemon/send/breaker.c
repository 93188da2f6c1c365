#include "send/breaker.h"

void breaker_init(struct breaker *breaker)
{
    *breaker = (struct breaker){.state = BREAKER_CLOSED};
}

/* The one function that changes the state. */
static void enter_state(struct breaker *breaker, enum breaker_state state)
{
    if (state == BREAKER_CLOSED) {
        breaker->backoff_ms = 0;
        breaker->refused_count = 0;
        breaker->unreachable_count = 0;
    }
    breaker->state = state;
}

/* Opens it, or keeps it open for longer: 5 s, doubled up to 5 min, of which a random
 * part, so that many daemons do not probe at the same moment. */
static void trip(struct breaker *breaker, int64_t now_ms, uint64_t random)
{
    int64_t backoff = breaker->backoff_ms ? breaker->backoff_ms * 2 : BREAKER_FIRST_MS;
    if (backoff > BREAKER_MOST_MS)
        backoff = BREAKER_MOST_MS;
    breaker->backoff_ms = backoff;
    int64_t least = BREAKER_FIRST_MS / 2;
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

/* The gateway looked at the message and will never take it for this recipient. What
 * failed before it was sent has no code. */
static bool is_refusal(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_BOUNCED || (outcome->kind == OUTCOME_DEAD && outcome->code);
}

/* Adds to the row; true when it is full. */
static bool add_refusal(struct breaker *breaker, uint64_t recipient)
{
    for (size_t i = 0; i < breaker->refused_count; i++) {
        if (breaker->refused[i] == recipient)
            return breaker->refused_count == BREAKER_ROW;
    }
    if (breaker->refused_count < BREAKER_ROW)
        breaker->refused[breaker->refused_count++] = recipient;
    return breaker->refused_count == BREAKER_ROW;
}

static bool report_closed(struct breaker *breaker, const struct outcome *outcome,
                          uint64_t recipient, int64_t now_ms, uint64_t random)
{
    bool fault = outcome->kind == OUTCOME_GATEWAY_FAULT;
    if (outcome->kind == OUTCOME_UNAVAILABLE)
        breaker->unreachable_count++;
    else if (outcome->code)
        breaker->unreachable_count = 0;
    if (outcome->kind == OUTCOME_SENT) {
        breaker->refused_count = 0;
        breaker->unreachable_count = 0;
    } else if (is_refusal(outcome)) {
        fault = add_refusal(breaker, recipient);
    }
    if (fault || breaker->unreachable_count >= BREAKER_ROW)
        trip(breaker, now_ms, random);
    return fault;
}

/* The gateway showed that it takes part again: it took the message, or said something
 * about it alone. Not a refusal, where refusals had opened the breaker. */
static bool is_sound(const struct breaker *breaker, const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_SENT)
        return true;
    if (is_refusal(outcome))
        return breaker->refused_count < BREAKER_ROW;
    return outcome->kind == OUTCOME_RETRY && outcome->code && outcome->code != 421;
}

static bool report_probe(struct breaker *breaker, const struct outcome *outcome, uint64_t recipient,
                         int64_t now_ms, uint64_t random)
{
    bool refusal = is_refusal(outcome);
    if (is_sound(breaker, outcome)) {
        enter_state(breaker, BREAKER_CLOSED);
        if (refusal)
            add_refusal(breaker, recipient);
        return false;
    }
    if (outcome->kind == OUTCOME_CUT || (outcome->kind == OUTCOME_DEAD && !outcome->code)) {
        /* It never came to the gateway, so it showed nothing: the next one is the probe. */
        breaker->until_ms = now_ms;
        enter_state(breaker, BREAKER_OPEN);
        return false;
    }
    trip(breaker, now_ms, random);
    return refusal || outcome->kind == OUTCOME_GATEWAY_FAULT;
}

bool breaker_report(struct breaker *breaker, const struct outcome *outcome, uint64_t recipient,
                    bool probe, int64_t now_ms, uint64_t random)
{
    if (probe && breaker->state == BREAKER_HALF_OPEN)
        return report_probe(breaker, outcome, recipient, now_ms, random);
    if (breaker->state == BREAKER_CLOSED)
        return report_closed(breaker, outcome, recipient, now_ms, random);
    /* Begun before it opened: changes nothing, but shares the blame of the row. */
    return outcome->kind == OUTCOME_GATEWAY_FAULT ||
           (is_refusal(outcome) && breaker->refused_count == BREAKER_ROW);
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
