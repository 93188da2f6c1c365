/* Questions of nudged-web about feedback: rows of host/host_questions. */
#ifndef NUDGED_HOST_HOST_FEEDBACK_H
#define NUDGED_HOST_HOST_FEEDBACK_H

#include "host/host_question.h"

/* "feedback": a list of what a provider tells of messages, as web/hook_route writes it, at most
 * HOST_FEEDBACK_MOST. TAKEN: {"done", "known", "gone"}, how many; UNAVAILABLE: some may be done. */
enum { HOST_FEEDBACK_MOST = 64 };
void host_feedback_begin(struct host_question *question);

#endif
