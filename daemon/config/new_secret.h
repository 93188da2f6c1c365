/* A file that holds a secret, made where there was none. */
#ifndef NUDGED_CONFIG_NEW_SECRET_H
#define NUDGED_CONFIG_NEW_SECRET_H

#include <stdbool.h>

#include "base/diag.h"

/* Writes it beside its place and moves it there, so that a half-written one is never read; mode
 * 0600. */
bool new_secret_write(const char *path, const char *text, struct diag *diag);

#endif
