/*
 * The token in an unsubscribe link: who (the customer's key) and from what (the
 * topic), signed with HMAC-SHA256, so that the link alone suffices and nobody
 * can make one for another customer. It never expires: a mail may be years old.
 *
 *   KEYID "." base64url(CUSTOMER NUL TOPIC) "." base64url(MAC)     (RFC 4648, section 5)
 *
 * The MAC is over "unsubscribe" NUL KEYID NUL CUSTOMER NUL TOPIC.
 */
#ifndef NUDGED_MAIL_UNSUBSCRIBE_H
#define NUDGED_MAIL_UNSUBSCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { UNSUBSCRIBE_FIELD_MOST = 512, UNSUBSCRIBE_TOKEN_MOST = 1600 };

struct unsubscribe_key {
    const char *id; /* letters, digits, '-' and '_', 1 to 16: which key signed */
    const unsigned char *bytes;
    size_t length;
};

/* In the arena; safe in a URL as it stands. NULL where the id is none, a field is longer
 * than UNSUBSCRIBE_FIELD_MOST, or the key is empty. */
const char *unsubscribe_make(struct arena *arena, const struct unsubscribe_key *key,
                             const char *customer, const char *topic);

/* True for a token that one of the keys signed; the fields then lie in the arena. Accepts
 * only the one spelling that unsubscribe_make gives. */
bool unsubscribe_verify(struct arena *arena, const struct unsubscribe_key *keys, size_t count,
                        const char *token, size_t length, const char **customer,
                        const char **topic);

#endif
