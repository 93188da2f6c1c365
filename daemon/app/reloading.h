/*
 * Reads rules, templates and configuration again, in a thread, so that the loop does not wait for
 * it: a thousand rules take longer than the messages between them may wait. One load at a time; who
 * asks while one is under way is answered by another, which begins behind it, as files may have
 * changed since that began.
 */
#ifndef NUDGED_APP_RELOADING_H
#define NUDGED_APP_RELOADING_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "config/generation.h"

struct event_base;
struct reloading;

/* What a load found. */
struct reloading_loaded {
    struct generation *generation; /* held once, for who hears of it; NULL: a file is broken */
    struct diags diags;
    struct buf changed; /* keys that are in force after a restart */
};

/* What is wrong, and what is not in force yet, for the log and for who has asked. */
void reloading_tell(const struct reloading_loaded *loaded, struct buf *told);

/* Is told what came of it, in words for people. */
typedef void reloading_on_done(void *context, bool good, const struct buf *told);

struct reloading_options {
    struct event_base *base;
    const struct config *config; /* as it started */
    /* On the loop: puts it in force, or not; appends words for who has asked. False: it was
     * refused. */
    bool (*loaded)(void *context, struct reloading_loaded *loaded, struct buf *told);
    void *context;
};

struct reloading *reloading_new(const struct reloading_options *options);
/* Waits for a load that is under way. Who has asked is told that the daemon ends. */
void reloading_destroy(struct reloading **reloading);

/* `done` may be NULL. */
void reloading_begin(struct reloading *reloading, reloading_on_done *done, void *context);

#endif
