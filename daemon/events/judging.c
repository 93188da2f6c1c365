/*
 * judging_decide, read upwards: whose the events are (meet, by decide/person), which is asked anew
 * where a document that would be joined cannot be read; then as many of them as one commit carries
 * are decided (decide(), a pure function) and made a commit (events/commit_builder).
 */
#include "events/judging.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_group.h"
#include "decide/decide.h"
#include "events/claiming.h"
#include "events/claims.h"
#include "events/commit_builder.h"
#include "events/notice.h"
#include "events/parcel.h"
#include "events/work_log.h"
#include "events/zones.h"
#include "rules/other_sets.h"
#include "rules/rule_clock.h"

/* Bytes of one commit, where it carries more than one event. */
enum { COMMIT_MOST = 4 << 20 };

enum { LOOKUPS_AT_ONCE = 256 }; /* entries of tables that several events ask for */

/* ---- Giving up ---- */

/* A key is an id, or an address, which the log does not tell. */
static void log_given_up(const struct judging *judging, const struct work *work,
                         const struct diag *diag)
{
    char masked[320], id[LOG_NAME_SIZE];
    const char *colon = strchr(work->key, ':'); /* behind it stands what the hash is of */
    if (!log_group_is_news(judging->log_group, clock_monotonic_ms(),
                           "customers that cannot be decided",
                           LOG_FIELDS(LOG_TEXT("reason", diag->code))))
        return;
    bool is_id = strncmp(work->key, "id:", 3) == 0 && !strchr(work->key, '@');
    log_with(LOG_LEVEL_ERROR,
             LOG_FIELDS(
                 LOG_TEXT("customer", is_id ? work->key
                                            : log_address(colon ? colon + 1 : work->key, masked,
                                                          sizeof masked)),
                 LOG_TEXT("event", work->event_count ? work_log_event(work->events[0], id) : NULL),
                 LOG_NUMBER("events", work->chosen), LOG_TEXT("reason", diag->code),
                 LOG_DETAIL(diag->text)),
             "a customer cannot be decided, %s",
             work->event_count ? "each event becomes a dead letter"
             : work->due_ms    ? "the timer becomes a dead letter"
                               : "the tick of a clock passes them over");
}

void judging_give_up(const struct judging *judging, struct work *work, const struct diag *diag,
                     struct commit *commit)
{
    const struct commit_builder_timer timer = {
        .key = work->key,
        .document = work->document,
        .due_ms = work->due_ms,
        .now_ms = judging->now_ms,
        .keep_ms = judging->keep_ms,
    };
    if (!work->told) /* Redis may refuse the commit for hours */
        log_given_up(judging, work, diag);
    work->given_up = work->told = true;
    work->reason = arena_text(judging->round, diag->code);
    work->decision = (struct decision){0};
    if (work->event_count)
        commit_builder_give_up(judging->round, work->events, work->chosen, diag, commit);
    else if (!work->due_ms)
        *commit = (struct commit){.ticks = work->taken.texts, .tick_count = work->tick_count};
    else
        commit_builder_give_up_timer(judging->round, &timer, diag, commit);
}

/* ---- Whose the events are ---- */

/* A document that would have become part of a customer's. */
static void log_not_joined(const struct judging *judging, const struct diag *diag)
{
    if (log_group_is_news(judging->log_group, clock_monotonic_ms(),
                          "customers that cannot be joined",
                          LOG_FIELDS(LOG_TEXT("reason", diag->code))))
        log_with(LOG_LEVEL_ERROR,
                 LOG_FIELDS(LOG_TEXT("reason", diag->code), LOG_DETAIL(diag->text)),
                 "what is known of a customer under another key cannot be read, and is let be");
}

static struct customer *read_customer(struct arena *arena, const struct work *work,
                                      struct diag *diag)
{
    return work->document.text
               ? customer_read(arena, work->key, work->document.text, work->document.length, diag)
               : customer_new(arena, work->key);
}

/* Reads what becomes part of the customer's document. One that cannot be read stays where it is,
 * and is found anew whose the events are: false. */
static bool read_joined(const struct judging *judging, struct work *work,
                        const struct customer **joined, size_t *count)
{
    for (uint32_t i = 0; i < work->person->taken_count; i++) {
        struct name *name = work->person->taken[i];
        struct diag diag;
        if (!name->document.text)
            continue;
        joined[*count] = customer_read(judging->round, name->text, name->document.text,
                                       name->document.length, &diag);
        if (!joined[*count]) {
            log_not_joined(judging, &diag);
            name->is_broken = true;
            return false;
        }
        ++*count;
    }
    return true;
}

/* What stands of them beyond their document, whichever of their keys it was said under. */
static void gather_records(struct arena *arena, struct work *work)
{
    const struct person *person = work->person;
    work->records = arena_alloc(arena, sizeof *work->records * (person->taken_count + 1));
    work->records[0] = (struct said_text){person->name->hash, person->name->record};
    for (uint32_t i = 0; i < person->taken_count; i++)
        work->records[i + 1] = (struct said_text){person->taken[i]->hash, person->taken[i]->record};
    work->record_count = person->taken_count + 1;
}

static bool is_among(const struct work *work, const struct name *name)
{
    for (uint32_t i = 0; i < work->name_count; i++)
        if (work->names[i] == name)
            return true;
    return false;
}

/* Whom a notice is about others that came with it have no say in. */
static struct person *person_of_notice(const struct judging *judging, const struct work *work)
{
    struct work alone = {.events = work->events, .event_count = 1};
    const struct shop_event *event = work->events[0];
    for (uint32_t i = 0; i < event->key_count; i++) {
        struct name *name = names_find(judging->names, event->keys[i].text);
        for (int hops = 0; name && !is_among(&alone, name) && hops < PERSON_HOPS_MOST; hops++) {
            work_add_name(judging->round, &alone, name);
            name = name->target ? names_find(judging->names, name->target) : NULL;
            if (name && name->is_away)
                break;
        }
    }
    return names_person(judging->names, judging->round, &alone);
}

static bool has_others(const struct judging *judging)
{
    return judging->home->placement && placement_count(judging->home->placement) > 1;
}

static struct person *person_of_first(const struct judging *judging, struct work *work)
{
    if (!has_others(judging))
        return names_person(judging->names, judging->round, work);
    bool notice = work->event_count && notice_read(judging->round, work->events[0]).kind;
    struct person *person = notice ? person_of_notice(judging, work)
                                   : names_person(judging->names, judging->round, work);
    person->event_count = claiming_cut(judging->round, work, person->event_count);
    return person;
}

/* Whose the work's first events are. */
static void meet(const struct judging *judging, struct work *work)
{
    const struct customer **joined;
    size_t count;
    do {
        work->person = person_of_first(judging, work);
        joined = arena_alloc(judging->round, sizeof *joined * (work->person->taken_count + 1));
        count = 0;
    } while (!read_joined(judging, work, joined, &count));
    work->joined = joined;
    work->joined_count = count;
    work->key = work->person->name->text;
    work->document = work->person->name->document;
    gather_records(judging->round, work);
}

void judging_learn(const struct work *work)
{
    const struct person *person = work->person;
    person->name->document = work->document;
    person->name->record = work->records[0].text;
    for (uint32_t i = 0; i < person->taken_count; i++)
        person->taken[i]->record = work->records[i + 1].text;
}

/* ---- Deciding for them ---- */

/* What other living daemons' rule sets have. */
static struct other_sets other_sets(const struct judging *judging)
{
    const struct rule_sets *all = judging->rule_sets;
    size_t count;
    if (!all)
        return (struct other_sets){0};
    const struct rule_sets_other *others = rule_sets_others(all, &count);
    struct other_set *sets = arena_alloc(judging->round, sizeof *sets * (count + 1));
    for (size_t i = 0; i < count; i++)
        sets[i] = (struct other_set){.number = others[i].number, .entries = others[i].entries};
    return (struct other_sets){.number = rule_sets_number(all, judging->generation->digest),
                               .last = rule_sets_last(all),
                               .sets = sets,
                               .count = count};
}

/* Which rules the daemon has heard to be paused; whatever a commit taught is newer. */
static void hear_halts(const struct judging *judging, struct work *work)
{
    size_t count = 0;
    const struct paused *rules = judging->halted ? halted_rules(judging->halted, &count) : NULL;
    for (size_t i = 0; i < count && work->tries == 0 && work->lookup_rounds == 0; i++) {
        const struct policy_halt halt = {.rule = arena_text(judging->round, rules[i].name),
                                         .by = arena_text(judging->round, rules[i].by),
                                         .at_ms = rules[i].at_ms};
        work_add_halt(judging->round, work, &halt);
    }
}

static bool rounds_are_over(const struct work *work)
{
    return work->lookup_rounds >= LOOKUPS_ROUNDS;
}

/* What the round has learnt by now. */
static struct policy_facts facts_of(const struct judging *judging, const struct work *work)
{
    return (struct policy_facts){.rooms = judging->rooms,
                                 .suppressed = work->suppressed.texts,
                                 .suppressions = work->suppressions.texts,
                                 .declined = work->declined.texts,
                                 .noes = work->noes.texts,
                                 .unknown = work->unknown.texts,
                                 .places = work->places,
                                 .place_count = work->place_count,
                                 .halts = work->halts,
                                 .halt_count = work->halt_count,
                                 .braked = work->braked.texts,
                                 .codeless = work->codeless.texts};
}

/* What becomes part of the customer's: the documents that were read, and what is brought. */
static const struct customer *const *
all_joined(const struct judging *judging, const struct work *work, const struct customer *brought)
{
    const struct customer **all =
        arena_alloc(judging->round, sizeof *all * (work->joined_count + 1));
    for (size_t i = 0; i < work->joined_count; i++)
        all[i] = work->joined[i];
    all[work->joined_count] = brought;
    return all;
}

/* ---- Between shards ---- */

/* Who came from another shard, where they were not erased since: all of them becomes part of the
 * customer. False: it cannot be read. */
static bool bring(const struct judging *judging, struct work *work, struct parcel *came,
                  struct diag *diag)
{
    const struct shop_event *event = work->chosen ? work->events[0] : NULL;
    *came = (struct parcel){.brought = work->brought};
    if (!event || notice_read(judging->round, event).kind != NOTICE_MOVED)
        return true;
    for (size_t i = 0; i < work->record_count; i++)
        if (said_read(judging->round, work->records[i].text).erased_ms >= event->time_ms)
            return true;
    return parcel_open(judging->round, event->parcel, came, diag);
}

/* What is for another shard: true, with the commit. */
static bool is_for_others(const struct judging *judging, struct work *work, struct commit *commit)
{
    const struct claiming claiming = {.home = judging->home,
                                      .policy = &judging->generation->policy,
                                      .key_paths = judging->key_paths,
                                      .round = judging->round,
                                      .now_ms = judging->now_ms};
    if (!has_others(judging))
        return false;
    work_choose(work, work->person->event_count);
    work->decision = (struct decision){0};
    return claiming_takes(&claiming, work, commit);
}

static const struct said_text *all_records(const struct judging *judging, const struct work *work,
                                           const struct parcel *came)
{
    size_t count = work->record_count + came->record_count;
    struct said_text *all = arena_alloc(judging->round, sizeof *all * (count + 1));
    for (size_t i = 0; i < count; i++)
        all[i] = i < work->record_count ? work->records[i] : came->records[i - work->record_count];
    return all;
}

static void add_taken_keys(const struct judging *judging, const struct work *work,
                           struct customer *customer)
{
    for (uint32_t i = 0; i < work->person->taken_count; i++)
        if (!work->person->taken[i]->is_old)
            customer_add_key(judging->round, customer, work->person->taken[i]->text);
}

/* Decides what was chosen, for the customer as read, and makes the commit unless something is
 * needed first. False where the document would be too large. */
static bool make_commit(const struct judging *judging, struct work *work, struct customer *customer,
                        struct commit *commit, struct diag *diag)
{
    const struct policy_facts facts = facts_of(judging, work);
    const struct other_sets others = other_sets(judging);
    struct parcel came;
    if (!bring(judging, work, &came, diag))
        return false;
    const struct decide_input input = {.rules = judging->generation->rules,
                                       .policy = &judging->generation->policy,
                                       .customer = customer,
                                       .joined = all_joined(judging, work, came.brought),
                                       .joined_count = work->joined_count + (came.brought != NULL),
                                       .records = all_records(judging, work, &came),
                                       .record_count = work->record_count + came.record_count,
                                       .events = work->events,
                                       .event_count = work->chosen,
                                       .facts = &facts,
                                       .others = judging->rule_sets ? &others : NULL,
                                       .ticks = work->ticks,
                                       .tick_count = work->tick_count,
                                       .due_ms = work->due_ms,
                                       .now_ms = judging->now_ms,
                                       .starts = work->starts,
                                       .start_count = work->start_count,
                                       .lookups = work->lookups,
                                       .lookup_count = work->lookup_count,
                                       .lookups_last = rounds_are_over(work) && work->chosen <= 1};
    add_taken_keys(judging, work, customer);
    work->zone_now = customer->version[0] ? zones_of(customer, judging->round) : NULL;
    int64_t place = rule_clock_place(customer_first_key(customer));
    *commit = (struct commit){0};
    decide(&input, judging->round, &work->decision);
    if (decision_has_needs(&work->decision) || work->decision.quiet)
        return true;
    const struct commit_builder_input decided = {
        .customer = customer,
        .person = work->person,
        .joined = work->joined,
        .joined_count = work->joined_count,
        .records = work->records,
        .record_count = work->record_count,
        .policy = &judging->generation->policy,
        .home = judging->home,
        .came = came.records,
        .came_count = came.record_count,
        .decision = &work->decision,
        .events = work->events,
        .event_count = work->chosen,
        .ticks = work->taken.texts,
        .tick_count = work->tick_count,
        .zone = work->zone_now,
        .place = place,
        .now_ms = judging->now_ms,
        .keep_ms = judging->keep_ms,
        .epoch = judging->epoch,
        .sequence = ++*judging->sequence,
    };
    bool made = commit_builder_make(&decided, judging->round, commit, diag);
    if (made && (came.records || came.brought != work->brought))
        commit->parcel = work->events[0]->parcel;
    return made;
}

/* Several events at once may ask for more than one of them may: then they are decided one by one,
 * so that the answer does not depend on what came together. */
static bool asks_too_much(const struct work *work)
{
    return work->chosen > 1 && (work->decision.lookup_count > LOOKUPS_AT_ONCE ||
                                (work->decision.lookup_count && rounds_are_over(work)));
}

/* A few events may come to much: with many messages, each with the customer's profile; or one of
 * them to more than the document may hold. Then fewer of them are decided at once. */
bool judging_decide(const struct judging *judging, struct work *work, struct commit *commit)
{
    struct diag diag = {0};
    meet(judging, work);
    work->given_up = false;
    if (is_for_others(judging, work, commit)) {
        work->goes_out = claims_go_out(commit);
        return true;
    }
    hear_halts(judging, work);
    struct customer *customer = read_customer(judging->round, work, &diag);
    work_choose(work, work->person->event_count);
    bool made = customer && make_commit(judging, work, customer, commit, &diag);
    while (customer && work->chosen > 1 && (!made || commit_builder_size(commit) > COMMIT_MOST)) {
        work->chosen /= 2;
        customer = read_customer(judging->round, work, &diag);
        made = make_commit(judging, work, customer, commit, &diag);
    }
    work->goes_out = made && claims_go_out(commit);
    if (!made)
        judging_give_up(judging, work, &diag, commit);
    if (made && asks_too_much(work)) {
        work->most = work->chosen = 1;
        work->lookup_rounds = 0;
        return judging_decide(judging, work, commit);
    }
    return !decision_has_needs(&work->decision);
}
