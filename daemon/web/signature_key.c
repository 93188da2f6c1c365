/* Schemes that sign by a key of the provider's own, of which we have the public half. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/base64.h"
#include "web/signature_verify.h"

enum { ED25519_KEY_SIZE = 32, ED25519_SIZE = 64, DER_MOST = 512 };

/* ---- Keys ---- */

/* SubjectPublicKeyInfo (RFC 5480) in base64, of P-256; NULL where it is none. */
static EVP_PKEY *read_p256(struct slice line)
{
    unsigned char der[DER_MOST];
    const unsigned char *at = der;
    size_t length;
    char group[32] = "";
    if (line.length > DER_MOST ||
        !base64_decode(line.text, line.length, BASE64_STANDARD | BASE64_PADDED, der, &length))
        return NULL;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)length);
    if (key && at == der + length && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL) && strcmp(group, "prime256v1") == 0)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* 32 bytes in hex, as Discord shows them, or in base64. */
static EVP_PKEY *read_ed25519(struct slice line)
{
    struct arena *arena = arena_new(256);
    const unsigned char *bytes = signature_decode(arena, SIGNATURE_HEX, line, ED25519_KEY_SIZE);
    if (!bytes)
        bytes = signature_decode(arena, SIGNATURE_BASE64, line, ED25519_KEY_SIZE);
    EVP_PKEY *key =
        bytes ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, ED25519_KEY_SIZE) : NULL;
    arena_destroy(&arena);
    return key;
}

typedef EVP_PKEY *read_key(struct slice line);

static bool is_key(read_key *read, struct slice line)
{
    EVP_PKEY *key = read(line);
    EVP_PKEY_free(key);
    return key != NULL;
}

bool signature_ecdsa_p256_fits(struct slice line)
{
    return is_key(read_p256, line);
}

bool signature_ed25519_fits(struct slice line)
{
    return is_key(read_ed25519, line);
}

/* ---- Signatures ---- */

struct presented {
    const unsigned char *bytes;
    size_t length;
};

/* `hash` NULL: the scheme has its own. */
static bool is_by(EVP_PKEY *key, const EVP_MD *hash, const struct presented *presented,
                  struct slice text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = key && context && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                EVP_DigestVerify(context, presented->bytes, presented->length,
                                 (const unsigned char *)text.text, text.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}

/* Over the time as the header has it, if there is such a header, and the body. */
static enum signature_verdict verify(struct signature_check *check, read_key *read,
                                     const EVP_MD *hash, const struct presented *presented,
                                     bool timed)
{
    const char *time = signature_timestamp(check);
    const struct slice body = check->delivery->body;
    size_t length = timed && time ? strlen(time) : 0;
    int64_t seconds = 0;
    bool good = false;
    if (timed && !time)
        return SIGNATURE_MISSING;
    if (!presented->bytes || (timed && !signature_seconds(slice_of(time), &seconds)))
        return SIGNATURE_WRONG;
    char *whole = arena_alloc(check->arena, length + body.length + 1);
    if (length)
        memcpy(whole, time, length);
    if (body.length)
        memcpy(whole + length, body.text, body.length);
    for (uint32_t i = 0; i < check->secrets->count; i++)
        good |= is_by(read(check->secrets->lines[i]), hash, presented,
                      (struct slice){whole, length + body.length});
    if (!good)
        return SIGNATURE_WRONG;
    return timed ? signature_time(check, seconds) : SIGNATURE_GOOD;
}

enum signature_verdict signature_ecdsa_p256(struct signature_check *check)
{
    const char *text = signature_header(check);
    struct presented presented = {0};
    if (!text)
        return SIGNATURE_MISSING;
    unsigned char *der = arena_alloc(check->arena, strlen(text) + 4);
    if (base64_decode(text, strlen(text), BASE64_STANDARD | BASE64_PADDED, der, &presented.length))
        presented.bytes = der;
    return verify(check, read_p256, EVP_sha256(), &presented, true);
}

enum signature_verdict signature_ed25519(struct signature_check *check)
{
    const char *text = signature_header(check);
    if (!text)
        return SIGNATURE_MISSING;
    const struct presented presented = {
        signature_decode(check->arena, (enum signature_encoding)check->settings->encoding,
                         slice_of(text), ED25519_SIZE),
        ED25519_SIZE};
    return verify(check, read_ed25519, NULL, &presented, check->settings->timestamp_header != NULL);
}
