/*
 * A rule test: one YAML document of a *.test.yaml file, as it was read, and what became of it.
 * docs/testing.md has the language.
 */
#ifndef NUDGED_CTL_RULE_TEST_H
#define NUDGED_CTL_RULE_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/settings.h"
#include "base/value.h"
#include "config/generation.h"

/* What happens to a customer, in the order of time. */
struct rule_test_given {
    int64_t at_ms;
    struct value event; /* map; null: time passes */
};

/* One item of `expect`; each says one thing. What is not asked is NULL, or null. */
struct rule_test_expect {
    const struct value *item;       /* as it stands in the file */
    const char *sent, *not_sent;    /* templates */
    const char *because;            /* of not_sent: a word of the trace */
    const char *to, *via, *rule;    /* of both, which messages are meant */
    struct value at, after;         /* of sent: when, as it is written */
    int64_t at_ms;                  /* -1: whenever */
    struct value data;              /* of sent: a part of the message's data */
    const char *subject, *contains; /* of sent: texts in what goes out */
    struct value customer; /* of sent: who gets it, a text; else what is known of one: a map */
    int64_t count;         /* of messages, with `sent` of those; -1: any */
};

struct rule_test {
    const char *name;
    const struct settings_source *source;
    const struct value *document;  /* with places */
    struct value tables;           /* map */
    const char *const *suppressed; /* addresses; NULL-terminated, or NULL */
    struct rule_test_given *given;
    uint32_t given_count;
    struct rule_test_expect *expect;
    uint32_t expect_count;
};

/* A message that was decided. */
struct rule_test_message {
    int64_t at_ms;
    const char *customer; /* key */
    const char *rule, *template, *channel, *to;
    struct value body;          /* as stored */
    const char *subject, *text; /* of what goes out; NULL: none */
    const char *html;
    const struct diag *fault; /* it cannot be made; NULL: it was */
    bool taken;               /* an expectation has it */
};

/* A decision's line of the trace. */
struct rule_test_line {
    const char *customer;
    struct value line; /* map, decide/trace */
};

/* An expectation that was not met, or another fault. */
struct rule_test_miss {
    const struct rule_test_expect *expect; /* NULL: of the test as a whole */
    const char *text;                      /* what was expected, and what was found */
};

struct rule_test_result {
    struct rule_test_message *messages; /* in the order in which they were sent */
    uint32_t message_count, message_capacity;
    struct rule_test_line *lines;
    uint32_t line_count, line_capacity;
    struct value *customers; /* what is known at the end, of each `customer: {…}`; by expectation */
    struct rule_test_miss *misses;
    uint32_t miss_count, miss_capacity;
    int64_t begin_ms, took_us;
};

/* What tests are run with. */
struct rule_test_runner {
    const struct generation *generation;
    struct arena *arena; /* of one test: all of the result lies there */
};

#endif
