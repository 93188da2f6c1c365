/*
 * The last guard before an address or a mail leaves. Behind it nobody looks: a line
 * break in an address would be a command of its own, and a dot after a bare line feed
 * would end the mail for some servers.
 */
#ifndef NUDGED_SEND_ENVELOPE_H
#define NUDGED_SEND_ENVELOPE_H

#include <stdbool.h>

#include "send/outcome.h"
#include "send/outgoing.h"

/* RFC 5321, 4.5.3.1.3: a path of 256 octets, less its brackets. */
enum { ENVELOPE_ADDRESS_MOST = 254, ENVELOPE_PLAIN_MOST = 4096 /* the latter no mail address */ };

/* Addresses: to is present; neither has control characters, spaces, brackets or
 * invalid UTF-8; both hold an @ (from may be empty). Body: not empty, each CR
 * followed by LF and each LF after CR, no NUL, CRLF at the end. False: *outcome is
 * OUTCOME_DEAD with the reason. */
bool envelope_check(const struct outgoing *outgoing, struct outcome *outcome);

/* Likewise, but to is no mail address: a number, a token or a name, of any characters but control
 * characters. */
bool envelope_check_plain(const struct outgoing *outgoing, struct outcome *outcome);

/* The mid as part of a file's name: not empty, a-z A-Z 0-9 . _ - only, no dot first,
 * at most 128 characters. */
bool envelope_check_mid(const char *mid, struct outcome *outcome);

#endif
