/*
 * The front matter is found by its two fences, read as YAML from behind the first, so that lines
 * count as in the file, and filled in by the table at the top (front_matter_read, at the end). In
 * between stands what the table cannot say: texts that YAML cuts or takes for something else,
 * header fields, attachments.
 */
#include "templates/front_matter.h"

#include <string.h>

#include "base/yaml.h"
#include "mail/provider.h"

#define KEY(NAME, TYPE, HELP)                                                      \
    {                                                                              \
        .key = #NAME, .type = TYPE, .offset = offsetof(struct front_matter, NAME), \
        .reload = SETTING_RELOAD, .help = HELP                                     \
    }

const struct setting front_matter_settings[] = {
    KEY(subject, SETTING_VALUE, "the subject; a template"),
    KEY(preheader, SETTING_VALUE, "the line that mail programs show beside it; a template"),
    KEY(from, SETTING_VALUE, "`Tea Shop <mail@shop.example>`; default: that of the configuration"),
    KEY(reply_to, SETTING_VALUE, "where answers go; default: that of the configuration"),
    KEY(layout, SETTING_TEXT, "a file of layouts/, or `none`; default: `default`"),
    KEY(attachments, SETTING_VALUE, "files of the template folder, attached or shown inline"),
    KEY(headers, SETTING_VALUE, "more header fields, by name; each value is a template"),
    {0},
};
#undef KEY

#define KEY(NAME, HELP)                                                                         \
    {                                                                                           \
        .key = #NAME, .type = SETTING_TEXT, .offset = offsetof(struct front_matter_file, NAME), \
        .help = HELP                                                                            \
    }

static const struct setting file_keys[] = {
    KEY(file, "the path within the template folder"),
    KEY(name, "the name that is shown; default: the last part of the path"),
    KEY(cid, "the name by which the HTML shows it: cid:NAME"),
    KEY(type, "its media type; default: by the ending"),
    {0},
};
#undef KEY

/* ---- Where it begins and ends ---- */

static size_t line_length(const char *text, size_t length, size_t at)
{
    const char *newline = memchr(text + at, '\n', length - at);
    return newline ? (size_t)(newline - text) - at : length - at;
}

static bool is_fence(const char *text, size_t length, size_t at)
{
    size_t size = line_length(text, length, at);
    while (size > 3 && (text[at + size - 1] == '\r' || text[at + size - 1] == ' '))
        size--;
    return size == 3 && memcmp(text + at, "---", 3) == 0;
}

/* The offset of the closing line and its number; false where there is none. */
static bool find_end(const struct settings_source *source, size_t *at, uint32_t *line)
{
    *at = 0;
    *line = 1;
    while ((*at += line_length(source->text, source->length, *at) + 1) < source->length) {
        ++*line;
        if (is_fence(source->text, source->length, *at))
            return true;
    }
    return false;
}

/* ---- Faults that YAML does not tell well ---- */

/* YAML takes `Order #{{ order.number }}` for "Order" and a comment. */
static bool loses_its_tail(const struct settings_source *source, const struct value *value)
{
    size_t length;
    const char *line = diag_source_line(source->text, source->length, value->place.line, &length);
    if (!line || !(value->flags & VALUE_PLAIN) || !(value->flags & VALUE_PLACED))
        return false;
    for (size_t i = value->place.column; i + 1 < length; i++)
        if (line[i] == '#' && line[i - 1] == ' ' && line[i + 1] != ' ')
            return true;
    return false;
}

static bool check_text(const struct settings_source *source, const char *key, struct value *value,
                       struct diags *diags)
{
    struct diag *diag;
    if (value->kind == VALUE_NULL)
        return true;
    if (value->kind != VALUE_STRING) {
        diag = settings_fault(diags, source, value, DIAG_ERROR, "`%s` must be a text, not %s", key,
                              value_kind_name(value->kind));
        diag_hint(diag, "write it in quotes");
        return false;
    }
    if (!loses_its_tail(source, value))
        return true;
    diag = settings_fault(diags, source, value, DIAG_ERROR,
                          "`%s` is cut at the `#`, which begins a comment here", key);
    diag_hint(diag, "write it in quotes");
    return false;
}

static bool check_headers(const struct settings_source *source, const struct value *headers,
                          struct diags *diags)
{
    bool right = true;
    if (headers->kind == VALUE_NULL)
        return true;
    if (headers->kind != VALUE_MAP) {
        settings_fault(diags, source, headers, DIAG_ERROR,
                       "`headers` must be a mapping of names to texts");
        return false;
    }
    for (uint32_t i = 0; i < headers->map->count; i++)
        right &= check_text(source, headers->map->members[i].key.string,
                            &headers->map->members[i].value, diags);
    return right;
}

/* ---- Attachments ---- */

bool front_matter_attachment(struct arena *arena, const struct settings_source *source,
                             const struct value *item, struct front_matter_file *file,
                             struct diags *diags)
{
    *file = (struct front_matter_file){0};
    if (item->kind == VALUE_STRING)
        file->file = arena_copy(arena, item->string, item->length);
    else if (item->kind != VALUE_MAP)
        settings_fault(diags, source, item, DIAG_ERROR,
                       "an attachment is a path, or {file: …, name: …, cid: …, type: …}");
    else if (!settings_read(file_keys, item, source, file, arena, diags))
        return false;
    else if (!file->file)
        settings_fault(diags, source, item, DIAG_ERROR, "`file` is missing");
    if (!file->file)
        return false;
    const char *slash = strrchr(file->file, '/');
    if (!file->name)
        file->name = slash ? slash + 1 : file->file;
    return true;
}

/* What an item says is read where its file is; here only whether it can be read. */
static bool check_attachments(struct arena *arena, const struct settings_source *source,
                              const struct value *list, struct diags *diags)
{
    struct front_matter_file file;
    bool right = true;
    if (list->kind == VALUE_NULL)
        return true;
    if (list->kind != VALUE_LIST || list->list->count > FRONT_MATTER_FILES_MOST) {
        settings_fault(diags, source, list, DIAG_ERROR,
                       "`attachments` must be a list of at most %d files", FRONT_MATTER_FILES_MOST);
        return false;
    }
    for (uint32_t i = 0; i < list->list->count; i++)
        right &= front_matter_attachment(arena, source, &list->list->items[i], &file, diags);
    return right;
}

/* ---- Reading ---- */

/* `subject: {{ … }}`, which YAML takes for a mapping. */
static bool begins_with_brace(const struct settings_source *source, uint32_t number)
{
    size_t length;
    const char *line = diag_source_line(source->text, source->length, number, &length);
    const char *colon = line ? memmem(line, length, ": ", 2) : NULL;
    if (!colon)
        return false;
    const char *at = colon + 1, *end = line + length;
    while (at < end && *at == ' ')
        at++;
    return end - at > 1 && at[0] == '{' && (at[1] == '{' || at[1] == '%');
}

static bool read_yaml(struct arena *arena, const struct settings_source *source, size_t end,
                      struct value *documents, struct diags *diags)
{
    struct diag diag;
    const struct yaml_options options = {.file = source->file};
    /* from behind the first line's dashes, so that lines count as in the file */
    if (yaml_read(arena, source->text + 3, end - 3, &options, documents, &diag))
        return true;
    if (begins_with_brace(source, diag.line))
        diag_hint(&diag, "write a value that begins with a brace in quotes");
    diags_add(diags, &diag);
    return false;
}

bool front_matter_read(struct arena *arena, const struct settings_source *source,
                       struct front_matter *front, size_t *body, uint32_t *line,
                       struct diags *diags)
{
    size_t end;
    struct value documents;
    *front = (struct front_matter){0};
    *body = 0;
    *line = 1;
    if (!is_fence(source->text, source->length, 0))
        return true;
    if (!find_end(source, &end, line)) {
        struct diag diag;
        diag_error(&diag, "the front matter is not closed by a line `---`");
        diag_file(&diag, source->file);
        diag_place(&diag, 1, 1, 3);
        diag_excerpt(&diag, source->text, source->length);
        diags_add(diags, &diag);
        return false;
    }
    *body = end + line_length(source->text, source->length, end);
    *body += *body < source->length;
    ++*line;
    if (!read_yaml(arena, source, end, &documents, diags))
        return false;
    const struct value *map = value_count(&documents) ? &documents.list->items[0] : NULL;
    if (map && map->kind != VALUE_MAP && map->kind != VALUE_NULL) {
        settings_fault(diags, source, map, DIAG_ERROR, "front matter is a mapping: `subject: …`");
        return false;
    }
    bool right = settings_read(front_matter_settings, map, source, front, arena, diags);
    front->layout_at = value_get(map, "layout");
    right &= check_text(source, "subject", &front->subject, diags);
    right &= check_text(source, "preheader", &front->preheader, diags);
    right &= check_text(source, "from", &front->from, diags);
    if (right && front->from.kind == VALUE_STRING) /* a template may be no address yet */
        provider_check(arena, value_to_text(arena, &front->from), source, &front->from, diags);
    right &= check_text(source, "reply_to", &front->reply_to, diags);
    right &= check_attachments(arena, source, &front->attachments, diags);
    return right & check_headers(source, &front->headers, diags);
}
