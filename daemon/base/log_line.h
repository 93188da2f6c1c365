/*
 * A line of the log as its reader wants it. Passwords and tokens are masked, and what a terminal
 * would obey is not copied; a line that is too long loses fields, or the end of its text, never
 * its form.
 */
#ifndef NUDGED_BASE_LOG_LINE_H
#define NUDGED_BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_field.h"

enum {
    LOG_LINE_MOST = 1024,       /* bytes of a text, with its line break */
    LOG_LINE_JSON_MOST = 4096,  /* as much as a pipe takes at once (PIPE_BUF) */
    LOG_LINE_VALUE_MOST = 1024, /* of a value in JSON */
};

/* A sentence with its fields: `a message was sent mid=4f… rule="two words": 250 ok`. Values that
 * hold more than plain characters stand in quotes. Appends at `to`, at most `room` bytes, without
 * NUL and line break; returns their number. */
size_t log_line_text(const char *sentence, const struct log_field *fields, char *to, size_t room);

/* {"time":"2026-03-01T08:00:00Z","level":"info","message":"…","mid":"4f…","code":250,"detail":"…"},
 * likewise; `room` is LOG_LINE_JSON_MOST or so. A name that comes twice is told once. `time` and
 * `level` are plain. */
size_t log_line_json(const char *time, const char *level, const char *sentence,
                     const struct log_field *fields, char *to, size_t room);

/* The value as it may be told: masked and cut, with a NUL. */
size_t log_line_value(const char *text, char *to, size_t size);

#endif
