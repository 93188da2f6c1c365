/*
 * Turns: how many batches all shards of a daemon have under way at once. A few keep Redis and the
 * gateways at work; more would take memory and make commits smaller, as each shard decides by
 * itself. Who has to wait is served in the order of asking.
 *
 * One that stands still, as its Redis does not answer, holds up nobody for long: it has its turn no
 * more where others wait, and what it has goes on without.
 */
#ifndef NUDGED_STORE_TURNS_H
#define NUDGED_STORE_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct turn;
struct turns;

struct turns *turns_new(struct event_base *base, size_t most);
/* Nobody has or wants one any more. */
void turns_destroy(struct turns **turns);

/* Somebody waits. */
bool turns_is_wanted(const struct turns *turns);

/* Of one batch after the other. All but the first three fields are store/turns' own. */
struct turn {
    struct turns *turns; /* NULL: it is always its turn */
    void (*granted)(void *context);
    void *context;
    enum turn_state { TURN_NONE, TURN_WANTED, TURN_HAD, TURN_OVERDUE } state;
    struct turn *before, *after; /* of those that wait, or have one */
    int64_t seen_ms;             /* when it last went on */
};

/* True: it is its turn; else `granted` tells when it is, from the loop. Asked again while it has,
 * or waits, that is all the same. */
bool turns_take(struct turn *turn);
/* What is done in it goes on. */
void turns_goes_on(struct turn *turn);
/* It has it, or waits for it. */
bool turns_is_asked(const struct turn *turn);
/* It went on so slowly that others have its place. */
bool turns_is_overdue(const struct turn *turn);
/* It is done with, or not wanted any more. */
void turns_end(struct turn *turn);

#endif
