/*
 * Channels: a kind of address, and the gateways that carry it, in order of preference.
 *
 *   channels:
 *     email: [relay, spare]
 *     email-bulk: {kind: mail, gateways: [bulk], classes: [marketing]}
 */
#ifndef NUDGED_CONFIG_CONFIG_CHANNELS_H
#define NUDGED_CONFIG_CONFIG_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "rules/rule_channel.h"
#include "send/gateway.h"

struct config_gateway {
    const char *name;
    const struct value *place; /* where the name is written */
    const struct gateway_kind *kind;
    const void *settings; /* of the kind; begins with a struct gateway_common */
};

struct config_channel {
    const char *name;
    const struct config_gateway *const *gateways; /* in order of preference; NULL-terminated */
    bool mail;                                    /* its messages are mails; else texts */
};

struct config_channels {
    const struct config_channel *rows; /* ends with a row without a name */
    size_t count;
    const struct rule_channel *known; /* the same, as rules see them */
    const char *const *mail; /* the names of those that have mails, NULL-terminated; `email`
                                too where it is not there: another daemon may have it */
};

struct config_channels_input {
    const struct config_gateway *gateways; /* ends with a row without a name */
    const char *const *topics;             /* of the configuration; NULL: whatever rules have */
    const struct settings_source *source;
    struct arena *arena;
    struct diags *diags;
};

/* The keys of a channel that is written as a mapping: for the reference. */
extern const struct shape config_channels_shape; /* of `channels`, a mapping of all of them */
extern const struct setting config_channels_settings[];

/* Reads `channels`; null: `email` through all gateways in their order, which it then says. Faults
 * are added to input->diags. */
struct config_channels config_channels_read(const struct config_channels_input *input,
                                            struct value *all);

#endif
