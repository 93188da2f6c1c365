/* Networks in CIDR notation, and addresses as texts: who is a proxy, who is one client. */
#ifndef NUDGED_WEB_WEB_NETWORK_H
#define NUDGED_WEB_WEB_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/slice.h"

enum { WEB_NETWORK_BYTES = 16, WEB_NETWORK_TEXT = 64 };

/* IPv6; an IPv4 address as ::ffff:a.b.c.d. */
struct web_address {
    unsigned char bytes[WEB_NETWORK_BYTES];
};

struct web_network {
    struct web_address address;
    unsigned bits; /* of the 128 */
};

/* "192.0.2.7", "2001:db8::7", "[2001:db8::7]"; with a port behind it too where `port`. False: none.
 */
bool web_network_read_address(struct slice text, bool port, struct web_address *address);
/* "10.0.0.0/8", "::1/128", "127.0.0.1". No bit may stand behind its length. */
bool web_network_read(struct slice text, struct web_network *network);

bool web_network_has(const struct web_network *network, const struct web_address *address);

/* Of a socket's peer; false: it is of another family. */
bool web_network_of_peer(const struct sockaddr *peer, struct web_address *address);
/* "192.0.2.7", "2001:db8::7". */
void web_network_print(const struct web_address *address, char out[WEB_NETWORK_TEXT]);
/* Who counts as one client: an IPv4 address, the first 64 bits of an IPv6 one. */
struct web_address web_network_client(const struct web_address *address);

#endif
