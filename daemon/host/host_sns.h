/*
 * Questions of nudged-web about Amazon SNS: rows of host/host_questions. Each is {"url", "topic"};
 * the address is looked at again (web/sns_url), and fetched in a thread of its own, a few at a
 * time.
 */
#ifndef NUDGED_HOST_HOST_SNS_H
#define NUDGED_HOST_HOST_SNS_H

#include "host/host_question.h"

/* "sns-certificate": TAKEN with the PEM; REFUSED: the address is none that may be asked, or what is
 * there is no certificate; UNAVAILABLE. */
void host_sns_certificate(struct host_question *question);
/* "sns-confirm": TAKEN where SNS said 200; REFUSED; UNAVAILABLE. */
void host_sns_confirm(struct host_question *question);

#endif
