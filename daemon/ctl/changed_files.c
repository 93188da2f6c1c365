#include "ctl/changed_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/daemons.h"

/* By the time of the inode, which a copy that keeps the file's own time changes too. */
static bool is_newer(const char *path, int64_t since_ms)
{
    struct stat status;
    return stat(path, &status) == 0 &&
           status.st_ctim.tv_sec * (int64_t)1000 + status.st_ctim.tv_nsec / 1000000 > since_ms;
}

static bool is_folder_newer(const char *folder, const char *suffix, bool deep, int64_t since_ms,
                            struct arena *arena)
{
    const char *const *names;
    size_t count;
    struct diag ignored;
    bool newer = false;
    if (!file_list(arena, folder, suffix, deep, &names, &count, &ignored))
        return false;
    for (size_t i = 0; i < count && !newer; i++)
        newer = is_newer(arena_printf(arena, "%s/%s", folder, names[i]), since_ms);
    return newer;
}

static bool is_its_own(const struct config *config, const struct value *said, struct arena *arena)
{
    const char *theirs = value_to_text(arena, value_get(said, "config"));
    char *ours = realpath(config->file, NULL);
    bool same = theirs && ours && strcmp(theirs, ours) == 0;
    free(ours);
    return same;
}

bool changed_files(const struct config *config, const struct value *said, struct arena *arena)
{
    int64_t read_ms = daemons_time(said, "reloaded_at"),
            failed_ms = daemons_time(said, "reload_failed_at"),
            since_ms = read_ms > failed_ms ? read_ms : failed_ms;
    return since_ms && is_its_own(config, said, arena) &&
           (is_newer(config->file, since_ms) ||
            is_folder_newer(config->keys.rules, ".yaml", false, since_ms, arena) ||
            is_folder_newer(config->keys.templates, "", true, since_ms, arena));
}
