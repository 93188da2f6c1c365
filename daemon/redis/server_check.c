#include "redis/server_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { VERSION_LEAST = 7 };

/* The value of a line "key:value"; "" where there is none. */
static const char *info_value(const char *info, const char *key, char *out, size_t size)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s:", key);
    const char *at = strstr(info, line);
    at = at ? at + strlen(line) : "";
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
    return out;
}

bool server_check_version(const char *info, struct diag *diag)
{
    char version[32];
    info_value(info, "redis_version", version, sizeof version);
    if (atoi(version) >= VERSION_LEAST)
        return true;
    diag_error(diag, "this Redis is version %s; %d.0 or later is needed",
               *version ? version : "unknown", VERSION_LEAST);
    diag_code(diag, "redis-version");
    return false;
}

bool server_check_persistence(const char *info, struct diag *diag)
{
    char aof[8], policy[32];
    info_value(info, "aof_enabled", aof, sizeof aof);
    info_value(info, "maxmemory_policy", policy, sizeof policy);
    if (!*aof || !*policy) {
        log_warning("Redis does not say whether it keeps its data: it must have appendonly yes "
                    "and maxmemory-policy noeviction");
        return true;
    }
    bool keeps = strcmp(aof, "1") == 0, evicts = strcmp(policy, "noeviction") != 0;
    if (keeps && !evicts)
        return true;
    diag_error(diag, "this Redis may lose events and messages: %s%s%s%s",
               keeps ? "" : "its append-only file is off", !keeps && evicts ? "; " : "",
               evicts ? "it evicts keys when memory is full: maxmemory-policy " : "",
               evicts ? policy : "");
    diag_code(diag, "redis-loss");
    diag_hint(diag, "%s%s%s; or set `redis: {accept_loss: true}`",
              keeps ? "" : "redis-cli CONFIG SET appendonly yes", !keeps && evicts ? "; " : "",
              evicts ? "redis-cli CONFIG SET maxmemory-policy noeviction" : "");
    return false;
}
