/*
 * Reading what a daemon says at /metrics: the text format of Prometheus, version 0.0.4, as
 * base/metrics writes it.
 */
#ifndef NUDGED_CTL_EXPOSITION_H
#define NUDGED_CTL_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

struct exposition_sample {
    struct slice name;   /* "nudged_messages_sent_total" */
    struct slice labels; /* between the braces; empty where there are none */
    double value;
};

/* The next sample of a NUL-terminated text; `*text` moves on. Comments, and lines that cannot be
 * read, are passed over. False at the end. */
bool exposition_next(const char **text, struct exposition_sample *sample);

bool exposition_is(const struct exposition_sample *sample, const char *name);

/* The value of a label, in the arena; NULL where there is none. */
const char *exposition_label(const struct exposition_sample *sample, const char *label,
                             struct arena *arena);

#endif
