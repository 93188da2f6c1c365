/*
 * For a fault that comes back every second until somebody mends it: it is told when it is new,
 * and not again until it is another one or was over in between.
 */
#ifndef NUDGED_BASE_LOG_ONCE_H
#define NUDGED_BASE_LOG_ONCE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/digest.h"

/* Of one kind of fault; all zero at first. */
struct log_once {
    uint64_t told; /* a hash of the text that was told last; 0: none since it was over */
};

/* Whether `text` is other than what was told last; from now on it counts as told. */
static inline bool log_once_is_news(struct log_once *once, const char *text)
{
    uint64_t told = once->told;
    once->told = digest_spread(text, strlen(text));
    return once->told != told;
}

/* What was told is over: the same text would be news again. */
static inline void log_once_forget(struct log_once *once)
{
    once->told = 0;
}

#endif
