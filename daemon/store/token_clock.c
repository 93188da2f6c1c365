#include "store/token_clock.h"

#include "base/clock.h"

enum { KEEP_MS = 5000 };

void token_clock_init(struct token_clock *clock)
{
    *clock = (struct token_clock){.least_ms = INT64_MAX, .before_ms = INT64_MAX};
}

/* The answer may have lain here for long (the daemon was frozen), or Redis may have been slow: so
 * it goes by the least that the clocks differed lately, and lies between the question and the
 * answer. */
int64_t token_clock_time(struct token_clock *clock, int64_t asked_ms, int64_t redis_ms)
{
    const int64_t now_ms = clock_monotonic_ms(), behind_ms = now_ms - redis_ms;
    if (now_ms - clock->since_ms >= KEEP_MS) {
        clock->before_ms = clock->least_ms;
        clock->least_ms = behind_ms;
        clock->since_ms = now_ms;
    }
    if (behind_ms < clock->least_ms)
        clock->least_ms = behind_ms;
    const int64_t least_ms =
        clock->before_ms < clock->least_ms ? clock->before_ms : clock->least_ms;
    const int64_t token_ms = redis_ms + least_ms;
    return token_ms > asked_ms ? token_ms : asked_ms;
}
