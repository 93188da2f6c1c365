#include "templates/templates_attach.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "mail/header_line.h"

/* Within the folder: no absolute path, no "..", and no link that leads out. */
static bool is_inside(const struct templates *set, const char *path)
{
    char whole[PATH_MAX], root[PATH_MAX], real[PATH_MAX];
    if (snprintf(whole, sizeof whole, "%s/%s", set->folder, path) >= (int)sizeof whole)
        return false;
    if (!realpath(set->folder, root) || !realpath(whole, real))
        return false;
    size_t length = strlen(root);
    return strncmp(real, root, length) == 0 && real[length] == '/';
}

static bool is_plain_path(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2]))
            return false;
    }
    return *path && *path != '/' && !strchr(path, '\\');
}

static const struct mime_file *load_attached(struct templates *set,
                                             const struct settings_source *source,
                                             const struct value *place, const char *path,
                                             struct diags *diags)
{
    struct diag diag = {0};
    struct mime_file *file = map_get(set->attached, path, strlen(path));
    const char *bytes;
    if (file)
        return file;
    if (!is_plain_path(path)) {
        settings_fault(diags, source, place, DIAG_ERROR,
                       "an attachment is a path within the template folder");
        return NULL;
    }
    file = arena_zero(set->arena, sizeof *file);
    const char *whole = arena_printf(set->arena, "%s/%s", set->folder, path);
    if (!file_read(set->arena, whole, TEMPLATES_ATTACHED_MOST, &bytes, &file->length, &diag)) {
        settings_fault(diags, source, place, DIAG_ERROR, "%s: %s", path, diag.text);
        return NULL;
    }
    if (!is_inside(set, path)) {
        settings_fault(diags, source, place, DIAG_ERROR, "`%s` leads out of the template folder",
                       path);
        return NULL;
    }
    file->bytes = bytes;
    map_put(set->attached, path, strlen(path), file);
    return file;
}

static bool attach(struct templates *set, const struct settings_source *source,
                   const struct value *item, struct mime_file *made, struct diags *diags)
{
    struct front_matter_file wanted;
    struct diag diag = {0};
    if (!front_matter_attachment(set->arena, source, item, &wanted, diags))
        return false;
    const struct mime_file *file = load_attached(set, source, item, wanted.file, diags);
    if (!file)
        return false;
    *made = (struct mime_file){.name = header_line_file(set->arena, wanted.name),
                               .content_id = wanted.cid,
                               .bytes = file->bytes,
                               .length = file->length};
    mime_type(set->arena, made, wanted.type, wanted.file);
    if (mime_check_file(made, &diag))
        return true;
    settings_fault(diags, source, item, DIAG_ERROR, "%s", diag.text);
    return false;
}

bool templates_attach(struct templates *set, const struct templates_file *file,
                      const struct value *attachments, const struct mime_file **files,
                      size_t *count, struct diags *diags)
{
    const struct settings_source *source = &file->source;
    size_t total = 0;
    *count = 0;
    struct mime_file *made = arena_zero(set->arena, attachments->list->count * sizeof *made);
    *files = made;
    bool right = true;
    for (uint32_t i = 0; i < attachments->list->count; i++) {
        right &= attach(set, source, &attachments->list->items[i], &made[i], diags);
        total += made[i].length;
    }
    if (!right)
        return false;
    if (total > TEMPLATES_ATTACHED_MOST) {
        settings_fault(diags, source, attachments, DIAG_ERROR,
                       "the attachments have %zu bytes; at most %d may go with a message", total,
                       TEMPLATES_ATTACHED_MOST);
        return false;
    }
    *count = attachments->list->count;
    return true;
}
