/*
 * What a gateway is: where a channel's messages go. Each kind is one file that fills one
 * `struct gateway_kind`, and one row of send/gateway_kinds.
 *
 * A sender opens one connection object and uses it for all its messages, one after the other;
 * the object is used by one thread alone. `send` waits, always ends (deadlines), and leaves an
 * outcome.
 */
#ifndef NUDGED_SEND_GATEWAY_H
#define NUDGED_SEND_GATEWAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "send/gateway_common.h"
#include "send/outcome.h"
#include "send/outgoing.h"

/* What a gateway takes: in which form the body of `struct outgoing` must be. */
enum gateway_form {
    GATEWAY_MAIL,    /* a mail, so channels that have mails alone */
    GATEWAY_TEXT,    /* a mail for these; for any other channel its text, as a mail that people
                        can read */
    GATEWAY_REQUEST, /* for any channel, what a template makes: the one that body() names, else
                        <gateway>.json.liquid */
};

/* How a gateway asks its daemon, in the sender's fiber. */
struct gateway_hooks {
    bool (*may_finish)(void *context); /* false: the lease has passed, stop before the end */
    bool (*is_cut)(void *context);     /* true: give up now what is under way */
    /* As poll(2), until clock_monotonic_ms() is `until_ms`; it may come back earlier with 0. NULL:
     * poll(2) itself. */
    int (*wait)(void *context, struct pollfd *fds, size_t count, int64_t until_ms);
    void *context;
    /* Hears each line that goes out or comes in, without its end, as the bytes are: not clean, and
     * with secrets masked. Not the message itself. NULL: nobody listens. */
    void (*line)(void *context, bool out, const char *text, size_t length);
};

struct gateway_kind {
    const char *name;
    enum gateway_form form;
    bool blocks; /* waits by itself, and not through `hooks->wait`: a thread for each connection */
    const struct setting *settings; /* begins with GATEWAY_COMMON_SETTINGS */
    size_t settings_size;

    /* Of a preset (send/preset); else NULL. */
    const char *about;         /* one line */
    const char *built_in_body; /* the file name of its bodies' template */
    const struct setting *own; /* of `settings`, the rows of its own, all texts */

    /* Once what was read stands in the settings: puts together what depends on several rows, all
     * of it in fields that have a row. May be NULL. */
    void (*complete)(const struct gateway_kind *kind, void *settings, struct arena *arena);

    /* The file name of the template that makes the bodies; NULL: the settings name none. May be
     * NULL. */
    const char *(*body)(const void *settings);

    /* What that template sees as `gateway`: a map, or a null. May be NULL. */
    const struct value *(*seen)(const void *settings);

    /* What the table cannot say: keys that need each other, a URL's form. `map` is
     * the mapping the settings were read from (may be NULL), for places. What the table had a
     * fault in is as if it were absent, so even what is required may be NULL. May be NULL. */
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

#endif
