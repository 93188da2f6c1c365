/*
 * Header fields on the wire: folding (RFC 5322, 2.2.3), encoded words (RFC 2047), parameters
 * (RFC 2231). Every function appends one whole field ("Name: value\r\n"), of lines of at most 76
 * characters wherever the grammar lets a line break.
 *
 * A value with a control character (C0, DEL, C1) or invalid UTF-8 is refused
 * with the code "bad-header", a buffer that is full with "too-large".
 */
#ifndef NUDGED_MAIL_HEADER_H
#define NUDGED_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "mail/address.h"

enum { HEADER_LINE = 76, HEADER_VALUE_MOST = 8192, HEADER_NAME_MOST = 64, HEADER_DATE_SIZE = 40 };

/* Free text (RFC 5322, 2.2.1: Subject, X-…): encoded words where it is not plain ASCII. */
bool header_unstructured(struct buf *out, const char *name, const char *value, struct diag *diag);

/* A mailbox (3.4: From, To, Reply-To): the display name quoted or encoded. */
bool header_mailbox(struct buf *out, const char *name, const struct address *address,
                    struct diag *diag);

/* An ASCII value (2.2.2) that is already in its final form (Message-ID, Date,
 * List-Unsubscribe): folded at its spaces, refused where it is not ASCII. */
bool header_structured(struct buf *out, const char *name, const char *value, struct diag *diag);

/* "; name=value" for a field that the caller has begun (RFC 2231): as a token or a
 * quoted string where it is short ASCII, else percent-encoded in pieces, each on a
 * line of its own. */
bool header_parameter(struct buf *out, const char *name, const char *value, struct diag *diag);

/* RFC 5322, section 3.3: "Sun, 01 Mar 2026 10:00:00 +0200". `zone` is an IANA zone; NULL,
 * or one that is not known: UTC. Returns `out`. */
const char *header_date(int64_t ms, const char *zone, char out[HEADER_DATE_SIZE]);

/* A name that a template may set: letters, digits and hyphens, and none of those that
 * nudged itself or the servers on the way write (From, Date, Content-Type, Received, …). */
bool header_name_allowed(const char *name, struct diag *diag);

/* Without control characters and valid UTF-8; `what` names it in the error's text. */
bool header_value_allowed(const char *what, const char *value, struct diag *diag);

#endif
