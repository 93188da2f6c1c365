/* The arguments of a command while they are put together, in an arena. */
#ifndef NUDGED_REDIS_ARGUMENTS_H
#define NUDGED_REDIS_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "redis/connection_request.h"

struct arguments {
    struct arena *arena;
    size_t argc, capacity;
    const char **argv;
    size_t *lengths;
};

/* `capacity`: a guess at their number. */
struct arguments arguments_begin(struct arena *arena, size_t capacity);
/* Bytes are referred to, not copied; NULL is the empty string. */
void arguments_bytes(struct arguments *arguments, const char *bytes, size_t length);
void arguments_text(struct arguments *arguments, const char *text);
void arguments_number(struct arguments *arguments, int64_t number);
/* A count, then so many texts. */
void arguments_texts(struct arguments *arguments, const char *const *texts, size_t count);

/* What was put together, to be sent: good as long as the arena. What is not given here is zero. */
struct connection_request arguments_request(const struct arguments *arguments,
                                            struct connection_owner *owner,
                                            connection_callback *callback, void *context);

#endif
