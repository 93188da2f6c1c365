/* Gateway `maildir`: see maildir.c, and docs/delivery.md for its settings. */
#ifndef NUDGED_SEND_MAILDIR_H
#define NUDGED_SEND_MAILDIR_H

#include "send/gateway.h"

extern const struct gateway_kind maildir_kind;

#endif
