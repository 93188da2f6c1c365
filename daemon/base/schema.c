/*
 * schema_of, at the end, says a shape; of a mapping each key is said by its row (of_row): by its
 * type, unless the row has a shape. A key that may be left out may also be `null`, as
 * base/settings has it. What has a name stands among the definitions once, which is how a list of
 * steps contains lists of steps.
 */
#include "base/schema.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/size.h"

enum { PATTERN_MOST = 4096 };

struct making {
    struct arena *arena;
    struct value definitions;
};

static void put(const struct making *in, struct value map, const char *key, struct value value)
{
    value_set(in->arena, map, key, value);
}

static void put_text(const struct making *in, struct value map, const char *key, const char *text)
{
    put(in, map, key, value_text(arena_text(in->arena, text)));
}

static void put_number(const struct making *in, struct value map, const char *key, double number)
{
    put(in, map, key, number == floor(number) ? value_int((int64_t)number) : value_double(number));
}

static struct value new_list(const struct making *in)
{
    return value_new_list(in->arena, 4);
}

static void push_text(const struct making *in, struct value list, const char *text)
{
    value_push(in->arena, list, value_text(text));
}

static struct value of_type(const struct making *in, const char *type)
{
    struct value schema = value_new_map(in->arena, 4);
    put_text(in, schema, "type", type);
    return schema;
}

/* A list of schemas of which one must fit. */
static struct value any_of(const struct making *in, struct value list)
{
    struct value schema = value_new_map(in->arena, 2);
    put(in, schema, "anyOf", list);
    return schema;
}

/* ---- By type ---- */

static void put_clock_pattern(struct buf *out)
{
    buf_text(out, "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]");
}

/* Texts of one form, each a definition. `error` is what editors say of another text. */
static const struct form {
    const char *name, *before;
    void (*pattern)(struct buf *out);
    const char *error;
} forms[] = {
    [SETTING_DURATION] = {"duration", "", duration_pattern,
                          "a length of time such as 30s or 1h30m"},
    [SETTING_SIZE] = {"size", "", size_pattern, "a size such as 64KiB or 1MB"},
    [SETTING_RATE] = {"rate", "0*[1-9][0-9]* per ", duration_pattern, "a rate such as 3 per 7d"},
    [SETTING_CLOCK] = {"time-of-day", "", put_clock_pattern, "a time of day such as \"09:00\""},
};

static struct value to_definition(const struct making *in, const char *name)
{
    struct value schema = value_new_map(in->arena, 2);
    put_text(in, schema, "$ref", arena_printf(in->arena, "#/definitions/%s", name));
    return schema;
}

static struct value of_form(const struct making *in, const struct form *form)
{
    struct value schema = of_type(in, "string");
    struct buf text;
    if (value_get(&in->definitions, form->name))
        return to_definition(in, form->name);
    buf_init(&text, PATTERN_MOST);
    buf_printf(&text, "^%s", form->before);
    form->pattern(&text);
    buf_char(&text, '$');
    put_text(in, schema, "pattern", buf_string(&text));
    put_text(in, schema, "patternErrorMessage", form->error);
    buf_free(&text);
    put(in, in->definitions, form->name, schema);
    return to_definition(in, form->name);
}

static struct value of_words(const struct making *in, const char *const *words)
{
    struct value schema = value_new_map(in->arena, 2), list = new_list(in);
    for (const char *const *word = words; *word; word++) {
        bool known = false;
        for (const char *const *before = words; before < word; before++)
            known = known || strcmp(*before, *word) == 0;
        if (!known)
            push_text(in, list, *word);
    }
    put(in, schema, "enum", list);
    return schema;
}

static struct value of_size(const struct making *in)
{
    struct value list = new_list(in);
    value_push(in->arena, list, of_form(in, &forms[SETTING_SIZE]));
    value_push(in->arena, list, of_type(in, "integer"));
    return any_of(in, list);
}

static struct value of_texts(const struct making *in)
{
    struct value list = new_list(in), texts = of_type(in, "array");
    put(in, texts, "items", of_type(in, "string"));
    value_push(in->arena, list, of_type(in, "string"));
    value_push(in->arena, list, texts);
    return any_of(in, list);
}

/* `true` and numbers become the text that they were written as. */
static struct value of_expression(const struct making *in)
{
    struct value schema = value_new_map(in->arena, 2), types = new_list(in);
    push_text(in, types, "string");
    push_text(in, types, "boolean");
    push_text(in, types, "number");
    put(in, schema, "type", types);
    return schema;
}

static struct value of_setting_type(const struct making *in, enum setting_type type)
{
    switch (type) {
    case SETTING_BOOL:
        return of_type(in, "boolean");
    case SETTING_INT:
        return of_type(in, "integer");
    case SETTING_SIZE:
        return of_size(in);
    case SETTING_DURATION:
    case SETTING_RATE:
    case SETTING_CLOCK:
        return of_form(in, &forms[type]);
    case SETTING_TEXTS:
        return of_texts(in);
    case SETTING_EXPRESSION:
        return of_expression(in);
    case SETTING_VALUE:
        return value_new_map(in->arena, 2);
    case SETTING_TEXT:
    case SETTING_CHOICE:
    case SETTING_SECTION:
        break;
    }
    return of_type(in, "string");
}

/* ---- Rows ---- */

static struct value say(const struct making *in, const struct shape *shape);

/* The default, as JSON. */
static void put_default(const struct making *in, const struct setting *row, struct value schema)
{
    static const bool as_json[SETTING_SECTION + 1] = {[SETTING_BOOL] = true,
                                                      [SETTING_INT] = true,
                                                      [SETTING_TEXTS] = true,
                                                      [SETTING_VALUE] = true};
    struct value value = row->fallback ? value_text(row->fallback) : value_null();
    if (!row->fallback)
        return;
    if (as_json[row->type])
        json_read(in->arena, row->fallback, strlen(row->fallback), &json_file_limits, &value, NULL);
    put(in, schema, "default", value);
}

/* What else may stand there: nothing, said aloud. */
static struct value or_null(const struct making *in, struct value schema)
{
    const struct value *type = value_get(&schema, "type"), *words = value_get(&schema, "enum");
    struct value list = new_list(in);
    if (words) {
        value_push(in->arena, *words, value_null());
    } else if (value_is(type, VALUE_LIST)) {
        push_text(in, *type, "null");
    } else if (type) {
        value_push(in->arena, list, *type);
        push_text(in, list, "null");
        put(in, schema, "type", list);
    } else if (value_get(&schema, "anyOf")) {
        value_push(in->arena, *value_get(&schema, "anyOf"), of_type(in, "null"));
    } else if (value_count(&schema)) {
        value_push(in->arena, list, schema);
        value_push(in->arena, list, of_type(in, "null"));
        return any_of(in, list);
    }
    return schema;
}

static struct value of_section(const struct making *in, const struct setting *section)
{
    const struct shape keys = {.kind = SHAPE_KEYS, .table = section};
    return say(in, &keys);
}

/* `needed`: it must stand there. */
static struct value of_row(const struct making *in, const struct setting *row, bool needed)
{
    struct value schema = row->shape                     ? say(in, row->shape)
                          : row->type == SETTING_CHOICE  ? of_words(in, row->choices)
                          : row->type == SETTING_SECTION ? of_section(in, row->section)
                                                         : of_setting_type(in, row->type);
    bool bound = row->type == SETTING_INT && !row->shape && (row->least || row->most);
    if (bound && row->least != INT64_MIN)
        put(in, schema, "minimum", value_int(row->least));
    if (bound && row->most != INT64_MAX)
        put(in, schema, "maximum", value_int(row->most));
    if (!needed && !(row->shape && row->shape->present))
        schema = or_null(in, schema);
    if (value_get(&schema, "$ref")) { /* draft-07 looks at nothing beside it */
        struct value list = new_list(in), whole = value_new_map(in->arena, 4);
        value_push(in->arena, list, schema);
        put(in, whole, "allOf", list);
        schema = whole;
    }
    if (row->help)
        put_text(in, schema, "description", row->help);
    put_default(in, row, schema);
    return schema;
}

/* ---- Mappings ---- */

/* Whether a word stands in a text of words. */
static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; at && (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

/* Calls back with each word. */
static void each_word(const struct making *in, const char *words, struct value list,
                      void (*add)(const struct making *in, struct value list, const char *word))
{
    while (words && *words) {
        size_t length = strcspn(words, " ");
        add(in, list, arena_copy(in->arena, words, length));
        words += length + strspn(words + length, " ");
    }
}

static void add_alternative(const struct making *in, struct value list, const char *word)
{
    struct value alternative = value_new_map(in->arena, 1), keys = new_list(in);
    push_text(in, keys, word);
    put(in, alternative, "required", keys);
    value_push(in->arena, list, alternative);
}

static const struct setting *row_of(const struct shape *shape, const struct setting *row)
{
    for (const struct setting *other = shape->instead; other && other->key; other++)
        if (strcmp(other->key, row->key) == 0)
            return other;
    return row;
}

static void put_rows(const struct making *in, const struct shape *shape, struct value schema)
{
    struct value properties = value_new_map(in->arena, 16), required = new_list(in);
    for (const struct setting *row = shape->table; row->key; row++) {
        const struct setting *used = row_of(shape, row);
        bool must = has_word(shape->must, row->key);
        if (shape->may && !must && !has_word(shape->may, row->key))
            continue;
        must = must || used->required;
        put(in, properties, row->key, of_row(in, used, must));
        if (must)
            push_text(in, required, row->key);
    }
    put(in, schema, "properties", properties);
    if (value_count(&required))
        put(in, schema, "required", required);
    if (!shape->open)
        put(in, schema, "additionalProperties", value_bool(false));
}

static void put_needs(const struct making *in, const char *const *needs, struct value schema)
{
    struct value dependencies = value_new_map(in->arena, 4);
    for (; *needs; needs++) {
        size_t length = strcspn(*needs, " ");
        struct value list = new_list(in);
        each_word(in, *needs + length + 1, list, push_text);
        put(in, dependencies, arena_copy(in->arena, *needs, length), list);
    }
    put(in, schema, "dependencies", dependencies);
}

static struct value of_keys(const struct making *in, const struct shape *shape)
{
    struct value schema = of_type(in, "object"), alternatives = new_list(in);
    put_rows(in, shape, schema);
    if (shape->one_of) {
        each_word(in, shape->one_of, alternatives, add_alternative);
        put(in, schema, "oneOf", alternatives);
    }
    if (shape->needs)
        put_needs(in, shape->needs, schema);
    if (shape->least > 0)
        put_number(in, schema, "minProperties", shape->least);
    return schema;
}

/* ---- Shapes ---- */

static struct value of_map(const struct making *in, const struct shape *shape)
{
    struct value schema = of_type(in, "object"), names = value_new_map(in->arena, 1);
    if (shape->of)
        put(in, schema, "additionalProperties", say(in, shape->of));
    if (shape->pattern) {
        put_text(in, names, "pattern", shape->pattern);
        put(in, schema, "propertyNames", names);
    }
    if (shape->least > 0)
        put_number(in, schema, "minProperties", shape->least);
    if (shape->most > 0)
        put_number(in, schema, "maxProperties", shape->most);
    return schema;
}

static struct value of_list(const struct making *in, const struct shape *shape)
{
    struct value schema = of_type(in, "array");
    if (shape->of)
        put(in, schema, "items", say(in, shape->of));
    if (shape->least > 0)
        put_number(in, schema, "minItems", shape->least);
    if (shape->most > 0)
        put_number(in, schema, "maxItems", shape->most);
    return schema;
}

static struct value of_number(const struct making *in, const struct shape *shape)
{
    struct value schema = of_type(in, shape->whole ? "integer" : "number");
    put_number(in, schema, shape->above ? "exclusiveMinimum" : "minimum", shape->least);
    put_number(in, schema, "maximum", shape->most);
    return schema;
}

static struct value of_either(const struct making *in, const struct shape *shape)
{
    struct value list = new_list(in);
    for (const struct shape *const *one = shape->either; *one; one++)
        value_push(in->arena, list, say(in, *one));
    return any_of(in, list);
}

static struct value of_text(const struct making *in, const struct shape *shape)
{
    struct value schema = of_type(in, "string");
    if (shape->pattern)
        put_text(in, schema, "pattern", shape->pattern);
    return schema;
}

static struct value of_kind(const struct making *in, const struct shape *shape)
{
    switch (shape->kind) {
    case SHAPE_TEXT:
        return of_text(in, shape);
    case SHAPE_NUMBER:
        return of_number(in, shape);
    case SHAPE_AS:
        return of_setting_type(in, shape->as);
    case SHAPE_CHOICE:
        return of_words(in, shape->words);
    case SHAPE_LIST:
        return of_list(in, shape);
    case SHAPE_MAP:
        return of_map(in, shape);
    case SHAPE_KEYS:
        return of_keys(in, shape);
    case SHAPE_EITHER:
        return of_either(in, shape);
    case SHAPE_NULL:
        return of_type(in, "null");
    case SHAPE_ANY:
        break;
    }
    return value_new_map(in->arena, 2);
}

/* By its definition, which is made where it is met first. */
static struct value say(const struct making *in, const struct shape *shape)
{
    if (!shape->name)
        return of_kind(in, shape);
    if (!value_get(&in->definitions, shape->name)) {
        put(in, in->definitions, shape->name, value_null()); /* it may be met within itself */
        put(in, in->definitions, shape->name, of_kind(in, shape));
    }
    return to_definition(in, shape->name);
}

struct value schema_of(struct arena *arena, const struct shape *shape, struct value definitions)
{
    const struct making in = {.arena = arena, .definitions = definitions};
    return say(&in, shape);
}
