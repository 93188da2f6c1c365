/*
 * A password or token in a file of its own (base/secret_file). Read when it is first needed and
 * again after a login failed, so a changed one takes effect by itself.
 */
#ifndef NUDGED_SEND_SECRET_H
#define NUDGED_SEND_SECRET_H

#include <stdbool.h>

#include "base/secret_file.h"
#include "send/outcome.h"

struct secret {
    const char *path; /* NULL: none is wanted */
    char *text;       /* owned by it; NULL: not known */
};

/* Reads the file where that is still to be done. False: *outcome says why, as the
 * gateway's fault (not there, empty, too long, a control character in it). */
bool secret_read(struct secret *secret, struct outcome *outcome);

/* Puts "***" where the text stands in `line`: as it is, percent-encoded, as JSON or HTML writes it,
 * or with something around it in base64. The line gets no longer. Nothing where the text is no
 * longer than that, or not known. */
void secret_mask(const struct secret *secret, char *line);

/* Overwrites the text; the next secret_read() reads the file again. */
void secret_forget(struct secret *secret);

#endif
