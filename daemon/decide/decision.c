#include "decide/decision.h"

#include <string.h>

void decision_add_message(struct decision *decision, struct arena *arena,
                          const struct decision_message *message)
{
    decision->messages = arena_grow(arena, decision->messages, decision->message_count,
                                    &decision->message_capacity, sizeof *decision->messages);
    decision->messages[decision->message_count++] = *message;
}

bool decision_take_back(struct decision *decision, const char *mid)
{
    for (uint32_t i = 0; i < decision->message_count; i++) {
        if (strcmp(decision->messages[i].mid, mid) != 0)
            continue;
        memmove(&decision->messages[i], &decision->messages[i + 1],
                sizeof *decision->messages * (--decision->message_count - i));
        return true;
    }
    return false;
}

void decision_withdraw(struct decision *decision, struct arena *arena, const char *mid,
                       enum customer_place place, enum trace_why why)
{
    decision->withdrawn = arena_grow(arena, decision->withdrawn, decision->withdrawn_count,
                                     &decision->withdrawn_capacity, sizeof *decision->withdrawn);
    decision->withdrawn[decision->withdrawn_count++] =
        (struct decision_withdrawal){.mid = mid, .place = place, .why = why};
}

void decision_postpone(struct decision *decision, struct arena *arena, const char *mid,
                       int64_t at_ms)
{
    decision->postponed = arena_grow(arena, decision->postponed, decision->postponed_count,
                                     &decision->postponed_capacity, sizeof *decision->postponed);
    decision->postponed[decision->postponed_count++] =
        (struct decision_postponed){.mid = mid, .at_ms = at_ms};
}

bool decision_lift(struct decision *decision, const char *mid)
{
    for (uint32_t i = 0; i < decision->withdrawn_count; i++) {
        enum customer_place place = decision->withdrawn[i].place;
        if ((place != CUSTOMER_PLACE_HAND && place != CUSTOMER_PLACE_UNCERTAIN) ||
            strcmp(decision->withdrawn[i].mid, mid) != 0)
            continue;
        decision->withdrawn[i] = decision->withdrawn[--decision->withdrawn_count];
        return true;
    }
    return false;
}

void decision_add_watch(struct decision *decision, struct arena *arena,
                        const struct decision_watch *watch)
{
    decision->watches = arena_grow(arena, decision->watches, decision->watch_count,
                                   &decision->watch_capacity, sizeof *decision->watches);
    decision->watches[decision->watch_count++] = *watch;
}

void decision_add_said(struct decision *decision, struct arena *arena,
                       const struct decision_said *said)
{
    decision->said = arena_grow(arena, decision->said, decision->said_count,
                                &decision->said_capacity, sizeof *decision->said);
    decision->said[decision->said_count++] = *said;
}

void decision_add_erased(struct decision *decision, struct arena *arena, const char *key)
{
    decision->erased = arena_grow(arena, decision->erased, decision->erased_count,
                                  &decision->erased_capacity, sizeof *decision->erased);
    decision->erased[decision->erased_count++] = key;
}

static void add_dead(struct decision *decision, struct arena *arena,
                     const struct decision_dead *dead)
{
    decision->dead = arena_grow(arena, decision->dead, decision->dead_count,
                                &decision->dead_capacity, sizeof *decision->dead);
    decision->dead[decision->dead_count++] = *dead;
}

void decision_add_dead(struct decision *decision, struct arena *arena,
                       const struct customer *customer, const struct customer_journey *journey,
                       const char *step, enum trace_reason reason, const char *detail)
{
    struct value body = value_new_map(arena, 4);
    value_add(arena, body, value_text("rule"), value_text(journey->rule));
    value_add(arena, body, value_text("customer"), value_text(customer->key));
    value_add(arena, body, value_text("step"), value_text(step));
    value_add(arena, body, value_text("start"), journey->start);
    add_dead(decision, arena,
             &(struct decision_dead){
                 .kind = "journey", .reason = reason, .detail = detail, .body = body});
}

void decision_add_unsaid(struct decision *decision, struct arena *arena,
                         const struct customer *customer, struct value said,
                         enum trace_reason reason, const char *detail)
{
    struct value body = value_new_map(arena, 2);
    value_add(arena, body, value_text("customer"), value_text(customer->key));
    value_add(arena, body, value_text("said"), said);
    add_dead(decision, arena,
             &(struct decision_dead){
                 .kind = "customer", .reason = reason, .detail = detail, .body = body});
}

void decision_add_unmade(struct decision *decision, struct arena *arena, struct value event,
                         const char *key, enum trace_reason reason, const char *detail)
{
    add_dead(decision, arena,
             &(struct decision_dead){
                 .kind = "event", .own = key, .reason = reason, .detail = detail, .body = event});
}

void decision_add_emit(struct decision *decision, struct arena *arena, const char *key,
                       struct value event)
{
    decision->emits = arena_grow(arena, decision->emits, decision->emit_count,
                                 &decision->emit_capacity, sizeof *decision->emits);
    decision->emits[decision->emit_count++] = (struct decision_emit){.key = key, .event = event};
}

void decision_assume_known(struct decision *decision, struct arena *arena, const char *key)
{
    decision_add_emit(decision, arena, key, value_null());
}

void decision_need(struct decision *decision, struct arena *arena, const char *origin)
{
    for (uint32_t i = 0; i < decision->need_count; i++)
        if (strcmp(decision->needs[i], origin) == 0)
            return;
    decision->needs = arena_grow(arena, decision->needs, decision->need_count,
                                 &decision->need_capacity, sizeof *decision->needs);
    decision->needs[decision->need_count++] = origin;
}

void decision_add_trace(struct decision *decision, struct arena *arena, struct value line)
{
    decision->trace = arena_grow(arena, decision->trace, decision->trace_count,
                                 &decision->trace_capacity, sizeof *decision->trace);
    decision->trace[decision->trace_count++] = line;
}

void decision_add_started(struct decision *decision, struct arena *arena, const char *rule)
{
    decision->started = arena_grow(arena, decision->started, decision->started_count,
                                   &decision->started_capacity, sizeof *decision->started);
    decision->started[decision->started_count++] = rule;
}
