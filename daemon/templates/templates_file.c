#include "templates/templates_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "templates/filter_context.h"
#include "templates/filter_table.h"
#include "templates/templates_path.h"

struct diag *templates_file_fault(const struct templates *set, const char *path,
                                  struct diags *diags, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct settings_source source = {
        .file = arena_printf(set->arena, "%s/%s", set->folder, path)};
    return settings_fault(diags, &source, NULL, DIAG_ERROR, "%s", text);
}

/* ---- Reading ---- */

struct templates_file *templates_file_take(const struct templates *set, const char *path,
                                           const struct settings_source *given, bool front,
                                           struct diags *diags)
{
    struct templates_file *file = arena_zero(set->arena, sizeof *file);
    struct settings_source *source = &file->source;
    size_t body = 0;
    file->path = arena_text(set->arena, path);
    file->line = 1;
    *source = *given;
    size_t invalid = utf8_invalid(source->text, source->length);
    if (invalid < source->length) {
        struct diag diag;
        diag_error(&diag, "the file is not UTF-8");
        diag_file(&diag, source->file);
        diag_offset(&diag, source->text, source->length, invalid);
        diag_hint(&diag, "%s", utf8_advice(source->text, source->length));
        diags_add(diags, &diag);
        return NULL;
    }
    if (source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        source->text += 3;
        source->length -= 3;
    }
    if (front && !front_matter_read(set->arena, source, &file->front, &body, &file->line, diags))
        return NULL;
    file->body = source->text + body;
    file->body_length = source->length - body;
    return file;
}

struct templates_file *templates_file_read(const struct templates *set, const char *path,
                                           bool front, struct diags *diags)
{
    struct settings_source source = {.file = arena_printf(set->arena, "%s/%s", set->folder, path)};
    struct diag diag;
    if (file_read(set->arena, source.file, TEMPLATES_FILE_MOST, &source.text, &source.length,
                  &diag))
        return templates_file_take(set, path, &source, front, diags);
    diags_add(diags, &diag);
    return NULL;
}

/* ---- Compiling ---- */

/* One that nobody asked for before: beside the file that names it, or there in snippets/. */
static const struct templates_snippet *read_late(const struct templates *set, const char *name,
                                                 size_t length)
{
    static const char *const places[] = {"%.*s" TEMPLATES_PATH_SUFFIX,
                                         "snippets/%.*s" TEMPLATES_PATH_SUFFIX};
    const struct templates_snippet *found = NULL;
    for (size_t i = 0; i < 2 && !found && length < FILENAME_MAX; i++) {
        const char *path = arena_printf(set->arena, places[i], (int)length, name);
        if (access(arena_printf(set->arena, "%s/%s", set->folder, path), F_OK) == 0)
            found =
                templates_file_snippet(set, path, arena_copy(set->arena, name, length), set->late);
    }
    return found;
}

/* liquid_options.find: a snippet is looked for when it is rendered, as files are compiled in any
 * order. */
static const struct templates_snippet *find_snippet(void *context, const char *name, size_t length)
{
    const struct templates *set = ((const struct filter_context *)context)->templates;
    const struct templates_snippet *found = set ? templates_set_snippet(set, name, length) : NULL;
    return found || !set || !set->late ? found : read_late(set, name, length);
}

static const struct liquid_template *find_html(void *context, const char *name, size_t length)
{
    const struct templates_snippet *snippet = find_snippet(context, name, length);
    return snippet ? snippet->styled : NULL;
}

static const struct liquid_template *find_text(void *context, const char *name, size_t length)
{
    const struct templates_snippet *snippet = find_snippet(context, name, length);
    return snippet ? snippet->text : NULL;
}

/* Shops paste Shopify's own templates, with slips that its parser passes over: they are
 * passed over here too, and told in `slips`. */
static struct liquid_options *options(const struct templates *set, bool html, uint32_t line,
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

const struct liquid_template *templates_file_compile(const struct templates *set,
                                                     const struct templates_file *file, bool html,
                                                     struct diags *diags)
{
    struct diag diag = {0};
    /* A snippet is compiled twice. */
    struct diags *slips = file->liquid ? NULL : diags;
    const struct liquid_options *how = options(set, html, file->line, slips);
    const struct liquid_template *liquid =
        liquid_parse(set->arena, file->source.file, file->body, file->body_length, how, &diag);
    if (!liquid)
        diags_add(diags, &diag);
    return liquid;
}

const struct templates_snippet *templates_file_snippet(const struct templates *set,
                                                       const char *path, const char *name,
                                                       struct diags *diags)
{
    struct templates_file *file = templates_file_read(set, path, false, diags);
    if (!file || !(file->liquid = templates_file_compile(set, file, true, diags)))
        return NULL;
    struct templates_snippet *snippet = arena_zero(set->arena, sizeof *snippet);
    snippet->file = file;
    snippet->styled = file->liquid;
    snippet->text = templates_file_compile(set, file, false, diags);
    map_put(set->snippets, name, strlen(name), snippet);
    return snippet;
}

const struct liquid_template *templates_file_compile_styled(struct templates *set,
                                                            const struct templates_file *file,
                                                            const char *text, size_t length)
{
    return liquid_parse(set->arena, file->source.file, text, length,
                        options(set, true, file->line, NULL), NULL);
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
