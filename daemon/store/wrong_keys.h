/*
 * Keys of Redis that hold something of a wrong type, put there by another program or by hand. What
 * needs such a key waits until it is mended, or goes on without it; here is kept what the daemon
 * tells of it: once in the log, and in `health` and `status` until an hour after the last case.
 */
#ifndef NUDGED_STORE_WRONG_KEYS_H
#define NUDGED_STORE_WRONG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WRONG_KEYS_MOST = 16, /* a further one takes the place of the one that was seen least lately */
    WRONG_KEYS_MS = 3600 * 1000,
    WRONG_KEYS_NAME_SIZE = 128, /* longer ones are cut */
};

struct wrong_keys;

struct wrong_key {
    char name[WRONG_KEYS_NAME_SIZE]; /* "nudged:due", "nudged:customer:#0123456789abcdef" */
    char what[64];                   /* "is a string, not a zset" */
    int64_t last_ms;                 /* the last case */
};

/* `prefix`: P. What names somebody is told by its HMAC under the secret. All is copied. */
struct wrong_keys *wrong_keys_new(const char *prefix, const void *secret, size_t length);
void wrong_keys_destroy(struct wrong_keys **wrong_keys);

/* A case: `key` as it stands in Redis, what it is ("is a string, not a hash"). `now_ms`:
 * clock_monotonic_ms. */
void wrong_keys_note(struct wrong_keys *wrong_keys, int64_t now_ms, const char *key,
                     const char *what);

/* Notes what a script answered, where it is of this kind (shared_type.lua): "WRONGKEY nudged:due is
 * a string, not a zset". */
void wrong_keys_hear(struct wrong_keys *wrong_keys, int64_t now_ms, const char *error);

/* The key number `index` of those that are to be told, or NULL. */
const struct wrong_key *wrong_keys_at(const struct wrong_keys *wrong_keys, int64_t now_ms,
                                      size_t index);

#endif
