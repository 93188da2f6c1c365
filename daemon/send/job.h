/*
 * One message on its way through a sender thread. It belongs to the loop until
 * senders_give() and again from senders_collect() on; between the two only the
 * thread touches it.
 */
#ifndef NUDGED_SEND_JOB_H
#define NUDGED_SEND_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "send/outcome.h"

struct job {
    struct job *next; /* of send/senders while it has the job; else free for the owner */

    char *mid;
    char *stream; /* where it was taken from, for settling */
    char *entry;  /* the id in that stream */
    char *body;   /* the message as it stands in the store (JSON); NUL-terminated */
    size_t body_length;
    uint32_t attempts;  /* before this one */
    int64_t give_up_ms; /* Redis' clock */
    void *generation;   /* the owner's: rules and templates in force; neither read nor freed here */

    /* Set by `prepare`: digest_spread() of the recipient, for the breaker. 0: unknown. */
    uint64_t recipient;

    struct outcome outcome; /* when it comes back */
    int64_t took_ns;        /* from the thread's taking it up to its outcome; 0: never begun */
};

/* Copies the texts; `stream` and `entry` may be NULL. */
struct job *job_new(const char *mid, const char *stream, const char *entry, const char *body,
                    size_t body_length);
void job_destroy(struct job **job);

#endif
