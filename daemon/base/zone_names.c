#include "base/zone_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/zone.h"

/* The first of which the last part is that; NULL: none. */
static const char *named_by_end(const char *const *names, const char *end)
{
    for (; *names; names++) {
        const char *slash = strrchr(*names, '/');
        if (slash && strcasecmp(slash + 1, end) == 0)
            return *names;
    }
    return NULL;
}

/* Without what lies among the zones and is none. */
static const char *const *keep_zones(struct arena *arena, const char *const *files, size_t count)
{
    const char **kept = arena_zero(arena, sizeof *kept * (count + 1));
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        struct zone *zone = zone_open(files[i]);
        if (zone)
            kept[number++] = files[i];
        zone_close(&zone);
    }
    return kept;
}

void zone_names_suggest(struct diag *diag, const char *meant)
{
    const char *folder = getenv("TZDIR");
    const char *const *files;
    size_t count;
    struct arena *arena = arena_new(64 * 1024);
    if (file_list(arena, folder && *folder ? folder : "/usr/share/zoneinfo", "", true, &files,
                  &count, NULL)) {
        const char *const *names = keep_zones(arena, files, count);
        const char *whole = named_by_end(names, meant);
        if (whole)
            diag_hint(diag, "did you mean `%s`?", whole);
        else
            diag_suggest(diag, meant, names);
    }
    arena_destroy(&arena);
}
