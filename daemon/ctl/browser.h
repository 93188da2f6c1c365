/* What is to be looked at in the browser, or in whatever the desktop opens it with. */
#ifndef NUDGED_CTL_BROWSER_H
#define NUDGED_CTL_BROWSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* Writes the text to a new file in the temporary folder, which only its owner can read and
 * which stays there, says its name on standard error, and opens it with xdg-open. The
 * ending tells what it is: "html". */
bool browser_open(const char *text, size_t length, const char *ending, struct diag *diag);

#endif
