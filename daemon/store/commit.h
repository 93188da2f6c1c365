/*
 * Everything that was decided for one customer, to be written all or nothing, and what Redis says
 * to it: the arguments and the answer of commit.lua. One call carries many, each judged alone.
 */
#ifndef NUDGED_STORE_COMMIT_H
#define NUDGED_STORE_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "customer/said.h"
#include "redis/arguments.h"
#include "redis/reply.h"
#include "store/commit_items.h"
#include "store/commit_result.h"
#include "store/commit_rules.h"
#include "store/commit_shards.h"
#include "store/commit_watches.h"

/* What is written. Pointers and counts may be NULL and 0. */
struct commit {
    bool dry;               /* only asked: nothing is written */
    int64_t number;         /* of what it begins at once, as of a take; 0: nothing */
    const char *customer;   /* NULL: entries of none; then only ids, emits, tellings, letters */
    const char *seen;       /* the version that was read; "" when there was no document */
    const char *version;    /* the new one; ignored without a document */
    struct slice document;  /* begins with {"version":"<version>"; text NULL: it did not change,
                               and there are neither messages nor withdrawals */
    int64_t expire_ms;      /* of document and trace, since 1970 */
    bool trace_stays;       /* a trace that is there has the time that it needs */
    int64_t deadline_ms;    /* the earliest timer, since 1970; 0: none */
    const char *const *ids; /* of P:events: acknowledged and deleted */
    size_t id_count;
    const char *const *free_hashes; /* addresses' hashes assumed not suppressed */
    size_t free_hash_count;
    const struct commit_undeclined *undeclined;
    size_t undeclined_count;
    struct commit_message *messages; /* who sends it says which begin at once */
    size_t message_count;
    const struct commit_withdrawal *withdrawals; /* done before messages are inserted */
    size_t withdrawal_count;
    const struct commit_postponed *postponed;
    size_t postponed_count;
    const struct said_text *records; /* assumed to stand still: else it is COMMIT_STALE */
    size_t record_count;
    const struct commit_said *said; /* merged into P:said in this order */
    size_t said_count;
    const struct commit_erased *erased; /* before anything else is written */
    size_t erased_count;
    const struct commit_full *full; /* NULL: the queues know nothing of the customer */
    size_t full_count;
    const struct commit_halt *halts;
    size_t halt_count;
    const struct commit_halted *halted;
    size_t halted_count;
    const char *const *brakes; /* rules that are paused by this */
    size_t brake_count;
    const struct commit_braked *braked;
    size_t braked_count;
    const struct commit_code *codes;
    size_t code_count;
    const struct commit_run *runs;
    size_t run_count;
    const struct commit_emit *emits; /* for P:events, or P:strays */
    size_t emit_count;
    const struct commit_watch *watches; /* in the order in which they were said */
    size_t watch_count;
    const struct commit_telling *tellings;
    size_t telling_count;
    const struct commit_dead *dead;
    size_t dead_count;
    const struct commit_start *starts;
    size_t start_count;
    const char *const *forgotten_starts; /* origins of those that nobody needs any more */
    size_t forgotten_start_count;
    const struct slice *traces; /* JSON lines, oldest first */
    size_t trace_count;
    const struct commit_relied *relied;
    size_t relied_count;
    const struct commit_join *joins; /* checked; what there is becomes the customer's */
    size_t join_count;
    const char *const *moved_mids; /* messages of theirs, which are the customer's from now on */
    size_t moved_mid_count;
    const struct commit_redirect *redirects;
    size_t redirect_count;
    int64_t redirect_expire_ms; /* since 1970 */
    const char *const *ticks;   /* in work (store/clocks), which are decided by this */
    size_t tick_count;
    const struct commit_zone *zones;
    size_t zone_count;
    const struct commit_stray *strays; /* for other shards */
    size_t stray_count;
    const struct commit_heard *heard;
    size_t heard_count;
    const struct commit_aside *aside; /* of `ids` */
    size_t aside_count;
    const struct commit_lead *leads;
    size_t lead_count;
    struct commit_leaving leaving;
    struct slice parcel;          /* what came with an event from another shard; text NULL */
    const char *const *elsewhere; /* keys of customers who have no deadline here any more */
    size_t elsewhere_count;
};

struct commit_call {
    const struct commit *const *commits; /* no two of one customer */
    size_t count;
    const char *inbox; /* the list's key, or "" */
};

/* For commit.lua, of a daemon's consumer. Texts are referred to, not copied. */
struct arguments commit_arguments(struct arena *arena, const char *consumer,
                                  const struct commit_call *call);
/* What is answered of one of them: lists in the arena, texts in the reply. False: an error. */
bool commit_read_result(struct arena *arena, const struct reply *reply,
                        struct commit_result *result);

#endif
