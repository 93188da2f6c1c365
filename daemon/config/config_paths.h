/* Paths of nudged.yaml, which count from its own folder. */
#ifndef NUDGED_CONFIG_CONFIG_PATHS_H
#define NUDGED_CONFIG_CONFIG_PATHS_H

#include "base/arena.h"

/* The path, against the folder where it is not whole; NULL stays NULL. A path may begin with
 * "$CREDENTIALS_DIRECTORY/", where systemd puts what LoadCredential= names; outside of a service it
 * is the folder that nudged.service would have. */
const char *config_paths_resolve(struct arena *arena, const char *folder, const char *path);

/* Likewise, and whole also where the folder is not: by the present working folder. */
const char *config_paths_whole(struct arena *arena, const char *folder, const char *path);

#endif
