/*
 * One blocking transfer after the other over one kept connection: the only file
 * that knows libcurl. It sends a mail or an HTTP request and tells what it saw;
 * what that means is retry's to say.
 *
 * Nothing here is shared between threads. Every transfer ends: each phase has a
 * deadline, looked at once a second at least.
 */
#ifndef NUDGED_SEND_TRANSFER_H
#define NUDGED_SEND_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/gateway.h"
#include "send/retry.h"

struct transfer;

enum transfer_tls { TRANSFER_STARTTLS, TRANSFER_SMTPS, TRANSFER_NEVER };

/* What all transfers of one connection share. */
struct transfer_settings {
    enum transfer_tls tls; /* mail; for a request the URL's scheme says it */
    const char *ca_file;   /* NULL: the system's */
    int64_t connect_ms;    /* from the name to the login's end */
    int64_t command_ms;    /* for the reply to MAIL, RCPT and DATA each */
    int64_t answer_ms;     /* from the body's end to the whole answer */
    int64_t bytes_per_s;   /* the body takes a minute, and what it takes at this speed */
    struct gateway_hooks hooks;
};

struct transfer_mail {
    const char *url;             /* smtp[s]://host:port[/name for EHLO] */
    const char *user, *password; /* NULL: no login */
    const char *from, *to;
    bool utf8; /* only where the server offers SMTPUTF8 */
    const char *body;
    size_t length;
};

struct transfer_request {
    const char *method, *url;
    const char *user, *password; /* NULL: none */
    const char *const *headers;  /* "Name: value", NULL-terminated */
    const char *body;
    size_t length;
};

enum { TRANSFER_HEARD_MOST = 65536 };

/* What was seen. The texts live until the next transfer. */
struct transfer_seen {
    enum retry_phase phase;
    enum retry_failure failure;
    int code;          /* of the reply to the last command, or the HTTP status; 0: none */
    const char *words; /* mail: that reply, a line's code only once; HTTP: the answer's body */
    size_t words_length;
    const char *fault;       /* libcurl's words where there was a failure; else "" */
    const char *retry_after; /* HTTP: the header; "" else */
    bool reused;             /* the connection was one kept from before */
};

struct transfer *transfer_new(const struct transfer_settings *settings);
void transfer_destroy(struct transfer **transfer);

void transfer_send_mail(struct transfer *transfer, const struct transfer_mail *mail,
                        struct transfer_seen *seen);
void transfer_send_request(struct transfer *transfer, const struct transfer_request *request,
                           struct transfer_seen *seen);

/* Ends the kept connection, politely and without waiting for the server. */
void transfer_drop(struct transfer *transfer);

/* One sentence for a person: what went wrong, and in which step. */
void transfer_explain(const struct transfer_seen *seen, struct outcome *outcome);

#endif
