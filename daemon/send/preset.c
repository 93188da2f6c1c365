/*
 * From a preset's file to a kind of gateway (preset_kind): the rows of kind http with the file's
 * values as their defaults, of a section likewise within it, and a row for each setting of its
 * own. All else, reading, faults, the reference, is what settings do with any table.
 */
#include "send/preset.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/settings.h"
#include "base/yaml.h"
#include "send/http.h"

enum { DEFAULT_MOST = 16384, OWN_MOST = 16 };

struct preset_own {
    const char *fallback, *help;
    bool required;
};

#define OWN(field) .key = #field, .offset = offsetof(struct preset_own, field)

static const struct setting own_settings[] = {
    {.key = "default", .offset = offsetof(struct preset_own, fallback)},
    {OWN(help)},
    {OWN(required), .type = SETTING_BOOL, .fallback = "false"},
    {0},
};

struct reading {
    struct arena *arena;
    struct settings_source source;
    struct diags *diags;
};

/* ---- Files ---- */

static const char suffix[] = ".yaml";

/* The length of a preset's name in that of its file; 0 where it is another file. */
static size_t stem(const char *file)
{
    size_t length = strlen(file), tail = sizeof suffix - 1;
    return length > tail && strcmp(file + length - tail, suffix) == 0 ? length - tail : 0;
}

const char *const *preset_names(struct arena *arena)
{
    size_t count = 0, kept = 0;
    while (preset_files[count].name)
        count++;
    const char **names = arena_zero(arena, sizeof *names * (count + 1));
    for (size_t i = 0; i < count; i++)
        if (stem(preset_files[i].name))
            names[kept++] = arena_copy(arena, preset_files[i].name, stem(preset_files[i].name));
    return names;
}

static const struct built_in *find_file(const char *name, const char *end)
{
    for (const struct built_in *file = preset_files; file->name; file++)
        if (strncmp(file->name, name, strlen(name)) == 0 &&
            strcmp(file->name + strlen(name), end) == 0)
            return file;
    return NULL;
}

/* The file's one mapping. */
static bool read_file(struct reading *in, const struct built_in *file, struct value *map)
{
    static const char *const expressions[] = {"answers", NULL};
    struct diag diag;
    struct value documents;
    in->source.file = arena_printf(in->arena, "gateways/%s", file->name);
    in->source.text = file->text;
    in->source.length = strlen(file->text);
    const struct yaml_options options = {.file = in->source.file, .expression_keys = expressions};
    if (!yaml_read(in->arena, file->text, in->source.length, &options, &documents, &diag)) {
        diags_add(in->diags, &diag);
        return false;
    }
    if (value_count(&documents) == 1 && value_is(&documents.list->items[0], VALUE_MAP)) {
        *map = documents.list->items[0];
        return true;
    }
    settings_fault(in->diags, &in->source, NULL, DIAG_ERROR, "a preset is one mapping");
    return false;
}

/* ---- Rows ---- */

/* A value as `fallback` of a row has it. */
static const char *as_default(struct reading *in, const struct setting *row,
                              const struct value *value)
{
    if (value->kind == VALUE_STRING && row->type != SETTING_TEXTS && row->type != SETTING_VALUE)
        return value_to_text(in->arena, value);
    struct buf text;
    buf_init(&text, DEFAULT_MOST);
    json_print(&text, value);
    const char *made = arena_copy(in->arena, buf_string(&text), text.length);
    buf_free(&text);
    return made;
}

static size_t count_rows(const struct setting *table)
{
    size_t count = 0;
    while (table[count].key)
        count++;
    return count;
}

static const struct setting *find_row(const struct setting *table, const struct value *key)
{
    for (; table->key; table++)
        if (value_is_text(key, table->key))
            return table;
    return NULL;
}

static void unknown(struct reading *in, const struct setting *table, const struct value *key)
{
    const char **names = arena_zero(in->arena, sizeof *names * (count_rows(table) + 1));
    for (size_t i = 0; table[i].key; i++)
        names[i] = table[i].key;
    const char *word = value_to_text(in->arena, key);
    diag_suggest(settings_fault(in->diags, &in->source, key, DIAG_ERROR, "unknown key `%s`", word),
                 word, names);
}

/* Copies `table` into `rows`, with what `map` says as the defaults. */
static void copy_rows(struct reading *in, const struct setting *table, const struct value *map,
                      struct setting *rows)
{
    memcpy(rows, table, sizeof *rows * (count_rows(table) + 1));
    for (uint32_t i = 0; i < value_count(map); i++) {
        const struct value_member *member = &map->map->members[i];
        const struct setting *found = find_row(table, &member->key);
        struct setting *row = found ? &rows[found - table] : NULL;
        if (!found) {
            unknown(in, table, &member->key);
        } else if (row->type == SETTING_SECTION) {
            struct setting *section =
                arena_zero(in->arena, sizeof *section * (count_rows(row->section) + 1));
            copy_rows(in, found->section, &member->value, section);
            row->section = section;
        } else {
            row->fallback = as_default(in, row, &member->value);
            row->required = false;
        }
    }
}

/* The settings of the preset's own: texts that its URL and headers have as placeholders. */
static void add_own(struct reading *in, const struct value *map, size_t offset,
                    struct setting *rows)
{
    for (uint32_t i = 0; i < value_count(map) && i < OWN_MOST; i++) {
        const struct value_member *member = &map->map->members[i];
        struct preset_own own;
        settings_read(own_settings, &member->value, &in->source, &own, in->arena, in->diags);
        rows[i] = (struct setting){.key = value_to_text(in->arena, &member->key),
                                   .type = SETTING_TEXT,
                                   .offset = offset + i * sizeof(char *),
                                   .fallback = own.fallback,
                                   .required = own.required,
                                   .help = own.help ? own.help : ""};
    }
}

/* ---- The kind ---- */

/* The members that are not rows of kind http, taken out of the file's mapping. */
static struct value take_out(struct reading *in, struct value map, const char *key)
{
    const struct value *value = value_get(&map, key);
    struct value taken = value ? value_copy(in->arena, value) : value_null();
    value_remove(map, key);
    return taken;
}

/* The template of its bodies: the one that the file names, or its own. */
static const char *body_of(struct reading *in, const char *name, const struct value *map)
{
    const char *body = value_to_text(in->arena, value_get(map, "body"));
    return body ? body : arena_printf(in->arena, "%s.json.liquid", name);
}

/* The settings of its own are keys, in the place of one that has them all. The rows left. */
static size_t drop_row(struct setting *rows, size_t count, const char *key)
{
    size_t at = 0;
    while (at < count && strcmp(rows[at].key, key) != 0)
        at++;
    memmove(rows + at, rows + at + 1, sizeof *rows * (count - at));
    return count - 1;
}

static struct gateway_kind *make_kind(struct reading *in, const char *name, struct value map)
{
    struct value about = take_out(in, map, "about"), own = take_out(in, map, "settings");
    size_t count = count_rows(http_kind.settings), more = value_count(&own);
    struct setting *rows = arena_zero(in->arena, sizeof *rows * (count + more + 1));
    struct gateway_kind *kind = arena_alloc(in->arena, sizeof *kind);
    if (more > OWN_MOST)
        settings_fault(in->diags, &in->source, &own, DIAG_ERROR, "at most %d settings", OWN_MOST);
    *kind = http_kind;
    kind->name = arena_text(in->arena, name);
    kind->about = value_to_text(in->arena, &about);
    kind->built_in_body = body_of(in, name, &map);
    value_set(in->arena, map, "body", value_text(kind->built_in_body));
    copy_rows(in, http_kind.settings, &map, rows);
    count = drop_row(rows, count, "settings");
    rows[0].help = arena_printf(in->arena, "what it is: %s", name);
    add_own(in, &own, http_kind.settings_size, rows + count);
    kind->settings = rows;
    kind->own = rows + count;
    kind->settings_size = http_kind.settings_size + OWN_MOST * sizeof(char *);
    return kind;
}

const struct gateway_kind *preset_kind(struct arena *arena, const char *name, struct diags *diags)
{
    struct reading in = {.arena = arena, .diags = diags};
    const struct built_in *file = find_file(name, suffix);
    struct value map;
    size_t errors = diags->errors;
    if (!file || !read_file(&in, file, &map))
        return NULL;
    const struct gateway_kind *kind = make_kind(&in, name, map);
    return diags->errors == errors ? kind : NULL;
}
