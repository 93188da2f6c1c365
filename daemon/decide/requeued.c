/*
 * requeued_learn, read upwards: the event says what the message was (read_message); what speaks
 * against it by now (objection) is asked in the order in which a journey of its rule would have met
 * it: an end of the rule, a newer run, then the policy.
 */
#include "decide/requeued.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "customer/customer_starts.h"
#include "decide/carried.h"
#include "decide/ends.h"
#include "decide/per.h"
#include "decide/sending.h"
#include "decide/withdraw.h"

/* The message, as far as the event tells. */
struct requeued {
    const char *mid, *word; /* `word`: why it is sent after all */
    const char *topic;      /* NULL: nobody knows */
    const char *to;         /* likewise */
    bool marketing;
    int64_t decided_ms, died_ms, give_up_ms;
    struct customer_journey journey; /* of which it was */
};

/* ---- What the event tells ---- */

static const char *text_of(const struct deciding *d, const struct value *map, const char *name)
{
    return value_to_text(d->arena, value_get(map, name));
}

static int64_t number_of(const struct value *map, const char *name)
{
    int64_t number = 0;
    value_to_int(value_get(map, name), &number);
    return number;
}

/* When the event that began it all happened: by this later ones are compared. A journey's clock is
 * never ahead of its decision. */
static int64_t started_at(const struct value *start, int64_t decided_ms)
{
    const struct value *time = value_get(start, "time");
    int64_t at_ms;
    if (value_is(time, VALUE_STRING) && clock_parse(time->string, time->length, &at_ms) &&
        at_ms < decided_ms)
        return at_ms;
    return decided_ms;
}

/* What named the journey. An event with an id names it again; else the body has it, or, of a former
 * program, nobody: then the message is a run of its own. */
static const char *origin_of(const struct deciding *d, const struct value *body, const char *mid)
{
    const char *kept = text_of(d, body, "origin");
    const struct value *start = value_get(body, "event");
    const char *id = text_of(d, start, "id"), *source = text_of(d, start, "source");
    char origin[SHOP_EVENT_NAME_SIZE];
    if (kept || !id || !*id)
        return kept ? kept : mid;
    shop_event_name(source ? source : "", id, origin);
    return arena_text(d->arena, origin);
}

/* The start without what only a template needs; what is not known is empty. Behind a wait that met
 * its event, the body has that one, and of the start the data. */
static struct value start_of(const struct deciding *d, const struct value *body)
{
    const struct value *event = value_get(body, "event"), *data = value_get(body, "start");
    bool met = value_get(body, "started");
    if (value_is(event, VALUE_MAP) && !met)
        return *event;
    if (!data)
        data = value_get(event, "data");
    struct value start = value_new_map(d->arena, 1);
    value_add(d->arena, start, value_text("data"), data ? *data : value_new_map(d->arena, 0));
    return start;
}

static struct value body_of(const struct deciding *d, const struct value *message)
{
    const struct value *text = value_get(message, "body");
    struct value body = value_null();
    struct diag unreadable;
    if (value_is(text, VALUE_STRING))
        json_read(d->arena, text->string, text->length, &json_file_limits, &body, &unreadable);
    return body;
}

/* False where the event is none of this kind. */
static bool read_message(const struct deciding *d, struct requeued *requeued)
{
    const struct shop_event *event = d->event;
    if (!event->internal || strcmp(event->type, "message.requeued") != 0)
        return false;
    const struct value *message = value_get(&event->data, "message");
    const char *mid = text_of(d, message, "id"), *rule = text_of(d, message, "rule");
    const char *class = text_of(d, message, "class"), *word = text_of(d, message, "reason");
    if (!mid || !rule)
        return false;
    const struct value body = body_of(d, message);
    *requeued = (struct requeued){
        .mid = mid,
        .word = word ? word : "",
        .topic = text_of(d, message, "topic"),
        .to = text_of(d, &body, "to"),
        .marketing = !class || strcmp(class, rule_class_word(RULE_MARKETING)) == 0,
        .decided_ms = number_of(message, "decided"),
        .died_ms = number_of(message, "died"),
        .give_up_ms = number_of(message, "give_up"),
        .journey = {.rule = rule,
                    .origin = origin_of(d, &body, mid),
                    .per = text_of(d, &body, "per"),
                    .start = start_of(d, &body)},
    };
    requeued->journey.started_ms = value_get(&body, "started")
                                       ? number_of(&body, "started")
                                       : started_at(&requeued->journey.start, requeued->decided_ms);
    return true;
}

/* Its rule; in the place of one that is not here what the message itself knows. */
static const struct rule *rule_of(struct deciding *d, struct requeued *requeued)
{
    static const char *const none[] = {NULL};
    const struct rule *found = ruleset_find(d->rules, requeued->journey.rule);
    if (!requeued->topic && found)
        requeued->topic = found->topic;
    if (found)
        return found;
    struct rule *rule = arena_zero(d->arena, sizeof *rule);
    *rule = (struct rule){
        .name = requeued->journey.rule,
        .class = requeued->marketing ? RULE_MARKETING : RULE_TRANSACTIONAL,
        .topic = requeued->topic ? requeued->topic : said_all,
        .on = none,
        .until = none,
        .until_plain = none,
    };
    return rule;
}

/* ---- What speaks against it ---- */

/* Whether an end may have been forgotten by now: they are remembered for so long. */
static bool may_be_forgotten(const struct deciding *d, const struct rule *rule,
                             const struct requeued *requeued)
{
    bool remembered = rule->until_condition || rule->again == RULE_RESTART;
    return remembered && d->now_ms - requeued->died_ms > rule->max_age_ms;
}

/* Of a rule that restarts: whether it has begun anew since. */
static bool has_newer_run(struct deciding *d, const struct rule *rule,
                          const struct requeued *requeued)
{
    const struct customer *customer = d->customer;
    const struct customer_journey *mine = &requeued->journey;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        if (strcmp(journey->rule, mine->rule) == 0 && journey->started_ms > mine->started_ms &&
            per_is(d, rule, journey->per, journey->origin, mine->per))
            return true;
    }
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        if (strcmp(send->rule, mine->rule) == 0 && strcmp(send->run, mine->origin) != 0 &&
            send->at_ms > requeued->decided_ms && per_is(d, rule, send->per, send->run, mine->per))
            return true;
    }
    return false;
}

static bool is_declined(const struct customer *customer, const struct requeued *requeued)
{
    if (!requeued->marketing)
        return false;
    return requeued->topic ? said_declined(customer, requeued->topic) : said_any_no(customer);
}

/* Whether anything has ended the run of a rule that is not here. */
static bool has_ended(const struct customer *customer, const struct requeued *requeued)
{
    for (uint32_t i = 0; i < customer->ends.count; i++)
        if (strcmp(customer->ends.items[i].rule, requeued->journey.rule) == 0 &&
            customer->ends.items[i].at_ms > requeued->journey.started_ms)
            return true;
    return false;
}

static enum trace_why ended_by(struct deciding *d, const struct rule *rule,
                               const struct requeued *requeued)
{
    const struct customer_journey *journey = &requeued->journey;
    if (ruleset_find(d->rules, rule->name) != rule)
        return has_ended(d->customer, requeued) ? TRACE_WHY_UNTIL : TRACE_WHY_NONE;
    struct ends_past past = {0};
    enum trace_why over =
        ends_over(d, rule, journey->per, &journey->start, journey->started_ms, &past);
    if (over)
        return over;
    if (may_be_forgotten(d, rule, requeued))
        return TRACE_WHY_MAX_AGE;
    return rule->again == RULE_RESTART && has_newer_run(d, rule, requeued) ? TRACE_WHY_RESTART
                                                                           : TRACE_WHY_NONE;
}

static enum trace_why objection(struct deciding *d, const struct rule *rule,
                                const struct requeued *requeued)
{
    if (is_declined(d->customer, requeued))
        return TRACE_WHY_UNSUBSCRIBED;
    enum trace_why ended = ended_by(d, rule, requeued);
    return ended ? ended : sending_refusal(d, rule, &requeued->journey, requeued->to);
}

/* Where a sender has it already it counts: somebody may get it yet. */
static void take_back(struct deciding *d, const struct rule *rule, const struct requeued *requeued,
                      enum trace_why why)
{
    const bool marketing = rule->class == RULE_MARKETING;
    const struct customer_open open = {.mid = requeued->mid,
                                       .rule = rule->name,
                                       .origin = requeued->journey.origin,
                                       .topic = rule->topic,
                                       .per = requeued->journey.per,
                                       .started_ms = requeued->journey.started_ms,
                                       .give_up_ms = requeued->give_up_ms,
                                       .marketing = marketing};
    customer_add_send(d->arena, d->customer, &open,
                      policy_counts_until(d->policy, rule, marketing, d->now_ms), d->now_ms);
    customer_add_open(d->arena, d->customer, &open);
    withdraw_message(d, d->customer->open.count - 1, why);
}

/* It may begin from now on; marketing waits for the end of the customer's quiet hours, as any send
 * does. */
static void let_begin(struct deciding *d, const struct rule *rule, const char *mid)
{
    int64_t quiet_until = rule->class == RULE_MARKETING
                              ? policy_quiet_until(d->policy, d->customer, d->now_ms, d->arena)
                              : 0;
    decision_postpone(d->decision, d->arena, mid, quiet_until);
    if (quiet_until)
        trace_add_time(&d->trace, rule->name, TRACE_QUIET_HOURS, quiet_until);
}

/* What becomes of it from now on is news, also where that became of it before. */
static void forget_outcomes(struct deciding *d, const char *mid)
{
    static const char *const outcomes[] = {"failed", "bounced"};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        char identity[SHOP_EVENT_NAME_SIZE];
        shop_event_name("nudged", arena_printf(d->arena, "%s.%s", mid, outcomes[i]), identity);
        customer_forget_seen(d->customer, identity);
    }
}

/* ---- The ways in ---- */

bool requeued_is_past(struct deciding *d)
{
    struct requeued requeued;
    if (!read_message(d, &requeued) || !d->words.erased_ms ||
        requeued.decided_ms > d->words.erased_ms)
        return false;
    enum customer_place place = policy_place(d->facts, requeued.mid, CUSTOMER_PLACE_WAITS);
    if (place != CUSTOMER_PLACE_GONE)
        decision_withdraw(d->decision, d->arena, requeued.mid, place, TRACE_WHY_ERASURE);
    return true;
}

void requeued_learn(struct deciding *d)
{
    struct requeued requeued;
    if (!read_message(d, &requeued))
        return;
    struct customer *customer = d->customer;
    const struct rule *rule = rule_of(d, &requeued);
    requeued.journey.until = carried_until(rule);
    requeued.journey.reads = carried_reads(d, rule, &requeued.journey.start);
    if (!requeued.journey.per)
        requeued.journey.per = per_of_start(d, rule, &requeued.journey.start);
    customer_drop_send(customer, requeued.mid); /* where it is not known yet that it had failed */
    forget_outcomes(d, requeued.mid);
    enum trace_why why = objection(d, rule, &requeued);
    trace_add_requeued(&d->trace, rule->name, requeued.word, requeued.mid);
    customer_starts_add(d->arena, customer, requeued.journey.origin, &requeued.journey.start);
    d->effect = true;
    if (why) {
        take_back(d, rule, &requeued, why);
        return;
    }
    sending_count(d, rule, &requeued.journey, requeued.mid, requeued.give_up_ms);
    let_begin(d, rule, requeued.mid);
}
