/*
 * The dialogue with an SMTP server (RFC 5321): one mail after the other over one connection, also
 * behind a mail that was refused. Commands go together where the server offers PIPELINING.
 */
#ifndef NUDGED_SEND_SMTP_SESSION_H
#define NUDGED_SEND_SMTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "send/smtp_commands.h"
#include "send/smtp_link.h"

struct smtp_session;

struct smtp_session *smtp_session_new(const struct transfer_settings *settings);
void smtp_session_destroy(struct smtp_session **session);

/* There is a connection to send over. One on which the server has answered with many errors is
 * given up. Whether it has been ended, smtp_session_send() finds. */
bool smtp_session_ready(struct smtp_session *session);

/* Makes a new one: smtp_link_connect(). */
bool smtp_session_connect(struct smtp_session *session, const char *url,
                          const struct smtp_login *login, struct transfer_seen *seen);

/* Sends a mail over the connection that there is. Afterwards there is none where it cannot carry
 * another one. */
void smtp_session_send(struct smtp_session *session, const struct smtp_mail *mail,
                       struct transfer_seen *seen);

/* Ends the connection, politely and without waiting for the server. */
void smtp_session_drop(struct smtp_session *session);

#endif
