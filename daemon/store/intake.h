/*
 * Events from Redis, in batches: from the stream P:events on a blocking connection of its own, from
 * a list whose elements are moved into the stream, and from what dead daemons (or an earlier life
 * of this one) left pending.
 *
 * Each batch is on_batch(batch) … intake_done(batch). While there is a backlog the app has up to
 * INTAKE_AT_ONCE of them, and one more is read and kept; what was claimed from dead daemons comes
 * when it has none, and alone. What is not committed stays pending, and comes again when the daemon
 * or its connection was lost. All but small ones wait for the shard's turn (store/turns).
 *
 * The list is looked at when Redis tells that it has changed (redis/tracking), and at once again
 * while there is more. Where Redis does not tell: every 100 ms; every second, where nothing has
 * come by it for an hour. Why it is not waited for: whatever blocks on a list also hands an element
 * over, which then is lost with a lost reply, or (BLMOVE onto itself) writes to the append-only
 * file at each waking.
 */
#ifndef NUDGED_STORE_INTAKE_H
#define NUDGED_STORE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "redis/endpoint.h"
#include "redis/scripts.h"
#include "store/instance.h"
#include "store/turns.h"

enum {
    INTAKE_AT_ONCE = 2, /* batches that the app may have */
    INTAKE_ALONE = 3,   /* from this delivery on an entry is handed out alone */
    INTAKE_POISON = 5,  /* from this one it is flagged, to become a dead letter */
};

struct beat;
struct intake;
struct shop_event;
struct tracking;

struct intake_entry {
    const char *id;    /* of P:events, "1700000000000-0" */
    const char *event; /* the field `event`, any bytes, NUL-terminated; NULL where absent */
    size_t length;
    size_t size;         /* what it has in Redis: above `length` where a huge one was cut */
    const char *own;     /* the field `own`: nudged made the event; NULL where absent */
    const char *login;   /* the field `login`: who pushed it over the web; NULL where absent */
    const char *whose;   /* the field `whose`: the key of the person whom it is about, as another
                            shard knew; NULL where absent */
    struct slice parcel; /* the field `parcel`, likewise: what comes along with a person */
    bool former;         /* of a time when nudged's own events had no such mark */
    int64_t deliveries;  /* 1 the first time; one more for each daemon that ended over it */
    bool poison;
    /* What events/reading adds: */
    const struct shop_event *read; /* the event; NULL: it is none */
    bool archived;
};

struct intake_batch {
    const struct intake_entry *entries;
    size_t count; /* at least 1 */
    int64_t term; /* of the lease under which they came */
    bool full;    /* as many as were asked for: more wait, perhaps */
    size_t place; /* below INTAKE_AT_ONCE; no other batch has the same until this one is done */
};

/* The batch is good until it is done. In the order of the stream. */
typedef void intake_on_batch(void *context, const struct intake_batch *batch);

struct intake_options {
    struct event_base *base;
    struct endpoint endpoint; /* for the blocking connection; copied */
    struct cluster *cluster;  /* in place of it, as in the connection's options; or NULL */
    struct scripts *scripts;
    struct instance *instance;
    struct beat *beat;         /* outlives it, */
    struct tracking *tracking; /* as does this */
    struct turns *turns;       /* likewise; NULL: it waits for nobody */
    size_t batch;              /* entries at most; 0: 100 */
    const char *inbox;         /* the list's key; NULL: P:inbox; "": no list intake */
    bool inbox_left;           /* the shop uses RPUSH: oldest at the left; default LPUSH */
    intake_on_batch *on_batch;
    void *context;
};

/* Starts paused. */
struct intake *intake_new(const struct intake_options *options);
void intake_destroy(struct intake **intake);

/* Reading, and moving from the list, go on only while resumed and while the instance is
 * ready. After a pause no batch comes until it is resumed; one that Redis had already
 * given is kept for then. Both may be called at any time, again and again. */
void intake_resume(struct intake *intake);
void intake_pause(struct intake *intake);

/* Pauses for good, and ends a read that waits for events. True when no answer of Redis is under
 * way any more: then everything that was read is in the app's hands, or kept, and instance_leave()
 * gives it back uncounted. Until then call it again in a while: the read had not begun, perhaps. */
bool intake_stop(struct intake *intake);

/* The batch at this place was dealt with: all its entries were committed, or are gone. Batches may
 * be done in any order. */
void intake_done(struct intake *intake, size_t place);

void intake_goes_on(struct intake *intake, size_t place); /* what is done with it: Redis answers */

/* Batches that are read from now on have so many entries at most, and never more than the options
 * say: their customers' documents are large. */
void intake_read_at_most(struct intake *intake, size_t count);

/* To be called when Redis tells that the list has changed. */
void intake_note_change(struct intake *intake);
/* The connection for all else was lost: the blocking one goes over the same network, and is made
 * anew. */
void intake_note_lost(struct intake *intake);

/* The key of the list, for timers_new; "" where there is none. */
const char *intake_inbox(const struct intake *intake);

#endif
