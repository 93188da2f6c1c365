/*
 * How far the messages are that this daemon has in hand, in memory that outlives it: a file of the
 * state folder, `in-hand.<name>`, mapped. A daemon that is killed tells nobody anything more; but
 * who starts in its place reads there which messages no sender had begun, which had not come to
 * their end, and which their gateway took, and need not take all of them for uncertain.
 *
 * That is the memory of a machine that runs. Behind a boot the file says nothing: the disk may have
 * it as it was minutes before. Which boot it is NUDGED_BOOT says, or Linux. The file is locked
 * (flock) while a process has it, so nobody reads it who stands beside one that was only frozen.
 */
#ifndef NUDGED_DELIVERY_HAND_H
#define NUDGED_DELIVERY_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "store/outbox_sweep.h"

enum { HAND_MOST = 4096 /* messages; of more nothing is known */ };

enum hand_stage {
    HAND_NONE,
    HAND_WAITING, /* for a sender */
    HAND_BEGUN,   /* a sender has it, and its end has not gone out */
    HAND_ENDING,  /* its end may be out: nobody knows */
    HAND_TAKEN,   /* its gateway took it */
};

struct hand;
struct hand_place; /* of one message, from its taking to its settling */

/* `name` is of the file, and lasts; `instance` is the daemon's on Redis, and may be another each
 * time, at most 64 bytes. NULL: it cannot be had (`diag`), and nothing will be known. */
struct hand *hand_open(const char *folder, const char *name, const char *instance,
                       struct diag *diag);
void hand_close(struct hand **hand);

/* `epoch`: of the daemon in that shard. NULL where there is no hand, or no room. */
struct hand_place *hand_add(struct hand *hand, size_t shard, int64_t epoch, const char *mid);
/* From any thread; with NULL nothing happens. */
void hand_mark(struct hand_place *place, enum hand_stage stage);
void hand_remove(struct hand *hand, struct hand_place **place);

/* What the daemon before this one left of a shard, in the arena; but for what is uncertain. */
const struct outbox_known *hand_former(const struct hand *hand, size_t shard, struct arena *arena,
                                       size_t *count);
/* Whether it left anything of it. */
bool hand_has_former(const struct hand *hand, size_t shard);
/* It has been asked for all that. */
void hand_forget(struct hand *hand, size_t shard);

#endif
