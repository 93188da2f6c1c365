/*
 * A password or token in a file of its own, so that none stands in the configuration: its first
 * line, without the line's end.
 */
#ifndef NUDGED_BASE_SECRET_FILE_H
#define NUDGED_BASE_SECRET_FILE_H

#include <stdbool.h>

#include "base/diag.h"

enum { SECRET_FILE_MOST = 4096 };

/* False with "PATH: why" where it is not there, empty, too long, or has a control character; `text`
 * is then overwritten. */
bool secret_file_read(const char *path, char text[SECRET_FILE_MOST], struct diag *diag);

#endif
