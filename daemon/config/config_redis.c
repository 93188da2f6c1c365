#include "config/config_redis.h"

#include <stdio.h>
#include <string.h>

#include "redis/epochs.h"

bool config_redis_endpoint(const struct config *config, const char *private_url,
                           struct endpoint *endpoint, struct diag *diag)
{
    const struct config_redis *redis = &config->keys.redis;
    if (!redis->url)
        return endpoint_parse(config->arena, private_url, endpoint, diag);
    if (!endpoint_parse(config->arena, redis->url, endpoint, diag))
        return false;
    if (redis->user) {
        endpoint->user = redis->user;
        endpoint->password = endpoint->password ? endpoint->password : "";
    }
    endpoint->password_file = redis->password_file;
    endpoint->ca_file = redis->ca_file;
    endpoint->cert_file = redis->cert_file;
    endpoint->key_file = redis->key_file;
    endpoint->server_name = redis->server_name;
    endpoint->sentinel_user = redis->sentinel_user;
    endpoint->sentinel_password_file = redis->sentinel_password_file;
    return true;
}

const char *config_redis_hint(const struct config *config, const char *refusal)
{
    bool login = strstr(refusal, "NOAUTH") || strstr(refusal, "WRONGPASS");
    return !config->keys.redis.url || !login
               ? NULL
               : "`redis.password_file` names a file with the password, and `redis.user` whose it "
                 "is";
}

void config_redis_remember(const struct config *config, bool write)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/sentinel-epochs", config->keys.state);
    if (length > 0 && (size_t)length < sizeof path)
        epochs_keep(path, write);
}
