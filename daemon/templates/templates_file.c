#include "templates/templates_file.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "templates/filter_context.h"
#include "templates/filter_table.h"

enum { ATTACHMENTS_MOST = 50 };

struct diag *templates_file_fault(struct templates *set, const char *path, enum diag_level level,
                                  struct diags *diags, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct settings_source source = {
        .file = arena_printf(set->arena, "%s/%s", set->folder, path)};
    return settings_fault(diags, &source, NULL, level, "%s", text);
}

/* --- reading --- */

struct templates_file *templates_file_read(struct templates *set, const char *path, bool front,
                                           struct diags *diags)
{
    struct templates_file *file = arena_zero(set->arena, sizeof *file);
    struct settings_source *source = &file->source;
    struct diag diag;
    uint32_t line;
    file->path = arena_text(set->arena, path);
    source->file = arena_printf(set->arena, "%s/%s", set->folder, path);
    if (!file_read(set->arena, source->file, TEMPLATES_FILE_MOST, &source->text, &source->length,
                   &diag)) {
        diags_add(diags, &diag);
        return NULL;
    }
    size_t invalid = utf8_invalid(source->text, source->length);
    if (invalid < source->length) {
        diag_error(&diag, "the file is not UTF-8");
        diag_file(&diag, source->file);
        diag_offset(&diag, source->text, source->length, invalid);
        diags_add(diags, &diag);
        return NULL;
    }
    if (source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        source->text += 3;
        source->length -= 3;
    }
    if (front && !front_matter_read(set->arena, source, &file->front, &file->body, &line, diags))
        return NULL;
    return file;
}

/* --- compiling --- */

static const struct liquid_template *find_html(void *context, const char *name, size_t length)
{
    const struct filter_context *filters = context;
    return filters->templates ? templates_snippet(filters->templates, name, length, true) : NULL;
}

static const struct liquid_template *find_text(void *context, const char *name, size_t length)
{
    const struct filter_context *filters = context;
    return filters->templates ? templates_snippet(filters->templates, name, length, false) : NULL;
}

/* Shops paste Shopify's own templates, with slips that its parser passes over: they are
 * passed over here too, and told in `slips`. */
static struct liquid_options *options(struct templates *set, bool html, uint32_t line,
                                      struct diags *slips)
{
    struct liquid_options *made = arena_zero(set->arena, sizeof *made);
    made->filters = filter_table;
    made->find = html ? find_html : find_text;
    made->escape = html;
    made->syntax = LIQUID_FORGIVING;
    made->slips = slips;
    made->strict_filters = true;
    made->first_line = line;
    return made;
}

static uint32_t line_of(const struct settings_source *source, size_t offset)
{
    uint32_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += source->text[i] == '\n';
    return line;
}

const struct liquid_template *templates_file_compile(struct templates *set,
                                                     const struct templates_file *file, bool html,
                                                     struct diags *diags)
{
    struct diag diag = {0};
    const struct settings_source *source = &file->source;
    /* A snippet is compiled twice. */
    struct diags *slips = file->liquid ? NULL : diags;
    const struct liquid_options *how = options(set, html, line_of(source, file->body), slips);
    const struct liquid_template *liquid =
        liquid_parse(set->arena, source->file, source->text + file->body,
                     source->length - file->body, how, &diag);
    if (!liquid)
        diags_add(diags, &diag);
    return liquid;
}

const struct liquid_template *templates_file_compile_styled(struct templates *set,
                                                            const struct templates_file *file,
                                                            const char *text, size_t length)
{
    const struct settings_source *source = &file->source;
    return liquid_parse(set->arena, source->file, text, length,
                        options(set, true, line_of(source, file->body), NULL), NULL);
}

const struct liquid_template *templates_file_compile_value(struct templates *set,
                                                           const struct templates_file *file,
                                                           const struct value *text,
                                                           struct diags *diags)
{
    struct diag diag = {0};
    uint32_t line, column;
    size_t told = diags->count;
    settings_fault_origin(&file->source, text, &line, &column);
    struct liquid_options *how = options(set, false, line, diags);
    how->first_column = column;
    const struct liquid_template *liquid =
        liquid_parse(set->arena, file->source.file, text->string, text->length, how, &diag);
    if (!liquid)
        diags_add(diags, &diag);
    for (; told < diags->count; told++) /* the line with its key, not the text alone */
        diag_excerpt(&diags->items[told], file->source.text, file->source.length);
    return liquid;
}

/* --- attachments --- */

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
    *made = (struct mime_file){.name = wanted.name,
                               .type = wanted.type ? wanted.type : mime_type(wanted.file),
                               .content_id = wanted.cid,
                               .bytes = file->bytes,
                               .length = file->length};
    if (mime_check_file(made, &diag))
        return true;
    settings_fault(diags, source, item, DIAG_ERROR, "%s", diag.text);
    return false;
}

bool templates_file_attach(struct templates *set, const struct templates_file *file,
                           const struct value *attachments, const struct mime_file **files,
                           size_t *count, struct diags *diags)
{
    const struct settings_source *source = &file->source;
    size_t total = 0;
    *count = 0;
    if (attachments->kind != VALUE_LIST || attachments->list->count > ATTACHMENTS_MOST) {
        settings_fault(diags, source, attachments, DIAG_ERROR,
                       "`attachments` must be a list of at most %d files", ATTACHMENTS_MOST);
        return false;
    }
    struct mime_file *made = arena_zero(set->arena, attachments->list->count * sizeof *made);
    *files = made;
    for (uint32_t i = 0; i < attachments->list->count; i++) {
        if (!attach(set, source, &attachments->list->items[i], &made[i], diags))
            return false;
        total += made[i].length;
    }
    if (total > TEMPLATES_ATTACHED_MOST) {
        settings_fault(diags, source, attachments, DIAG_ERROR,
                       "the attachments have %zu bytes; at most %d may go with a message", total,
                       TEMPLATES_ATTACHED_MOST);
        return false;
    }
    *count = attachments->list->count;
    return true;
}
