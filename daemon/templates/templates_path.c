#include "templates/templates_path.h"

#include <string.h>

#include "base/locale_format.h"

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!(*c == '-' || *c == '_' || *c == '/' || (*c >= '0' && *c <= '9') ||
              (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
            return false;
    return *name != '\0';
}

char *templates_path_cut(char *path)
{
    char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (!dot)
        return path + strlen(path);
    *dot = '\0';
    return dot + 1;
}

/* "pt_BR" and "pt-BR" are one. */
static const char *hyphens(char *tag)
{
    for (char *c = tag; *c; c++)
        if (*c == '_')
            *c = '-';
    return tag;
}

char *templates_path_stem(struct arena *arena, const char *path, const char *folder)
{
    size_t prefix = strlen(folder);
    return arena_copy(arena, path + prefix, strlen(path) - prefix - strlen(TEMPLATES_PATH_SUFFIX));
}

bool templates_path_read(struct arena *arena, const char *path, struct templates_path *parts,
                         struct diag *diag)
{
    char *rest = templates_path_stem(arena, path, "");
    *parts = (struct templates_path){.name = rest, .locale = ""};
    parts->kind = templates_path_cut(rest);
    if (strcmp(parts->kind, "html") == 0 || strcmp(parts->kind, "text") == 0)
        parts->locale = hyphens(templates_path_cut(rest));
    if (!*parts->kind) {
        diag_error(diag, "a template's file ends in .html.liquid or .text.liquid");
        diag_hint(diag, "a snippet belongs into snippets/");
        return false;
    }
    if (*parts->locale && !locale_format_is_tag(parts->locale, strlen(parts->locale)))
        return diag_error(diag, "`%s` is no language tag, and names have no dots", parts->locale);
    return is_name(rest) ||
           diag_error(diag, "a template's name has letters, digits, `-`, `_` and `/`");
}
