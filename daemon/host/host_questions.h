/*
 * WIRE_QUESTION: what nudged-web may ask besides events, a row of a table for each word. The text
 * is JSON there and back.
 */
#ifndef NUDGED_HOST_HOST_QUESTIONS_H
#define NUDGED_HOST_HOST_QUESTIONS_H

#include <stdbool.h>

#include "config/generation.h"
#include "host/host_channel.h"
#include "redis/scripts.h"
#include "web/ask.h"

struct host_questions;
struct host_question;
struct customers;
struct event_base;

struct host_questions_options {
    struct event_base *base;
    struct scripts *scripts;
    struct host_channel *channel;                    /* where answers go; outlives it */
    struct generation *(*generation)(void *context); /* in force */
    void *context;
};

struct host_questions *host_questions_new(const struct host_questions_options *options);
/* Nothing that is under way is answered any more. */
void host_questions_destroy(struct host_questions **questions);

/* A frame of that kind; false where it cannot be read. */
bool host_questions_take(struct host_questions *questions, struct wire_frame *frame);
bool host_questions_busy(const struct host_questions *questions);

/* ---- For the rows (host/host_question_*.c) ---- */

/* A question under way; its `arena` lives until it is answered. */
struct host_question {
    struct host_questions *questions;
    const struct host_questions_options *options; /* those above */
    struct arena *arena;
    uint32_t serial;
    struct slice text; /* JSON, as a stranger wrote it; with a NUL behind it */
    /* Set by a row that waits for something of its own: called when nobody wants its answer any
     * more, before the question goes. */
    void (*cancel)(struct host_question *question);
    void *own;                   /* the row's */
    struct customers *customers; /* to read documents with; never cancelled one by one */
    struct host_question *next;
};

/* Exactly once, from within the row's function or later. The question is gone then. */
void host_question_answer(struct host_question *question, enum ask_status status,
                          struct slice text);

#endif
