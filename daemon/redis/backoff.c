#include "redis/backoff.h"

#include "base/digest.h"

int64_t backoff_next(struct backoff *backoff)
{
    int64_t most_ms = backoff->most_ms ? backoff->most_ms : BACKOFF_MOST_MS;
    backoff->ceiling_ms = backoff->ceiling_ms ? backoff->ceiling_ms * 2 : BACKOFF_FIRST_MS;
    if (backoff->ceiling_ms > most_ms)
        backoff->ceiling_ms = most_ms;
    uint32_t random;
    digest_random(&random, sizeof random);
    return 1 + (int64_t)(random % (uint64_t)backoff->ceiling_ms);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->ceiling_ms = 0;
}
