/* What a reload makes of a configuration whose file has changed. */
#ifndef NUDGED_CONFIG_CONFIG_RELOAD_H
#define NUDGED_CONFIG_CONFIG_RELOAD_H

#include "base/buf.h"
#include "base/diag.h"
#include "config/config.h"

/* Reads the file of `started` anew. What only a restart changes is as it started, the gateways,
 * their order and the secret included, and shared with `started`, which must outlive it. Where that
 * differs from what the file says now, the names of the keys are appended to `changed`:
 * "redis.url, gateways.main.host". NULL where there was an error in the file. */
struct config *config_reload(const struct config *started, struct buf *changed,
                             struct diags *diags);

#endif
