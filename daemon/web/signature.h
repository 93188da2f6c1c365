/*
 * Who sends a webhook, and that nobody changed it: the schemes by which providers prove that, as
 * rows of one table (signature_schemes). A mapping names its scheme and what of it differs
 * (`verify:`); the secrets, several while they are exchanged for others, are the configuration's.
 *
 * What a scheme covers is its own matter: most cover the body alone, so that a header, Shopify's
 * topic say, is the word of whoever has a signed body (docs/security.md). All comparisons take the
 * same time wherever the difference is.
 */
#ifndef NUDGED_WEB_SIGNATURE_H
#define NUDGED_WEB_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/setting.h"
#include "base/settings_fault.h"
#include "web/hook_delivery.h"

/* `verify:` of a mapping. */
struct signature_settings {
    int scheme;                   /* of signature_schemes */
    const char *header;           /* that has the signature; NULL: the scheme has one of its own */
    const char *timestamp_header; /* likewise, that has the time */
    const char *prefix;           /* before the signature in it, "sha256="; NULL: none */
    int encoding;                 /* enum signature_encoding */
    int64_t tolerance_ms;         /* how far its time may be from ours, either way */
};

enum signature_encoding { SIGNATURE_HEX, SIGNATURE_BASE64 };

extern const struct setting signature_settings[];

/* What the table does not say of a `verify:` that was read: keys that the scheme needs, and those
 * that it has no use for. `at`: its mapping in the file, for the place. */
void signature_settings_check(const struct signature_settings *settings, const struct value *at,
                              const struct settings_source *source, struct diags *diags);

enum { SIGNATURE_SECRETS_MOST = 16, SIGNATURE_SECRET_MOST = 4096 };

struct signature_secrets {
    struct slice lines[SIGNATURE_SECRETS_MOST]; /* any of them is right */
    uint32_t count;
};

/* One secret a line; blank lines and those that begin with `#` are none. What a line is, the scheme
 * says: a word, "user:password", a public key. Refers to `text`. False with `diag`, which never
 * shows a secret: none, too many, one that the scheme cannot use. */
bool signature_secrets_read(const char *text, size_t length,
                            const struct signature_settings *settings,
                            struct signature_secrets *secrets, struct diag *diag);

/* Whether the scheme has secrets at all; SNS has certificates, and topics that it may be of. */
bool signature_has_secrets(const struct signature_settings *settings);

enum signature_verdict {
    SIGNATURE_GOOD,
    SIGNATURE_MISSING,     /* nothing that could be one is there */
    SIGNATURE_WRONG,       /* forged, damaged, or by another secret */
    SIGNATURE_STALE,       /* right, but its time is too far from now */
    SIGNATURE_CERTIFICATE, /* cannot be told without the certificate at `certificate_url` */
};

struct signature_check {
    const struct signature_settings *settings;
    const struct signature_secrets *secrets;
    const struct hook_delivery *delivery;
    const char *const *topics; /* of SNS: ARNs that it may be of; NULL-terminated */
    struct slice certificate;  /* of SNS: PEM, once it was fetched; no text: not yet */
    struct arena *arena;

    /* What it found. A signature with a word that may be used once (Mailgun's token): the word,
     * and until when it would be good a second time. In the arena; NULL: there is none. */
    const char *once;
    int64_t once_until_ms;
    const char *certificate_url; /* with SIGNATURE_CERTIFICATE; looked at: web/sns_url */
};

/* By the head of the request alone, before its body is read: GOOD, where nothing speaks against
 * it so far, for a scheme that signs the body; for a login the whole verdict. */
enum signature_verdict signature_check_head(struct signature_check *check);
/* By all of it. */
enum signature_verdict signature_check_all(struct signature_check *check);

/* ---- The table ---- */

/* Which keys of `verify:` a scheme takes. */
enum signature_use { SIGNATURE_UNUSED, SIGNATURE_OPTIONAL, SIGNATURE_NEEDED };

struct signature_scheme {
    const char *name;
    const char *help;                      /* one line */
    const char *header, *timestamp_header; /* where no other are named; NULL: none */
    enum signature_use uses_header, uses_encoding, uses_prefix, uses_tolerance, uses_timestamp;
    bool head; /* the head alone decides */
    bool no_secret;
    enum signature_verdict (*verify)(struct signature_check *check);
    /* Whether a line can be a secret of it; NULL: any is. */
    bool (*fits)(struct slice line);
};

/* Ends with a row without a name. */
extern const struct signature_scheme signature_schemes[];
extern const char *const signature_scheme_names[];

#endif
