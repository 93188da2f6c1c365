/*
 * Lists of suppressed addresses as they come from elsewhere: an address a line; a CSV with a
 * header, as SendGrid, Mailgun, Postmark and others export theirs; JSON, an object a line; and what
 * `suppress export` prints, in both forms.
 */
#ifndef NUDGED_CTL_SUPPRESS_IMPORT_H
#define NUDGED_CTL_SUPPRESS_IMPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"

/* One of a list, good until the next one. Either an address or a hash. */
struct suppress_import_row {
    const char *address; /* a mailbox, or a number: as it is written */
    const char *hash;    /* of an exported list */
    const char *reason;  /* a word; NULL: the list has none */
    int64_t at_ms;       /* 0: not known */
};

/* Hears each row, or (`row` NULL) what is wrong with a line, at its place in the file. `bytes`:
 * read since the last call. False: that is enough. */
typedef bool suppress_import_on_row(void *context, const struct suppress_import_row *row,
                                    uint64_t bytes, const struct diag *wrong);

/* Reads all of a stream; `name` is for what is wrong. False where it cannot be read, or (`diag`) is
 * no such list at all. */
bool suppress_import_read(FILE *stream, const char *name, suppress_import_on_row *on_row,
                          void *context, struct diag *diag);

/* Whether the text can be an address: a mailbox, a number such as +40721000001, or another without
 * white space (of a chat, say). */
bool suppress_import_is_address(struct arena *arena, const char *text);
/* Whether it is a hash as `suppress ls` shows. */
bool suppress_import_is_hash(const char *text);

#endif
