#include "config/config_paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *credential(struct arena *arena, const char *path)
{
    static const char variable[] = "$CREDENTIALS_DIRECTORY/";
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (strncmp(path, variable, sizeof variable - 1) != 0)
        return NULL;
    return arena_printf(arena, "%s/%s", folder ? folder : "/run/credentials/nudged.service",
                        path + sizeof variable - 1);
}

const char *config_paths_resolve(struct arena *arena, const char *folder, const char *path)
{
    const char *of_service = path ? credential(arena, path) : NULL;
    if (of_service)
        return of_service;
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
