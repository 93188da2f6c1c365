/*
 * In a sender's thread: from a message as it is stored to what its gateway sends.
 * In which form is the gateway's to say (enum gateway_form).
 */
#ifndef NUDGED_DELIVERY_PREPARE_H
#define NUDGED_DELIVERY_PREPARE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "compose/compose.h"
#include "config/config.h"
#include "decide/policy.h"
#include "send/outgoing.h"
#include "templates/templates.h"

/* Immutable after prepare_init; shared by the threads of one gateway. */
struct prepare {
    struct compose_settings compose;
    const char *body_file; /* of a gateway that takes requests: its template; else NULL */
};

/* Refers to the configuration and the policy, which must outlive it. */
void prepare_init(struct prepare *prepare, const struct config *config,
                  const struct config_gateway *gateway, const struct policy *policy);

/* `message` is what stands in the store, as decide/message_body made it. *outgoing refers to the
 * arena. A fault has one of the codes of compose/compose.h. */
bool prepare_outgoing(const struct prepare *prepare, const struct templates *templates,
                      const struct value *message, struct arena *arena, struct outgoing *outgoing,
                      struct diag *diag);

#endif
