/* The files that a template sends along: attached, or shown in its HTML. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_ATTACH_H
#define NUDGED_TEMPLATES_TEMPLATES_ATTACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/value.h"
#include "templates/templates_set.h"

/* Reads the files that the front matter of `file` lists. Only what lies in the template folder
 * itself, at most TEMPLATES_ATTACHED_MOST bytes together; the bytes of each are read once for
 * the set. False where an error was added. */
bool templates_attach(struct templates *set, const struct templates_file *file,
                      const struct value *attachments, const struct mime_file **files,
                      size_t *count, struct diags *diags);

#endif
