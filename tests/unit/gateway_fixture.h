/* One connection of a gateway, from settings in JSON, for one test. */
#ifndef NUDGED_TESTS_GATEWAY_FIXTURE_H
#define NUDGED_TESTS_GATEWAY_FIXTURE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "send/gateway.h"

struct server_fixture;

struct gateway_fixture {
    struct arena *arena;   /* the settings' */
    struct arena *scratch; /* of a send */
    struct diags diags;
    const struct gateway_kind *kind;
    const void *settings;
    void *connection;
    bool lease_passed, cut;         /* what the hooks answer */
    bool cut_after_end;             /* cut once it was asked for the lease */
    const char *cut_after;          /* cut once the conversation has this; NULL: not */
    size_t asked;                   /* for the lease */
    struct server_fixture *awaited; /* when asked, first waits for a line of it; may be NULL */
    char conversation[8192];        /* "> MAIL FROM…", "< 250 …"; what is longer is left out */
    struct outcome outcome;
};

/* Reads the settings; `kind` is NULL and `diags` say why where they are wrong. */
void gateway_fixture_read(struct gateway_fixture *gateway, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Likewise, and opens a connection; fails the test where the settings are wrong. */
void gateway_fixture_open(struct gateway_fixture *gateway, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void gateway_fixture_close(struct gateway_fixture *gateway);

/* Sends, and gives the outcome. */
const struct outcome *gateway_fixture_send(struct gateway_fixture *gateway,
                                           const struct outgoing *outgoing);

/* A small mail from shop@shop.example to ana@example.com. */
extern const struct outgoing gateway_fixture_mail;

#endif
