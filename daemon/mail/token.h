/*
 * A token: texts that only who has a key can make, and read. Safe in a URL as it stands.
 *
 *   KEYID "." base64url(TAG SEALED)                               (RFC 4648, section 5)
 *
 *   TEXT    FIELD NUL FIELD …
 *   TAG     the first 16 bytes of HMAC-SHA256(key, PURPOSE NUL KEYID NUL TEXT)
 *   SEALED  TEXT xor a stream, of which HMAC-SHA256(key, "seal" NUL TAG I) are 32 bytes, where the
 *           byte I counts from 0
 *
 * This is the SIV construction (RFC 5297) with HMAC, which every language has: the tag signs what
 * it seals. A token that was made for one purpose is void for any other, and whoever sees a link
 * in a log reads no address in it.
 *
 * Tokens of the open form, which all had before there were keys of their own, are made and read
 * with an open key alone:
 *
 *   KEYID "." base64url(TEXT) "." base64url(HMAC-SHA256(key, PURPOSE NUL KEYID NUL TEXT))
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
    bool open; /* its tokens have the open form */
};

/* What a token is for, and of how many fields one for that consists: both fixed for ever. No
 * purpose is "seal". */
struct token_kind {
    const char *purpose;
    size_t field_count; /* 1 to TOKEN_FIELDS_MOST */
};

/* Whether it may be a key's id. */
bool token_is_id(const char *id, size_t length);

/* In the arena. NULL where the key's id is none, a field is longer than TOKEN_FIELD_MOST, all
 * are too long for TOKEN_MOST, or the key is empty. */
const char *token_make(struct arena *arena, const struct token_key *key,
                       const struct token_kind *kind, const char *const *fields);

/* True for a token of this kind that one of the keys signed; its fields then lie in the arena.
 * Accepts only the one spelling that token_make gives, and compares in constant time. */
bool token_verify(struct arena *arena, const struct token_key *keys, size_t count,
                  const struct token_kind *kind, const char *token, size_t length,
                  const char **fields);

/* Whether it has the form of a token, and names none of the keys: another who has more of them may
 * know it. */
bool token_is_foreign(const struct token_key *keys, size_t count, const char *token, size_t length);

#endif
