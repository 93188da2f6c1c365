/* Events that nothing reads: many of them leave the stream in one call, where nothing that Redis
 * has of their customers asks for more. */
#ifndef NUDGED_STORE_UNREAD_H
#define NUDGED_STORE_UNREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/scripts.h"
#include "store/instance.h"

struct unread_event {
    const char *entry;    /* of P:events */
    const char *customer; /* the key of their document */
    const char *type;     /* letters, digits, '.', '_' and '-' */
};

/* `passed[i]`: event i has left the stream; else it is to be decided, as ever. Good until the
 * callback returns. `fault` is NULL, or why it is not known: then `passed` is NULL. */
typedef void unread_on_passed(void *context, const struct diag *fault, const bool *passed);

struct unread_request {
    const struct unread_event *events; /* copied */
    size_t count;                      /* at least 1 */
    int64_t least_ms;                  /* that their documents must be kept for still */
    unread_on_passed *callback;
    void *context;
};

void unread_pass(struct scripts *scripts, const struct instance *instance,
                 struct connection_owner *owner, const struct unread_request *request);

#endif
