/*
 * What `mail` says, as header fields have it: every mail has it, so what none could hold is found
 * when the file is read.
 */
#ifndef NUDGED_CONFIG_CONFIG_MAIL_H
#define NUDGED_CONFIG_CONFIG_MAIL_H

#include "base/arena.h"
#include "base/slice.h"
#include "config/config_keys.h"

/* Fills in what the file leaves out, and writes in ASCII what is not. What cannot be written so
 * stays as it is: config_check() tells of it. */
void config_mail_fill(struct arena *arena, struct config_keys *keys);

/* The right side of an id: words of ASCII with dots between them (RFC 5322, 3.6.4), else a domain
 * by IDNA. NULL: it is neither. */
const char *config_mail_id(struct arena *arena, const char *text, size_t length);

/* Where the id stands in "Tea Shop <list.shop.example>", or in itself (RFC 2919). */
struct slice config_mail_list(const char *list_id);

#endif
