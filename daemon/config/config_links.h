/*
 * The links that customers are mailed: where they lead, and the keys that sign them. A page that
 * the shop hosts itself (`mail.unsubscribe_url`, …) goes before nudged-web's own
 * (`web.public_url`).
 */
#ifndef NUDGED_CONFIG_CONFIG_LINKS_H
#define NUDGED_CONFIG_CONFIG_LINKS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/config_keys.h"
#include "mail/token_keys.h"

struct config;

/* Each an address with "{token}" in it or without; NULL: none. */
struct config_links {
    const char *unsubscribe, *preferences, *confirm;
};

struct config_links config_links_of(struct arena *arena, const struct config_keys *keys);

/* The keys of the installation, which the configuration has from then on: that of its secret, which
 * must be known (config_secret), for what was mailed by former releases, then those of
 * `web.token_keys_file`. Where no file is named and `web.public_url` is, from the state folder, in
 * which it is made at the first start (mode 0600) if `may_create`. */
bool config_links_keys(struct config *config, bool may_create, struct diag *diag);

/* The one that signs: the newest; that of the secret where they were not read. */
struct token_key config_links_key(const struct config *config);

#endif
