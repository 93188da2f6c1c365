/* When a token was given, by the machine's clock, where Redis tells by its own. */
#ifndef NUDGED_STORE_TOKEN_CLOCK_H
#define NUDGED_STORE_TOKEN_CLOCK_H

#include <stdint.h>

/* By how much the machine's clock is ahead of Redis' at answers: the least since then, and before.
 */
struct token_clock {
    int64_t least_ms, before_ms, since_ms;
};

void token_clock_init(struct token_clock *clock);

/* When a token was given at `redis_ms` of Redis' clock, which was asked for at `asked_ms` and whose
 * answer is read now; clock_monotonic_ms(). */
int64_t token_clock_time(struct token_clock *clock, int64_t asked_ms, int64_t redis_ms);

#endif
