/* What was changed on the disk, and the daemon has not read yet. */
#ifndef NUDGED_CTL_CHANGED_FILES_H
#define NUDGED_CTL_CHANGED_FILES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "config/config.h"

/* Whether the configuration, a rule file or a file of the templates was changed after the daemon of
 * this machine read them, or tried to. `said`: what it says at /status. False also where it has
 * another configuration than this, or nobody can tell. A file that is gone is not seen. */
bool changed_files(const struct config *config, const struct value *said, struct arena *arena);

#endif
