/* Where in a JSON text something stands: for faults of what it says, once it was read. */
#ifndef NUDGED_BASE_JSON_PLACE_H
#define NUDGED_BASE_JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* The offset of the value that stands at a path of names joined by dots ("data.customer"; "" is
 * the whole). The text is right JSON: json_read() took it. False where there is no such member; a
 * name that is written with escapes is not known. */
bool json_place(const char *text, size_t length, const char *path, size_t *offset);

/* Gives a fault the place of the value at that path, or of the nearest container that is there. */
void json_place_fault(struct diag *diag, const char *text, size_t length, const char *path);

#endif
