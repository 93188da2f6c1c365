#include "web/mapping_file.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_MOST = 256 * 1024 };

static const char suffix[] = ".yaml";

/* "shopify" of "webhooks/shopify.yaml" */
static const char *stem(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name), tail = sizeof suffix - 1;
    bool ends = length > tail && strcmp(name + length - tail, suffix) == 0;
    return arena_copy(arena, name, ends ? length - tail : length);
}

const char *const *mapping_file_names(struct arena *arena)
{
    size_t count = 0;
    while (mapping_texts[count].name)
        count++;
    const char **names = arena_zero(arena, sizeof *names * (count + 1));
    for (size_t i = 0; i < count; i++)
        names[i] = stem(arena, mapping_texts[i].name);
    return names;
}

struct mapping *mapping_file_read_path(struct arena *arena, const char *path, struct diags *diags)
{
    const char *text;
    size_t length;
    struct diag diag = {0};
    if (file_read(arena, path, FILE_MOST, &text, &length, &diag))
        return mapping_read(arena, stem(arena, path), path, text, length, diags);
    diags_add(diags, &diag);
    return NULL;
}

static struct mapping *read_built_in(struct arena *arena, const char *name, struct diags *diags)
{
    for (const struct built_in *file = mapping_texts; file->name; file++)
        if (strcmp(stem(arena, file->name), name) == 0)
            return mapping_read(arena, name, arena_printf(arena, "webhooks/%s", file->name),
                                file->text, strlen(file->text), diags);
    struct diag diag;
    diag_fault(&diag, "no-mapping", "there is no mapping `%s`", name);
    diag_hint(&diag, "write one as %s%s in the folder of mappings", name, suffix);
    diag_suggest(&diag, name, mapping_file_names(arena));
    diags_add(diags, &diag);
    return NULL;
}

struct mapping *mapping_file_read(struct arena *arena, const char *folder, const char *name,
                                  struct diags *diags)
{
    const char *path = folder ? arena_printf(arena, "%s/%s%s", folder, name, suffix) : NULL;
    if (path && !strchr(name, '/') && access(path, F_OK) == 0)
        return mapping_file_read_path(arena, path, diags);
    return read_built_in(arena, name, diags);
}
