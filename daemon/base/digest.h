/*
 * Keyed and plain hashes, through OpenSSL where they guard something, and a
 * fast one where they only spread.
 */
#ifndef NUDGED_BASE_DIGEST_H
#define NUDGED_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 65 };

/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104). */
void digest_sha256(const void *bytes, size_t length, unsigned char out[DIGEST_SIZE]);
void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 unsigned char out[DIGEST_SIZE]);

/* SHA-1 in hex (40 characters and a NUL): the name Redis gives a script. */
void digest_sha1_hex(const void *bytes, size_t length, char out[41]);

/* Lower-case hex of the first `length` bytes; `out` takes 2 * length + 1. */
void digest_hex(const unsigned char *bytes, size_t length, char *out);

/* Equal, in time that does not depend on where they differ. */
bool digest_equal(const unsigned char *a, const unsigned char *b, size_t length);

/* Random bytes from the kernel. */
void digest_random(void *out, size_t length);

/* A 64-bit hash for tables and for shares of customers: the same for ever on every
 * machine, not safe against an adversary. FNV-1a with the finaliser of MurmurHash3. */
uint64_t digest_spread(const void *bytes, size_t length);

#endif
