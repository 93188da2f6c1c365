/*
 * `{{ name }}` in a configured URL or header, filled from what a message's templates see.
 * Names and paths only, no expressions: what decides where a request goes is not written
 * by an event. In a URL a value is percent-encoded, so it can neither end the
 * part where it stands nor begin another one; in a header it is one line.
 */
#ifndef NUDGED_SEND_FILL_H
#define NUDGED_SEND_FILL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/value.h"
#include "send/outcome.h"

enum fill_into { FILL_URL, FILL_HEADER };

/* What a message fills places with. */
struct fill_source {
    const char *mid, *channel;
    const char *to, *from;    /* the addresses */
    const char *secret;       /* NULL: none */
    const struct value *seen; /* what templates see, a map: {{ subject }} is a member of its
                                 `message`, {{ customer.id }} a path */
};

/* NULL where `text` is a template that can be filled, else what is wrong with it: a
 * placeholder that is not closed or has no plain name, a control character. */
const char *fill_wrong(const char *text);

/* NULL where `url` is http:// or https:// with a host, without user and fragment, and
 * has its first placeholder behind the host; else what is wrong with it. */
const char *fill_wrong_url(const char *url);

/* A placeholder that no message can fill. */
struct fill_fault {
    const char *name; /* within the text */
    size_t length;
    const char *near; /* what may be meant; or NULL */
};

/* What there is, for people. */
extern const char fill_hint[];

/* Whether `text`, a right template, has such a one. */
bool fill_unknown(const char *text, struct fill_fault *fault);

/* Whether it has a place of that name. */
bool fill_has(const char *text, const char *name);

/* Appends `text` with the places filled that the map `settings` has the names of, a null with
 * nothing; all others stay as they are. What is wrong with a value of it, or NULL: */
void fill_settings(const char *text, enum fill_into into, const struct value *settings,
                   struct buf *out);
const char *fill_wrong_setting(const struct value *value);

/* Appends. What a message does not have is empty, in a header and in a URL's query. False:
 * *outcome says why. OUTCOME_DEAD: a part of the path that would be empty, `.` or `..`, a control
 * character in an address, a list or a mapping, too much for `out`. OUTCOME_GATEWAY_FAULT: a secret
 * that cannot stand there. */
bool fill_text(const char *text, enum fill_into into, const struct fill_source *source,
               struct buf *out, struct outcome *outcome);

#endif
