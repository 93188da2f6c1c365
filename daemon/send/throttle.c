#include "send/throttle.h"

void throttle_init(struct throttle *throttle, size_t most)
{
    *throttle = (struct throttle){.most = most ? most : 1, .allowed = most ? most : 1};
}

static void lower(struct throttle *throttle, int64_t retry_after_ms, int64_t now_ms)
{
    if (now_ms + retry_after_ms > throttle->quiet_ms)
        throttle->quiet_ms = now_ms + retry_after_ms;
    /* Of many connections told so at the same moment only the first counts: the
     * others were begun before the halving. */
    if (throttle->allowed < throttle->most && now_ms - throttle->changed_ms < THROTTLE_HALVE_MS)
        return;
    throttle->allowed = throttle->allowed > 1 ? throttle->allowed / 2 : 1;
    throttle->changed_ms = now_ms;
}

void throttle_report(struct throttle *throttle, const struct outcome *outcome, int64_t now_ms)
{
    if (outcome->slow_down) {
        lower(throttle, outcome->retry_after_ms, now_ms);
    } else if (outcome->kind == OUTCOME_SENT && throttle->allowed < throttle->most &&
               now_ms - throttle->changed_ms >= THROTTLE_RAISE_MS) {
        throttle->allowed++;
        throttle->changed_ms = now_ms;
    }
}

size_t throttle_allowed(const struct throttle *throttle, int64_t now_ms)
{
    return now_ms < throttle->quiet_ms ? 0 : throttle->allowed;
}

int64_t throttle_quiet_ms(const struct throttle *throttle, int64_t now_ms)
{
    return now_ms < throttle->quiet_ms ? throttle->quiet_ms - now_ms : 0;
}
