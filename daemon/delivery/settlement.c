/*
 * The ways in stand at the end: settlement_make() after an attempt, settlement_sent_before(),
 * settlement_defer() and settlement_give_up() for a message that was never begun. Each fills
 * attempt->result in three steps:
 *
 *   the verdict   what the store does with the message: done, later, resend, hold, dead,
 *                 release. Here alone an outcome becomes a verdict; what an answer means
 *                 and how long to wait is said by send/retry, and by the breaker
 *   the log       delivery/attempt_log
 *   its news      the customer's trace, the event that deciding gets, the address to be
 *                 suppressed
 *
 * All texts of a result lie in the attempt, because it may have to be settled again.
 */
#include "delivery/settlement.h"

#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "decide/trace.h"
#include "decide/trace_reasons.h"
#include "delivery/attempt_log.h"
#include "delivery/message_event.h"
#include "send/retry.h"

enum {
    DEFER_MS = 10000,
    FAULT_WAIT_MS = 5000,
    FAULT_SOON_MS = 500,
    BEHIND_PROBE_MS = 1000,
    TEXT_MOST = 16 * 1024
};

/* ---- The verdict ---- */

static void begin_result(struct attempt *attempt)
{
    attempt->result = (struct outbox_result){.entry = attempt->entry,
                                             .queue = attempt->queue,
                                             .mid = attempt->mid,
                                             .channel = attempt->channel,
                                             .class_ = attempt->class_,
                                             .trace = attempt->earlier,
                                             .load = attempt->load};
}

static void give_up(struct attempt *attempt, enum trace_reason reason)
{
    attempt->result.verdict = OUTBOX_DEAD;
    attempt->result.may_have_arrived = attempt->job.outcome.kind == OUTCOME_UNCERTAIN;
    attempt->result.reason = trace_reason_word(reason);
    attempt->result.detail = attempt->job.outcome.text;
}

/* Again later, as an attempt that counts; or a dead letter, when its time is over. */
static void try_again(struct attempt *attempt, const struct settlement_scene *scene,
                      enum outbox_verdict how)
{
    const struct outcome *outcome = &attempt->job.outcome;
    struct outbox_result *result = &attempt->result;
    result->verdict = how;
    result->charge = true;
    int64_t at_ms;
    if (retry_next((uint32_t)attempt->charged + 1, outcome->retry_after_ms, scene->now_ms,
                   attempt->give_up_ms, scene->random, &at_ms))
        result->after_ms = at_ms - scene->now_ms;
    else
        give_up(attempt, TRACE_REASON_GAVE_UP);
}

/* What is the gateway's charges nobody; the message waits for one. Where it met the fault of the
 * one that is asked next, it is not the one that tries whether that works: another recipient's is.
 */
static void wait_for_gateway(struct attempt *attempt, const struct settlement_scene *scene)
{
    struct outbox_result *result = &attempt->result;
    int64_t last_ms = attempt->give_up_ms - RETRY_BEFORE_END_MS;
    int64_t first_ms = failpoint("breaker") ? FAULT_SOON_MS : FAULT_WAIT_MS;
    int64_t least_ms = scene->wait_ms ? scene->wait_ms + BEHIND_PROBE_MS : first_ms;
    if (least_ms < first_ms)
        least_ms = first_ms;
    int64_t range_ms = least_ms / 4 > first_ms ? least_ms / 4 : first_ms;
    int64_t wait_ms = least_ms + (int64_t)(scene->random % (uint64_t)(range_ms + 1));
    result->verdict = OUTBOX_LATER;
    result->after_ms = scene->now_ms + wait_ms < last_ms ? wait_ms : last_ms - scene->now_ms;
    if (scene->now_ms >= last_ms)
        give_up(attempt, TRACE_REASON_GAVE_UP);
}

static enum trace_reason reason_of(const struct attempt *attempt)
{
    if (attempt->fault)
        return trace_reason_of(attempt->fault);
    return attempt->job.outcome.suspect == OUTCOME_SUSPECT_MAILBOX ? TRACE_REASON_BOUNCED
                                                                   : TRACE_REASON_REFUSED;
}

static void decide_result(struct attempt *attempt, const struct settlement_scene *scene)
{
    struct outbox_result *result = &attempt->result;
    switch (attempt->job.outcome.kind) {
    case OUTCOME_SENT:
        result->verdict = OUTBOX_DONE;
        return;
    case OUTCOME_RETRY:
        try_again(attempt, scene, OUTBOX_LATER);
        return;
    case OUTCOME_UNCERTAIN:
        if (attempt->hold)
            result->verdict = OUTBOX_HOLD;
        else
            try_again(attempt, scene, OUTBOX_RESEND);
        return;
    case OUTCOME_BOUNCED:
        give_up(attempt, TRACE_REASON_BOUNCED);
        return;
    case OUTCOME_UNAVAILABLE:
    case OUTCOME_GATEWAY_FAULT:
        wait_for_gateway(attempt, scene);
        return;
    case OUTCOME_CUT:
        result->verdict = OUTBOX_RELEASE;
        return;
    case OUTCOME_DEAD:
    case OUTCOME_KINDS:
        give_up(attempt, reason_of(attempt));
        return;
    }
}

/* ---- Texts ---- */

static void put(struct arena *arena, struct value map, const char *name, const char *text)
{
    if (text && *text)
        value_add(arena, map, value_text(name), value_text(text));
}

static const char *body_text(const struct attempt *attempt, const char *name)
{
    return value_to_text(attempt->arena, value_get(&attempt->message, name));
}

/* What the customer's trace says of an outcome. */
static const enum trace_what whats[OUTCOME_KINDS] = {
    [OUTCOME_SENT] = TRACE_SENT,
    [OUTCOME_RETRY] = TRACE_RETRY,
    [OUTCOME_UNAVAILABLE] = TRACE_UNAVAILABLE,
    [OUTCOME_UNCERTAIN] = TRACE_UNCERTAIN,
    [OUTCOME_BOUNCED] = TRACE_BOUNCED,
    [OUTCOME_DEAD] = TRACE_DEAD,
    [OUTCOME_GATEWAY_FAULT] = TRACE_GATEWAY_FAULT,
    [OUTCOME_CUT] = TRACE_CUT,
};

enum trace_what settlement_what(enum outcome_kind kind)
{
    return whats[kind];
}

/* ---- Its news ---- */

/* A line of the customer's trace, behind those of the gateways that could not be used before. */
static const char *make_trace(const struct attempt *attempt, int64_t now_ms)
{
    const struct outcome *outcome = &attempt->job.outcome;
    struct arena *arena = attempt->arena;
    struct value item = value_new_map(arena, 6);
    put(arena, item, "rule", body_text(attempt, "rule"));
    put(arena, item, "what", trace_what_word(whats[outcome->kind]));
    put(arena, item, "reason", attempt->result.reason);
    put(arena, item, "why", outcome->text);
    put(arena, item, "gateway", attempt->gateway);
    put(arena, item, "mid", attempt->mid);
    put(arena, item, "gateway_id", outcome->id);
    const struct value line = trace_of(arena, now_ms, item);
    const char *text = json_print_slice(arena, &line, TEXT_MOST).text;
    return attempt->earlier ? arena_printf(arena, "%s\n%s", attempt->earlier, text) : text;
}

static void suppress(struct attempt *attempt, const struct policy *policy)
{
    const char *address = body_text(attempt, "to");
    if (!address)
        return;
    attempt->result.suppress = policy_address_hash(policy, address, attempt->arena);
    attempt->result.suppress_reason = trace_reason_word(TRACE_REASON_BOUNCED);
}

static void add_news(struct attempt *attempt, const struct settlement_scene *scene)
{
    const struct outcome *outcome = &attempt->job.outcome;
    struct outbox_result *result = &attempt->result;
    struct diag unreadable; /* then the news say less */
    attempt_read(attempt, &unreadable);
    attempt_log_result(attempt, scene, trace_what_word(whats[attempt->job.outcome.kind]));
    if (outcome->kind == OUTCOME_BOUNCED)
        suppress(attempt, scene->policy);
    if (!*attempt->customer)
        return;
    result->trace = make_trace(attempt, scene->now_ms);
    result->event = message_event_make(attempt, scene->rules, scene->sets);
}

/* ---- The ways in ---- */

/* A dead letter of a message that was not begun. */
static void give_up_unsent(struct attempt *attempt, enum trace_reason reason, const char *words,
                           const struct settlement_scene *scene)
{
    outcome_set(&attempt->job.outcome, OUTCOME_DEAD);
    outcome_words(&attempt->job.outcome, words, strlen(words));
    give_up(attempt, reason);
    add_news(attempt, scene);
}

void settlement_defer(struct attempt *attempt, const char *gateway, bool configured,
                      const struct settlement_scene *scene)
{
    int64_t left_ms = attempt->give_up_ms - scene->now_ms;
    begin_result(attempt);
    attempt->gateway = arena_text(attempt->arena, gateway);
    if (left_ms > 0) {
        attempt->result.verdict = OUTBOX_LATER;
        attempt->result.after_ms = left_ms < DEFER_MS ? left_ms : DEFER_MS;
        return;
    }
    give_up_unsent(attempt, configured ? TRACE_REASON_GAVE_UP : TRACE_REASON_NO_GATEWAY,
                   arena_printf(attempt->arena,
                                "it may have arrived through `%s`, and by no other gateway may it "
                                "be sent again; that one %s",
                                gateway,
                                configured ? "did not take part any more" : "is not configured"),
                   scene);
}

void settlement_give_up(struct attempt *attempt, const struct settlement_scene *scene)
{
    begin_result(attempt);
    give_up_unsent(attempt, TRACE_REASON_NOT_WHOLE, "what Redis had of it lacked fields", scene);
}

/* Its template is not here; another daemon may have it, or this one after a reload. It waits,
 * uncharged, while its time lasts. */
static bool wait_for_template(struct attempt *attempt, const struct settlement_scene *scene)
{
    const char *missing = trace_reason_word(TRACE_REASON_NO_TEMPLATE);
    int64_t left_ms = attempt->give_up_ms - RETRY_BEFORE_END_MS - scene->now_ms;
    if (!attempt->fault || strcmp(attempt->fault, missing) != 0 || left_ms <= 0)
        return false;
    attempt->result.verdict = OUTBOX_LACKING;
    attempt->result.after_ms = left_ms < DEFER_MS ? left_ms : DEFER_MS;
    attempt_log_waits(attempt, scene, missing);
    return true;
}

void settlement_sent_before(struct attempt *attempt, const char *gateway,
                            const struct settlement_scene *scene)
{
    static const char words[] = "it had gone, and Redis had lost that";
    begin_result(attempt);
    attempt->gateway = gateway;
    outcome_set(&attempt->job.outcome, OUTCOME_SENT);
    outcome_words(&attempt->job.outcome, words, sizeof words - 1);
    decide_result(attempt, scene);
    add_news(attempt, scene);
}

void settlement_pass(struct attempt *attempt, const struct settlement_scene *scene)
{
    struct diag unreadable;
    begin_result(attempt);
    attempt_read(attempt, &unreadable);
    attempt_log_result(attempt, scene, trace_what_word(whats[attempt->job.outcome.kind]));
    if (*attempt->customer)
        attempt->earlier = make_trace(attempt, scene->now_ms);
}

void settlement_release(struct attempt *attempt)
{
    begin_result(attempt);
    attempt->result.verdict = OUTBOX_RELEASE;
}

void settlement_forgive(struct attempt *attempt, const struct settlement_scene *scene)
{
    begin_result(attempt);
    outcome_blame(&attempt->job.outcome);
    wait_for_gateway(attempt, scene);
    if (*attempt->customer)
        attempt->result.trace = make_trace(attempt, scene->now_ms);
}

void settlement_put_off(struct attempt *attempt, const struct settlement_scene *scene)
{
    begin_result(attempt);
    wait_for_gateway(attempt, scene);
}

void settlement_make(struct attempt *attempt, const struct settlement_scene *scene)
{
    begin_result(attempt);
    if (wait_for_template(attempt, scene))
        return;
    decide_result(attempt, scene);
    add_news(attempt, scene);
}
