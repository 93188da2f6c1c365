/*
 * A question of nudged-web's under way (WIRE_QUESTION), for who answers it: host/host_question_*.c
 * and others that host/host_questions names. The text is JSON there and back.
 */
#ifndef NUDGED_HOST_HOST_QUESTION_H
#define NUDGED_HOST_HOST_QUESTION_H

#include "config/generation.h"
#include "host/host_channel.h"
#include "redis/scripts.h"
#include "web/ask.h"

struct customers;
struct event_base;
struct host_question;

struct host_question_options {
    struct event_base *base;
    struct scripts *scripts;
    struct host_channel *channel;                    /* where answers go; outlives it */
    struct generation *(*generation)(void *context); /* in force */
    void *context;
};

/* The questions of one nudged-web; all zero but for the options and `customers` at first. */
struct host_question_world {
    struct host_question_options options;
    struct customers *customers;
    struct host_question *first;
    size_t open;
};

/* A question under way; its `arena` lives until it is answered. */
struct host_question {
    struct host_question_world *world;
    const struct host_question_options *options; /* those above */
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

/* For host/host_questions: one more, the text copied; and the end of all, unanswered. */
struct host_question *host_question_new(struct host_question_world *world, uint32_t serial,
                                        struct slice text);
void host_question_drop_all(struct host_question_world *world);

/* Exactly once, from within the row's function or later. The question is gone then. */
void host_question_answer(struct host_question *question, enum ask_status status,
                          struct slice text);

/* Of one that there was no room for. */
void host_question_refuse(struct host_question_world *world, uint32_t serial);

#endif
