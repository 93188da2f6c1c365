/* Events that nothing reads: many of them leave the stream in one call, where nothing that Redis
 * has of their customers asks for more. */
#ifndef NUDGED_STORE_UNREAD_H
#define NUDGED_STORE_UNREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "store/instance.h"

struct unread_key {
    const char *hash; /* by which a redirect leads to the customer */
    const char *text;
};

struct unread_event {
    const char *entry;    /* of P:events */
    const char *customer; /* the key of their document, an id */
    const char *type;     /* letters, digits, '.', '_' and '-' */
    int64_t time_ms;
    struct slice said; /* of the customer, as documents have it; "": no more than the id */
    const struct unread_key *keys; /* besides the id */
    size_t key_count;
};

/* `passed[i]`: event i has left the stream; else it is to be decided, as ever. Good until the
 * callback returns. `fault` is NULL, or why it is not known: then `passed` is NULL. */
typedef void unread_on_passed(void *context, const struct diag *fault, const bool *passed);

struct unread_request {
    const struct unread_event *events; /* copied */
    size_t count;                      /* at least 1 */
    int64_t least_ms;                  /* that their documents must be kept for still */
    int64_t sequence;                  /* a number of this daemon's never used twice */
    unread_on_passed *callback;
    void *context;
};

void unread_pass(struct scripts *scripts, const struct instance *instance,
                 struct connection_owner *owner, const struct unread_request *request);

#endif
