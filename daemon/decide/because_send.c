/*
 * because_refused, at the end, tells of each refusal what belongs to it: who has the places
 * (tell_places), what stands of the address (tell_no_address, tell_suppressed, tell_only), which
 * word or which value speaks against it (tell_consent).
 */
#include "decide/because_send.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/share.h"
#include "customer/said.h"
#include "decide/places.h"
#include "decide/starts.h"

/* ---- Places ---- */

static struct value taker_of(struct arena *arena, const struct customer_send *send)
{
    struct value taker = value_new_map(arena, 3);
    value_add(arena, taker, value_text("rule"), value_text(send->rule));
    if (send->mid[0])
        value_add(arena, taker, value_text("mid"), value_text(send->mid));
    value_add(arena, taker, value_text("at"), value_int(send->at_ms));
    return taker;
}

/* The newest of those who have them. */
static void tell_places(struct deciding *d, struct value item, const struct places *places)
{
    uint32_t first = places->count > BECAUSE_TOOK_MOST ? places->count - BECAUSE_TOOK_MOST : 0;
    struct value took = value_new_list(d->arena, BECAUSE_TOOK_MOST);
    for (uint32_t i = first; i < places->count; i++)
        value_push(d->arena, took, taker_of(d->arena, places->sends[i]));
    because_number(d, item, "most", places->rate.count);
    because_number(d, item, "per", places->rate.per_ms);
    trace_note(&d->trace, item, "took", took);
    if (first)
        because_number(d, item, "took_more", first);
    if (places->free_ms)
        because_number(d, item, "free", places->free_ms);
}

void because_limited(struct deciding *d, struct value item, const struct rule *rule,
                     const char *run)
{
    const struct places places = places_of_limit(rule, d->customer, run, d->now_ms, d->arena);
    tell_places(d, item, &places);
}

static void tell_cap(struct deciding *d, struct value item)
{
    const struct places places = places_of_cap(d->policy, d->customer, d->now_ms, d->arena);
    tell_places(d, item, &places);
}

/* ---- Addresses ---- */

static void tell_no_address(struct deciding *d, struct value item, const struct because_send *send)
{
    const struct rule_step *step = send->step;
    if (!step)
        return;
    if (step->to) {
        because_expression(d, item, "to", step->to, send->scene);
        return;
    }
    because_text(d, item, "field", step->field);
    because_field(d, item, step->field, send->scene->customer);
}

static const char *record_of(const struct policy_facts *facts, const char *hash)
{
    for (size_t i = 0; hash && facts->suppressions && facts->suppressed[i]; i++)
        if (strcmp(facts->suppressed[i], hash) == 0)
            return facts->suppressions[i];
    return NULL;
}

/* As it stands in P:suppressed; it may be anybody's text. */
static void tell_suppressed(struct deciding *d, struct value item,
                            const struct policy_address *address)
{
    const char *record = record_of(d->facts, address->hash);
    struct value read;
    struct diag diag;
    int64_t at_ms;
    if (!record)
        record = record_of(d->facts, address->old_hash);
    if (!record || !json_read(d->arena, record, strlen(record), &json_event_limits, &read, &diag))
        return;
    const char *reason = value_to_text(d->arena, value_get(&read, "reason"));
    if (reason)
        because_text(d, item, "reason", reason);
    if (value_to_int(value_get(&read, "at"), &at_ms))
        because_number(d, item, "since", at_ms);
}

static void tell_only(struct deciding *d, struct value item)
{
    if (d->policy->only)
        because_texts(d, item, "only", d->policy->only);
}

/* ---- Consent ---- */

/* The newest word on the topic, or on all; NULL: none was said. */
static const struct customer_said *word_on(const struct customer *customer, const char *topic)
{
    const struct customer_said *newest = NULL;
    for (uint32_t i = 0; i < customer->said.count; i++) {
        const struct customer_said *said = &customer->said.items[i];
        bool counts = strcmp(said->topic, topic) == 0 || strcmp(said->topic, said_all) == 0;
        if (counts && (!newest || said->at_ms > newest->at_ms ||
                       (said->at_ms == newest->at_ms && !said->yes)))
            newest = said;
    }
    return newest;
}

static void tell_word(struct deciding *d, struct value item, const struct customer_said *said)
{
    because_text(d, item, "on", said->topic);
    because_text(d, item, "said", said->yes ? "yes" : "no");
    because_number(d, item, "since", said->at_ms);
}

/* By a no that stands under the address, and in no word of the customer's own. */
static void tell_no_of_address(struct deciding *d, struct value item,
                               const struct because_send *send)
{
    because_text(d, item, "under", "address");
    for (size_t i = 0; d->facts->noes && d->facts->declined[i]; i++) {
        const char *no = d->facts->noes[i], *equals = strchr(no, '=');
        int64_t at_ms = strtoll(no, NULL, 10);
        const struct policy_facts one = {.declined =
                                             (const char *const[]){d->facts->declined[i], NULL}};
        if (!equals || !policy_is_declined(&one, send->address, send->rule->topic, d->arena))
            continue;
        because_text(d, item, "on", equals + 1);
        because_text(d, item, "said", "no");
        if (at_ms)
            because_number(d, item, "since", at_ms);
        return;
    }
}

/* What `policy.consent` is where nothing is said of it. */
static void tell_plain_consent(struct deciding *d, struct value item)
{
    because_text(d, item, "no", "customer.accepts_marketing == true");
    because_field(d, item, "accepts_marketing", d->customer);
}

static void tell_consent(struct deciding *d, struct value item, const struct because_send *send)
{
    const char *topic = send->rule->topic;
    bool opt_in = policy_is_opt_in(d->policy, topic);
    const struct customer_said *said = word_on(d->customer, topic);
    because_text(d, item, "topic", topic);
    if (opt_in)
        trace_note(&d->trace, item, "opt_in", value_bool(true));
    if (policy_is_declined(d->facts, send->address, topic, d->arena)) {
        tell_no_of_address(d, item, send);
    } else if (said && (opt_in || !said->yes)) {
        tell_word(d, item, said);
    } else if (opt_in) {
        return;
    } else if (d->policy->consent) {
        because_condition(d, item, d->policy->consent, send->scene, false);
    } else {
        tell_plain_consent(d, item);
    }
}

/* ---- All of them ---- */

void because_template(struct deciding *d, struct value item, const struct rule_step *step)
{
    if (step && step->template)
        because_text(d, item, "template", step->template);
}

void because_refused(struct deciding *d, struct value item, enum trace_why why,
                     const struct because_send *send)
{
    if (item.kind != VALUE_MAP)
        return;
    because_template(d, item, send->step);
    if (why == TRACE_WHY_NO_ADDRESS)
        tell_no_address(d, item, send);
    else if (why == TRACE_WHY_SUPPRESSED)
        tell_suppressed(d, item, send->address);
    else if (why == TRACE_WHY_LIMIT)
        because_limited(d, item, send->rule, send->run);
    else if (why == TRACE_WHY_ONLY)
        tell_only(d, item);
    else if (why == TRACE_WHY_NO_CONSENT)
        tell_consent(d, item, send);
    else if (why == TRACE_WHY_CAP)
        tell_cap(d, item);
}

void because_quiet(struct deciding *d, struct value item)
{
    const struct policy *policy = d->policy;
    if (d->trace.silent)
        return;
    because_text(d, item, "hours",
                 arena_printf(d->arena, "%02d:%02d-%02d:%02d", policy->quiet_from / 60,
                              policy->quiet_from % 60, policy->quiet_to / 60,
                              policy->quiet_to % 60));
    because_text(d, item, "zone", condition_zone(d->customer, policy->zone, d->arena));
}

void because_paused(struct deciding *d, struct value item, const char *rule)
{
    const struct policy_halt *halt = NULL;
    for (size_t i = 0; i < (d->facts ? d->facts->halt_count : 0); i++)
        if (strcmp(d->facts->halts[i].rule, rule) == 0)
            halt = &d->facts->halts[i];
    if (!halt || !halt->by || !halt->by[0])
        return;
    because_text(d, item, "by", halt->by);
    if (halt->at_ms)
        because_number(d, item, "since", halt->at_ms);
}

void because_held_out(struct deciding *d, struct value item, const struct rule *rule)
{
    because_share(d, item, "share", rule->holdout);
    because_share(d, item, "place",
                  share_place("holdout", rule->name, customer_first_key(d->customer)));
}
