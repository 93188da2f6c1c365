/* Where Redis is, by all keys of the section `redis:`. */
#ifndef NUDGED_CONFIG_CONFIG_REDIS_H
#define NUDGED_CONFIG_CONFIG_REDIS_H

#include "config/config.h"
#include "redis/endpoint.h"

/* With no `redis.url` it is at the URL of the private server. Texts lie in the configuration. */
bool config_redis_endpoint(const struct config *config, const char *private_url,
                           struct endpoint *endpoint, struct diag *diag);

/* Which keys may mend what Redis refused, in words; NULL: nothing is known of it. */
const char *config_redis_hint(const struct config *config, const char *refusal);

/* What was followed of masters that Sentinels watch is known from the state folder, and, where
 * `write`, is kept there (redis/epochs). */
void config_redis_remember(const struct config *config, bool write);

#endif
