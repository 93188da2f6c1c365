/*
 * The token in the link to the page of preferences (mail/token): whose they are (the customer's
 * key). Who has it sees to which topics the customer said yes, and can take each away; what it
 * switches on has to be confirmed from their mailbox (mail/confirm). It never expires.
 */
#ifndef NUDGED_MAIL_PREFERENCES_H
#define NUDGED_MAIL_PREFERENCES_H

#include "mail/token.h"

/* In the arena; NULL as token_make. */
const char *preferences_make(struct arena *arena, const struct token_key *key,
                             const char *customer);

/* True for a token that one of the keys signed; the customer's key then lies in the arena.
 * Accepts only the one spelling that preferences_make gives. */
bool preferences_verify(struct arena *arena, const struct token_key *keys, size_t count,
                        const char *token, size_t length, const char **customer);

#endif
