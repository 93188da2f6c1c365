/*
 * An envelope sender for each message (VERP), so that a bounce that comes later says by its
 * recipient which message it is about, and nobody can make one for another message:
 *
 *   "r-" MESSAGE SIGNATURE "@" bounce_domain
 *
 * MESSAGE is the mid, 128 bits, and SIGNATURE the first 60 bits of HMAC-SHA256 over "return" NUL
 * mid, both in base32 (RFC 4648, section 6; small letters, no padding): a local part of 40
 * characters of a-z, 2-7 and '-', which relays and SRS leave whole. Letter case is lost on the way
 * without harm.
 */
#ifndef NUDGED_MAIL_VERP_H
#define NUDGED_MAIL_VERP_H

#include <stdbool.h>
#include <stddef.h>

enum { VERP_SIZE = 41, VERP_MID_SIZE = 33 /* 32 hex digits and a NUL */ };

struct verp_key {
    const unsigned char *bytes;
    size_t length; /* 0: none */
};

/* The local part. False where the mid is not one of 32 hex digits, or there is no key. */
bool verp_make(const struct verp_key *key, const char *mid, char out[VERP_SIZE]);

enum verp_verdict {
    VERP_NONE,   /* nothing in the text looks like one */
    VERP_FORGED, /* something does, and its signature is wrong */
    VERP_GOOD,
};

/* The first good one anywhere in a text (an address, a header, what a relay made of it). */
enum verp_verdict verp_find(const struct verp_key *key, const char *text, size_t length,
                            char mid[VERP_MID_SIZE]);

#endif
