/*
 * The table of schemes, and what stands around it: keys of `verify:` that a scheme needs or has no
 * use for, the file of secrets, and the two moments at which a delivery is asked. What a scheme
 * looks at is its own function (web/signature_verify): a new one is such a function and a row here.
 */
#include "web/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/hex.h"
#include "web/signature_verify.h"

enum { DIGITS_MOST = 12 };

/* ---- The table ---- */

const struct signature_scheme signature_schemes[] = {
    {.name = "hmac-sha256",
     .help = "HMAC-SHA256 of the body, in a header (Shopify, WooCommerce, GitHub and most)",
     .uses_header = SIGNATURE_NEEDED,
     .uses_encoding = SIGNATURE_OPTIONAL,
     .uses_prefix = SIGNATURE_OPTIONAL,
     .verify = signature_hmac_sha256},
    {.name = "hmac-sha1",
     .help = "likewise with SHA-1 (Segment)",
     .uses_header = SIGNATURE_NEEDED,
     .uses_encoding = SIGNATURE_OPTIONAL,
     .uses_prefix = SIGNATURE_OPTIONAL,
     .verify = signature_hmac_sha1},
    {.name = "hmac-sha512",
     .help = "likewise with SHA-512",
     .uses_header = SIGNATURE_NEEDED,
     .uses_encoding = SIGNATURE_OPTIONAL,
     .uses_prefix = SIGNATURE_OPTIONAL,
     .verify = signature_hmac_sha512},
    {.name = "stripe",
     .help = "Stripe's: HMAC-SHA256 of time and body, `t=…,v1=…`",
     .header = "stripe-signature",
     .uses_header = SIGNATURE_OPTIONAL,
     .uses_tolerance = SIGNATURE_OPTIONAL,
     .verify = signature_stripe},
    {.name = "standard-webhooks",
     .help = "Standard Webhooks 1.0: HMAC-SHA256 of id, time and body, as nudged itself signs",
     .uses_tolerance = SIGNATURE_OPTIONAL,
     .verify = signature_standard_webhooks},
    {.name = "mailgun",
     .help = "Mailgun's: HMAC-SHA256 of a time and a token in the body, each token once",
     .uses_tolerance = SIGNATURE_OPTIONAL,
     .verify = signature_mailgun},
    {.name = "basic",
     .help = "a login (RFC 7617); the secret is `user:password`",
     .header = "authorization",
     .head = true,
     .verify = signature_basic,
     .fits = signature_basic_fits},
    {.name = "bearer",
     .help = "a bearer token (RFC 6750)",
     .header = "authorization",
     .head = true,
     .verify = signature_bearer},
    {.name = "token",
     .help = "the secret itself, in a header",
     .uses_header = SIGNATURE_NEEDED,
     .uses_prefix = SIGNATURE_OPTIONAL,
     .head = true,
     .verify = signature_token},
    {.name = "ecdsa-p256",
     .help = "ECDSA over P-256 of time and body (SendGrid); the secret is the public key, base64",
     .header = "x-twilio-email-event-webhook-signature",
     .timestamp_header = "x-twilio-email-event-webhook-timestamp",
     .uses_header = SIGNATURE_OPTIONAL,
     .uses_timestamp = SIGNATURE_OPTIONAL,
     .uses_tolerance = SIGNATURE_OPTIONAL,
     .verify = signature_ecdsa_p256,
     .fits = signature_ecdsa_p256_fits},
    {.name = "ed25519",
     .help = "Ed25519 of time and body; the secret is the public key, hex or base64",
     .uses_header = SIGNATURE_NEEDED,
     .uses_encoding = SIGNATURE_OPTIONAL,
     .uses_timestamp = SIGNATURE_OPTIONAL,
     .uses_tolerance = SIGNATURE_OPTIONAL,
     .verify = signature_ed25519,
     .fits = signature_ed25519_fits},
    {.name = "sns",
     .help = "Amazon SNS's: RSA by a certificate of theirs; `topic_arn` says of which topics",
     .no_secret = true,
     .verify = signature_sns},
    {0},
};

const char *const signature_scheme_names[] = {
    "hmac-sha256", "hmac-sha1", "hmac-sha512", "stripe", "standard-webhooks",
    "mailgun",     "basic",     "bearer",      "token",  "ecdsa-p256",
    "ed25519",     "sns",       NULL};

static const char *const encodings[] = {
    [SIGNATURE_HEX] = "hex", [SIGNATURE_BASE64] = "base64", NULL};

#define FIELD(name) .key = #name, .offset = offsetof(struct signature_settings, name)

const struct setting signature_settings[] = {
    {FIELD(scheme), .type = SETTING_CHOICE, .choices = signature_scheme_names, .required = true,
     .help = "how the provider proves who it is"},
    {FIELD(header), .type = SETTING_TEXT, .help = "the header that has the signature"},
    {FIELD(encoding), .type = SETTING_CHOICE, .choices = encodings, .fallback = "hex",
     .help = "how it is written there"},
    {FIELD(prefix), .type = SETTING_TEXT, .help = "what stands before it there, such as `sha256=`"},
    {FIELD(timestamp_header), .type = SETTING_TEXT, .help = "the header that has its time"},
    {.key = "tolerance",
     .offset = offsetof(struct signature_settings, tolerance_ms),
     .type = SETTING_DURATION,
     .fallback = "5m",
     .least = 1000,
     .most = INT64_C(86400000),
     .help = "how far its time may be from this machine's, either way"},
    {0},
};

static const struct signature_scheme *scheme_of(const struct signature_settings *settings)
{
    return &signature_schemes[settings->scheme];
}

/* ---- `verify:` ---- */

void signature_settings_check(const struct signature_settings *settings, const struct value *at,
                              const struct settings_source *source, struct diags *diags)
{
    if (settings->scheme < 0)
        return;
    const struct signature_scheme *scheme = scheme_of(settings);
    const struct {
        const char *key;
        enum signature_use use;
    } keys[] = {{"header", scheme->uses_header},
                {"encoding", scheme->uses_encoding},
                {"prefix", scheme->uses_prefix},
                {"tolerance", scheme->uses_tolerance},
                {"timestamp_header", scheme->uses_timestamp}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct value *value = value_get(at, keys[i].key);
        if (value && keys[i].use == SIGNATURE_UNUSED)
            settings_fault(diags, source, value, DIAG_ERROR, "`%s` has no `%s`", scheme->name,
                           keys[i].key);
        if (!value && keys[i].use == SIGNATURE_NEEDED)
            diag_hint(settings_fault(diags, source, at, DIAG_ERROR, "`%s` needs `%s`", scheme->name,
                                     keys[i].key),
                      "the header in which the provider sends it: header: X-Signature");
    }
}

/* ---- Secrets ---- */

bool signature_has_secrets(const struct signature_settings *settings)
{
    return !scheme_of(settings)->no_secret;
}

bool signature_secrets_read(const char *text, size_t length,
                            const struct signature_settings *settings,
                            struct signature_secrets *secrets, struct diag *diag)
{
    const struct signature_scheme *scheme = scheme_of(settings);
    *secrets = (struct signature_secrets){0};
    uint32_t number = 0;
    for (const char *at = text, *end = text + length; at < end;) {
        const char *feed = memchr(at, '\n', (size_t)(end - at)), *stop = feed ? feed : end;
        const struct slice line = slice_trim(slice_between(at, stop), " \t\r");
        at = stop + 1;
        number++;
        if (!line.length || *line.text == '#')
            continue;
        if (secrets->count == SIGNATURE_SECRETS_MOST)
            return diag_error(diag, "more than %d secrets", SIGNATURE_SECRETS_MOST);
        if (line.length > SIGNATURE_SECRET_MOST || (scheme->fits && !scheme->fits(line)))
            return diag_error(diag, "line %u is no secret for `%s`: %s", number, scheme->name,
                              scheme->help);
        secrets->lines[secrets->count++] = line;
    }
    return secrets->count || diag_error(diag, "there is no secret in it");
}

/* ---- For the schemes ---- */

const char *signature_header(const struct signature_check *check)
{
    const char *own = check->settings->header;
    const char *name = own ? own : scheme_of(check->settings)->header;
    return name ? hook_delivery_header(check->delivery, name, check->arena) : NULL;
}

const char *signature_timestamp(const struct signature_check *check)
{
    const char *own = check->settings->timestamp_header;
    const char *name = own ? own : scheme_of(check->settings)->timestamp_header;
    return name ? hook_delivery_header(check->delivery, name, check->arena) : NULL;
}

static bool decode_hex(struct slice text, unsigned char *to)
{
    for (size_t i = 0; i < text.length / 2; i++) {
        int high = hex_value(text.text[2 * i]), low = hex_value(text.text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

const unsigned char *signature_decode(struct arena *arena, enum signature_encoding encoding,
                                      struct slice text, size_t size)
{
    unsigned char *bytes = arena_alloc(arena, text.length + 4);
    size_t decoded = text.length / 2;
    bool good = encoding == SIGNATURE_HEX
                    ? text.length % 2 == 0 && decode_hex(text, bytes)
                    : base64_decode(text.text, text.length, BASE64_STANDARD | BASE64_PADDED, bytes,
                                    &decoded);
    return good && decoded == size ? bytes : NULL;
}

bool signature_seconds(struct slice text, int64_t *seconds)
{
    *seconds = 0;
    if (!text.length || text.length > DIGITS_MOST)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] < '0' || text.text[i] > '9')
            return false;
        *seconds = *seconds * 10 + (text.text[i] - '0');
    }
    return true;
}

enum signature_verdict signature_time(const struct signature_check *check, int64_t seconds)
{
    int64_t apart_ms = llabs(check->delivery->received_ms - seconds * 1000);
    return apart_ms <= check->settings->tolerance_ms ? SIGNATURE_GOOD : SIGNATURE_STALE;
}

/* Hashes are compared, so that neither the place of a difference nor a length shows. */
bool signature_same(struct slice a, struct slice b)
{
    unsigned char of_a[DIGEST_SIZE], of_b[DIGEST_SIZE];
    digest_sha256(a.text, a.length, of_a);
    digest_sha256(b.text, b.length, of_b);
    return digest_equal(of_a, of_b, DIGEST_SIZE);
}

/* ---- Asking ---- */

enum signature_verdict signature_check_head(struct signature_check *check)
{
    const struct signature_scheme *scheme = scheme_of(check->settings);
    if (scheme->head)
        return scheme->verify(check);
    bool in_header = check->settings->header || scheme->header;
    return in_header && !signature_header(check) ? SIGNATURE_MISSING : SIGNATURE_GOOD;
}

enum signature_verdict signature_check_all(struct signature_check *check)
{
    check->once = check->certificate_url = NULL;
    return scheme_of(check->settings)->verify(check);
}
