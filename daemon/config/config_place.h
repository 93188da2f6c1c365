/* Which file is the configuration. */
#ifndef NUDGED_CONFIG_CONFIG_PLACE_H
#define NUDGED_CONFIG_CONFIG_PLACE_H

#include "base/diag.h"

/* The file that was `named` on the command line; where none was (NULL), the `standard` one. NULL
 * where that is not there either: all keys have their defaults, and a warning says where it was
 * looked for. A standard file that cannot be looked at is returned: reading it tells why. */
const char *config_place(const char *named, const char *standard, struct diags *diags);

#endif
