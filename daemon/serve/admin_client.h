/*
 * One request to a daemon's admin socket, for nudgectl: blocks until the
 * answer is there or the time is over.
 */
#ifndef NUDGED_SERVE_ADMIN_CLIENT_H
#define NUDGED_SERVE_ADMIN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"

struct admin_question {
    const char *socket; /* the path of the admin socket */
    const char *method; /* "GET" or "POST" */
    const char *target; /* "/status", with the query where there is one */
    const char *body;   /* for POST; NULL: none */
    size_t length;
    int64_t timeout_ms; /* over all; 0: 10 s */
};

struct admin_answer {
    int status;      /* HTTP */
    struct buf body; /* at most ADMIN_ANSWER_MOST bytes; the caller frees it */
};

/* True when there was an answer, whatever its status. False with `diag` set, and a
 * hint where no daemon listens; the body is then freed. */
bool admin_client_ask(const struct admin_question *question, struct admin_answer *answer,
                      struct diag *diag);

#endif
