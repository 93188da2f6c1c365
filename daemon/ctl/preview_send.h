/*
 * preview --send-to: the message that is shown, sent for real to somebody who is to look at it.
 *
 * It is marked ("[Test]" before the subject or the text, X-Nudged-Test: 1), its links speak for
 * nobody, a bounce of it is nobody's, and nothing counts it: no limit, no trace, no figure. Redis
 * is not asked, so a suppression of the address does not matter; `deliver.only` does.
 */
#ifndef NUDGED_CTL_PREVIEW_SEND_H
#define NUDGED_CTL_PREVIEW_SEND_H

#include <stdbool.h>

#include "ctl/draft.h"
#include "templates/templates.h"

struct preview_send {
    struct config *config;
    const struct templates *templates;
    struct draft *draft; /* its message is changed */
    struct arena *arena;
    const char *to;      /* an address of the step's channel */
    const char *gateway; /* by name; NULL: the first of the channel */
    bool json;
};

/* Prints what came of it. False with `diag` where it could not be tried; *sent: the gateway took
 * it. */
bool preview_send_run(const struct preview_send *send, bool *sent, struct diag *diag);

#endif
