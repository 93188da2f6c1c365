/* What `simulate` and `diff` are given besides rules: files of events, tables, addresses, times. */
#ifndef NUDGED_CTL_SIMULATE_INPUT_H
#define NUDGED_CTL_SIMULATE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "simulate/history.h"
#include "simulate/simulation.h"

struct simulate_input {
    const char *command; /* whose options these are */
    const char *events;  /* and those that stand as arguments */
    const char *from, *to, *tables, *suppressed, *parts;
};

/* Each prints its fault, and returns the exit status: 0 is none. */
int simulate_input_read(const struct simulate_input *input, const char *zone, struct arena *arena,
                        struct simulation_options *options);
/* `size`: bytes of all files; 0 where one of them is no regular file. */
int simulate_input_open(const struct simulate_input *input, int count, char **names,
                        struct history *history, uint64_t *size);
/* Whether `name` is one of the files that are read: writing there would be the end of it. */
bool simulate_input_has(const struct simulate_input *input, int count, char *const *names,
                        const char *name);

#endif
