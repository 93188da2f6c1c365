/*
 * The configuration, nudged.yaml: read through one table (config_table.c), checked,
 * its paths resolved against the folder of the file. Immutable; what a reload makes of a
 * changed file is another one (config/config_reload).
 */
#ifndef NUDGED_CONFIG_CONFIG_H
#define NUDGED_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/settings_fault.h"
#include "base/value.h"
#include "compose/compose_settings.h"
#include "config/config_channels.h"
#include "config/config_keys.h"
#include "config/config_links.h"
#include "customer/shop_event.h"
#include "decide/policy.h"
#include "mail/token_keys.h"
#include "rules/rule_references.h"
#include "store/placement.h"
#include "templates/templates.h"

struct config {
    struct arena *arena;
    const char *file;              /* "" where there is none: all defaults */
    const char *folder;            /* of the file; "." */
    struct settings_source source; /* what was read, for the places of faults, … */
    struct value root;             /* … and as what; null: nothing */
    struct config_keys keys;
    bool own_secret; /* secret_file is the one in the state folder, which a start makes */
    struct config_links links;
    bool own_token_keys;      /* web.token_keys_file is the one in the state folder, likewise */
    bool hears_feedback;      /* some webhook tells of messages that were sent */
    const char *web_text;     /* what nudged-web is told: JSON, its paths whole */
    const char *lasting_name; /* in the names of its files: the instance, else the host */
    const struct config_gateway *gateways; /* ends with a row without a name */
    size_t gateway_count;
    const struct config_channel *channels; /* likewise */
    size_t channel_count;
    const struct rule_channel *known_channels; /* the same, as rules see them */
    const char *const *mail_channels;          /* those that have mails; NULL-terminated */
    const char *const *customer_keys;          /* NULL-terminated */
    const char *zone;                          /* shop.timezone, else UTC */
    const char *locale;                        /* shop.locale, else "en" */
    struct cel_program *consent;               /* NULL: the default */
    const struct condition_segment *segments;  /* ends with a row without a name */
    const struct field *fields;                /* computed ones; likewise, or NULL */
    struct value field_defaults;               /* map, or null */
    const struct policy_topic *topics;         /* likewise; NULL: whatever rules have */
    const char *const *only;               /* of deliver.only, NULL-terminated; NULL: everybody */
    struct cel_program *const *conditions; /* consent and segments; NULL-terminated */
    struct rule_references references;     /* what these ask about */
    const unsigned char *secret;           /* NULL until config_secret() */
    size_t secret_length;
    struct token_keys token_keys; /* none until config_token_keys() */
};

/* Reads a file; `file` NULL: no file, all defaults. NULL where there was an error. */
struct config *config_load(const char *file, struct diags *diags);
void config_destroy(struct config **config);

/* The file name of the template that makes the bodies of a gateway's requests: the one that its
 * settings name; else, with a preset, the shop's own of the gateway's name, if there is one, or the
 * preset's. In the arena or the settings. NULL: it takes no requests. */
const char *config_gateway_body(const struct config_gateway *gateway,
                                const struct templates *templates, struct arena *arena);

/* The effective configuration as YAML that reads back as the same, but for what is secret: that
 * is shown as "***". */
bool config_print(const struct config *config, struct buf *out);

/* Reads the secret of the installation, which the configuration has from then on: from
 * secret_file; where none is named, from the state folder, in which it is made at the first start
 * (mode 0600) if `may_create`. At least 16 bytes. */
bool config_secret(struct config *config, bool may_create, struct diag *diag);

/* The key that is made of it: of the links that former releases mailed (mail/token_keys). */
struct token_key config_secret_key(const struct config *config);

/* What decide/, compose/ and events/ need of it. These refer to the configuration. */
void config_policy(const struct config *config, struct policy *policy);
void config_compose(const struct config *config, struct compose_settings *compose);
struct shop_event_form config_event_form(const struct config *config);

/* The channel of that name, or NULL. */
const struct config_channel *config_find_channel(const struct config *config, const char *name);

/* The names of `topics`, NULL-terminated, in the arena; NULL where there are none. */
const char *const *config_topic_names(const struct config *config, struct arena *arena);

/* Makes the state folder (mode 0700) where it is not there. */
bool config_make_state(const struct config *config, struct diag *diag);

/* Which of its keys stand where. */
struct placement config_placement(const struct config *config);

#endif
