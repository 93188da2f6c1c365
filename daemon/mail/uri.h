/*
 * Addresses of the web and of mail as a header or a link has them: ASCII alone (RFC 3986, RFC
 * 6068).
 */
#ifndef NUDGED_MAIL_URI_H
#define NUDGED_MAIL_URI_H

#include "base/arena.h"

/* The address with its host by IDNA, and with all else that no URI has in it (other letters,
 * spaces, quotes, angle brackets) percent-encoded; what is encoded already, and braces, stay. NULL
 * where the host is no domain name. */
const char *uri_ascii(struct arena *arena, const char *url);

/* "mailto:" and a mailbox that address_check() has made. */
const char *uri_mailto(struct arena *arena, const char *mailbox);

#endif
