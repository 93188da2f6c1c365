/*
 * Places in the code where a test can kill, stall or fail the daemon. Without
 * `./configure --enable-failpoints` they are compiled away.
 *
 * NUDGED_FAILPOINTS=NAME=ACTION[@N][,…] in the environment arms them, where N says
 * at which passage (from 1, default every one). Actions:
 *   kill        SIGKILL to the own process
 *   stop        SIGSTOP to the own process: the test goes on with SIGCONT
 *   fail        failpoint() returns true, and the caller takes its error path
 *   wait:PATH   waits until the file PATH is gone; creates PATH.reached first
 * An unknown action ends the program before main() with a clear error. A name may be
 * armed several times ("commit=fail@1,commit=kill@3"); a PATH holds no comma.
 */
#ifndef NUDGED_BASE_FAILPOINT_H
#define NUDGED_BASE_FAILPOINT_H

#include <stdbool.h>

#ifdef NUDGED_FAILPOINTS
bool failpoint(const char *name);
#else
static inline bool failpoint(const char *name)
{
    (void)name;
    return false;
}
#endif

#endif
