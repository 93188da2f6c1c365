/*
 * What a batch works in: memory that is filled and forgotten with each batch. All shards of a
 * daemon share their workspaces, so that memory goes by how many batches are under way
 * (store/turns), and not by how many shards there are; the one that was left last is taken first,
 * as the processor's cache has it.
 */
#ifndef NUDGED_EVENTS_WORKSPACE_H
#define NUDGED_EVENTS_WORKSPACE_H

#include <stdbool.h>

#include "base/arena.h"
#include "events/portions.h"

struct workspaces;

struct workspace {
    struct arena *read;        /* of the events, as events/reading has read them */
    struct arena *works;       /* of the works */
    struct arena *round;       /* of what is read for them; forgotten when that is done anew */
    struct portions *portions; /* of what is decided */
    struct workspace *next;    /* events/workspace's own */
};

struct workspaces *workspaces_new(void);
/* All were left. */
void workspaces_destroy(struct workspaces **workspaces);

/* An empty one. */
struct workspace *workspaces_take(struct workspaces *workspaces);
/* All that lies in it is forgotten. `more`: events wait, for which its memory is kept. `*workspace`
 * becomes NULL. */
void workspaces_leave(struct workspaces *workspaces, struct workspace **workspace, bool more);

#endif
