/*
 * A decision is a tree of values and pointers; what commits is lists of texts. Here the one
 * becomes the other: the customer's document and all values are printed, and what the decision
 * took for granted becomes what the script must check (free_hashes, withdrawals).
 *
 *   commit_builder_make            all that was decided for a customer; which keys lead to them
 *   commit_builder_give_up         events that cannot be decided, as dead letters
 *   commit_builder_give_up_timer   the same of a timer; its line for the trace
 */
#include "events/commit_builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "customer/customer_starts.h"
#include "decide/fit.h"
#include "decide/message_body.h"
#include "decide/trace.h"
#include "events/claims.h"
#include "events/zones.h"
#include "rules/rule_clock.h"

enum {
    TEXT_MOST = 1024 * 1024,
    DAY_MS = 24 * 60 * 60 * 1000,
};
/* Redirects outlive the document that they lead to by so long. */
static const int64_t redirects_keep_ms = 30 * (int64_t)DAY_MS;

/* A value as JSON in the arena. */
static struct slice print(struct arena *arena, const struct value *value)
{
    return json_print_slice(arena, value, TEXT_MOST);
}

static const char *next_version(const struct commit_builder_input *input, struct arena *arena)
{
    return arena_printf(arena, "%lld-%" PRId64 "-%" PRId64,
                        strtoll(input->customer->version, NULL, 10) + 1, input->epoch,
                        input->sequence);
}

static const char **entry_ids(const struct shop_event *const *events, size_t count,
                              struct arena *arena)
{
    const char **ids = arena_alloc(arena, sizeof *ids * (count + 1));
    for (size_t i = 0; i < count; i++)
        ids[i] = events[i]->entry;
    return ids;
}

/* What the queues for room in the outbox are to know of a customer; `full_ms` as in the decision.
 */
static void make_full(struct arena *arena, const int64_t full_ms[ROOM_CLASSES],
                      struct commit *commit)
{
    struct commit_full *full = arena_alloc(arena, sizeof *full * ROOM_CLASSES);
    for (int i = 0; i < ROOM_CLASSES; i++)
        full[i] = (struct commit_full){rule_class_word((enum rule_class)i), full_ms[i]};
    commit->full = full;
    commit->full_count = ROOM_CLASSES;
}

/* What a bounce of a mail is told by. The mark is for one to an address of its own. */
static const char *returns_of(const struct policy *policy, const struct decision_message *message,
                              struct arena *arena)
{
    int64_t hops = 0;
    if (!policy->mails_return || !message->step->mail)
        return "";
    value_to_int(value_get(&message->body, "hops"), &hops);
    const char *channel = message->step->channel;
    bool standard = strcmp(channel, "email") == 0; /* it need not be said */
    return arena_printf(arena, "%" PRId64 " %s%s%s%s", hops, message->step->to ? "!" : "",
                        message->rule->name, standard ? "" : " ", standard ? "" : channel);
}

static void make_messages(const struct commit_builder_input *input, struct arena *arena,
                          struct commit *commit)
{
    const struct decision *decision = input->decision;
    struct commit_message *messages =
        arena_zero(arena, sizeof *messages * (decision->message_count + 1));
    const char **hashes = arena_alloc(arena, sizeof *hashes * (2 * decision->message_count + 1));
    struct commit_undeclined *undeclined =
        arena_alloc(arena, sizeof *undeclined * (2 * decision->message_count + 1));
    size_t hash_count = 0;
    for (uint32_t i = 0; i < decision->message_count; i++) {
        const struct decision_message *message = &decision->messages[i];
        const struct value stored = message_body_close(arena, &message->body);
        struct slice body = print(arena, &stored);
        bool marketing = message->rule->class == RULE_MARKETING;
        messages[i] = (struct commit_message){
            .mid = message->mid,
            .channel = message->step->channel,
            .class_ = rule_class_word(message->rule->class),
            .body = body.text,
            .length = body.length,
            .on_uncertain = message->rule->on_uncertain == RULE_HOLD ? "hold" : "resend",
            .give_up_ms = message->give_up_ms,
            .hash = message->address.hash,
            .said = message->address.said,
            .topic = message->rule->topic,
            .domain = message->address.domain,
            .returns = returns_of(input->policy, message, arena)};
        hashes[hash_count++] = message->address.hash;
        if (message->address.old_hash)
            hashes[hash_count++] = message->address.old_hash;
        if (marketing)
            undeclined[commit->undeclined_count++] =
                (struct commit_undeclined){message->address.said, message->rule->topic};
        if (marketing && message->address.former_said)
            undeclined[commit->undeclined_count++] =
                (struct commit_undeclined){message->address.former_said, message->rule->topic};
    }
    commit->messages = messages;
    commit->message_count = decision->message_count;
    commit->free_hashes = hashes;
    commit->free_hash_count = hash_count;
    commit->undeclined = undeclined;
}

static void make_withdrawals(const struct decision *decision, struct arena *arena,
                             struct commit *commit)
{
    struct commit_withdrawal *withdrawals =
        arena_alloc(arena, sizeof *withdrawals * (decision->withdrawn_count + 1));
    for (uint32_t i = 0; i < decision->withdrawn_count; i++) {
        const struct decision_withdrawal *withdrawn = &decision->withdrawn[i];
        withdrawals[i] = (struct commit_withdrawal){.mid = withdrawn->mid,
                                                    .place = withdrawn->place,
                                                    .why = trace_why_word(withdrawn->why)};
    }
    commit->withdrawals = withdrawals;
    commit->withdrawal_count = decision->withdrawn_count;
}

/* Rules that are paused, or assumed not to be; and what counts for a brake. */
static void make_halts(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    const struct decision *decision = input->decision;
    const struct setting_rate *brake = &input->policy->brake;
    struct commit_halt *halts = arena_alloc(arena, sizeof *halts * (decision->halt_count + 1));
    struct commit_halted *halted =
        arena_alloc(arena, sizeof *halted * (decision->halted_count + 1));
    struct commit_braked *braked =
        arena_alloc(arena, sizeof *braked * (decision->message_count + 1));
    for (uint32_t i = 0; i < decision->halt_count; i++)
        halts[i] = (struct commit_halt){decision->halts[i].rule, decision->halts[i].halted};
    for (uint32_t i = 0; i < decision->halted_count; i++)
        halted[i] = (struct commit_halted){decision->halted[i].rule, decision->halted[i].key,
                                           decision->halted[i].since_ms};
    for (uint32_t i = 0; brake->count && i < decision->message_count; i++)
        if (decision->messages[i].rule->class == RULE_MARKETING)
            braked[commit->braked_count++] =
                (struct commit_braked){decision->messages[i].mid, decision->messages[i].rule->name,
                                       brake->count, brake->per_ms};
    commit->halts = halts;
    commit->halt_count = decision->halt_count;
    commit->halted = halted;
    commit->halted_count = decision->halted_count;
    commit->brakes = decision->brakes;
    commit->brake_count = decision->brake_count;
    commit->braked = braked;
}

/* A run that goes on keeps its code as long as the document; what another one has is needed until
 * its messages have ended. */
static void make_codes(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    const struct decision *decision = input->decision;
    const struct customer *customer = input->customer;
    struct commit_code *codes = arena_alloc(arena, sizeof *codes * (decision->message_count + 1));
    struct commit_run *runs = NULL;
    uint32_t capacity = 0, count = 0;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct value *given = &customer->journeys.items[i].given;
        for (uint32_t k = 0; k < value_count(given); k++) {
            runs = arena_grow(arena, runs, count, &capacity, sizeof *runs);
            const char *run = value_to_text(arena, &given->map->members[k].value);
            runs[count++] = (struct commit_run){run ? run : "", commit->expire_ms};
        }
    }
    for (uint32_t i = 0; i < decision->message_count; i++) {
        const struct decision_message *message = &decision->messages[i];
        if (message->run)
            codes[commit->code_count++] = (struct commit_code){
                message->mid, message->step->code, message->run, message->give_up_ms + DAY_MS};
    }
    commit->codes = codes;
    commit->runs = runs;
    commit->run_count = count;
}

static void make_postponed(const struct decision *decision, struct arena *arena,
                           struct commit *commit)
{
    struct commit_postponed *postponed =
        arena_alloc(arena, sizeof *postponed * (decision->postponed_count + 1));
    for (uint32_t i = 0; i < decision->postponed_count; i++)
        postponed[i] =
            (struct commit_postponed){decision->postponed[i].mid, decision->postponed[i].at_ms};
    commit->postponed = postponed;
    commit->postponed_count = decision->postponed_count;
}

static void make_records(const struct decision *decision, struct arena *arena,
                         struct commit *commit)
{
    struct commit_dead *dead = arena_zero(arena, sizeof *dead * (decision->dead_count + 1));
    struct slice *traces = arena_zero(arena, sizeof *traces * (decision->trace_count + 1));
    for (uint32_t i = 0; i < decision->dead_count; i++) {
        struct slice body = print(arena, &decision->dead[i].body);
        dead[i] = (struct commit_dead){.kind = decision->dead[i].kind,
                                       .reason = trace_reason_word(decision->dead[i].reason),
                                       .detail = decision->dead[i].detail,
                                       .body = body.text,
                                       .length = body.length,
                                       .own = decision->dead[i].own};
    }
    for (uint32_t i = 0; i < decision->trace_count; i++)
        traces[i] = print(arena, &decision->trace[i]);
    commit->dead = dead;
    commit->dead_count = decision->dead_count;
    commit->traces = traces;
    commit->trace_count = decision->trace_count;
}

static void make_watches(const struct decision *decision, struct arena *arena,
                         struct commit *commit)
{
    struct commit_watch *watches =
        arena_alloc(arena, sizeof *watches * (decision->watch_count + 1));
    for (uint32_t i = 0; i < decision->watch_count; i++)
        watches[i] = (struct commit_watch){decision->watches[i].product, decision->watches[i].added,
                                           decision->watches[i].at_ms};
    commit->watches = watches;
    commit->watch_count = decision->watch_count;
}

/* ---- Events about other customers ---- */

/* Whether who has the key stands in another shard than this customer. */
static bool is_abroad(const struct commit_builder_input *input, const char *key)
{
    return input->home && placement_is_away(input->home, key);
}

static void make_emits(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    const struct decision *decision = input->decision;
    struct commit_emit *emits = arena_alloc(arena, sizeof *emits * (decision->emit_count + 1));
    for (uint32_t i = 0; i < decision->emit_count; i++) {
        const struct decision_emit *emit = &decision->emits[i];
        bool event = emit->event.kind != VALUE_NULL, abroad = is_abroad(input, emit->key);
        if (event || !abroad) /* else it would be asked here who is known there */
            emits[commit->emit_count++] = (struct commit_emit){
                emit->key, abroad, event ? print(arena, &emit->event) : slice_of("")};
    }
    commit->emits = emits;
}

/* ---- Keys ---- */

/* What must not have changed: where the keys led, and what stood under them. */
static void make_relied(const struct commit_builder_input *input, struct arena *arena,
                        struct commit *commit)
{
    const struct person *person = input->person;
    struct commit_relied *relied = arena_alloc(arena, sizeof *relied * (person->relied_count + 1));
    struct commit_join *joins =
        arena_alloc(arena, sizeof *joins * (input->joined_count + person->taken_count + 1));
    size_t count = 0;
    bool is_timer = input->event_count == 0; /* it may be that of a key which was joined since */
    for (uint32_t i = 0; i < person->relied_count; i++) {
        const struct name *name = person->relied[i];
        relied[i] = (struct commit_relied){name->hash, name->redirect ? name->redirect : ""};
    }
    for (size_t i = 0; i < input->joined_count; i++)
        joins[count++] = (struct commit_join){input->joined[i]->key, input->joined[i]->version};
    for (uint32_t i = 0; i < person->taken_count; i++)
        if (!person->taken[i]->document.text && (!person->taken[i]->target || is_timer))
            joins[count++] = (struct commit_join){person->taken[i]->text, ""};
    commit->relied = relied;
    commit->relied_count = person->relied_count;
    commit->joins = joins;
    commit->join_count = count;
}

struct redirects {
    const struct commit_builder_input *input;
    struct arena *arena;
    struct commit_redirect *items;
    uint32_t count, capacity;
};

/* One that is turned in any case need not be turned again. */
static bool is_turned(const struct redirects *redirects, const char *hash)
{
    for (uint32_t i = 0; i < redirects->count; i++)
        if (!*redirects->items[i].from && strcmp(redirects->items[i].hash, hash) == 0)
            return true;
    return false;
}

static void add_redirect(struct redirects *redirects, const struct commit_redirect *redirect)
{
    if (is_turned(redirects, redirect->hash))
        return;
    redirects->items = arena_grow(redirects->arena, redirects->items, redirects->count,
                                  &redirects->capacity, sizeof *redirects->items);
    redirects->items[redirects->count++] = *redirect;
}

static void add_all(struct redirects *redirects, const struct customer *listed, const char *from)
{
    for (uint32_t i = 0; i < listed->keys.count; i++)
        add_redirect(redirects,
                     &(struct commit_redirect){.hash = policy_short_hash(redirects->input->policy,
                                                                         listed->keys.items[i],
                                                                         redirects->arena),
                                               .from = from,
                                               .key = listed->keys.items[i]});
}

/* Whether one of the events names their id and the key. */
static bool is_strong(const struct commit_builder_input *input, const char *key)
{
    for (size_t i = 0; i < input->event_count; i++) {
        const struct shop_event *event = input->events[i];
        for (uint32_t k = 1; event->keys[0].is_id && !event->is_led && k < event->key_count; k++)
            if (strcmp(event->keys[k].text, key) == 0)
                return true;
    }
    return false;
}

/* So long before the document a trace may expire, and redirects before they are to. */
static int64_t late_ms(const struct commit_builder_input *input)
{
    return input->keep_ms / 30 < DAY_MS ? input->keep_ms / 30 : DAY_MS;
}

/* Keys that are to lead here from now on: those of the events, and all that were known of who is
 * joined. Once a day those that did already, so that they outlive the document. */
static void make_redirects(const struct commit_builder_input *input, struct arena *arena,
                           struct commit *commit)
{
    struct redirects redirects = {.input = input, .arena = arena};
    struct customer *customer = input->customer;
    int64_t until_ms = commit->expire_ms + redirects_keep_ms;
    for (uint32_t i = 0; i < input->person->taken_count; i++) {
        const struct name *name = input->person->taken[i];
        if (!name->target || strcmp(name->target, customer->key) != 0)
            add_redirect(&redirects,
                         &(struct commit_redirect){.hash = name->hash,
                                                   .from = "",
                                                   .key = name->is_old ? "" : name->text,
                                                   .strong = is_strong(input, name->text)});
    }
    for (size_t i = 0; i < input->joined_count; i++)
        add_all(&redirects, input->joined[i], input->joined[i]->key);
    if (customer->keys.count && until_ms > customer->keys_until_ms + late_ms(input)) {
        add_all(&redirects, customer, customer->key);
        customer->keys_until_ms = until_ms;
    } else if (customer->keys.count && until_ms >= customer->keys_until_ms) {
        commit->trace_stays = true; /* it was set when the redirects were */
    }
    commit->redirects = redirects.items;
    commit->redirect_count = redirects.count;
    commit->redirect_expire_ms = until_ms;
}

/* Their messages are this customer's from now on. */
static void make_moves(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    size_t most = 0;
    for (size_t i = 0; i < input->joined_count; i++)
        most += input->joined[i]->open.count;
    const char **mids = arena_alloc(arena, sizeof *mids * (most + 1));
    for (size_t i = 0; i < input->joined_count; i++)
        for (uint32_t j = 0; j < input->joined[i]->open.count; j++)
            mids[commit->moved_mid_count++] = input->joined[i]->open.items[j].mid;
    commit->moved_mids = mids;
}

/* ---- Words ---- */

static void add_erased(const struct commit_builder_input *input, struct arena *arena,
                       struct commit_erased *erased, const char *key)
{
    *erased =
        (struct commit_erased){.key = key, .hash = policy_short_hash(input->policy, key, arena)};
}

/* Under every key that they had, and by which they were named just now. */
static void make_erased(const struct commit_builder_input *input, struct arena *arena,
                        struct commit *commit)
{
    const struct decision *decision = input->decision;
    const struct person *person = input->person;
    if (decision->erased_count == 0)
        return;
    struct commit_erased *erased =
        arena_alloc(arena, sizeof *erased * (decision->erased_count + person->taken_count));
    for (uint32_t i = 0; i < decision->erased_count; i++)
        add_erased(input, arena, &erased[commit->erased_count++], decision->erased[i]);
    for (uint32_t i = 0; i < person->taken_count; i++)
        add_erased(input, arena, &erased[commit->erased_count++], person->taken[i]->text);
    commit->erased = erased;
}

/* Under a key of another shard it is to stand in that too. */
static void make_heard(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    const struct customer *customer = input->customer;
    if (!commit->said_count || !input->home || !input->home->placement)
        return;
    struct commit_heard *heard = arena_alloc(arena, sizeof *heard * (customer->keys.count + 1));
    for (uint32_t i = 0; i < customer->keys.count; i++) {
        const char *key = customer->keys.items[i];
        if (placement_is_away(input->home, key))
            heard[commit->heard_count++] =
                (struct commit_heard){policy_short_hash(input->policy, key, arena),
                                      placement_of(input->home->placement, key)};
    }
    commit->heard = heard;
}

static void make_words(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    static const char *const words[] = {
        [DECISION_NO] = "no", [DECISION_YES] = "yes", [DECISION_ERASED] = "erased"};
    const struct decision *decision = input->decision;
    struct commit_said *said =
        arena_zero(arena, sizeof *said * (decision->said_count + input->came_count + 1));
    for (uint32_t i = 0; i < decision->said_count; i++)
        said[i] = (struct commit_said){.name = decision->said[i].name,
                                       .word = words[decision->said[i].word],
                                       .topic = decision->said[i].topic,
                                       .at_ms = decision->said[i].at_ms};
    commit->records = input->records;
    commit->record_count = input->record_count;
    commit->said = said;
    commit->said_count = decision->said_count;
    for (size_t i = 0; i < input->came_count; i++)
        said[commit->said_count++] = (struct commit_said){
            .name = input->came[i].name, .word = "record", .topic = input->came[i].text.text};
    make_heard(input, arena, commit);
    make_erased(input, arena, commit);
}

/* False where the document would be too large. */
static bool make_document(const struct commit_builder_input *input, struct arena *arena,
                          struct commit *commit, struct diag *diag)
{
    struct buf document;
    buf_init(&document, 2 * CUSTOMER_DOCUMENT_MOST);
    bool fits = fit_print(input->customer, commit->version, input->decision, arena, input->now_ms,
                          &document);
    if (fits)
        commit->document =
            (struct slice){.text = arena_copy(arena, buf_string(&document), document.length),
                           .length = document.length};
    buf_free(&document);
    if (!fits) {
        diag_error(diag, "the customer's document would pass %d bytes", CUSTOMER_DOCUMENT_MOST);
        diag_code(diag, "document-size");
    }
    return fits;
}

/* ---- Starts ---- */

/* Those that began with this decision and are needed later; those that nobody needs now. */
static void make_starts(const struct customer *customer, struct arena *arena, struct commit *commit)
{
    uint32_t count = customer->starts.count;
    struct commit_start *starts = arena_alloc(arena, sizeof *starts * (count + 1));
    const char **forgotten = arena_alloc(arena, sizeof *forgotten * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct customer_start *start = &customer->starts.items[i];
        bool needed = customer_starts_needs(customer, start->origin);
        if (needed && !start->stored)
            starts[commit->start_count++] = (struct commit_start){
                .origin = start->origin, .event = print(arena, &start->event)};
        else if (!needed && start->stored)
            forgotten[commit->forgotten_start_count++] = start->origin;
    }
    commit->starts = starts;
    commit->forgotten_starts = forgotten;
}

/* ---- Clocks ---- */

/* Where they stand in the index from now on; who is joined stands there no longer. */
static void make_zones(const struct commit_builder_input *input, struct arena *arena,
                       struct commit *commit)
{
    const struct customer *customer = input->customer;
    struct commit_zone *zones = arena_alloc(arena, sizeof *zones * (input->joined_count + 1));
    for (size_t i = 0; i < input->joined_count; i++) {
        const struct customer *joined = input->joined[i];
        zones[commit->zone_count++] =
            (struct commit_zone){.key = joined->key,
                                 .before = zones_of(joined, arena),
                                 .place_before = rule_clock_place(customer_first_key(joined)),
                                 .after = ""};
    }
    if (input->zone || !input->decision->bare)
        zones[commit->zone_count++] =
            (struct commit_zone){.key = customer->key,
                                 .before = input->zone ? input->zone : "",
                                 .place_before = input->place,
                                 .after = input->decision->bare ? "" : zones_of(customer, arena),
                                 .place_after = rule_clock_place(customer_first_key(customer))};
    commit->zones = zones;
    commit->ticks = input->ticks;
    commit->tick_count = input->tick_count;
}

bool commit_builder_make(const struct commit_builder_input *input, struct arena *arena,
                         struct commit *commit, struct diag *diag)
{
    const struct decision *decision = input->decision;
    int64_t last_ms =
        decision->last_deadline_ms > input->now_ms ? decision->last_deadline_ms : input->now_ms;
    *commit = (struct commit){
        .customer = input->customer->key,
        .seen = input->customer->version,
        .version = next_version(input, arena),
        .expire_ms = last_ms + input->keep_ms,
        .deadline_ms = decision->deadline_ms,
        .ids = entry_ids(input->events, input->event_count, arena),
        .id_count = input->event_count,
    };
    make_relied(input, arena, commit);
    if (!decision->bare)
        make_redirects(input, arena, commit);
    make_moves(input, arena, commit);
    if (!decision->bare && !make_document(input, arena, commit, diag))
        return false;
    make_messages(input, arena, commit);
    make_words(input, arena, commit);
    make_withdrawals(decision, arena, commit);
    make_postponed(decision, arena, commit);
    if (decision->full)
        make_full(arena, decision->full_ms, commit);
    make_halts(input, arena, commit);
    make_emits(input, arena, commit);
    make_watches(decision, arena, commit);
    make_codes(input, arena, commit);
    make_records(decision, arena, commit);
    make_starts(input->customer, arena, commit);
    make_zones(input, arena, commit);
    claims_make(&(struct claims){input->home, input->customer->key, input->now_ms}, arena, commit);
    return true;
}

static size_t size_of(const struct slice *texts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += texts[i].length;
    return size;
}

size_t commit_builder_size(const struct commit *commit)
{
    size_t size = commit->document.length + size_of(commit->traces, commit->trace_count);
    for (size_t i = 0; i < commit->emit_count; i++)
        size += commit->emits[i].event.length;
    for (size_t i = 0; i < commit->message_count; i++)
        size += commit->messages[i].length;
    for (size_t i = 0; i < commit->dead_count; i++)
        size += commit->dead[i].length;
    for (size_t i = 0; i < commit->start_count; i++)
        size += commit->starts[i].event.length;
    return size;
}

void commit_builder_give_up(struct arena *arena, const struct shop_event *const *events,
                            size_t count, const struct diag *diag, struct commit *commit)
{
    struct commit_dead *dead = arena_zero(arena, sizeof *dead * (count + 1));
    *commit = (struct commit){.ids = entry_ids(events, count, arena), .id_count = count};
    for (size_t i = 0; i < count; i++) {
        struct slice body = print(arena, &events[i]->document);
        dead[i] = (struct commit_dead){.kind = "event",
                                       .reason = arena_text(arena, diag->code),
                                       .detail = arena_text(arena, diag->text),
                                       .body = body.text,
                                       .length = body.length,
                                       .own = events[i]->internal ? events[i]->key : NULL};
    }
    commit->dead = dead;
    commit->dead_count = count;
}

/* What commit.lua takes for the version of a document that nobody can read: "?" where it does
 * not begin as all do. */
static const char *version_seen(struct arena *arena, const struct slice *document)
{
    static const char start[] = "{\"version\":\"";
    const size_t length = sizeof start - 1;
    if (!document->text)
        return "";
    if (document->length < length || memcmp(document->text, start, length) != 0)
        return "?";
    const char *version = document->text + length;
    size_t rest = strcspn(version, "\"");
    return version[rest] == '"' ? arena_printf(arena, "%.*s", (int)rest, version) : "?";
}

/* One line for the customer's trace. */
static struct slice give_up_line(struct arena *arena, int64_t now_ms, const char *why)
{
    struct value item = value_new_map(arena, 2);
    value_add(arena, item, value_text("what"), value_text(trace_what_word(TRACE_TIMER_GIVEN_UP)));
    value_add(arena, item, value_text("why"), value_text(why));
    const struct value line = trace_of(arena, now_ms, item);
    return print(arena, &line);
}

void commit_builder_give_up_timer(struct arena *arena, const struct commit_builder_timer *timer,
                                  const struct diag *diag, struct commit *commit)
{
    struct commit_dead *dead = arena_zero(arena, sizeof *dead);
    struct slice *trace = arena_zero(arena, sizeof *trace);
    *dead =
        (struct commit_dead){.kind = "timer",
                             .reason = arena_text(arena, diag->code),
                             .detail = arena_text(arena, diag->text),
                             .body = arena_printf(arena, "{\"due\":%" PRId64 "}", timer->due_ms)};
    dead->length = strlen(dead->body);
    *trace = give_up_line(arena, timer->now_ms, dead->detail);
    *commit = (struct commit){.customer = timer->key,
                              .seen = version_seen(arena, &timer->document),
                              .version = "",
                              .expire_ms = timer->now_ms + timer->keep_ms,
                              .dead = dead,
                              .dead_count = 1,
                              .traces = trace,
                              .trace_count = 1};
    make_full(arena, (const int64_t[ROOM_CLASSES]){0}, commit);
}
