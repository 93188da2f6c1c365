/*
 * One HTTP request after the other over one kept connection (send/transfer).
 */
#ifndef NUDGED_SEND_REQUEST_H
#define NUDGED_SEND_REQUEST_H

#include <stddef.h>

#include "send/transfer.h"

struct request; /* the connection, and the request under way */

struct request_settings {
    const char *method, *url;
    const char *user, *password; /* NULL: none */
    const char *aws_sigv4;       /* "aws:amz:REGION:SERVICE": they sign it; NULL: a Basic login */
    const char *const *headers;  /* "Name: value", NULL-terminated */
    const char *body;
    size_t length;
};

struct request *request_new(const struct transfer_settings *settings);
void request_destroy(struct request **request);

void request_send(struct request *request, const struct request_settings *made,
                  struct transfer_seen *seen);

/* Ends the kept connection. */
void request_drop(struct request *request);

#endif
