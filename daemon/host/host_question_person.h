/*
 * The question "person": whom a mailed link is about.
 *
 *   {"kind": 0 to 2 (enum link_kind), "customer": the key that a token told, and "asked": when a
 *    confirmation was asked for, or "token": one of which nudged-web has no key}
 *
 * The answer is ASK_REFUSED with `void` or `expired` where the token is that, as is a confirmation
 * that was asked for before the person was erased; else
 *
 *   {"names": the members by which an event names them, such as {"customer": {"id": "7"}},
 *    "locale": text, where it is known,
 *    "topic": text, of a token that was read here,
 *    "topics": [{"name": text, "on": bool}]}
 *
 * Topics are those that the person's own word decides: of opt-in all; of opt-out none of who gave
 * no consent, whom nobody writes to whatever they say here.
 */
#ifndef NUDGED_HOST_HOST_QUESTION_PERSON_H
#define NUDGED_HOST_HOST_QUESTION_PERSON_H

#include "host/host_question.h"

void host_question_person(struct host_question *question);

#endif
