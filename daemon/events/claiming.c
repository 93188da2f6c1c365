/*
 * claiming_takes, at the end: a notice is answered (on_claimed, on_disclaimed, on_erased), and what
 * is of a person of another shard is put aside for it (put_aside). What a claim comes to is the
 * table of answer_claim: nobody has the key, whom it names leaves, it is turned, it is refused, or
 * the claim is turned round.
 */
#include "events/claiming.h"

#include <string.h>

#include "customer/customer.h"
#include "customer/customer_key.h"
#include "decide/name.h"
#include "decide/person.h"
#include "events/claims.h"
#include "events/notice.h"
#include "events/zones.h"
#include "rules/rule_clock.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

struct claim {
    const struct claiming *claiming;
    const struct work *work;
    const struct shop_event *event;
    struct notice notice;
    const struct name *key;    /* that it is about */
    const struct name *holder; /* whom the key names, as far as it is known here */
    struct commit *commit;
};

static bool is_id(const struct claim *claim, const char *key)
{
    return customer_key_is_id(claim->claiming->key_paths, key);
}

/* ---- Parts of commits ---- */

static void add_stray(struct claim *claim, const char *own, const char *whose,
                      const struct notice *notice, int64_t at_ms)
{
    const struct commit_stray stray = {own, whose,
                                       notice_print(claim->claiming->round, notice, at_ms)};
    claims_add_stray(claim->claiming->round, claim->commit, &stray);
}

/* What must still lead where it led. */
static void rely(struct claim *claim)
{
    const struct person *person = claim->work->person;
    struct commit_relied *relied =
        arena_alloc(claim->claiming->round, sizeof *relied * (person->relied_count + 1));
    for (uint32_t i = 0; i < person->relied_count; i++) {
        const struct name *name = person->relied[i];
        relied[i] = (struct commit_relied){name->hash, name->redirect ? name->redirect : ""};
    }
    claim->commit->relied = relied;
    claim->commit->relied_count = person->relied_count;
}

static int64_t until_ms(const struct claim *claim)
{
    int64_t least_ms = claim->claiming->now_ms + DAY_MS;
    return claim->notice.until_ms > least_ms ? claim->notice.until_ms : least_ms;
}

static void add_lead(struct claim *claim, const char *hash, const char *from, const char *to)
{
    struct commit *commit = claim->commit;
    struct commit_lead *leads = (struct commit_lead *)commit->leads;
    uint32_t capacity = (uint32_t)commit->lead_count;
    leads = arena_grow(claim->claiming->round, leads, (uint32_t)commit->lead_count, &capacity,
                       sizeof *leads);
    leads[commit->lead_count++] = (struct commit_lead){hash, from, to, until_ms(claim)};
    commit->leads = leads;
}

/* To whom claims it. */
static const char *redirect(const struct claim *claim)
{
    const struct name *key = claim->key;
    bool stays = key->target && strcmp(key->target, claim->notice.by) == 0;
    int64_t since_ms =
        stays && key->since_ms > claim->event->time_ms ? key->since_ms : claim->event->time_ms;
    return name_redirect(claim->claiming->round, claim->notice.by, since_ms);
}

static void send(struct claim *claim, const char *const *names, size_t name_count)
{
    const struct claiming *claiming = claim->claiming;
    const struct notice moved = {.kind = NOTICE_MOVED, .by = claim->holder->text};
    claim->commit->leaving = (struct commit_leaving){
        .whose = claim->notice.by,
        .event = notice_print(claiming->round, &moved, claim->event->time_ms),
        .entry = claim->event->entry,
        .names = names,
        .name_count = name_count};
}

/* What was said under the key goes along: it outlives whose the key was. */
static void turn(struct claim *claim)
{
    const char **name = arena_alloc(claim->claiming->round, sizeof *name);
    *name = claim->key->hash;
    add_lead(claim, claim->key->hash, "", redirect(claim));
    if (claim->key->record.text && strcmp(claim->holder->text, claim->notice.by) != 0)
        send(claim, name, 1);
}

/* ---- Who leaves ---- */

static void leave_messages(struct claim *claim, const struct customer *customer)
{
    struct arena *arena = claim->claiming->round;
    struct commit_leaving *leaving = &claim->commit->leaving;
    const char **mids = arena_alloc(arena, sizeof *mids * (customer->open.count + 1));
    uint32_t capacity = 0, count = 0;
    const char **runs = NULL;
    for (uint32_t i = 0; i < customer->open.count; i++)
        mids[leaving->mid_count++] = customer->open.items[i].mid;
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct value *given = &customer->journeys.items[i].given;
        for (uint32_t k = 0; k < value_count(given); k++) {
            runs = arena_grow(arena, runs, count, &capacity, sizeof *runs);
            runs[count++] = value_to_text(arena, &given->map->members[k].value);
        }
    }
    leaving->mids = mids;
    leaving->runs = runs;
    leaving->run_count = count;
}

/* They wait for no rule here any more, and stand in no index. */
static void leave_queues(struct claim *claim, const struct customer *customer)
{
    struct arena *arena = claim->claiming->round;
    struct commit *commit = claim->commit;
    struct commit_halted *halted =
        arena_alloc(arena, sizeof *halted * (customer->journeys.count + 1));
    struct commit_zone *zone = arena_alloc(arena, sizeof *zone);
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        if (customer->journeys.items[i].halted_ms)
            halted[commit->halted_count++] =
                (struct commit_halted){customer->journeys.items[i].rule, customer->key, 0};
    *zone = (struct commit_zone){.key = customer->key,
                                 .before = zones_of(customer, arena),
                                 .place_before = rule_clock_place(customer_first_key(customer)),
                                 .after = ""};
    commit->halted = halted;
    commit->zones = zone;
    commit->zone_count = 1;
}

/* All keys that led to them lead to whom they will be; that very key leads nowhere. */
static void leave_keys(struct claim *claim, const struct customer *customer)
{
    const struct claiming *claiming = claim->claiming;
    const char **names = arena_alloc(claiming->round, sizeof *names * (customer->keys.count + 2));
    size_t count = 0;
    names[count++] = claim->holder->hash;
    names[count++] = claim->key->hash;
    add_lead(claim, claim->holder->hash, "", redirect(claim));
    if (claim->key != claim->holder)
        add_lead(claim, claim->key->hash, "", redirect(claim));
    for (uint32_t i = 0; i < customer->keys.count; i++) {
        const char *key = customer->keys.items[i];
        bool is_theirs = strcmp(key, claim->notice.by) == 0;
        names[count] = policy_short_hash(claiming->policy, key, claiming->round);
        add_lead(claim, names[count++], customer->key, is_theirs ? "" : redirect(claim));
    }
    send(claim, names, count);
}

/* Who stands here becomes part of whom claims them. What cannot be read stays where it is. */
static void leave(struct claim *claim)
{
    const struct claiming *claiming = claim->claiming;
    const struct name *holder = claim->holder;
    struct diag diag;
    const struct customer *customer =
        holder->document.text ? customer_read(claiming->round, holder->text, holder->document.text,
                                              holder->document.length, &diag)
                              : customer_new(claiming->round, holder->text);
    if (!customer) {
        turn(claim);
        return;
    }
    claim->commit->customer = holder->text;
    claim->commit->seen = customer->version;
    claim->commit->expire_ms = claiming->now_ms + DAY_MS;
    leave_keys(claim, customer);
    leave_messages(claim, customer);
    if (holder->document.text)
        leave_queues(claim, customer);
}

/* ---- Claims ---- */

/* Of two of whom one has no id. */
static bool is_before(const struct claim *claim, const char *key, const char *other)
{
    bool id = is_id(claim, key), other_id = is_id(claim, other);
    return id != other_id ? id : strcmp(key, other) < 0;
}

static void refuse(struct claim *claim)
{
    const struct notice not = {.kind = NOTICE_DISCLAIMED, .by = claim->notice.by};
    add_stray(claim, claim->key->text, claim->notice.by, &not, claim->event->time_ms);
}

/* `by` takes over whom `other` names. */
static void claim_other(struct claim *claim, const char *other, const char *by)
{
    const struct placement *placement = claim->claiming->home->placement;
    const struct notice claimed = {.kind = NOTICE_CLAIMED, .by = by, .until_ms = until_ms(claim)};
    bool together = placement_of(placement, other) == placement_of(placement, by);
    add_stray(claim, other, together ? by : NULL, &claimed, claim->event->time_ms);
}

/* Another id has the key. */
static void answer_two_ids(struct claim *claim)
{
    const struct notice not = {.kind = NOTICE_DISCLAIMED, .by = claim->holder->text};
    if (!claim->notice.strong || claim->event->time_ms < claim->key->since_ms) {
        refuse(claim);
        return;
    }
    turn(claim);
    if (claim->holder->is_away)
        add_stray(claim, claim->key->text, claim->holder->text, &not, claim->event->time_ms);
}

static void answer_claim(struct claim *claim)
{
    const struct name *holder = claim->holder;
    const char *by = claim->notice.by;
    bool nobody = holder == claim->key && !holder->document.text;
    if (strcmp(holder->text, by) == 0 || nobody) {
        turn(claim);
    } else if (holder->is_id && is_id(claim, by)) {
        answer_two_ids(claim);
    } else if (!is_before(claim, by, holder->text)) {
        claim_other(claim, by, holder->text);
    } else if (holder->is_away) {
        turn(claim);
        claim_other(claim, holder->text, by);
    } else {
        leave(claim);
    }
}

/* ---- Other notices ---- */

/* The key is somebody else's, as its own shard says. */
static void answer_disclaimer(struct claim *claim)
{
    add_lead(claim, claim->key->hash, claim->notice.by, "");
}

/* Whom the key named was erased: it names nobody, and what was before stays erased. False where it
 * is to be decided here, as of whom no id is known. */
static bool answer_erasure(struct claim *claim)
{
    const struct name *holder = claim->holder;
    if (!holder->is_id && !holder->is_away)
        return false;
    if (strcmp(holder->text, claim->notice.by) != 0)
        return true;
    struct arena *arena = claim->claiming->round;
    struct commit_erased *erased = arena_alloc(arena, sizeof *erased);
    struct commit_said *said = arena_alloc(arena, sizeof *said);
    *erased = (struct commit_erased){claim->key->text, claim->key->hash};
    *said = (struct commit_said){.name = claim->key->hash,
                                 .word = "erased",
                                 .topic = claim->event->identity,
                                 .at_ms = claim->event->time_ms};
    claim->commit->erased = erased;
    claim->commit->said = said;
    claim->commit->erased_count = claim->commit->said_count = 1;
    return true;
}

/* ---- Who stands elsewhere ---- */

static void put_aside(struct claim *claim)
{
    const struct work *work = claim->work;
    struct commit *commit = claim->commit;
    struct commit_aside *aside =
        arena_alloc(claim->claiming->round, sizeof *aside * (work->chosen + 1));
    const char **elsewhere = arena_alloc(claim->claiming->round, sizeof *elsewhere * 2);
    for (uint32_t i = 0; i < work->chosen; i++)
        aside[commit->aside_count++] =
            (struct commit_aside){work->events[i]->entry, claim->holder->text};
    commit->aside = aside;
    commit->ticks = work->taken.texts;
    commit->tick_count = work->tick_count;
    if (work->due_ms)
        elsewhere[commit->elsewhere_count++] = work->names[0]->text;
    commit->elsewhere = elsewhere;
}

static const char **entries(struct arena *arena, const struct work *work)
{
    const char **ids = arena_alloc(arena, sizeof *ids * (work->chosen + 1));
    for (uint32_t i = 0; i < work->chosen; i++)
        ids[i] = work->events[i]->entry;
    return ids;
}

static const struct name *name_of(const struct work *work, const char *key)
{
    for (uint32_t i = 0; i < work->name_count; i++)
        if (strcmp(work->names[i]->text, key) == 0)
            return work->names[i];
    return work->person->name;
}

bool claiming_takes(const struct claiming *claiming, const struct work *work, struct commit *commit)
{
    struct claim claim = {.claiming = claiming,
                          .work = work,
                          .event = work->chosen ? work->events[0] : NULL,
                          .holder = work->person->name,
                          .commit = commit};
    if (claim.event)
        claim.notice = notice_read(claiming->round, claim.event);
    if (!claim.notice.kind && !claim.holder->is_away)
        return false;
    *commit = (struct commit){0};
    if (claim.event)
        claim.key = name_of(work, claim.event->keys[claim.event->key_count - 1].text);
    rely(&claim);
    commit->ids = entries(claiming->round, work);
    commit->id_count = work->chosen;
    if (claim.notice.kind == NOTICE_CLAIMED)
        answer_claim(&claim);
    else if (claim.notice.kind == NOTICE_ERASED)
        return answer_erasure(&claim);
    else if (claim.holder->is_away)
        put_aside(&claim);
    else if (claim.notice.kind == NOTICE_DISCLAIMED)
        answer_disclaimer(&claim);
    else
        return false;
    return true;
}

uint32_t claiming_cut(struct arena *arena, const struct work *work, uint32_t most)
{
    for (uint32_t i = 0; i < most; i++)
        if (notice_read(arena, work->events[i]).kind)
            return i ? i : 1;
    return most;
}
