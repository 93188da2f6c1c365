/*
 * fields_read, at the end: each field by the table of its keys, `on` by its three forms (a type, a
 * list of types, a list of {on, if, set}). Expressions are compiled without samples of events: what
 * the events of rules are is not known yet.
 */
#include "rules/field.h"

#include <stddef.h>
#include <string.h>

#include "customer/customer_record.h"
#include "customer/customer_size.h"
#include "rules/condition.h"
#include "rules/rule.h"
#include "rules/rule_events.h"
#include "rules/rule_expression.h"

struct field_text {
    struct value initial, on, condition, set;
};

#define AT(field) .offset = offsetof(struct field_text, field)

const struct setting field_settings[] = {
    {.key = "default",
     .type = SETTING_VALUE,
     AT(initial),
     .reload = SETTING_RELOAD,
     .help = "what it is before anything was computed"},
    {.key = "on",
     .type = SETTING_VALUE,
     AT(on),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "an event type, a list of them, or a list of {on, if, set}"},
    {.key = "if",
     .type = SETTING_EXPRESSION,
     AT(condition),
     .reload = SETTING_RELOAD,
     .help = "a condition (CEL); fields are known by their bare names"},
    {.key = "set",
     .type = SETTING_EXPRESSION,
     AT(set),
     .reload = SETTING_RELOAD,
     .help = "what it becomes; `null` removes it, which leaves the default"},
    {0},
};

static const struct setting word_settings[] = {
    {.key = "on",
     .type = SETTING_VALUE,
     AT(on),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "an event type, or a list of them"},
    {.key = "if",
     .type = SETTING_EXPRESSION,
     AT(condition),
     .reload = SETTING_RELOAD,
     .help = "a condition (CEL)"},
    {.key = "set",
     .type = SETTING_EXPRESSION,
     AT(set),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "what the field becomes"},
    {0},
};

/* ---- Shapes: one {on, if, set}, or a list of them ---- */

static const struct setting on_types[] = {{.key = "on",
                                           .type = SETTING_VALUE,
                                           .required = true,
                                           .help = "an event type, or a list of them",
                                           .shape = &rule_events_types_shape},
                                          {0}};

static const struct shape word_shape = {
    .kind = SHAPE_KEYS, .table = word_settings, .instead = on_types};

static const struct setting on_words[] = {
    {.key = "on",
     .type = SETTING_VALUE,
     .required = true,
     .help = "a list of {on, if, set}",
     .shape = &(const struct shape){.kind = SHAPE_LIST, .of = &word_shape, .least = 1}},
    {0}};

static const struct shape field_shape = {
    .kind = SHAPE_EITHER,
    .name = "field",
    .either = (const struct shape *const[]){&(const struct shape){.kind = SHAPE_KEYS,
                                                                  .table = field_settings,
                                                                  .must = "on set",
                                                                  .may = "default if",
                                                                  .instead = on_types},
                                            &(const struct shape){.kind = SHAPE_KEYS,
                                                                  .table = field_settings,
                                                                  .must = "on",
                                                                  .may = "default",
                                                                  .instead = on_words},
                                            NULL}};

const struct shape fields_shape = {.kind = SHAPE_MAP,
                                   .pattern = "^" FIELD_NAME_PATTERN "$",
                                   .of = &field_shape,
                                   .most = FIELD_MOST};

/* ---- Names ---- */

const char *const field_own[] = {"id",     "email",      "phone",
                                 "name",   "first_name", "last_name",
                                 "locale", "timezone",   "accepts_marketing",
                                 NULL};

static bool is_identifier(const char *name)
{
    static const char *const words[] = {"as",   "break",     "const", "continue", "else",   "false",
                                        "for",  "function",  "if",    "import",   "in",     "let",
                                        "loop", "namespace", "null",  "package",  "return", "true",
                                        "var",  "void",      "while", NULL};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t length = strlen(name);
    return length > 0 && length <= FIELD_NAME_MOST && strspn(name, letters) == length &&
           !(name[0] >= '0' && name[0] <= '9') && !rule_list_has(words, name);
}

bool field_check_name(const struct rule_reader *reader, const struct value *place, const char *name)
{
    struct diag *diag;
    if (!is_identifier(name)) {
        diag = settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                              "`%s` cannot be the name of a field", name);
        diag_hint(diag, "1 to %d letters, digits and `_`, the first no digit, and no word of CEL",
                  FIELD_NAME_MOST);
        return false;
    }
    if (!rule_list_has(field_own, name))
        return true;
    diag = settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                          "`%s` is what events say of the customer, and nudged reads it", name);
    diag_hint(diag, "a field has one owner: take another name");
    return false;
}

static bool check_name(const struct rule_reader *reader, const struct value *place,
                       const char *name, const struct field *before)
{
    if (!field_check_name(reader, place, name))
        return false;
    if (condition_has_root(name)) {
        settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                       "`%s` is what expressions call something else", name);
        return false;
    }
    return !field_find(before, name); /* a key twice is told by YAML */
}

/* ---- When, and what ---- */

/* A type, or a list of them; NULL-terminated. */
static const char *const *read_types(const struct rule_reader *reader, const struct value *value)
{
    struct arena *arena = reader->arena;
    bool one = value->kind == VALUE_STRING;
    uint32_t count = one ? 1 : value->kind == VALUE_LIST ? value_count(value) : 0, kept = 0;
    const char **types = arena_zero(arena, sizeof *types * (count + 1));
    if (count == 0 && value->kind != VALUE_NULL)
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                       "`on` must be an event type such as order.paid, or a list");
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = one ? value : &value->list->items[i];
        const char *type = item->kind == VALUE_STRING ? value_to_text(arena, item) : NULL;
        if (type && *type)
            types[kept++] = type;
        else
            settings_fault(reader->diags, reader->source, item, DIAG_ERROR,
                           "an event type must be a text such as order.paid");
    }
    return types;
}

static struct field_word read_word(const struct rule_reader *reader, const struct field_text *text)
{
    return (struct field_word){.on = read_types(reader, &text->on),
                               .condition = rule_condition(reader, &text->condition, NULL),
                               .set = rule_expression(reader, &text->set, NULL),
                               .condition_at = text->condition,
                               .set_at = text->set};
}

static bool is_list_of_words(const struct value *on)
{
    return on->kind == VALUE_LIST && value_count(on) > 0 && on->list->items[0].kind == VALUE_MAP;
}

static void read_words(const struct rule_reader *reader, const struct field_text *text,
                       const struct value *place, struct field *field)
{
    bool many = is_list_of_words(&text->on);
    uint32_t count = many ? value_count(&text->on) : 1;
    struct field_word *words = arena_zero(reader->arena, sizeof *words * count);
    if (!many && text->set.kind == VALUE_NULL && value_is(place, VALUE_MAP))
        settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                       "`set` is missing: what the field becomes");
    if (many && (text->set.kind != VALUE_NULL || text->condition.kind != VALUE_NULL))
        settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                       "`if` and `set` belong into each {on, if, set} of the list");
    if (!many)
        words[0] = read_word(reader, text);
    for (uint32_t i = 0; many && i < count; i++) {
        struct field_text word = {0};
        settings_read(word_settings, &text->on.list->items[i], reader->source, &word, reader->arena,
                      reader->diags);
        words[i] = read_word(reader, &word);
    }
    field->words = words;
    field->word_count = count;
}

static void read_field(const struct rule_reader *reader, const struct value_member *member,
                       struct field *field)
{
    struct field_text text = {0};
    settings_read(field_settings, &member->value, reader->source, &text, reader->arena,
                  reader->diags);
    field->initial = text.initial;
    field->place = &member->key;
    read_words(reader, &text, &member->value, field);
}

struct field *fields_read(const struct rule_reader *reader, const struct value *map)
{
    uint32_t count = map->kind == VALUE_MAP ? value_count(map) : 0, kept = 0;
    if (map->kind != VALUE_MAP && map->kind != VALUE_NULL)
        settings_fault(reader->diags, reader->source, map, DIAG_ERROR,
                       "`fields` must be a mapping of names to {default, on, set}");
    if (count > FIELD_MOST)
        settings_fault(reader->diags, reader->source, map, DIAG_ERROR, "more than %d fields",
                       FIELD_MOST);
    if (count == 0 || count > FIELD_MOST)
        return NULL;
    struct field *fields = arena_zero(reader->arena, sizeof *fields * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value_member *member = &map->map->members[i];
        const char *name = value_to_text(reader->arena, &member->key);
        read_field(reader, member, &fields[kept]);
        if (name && check_name(reader, &member->key, name, fields))
            fields[kept++].name = name;
    }
    fields[kept] = (struct field){0};
    const struct value defaults = fields_defaults(fields, reader->arena);
    if (customer_size_of_value(&defaults, CUSTOMER_FIELDS_MOST) > CUSTOMER_FIELDS_MOST)
        settings_fault(reader->diags, reader->source, map, DIAG_ERROR,
                       "the defaults of all fields are over %d bytes", CUSTOMER_FIELDS_MOST);
    return fields;
}

/* ---- Asking ---- */

const struct field *field_find(const struct field *fields, const char *name)
{
    for (; fields && fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

struct value fields_defaults(const struct field *fields, struct arena *arena)
{
    if (!fields || !fields->name)
        return value_null();
    struct value defaults = value_new_map(arena, 8);
    for (; fields->name; fields++)
        if (fields->initial.kind != VALUE_NULL)
            value_add(arena, defaults, value_text(fields->name), fields->initial);
    return defaults;
}
