/* Schemes that sign by a secret which both sides have. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "web/signature_verify.h"

/* The MAC over some pieces, each behind the other, is that of `presented`. */
static bool is_mac(struct slice key, const EVP_MD *hash, struct arena *arena,
                   const struct slice *pieces, size_t count, const unsigned char *presented)
{
    size_t length = 0, at = 0;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    char *whole = count == 1 ? NULL : arena_alloc(arena, length + 1);
    for (size_t i = 0; whole && i < count; at += pieces[i++].length)
        if (pieces[i].length)
            memcpy(whole + at, pieces[i].text, pieces[i].length);
    const char *bytes = whole ? whole : pieces[0].text ? pieces[0].text : "";
    return HMAC(hash, key.text, (int)key.length, (const unsigned char *)bytes, length, mac,
                &size) &&
           digest_equal(mac, presented, size);
}

/* By any of the secrets; all are tried, so that the time does not tell which. */
static bool is_signed(const struct signature_check *check, const EVP_MD *hash,
                      const struct slice *pieces, size_t count, const unsigned char *presented)
{
    bool good = false;
    for (uint32_t i = 0; presented && i < check->secrets->count; i++)
        good |= is_mac(check->secrets->lines[i], hash, check->arena, pieces, count, presented);
    return good;
}

/* ---- The body's MAC in a header ---- */

static enum signature_verdict verify_body(struct signature_check *check, const EVP_MD *hash)
{
    const char *text = signature_header(check);
    const char *prefix = check->settings->prefix ? check->settings->prefix : "";
    if (!text)
        return SIGNATURE_MISSING;
    if (strncmp(text, prefix, strlen(prefix)) != 0)
        return SIGNATURE_WRONG;
    const unsigned char *presented =
        signature_decode(check->arena, (enum signature_encoding)check->settings->encoding,
                         slice_of(text + strlen(prefix)), (size_t)EVP_MD_get_size(hash));
    return is_signed(check, hash, &check->delivery->body, 1, presented) ? SIGNATURE_GOOD
                                                                        : SIGNATURE_WRONG;
}

enum signature_verdict signature_hmac_sha1(struct signature_check *check)
{
    return verify_body(check, EVP_sha1());
}

enum signature_verdict signature_hmac_sha256(struct signature_check *check)
{
    return verify_body(check, EVP_sha256());
}

enum signature_verdict signature_hmac_sha512(struct signature_check *check)
{
    return verify_body(check, EVP_sha512());
}

/* ---- Stripe: "t=1492774577,v1=5257a8…,v1=…,v0=…", over "1492774577.BODY" ---- */

enum { STRIPE_PARTS_MOST = 16 };

static bool next_part(const char **at, struct slice *part)
{
    size_t length = strcspn(*at, ",");
    *part = slice_trim((struct slice){*at, length}, " ");
    *at += length + ((*at)[length] == ',');
    return part->length > 0;
}

static bool has_key(struct slice part, const char *key, struct slice *value)
{
    size_t length = strlen(key);
    bool has = part.length >= length && memcmp(part.text, key, length) == 0;
    *value = has ? (struct slice){part.text + length, part.length - length} : (struct slice){0};
    return has;
}

enum signature_verdict signature_stripe(struct signature_check *check)
{
    const char *at = signature_header(check);
    struct slice part, time = {0}, one, macs[STRIPE_PARTS_MOST];
    size_t count = 0;
    int64_t seconds;
    bool good = false;
    if (!at)
        return SIGNATURE_MISSING;
    while (count < STRIPE_PARTS_MOST && next_part(&at, &part)) {
        if (has_key(part, "v1=", &one))
            macs[count++] = one;
        else if (!time.text && has_key(part, "t=", &one))
            time = one;
    }
    if (!time.text || !signature_seconds(time, &seconds))
        return SIGNATURE_WRONG;
    const struct slice pieces[] = {time, slice_of("."), check->delivery->body};
    for (size_t i = 0; i < count; i++)
        good |= is_signed(check, EVP_sha256(), pieces, 3,
                          signature_decode(check->arena, SIGNATURE_HEX, macs[i], DIGEST_SIZE));
    return good ? signature_time(check, seconds) : SIGNATURE_WRONG;
}

/* ---- Standard Webhooks 1.0: "v1,BASE64 v1,BASE64", over "ID.TIME.BODY" ---- */

/* Behind "whsec_" in base64; without that word its bytes as they are. */
static struct slice standard_key(struct arena *arena, struct slice line)
{
    struct slice text;
    size_t length;
    if (!has_key(line, "whsec_", &text))
        return line;
    char *key = arena_alloc(arena, text.length + 4);
    bool good = base64_decode(text.text, text.length, BASE64_STANDARD | BASE64_PADDED | BASE64_BARE,
                              key, &length);
    return good ? (struct slice){key, length} : line;
}

enum signature_verdict signature_standard_webhooks(struct signature_check *check)
{
    const char *id = hook_delivery_header(check->delivery, "webhook-id", check->arena);
    const char *time = hook_delivery_header(check->delivery, "webhook-timestamp", check->arena);
    const char *at = hook_delivery_header(check->delivery, "webhook-signature", check->arena);
    int64_t seconds;
    bool good = false;
    if (!id || !time || !at)
        return SIGNATURE_MISSING;
    if (!signature_seconds(slice_of(time), &seconds))
        return SIGNATURE_WRONG;
    const struct slice pieces[] = {slice_of(id), slice_of("."), slice_of(time), slice_of("."),
                                   check->delivery->body};
    for (size_t tried = 0; *at && tried < STRIPE_PARTS_MOST; tried++, at += strspn(at, " ")) {
        const struct slice one = {at, strcspn(at, " ")};
        struct slice text;
        at += one.length;
        if (!has_key(one, "v1,", &text))
            continue;
        const unsigned char *presented =
            signature_decode(check->arena, SIGNATURE_BASE64, text, DIGEST_SIZE);
        for (uint32_t i = 0; presented && i < check->secrets->count; i++)
            good |= is_mac(standard_key(check->arena, check->secrets->lines[i]), EVP_sha256(),
                           check->arena, pieces, 5, presented);
    }
    return good ? signature_time(check, seconds) : SIGNATURE_WRONG;
}

/* ---- Mailgun: in the body, over time and token, which may be used once ---- */

enum { TOKEN_LEAST = 16, TOKEN_MOST = 128 };

static bool is_token(const struct value *token)
{
    if (!value_is(token, VALUE_STRING) || token->length < TOKEN_LEAST || token->length > TOKEN_MOST)
        return false;
    for (uint32_t i = 0; i < token->length; i++)
        if (token->string[i] <= ' ' || token->string[i] > '~')
            return false;
    return true;
}

/* A number or a text, as it stands. */
static struct slice time_of(struct arena *arena, const struct value *time)
{
    int64_t number;
    if (value_is(time, VALUE_STRING))
        return (struct slice){time->string, time->length};
    return value_to_int(time, &number) ? slice_of(arena_printf(arena, "%lld", (long long)number))
                                       : (struct slice){0};
}

/* An event of a subaccount bears the account's signature too. */
static bool is_mailguns(const struct signature_check *check, const struct value *sign,
                        const struct slice *pieces)
{
    static const char *const members[] = {"signature", "parent-signature"};
    bool good = false;
    for (size_t i = 0; i < 2; i++) {
        const struct value *text = value_get(sign, members[i]);
        if (value_is(text, VALUE_STRING))
            good |= is_signed(check, EVP_sha256(), pieces, 2,
                              signature_decode(check->arena, SIGNATURE_HEX,
                                               (struct slice){text->string, text->length},
                                               DIGEST_SIZE));
    }
    return good;
}

enum signature_verdict signature_mailgun(struct signature_check *check)
{
    struct value body;
    int64_t seconds;
    if (!hook_delivery_body(check->delivery, check->arena, &body, NULL))
        return SIGNATURE_WRONG;
    const struct value *sign = value_get(&body, "signature"), *token = value_get(sign, "token");
    const struct slice time = time_of(check->arena, value_get(sign, "timestamp"));
    if (!sign || !token)
        return SIGNATURE_MISSING;
    if (!is_token(token) || !signature_seconds(time, &seconds))
        return SIGNATURE_WRONG;
    const struct slice pieces[] = {time, {token->string, token->length}};
    if (!is_mailguns(check, sign, pieces))
        return SIGNATURE_WRONG;
    check->once = value_to_text(check->arena, token);
    check->once_until_ms = seconds * 1000 + check->settings->tolerance_ms;
    return signature_time(check, seconds);
}
