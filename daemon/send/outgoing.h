/*
 * What is to be sent: a message as a gateway gets it.
 */
#ifndef NUDGED_SEND_OUTGOING_H
#define NUDGED_SEND_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"

/* All of it holds until the send returned, but `seen`. */
struct outgoing {
    const char *mid;     /* the same over all attempts; a-z A-Z 0-9 . _ - */
    const char *channel; /* "email" */
    bool mail;           /* it has mails; else texts */

    /* The address on the envelope. Kind http knows it as `{{ to }}`. */
    const char *envelope_from; /* may be "" (no bounces wanted) */
    const char *envelope_to;
    bool smtputf8; /* an address or a header needs RFC 6531 */

    /* http: what the template of the body sees, a map, until the gateway waits for anything: then
     * the sender's thread goes on with another message. Of its `message` the URL and the headers
     * may hold members, as {{ subject }}; all else by its whole path, as {{ customer.id }}. */
    struct value seen;

    /* smtp and maildir: the mail as on the wire, CRLF only, not yet dot-stuffed.
     * http: the request's body, may be empty. */
    const char *body;
    size_t body_length;
};

#endif
