/*
 * Each message that rules send, made once with the sample of an event that starts it: that it
 * can be made, that Gmail shows all of it, and that marketing says how to end it.
 */
#ifndef NUDGED_CTL_CHECK_MESSAGES_H
#define NUDGED_CTL_CHECK_MESSAGES_H

#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"

enum { CHECK_MESSAGES_HTML_MOST = 102 * 1024 }; /* bytes that Gmail shows before it clips */

/* Adds warnings, at most one of each kind for each language of a template. */
void check_messages(struct config *config, const struct generation *generation,
                    struct diags *diags);

#endif
