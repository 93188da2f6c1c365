/* The functions of the schemes (web/signature), and what they share. */
#ifndef NUDGED_WEB_SIGNATURE_VERIFY_H
#define NUDGED_WEB_SIGNATURE_VERIFY_H

#include "web/signature.h"

/* ---- HMAC: web/signature_hmac ---- */

enum signature_verdict signature_hmac_sha1(struct signature_check *check);
enum signature_verdict signature_hmac_sha256(struct signature_check *check);
enum signature_verdict signature_hmac_sha512(struct signature_check *check);
enum signature_verdict signature_stripe(struct signature_check *check);
enum signature_verdict signature_standard_webhooks(struct signature_check *check);
enum signature_verdict signature_mailgun(struct signature_check *check);

/* ---- Logins: web/signature_login ---- */

enum signature_verdict signature_basic(struct signature_check *check);
bool signature_basic_fits(struct slice line);
enum signature_verdict signature_bearer(struct signature_check *check);
enum signature_verdict signature_token(struct signature_check *check);

/* ---- Public keys: web/signature_key ---- */

enum signature_verdict signature_ecdsa_p256(struct signature_check *check);
bool signature_ecdsa_p256_fits(struct slice line);
enum signature_verdict signature_ed25519(struct signature_check *check);
bool signature_ed25519_fits(struct slice line);

/* ---- Amazon SNS: web/sns ---- */

enum signature_verdict signature_sns(struct signature_check *check);

/* ---- For all of them: web/signature_check ---- */

/* The header that has the signature, or the time: NULL where it is not there. */
const char *signature_header(const struct signature_check *check);
const char *signature_timestamp(const struct signature_check *check);

/* A signature in that encoding, which is to have `size` bytes; NULL where it is none. */
const unsigned char *signature_decode(struct arena *arena, enum signature_encoding encoding,
                                      struct slice text, size_t size);

/* Seconds since 1970, digits alone, at most 12; false where it is none. */
bool signature_seconds(struct slice text, int64_t *seconds);

/* GOOD, or STALE where that time is too far from the delivery's. */
enum signature_verdict signature_time(const struct signature_check *check, int64_t seconds);

/* Whether two secrets are the same, in a time that tells nothing but perhaps their lengths. */
bool signature_same(struct slice a, struct slice b);

#endif
