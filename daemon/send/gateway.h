/*
 * The gateways: where a channel's messages go. Each kind is one file with one
 * `struct gateway_kind`, and one row of gateway_kinds[].
 *
 * A sender thread opens one connection object and uses it for all its messages,
 * one after the other; the object is used by that thread alone. `send` blocks,
 * always ends (deadlines), and leaves an outcome.
 */
#ifndef NUDGED_SEND_GATEWAY_H
#define NUDGED_SEND_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "send/outcome.h"

/* A name and its text, for `{{ name }}` in the URL and headers of kind http. */
struct outgoing_variable {
    const char *name;
    const char *value; /* plain text: http encodes it for where it stands */
};

/* What is to be sent. All of it lies in the thread's arena or lives longer. */
struct outgoing {
    const char *mid;     /* the same over all attempts; a-z A-Z 0-9 . _ - */
    const char *channel; /* "email" */

    /* The address on the envelope. Kind http knows it as `{{ to }}`. */
    const char *envelope_from; /* may be "" (no bounces wanted) */
    const char *envelope_to;
    bool smtputf8; /* an address or a header needs RFC 6531 */

    /* smtp and maildir: the mail as on the wire, CRLF only, not yet dot-stuffed.
     * http: the request's body, may be empty. */
    const char *body;
    size_t body_length;
    const char *content_type; /* http; NULL: the one of the settings */

    const struct outgoing_variable *variables; /* http; beside mid, channel, to, from, secret */
    size_t variable_count;
    const char *idempotency_key; /* http; NULL: the mid */
};

/* How a gateway asks its daemon, from the sender's thread. */
struct gateway_hooks {
    bool (*may_finish)(void *context); /* false: the lease has passed, stop before the end */
    bool (*is_cut)(void *context);     /* true: give up now what is under way */
    void *context;
};

/* The settings that every kind has; the first member of each kind's settings. */
struct gateway_common {
    const char *kind;
    int64_t connections;      /* sender threads, each with one connection */
    struct setting_rate rate; /* over all daemons; granted by the store */
};

enum { GATEWAY_CONNECTIONS_MOST = 256 };

#define GATEWAY_COMMON_SETTINGS(owner, default_connections)                          \
    {.key = "kind",                                                                  \
     .type = SETTING_TEXT,                                                           \
     .offset = offsetof(owner, common.kind),                                         \
     .required = true,                                                               \
     .help = "what it is: smtp, http or maildir"},                                   \
        {.key = "connections",                                                       \
         .type = SETTING_INT,                                                        \
         .offset = offsetof(owner, common.connections),                              \
         .fallback = default_connections,                                            \
         .least = 1,                                                                 \
         .most = GATEWAY_CONNECTIONS_MOST,                                           \
         .help = "connections that one daemon uses at a time"},                      \
    {                                                                                \
        .key = "rate", .type = SETTING_RATE, .offset = offsetof(owner, common.rate), \
        .help = "most messages in a time, over all daemons: 10 per 1s"               \
    }

struct gateway_kind {
    const char *name;
    const struct setting *settings; /* begins with GATEWAY_COMMON_SETTINGS */
    size_t settings_size;
    bool mail_only; /* takes channel `email` alone: not the bare text of another one */

    /* What the table cannot say: keys that need each other, a URL's form. `map` is
     * the mapping the settings were read from (may be NULL), for places. May be NULL. */
    bool (*check)(const void *settings, const struct value *map,
                  const struct settings_source *source, struct diags *diags);

    /* Never fails: what is wrong shows as the outcome of a send. `settings` and what
     * `hooks->context` points to must outlive the connection; `hooks` is copied. */
    void *(*open)(const void *settings, const struct gateway_hooks *hooks);
    void (*close)(void *connection);

    /* `arena` is for scratch and holds until the send returned. */
    void (*send)(void *connection, const struct outgoing *outgoing, struct arena *arena,
                 struct outcome *outcome);

    /* Nothing was sent for a while: gives up what need not be held meanwhile. May be NULL. */
    void (*rest)(void *connection);
};

extern const struct gateway_kind *const gateway_kinds[]; /* ends with NULL */
extern const char *const gateway_names[];                /* likewise, for diag_suggest */

const struct gateway_kind *gateway_find(const char *name); /* NULL where there is none */

/* Reads the settings of one gateway, whatever its kind: `map` must have `kind`.
 * Gives the kind and its settings in the arena (they begin with a struct
 * gateway_common); NULL where there was an error, which is in `diags`. */
const struct gateway_kind *gateway_read(const struct value *map,
                                        const struct settings_source *source, struct arena *arena,
                                        const void **settings, struct diags *diags);

#endif
