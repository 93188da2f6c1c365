#include "config/config_paths.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

const char *config_paths_resolve(struct arena *arena, const char *folder, const char *path)
{
    if (!path || path[0] == '/' || strcmp(folder, ".") == 0)
        return path;
    return arena_printf(arena, "%s/%s", folder, path);
}

const char *config_paths_whole(struct arena *arena, const char *folder, const char *path)
{
    char here[PATH_MAX];
    path = config_paths_resolve(arena, folder, path);
    if (!path || path[0] == '/' || !getcwd(here, sizeof here))
        return path;
    return arena_printf(arena, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
}
