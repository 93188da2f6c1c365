/*
 * Read it from replay_event and replay_run, which let the clock run (run), upwards:
 *
 *   run           what nudged made itself, then the earliest deadline, until the time is there
 *   decide_for    whom it is about, and decide_again until the facts are right; then what a commit
 *                 would have written is kept (decide/replay_memory)
 *   learn_facts   what a commit would have refused: the address is suppressed, or has declined
 */
#include "decide/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/json_shape.h"
#include "base/mem.h"
#include "decide/concerns.h"
#include "decide/decide.h"
#include "decide/journey.h"
#include "decide/quiet.h"
#include "decide/replay_clocks.h"
#include "decide/replay_events.h"
#include "decide/replay_memory.h"
#include "decide/replay_starts.h"
#include "rules/condition_reads.h"

enum {
    ARENA_BYTES = 256 * 1024,
    TRIES_MOST = 50,        /* as the daemon has it */
    LIVE_BYTES = 96 * 1024, /* of the decisions about somebody, one after the other */
    STANDING_MOST = 100,    /* decisions at a customer's deadline that does not move */
};

struct replay {
    struct replay_options options;
    struct replay_memory *memory;
    struct replay_clocks clocks;
    struct value no_tables;
    struct value no_start;    /* in the place of one that nobody looks at; null: each is read */
    struct replay_events own; /* made at this instant, not decided yet */
    struct arena *arena;      /* of one decision */
    struct arena *lasting;
    struct slice text; /* of the event that is decided */
    int64_t now_ms;
    struct replay_order order; /* of what is decided */
    uint32_t entries;
};

/* Bodies of messages and words of the trace have what starts say, and consent may ask. */
static struct value make_no_start(const struct replay *replay)
{
    const struct replay_options *options = &replay->options;
    if (!options->bare || !options->silent || condition_reads_events(options->policy->consent))
        return value_null();
    struct value start = value_new_map(replay->lasting, 1);
    value_add(replay->lasting, start, value_text("data"), value_new_map(replay->lasting, 0));
    return start;
}

struct replay *replay_new(const struct replay_options *options)
{
    struct replay *replay = mem_zero(1, sizeof *replay);
    replay->options = *options;
    replay->options.form.shapes = json_shapes_new(&json_event_limits);
    replay->options.bare = options->bare && !ruleset_counts(options->rules, "message.sent");
    replay->memory = replay_memory_new(options->policy, options->form.key_paths, options->keep_ms,
                                       ruleset_arena(options->rules));
    replay->arena = arena_new(ARENA_BYTES);
    replay->lasting = arena_new(256);
    replay->no_tables = value_new_map(replay->lasting, 0);
    replay->no_start = make_no_start(replay);
    replay_clocks_open(&replay->clocks, options->rules, options->policy->zone);
    return replay;
}

void replay_destroy(struct replay **replay)
{
    if (!*replay)
        return;
    replay_events_free(&(*replay)->own);
    replay_clocks_close(&(*replay)->clocks);
    arena_destroy(&(*replay)->lasting);
    replay_memory_destroy(&(*replay)->memory);
    arena_destroy(&(*replay)->arena);
    json_shapes_destroy(&(*replay)->options.form.shapes);
    free(*replay);
    *replay = NULL;
}

void replay_renew(struct replay *replay)
{
    replay_events_clear(&replay->own);
    replay_memory_clear(replay->memory);
    arena_reset(replay->arena);
    replay->now_ms = 0;
    replay->order = (struct replay_order){0};
    replay->entries = 0;
}

int64_t replay_now_ms(const struct replay *replay)
{
    return replay->now_ms;
}

/* ---- Facts ---- */

/* NULL-terminated, once something was added. */
struct texts {
    const char **items;
    uint32_t count, capacity;
};

struct facts {
    struct texts suppressed, declined, unknown;
    struct policy_place *places;
    uint32_t place_count, place_capacity;
    struct decide_start *starts;
    uint32_t start_count, start_capacity;
};

static void add_text(struct arena *arena, struct texts *texts, const char *text)
{
    if (texts->count + 1 >= texts->capacity)
        texts->items = arena_grow(arena, texts->items, texts->capacity, &texts->capacity,
                                  sizeof *texts->items);
    texts->items[texts->count++] = text;
    texts->items[texts->count] = NULL;
}

static void learn_address(struct replay *replay, struct facts *facts,
                          const struct decision_message *message)
{
    const struct policy_address *address = &message->address;
    const char *topic = message->rule->topic;
    if (replay_memory_suppressed(replay->memory, address->hash))
        add_text(replay->arena, &facts->suppressed, address->hash);
    if (message->rule->class == RULE_MARKETING && address->said && replay->options.on_asked)
        replay->options.on_asked(replay->options.context, address->said);
    if (message->rule->class == RULE_MARKETING &&
        replay_memory_declined(replay->memory, address->said, topic))
        add_text(replay->arena, &facts->declined,
                 arena_printf(replay->arena, "%s=%s", address->said, topic));
}

static void learn_emit(struct replay *replay, struct facts *facts, const struct decision_emit *emit)
{
    if (replay->options.on_other)
        replay->options.on_other(replay->options.context, emit->key);
    const struct replay_kept *kept = replay_memory_find(replay->memory, emit->key, replay->now_ms);
    if (!kept || !kept->name.document.text)
        add_text(replay->arena, &facts->unknown, emit->key);
}

static void learn_place(struct replay *replay, struct facts *facts, const char *mid)
{
    facts->places = arena_grow(replay->arena, facts->places, facts->place_count,
                               &facts->place_capacity, sizeof *facts->places);
    facts->places[facts->place_count++] =
        (struct policy_place){.mid = mid, .place = CUSTOMER_PLACE_GONE};
}

static uint32_t known(const struct facts *facts)
{
    return facts->suppressed.count + facts->declined.count + facts->unknown.count +
           facts->place_count;
}

/* Whether something was not as the decision assumed. What was decided before was sent then. */
static bool learn_facts(struct replay *replay, struct facts *facts, const struct decision *decision)
{
    uint32_t before = known(facts);
    for (uint32_t i = 0; i < decision->message_count; i++)
        learn_address(replay, facts, &decision->messages[i]);
    for (uint32_t i = 0; i < decision->withdrawn_count && !replay->options.unsent; i++)
        if (decision->withdrawn[i].place != CUSTOMER_PLACE_GONE)
            learn_place(replay, facts, decision->withdrawn[i].mid);
    for (uint32_t i = 0; i < decision->emit_count; i++)
        learn_emit(replay, facts, &decision->emits[i]);
    return known(facts) > before;
}

/* The id of an entry of the stream. */
static const char *entry_of(struct arena *arena, int64_t at_ms, uint32_t number)
{
    char *entry = arena_alloc(arena, 2 * DECIMAL_TEXT_SIZE);
    size_t length = decimal_print_int(at_ms, entry);
    entry[length++] = '-';
    decimal_print_int(number, entry + length);
    return entry;
}

/* The event of that origin; null: it is nowhere. `unseen`: nobody looks into it. */
static struct value read_start(struct replay *replay, const struct person *person,
                               const char *origin, bool unseen)
{
    const struct replay_start *start = replay_starts_find(person, origin);
    struct value document = value_null();
    struct diag diag;
    if (!start)
        return document;
    if (unseen)
        return replay->no_start;
    if (start->is_pushed)
        return shop_event_document(replay->arena, start->text, start->length,
                                   entry_of(replay->arena, start->at_ms, start->entry),
                                   &replay->options.form);
    json_read(replay->arena, start->text, start->length, &json_file_limits, &document, &diag);
    return document;
}

static void learn_start(struct replay *replay, struct facts *facts, const struct person *person,
                        const char *origin, bool unseen)
{
    for (uint32_t i = 0; i < facts->start_count; i++)
        if (strcmp(facts->starts[i].origin, origin) == 0)
            return;
    facts->starts = arena_grow(replay->arena, facts->starts, facts->start_count,
                               &facts->start_capacity, sizeof *facts->starts);
    facts->starts[facts->start_count++] = (struct decide_start){
        .origin = origin, .event = read_start(replay, person, origin, unseen)};
}

static void learn_starts(struct replay *replay, struct facts *facts, const struct person *person,
                         const struct decision *decision)
{
    for (uint32_t i = 0; i < decision->need_count; i++)
        learn_start(replay, facts, person, decision->needs[i], false);
}

/* Whether the journey may look at its events when it goes on. */
static bool looks_back(const struct replay *replay, const struct customer_journey *journey)
{
    const struct rule *rule;
    uint32_t at;
    return journey->met || journey_lost(replay->options.rules, journey, &rule, &at) ||
           rule->steps[at].looks_back;
}

/* What is due will ask for its start; of which nobody looks into one where no journey does, and no
 * condition that ends some is asked meanwhile. */
static void foresee_starts(struct replay *replay, struct facts *facts, const struct person *person,
                           const struct decide_input *input)
{
    const struct customer *customer = input->customer;
    bool unseen = replay->no_start.kind == VALUE_MAP && !input->tick_count && !input->joined_count;
    for (uint32_t i = 0; i < customer->journeys.count && unseen; i++)
        unseen = customer->journeys.items[i].deadline_ms > input->due_ms ||
                 !looks_back(replay, &customer->journeys.items[i]);
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (customer->journeys.items[i].deadline_ms <= input->due_ms)
            learn_start(replay, facts, person, customer->journeys.items[i].origin, unseen);
}

/* ---- Deciding ---- */

/* What was decided before is gone, but for somebody who may be next. */
static void begin(struct replay *replay)
{
    if (arena_used(replay->arena) > LIVE_BYTES)
        replay_settle(replay);
    if (!replay_memory_is_live(replay->memory))
        arena_reset(replay->arena);
}

void replay_settle(struct replay *replay)
{
    replay_memory_settle(replay->memory, replay->arena);
}

/* When the customer is asked next. */
static int64_t next_tick(struct replay *replay, struct replay_kept *kept)
{
    if (kept->ticked_ms != kept->asked_ms)
        kept->tick_ms = replay_clocks_next(&replay->clocks, kept->turn, kept->asked_ms);
    kept->ticked_ms = kept->asked_ms;
    return kept->tick_ms;
}

/* When the customer goes on: at a deadline, or at the next tick of a clock. What is past is now. */
static void set_timer(struct replay *replay, struct replay_kept *kept)
{
    if (!kept->name.document.text) {
        replay_memory_set_timer(replay->memory, kept, 0);
        return;
    }
    if (!kept->asked_ms)
        kept->asked_ms = replay->now_ms;
    int64_t at_ms = next_tick(replay, kept);
    if (kept->deadline_ms && (!at_ms || kept->deadline_ms < at_ms))
        at_ms = kept->deadline_ms;
    if (at_ms && at_ms < replay->now_ms)
        at_ms = replay->now_ms;
    replay_memory_set_timer(replay->memory, kept, at_ms);
}

static void commit(struct replay *replay, const struct person *person,
                   const struct decide_input *input, struct decision *decision)
{
    const struct replay_commit commit = {.person = person,
                                         .customer = input->customer,
                                         .joined = input->joined,
                                         .joined_count = input->joined_count,
                                         .decision = decision,
                                         .live = replay->options.one_by_one,
                                         .event = input->event_count ? input->events[0] : NULL,
                                         .text = replay->text,
                                         .now_ms = replay->now_ms};
    struct replay_kept *kept = replay_memory_of(person);
    bool named = !decision->quiet && replay_memory_commit(replay->memory, &commit, replay->arena);
    if (!input->event_count && !input->due_ms)
        kept->asked_ms = replay->now_ms;
    if (named) {
        kept->turn = replay_clocks_turn_of(&replay->clocks, input->customer, replay->arena);
        kept->ticked_ms = 0;
    }
    set_timer(replay, kept);
}

/* One try, with what is known so far: true where it holds, and was kept. */
static bool decide_once(struct replay *replay, const struct person *person, struct facts *known,
                        const struct shop_event *event, int64_t due_ms, struct decision *decision,
                        struct replay_decided *decided)
{
    struct arena *arena = replay->arena;
    const struct customer **joined = arena_alloc(arena, sizeof *joined * (person->taken_count + 1));
    const struct policy_facts facts = {.suppressed = known->suppressed.items,
                                       .declined = known->declined.items,
                                       .unknown = known->unknown.items,
                                       .places = known->places,
                                       .place_count = known->place_count,
                                       .sent = !replay->options.unsent};
    struct decide_input input = {.rules = replay->options.rules,
                                 .policy = replay->options.policy,
                                 .joined = joined,
                                 .events = &event,
                                 .event_count = event != NULL,
                                 .tables = replay->options.tables ? replay->options.tables
                                                                  : &replay->no_tables,
                                 .facts = &facts,
                                 .silent = replay->options.silent,
                                 .bare = replay->options.bare,
                                 .due_ms = due_ms,
                                 .now_ms = replay->now_ms};
    input.customer = replay_memory_read(replay->memory, person, arena, joined, &input.joined_count);
    input.records = replay_memory_records(replay->memory, person, arena, &input.record_count);
    if (!event && !due_ms)
        input.ticks = replay_clocks_due(&replay->clocks, replay_memory_of(person)->turn,
                                        replay_memory_of(person)->asked_ms, replay->now_ms, arena,
                                        &input.tick_count);
    if (due_ms)
        foresee_starts(replay, known, person, &input);
    input.starts = known->starts;
    input.start_count = known->start_count;
    decide(&input, arena, decision);
    if (decision->need_count)
        learn_starts(replay, known, person, decision);
    else if (!learn_facts(replay, known, decision)) {
        commit(replay, person, &input, decision);
        decided->joined = input.joined;
        decided->joined_count = input.joined_count;
        return true;
    }
    return false;
}

/* An event that concerns nothing is kept without asking what comes of it. */
static bool pass(struct replay *replay, const struct person *person, const struct shop_event *event,
                 struct decision *decision)
{
    const struct policy *policy = replay->options.policy;
    if (!event || event->internal || concerns_any(replay->options.rules, event->type))
        return false;
    decision->counts.decided =
        replay_memory_pass(replay->memory, person, event, policy_seen_since(policy, event),
                           replay->now_ms, replay->arena);
    return decision->counts.decided;
}

/* An event, a deadline of the customer, or else their turn. Of the two at one instant the deadline
 * goes before, as in the daemon: a rule whose clock restarts it comes to the end of a wait that is
 * as long as from one tick to the next. */
static void decide_for(struct replay *replay, const char *key, const struct shop_event *event,
                       int64_t due_ms)
{
    const struct person *person =
        replay_memory_meet(replay->memory, key, event, replay->now_ms, replay->arena);
    struct facts facts = {0};
    struct decision decision = {0};
    struct replay_decided decided = {.customer = person->name->text,
                                     .event = event,
                                     .note = &replay_memory_of(person)->note,
                                     .decision = &decision,
                                     .now_ms = replay->now_ms,
                                     .order = replay->order};
    bool done = pass(replay, person, event, &decision);
    for (int tries = 0; tries < TRIES_MOST && !done; tries++)
        done = decide_once(replay, person, &facts, event, due_ms, &decision, &decided);
    if (!done) {
        struct diag diag = {0};
        diag_fault(&diag, "undecided", "decided %d times, and something had always changed",
                   TRIES_MOST);
        replay->options.on_dead(replay->options.context, &replay->order, &diag);
        return;
    }
    replay_events_tell(&replay->own, replay->options.rules, person->name->text, &decision,
                       &replay->order, replay->arena);
    replay->options.on_decided(replay->options.context, &decided);
}

/* False: it is no event. The text must stay. `own`: nudged made it, of the customer of that key. */
static bool take_event(struct replay *replay, const char *text, size_t length, const char *own,
                       struct diag *diag)
{
    struct shop_event event;
    struct shop_event_form form = replay->options.form;
    form.own = own;
    const char *entry = entry_of(replay->arena, replay->now_ms, replay->entries);
    bool is_event = shop_event_read(replay->arena, text, length, entry, &form, &event, diag);
    replay->text = (struct slice){text, length};
    if (is_event)
        decide_for(replay, NULL, &event, 0);
    replay->entries++;
    return is_event;
}

/* ---- The clock ---- */

/* What nudged itself has made at this instant; false: nothing. */
static bool take_own(struct replay *replay)
{
    struct diag diag;
    if (replay_events_are_none(&replay->own))
        return false;
    begin(replay);
    const struct replay_own next = replay_events_next(&replay->own, replay->arena);
    if (!replay->order.due) {
        replay->order.depth = next.depth;
        replay->order.number = next.number;
    }
    if (!take_event(replay, next.event.text, next.event.length, next.key, &diag))
        replay->options.on_dead(replay->options.context, &replay->order, &diag);
    return true;
}

static void set_clock(struct replay *replay, int64_t now_ms)
{
    if (now_ms <= replay->now_ms)
        return;
    replay->now_ms = now_ms;
    replay->order = (struct replay_order){.at_ms = now_ms};
}

/* Whether it is a tick of clocks alone, and none matches: as most are such, that is asked first. */
static bool is_quiet(struct replay *replay, struct replay_kept *kept)
{
    struct decide_input input = {
        .rules = replay->options.rules, .policy = replay->options.policy, .now_ms = replay->now_ms};
    if (kept->deadline_ms && kept->deadline_ms <= replay->now_ms)
        return false;
    input.ticks = replay_clocks_due(&replay->clocks, kept->turn, kept->asked_ms, replay->now_ms,
                                    replay->arena, &input.tick_count);
    if (input.tick_count)
        input.customer = replay_memory_see(replay->memory, kept, replay->arena);
    return quiet_ticks(&input, replay->arena);
}

/* Whose turn it is among all that is due at the instant: behind everybody with a lower key, and
 * whom what came of those has made due again. */
static void go_behind(struct replay *replay, const char *key)
{
    struct replay_order *order = &replay->order;
    if (!order->due || strcmp(key, order->due) > 0)
        order->due = key;
}

/* Whether it is the same instant once more, and too often. */
static bool stands(struct replay_kept *kept, int64_t at_ms)
{
    kept->standing = kept->timer.at_ms == at_ms ? kept->standing + 1 : 0;
    return kept->standing > STANDING_MOST;
}

/* A deadline that a rule keeps setting to the same instant is none. */
static void take_due(struct replay *replay, struct replay_kept *kept)
{
    int64_t at_ms = kept->timer.at_ms;
    replay_memory_expect_due(replay->memory);
    set_clock(replay, at_ms);
    begin(replay);
    if (!replay_memory_is_known(replay->memory, kept, at_ms))
        return; /* it has expired */
    go_behind(replay, kept->name.text);
    if (is_quiet(replay, kept)) {
        kept->asked_ms = at_ms;
        set_timer(replay, kept);
        return;
    }
    decide_for(replay, kept->name.text, NULL, kept->deadline_ms <= at_ms ? kept->deadline_ms : 0);
    if (stands(kept, at_ms)) {
        struct diag diag = {0};
        diag_fault(&diag, "standing", "a deadline does not move");
        replay->options.on_dead(replay->options.context, &replay->order, &diag);
        replay_memory_set_timer(replay->memory, kept, 0);
    }
}

/* Everything before `until_ms`; with `inclusive` what is of that instant too. */
static void run(struct replay *replay, int64_t until_ms, bool inclusive)
{
    for (;;) {
        if ((inclusive || replay->now_ms < until_ms) && take_own(replay))
            continue;
        struct replay_kept *kept = replay_memory_due(replay->memory);
        if (!kept || kept->timer.at_ms > until_ms || (kept->timer.at_ms == until_ms && !inclusive))
            break;
        take_due(replay, kept);
    }
    set_clock(replay, until_ms);
}

void replay_run(struct replay *replay, int64_t until_ms)
{
    run(replay, until_ms, true);
}

void replay_wait(struct replay *replay, int64_t at_ms)
{
    if (at_ms > replay->now_ms)
        run(replay, at_ms, false);
}

bool replay_event(struct replay *replay, const char *text, size_t length, int64_t at_ms,
                  struct diag *diag)
{
    replay_wait(replay, at_ms);
    begin(replay);
    return take_event(replay, text, length, NULL, diag);
}

void replay_take(struct replay *replay, const struct shop_event *event, struct slice text,
                 uint64_t number)
{
    replay_wait(replay, event->arrival_ms);
    begin(replay);
    replay->text = text;
    replay->order.number = number;
    decide_for(replay, NULL, event, 0);
}

/* ---- What stands ---- */

void replay_expect(struct replay *replay, const struct shop_event *const *events, size_t count,
                   size_t from)
{
    /* How many events ahead: what one of them takes is more than memory does. */
    static const size_t ahead[] = {
        [REPLAY_MEMORY_SLOT] = 24,
        [REPLAY_MEMORY_NAME] = 16,
        [REPLAY_MEMORY_IMAGE] = 10,
        [REPLAY_MEMORY_PARTS] = 5,
    };
    for (size_t step = 0; step < sizeof ahead / sizeof *ahead; step++)
        for (size_t i = from ? from + ahead[step] : 0; i <= from + ahead[step] && i < count; i++)
            if (events[i])
                replay_memory_expect(replay->memory, events[i], (enum replay_memory_step)step);
}

void replay_suppress(struct replay *replay, const char *address)
{
    begin(replay);
    const char *hash = policy_address_hash(replay->options.policy, address, replay->arena);
    if (hash)
        replay_memory_suppress(replay->memory, hash);
}

struct customer *replay_customer(struct replay *replay, const char *key, struct arena *arena)
{
    struct replay_kept *kept = replay_memory_find(replay->memory, key, replay->now_ms);
    for (int hops = 0; kept && kept->name.target && hops < PERSON_HOPS_MOST; hops++)
        kept = replay_memory_find(replay->memory, kept->name.target, replay->now_ms);
    if (!kept || !kept->name.document.text)
        return NULL;
    return replay_memory_copy(replay->memory, kept, arena);
}

void replay_each_name(struct replay *replay, void (*see)(void *context, const char *name),
                      void (*see_said)(void *context, const char *name), void *context)
{
    replay_memory_each_name(replay->memory, see, see_said, context);
}

void replay_each(struct replay *replay, struct arena *arena,
                 void (*see)(void *context, const struct customer *customer), void *context)
{
    struct replay_kept *kept = NULL;
    while ((kept = replay_memory_next(replay->memory, kept, replay->now_ms))) {
        arena_reset(arena);
        see(context, replay_memory_see(replay->memory, kept, arena));
    }
}
