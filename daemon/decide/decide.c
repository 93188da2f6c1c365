/*
 * What an event means to a customer, and what a deadline means. Read it from decide() at the end
 * upwards:
 *
 *   decide ─┬─ joining_join      what is known under other keys (decide/joining)
 *           ├─ consider_event    one event of the customer; twice is once (consider_again)
 *           │  consider_new      and what comes of one that is new:
 *           │    learn             what it tells: profile, counts, opt-outs, messages that were
 *           │                      lost, or go out once more (decide/requeued)
 *           │    fields_compute    what it makes of computed fields (decide/fields)
 *           │    ends_until        whose `until` it is: what runs ends, what waits is withdrawn
 *           │    meeting_ask       which journeys wait for it (decide/meeting); they go on last
 *           │    start_journeys    whose `on` it is: all `if`s first, then each match acts
 *           │      ends_no_longer    again: restart, and `if` is false: likewise
 *           │      try_rule          enabled, young enough, not over already; then what it does
 *           │                        to what runs (decide/again)
 *           ├─ consider_ticks    clocks: what is due by then, then the `if`s of all that
 *           │                      have the same moment, likewise
 *           ├─ consider_emitted  what rules made of it, likewise (decide/emitting)
 *           └─ resume_due        journeys whose time has come, in the order of deadlines
 *
 *   Each of them lets journeys move on until they wait or end (decide/moving, which is to be read
 *   next), and at last has all that they want to send granted or refused at once (decide/sending).
 *
 * What is decided is kept in the customer's document (customer/customer), in the decision
 * (decide/decision), and in the trace (decide/trace).
 */
#include "decide/decide.h"

#include <string.h>

#include "customer/customer_order.h"
#include "customer/customer_profile.h"
#include "customer/customer_size.h"
#include "customer/customer_starts.h"
#include "customer/watch.h"
#include "decide/again.h"
#include "decide/ahead.h"
#include "decide/because_send.h"
#include "decide/deciding.h"
#include "decide/emitting.h"
#include "decide/ends.h"
#include "decide/fields.h"
#include "decide/halting.h"
#include "decide/joining.h"
#include "decide/journey.h"
#include "decide/meeting.h"
#include "decide/moving.h"
#include "decide/per.h"
#include "decide/requeued.h"
#include "decide/schedule.h"
#include "decide/sending.h"
#include "decide/starts.h"
#include "decide/tick_event.h"
#include "decide/unchanged.h"
#include "decide/unmatched.h"
#include "decide/withdraw.h"
#include "decide/words.h"
#include "rules/rule_index.h"

enum {
    MINUTE_MS = 60 * 1000,
    TICK_SEEN_MS = 3 * 24 * 60 * MINUTE_MS, /* the same date begins in all zones within 26 hours */
    SMALL_MOST = 256, /* bytes of a text that is kept of a profile that is too large */
};

/* ---- What an event tells of the customer ---- */

/* Delivery tells that a message never arrived: its place under the caps is free. Not where an
 * attempt before may have arrived, nor where the message went out again since, as another daemon
 * decided that before this. */
static void learn_delivery(struct deciding *d)
{
    const struct shop_event *event = d->event;
    if (!event->internal || (strcmp(event->type, "message.failed") != 0 &&
                             strcmp(event->type, "message.bounced") != 0 &&
                             strcmp(event->type, "message.withdrawn") != 0))
        return;
    const struct value *maybe = value_path(&event->data, "message.may_have_arrived");
    if (value_is(maybe, VALUE_BOOL) && maybe->boolean)
        return;
    const char *mid = value_to_text(d->arena, value_path(&event->data, "message.id"));
    const struct customer_send *send = mid ? customer_find_send(d->customer, mid) : NULL;
    if (mid && (!send || send->at_ms <= event->arrival_ms))
        customer_drop_send(d->customer, mid);
}

/* What is said in a few bytes: an address, a yes or a no. */
static struct value small_part(struct arena *arena, const struct value *said)
{
    struct value part = value_new_map(arena, value_count(said));
    for (uint32_t i = 0; i < value_count(said); i++) {
        const struct value_member *member = &said->map->members[i];
        bool whole = member->value.kind != VALUE_MAP && member->value.kind != VALUE_LIST;
        if (whole && (member->value.kind != VALUE_STRING || member->value.length <= SMALL_MOST))
            value_add(arena, part, member->key, member->value);
    }
    return part;
}

/* A profile that would be too large keeps what it has; but a no is never lost by that. */
static void learn_profile(struct deciding *d)
{
    const struct shop_event *event = d->event;
    if (customer_size_merge(d->arena, d->customer, &event->customer, event->time_ms))
        return;
    const struct value part = small_part(d->arena, &event->customer);
    bool some =
        value_count(&part) && customer_size_merge(d->arena, d->customer, &part, event->time_ms);
    trace_add(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_PROFILE_TOO_LARGE);
    decision_add_unsaid(d->decision, d->arena, d->customer, event->customer,
                        TRACE_REASON_PROFILE_TOO_LARGE,
                        some ? "only what is said in a few bytes was kept" : "none of it was kept");
}

/* What the customer watches is kept beside the document: by product (store/commit.lua). */
static void add_watch(struct deciding *d, const char *product, bool added, int64_t at_ms)
{
    decision_add_watch(d->decision, d->arena, &(struct decision_watch){product, added, at_ms});
    trace_add_text(&d->trace, NULL, added ? TRACE_WATCHES : TRACE_WATCHES_NO_MORE, product);
}

/* As nudgectl exported them. */
static void learn_imported(struct deciding *d)
{
    const struct value *watches = value_get(&d->event->data, "watches");
    for (uint32_t i = 0; value_is(watches, VALUE_LIST) && i < value_count(watches); i++) {
        const struct value *row = &watches->list->items[i];
        const struct value *added = value_get(row, "watches");
        const char *product = value_to_text(d->arena, value_get(row, "product"));
        int64_t at_ms;
        if (product && *product && strlen(product) <= WATCH_PRODUCT_MOST &&
            value_is(added, VALUE_BOOL) && value_to_int(value_get(row, "at"), &at_ms) && at_ms > 0)
            add_watch(d, product, added->boolean, at_ms);
    }
}

/* The event came to them as they watch the product. */
static void tell_told(struct deciding *d)
{
    const char *told = value_to_text(d->arena, value_path(&d->event->data, "watch.product"));
    if (told)
        trace_add_text(&d->trace, NULL, TRACE_TOLD_OF, told);
}

static void learn_watch(struct deciding *d)
{
    const struct shop_event *event = d->event;
    enum watch_word word = watch_word_of(event->type);
    const char *product = word ? watch_product(d->arena, &event->data) : NULL;
    if (event->internal)
        tell_told(d);
    if (product)
        add_watch(d, product, word == WATCH_ADDED, event->time_ms);
    if (strcmp(event->type, "customer.imported") == 0 && strcmp(event->entry, "0-0") == 0)
        learn_imported(d); /* by nudgectl: it is of no entry */
}

/* What the event tells of the customer. */
static void learn(struct deciding *d)
{
    const struct shop_event *event = d->event;
    if (event->customer.kind == VALUE_MAP)
        learn_profile(d);
    if (d->type->counted)
        customer_add_count(d->arena, d->customer, event->type, event->time_ms);
    words_learn(d);
    learn_watch(d);
    learn_delivery(d);
    requeued_learn(d);
}

/* ---- What an event starts ---- */

/* A rule that matches and starts nothing. */
static void tell_passed_over(struct deciding *d, const struct rule *rule, enum trace_why why,
                             const struct ends_past *past)
{
    const struct value item = trace_add(&d->trace, rule->name, TRACE_PASSED_OVER, why);
    if (why == TRACE_WHY_PAUSED)
        because_paused(d, item, rule->name);
    if (why == TRACE_WHY_MAX_AGE)
        because_number(d, item, "most", rule->max_age_ms);
    because_past(d, item, past);
}

static void try_rule(struct deciding *d, const struct rule *rule, const char *per)
{
    const struct shop_event *event = d->event;
    struct ends_past past = {0};
    enum trace_why why = TRACE_WHY_NONE;
    if (!rule->enabled)
        why = TRACE_WHY_DISABLED;
    else if (halting_is(d, rule->name, NULL))
        why = TRACE_WHY_PAUSED;
    else if (d->now_ms - event->time_ms > rule->max_age_ms)
        why = TRACE_WHY_MAX_AGE;
    else
        why = ends_over(d, rule, per, &event->document, event->time_ms, &past);
    if (why)
        tell_passed_over(d, rule, why, &past);
    else if (again_makes_way(d, rule, per))
        moving_start(d, rule, per);
}

/* What a rule that matches has one journey for. */
struct match {
    const struct rule *rule;
    const char *per, *fault; /* `fault`: there is nothing to have one for */
};

static struct match match(const struct rule *rule, const struct condition_view *view,
                          struct arena *arena)
{
    struct match match = {.rule = rule};
    per_ask(rule, view, arena, &match.per, &match.fault);
    return match;
}

static void act(struct deciding *d, const struct match *matches, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (matches[i].fault)
            trace_add_fault(&d->trace, matches[i].rule->name, TRACE_PASSED_OVER, TRACE_WHY_PER,
                            matches[i].fault);
        else
            try_rule(d, matches[i].rule, matches[i].per);
    }
}

/* All conditions are asked before any rule acts: none sees what another one did. */
static void start_journeys(struct deciding *d)
{
    const struct rule_index *index = d->type->index;
    struct condition_scene scene = deciding_scene(d, NULL);
    struct condition_view view;
    struct rule_falses falses, *told = d->trace.silent ? NULL : &falses;
    uint32_t count = 0;
    if (!index)
        return;
    condition_view_open(&view, &scene, d->arena);
    const struct rule_answers *answers = rule_index_ask(index, &view, d->arena, told);
    unmatched_tell(d, &view, answers, told);
    struct match *matches = arena_alloc(d->arena, sizeof *matches * (answers->count + 1));
    ahead_of_matches(d, answers);
    for (uint32_t i = 0; i < answers->count; i++)
        if (answers->items[i].answer == CONDITION_TRUE)
            matches[count++] = match(answers->items[i].rule, &view, d->arena);
    ends_no_longer(d, &view, answers);
    act(d, matches, count);
}

/* ---- An event ---- */

/* The first one counts, whatever this one says. */
static void tell_repetition(struct deciding *d, const struct customer_seen *seen)
{
    const char *content = d->event->content;
    bool differs = !d->event->internal && seen->content[0] && content[0] &&
                   strcmp(seen->content, content) != 0;
    d->decision->counts.differs += differs;
    because_number(d,
                   trace_add(&d->trace, NULL, TRACE_PASSED_OVER,
                             differs ? TRACE_WHY_DUPLICATE_DIFFERS : TRACE_WHY_DUPLICATE),
                   "since", seen->at_ms);
}

/* What a rule made about another customer, of whom nobody has heard by the time that it comes: in
 * another shard only that one knows. */
static bool is_for_nobody(const struct deciding *d, const struct shop_event *event)
{
    return d->decision->bare && event->internal && event->hops &&
           strcmp(event->source, "nudged") == 0 && strncmp(event->type, "message.", 8) != 0;
}

static void consider_again(struct deciding *d, const struct customer_seen *seen)
{
    d->decision->counts.duplicate++;
    learn_delivery(d); /* of a message that went out again, before that was decided */
    tell_repetition(d, seen);
}

static void consider_new(struct deciding *d)
{
    const struct shop_event *event = d->event;
    d->decision->counts.decided++;
    learn(d);
    fields_compute(d);
    ends_until(d);
    meeting_ask(d);
    start_journeys(d);
    meeting_go_on(d);
    moving_grant(d);
    customer_add_seen(d->arena, d->customer, event->identity, event->content, event->arrival_ms,
                      d->effect);
    customer_order_add(d->arena, d->customer, event);
}

/* `own_ms`: the time that the event itself has; it is compared with others by event->time_ms, which
 * may be older (consider_in_order). */
static void consider_event(struct deciding *d, const struct shop_event *event, int64_t own_ms)
{
    d->event = event;
    d->own_ms = own_ms;
    d->type = ruleset_type(d->rules, event->type);
    d->effect = false;
    lookups_begin(d->lookups);
    if (words_is_past(d, event) || requeued_is_past(d)) {
        d->decision->counts.erased++;
        return;
    }
    if (is_for_nobody(d, event)) {
        d->decision->counts.nobody++;
        return;
    }
    if (words_erases(event)) {
        d->decision->counts.decided++;
        words_erase(d);
        d->decision->bare = true;
        return;
    }
    d->decision->bare = false;
    words_name(d);
    trace_begin(&d->trace, d->arena, d->now_ms, event);
    joining_tell(d);
    const struct customer_seen *seen =
        customer_find_seen(d->customer, event->identity, policy_seen_since(d->policy, event));
    if (seen && !words_are_new(d, event))
        consider_again(d, seen);
    else
        consider_new(d);
    deciding_end_trace(d);
}

/* An id that comes again when it is known no more is of another event. What starts from that must
 * not be taken for what started from the first: a limit would not count it, a mailbox would know
 * its message already. No two such lie in one period of policy.dedupe_keep; names of the period in
 * which somebody came to be known are as short as ever. */
static void name_by_period(const struct deciding *d, struct shop_event *event)
{
    int64_t keep_ms = d->policy->dedupe_keep_ms;
    bool again = event->id[0] && !event->internal && keep_ms > 0;
    if (again && event->arrival_ms / keep_ms != d->customer->first.at_ms / keep_ms)
        shop_event_name_by(event, event->arrival_ms / keep_ms);
}

/* What came before an event that is decided already is older than that (customer/customer_order).
 */
static void consider_in_order(struct deciding *d, const struct shop_event *event)
{
    struct shop_event *moved = arena_alloc(d->arena, sizeof *moved);
    *moved = *event;
    moved->time_ms = customer_order_time(d->customer, event);
    name_by_period(d, moved);
    consider_event(d, moved, event->time_ms);
}

/* ---- What rules made ---- */

/* What rules made of it is handled after it, and what they made of that. */
static void consider_emitted(struct deciding *d)
{
    const struct shop_event *event;
    while ((event = emitting_next(d)))
        consider_event(d, event, event->time_ms);
}

/* ---- Ticks ---- */

/* By what it is known that the rule has asked at the tick of that name, and matched: in whatever
 * zone, and of each of two people who are one by now. */
static const char *identity_of(const struct deciding *d, const struct decide_tick *tick)
{
    char *identity = arena_alloc(d->arena, SHOP_EVENT_NAME_SIZE);
    shop_event_name("clock", arena_printf(d->arena, "%s %s", tick->rule, tick->name), identity);
    return identity;
}

/* Whether the rule matches; one that does not any more ends what it runs. */
static bool is_match(struct deciding *d, const struct rule *rule, const struct condition_view *view)
{
    const char *fault;
    switch (condition_view_ask(rule->condition, view, d->arena, &fault)) {
    case CONDITION_TRUE:
        return true;
    case CONDITION_FAILED:
        d->decision->counts.failed++;
        trace_add_no_match(&d->trace, rule->name, fault);
        break;
    case CONDITION_FALSE:
        ends_at_tick(d, rule, view);
        break;
    }
    return false;
}

/* What an `if` that is false may end. */
static uint32_t held_of(const struct customer *customer)
{
    return customer->journeys.count + customer->open.count;
}

/* Whether the rule is to be asked at the tick. */
static bool is_asked(const struct deciding *d, const struct rule *rule,
                     const struct decide_tick *tick)
{
    return rule && rule->clock && rule->enabled &&
           !customer_has_seen(d->customer, identity_of(d, tick), tick->time_ms - TICK_SEEN_MS);
}

/* What came of the ticks is kept: they are not asked again. */
static void keep_moment(struct deciding *d, const struct decide_tick *const *asked, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        customer_add_seen(d->arena, d->customer, identity_of(d, asked[i]), "", d->event->time_ms,
                          true);
    d->has_kept = true;
}

/* The ticks of one moment. All conditions are asked before any rule acts; that none matched is not
 * told. */
static void consider_moment(struct deciding *d, const struct decide_tick *ticks, size_t count)
{
    const struct decide_tick **asked = arena_alloc(d->arena, sizeof *asked * (count + 1));
    struct match *matches = arena_alloc(d->arena, sizeof *matches * (count + 1));
    struct condition_view view;
    uint32_t matched = 0, held = held_of(d->customer);
    d->event = tick_event(ticks[0].time_ms, ticks[0].moment_ms, d->customer->key, d->arena);
    lookups_begin(d->lookups);
    trace_begin(&d->trace, d->arena, d->now_ms, d->event);
    const struct condition_scene scene = deciding_scene(d, NULL);
    condition_view_open(&view, &scene, d->arena);
    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = ruleset_find(d->rules, ticks[i].rule);
        if (!is_asked(d, rule, &ticks[i]) || !is_match(d, rule, &view))
            continue;
        asked[matched] = &ticks[i];
        matches[matched++] = match(rule, &view, d->arena);
    }
    if (!matched && !d->trace.items)
        return;
    const struct unchanged begun = unchanged_begin(d);
    bool ended = held_of(d->customer) != held;
    act(d, matches, matched);
    moving_grant(d);
    if (ended || !unchanged_is(d, &begun) || !unchanged_was_told(d))
        keep_moment(d, asked, matched);
    if (d->trace.items)
        deciding_end_trace(d);
}

/* ---- Deadlines ---- */

static void resume(struct deciding *d, uint32_t index)
{
    struct customer_journey journey = d->customer->journeys.items[index];
    const struct rule *rule;
    uint32_t at = 0;
    lookups_begin(d->lookups);
    enum trace_why lost = journey_lost(d->rules, &journey, &rule, &at);
    if (lost) {
        moving_end(d, index, lost);
        return;
    }
    if (halting_stays(d, &d->customer->journeys.items[index]))
        return;
    if (journey.start.kind != VALUE_MAP || (journey.met && journey.met_event.kind != VALUE_MAP)) {
        starts_lose(d, index);
        return;
    }
    if (moving_go_on(d, rule, at, &journey)) {
        d->customer->journeys.items[index] = journey;
        return;
    }
    customer_drop_journey(d->customer, index);
}

/* When the journey is due: one that waits for room as soon as there is some, or for its rule as
 * soon as that is resumed, however long its time still is. */
static int64_t due_at(struct deciding *d, const struct customer_journey *journey)
{
    if (d->before_turn)
        return journey->deadline_ms;
    enum rule_class class = journey->marketing ? RULE_MARKETING : RULE_TRANSACTIONAL;
    if (journey->full_ms && sending_has_room(d, class, journey))
        return journey->full_ms;
    if (halting_is_over(d, journey))
        return journey->halted_ms;
    return journey->deadline_ms;
}

/* The running journey that is due first; false where none is, but for those that are left to
 * other daemons. */
static bool first_due(struct deciding *d, int64_t due_ms, uint32_t *index)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < d->customer->journeys.count; i++) {
        const struct customer_journey *journey = &d->customer->journeys.items[i];
        int64_t at_ms = due_at(d, journey);
        if (at_ms > due_ms || at_ms >= first ||
            journey_is_left(d->rules, d->others, journey, d->now_ms))
            continue;
        first = at_ms;
        *index = i;
    }
    return first != INT64_MAX;
}

/* Whether starts must be read before anything goes on: all that are due, at once. */
static bool needs_starts(struct deciding *d, int64_t due_ms)
{
    bool needs = false;
    for (uint32_t i = 0; i < d->customer->journeys.count; i++) {
        const struct customer_journey *journey = &d->customer->journeys.items[i];
        const struct rule *rule;
        uint32_t at;
        if (due_at(d, journey) <= due_ms &&
            !journey_is_left(d->rules, d->others, journey, d->now_ms) &&
            journey_lost(d->rules, journey, &rule, &at) == TRACE_WHY_NONE)
            needs |= starts_need(d, journey);
    }
    return needs;
}

/* In the order of their deadlines; what is due at the same moment (the end of quiet hours)
 * shares the places under a cap by priority. */
static void resume_due(struct deciding *d, int64_t due_ms)
{
    uint32_t index = 0, left = CUSTOMER_JOURNEYS_MOST; /* zero-length waits must end */
    int64_t moment_ms = 0;
    if (needs_starts(d, due_ms))
        return;
    d->event = NULL;
    trace_begin(&d->trace, d->arena, d->now_ms, NULL);
    while (left > 0 && first_due(d, due_ms, &index)) {
        int64_t deadline_ms = due_at(d, &d->customer->journeys.items[index]);
        if (d->want_count > 0 && deadline_ms != moment_ms) {
            moving_grant(d);
            continue; /* a send that failed has ended its journey */
        }
        moment_ms = deadline_ms;
        left--;
        resume(d, index);
    }
    moving_grant(d);
    deciding_end_trace(d);
}

/* ---- Ticks and deadlines ---- */

/* What is due at the instant of the customer's turn goes before it, whichever of the two a daemon
 * comes to first: what starts journeys anew each day finds those that wait for a day at their end.
 * What waits for room, or for its rule, is woken as ever. */
static void resume_before(struct deciding *d, int64_t turn_ms)
{
    uint32_t index;
    d->before_turn = true;
    if (first_due(d, turn_ms, &index)) {
        d->has_kept = true;
        resume_due(d, turn_ms);
        consider_emitted(d);
    }
    d->before_turn = false;
}

/* Whose document is gone is not known. */
static void consider_ticks(struct deciding *d, const struct decide_tick *ticks, size_t count)
{
    size_t first = 0;
    for (size_t i = 1; i <= count && d->customer->version[0]; i++) {
        if (i < count && ticks[i].moment_ms == ticks[first].moment_ms &&
            ticks[i].time_ms == ticks[first].time_ms)
            continue;
        resume_before(d, ticks[first].moment_ms);
        d->turn_ms = ticks[first].moment_ms;
        consider_moment(d, &ticks[first], i - first);
        d->turn_ms = 0;
        consider_emitted(d);
        first = i;
    }
}

/* ---- Deciding ---- */

/* What present rules count stays as long as they do, whatever they said when it was sent. */
static void count_on(const struct decide_input *input)
{
    for (uint32_t i = 0; i < input->customer->sends.count; i++) {
        struct customer_send *send = &input->customer->sends.items[i];
        const struct rule *rule = ruleset_find(input->rules, send->rule);
        int64_t until_ms = policy_counts_until(input->policy, rule, send->marketing, send->at_ms);
        if (until_ms > send->until_ms)
            send->until_ms = until_ms;
    }
}

/* The starts that were read. */
static void learn_starts(const struct decide_input *input)
{
    for (size_t i = 0; i < input->start_count; i++) {
        const struct decide_start *start = &input->starts[i];
        customer_starts_learn(input->customer, start->origin,
                              start->event.kind == VALUE_MAP ? &start->event : NULL);
    }
}

void decide(const struct decide_input *input, struct arena *arena, struct decision *decision)
{
    struct lookups lookups = {.arena = arena,
                              .tables = input->tables,
                              .known = input->lookups,
                              .known_count = input->lookup_count,
                              .last = input->lookups_last};
    struct deciding d = {.rules = input->rules,
                         .policy = input->policy,
                         .facts = input->facts,
                         .others = input->others,
                         .bare = input->bare,
                         .now_ms = input->now_ms,
                         .lookups = &lookups,
                         .arena = arena,
                         .customer = input->customer,
                         .decision = decision};
    bool full = input->due_ms || room_running(input->customer) < input->customer->journeys.count;
    memset(decision, 0, sizeof *decision);
    d.trace.acts = &decision->acts;
    d.trace.silent = input->silent;
    customer_keep_value(arena, input->customer);
    input->customer->defaults = input->policy->field_defaults;
    learn_starts(input);
    decision->bare = input->event_count && !input->joined_count && !input->due_ms &&
                     !input->customer->version[0];
    if (!input->customer->version[0])
        input->customer->first = (struct customer_first){input->customer->key, input->now_ms};
    halting_begin(&d, input->customer);
    for (size_t i = 0; i < input->joined_count; i++)
        halting_begin(&d, input->joined[i]);
    words_begin(&d, input->records, input->record_count, input->joined_count > 0);
    joining_join(&d, input->joined, input->joined_count);
    learn_starts(input); /* theirs too */
    count_on(input);
    customer_prune(input->customer, input->now_ms, input->now_ms - input->policy->dedupe_keep_ms);
    withdraw_let_go(&d);
    for (size_t i = 0; i < input->event_count; i++) {
        consider_in_order(&d, input->events[i]);
        consider_emitted(&d);
    }
    consider_ticks(&d, input->ticks, input->tick_count);
    decision->quiet = input->tick_count && !d.has_kept && !input->event_count &&
                      !input->joined_count && !input->due_ms;
    if (input->due_ms)
        resume_due(&d, input->due_ms);
    consider_emitted(&d);
    joining_end(&d);
    words_end(&d);
    ahead_tell(&d);
    halting_tell(&d);
    schedule_set_full(decision, input->customer, full);
    schedule_set_deadlines(decision, input->customer, input->rules, input->others, input->now_ms);
}
