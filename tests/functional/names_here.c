/*
 * Preloaded into nudged: names that end in ".amazonaws.com" lead to this machine, at the port that
 * $NAMES_HERE says, so that a test can be Amazon.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    static const char tail[] = ".amazonaws.com";
    const char *port = getenv("NAMES_HERE");
    size_t length = name ? strlen(name) : 0, end = sizeof tail - 1;
    if (port && length > end && strcmp(name + length - end, tail) == 0)
        return real("127.0.0.1", port, hints, found);
    return real(name, service, hints, found);
}
