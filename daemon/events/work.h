/*
 * A work: what one customer has in a batch (events, or a deadline that is due), or the
 * batch's entries that are no events. Plain data; events/pipeline moves it through its states.
 */
#ifndef NUDGED_EVENTS_WORK_H
#define NUDGED_EVENTS_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "customer/shop_event.h"
#include "decide/decide.h"
#include "events/work_entry.h"
#include "events/work_list.h"
#include "events/work_state.h"
#include "store/customers.h"
#include "store/intake.h"

struct batch;
struct name;
struct person;
struct portion;

enum {
    WORK_COMMIT_MOST = 1 << 20, /* bytes of events in one commit */
    WORK_DEAD_MOST = 1 << 20,   /* bytes of an entry that are kept in its dead letter */
};

struct work {
    struct batch *batch; /* events/pipeline's */
    enum work_state state;

    /* As long as the batch. */
    const char *key; /* the customer's, as far as it is known; NULL: entries that are no events */
    struct name **names; /* all by which its events name their customers (events/names) */
    uint32_t name_count, name_capacity;
    const struct shop_event **events;
    size_t *sizes; /* of the events, in bytes */
    uint32_t event_count, event_capacity;
    int64_t due_ms;            /* the deadline; 0: none */
    struct decide_tick *ticks; /* of clocks, in the order of their moments, … */
    uint32_t tick_count, tick_capacity;
    struct work_list taken;  /* … and as they stand in work, one for each */
    const char *indexed;     /* as whom the index has the customer, … */
    const char *zone;        /* … in which zone; NULL: no ticks */
    int64_t place;           /* and where in it */
    struct work_entry *dead; /* of entries that are no customer's, … */
    uint32_t dead_count, dead_capacity;
    struct work_list ids; /* … and their ids, one for each */
    uint32_t chosen;      /* the first so many, of events or dead, are in the commit under way */
    uint32_t most;        /* no more than so many are decided at once; 0: as many as may be */
    const struct customer *brought; /* of no document: becomes part of theirs; or NULL */
    bool goes_out;                  /* what is committed is told to other shards */
    bool waited;    /* for another work of the batch, whose customer was not known yet */
    bool last;      /* it waits for all older batches of events, whomever they concern */
    uint32_t moves; /* so often it was read anew, as a key had come to lead elsewhere */

    /* Of this round: from one reading of the document to the next. */
    struct person *person;          /* whose the first events are; NULL: not asked yet */
    const struct customer **joined; /* documents of other keys that become part of theirs */
    size_t joined_count;
    struct said_text *records; /* of P:said, of all keys that lead to them, as last seen */
    size_t record_count;
    struct slice document; /* theirs, as last seen; text NULL: none */
    struct work_list braked, codeless;
    struct policy_halt *halts; /* likewise, behind what the daemon had heard before */
    uint32_t halt_count, halt_capacity;
    struct work_list suppressions, noes; /* what stands of each that is suppressed, or declined */
    struct work_list suppressed, declined,
        unknown;                 /* facts learnt, as in struct policy_facts: these … */
    struct policy_place *places; /* … and these */
    uint32_t place_count, place_capacity;
    struct decide_start *starts; /* that were needed and read */
    uint32_t start_count, start_capacity;
    struct lookups_answer *lookups; /* likewise entries of tables */
    uint32_t lookup_count, lookup_capacity;
    uint32_t lookup_rounds; /* so often some were read for what is decided now */
    uint32_t tries;
    struct portion *portion; /* where it is decided (events/portions); NULL: nowhere yet */
    const char *zone_now;    /* theirs, by the document; NULL: there is none */
    bool given_up;      /* it cannot be decided: what is committed makes dead letters of it, … */
    const char *reason; /* … with this code, … */
    bool told;          /* … and the log has said so */
    struct decision decision; /* the one that is being committed */
};

void work_add_event(struct arena *arena, struct work *work, const struct shop_event *event,
                    size_t size);
/* The entry becomes a dead letter with the diag's words. Its bytes are referred to, not copied. */
void work_add_dead(struct arena *arena, struct work *work, const struct intake_entry *entry,
                   const struct diag *diag);
/* The entry is told to all who watch a product: `event` is what each gets, JSON. Not copied. */
void work_add_telling(struct arena *arena, struct work *work, const struct intake_entry *entry,
                      const char *product, const char *event);
/* A tick that was taken for the customer; `taken` as it stands in work. Nothing is copied. */
void work_add_tick(struct arena *arena, struct work *work, const struct decide_tick *tick,
                   const char *taken);
void work_add_name(struct arena *arena, struct work *work, struct name *name);
/* Takes all that another work has, which is done then; events in the order of their entries. */
void work_merge(struct arena *arena, struct work *work, struct work *other);

/* Begins a round: what was learnt in the one before is forgotten. */
void work_begin_round(struct work *work);
/* A rule is paused, or by "" not; no text is copied. */
void work_add_halt(struct arena *arena, struct work *work, const struct policy_halt *halt);
/* What a refused commit taught: what stands now, facts, entries of somebody else. Copied. */
void work_learn(struct arena *arena, struct work *work, const struct commit_result *result);

/* Chooses what one commit carries: the oldest, of events `most` at most, WORK_COMMIT_MOST together
 * but at least one: it must get through to Redis within its deadline, over a slow line too. */
void work_choose(struct work *work, uint32_t most);
/* What was chosen is committed, and is no longer of this work. */
void work_advance(struct work *work);
/* True where nothing is left to be done. */
bool work_is_empty(const struct work *work);

#endif
