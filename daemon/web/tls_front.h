/*
 * TLS of nudged-web's own: it ends here, and what is within goes on through a socket pair, at the
 * other end of which it is a connection like any other. So all that guards a plain connection sees
 * its bytes too, and only one kind of connection has to be right.
 */
#ifndef NUDGED_WEB_TLS_FRONT_H
#define NUDGED_WEB_TLS_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

struct event_base;
struct tls_front;

enum { TLS_FRONT_DESCRIPTORS = 3 /* of a connection, in place of one */ };

struct tls_front_options {
    struct event_base *base;
    const char *certificate_file, *key_file; /* PEM; read at once */
    size_t connections;                      /* at most, at once */
    void (*on_no_tls)(void *context);        /* what a client sent is no TLS, or none of ours */
    void *context;
};

/* From TLS 1.2 on. NULL with `diag`, which names the file that it is about. */
struct tls_front *tls_front_new(const struct tls_front_options *options, struct diag *diag);
/* Those that are open end at once. */
void tls_front_destroy(struct tls_front **front);

/* A connection that was accepted; `fd` is taken over. Gives the plain end, which does not block, or
 * -1 where there is no room, or no descriptor; then it is closed. */
int tls_front_take(struct tls_front *front, int fd);

/* Whether something waits to be sent to a client. */
bool tls_front_busy(const struct tls_front *front);

#endif
