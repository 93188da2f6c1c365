/* The digest of all that decides: what makes two daemons' rule sets the same one. */
#ifndef NUDGED_CONFIG_SET_DIGEST_H
#define NUDGED_CONFIG_SET_DIGEST_H

#include "config/config.h"
#include "rules/ruleset.h"

enum { SET_DIGEST_SIZE = 17 }; /* 16 hex digits and a NUL */

/* Over the rules, the policy, the segments, the topics and the shop, by their content: names and
 * order of files, comments and the order of keys do not matter. */
void set_digest(const struct config *config, const struct ruleset *rules,
                char out[SET_DIGEST_SIZE]);

#endif
