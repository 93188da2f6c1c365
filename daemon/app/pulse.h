/*
 * What a daemon says of itself: its version, since when it runs, its last reload, and how much it
 * does: in all, and in a second over the last minute.
 */
#ifndef NUDGED_APP_PULSE_H
#define NUDGED_APP_PULSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { PULSE_SECONDS = 60 };

struct pulse_sample {
    int64_t at_ms; /* monotonic */
    int64_t events, messages;
};

struct pulse {
    struct pulse_sample samples[PULSE_SECONDS + 1]; /* a ring */
    size_t count, next;
    int64_t started_ms;       /* by the wall clock, as those below */
    int64_t reloaded_ms;      /* when the rules in force were read */
    int64_t reload_failed_ms; /* a later reload was refused; 0: none was */
};

/* At the start, with the rules read. */
void pulse_begin(struct pulse *pulse, int64_t wall_ms);
void pulse_reloaded(struct pulse *pulse, bool good, int64_t wall_ms);

/* Once in a second at most: what was counted up to now. */
void pulse_note(struct pulse *pulse, const struct pulse_sample *sample);
/* In a second; 0 before there are two samples. */
double pulse_events(const struct pulse *pulse);
double pulse_messages(const struct pulse *pulse);

/* Members of a JSON object, without its braces: "version":"0.1.0","started_at":… */
void pulse_write(const struct pulse *pulse, struct buf *out);

#endif
