/*
 * The senders of one gateway. Each owns one connection and one arena and works on one job at a
 * time, in a fiber: prepare (the owner's callback: render and build), send, report. Few threads run
 * all of them. The loop gives jobs and collects them; all functions here are for the loop's thread.
 *
 * A job is WAITING (given), BEGUN (a sender has it), DONE (not yet collected).
 * Each one given comes back through senders_collect() exactly once, also after
 * senders_stop().
 */
#ifndef NUDGED_SEND_SENDERS_H
#define NUDGED_SEND_SENDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "send/gateway.h"

struct senders;

/* What senders know of a message: a member of the owner's own struct, which the owner's
 * callbacks find again by it. Between senders_give() and senders_collect() that struct
 * belongs to the senders: nothing but the callbacks below may touch it. */
struct senders_job {
    struct senders_job *next; /* the senders' */
    struct outcome outcome;   /* when it comes back, and what it took, in microseconds; 0: it did
                                 not come so far */
    int64_t prepare_us, send_us;
};

struct senders_settings {
    const char *name; /* the gateway's; its threads' name begins with it */
    const struct gateway_kind *kind;
    const void *gateway; /* the kind's settings; must outlive the senders */
    size_t connections;  /* senders, 1 to GATEWAY_CONNECTIONS_MOST */

    /* Called in a fiber: may this job begin, so late as it is now? Else it comes back as
     * OUTCOME_CUT. NULL: always. */
    bool (*may_begin)(void *context, struct senders_job *job);
    /* Called in a fiber, which does not give way meanwhile. Fills *outgoing from the job; what it
     * points to may lie in the arena, which all senders of a thread share: what is needed while it
     * is sent is copied out of it. False: a dead letter with the diag's text. */
    bool (*prepare)(void *context, struct senders_job *job, struct arena *arena,
                    struct outgoing *outgoing, struct diag *diag);
    /* Called in a fiber, right before what would make the message of this job
     * final: may it still be sent from here? NULL: always. */
    bool (*may_finish)(void *context, struct senders_job *job);
    /* Called in a fiber when the job's outcome stands. NULL: nobody. */
    void (*ended)(void *context, struct senders_job *job);
    void *context;
};

/* NULL where its threads could not be started. */
struct senders *senders_start(const struct senders_settings *settings, struct diag *diag);

/* Stops if that was not done. What was not collected by then does not come back. */
void senders_destroy(struct senders **senders);

/* How many more jobs may be begun now: senders that are free, less what `throttle`
 * holds back after a 421 or 429. 0 once stopping. `now_ms`: clock_monotonic_ms(). */
size_t senders_room(struct senders *senders, int64_t now_ms);
/* How many more may be given where `ahead` of all may wait for a sender. 0 where the gateway asked
 * for fewer than there are. */
size_t senders_room_ahead(struct senders *senders, size_t ahead, int64_t now_ms);
/* How long the gateway asked for none, from now, in ms; 0: it may be used. */
int64_t senders_quiet_ms(const struct senders *senders, int64_t now_ms);
/* Jobs given and not yet collected. */
size_t senders_busy(struct senders *senders);

/* Takes the job over. More than senders_room() allows wait for a sender. While
 * stopping the job comes back as OUTCOME_CUT. */
void senders_give(struct senders *senders, struct senders_job *job);

/* Readable when there is something to collect. For the loop to watch; closed by
 * senders_destroy. */
int senders_fd(const struct senders *senders);

/* Gives back every job that is done; the callee owns it. */
void senders_collect(struct senders *senders, int64_t now_ms,
                     void (*callback)(void *context, struct senders_job *job), void *context);

/* Those that wait for a sender come back as OUTCOME_CUT. */
void senders_recall(struct senders *senders);

/* Begins to stop, at once: no new job is begun, those waiting come back as
 * OUTCOME_CUT; those begun go on and are collected as ever. */
void senders_drain(struct senders *senders);

/* Drains, cuts what is begun (past the body's end: uncertain; else OUTCOME_CUT) and joins
 * the threads: about a second at most. Collect once more afterwards. */
void senders_stop(struct senders *senders);

#endif
