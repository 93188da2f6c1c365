/*
 * A signed token: texts that whoever has the token can read, and that only who has the key can
 * make. Safe in a URL as it stands.
 *
 *   KEYID "." base64url(FIELD NUL FIELD …) "." base64url(MAC)     (RFC 4648, section 5)
 *
 * The MAC (HMAC-SHA256) is over PURPOSE NUL KEYID NUL FIELD NUL FIELD …: a token that was made for
 * one purpose is void for any other.
 */
#ifndef NUDGED_MAIL_TOKEN_H
#define NUDGED_MAIL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { TOKEN_FIELD_MOST = 512, TOKEN_FIELDS_MOST = 4, TOKEN_MOST = 1600 };

struct token_key {
    const char *id; /* letters, digits, '-' and '_', 1 to 16: which key signed */
    const unsigned char *bytes;
    size_t length;
};

/* What a token is for, and of how many fields one for that consists: both fixed for ever. */
struct token_kind {
    const char *purpose;
    size_t field_count; /* 1 to TOKEN_FIELDS_MOST */
};

/* In the arena. NULL where the key's id is none, a field is longer than TOKEN_FIELD_MOST, all
 * are too long for TOKEN_MOST, or the key is empty. */
const char *token_make(struct arena *arena, const struct token_key *key,
                       const struct token_kind *kind, const char *const *fields);

/* True for a token of this kind that one of the keys signed; its fields then lie in the arena.
 * Accepts only the one spelling that token_make gives, and compares in constant time. */
bool token_verify(struct arena *arena, const struct token_key *keys, size_t count,
                  const struct token_kind *kind, const char *token, size_t length,
                  const char **fields);

#endif
