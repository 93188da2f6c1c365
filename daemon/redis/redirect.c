#include "redis/redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool redirect_is(const struct reply *error)
{
    static const char *const codes[] = {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"};
    /* script.c of Redis, scriptVerifyClusterState() */
    static const char *const within_script[] = {
        "Script attempted to access a non local key",
        "Script attempted to access a slot not served",
        "Script attempted to execute a command while the cluster is down",
        "Script attempted to execute a write command while the cluster is down",
        "undeclared keys were accessed during rehashing of the slot",
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (reply_is_error(error, codes[i]))
            return true;
    for (size_t i = 0; i < sizeof within_script / sizeof *within_script; i++)
        if (strstr(error->text, within_script[i]))
            return true;
    return false;
}

bool redirect_names(const char *error, const char *code, char *host, size_t size, int *port)
{
    size_t length = strlen(code);
    bool is_it = strncmp(error, code, length) == 0 && error[length] == ' ';
    const char *at = is_it ? strchr(error + length + 1, ' ') : NULL;
    const char *colon = at ? strrchr(at, ':') : NULL; /* an IPv6 address stands without brackets */
    if (!colon || colon == at + 1 || (size_t)(colon - at - 1) >= size)
        return false;
    snprintf(host, size, "%.*s", (int)(colon - at - 1), at + 1);
    *port = atoi(colon + 1);
    return *port > 0 && *port <= 65535 && strcmp(host, "?") != 0;
}
