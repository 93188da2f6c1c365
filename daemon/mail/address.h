/*
 * Mail addresses: the conservative part of RFC 5321, section 4.1.2 (dot-string or quoted
 * local part, a domain of at least one label), with internationalised domains (RFC 5890,
 * UTS 46) turned into A-labels. What a server could read as a second
 * command, recipient or header never passes.
 */
#ifndef NUDGED_MAIL_ADDRESS_H
#define NUDGED_MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"

enum { ADDRESS_MOST = 254, ADDRESS_LOCAL_MOST = 64, ADDRESS_NAME_MOST = 256 };

struct address {
    const char *name;    /* the display name, UTF-8; NULL when there is none */
    const char *mailbox; /* local@domain, the domain in lower-case A-labels */
    bool utf8_local;     /* the local part is not ASCII: needs SMTPUTF8 (RFC 6531) */
};

/* Checks a bare address and normalises its domain; address->name is NULL. An error
 * has the code "bad-address"; its text never repeats the address. */
bool address_check(struct arena *arena, const char *text, struct address *address,
                   struct diag *diag);

/* Reads "Name <address>", "\"Name\" <address>" or a bare address; white space around each
 * does not matter, and the name is cleaned (a quotation mark too many stays in it). */
bool address_parse(struct arena *arena, const char *text, struct address *address,
                   struct diag *diag);

/* A display name as a header may have it (header_line_clean), of at most ADDRESS_NAME_MOST bytes.
 * NULL where nothing is left of it. */
const char *address_clean_name(struct arena *arena, struct slice name);

/* `Ana Pop <ana@shop.example>`, as people and the APIs of providers write it: UTF-8, the name
 * quoted (RFC 5322, 3.2.4) unless it is of atoms alone; the mailbox where there is no name. */
const char *address_print(struct arena *arena, const struct address *address);

#endif
