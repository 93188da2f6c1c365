/*
 * A fiber: a function with a stack of its own, which its thread runs until it gives way, and goes
 * on with later. So one thread has many dialogues that wait, each of which reads from top to
 * bottom. A fiber stays with the thread that runs it first, and holds no lock as it gives way.
 */
#ifndef NUDGED_BASE_FIBER_H
#define NUDGED_BASE_FIBER_H

#include <stdbool.h>

struct fiber;

/* Its stack is as large as a thread's; memory is what of it was used. NULL: there is none, errno
 * says why. */
struct fiber *fiber_new(void (*run)(void *context), void *context);
/* One that has ended, or was never run. */
void fiber_destroy(struct fiber **fiber);

/* Runs it until it gives way or ends; from no fiber. */
void fiber_resume(struct fiber *fiber);
bool fiber_has_ended(const struct fiber *fiber);

/* In a fiber: until it is resumed. */
void fiber_give_way(void);

#endif
