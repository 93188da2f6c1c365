/*
 * settings_read, at the end, sets all defaults, then goes through the map: a key of the table is
 * read into its field, one of a section by the section's table, and any other is told with what is
 * meant (unknown_key). What is required and not there is told last.
 */
#include "base/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/settings_fields.h"

static void *field_of(const struct setting *setting, void *into)
{
    return (char *)into + setting->offset;
}

/* The default as a value that the reader of the type takes. */
static struct value fallback_value(struct settings_reading *in, const struct setting *setting)
{
    struct value value = value_null();
    switch (setting->type) {
    case SETTING_BOOL:
        return value_bool(strcmp(setting->fallback, "true") == 0);
    case SETTING_INT:
        return value_int(strtoll(setting->fallback, NULL, 10));
    case SETTING_TEXTS:
    case SETTING_VALUE:
        json_read(in->arena, setting->fallback, strlen(setting->fallback), &json_file_limits,
                  &value, NULL);
        return value;
    default:
        return value_text(setting->fallback);
    }
}

static void set_defaults(struct settings_reading *in, const struct setting *table, void *into)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        void *field = field_of(setting, into);
        if (setting->type == SETTING_SECTION) {
            set_defaults(in, setting->section, field);
            continue;
        }
        settings_fields_clear(in, setting, field);
        if (!setting->fallback)
            continue;
        struct value value = fallback_value(in, setting);
        settings_fields_read(in, setting, &value, field);
    }
}

static const struct setting *find_setting(const struct setting *table, const struct value *key)
{
    for (; table->key; table++)
        if (value_is_text(key, table->key))
            return table;
    return NULL;
}

/* A key that stands one level too high: below which sections there is one of that name. */
static void hint_sections(struct diag *diag, const struct setting *table, const struct value *key)
{
    struct buf sections;
    buf_init(&sections, 200);
    for (; table->key; table++)
        if (table->type == SETTING_SECTION && find_setting(table->section, key))
            buf_printf(&sections, "%s`%s`", sections.length ? " or " : "", table->key);
    if (sections.length)
        diag_hint(diag, "it stands under %s", buf_string(&sections));
    buf_free(&sections);
}

static const char *const *names_of(struct arena *arena, const struct setting *table)
{
    size_t count = 0;
    while (table[count].key)
        count++;
    const char **names = arena_zero(arena, sizeof *names * (count + 1));
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].key;
    return names;
}

static void unknown_key(struct settings_reading *in, const struct setting *table,
                        const struct value *key)
{
    const char *word = value_to_text(in->arena, key);
    struct diag *diag = settings_fault(in->diags, in->source, key, DIAG_ERROR, "unknown key `%s`",
                                       word ? word : value_kind_name(key->kind));
    diag_code(diag, "unknown-key");
    hint_sections(diag, table, key);
    if (word && !diag->hint[0])
        diag_suggest(diag, word, names_of(in->arena, table));
}

bool settings_meant(const struct setting *table, const struct value *map, const char *key,
                    struct arena *arena)
{
    const char *const *names = names_of(arena, table);
    for (uint32_t i = 0; i < value_count(map); i++) {
        const struct value *unknown = &map->map->members[i].key;
        const char *word = value_to_text(arena, unknown);
        const char *meant = word && !find_setting(table, unknown) ? diag_meant(word, names) : NULL;
        if (meant && strcmp(meant, key) == 0)
            return true;
    }
    return false;
}

static void missing_keys(struct settings_reading *in, const struct setting *table,
                         const struct value *map)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        const struct value *value = value_get(map, setting->key);
        if (!setting->required || (value && value->kind != VALUE_NULL) ||
            (value_is(map, VALUE_MAP) && settings_meant(table, map, setting->key, in->arena)))
            continue;
        struct diag *diag = settings_fault(in->diags, in->source, value ? value : map, DIAG_ERROR,
                                           "`%s` is missing", setting->key);
        diag_code(diag, "missing");
    }
}

static void read_map(struct settings_reading *in, const struct setting *table,
                     const struct value *map, void *into);

/* `log: debug`: that it has keys, by the first of them. */
static void not_a_section(struct settings_reading *in, const struct setting *setting,
                          const struct value *value)
{
    const char *hint = arena_printf(in->arena, "its keys stand below it, as in `%s: {%s: …}`",
                                    setting->key, setting->section->key);
    settings_fields_wrong_type(in, setting, value, "a mapping", hint);
}

static void read_member(struct settings_reading *in, const struct setting *setting,
                        const struct value *value, void *field)
{
    if (setting->type != SETTING_SECTION)
        settings_fields_read(in, setting, value, field);
    else if (value->kind == VALUE_MAP)
        read_map(in, setting->section, value, field);
    else
        not_a_section(in, setting, value);
}

/* Whether a null is only what was left out behind the colon, not `null` or `~`. */
static bool is_left_out(const struct settings_source *source, const struct value *value)
{
    if (!source || !source->text || !(value->flags & VALUE_PLACED))
        return false;
    size_t length;
    const char *line = diag_source_line(source->text, source->length, value->place.line, &length);
    if (!line || length < value->place.column)
        return true;
    return !strchr("~nN", line[value->place.column - 1]);
}

/* `if:` with nothing behind it is a rule without a condition, which nobody means. A section
 * whose keys are all comments is one, where it can do without them. */
static void read_null(struct settings_reading *in, const struct setting *setting,
                      const struct value_member *member)
{
    if (setting->required || !is_left_out(in->source, &member->value))
        return;
    if (setting->type == SETTING_SECTION) {
        missing_keys(in, setting->section, &member->key);
        return;
    }
    struct diag *diag = settings_fault(in->diags, in->source, &member->key, DIAG_ERROR,
                                       "`%s` is empty", setting->key);
    diag_code(diag, "empty");
    diag_hint(diag, "give it a value, or leave the key out");
}

/* What stands in `map`, over defaults that are set already. */
static void read_map(struct settings_reading *in, const struct setting *table,
                     const struct value *map, void *into)
{
    for (uint32_t i = 0; i < value_count(map); i++) {
        const struct value_member *member = &map->map->members[i];
        const struct setting *setting = find_setting(table, &member->key);
        if (!setting)
            unknown_key(in, table, &member->key);
        else if (member->value.kind != VALUE_NULL)
            read_member(in, setting, &member->value, field_of(setting, into));
        else
            read_null(in, setting, member);
    }
    missing_keys(in, table, map);
}

bool settings_read(const struct setting *table, const struct value *map,
                   const struct settings_source *source, void *into, struct arena *arena,
                   struct diags *diags)
{
    struct settings_reading in = {.source = source, .arena = arena, .diags = diags};
    size_t errors = diags->errors;
    set_defaults(&in, table, into);
    if (map && map->kind != VALUE_NULL && map->kind != VALUE_MAP) {
        struct diag *diag = settings_fault(diags, source, map, DIAG_ERROR,
                                           "must be a mapping of keys to values, not %s",
                                           value_kind_name(map->kind));
        diag_code(diag, "wrong-type");
    } else {
        read_map(&in, table, map, into);
    }
    return diags->errors == errors;
}
