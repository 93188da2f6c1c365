/* What the table of keys cannot say of a configuration, and what a start would stumble over. */
#ifndef NUDGED_CONFIG_CONFIG_CHECK_H
#define NUDGED_CONFIG_CONFIG_CHECK_H

#include "base/diag.h"
#include "config/config.h"

/* Names that are no plain words, paths that no socket takes, an address of Redis that is none,
 * files that are not there, mail addresses. `config` is filled; `root` is its file's mapping,
 * for the places. */
void config_check(const struct config *config, const struct value *root, struct diags *diags);

#endif
