/* The events that started what runs, which a replay keeps under a key: as P:starts has them. */
#ifndef NUDGED_DECIDE_REPLAY_STARTS_H
#define NUDGED_DECIDE_REPLAY_STARTS_H

#include "base/arena.h"
#include "customer/customer_image.h"
#include "decide/person.h"
#include "decide/replay_commit.h"
#include "decide/replay_kept.h"
#include "decide/replay_start.h"

/* Those that somebody will ask for stay, with the new ones; the others go. */
void replay_starts_keep(struct customer_image_maker *maker, struct replay_kept *kept,
                        const struct replay_commit *commit, struct arena *arena);
void replay_starts_move(struct customer_image_maker *maker, struct replay_kept *from,
                        struct replay_kept *to);
/* All of them go, as the maker settles. */
void replay_starts_forget(struct customer_image_maker *maker, struct replay_kept *kept);

/* The event that started a journey, under one of the person's keys; NULL: it is nowhere. */
const struct replay_start *replay_starts_find(const struct person *person, const char *origin);

#endif
