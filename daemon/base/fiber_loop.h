/*
 * Fibers of one thread that wait for descriptors: the thread sleeps until one of these is ready, or
 * a time has come, and resumes who waited for it.
 */
#ifndef NUDGED_BASE_FIBER_LOOP_H
#define NUDGED_BASE_FIBER_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fiber.h"

struct fiber_loop;

/* What waits, a member of its owner's struct. Zeroed it waits for nothing. */
struct fiber_wait {
    struct fiber *fiber; /* the owner's */
    struct pollfd *fds;
    size_t count;
    int ready; /* of `fds`, as it was resumed */
    int64_t until_ms;
    struct fiber_wait *next, *previous; /* among those that wait */
    bool is_waiting;
};

/* NULL: no descriptors are left, errno says which. */
struct fiber_loop *fiber_loop_new(void);
void fiber_loop_destroy(struct fiber_loop **loop);

/* In the fiber of `wait`: as poll(2), until clock_monotonic_ms() is `until_ms`; it may come back
 * earlier, with nothing that is ready. */
int fiber_loop_wait(struct fiber_loop *loop, struct fiber_wait *wait, struct pollfd *fds,
                    size_t count, int64_t until_ms);

/* The following in no fiber. Sleeps until there is something to do, or until `until_ms`; INT64_MAX:
 * for as long as it takes. */
void fiber_loop_sleep(struct fiber_loop *loop, int64_t until_ms);
/* Resumes who waited for what has come. */
void fiber_loop_run(struct fiber_loop *loop);
/* Resumes all that wait, each once. */
void fiber_loop_rouse(struct fiber_loop *loop);

/* From any thread: ends its sleep, or the next one. */
void fiber_loop_wake(struct fiber_loop *loop);

#endif
