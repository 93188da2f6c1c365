/* The settings that all kinds of gateways have. */
#ifndef NUDGED_SEND_GATEWAY_COMMON_H
#define NUDGED_SEND_GATEWAY_COMMON_H

#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "send/bounds.h"
#include "send/suspicion.h"

/* The first member of each kind's settings. */
struct gateway_common {
    const char *kind;
    int64_t connections;      /* senders, each with one connection */
    struct setting_rate rate; /* over all daemons; granted by the store */
    int64_t suspect;          /* so many recipients refused in a row: send/suspicion */
    struct bounds_settings bounded;
    struct bounds bounds; /* what those say; has no row, and changes with them at a reload */
};

enum { GATEWAY_CONNECTIONS_MOST = 256 };

#define GATEWAY_COMMON_SETTINGS(name, owner, default_connections)                               \
    {.key = "kind",                                                                             \
     .type = SETTING_TEXT,                                                                      \
     .offset = offsetof(owner, common.kind),                                                    \
     .required = true,                                                                          \
     .help = "what it is: " name},                                                              \
        {.key = "connections",                                                                  \
         .type = SETTING_INT,                                                                   \
         .offset = offsetof(owner, common.connections),                                         \
         .fallback = default_connections,                                                       \
         .least = 1,                                                                            \
         .most = GATEWAY_CONNECTIONS_MOST,                                                      \
         .help = "connections that one daemon uses at a time"},                                 \
        {.key = "suspect",                                                                      \
         .type = SETTING_INT,                                                                   \
         .offset = offsetof(owner, common.suspect),                                             \
         .fallback = "5",                                                                       \
         .least = 2,                                                                            \
         .most = SUSPICION_MOST,                                                                \
         .reload = SETTING_RELOAD,                                                              \
         .help = "different recipients refused in a row, with none accepted between, that are " \
                 "the gateway's fault"},                                                        \
        {.key = "rate",                                                                         \
         .type = SETTING_RATE,                                                                  \
         .offset = offsetof(owner, common.rate),                                                \
         .reload = SETTING_RELOAD,                                                              \
         .help = "most messages within a time, over all daemons: `10 per 1s`"},                 \
        BOUNDS_SETTINGS(owner, common.bounded)

#endif
