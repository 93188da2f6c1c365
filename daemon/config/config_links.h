/*
 * Where the links lead that customers are mailed. A page that the shop hosts itself
 * (`mail.unsubscribe_url`, …) goes before nudged-web's own
 * (`web.public_url`).
 */
#ifndef NUDGED_CONFIG_CONFIG_LINKS_H
#define NUDGED_CONFIG_CONFIG_LINKS_H

#include "base/arena.h"
#include "config/config_keys.h"

/* Each an address with "{token}" in it or without; NULL: none. */
struct config_links {
    const char *unsubscribe, *preferences, *confirm;
};

struct config_links config_links_of(struct arena *arena, const struct config_keys *keys);

#endif
