#include "templates/templates_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "templates/filter_context.h"
#include "templates/filter_table.h"

struct diag *templates_file_fault(struct templates *set, const char *path, struct diags *diags,
                                  const char *format, ...)
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

struct templates_file *templates_file_read(struct templates *set, const char *path, bool front,
                                           struct diags *diags)
{
    struct templates_file *file = arena_zero(set->arena, sizeof *file);
    struct settings_source *source = &file->source;
    struct diag diag;
    size_t body = 0;
    file->path = arena_text(set->arena, path);
    file->line = 1;
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
    if (front && !front_matter_read(set->arena, source, &file->front, &body, &file->line, diags))
        return NULL;
    file->body = source->text + body;
    file->body_length = source->length - body;
    return file;
}

/* ---- Compiling ---- */

/* liquid_options.find: a snippet is looked for when it is rendered, as files are compiled in any
 * order. */
static const struct templates_snippet *find_snippet(void *context, const char *name, size_t length)
{
    const struct filter_context *known = context;
    return known->templates ? templates_set_snippet(known->templates, name, length) : NULL;
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

const struct liquid_template *templates_file_compile(struct templates *set,
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
