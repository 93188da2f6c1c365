/*
 * Whom this daemon's gateways accepted last: the newest ACCEPTED_MOST addresses, by their hashes.
 * Who is among them has a mailbox, or had one a while ago.
 */
#ifndef NUDGED_SEND_ACCEPTED_H
#define NUDGED_SEND_ACCEPTED_H

#include <stdbool.h>
#include <stdint.h>

enum { ACCEPTED_MOST = 4096 };

struct accepted;

struct accepted *accepted_new(void); /* empty */
void accepted_destroy(struct accepted **accepted);

/* `recipient`: digest_spread() of the address. It is the newest one then. */
void accepted_add(struct accepted *accepted, uint64_t recipient);
bool accepted_has(const struct accepted *accepted, uint64_t recipient);

#endif
