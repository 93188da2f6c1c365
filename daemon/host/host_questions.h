/*
 * WIRE_QUESTION: what nudged-web may ask besides events, a row of a table for each word. The text
 * is JSON there and back.
 */
#ifndef NUDGED_HOST_HOST_QUESTIONS_H
#define NUDGED_HOST_HOST_QUESTIONS_H

#include <stdbool.h>

#include "host/host_question.h"

struct host_questions;

struct host_questions *host_questions_new(const struct host_question_options *options);
/* Nothing that is under way is answered any more. */
void host_questions_destroy(struct host_questions **questions);

/* A frame of that kind; false where it cannot be read. */
bool host_questions_take(struct host_questions *questions, struct wire_frame *frame);

#endif
