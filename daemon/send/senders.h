/*
 * The sender threads of one gateway. Each owns one connection and one arena and
 * works on one job at a time: prepare (render and build, the owner's callback),
 * send, report. The loop gives jobs and collects them; all functions here are
 * for the loop's thread.
 *
 * A job is WAITING (given), BEGUN (a thread has it), DONE (not yet collected).
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
#include "send/job.h"

struct senders;

struct senders_settings {
    const char *name; /* the gateway's; copied; the threads' name begins with it */
    const struct gateway_kind *kind;
    const void *gateway; /* the kind's settings; must outlive the senders */
    size_t connections;  /* threads, 1 to GATEWAY_CONNECTIONS_MOST */

    /* Called in a sender thread. Fills *outgoing from the job; what it points to may
     * lie in the arena, which is reset after the send. False: a dead letter with the
     * diag's text. Sets job->recipient. */
    bool (*prepare)(void *context, struct job *job, struct arena *arena, struct outgoing *outgoing,
                    struct diag *diag);
    /* Called in a sender thread, right before what would make a message final:
     * does this daemon still hold its lease? */
    bool (*may_finish)(void *context);
    void *context;
};

/* NULL where no thread could be started. */
struct senders *senders_start(const struct senders_settings *settings, struct diag *diag);

/* Stops with a drain of 0 if that was not done; jobs not collected are destroyed. */
void senders_destroy(struct senders **senders);

/* How many more jobs may be begun now: threads that are free, less what `rate`
 * holds back after a 421 or 429. 0 once stopping. `now_ms`: clock_monotonic_ms(). */
size_t senders_free(struct senders *senders, int64_t now_ms);
/* Jobs given and not yet collected. */
size_t senders_busy(struct senders *senders);

/* Takes the job over. More than senders_free() allows wait for a thread. While
 * stopping the job comes back as OUTCOME_CUT. */
void senders_give(struct senders *senders, struct job *job);

/* Readable when there is something to collect. For the loop to watch; closed by
 * senders_destroy. */
int senders_fd(const struct senders *senders);

/* Gives back every job that is done; the callee owns it. Returns how many. */
size_t senders_collect(struct senders *senders, int64_t now_ms,
                       void (*callback)(void *context, struct job *job), void *context);

/* Begins to stop, at once: no new job is begun, those waiting come back as
 * OUTCOME_CUT; those begun go on and are collected as ever. */
void senders_drain(struct senders *senders);

/* Drains; waits at most `drain_ms` for those begun; then cuts them (past the body's
 * end: uncertain; else OUTCOME_CUT) and joins the threads: about a second more.
 * Collect once more afterwards. */
void senders_stop(struct senders *senders, int64_t drain_ms);

#endif
