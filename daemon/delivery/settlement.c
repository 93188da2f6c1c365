#include "delivery/settlement.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "decide/trace.h"
#include "send/retry.h"

enum { POSTPONE_MS = 10000, FAULT_WAIT_MS = 5000, TEXT_MOST = 16 * 1024 };

static const char *print(struct arena *arena, const struct value *value)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    json_print(&text, value);
    const char *printed = arena_copy(arena, buf_string(&text), text.length);
    buf_free(&text);
    return printed;
}

static void put(struct arena *arena, struct value map, const char *name, const char *text)
{
    if (text && *text)
        value_add(arena, map, value_text(name), value_text(text));
}

static const char *body_text(const struct flight *flight, const struct value *body,
                             const char *name)
{
    const char *text = value_to_text(flight->arena, value_get(body, name));
    return text ? text : "";
}

/* What the customer's trace says of an outcome. */
static const enum trace_what whats[OUTCOME_KINDS] = {
    [OUTCOME_SENT] = TRACE_SENT,
    [OUTCOME_RETRY] = TRACE_RETRY,
    [OUTCOME_UNCERTAIN] = TRACE_UNCERTAIN,
    [OUTCOME_BOUNCED] = TRACE_BOUNCED,
    [OUTCOME_DEAD] = TRACE_DEAD,
    [OUTCOME_GATEWAY_FAULT] = TRACE_GATEWAY_FAULT,
    [OUTCOME_CUT] = TRACE_CUT,
};

/* A line of the customer's trace. */
static const char *make_trace(const struct flight *flight, const struct outcome *outcome,
                              const struct value *body, int64_t now_ms)
{
    struct arena *arena = flight->arena;
    struct value item = value_new_map(arena, 6);
    put(arena, item, "rule", body_text(flight, body, "rule"));
    put(arena, item, "what", trace_what_word(whats[outcome->kind]));
    put(arena, item, "why", outcome->text);
    put(arena, item, "gateway", flight->gateway);
    put(arena, item, "mid", flight->mid);
    const struct value line = trace_of(arena, now_ms, item);
    return print(arena, &line);
}

/* An event that tells deciding of the result, so that caps and rules can mind it. */
static const char *make_event(const struct flight *flight, const char *type,
                              const struct outcome *outcome, const struct value *body)
{
    struct arena *arena = flight->arena;
    struct value event = value_new_map(arena, 6), message = value_new_map(arena, 6);
    struct value customer = value_new_map(arena, 1);
    const char *result = strrchr(type, '.') + 1;
    int64_t hops = 0;
    value_to_int(value_get(body, "hops"), &hops);
    put(arena, customer, "key", flight->customer);
    put(arena, message, "id", flight->mid);
    put(arena, message, "rule", body_text(flight, body, "rule"));
    put(arena, message, "template", body_text(flight, body, "template"));
    put(arena, message, "channel", flight->channel);
    put(arena, message, "reason", outcome->text);
    put(arena, event, "type", type);
    put(arena, event, "source", "nudged");
    put(arena, event, "id", arena_printf(arena, "%s.%s", flight->mid, result));
    value_add(arena, event, value_text("hops"), value_int(hops + 1));
    value_add(arena, event, value_text("customer"), customer);
    value_add(arena, event, value_text("message"), message);
    return print(arena, &event);
}

/* The event that goes with an outcome; NULL where nobody asks for it. A failure is always
 * told: it gives the cap its place back. */
static const char *event_type(const struct outcome *outcome, enum outbox_outcome settled,
                              const struct ruleset *rules)
{
    if (outcome->kind == OUTCOME_SENT)
        return ruleset_counts(rules, "message.sent") ? "message.sent" : NULL;
    if (outcome->kind == OUTCOME_BOUNCED)
        return "message.bounced";
    return settled == OUTBOX_DEAD ? "message.failed" : NULL;
}

static void give_up(struct outbox_result *result, enum trace_reason reason, const char *detail)
{
    result->outcome = OUTBOX_DEAD;
    result->reason = trace_reason_word(reason);
    result->detail = detail;
}

/* Again later, as an attempt that counts; or a dead letter, when its time is over. */
static void try_again(struct flight *flight, const struct outcome *outcome,
                      const struct settlement_scene *scene, enum outbox_outcome how,
                      const char *detail)
{
    struct outbox_result *result = &flight->result;
    result->outcome = how;
    result->charge = true;
    int64_t at_ms;
    if (retry_next((uint32_t)flight->attempts + 1, outcome->retry_after_ms, scene->now_ms,
                   flight->give_up_ms, scene->random, &at_ms))
        result->after_ms = at_ms - scene->now_ms;
    else
        give_up(result, TRACE_REASON_GAVE_UP, detail);
}

/* The gateway's own fault charges nobody; the message waits for a gateway. */
static void wait_for_gateway(struct flight *flight, const struct settlement_scene *scene,
                             const char *detail)
{
    struct outbox_result *result = &flight->result;
    int64_t wait_ms =
        scene->breaker_wait_ms > FAULT_WAIT_MS ? scene->breaker_wait_ms : FAULT_WAIT_MS;
    result->outcome = OUTBOX_LATER;
    result->after_ms = wait_ms;
    if (scene->now_ms + wait_ms > flight->give_up_ms)
        give_up(result, TRACE_REASON_GAVE_UP, detail);
}

static void decide_result(struct flight *flight, const struct outcome *outcome,
                          const struct settlement_scene *scene, const char *detail)
{
    struct outbox_result *result = &flight->result;
    switch (outcome->kind) {
    case OUTCOME_SENT:
        result->outcome = OUTBOX_DONE;
        return;
    case OUTCOME_RETRY:
        try_again(flight, outcome, scene, OUTBOX_LATER, detail);
        return;
    case OUTCOME_UNCERTAIN:
        if (flight->hold)
            result->outcome = OUTBOX_HOLD;
        else
            try_again(flight, outcome, scene, OUTBOX_RESEND, detail);
        return;
    case OUTCOME_BOUNCED:
        give_up(result, TRACE_REASON_BOUNCED, detail);
        return;
    case OUTCOME_GATEWAY_FAULT:
        wait_for_gateway(flight, scene, detail);
        return;
    case OUTCOME_CUT:
        result->outcome = OUTBOX_RELEASE;
        return;
    case OUTCOME_DEAD:
    case OUTCOME_KINDS:
        give_up(result, TRACE_REASON_REFUSED, detail);
        return;
    }
}

static void begin_result(struct flight *flight)
{
    flight->result = (struct outbox_result){.entry = flight->entry,
                                            .mid = flight->mid,
                                            .channel = flight->channel,
                                            .class_ = flight->class_};
}

static struct value read_body(const struct flight *flight)
{
    struct value body;
    struct diag diag;
    return json_read(flight->arena, flight->body, flight->body_length, &json_file_limits, &body,
                     &diag)
               ? body
               : value_null();
}

/* What goes with a result: the log's line, the customer's trace, the event for deciding. */
static void tell(struct flight *flight, const struct outcome *outcome, const struct value *body,
                 const struct settlement_scene *scene)
{
    struct outbox_result *result = &flight->result;
    if (result->outcome == OUTBOX_DEAD)
        log_warning("a message became a dead letter mid=%s reason=%s gateway=%s code=%d "
                    "enhanced=%s",
                    flight->mid, result->reason, flight->gateway ? flight->gateway : "-",
                    outcome->code, *outcome->enhanced ? outcome->enhanced : "-");
    if (!*flight->customer)
        return;
    result->trace = make_trace(flight, outcome, body, scene->now_ms);
    const char *type = event_type(outcome, result->outcome, scene->rules);
    if (type)
        result->event = make_event(flight, type, outcome, body);
}

/* A dead letter of a message that was not begun. */
static void give_up_unsent(struct flight *flight, enum trace_reason reason, const char *words,
                           const struct settlement_scene *scene)
{
    const struct value body = read_body(flight);
    struct outcome outcome;
    outcome_set(&outcome, OUTCOME_DEAD);
    outcome_words(&outcome, words, strlen(words));
    give_up(&flight->result, reason, arena_text(flight->arena, outcome.text));
    tell(flight, &outcome, &body, scene);
}

void settlement_postpone(struct flight *flight, const char *gateway, bool configured,
                         const struct settlement_scene *scene)
{
    int64_t left_ms = flight->give_up_ms - scene->now_ms;
    begin_result(flight);
    flight->gateway = arena_text(flight->arena, gateway);
    if (left_ms > 0) {
        flight->result.outcome = OUTBOX_LATER;
        flight->result.after_ms = left_ms < POSTPONE_MS ? left_ms : POSTPONE_MS;
        return;
    }
    give_up_unsent(flight, configured ? TRACE_REASON_GAVE_UP : TRACE_REASON_NO_GATEWAY,
                   arena_printf(flight->arena,
                                "it may have arrived through `%s`, and by no other gateway may it "
                                "be sent again; that one %s",
                                gateway,
                                configured ? "did not take part any more" : "is not configured"),
                   scene);
}

void settlement_bury(struct flight *flight, const struct settlement_scene *scene)
{
    begin_result(flight);
    give_up_unsent(flight, TRACE_REASON_NOT_WHOLE, "what Redis had of it lacked fields", scene);
}

void settlement_make(struct flight *flight, const struct outcome *outcome,
                     const struct settlement_scene *scene)
{
    struct arena *arena = flight->arena;
    const struct value body = read_body(flight);
    struct outbox_result *result = &flight->result;
    begin_result(flight);
    decide_result(flight, outcome, scene, arena_text(arena, outcome->text));
    tell(flight, outcome, &body, scene);
    const char *address = value_to_text(arena, value_get(&body, "to"));
    if (outcome->kind == OUTCOME_BOUNCED && address) {
        char *hash = arena_alloc(arena, POLICY_HASH_SIZE);
        policy_address_hash(scene->policy, address, hash);
        result->suppress = hash;
        result->suppress_reason = trace_reason_word(TRACE_REASON_BOUNCED);
    }
}
