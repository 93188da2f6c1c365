/*
 * All that is kept of a person as one document (nudgectl-customer(1)): for the person, with times
 * in RFC 3339, and for `import`, with the document as it stands. No hash, and nothing of the
 * installation's own.
 */
#ifndef NUDGED_CTL_SUBJECT_EXPORT_H
#define NUDGED_CTL_SUBJECT_EXPORT_H

#include "base/value.h"
#include "ctl/subject.h"

enum { SUBJECT_EXPORT_FORMAT = 1 };

/* `subject` was read; in its arena. */
struct value subject_export_value(const struct subject *subject);

/* Adds the lines of the archive in the folder that name the person. False with `diag`. */
bool subject_export_archive(const struct subject *subject, const char *folder, struct value *value,
                            struct diag *diag);

#endif
