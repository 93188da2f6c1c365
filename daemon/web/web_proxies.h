/*
 * Who asks, where a proxy asks for them. What a header says of that is believed only of a proxy
 * that `web.proxies` names, and only as far as such proxies wrote it: from its end back to the
 * first address that is none of theirs.
 */
#ifndef NUDGED_WEB_WEB_PROXIES_H
#define NUDGED_WEB_WEB_PROXIES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "web/web_network.h"
#include "web/web_request.h"

struct web_proxies {
    const struct web_network *networks;
    size_t count;
};

/* Reads the list of `web.proxies`; `wrong` takes the item at fault. */
bool web_proxies_read(struct arena *arena, const struct value *list, struct web_proxies *proxies,
                      const struct value **wrong);

bool web_proxies_has(const struct web_proxies *proxies, const struct web_address *address);

/* Who asks, by who connects and what X-Forwarded-For says, in all its lines. */
struct web_address web_proxies_client(const struct web_proxies *proxies,
                                      const struct web_address *peer,
                                      const struct web_fields *headers);
/* Whether the client came over TLS: X-Forwarded-Proto, of a proxy that is believed. */
bool web_proxies_secure(const struct web_proxies *proxies, const struct web_address *peer,
                        const struct web_fields *headers);

#endif
