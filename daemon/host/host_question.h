/*
 * A question of nudged-web's under way (WIRE_QUESTION), for who answers it: host/host_question_*.c
 * and others that host/host_questions names. The text is JSON there and back.
 */
#ifndef NUDGED_HOST_HOST_QUESTION_H
#define NUDGED_HOST_HOST_QUESTION_H

#include "config/generation.h"
#include "host/host_channel.h"
#include "store/routes.h"
#include "web/ask.h"

struct customers;
struct event_base;
struct host_question;

struct host_question_options {
    struct event_base *base;
    struct scripts *scripts; /* of shard 0 */
    struct routes routes;
    struct host_channel *channel;                    /* where answers go; outlives it */
    struct generation *(*generation)(void *context); /* in force */
    void *context;
};

/* The questions of one nudged-web; all zero but for the options and `customers` at first. */
struct host_question_world {
    struct host_question_options options;
    struct customers **customers; /* of each shard; NULL: nobody has asked there yet */
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
    void *own; /* the row's */
    struct host_question *next;
};

/* For host/host_questions: one more, the text copied; and the end of all, unanswered. */
struct host_question *host_question_new(struct host_question_world *world, uint32_t serial,
                                        struct slice text);
void host_question_drop_all(struct host_question_world *world);

/* Exactly once, from within the row's function or later. The question is gone then. */
void host_question_answer(struct host_question *question, enum ask_status status,
                          struct slice text);

/* To read documents of a person's shard with, never cancelled one by one; NULL: it cannot be
 * reached now. */
struct customers *host_question_customers(const struct host_question *question, const char *key);

/* Of one that there was no room for. */
void host_question_refuse(struct host_question_world *world, uint32_t serial);

#endif
