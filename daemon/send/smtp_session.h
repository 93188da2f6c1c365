/*
 * One mail after the other over one kept connection to an SMTP server (RFC 5321).
 */
#ifndef NUDGED_SEND_SMTP_SESSION_H
#define NUDGED_SEND_SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "send/transfer.h"

struct smtp_session;

struct smtp_session_mail {
    const char *url;             /* smtp[s]://host:port[/name for EHLO] */
    const char *user, *password; /* NULL: no login */
    const char *from, *to;
    bool utf8; /* only where the server offers SMTPUTF8 */
    const char *body;
    size_t length;
};

struct smtp_session *smtp_session_new(const struct transfer_settings *settings);
void smtp_session_destroy(struct smtp_session **session);

void smtp_session_send(struct smtp_session *session, const struct smtp_session_mail *mail,
                       struct transfer_seen *seen);

/* Ends the kept connection, politely and without waiting for the server. */
void smtp_session_drop(struct smtp_session *session);

#endif
