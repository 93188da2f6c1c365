#include "web/web_place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MOST = 64 };

/* The part before the last colon, without brackets, and the port behind it. */
static bool split(const char *text, char host[HOST_MOST], uint16_t *port)
{
    const char *colon = strrchr(text, ':'), *end = colon;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (digits == 0 || digits > 5 || colon[1 + digits] || atol(colon + 1) > UINT16_MAX)
        return false;
    if (text[0] == '[') {
        text++;
        if (*--end != ']')
            return false;
    }
    if (end <= text || end - text >= HOST_MOST)
        return false;
    snprintf(host, HOST_MOST, "%.*s", (int)(end - text), text);
    *port = (uint16_t)atol(colon + 1);
    return true;
}

static bool fill(const char *text, struct web_place *place)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&place->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place->address;
    char host[HOST_MOST];
    uint16_t port;
    *place = (struct web_place){0};
    if (!split(text, host, &port))
        return false;
    if (text[0] == '[') {
        if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
            return false;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        place->length = sizeof *v6;
        place->own = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        return true;
    }
    if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
        return false;
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    place->length = sizeof *v4;
    place->own = ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return true;
}

bool web_place_read(const char *text, struct web_place *place, struct diag *diag)
{
    if (fill(text, place))
        return true;
    diag_error(diag, "not an address and a port: `%s`", text);
    diag_hint(diag, "127.0.0.1:8025 behind a proxy of this machine; 0.0.0.0:443 or [::]:443 with "
                    "`tls`");
    return false;
}
