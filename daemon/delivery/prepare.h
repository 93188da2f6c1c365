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
#include "send/outgoing.h"
#include "templates/templates.h"

/* What a message is made with. */
struct prepare {
    const struct compose_settings *compose;
    const struct templates *templates;
    const struct config_gateway *gateway;
};

/* `message` is what stands in the store, as decide/message_body made it. *outgoing refers to the
 * arena. A fault has one of the codes of compose/compose.h. */
bool prepare_outgoing(const struct prepare *prepare, const struct value *message,
                      struct arena *arena, struct outgoing *outgoing, struct diag *diag);

#endif
