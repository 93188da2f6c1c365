/*
 * `answers:` of an HTTP gateway: expressions (CEL) that say what an API means by its answers, where
 * the status alone does not. They see `answer`: its `status`, its `headers` by their names in lower
 * case, and its `body`, read as JSON where it is that, else a text. One that fails counts as not
 * true.
 */
#ifndef NUDGED_SEND_ANSWERS_H
#define NUDGED_SEND_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/setting.h"
#include "base/settings_fault.h"
#include "base/value.h"
#include "send/retry.h"

/* The expressions as they were read; null where there is none. */
struct answers_settings {
    struct value sent, unavailable, retry, bounced, gateway, refused;
    struct value id, words, wait;
};

extern const struct setting answers_settings[];

struct answers;

/* Into the arena. Faults are added to `diags`, at their place in the file; what has one is as if
 * it were absent. */
const struct answers *answers_compile(struct arena *arena, const struct answers_settings *settings,
                                      const struct settings_source *source, struct diags *diags);

struct answers_heard {
    int status;
    const char *headers; /* "name: value", each line ended by '\n', names in lower case */
    size_t headers_length;
    const char *body;
    size_t body_length;
    int64_t now_ms; /* by the wall clock */
};

/* What was made of an answer. The texts lie in the arena. */
struct answers_meaning {
    enum retry_said said;
    const char *id;    /* what the API calls the message; NULL: it did not say */
    const char *words; /* NULL: the whole body */
    int64_t wait_ms;   /* retry_wait(); 0: it did not say */
};

void answers_ask(const struct answers *answers, const struct answers_heard *heard,
                 struct arena *arena, struct answers_meaning *meaning);

#endif
