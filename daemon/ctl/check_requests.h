/*
 * What gateways of kind http would leave out of a message, as far as files tell.
 */
#ifndef NUDGED_CTL_CHECK_REQUESTS_H
#define NUDGED_CTL_CHECK_REQUESTS_H

#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"

/* Adds warnings: a message with something attached is sent through a gateway whose body has no
 * place for it; a body asks for the whole mail on a channel that has none. */
void check_requests(const struct config *config, const struct generation *generation,
                    struct diags *diags);

#endif
