/* Gateway `smtp`: see smtp.c, and docs/delivery.md for its settings. */
#ifndef NUDGED_SEND_SMTP_H
#define NUDGED_SEND_SMTP_H

#include "send/gateway.h"

extern const struct gateway_kind smtp_kind;

#endif
