/*
 * A connection to an SMTP server. libcurl makes it: name, TCP, TLS, EHLO, STARTTLS, login. Then it
 * carries bytes, through libcurl's TLS or, in the clear, over the socket itself, without libcurl
 * from then on, and what they say is smtp_session's.
 */
#ifndef NUDGED_SEND_SMTP_LINK_H
#define NUDGED_SEND_SMTP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/secret.h"
#include "send/smtp_reply.h"
#include "send/transfer.h"

struct smtp_login {
    const char *user;      /* NULL: no login */
    const char *password;  /* NULL: `token` */
    const char *token;     /* OAuth 2.0 */
    const char *mechanism; /* "PLAIN", "LOGIN", "XOAUTH2"; NULL: of what the server offers */
};

/* What the server offers (RFC 5321, 2.2). */
struct smtp_extensions {
    bool pipelining; /* RFC 2920 */
    bool eight_bit;  /* RFC 6152 */
    bool utf8;       /* RFC 6531 */
    bool size;       /* RFC 1870 */
    bool auth;       /* RFC 4954 */
    uint64_t most;   /* bytes of a mail; 0: nothing said */
};

struct smtp_link {
    struct transfer transfer;
    struct smtp_extensions offers;
    int fd;     /* -1: not connected */
    bool clear; /* no TLS is between us and the socket */

    /* While it is made. */
    struct smtp_reply reply; /* to the last command */
    bool replaced;           /* a command has gone out that a new reply takes the place of */
    bool logged_in;
    struct secret secret; /* of the login */
};

void smtp_link_init(struct smtp_link *link, const struct transfer_settings *settings);

/* Makes it, where none is; `url`: smtp[s]://host:port[/name for EHLO]. False: *seen says why, and
 * there is none. */
bool smtp_link_connect(struct smtp_link *link, const char *url, const struct smtp_login *login,
                       struct transfer_seen *seen);

/* Ends it, without waiting for the server. */
void smtp_link_drop(struct smtp_link *link);

/* As many bytes as can be sent or are there now, which may be none. False: it is lost. */
bool smtp_link_send(struct smtp_link *link, const char *bytes, size_t length, size_t *sent);
bool smtp_link_receive(struct smtp_link *link, char *bytes, size_t room, size_t *received);

/* Likewise, and waits for them while the transfer goes on: there is at least one. */
bool smtp_link_await(struct smtp_link *link, char *bytes, size_t room, size_t *received);

#endif
