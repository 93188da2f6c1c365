#include "send/rate.h"

void rate_init(struct rate *rate, size_t most)
{
    *rate = (struct rate){.most = most ? most : 1, .allowed = most ? most : 1};
}

static void lower(struct rate *rate, int64_t retry_after_ms, int64_t now_ms)
{
    if (now_ms + retry_after_ms > rate->quiet_ms)
        rate->quiet_ms = now_ms + retry_after_ms;
    /* Of many connections told so at the same moment only the first counts: the
     * others were begun before the halving. */
    if (rate->allowed < rate->most && now_ms - rate->changed_ms < RATE_HALVE_MS)
        return;
    rate->allowed = rate->allowed > 1 ? rate->allowed / 2 : 1;
    rate->changed_ms = now_ms;
}

void rate_report(struct rate *rate, const struct outcome *outcome, int64_t now_ms)
{
    if (outcome->slow_down) {
        lower(rate, outcome->retry_after_ms, now_ms);
    } else if (outcome->kind == OUTCOME_SENT && rate->allowed < rate->most &&
               now_ms - rate->changed_ms >= RATE_RAISE_MS) {
        rate->allowed++;
        rate->changed_ms = now_ms;
    }
}

size_t rate_allowed(const struct rate *rate, int64_t now_ms)
{
    return now_ms < rate->quiet_ms ? 0 : rate->allowed;
}
