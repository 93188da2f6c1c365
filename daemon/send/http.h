/* Gateway `http`: see http.c, and docs/delivery.md for its settings. */
#ifndef NUDGED_SEND_HTTP_H
#define NUDGED_SEND_HTTP_H

#include "send/gateway.h"

extern const struct gateway_kind http_kind;

#endif
