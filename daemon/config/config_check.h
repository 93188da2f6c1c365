/* What the table of keys cannot say of a configuration, and what a start would stumble over. */
#ifndef NUDGED_CONFIG_CONFIG_CHECK_H
#define NUDGED_CONFIG_CONFIG_CHECK_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings_fault.h"
#include "config/config_keys.h"

/* A configuration whose keys are filled, defaults and whole paths included. */
struct config_check {
    const struct config_keys *keys;
    const struct settings_source *source;
    const struct value *root; /* the file's mapping, for the places of faults */
    const char *folder;       /* of the file */
    bool own_secret;          /* the secret's file is the one that a start makes */
    struct arena *arena;
};

/* Names that are no plain words, paths that no socket takes, an address of Redis that is none,
 * files that are not there, mail addresses. */
void config_check(const struct config_check *config, struct diags *diags);

#endif
