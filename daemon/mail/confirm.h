/*
 * The token in the link of a double opt-in (mail/token): whose yes it is (the customer's key), to
 * what (the topic), and until when it can be given. Who opens the link has read the mail at that
 * address, so nobody can say yes for another.
 */
#ifndef NUDGED_MAIL_CONFIRM_H
#define NUDGED_MAIL_CONFIRM_H

#include <stdint.h>

#include "mail/token.h"

#define CONFIRM_LIFE_MS (7 * INT64_C(86400000)) /* from when the message was decided */

struct confirm_claim {
    const char *customer, *topic;
    int64_t expires_ms; /* since 1970; void from then on */
};

/* In the arena; NULL as token_make, and where the claim expires before 1970. */
const char *confirm_make(struct arena *arena, const struct token_key *key,
                         const struct confirm_claim *claim);

/* True for a token that one of the keys signed and that has not expired at now_ms; the claim's
 * texts then lie in the arena. Accepts only the one spelling that confirm_make gives. */
bool confirm_verify(struct arena *arena, const struct token_key *keys, size_t count,
                    const char *token, size_t length, int64_t now_ms, struct confirm_claim *claim);

#endif
