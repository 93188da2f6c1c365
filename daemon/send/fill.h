/*
 * `{{ name }}` in a configured URL or header, filled from a few variables of a message.
 * Names only, no expressions: what decides where a request goes is not written
 * by an event. In a URL a value is percent-encoded, so it can neither end the
 * part where it stands nor begin another one.
 */
#ifndef NUDGED_SEND_FILL_H
#define NUDGED_SEND_FILL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "send/outcome.h"

enum fill_into { FILL_URL, FILL_HEADER };

/* A name and its text, which is encoded for where it stands. A list ends with a row without
 * a name. */
struct fill_variable {
    const char *name;
    const char *value; /* NULL: as if it were not there */
};

/* NULL where `text` is a template that can be filled, else what is wrong with it: a
 * placeholder that is not closed or has no plain name, a control character. */
const char *fill_wrong(const char *text);

/* NULL where `url` is http:// or https:// with a host, without user and fragment, and
 * has its first placeholder behind the host; else what is wrong with it. */
const char *fill_wrong_url(const char *url);

/* Appends. False: *outcome is OUTCOME_DEAD with the reason: a name that the message does
 * not have, a control character in a value, a value that is `.` or `..` within a URL, or
 * too much for `out`. */
bool fill_text(const char *text, enum fill_into into, const struct fill_variable *variables,
               struct buf *out, struct outcome *outcome);

#endif
