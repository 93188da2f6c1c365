/*
 * What says who sends a webhook, and that nobody changed it: Standard Webhooks 1.0,
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
#ifndef NUDGED_BASE_WEBHOOK_SIGNATURE_H
#define NUDGED_BASE_WEBHOOK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct webhook_signed {
    const char *id; /* the same over all attempts */
    int64_t at_s;   /* seconds since 1970: when this attempt is made */
    const char *body;
    size_t length;
};

/* The value of `webhook-signature`: "v1," and the base64 of HMAC-SHA256 over id, time and body,
 * with dots between. The key: `secret` behind "whsec_" in base64; without that word, or where it
 * is no base64, its bytes as they are. In the arena. */
const char *webhook_signature(struct arena *arena, const char *secret,
                              const struct webhook_signed *what);

#endif
