/*
 * A key: the name by which an event speaks of a customer, such as "id:7" or
 * "email:ana@example.com". It begins with the last name of the configured path that led to it.
 * Keys of the first path are ids: each is a person of its own. The others are names that a person
 * has, and may come to be another's.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_KEY_H
#define NUDGED_CUSTOMER_CUSTOMER_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"

enum { CUSTOMER_KEY_VALUE_MOST = 268 }; /* bytes behind the colon */

struct customer_key {
    const char *text;
    uint64_t hash;   /* of `text` (base/map): who looks for many of them has it at hand */
    const char *old; /* as programs of the first format spelt it; NULL: the same */
    bool is_id;      /* of the first path */
};

/* What is the same for all keys of a path. */
struct customer_key_kind {
    struct slice name;  /* "email" of "customer.email" */
    struct slice first; /* that of the first path */
    bool is_email, is_address;
};
struct customer_key_kind customer_key_kind_of(const char *const *paths, const char *path);
/* As customer_key_make. */
bool customer_key_read(struct arena *arena, const struct customer_key_kind *kind,
                       const struct value *value, struct customer_key *key);

/* The key that the value at a path such as "customer.email" is; false where it is none. A value
 * called `email` or `phone` is an address, known by its form (base/mailbox). `paths` are the
 * configured ones, NULL-terminated. */
bool customer_key_make(struct arena *arena, const char *const *paths, const char *path,
                       const struct value *value, struct customer_key *key);

/* A key as it was written somewhere, to the spelling that is used today. */
struct customer_key customer_key_of(struct arena *arena, const char *const *paths,
                                    const char *text);

/* Whether a key is of the first path. */
bool customer_key_is_id(const char *const *paths, const char *text);

#endif
