#include "base/settings_fault.h"

#include <string.h>

#include "base/utf8.h"

/* The excerpt from the fault's column on. */
static const char *at_caret(const struct diag *diag)
{
    const char *at = diag->excerpt;
    for (uint32_t i = 1; i < diag->caret && *at; i++)
        at += utf8_width(at, strlen(at));
    return at;
}

/* Characters of a scalar as it stands in the excerpt; 1 for what has no end there. */
static uint32_t width_of(const struct value *value, const struct diag *diag)
{
    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        return 1;
    const char *at = at_caret(diag);
    if (value->kind != VALUE_STRING)
        return (uint32_t)strcspn(at, " ,]}");
    if (memchr(value->string, '\n', value->length))
        return 1;
    uint32_t width = (uint32_t)utf8_count(value->string, value->length);
    if (value->flags & VALUE_PLAIN)
        return width;
    return *at == '"' || *at == '\'' ? width + 2 : 1;
}

static struct diag *keep(struct diags *diags, const struct diag *diag)
{
    static _Thread_local struct diag scratch;
    size_t before = diags->count;
    bool replaces = before == DIAGS_MOST && diag->level == DIAG_ERROR &&
                    diags->items[before - 1].level == DIAG_WARNING;
    diags_add(diags, diag);
    if (diags->count > before || replaces)
        return &diags->items[diags->count - 1];
    scratch = *diag;
    return &scratch;
}

struct diag *settings_fault(struct diags *diags, const struct settings_source *source,
                            const struct value *value, enum diag_level level, const char *format,
                            ...)
{
    struct diag diag;
    va_list args;
    va_start(args, format);
    diag_verror(&diag, format, args);
    va_end(args);
    diag.level = level;
    if (source && source->file)
        diag_file(&diag, source->file);
    if (value && value->flags & VALUE_PLACED) {
        diag_place(&diag, value->place.line, value->place.column, 1);
        if (source && source->text) {
            diag_excerpt(&diag, source->text, source->length);
            diag.width = width_of(value, &diag);
        }
    }
    return keep(diags, &diag);
}

/* The column at which the text below a `|` begins: that of its first line that is not blank. */
static uint32_t block_column(const struct settings_source *source, uint32_t number)
{
    size_t length, indent;
    const char *line;
    do {
        line = diag_source_line(source->text, source->length, number++, &length);
        for (indent = 0; line && indent < length && line[indent] == ' ';)
            indent++;
    } while (line && indent == length);
    return line ? (uint32_t)indent + 1 : 1;
}

void settings_fault_origin(const struct settings_source *source, const struct value *value,
                           uint32_t *line, uint32_t *column)
{
    size_t length = 0;
    const char *text = NULL;
    *line = value->place.line;
    *column = value->place.column;
    if (source->text && *column && !(value->flags & VALUE_PLAIN))
        text = diag_source_line(source->text, source->length, *line, &length);
    if (!text || *column > length)
        return;
    char first = text[*column - 1]; /* a column counts characters: before a value, ASCII keys */
    if (first == '"' || first == '\'') {
        ++*column;
    } else if (first == '|' || first == '>') {
        ++*line;
        *column = block_column(source, *line);
    }
}

void settings_fault_move(const struct settings_source *source, const struct value *value,
                         struct diag *diag)
{
    uint32_t line, column;
    settings_fault_origin(source, value, &line, &column);
    bool block = line != value->place.line;
    diag_file(diag, source->file);
    if (block || diag->line == 1)
        diag_place(diag, line + diag->line - 1, column + diag->column - 1, diag->width);
    else /* a text in quotes that goes on in another line */
        diag_place(diag, value->place.line, value->place.column, 1);
    if (source->text)
        diag_excerpt(diag, source->text, source->length);
}
