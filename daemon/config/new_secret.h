/* A file that holds a secret, made where there was none. */
#ifndef NUDGED_CONFIG_NEW_SECRET_H
#define NUDGED_CONFIG_NEW_SECRET_H

#include <stdbool.h>

#include "base/diag.h"

/* Writes it beside its place and links it there, so that a half-written one is never read; mode
 * 0600. Where there is one by now, another process was faster: that one stays, and is to be read.
 */
bool new_secret_write(const char *path, const char *text, struct diag *diag);

#endif
