/* What a subcommand is given to read: a file, or "-" for standard input. */
#ifndef NUDGED_CTL_INPUT_H
#define NUDGED_CTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"

struct input {
    const char *name; /* for diagnostics: "(standard input)" */
    const char *text; /* NUL-terminated */
    size_t length;
};

/* The codes of its faults. */
#define INPUT_UNREADABLE "input-unreadable"
#define INPUT_WRONG      "input-wrong" /* it is not what it should be */

enum { INPUT_MOST = 4 * 1024 * 1024 };

/* Reads all of it, INPUT_MOST bytes at most, into the arena. Pipes are taken too. */
bool input_read(struct arena *arena, const char *name, struct input *input, struct diag *diag);

/* Reads one JSON object. */
bool input_object(struct arena *arena, const struct input *input, struct value *object,
                  struct diag *diag);

#endif
