#include "send/health.h"

void health_init(struct health *health)
{
    *health = (struct health){0};
}

static bool is_among(const uint64_t *recipients, size_t count, uint64_t recipient)
{
    for (size_t i = 0; i < count; i++)
        if (recipients[i] == recipient)
            return true;
    return false;
}

/* From the newest back to the first that is too old. */
static bool is_ill(const struct health *health, int64_t now_ms)
{
    uint64_t recipients[HEALTH_RING];
    size_t bad = 0, lost = 0; /* of them */
    bool row = true;          /* none of these was good */
    for (size_t i = 1; i <= health->count; i++) {
        const struct health_result *result =
            &health->ring[(health->next + HEALTH_RING - i) % HEALTH_RING];
        if (now_ms - result->at_ms > HEALTH_MS)
            break;
        if (result->sign == HEALTH_GOOD) {
            row = false;
        } else if (!is_among(recipients, bad, result->recipient)) {
            recipients[bad++] = result->recipient;
            lost += result->sign == HEALTH_LOST;
        }
        if (row && bad - lost >= HEALTH_ROW)
            return true;
    }
    return bad >= HEALTH_SHARE;
}

bool health_note(struct health *health, enum health_sign sign, uint64_t recipient, int64_t now_ms)
{
    health->ring[health->next] =
        (struct health_result){.recipient = recipient, .at_ms = now_ms, .sign = sign};
    health->next = (health->next + 1) % HEALTH_RING;
    if (health->count < HEALTH_RING)
        health->count++;
    return sign != HEALTH_GOOD && is_ill(health, now_ms);
}
