/*
 * What is posted to /v1/events, as bytes: into events, each of which is good or has a fault with
 * its place in the body. Which forms there are is told by the head of the request alone:
 *
 *   application/cloudevents+json        one CloudEvent 1.0, structured
 *   application/cloudevents-batch+json  a list of these
 *   ce-specversion, and JSON            one CloudEvent, binary: its attributes are headers
 *   application/json                    one event as it is pushed to Redis, or a list of them
 *   application/x-ndjson                one on each line
 *
 * A fault of one is none of the others: a list that does not hold together has the items that do.
 */
#ifndef NUDGED_WEB_POSTED_EVENTS_H
#define NUDGED_WEB_POSTED_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "web/outside_event.h"
#include "web/tokens_file.h"
#include "web/web_request.h"

enum {
    POSTED_BODY_MOST = 1024 * 1024, /* bytes */
    POSTED_EVENTS_MOST = 1000,      /* of one request */
};

enum posted_form {
    POSTED_UNKNOWN,
    POSTED_STRUCTURED,
    POSTED_BATCH,
    POSTED_BINARY,
    POSTED_JSON,
    POSTED_LINES,
};

/* By the headers; POSTED_UNKNOWN with `diag`: what is taken instead. */
enum posted_form posted_form(const struct web_fields *headers, struct diag *diag);

struct posted_item {
    struct outside_event event;
    const struct diag *fault; /* NULL: it is good. Its place is that in the body; line 0: none */
    bool forbidden;           /* the fault is that its sender may not push it */
};

struct posted_events {
    struct posted_item *items; /* in the order of the body */
    size_t count;
    bool several; /* a list or lines: the answer is a list too, of one perhaps */
};

struct posted_from {
    const struct tokens_login *login;
    const char *const *key_paths; /* the configuration's customer.keys, NULL-terminated */
    const char *once;             /* the request's Idempotency-Key; NULL: none */
    int64_t now_ms;               /* since 1970 */
};

/* The events of a body, in the arena.
 *
 * One without an id gets one by which it is known again where that can be told: of the
 * Idempotency-Key and its place in the body; else, of one that says its time, of what it says. */
void posted_events_read(struct arena *arena, enum posted_form form,
                        const struct web_fields *headers, struct slice body,
                        const struct posted_from *from, struct posted_events *posted);

#endif
