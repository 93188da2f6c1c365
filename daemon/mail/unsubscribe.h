/*
 * The token in an unsubscribe link (mail/token): who (the customer's key) and from what (the
 * topic), so that the link alone suffices and nobody can make one for another customer. It never
 * expires: a mail may be years old.
 */
#ifndef NUDGED_MAIL_UNSUBSCRIBE_H
#define NUDGED_MAIL_UNSUBSCRIBE_H

#include "mail/token.h"

/* In the arena; NULL as token_make. */
const char *unsubscribe_make(struct arena *arena, const struct token_key *key, const char *customer,
                             const char *topic);

/* True for a token that one of the keys signed; the fields then lie in the arena. Accepts
 * only the one spelling that unsubscribe_make gives. */
bool unsubscribe_verify(struct arena *arena, const struct token_key *keys, size_t count,
                        const char *token, size_t length, const char **customer,
                        const char **topic);

#endif
