#include "web/web_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct web_address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

static bool read_text(const char *text, struct web_address *address)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
        memcpy(address->bytes + sizeof v4_prefix, &v4, 4);
        return true;
    }
    return inet_pton(AF_INET6, text, address->bytes) == 1;
}

bool web_network_read_address(struct slice text, bool port, struct web_address *address)
{
    char host[WEB_NETWORK_TEXT];
    const char *end = text.text + text.length, *stop = end;
    if (text.length && text.text[0] == '[') {
        const char *close = memchr(text.text, ']', text.length);
        if (!close || (close + 1 < end && (!port || close[1] != ':')))
            return false;
        text.text++;
        stop = close;
    } else if (port) {
        const char *colon = memchr(text.text, ':', text.length);
        bool only = colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1));
        stop = only ? colon : end;
    }
    if (stop - text.text <= 0 || stop - text.text >= WEB_NETWORK_TEXT)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(stop - text.text), text.text);
    return read_text(host, address);
}

static bool is_bare(const struct web_network *network)
{
    for (unsigned bit = network->bits; bit < 8 * WEB_NETWORK_BYTES; bit++)
        if (network->address.bytes[bit / 8] >> (7 - bit % 8) & 1)
            return false;
    return true;
}

bool web_network_read(struct slice text, struct web_network *network)
{
    const char *slash = memchr(text.text, '/', text.length);
    const struct slice host = slash ? slice_between(text.text, slash) : text;
    if (!web_network_read_address(host, false, &network->address))
        return false;
    unsigned most = is_v4(&network->address) ? 32 : 128;
    network->bits = most;
    if (slash) {
        char digits[4] = "";
        size_t length = (size_t)(text.text + text.length - slash - 1);
        if (length == 0 || length > 3)
            return false;
        memcpy(digits, slash + 1, length);
        if (strspn(digits, "0123456789") != length || (unsigned)atoi(digits) > most)
            return false;
        network->bits = (unsigned)atoi(digits);
    }
    network->bits += 128 - most;
    return is_bare(network);
}

bool web_network_has(const struct web_network *network, const struct web_address *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool web_network_of_peer(const struct sockaddr *peer, struct web_address *address)
{
    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;
        memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
        memcpy(address->bytes + sizeof v4_prefix, &v4->sin_addr, 4);
        return true;
    }
    if (peer->sa_family != AF_INET6)
        return false;
    memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
           WEB_NETWORK_BYTES);
    return true;
}

void web_network_print(const struct web_address *address, char out[WEB_NETWORK_TEXT])
{
    if (is_v4(address))
        inet_ntop(AF_INET, address->bytes + sizeof v4_prefix, out, WEB_NETWORK_TEXT);
    else
        inet_ntop(AF_INET6, address->bytes, out, WEB_NETWORK_TEXT);
}

struct web_address web_network_client(const struct web_address *address)
{
    struct web_address client = *address;
    if (!is_v4(address))
        memset(client.bytes + 8, 0, 8);
    return client;
}
