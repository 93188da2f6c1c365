/* The keys that sign and read the links which customers are mailed. */
#ifndef NUDGED_CONFIG_CONFIG_TOKEN_KEYS_H
#define NUDGED_CONFIG_CONFIG_TOKEN_KEYS_H

#include "config/config.h"

/* The keys of the installation, which the configuration has from then on: that of its secret, which
 * must be known (config_secret), for what was mailed by former releases, then those of
 * `web.token_keys_file`. Where no file is named and `web.public_url` is, from the state folder, in
 * which it is made at the first start (mode 0600) if `may_create`. */
bool config_token_keys(struct config *config, bool may_create, struct diag *diag);

#endif
