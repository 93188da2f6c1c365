/*
 * A mapping is read by two tables, of the file and of a row; what a row does not have it takes from
 * the file, so that the customer, say, is written once. Expressions are compiled as they are met
 * (read_part), each fault moved to its place. Types are compared with the list at the file's head.
 */
#include "web/mapping.h"

#include <string.h>

#include "base/json.h"
#include "base/settings.h"
#include "base/word.h"
#include "base/yaml.h"
#include "web/mapping_parts.h"

enum {
    FILE_MOST = 256 * 1024,
    TOPICS_MOST = 512,
    ROWS_MOST = 16,
    DEPTH_MOST = 8,
    CHOICES_MOST = 8
};

/* ---- The tables ---- */

struct row_keys {
    const char *type;
    int feedback;
    struct value condition, id, time, source, customer, data;
    struct value message, code, enhanced, words;
};

struct mapping_keys {
    const char *about;
    struct signature_settings verify;
    struct value types, topics, ping, each, topic;
    struct row_keys shared; /* what each row has that says nothing else */
};

const char *const mapping_expression_keys[] = {"ping", "each",     "topic",    "if",   "id",
                                               "time", "source",   "customer", "data", "message",
                                               "code", "enhanced", "words",    NULL};

/* An expression, or some of which the first that gives something counts; or a mapping of these. */
static const struct shape expression_shape = {.kind = SHAPE_AS, .as = SETTING_EXPRESSION};
static const struct shape choice_shape = {
    .kind = SHAPE_EITHER,
    .name = "choice",
    .either = (const struct shape *const[]){
        &expression_shape,
        &(const struct shape){
            .kind = SHAPE_LIST, .of = &expression_shape, .least = 1, .most = CHOICES_MOST},
        NULL}};
static const struct shape part_shape;
static const struct shape members_shape = {.kind = SHAPE_MAP, .pattern = ".", .of = &part_shape};
static const struct shape part_shape = {
    .kind = SHAPE_EITHER,
    .name = "part",
    .either = (const struct shape *const[]){&choice_shape, &members_shape, NULL}};

#define ROW(name)  .key = #name, .offset = offsetof(struct row_keys, name)
#define HEAD(name) .key = #name, .offset = offsetof(struct mapping_keys, name)

#define PART(BASE, NAME, SHAPE, HELP)                                                            \
    {                                                                                            \
        .key = #NAME, .offset = (BASE) + offsetof(struct row_keys, NAME), .type = SETTING_VALUE, \
        .shape = SHAPE, .help = HELP                                                             \
    }

/* What a row may say, and the head of the file for all rows. */
#define SHARED(BASE)                                                                               \
    {.key = "if",                                                                                  \
     .offset = (BASE) + offsetof(struct row_keys, condition),                                      \
     .type = SETTING_EXPRESSION,                                                                   \
     .help = "only where this is true"},                                                           \
        PART(BASE, id, &choice_shape,                                                              \
             "what the event is known again by, with its source; default: a hash of topic and "    \
             "body"),                                                                              \
        PART(BASE, time, &choice_shape, "when it happened; default: when it came"),                \
        PART(BASE, source, &choice_shape, "who says so; default: the mapping's name"),             \
        PART(BASE, customer, &part_shape,                                                          \
             "whom it is about: `id`, `email` and what else is known of them; a mapping, or an "   \
             "expression that gives one"),                                                         \
        PART(BASE, data, &part_shape, "what else the event has, likewise: `order`, `cart`"),       \
        PART(BASE, message, &choice_shape,                                                         \
             "of feedback, which message: the id that the provider gives back, or the mail's "     \
             "Message-ID"),                                                                        \
        PART(BASE, code, &choice_shape, "of feedback, the SMTP code; default: that in the words"), \
        PART(BASE, enhanced, &choice_shape, "likewise the enhanced code, such as 5.1.1"),          \
        PART(BASE, words, &choice_shape, "of feedback, what the recipient's server said")

const struct setting mapping_row_settings[] = {
    {ROW(type), .type = SETTING_TEXT,
     .help = "the event's type, one of `types`; default: the topic's name"},
    {ROW(feedback), .type = SETTING_CHOICE, .choices = hook_news_kinds,
     .help = "in place of an event: what became of a message that nudged sent"},
    SHARED(0),
    {0},
};

static const struct shape row_shape = {
    .kind = SHAPE_KEYS, .name = "row", .table = mapping_row_settings};
static const struct shape topics_shape = {
    .kind = SHAPE_MAP,
    .pattern = ".",
    .least = 1,
    .most = TOPICS_MOST,
    .of = &(const struct shape){
        .kind = SHAPE_EITHER,
        .either = (const struct shape *const[]){
            &row_shape,
            &(const struct shape){
                .kind = SHAPE_LIST, .of = &row_shape, .least = 1, .most = ROWS_MOST},
            NULL}}};

const struct setting mapping_settings[] = {
    {HEAD(about), .type = SETTING_TEXT, .help = "one line"},
    {HEAD(verify), .type = SETTING_SECTION, .section = signature_settings, .required = true,
     .help = "how a delivery proves whose it is"},
    {HEAD(types), .type = SETTING_TEXTS, .fallback = "[]",
     .help = "the types that come through it; no other does"},
    {HEAD(ping), .type = SETTING_EXPRESSION,
     .help = "true of a delivery that only asks whether somebody is there: it is answered 200, "
             "signed or not, and nothing comes of it"},
    {HEAD(each), .type = SETTING_EXPRESSION,
     .help = "the list whose items are looked at one by one, as `item`"},
    {HEAD(topic), .type = SETTING_EXPRESSION, .required = true,
     .help = "what it is about, by which `topics` are chosen. An expression"},
    SHARED(offsetof(struct mapping_keys, shared)),
    {HEAD(topics), .type = SETTING_VALUE, .required = true,
     .help = "a row, or a list of rows, for each topic; `*` for any other", .shape = &topics_shape},
    {0},
};

const struct shape mapping_shape = {.kind = SHAPE_KEYS, .table = mapping_settings};

/* ---- Expressions ---- */

struct reading {
    struct arena *arena;
    struct settings_source source;
    struct diags *diags;
    struct mapping *mapping;
};

static struct diag *fault(const struct reading *in, const struct value *at, const char *format,
                          const char *word)
{
    return settings_fault(in->diags, &in->source, at, DIAG_ERROR, format, word);
}

static const char *const roots[] = {"body", "headers", "query", "received", "topic", "item", NULL};
static const struct cel_method methods[] = {
    [MAPPING_HEADER] = {.root = "", .name = "header", .least = 1, .most = 1},
    [MAPPING_JSON] = {.root = "", .name = "json", .least = 1, .most = 1},
    {0},
};

static void add_warnings(const struct reading *in, const struct value *text, struct diags *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        settings_fault_move(&in->source, text, &warnings->items[i]);
        diags_add(in->diags, &warnings->items[i]);
    }
    diags_free(warnings);
}

static const struct cel_program *compile(const struct reading *in, const struct value *text)
{
    struct value samples[MAPPING_ROOTS] = {0};
    samples[MAPPING_RECEIVED] = (struct value){.kind = VALUE_TIMESTAMP};
    const struct cel_environment environment = {
        .roots = roots, .methods = methods, .samples = samples};
    struct diags warnings = {0};
    struct diag diag = {0};
    const struct cel_program *program =
        cel_compile(in->arena, text->string, text->length, &environment, &warnings, &diag);
    add_warnings(in, text, &warnings);
    if (!program) {
        settings_fault_move(&in->source, text, &diag);
        if (!diag.hint[0])
            diag_hint(&diag, "an expression is meant here; a text stands in both quotes: "
                             "'\"shopify\"'");
        diags_add(in->diags, &diag);
    }
    return program;
}

/* `7` and `true` are written without quotes: YAML read them as what they are. */
static struct value as_text(const struct reading *in, const struct value *value)
{
    const struct slice text = json_print_slice(in->arena, value, 64);
    struct value made = value_string(text.text, text.length);
    made.flags = value->flags & (VALUE_PLACED | VALUE_PLAIN);
    made.place = value->place;
    return made;
}

static struct mapping_part read_part(const struct reading *in, const char *name,
                                     const struct value *value, int depth);

/* Of a mapping, or of a list of expressions, of which the first that gives something counts. */
static void read_members(const struct reading *in, const struct value *value, int depth,
                         struct mapping_part *part)
{
    bool list = value->kind == VALUE_LIST;
    uint32_t count = value_count(value);
    if (depth >= DEPTH_MOST || (list && (count == 0 || count > CHOICES_MOST))) {
        diag_hint(fault(in, value, "an expression is meant here%s", ""),
                  "or, outside of conditions, a list of 1 to 8, or a mapping of some");
        return;
    }
    part->first = list;
    part->count = count;
    part->members = arena_zero(in->arena, sizeof *part->members * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = list ? &value->list->items[i] : &value->map->members[i].value;
        const char *name = list ? "" : value_to_text(in->arena, &value->map->members[i].key);
        if (item->kind == VALUE_NULL)
            fault(in, item, "an expression is meant here%s", "");
        part->members[i] = read_part(in, name, item, list ? DEPTH_MOST : depth + 1);
    }
}

static struct mapping_part read_part(const struct reading *in, const char *name,
                                     const struct value *value, int depth)
{
    struct mapping_part part = {.name = name};
    if (!value || value->kind == VALUE_NULL)
        return part;
    if (value->kind == VALUE_STRING) {
        part.program = compile(in, value);
    } else if (value->kind == VALUE_MAP || value->kind == VALUE_LIST) {
        read_members(in, value, depth, &part);
    } else {
        const struct value text = as_text(in, value);
        part.program = compile(in, &text);
    }
    return part;
}

static const struct cel_program *read_condition(const struct reading *in, const char *name,
                                                const struct value *value)
{
    const struct cel_program *program = read_part(in, name, value, DEPTH_MOST).program;
    if (program && !cel_may_give(program, VALUE_BOOL))
        diag_hint(
            fault(in, value, "a condition must be true or false, and this one never is%s", ""),
            "compare it with something: size(body.line_items) > 0");
    return program;
}

/* What may be a list, or one of the kinds that are as good as a text. */
static const struct cel_program *read_as(const struct reading *in, const char *name,
                                         const struct value *value, bool list)
{
    static const enum value_kind lists[] = {VALUE_LIST, VALUE_LIST, VALUE_LIST, VALUE_LIST},
                                 texts[] = {VALUE_STRING, VALUE_INT, VALUE_UINT, VALUE_DOUBLE};
    const enum value_kind *kinds = list ? lists : texts;
    const struct cel_program *program = read_part(in, name, value, DEPTH_MOST).program;
    bool may_be = !program;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        may_be = may_be || cel_may_give(program, kinds[i]);
    if (!may_be)
        fault(in, value,
              list ? "`%s` must be a list, and this never is one"
                   : "`%s` must be a text or a number, and this never is one",
              name);
    return program;
}

/* ---- Types ---- */

/* Its own, or the topic's. */
static void check_type(const struct reading *in, const struct value *at, const char *type)
{
    const struct value *types = &in->mapping->types;
    const char **names = arena_zero(in->arena, sizeof *names * (value_count(types) + 1));
    for (uint32_t i = 0; i < value_count(types); i++) {
        names[i] = value_to_text(in->arena, &types->list->items[i]);
        if (strcmp(names[i], type) == 0)
            return;
    }
    struct diag *diag =
        fault(in, at, "`%s` is not among the `types` that this mapping lets through", type);
    diag_hint(diag, "add it to `types`");
    diag_suggest(diag, type, names);
}

static void check_types(const struct reading *in)
{
    for (uint32_t i = 0; i < value_count(&in->mapping->types); i++) {
        const struct value *item = &in->mapping->types.list->items[i];
        const char *type = value_to_text(in->arena, item);
        if (strncmp(type, "message.", 8) == 0)
            diag_hint(fault(in, item, "`%s`: nudged alone makes events of messages", type),
                      "say what became of a message by a row with `feedback`");
    }
}

/* ---- Rows ---- */

static void check_feedback(const struct reading *in, const struct value *at,
                           const struct mapping_row *row)
{
    static const char *const not_of_feedback[] = {"type",   "id",       "time",
                                                  "source", "customer", "data"};
    static const char *const of_feedback[] = {"message", "code", "enhanced", "words"};
    size_t count = row->is_feedback ? sizeof not_of_feedback / sizeof *not_of_feedback
                                    : sizeof of_feedback / sizeof *of_feedback;
    const char *const *words = row->is_feedback ? not_of_feedback : of_feedback;
    for (size_t i = 0; i < count; i++)
        if (value_get(at, words[i]))
            fault(in, value_get(at, words[i]),
                  row->is_feedback ? "feedback has no `%s`" : "`%s` is of feedback", words[i]);
    if (row->is_feedback && !row->message.program && !row->message.count)
        diag_hint(fault(in, at, "feedback needs `message`%s", ""),
                  "the id that the provider gives back: item.mid");
}

/* The parts of a row, or those that the head of the file has for all rows. */
static void read_parts(const struct reading *in, const struct row_keys *keys,
                       struct mapping_row *row)
{
    const struct {
        const char *name;
        const struct value *value;
        struct mapping_part *part;
    } parts[] = {{"id", &keys->id, &row->id},
                 {"time", &keys->time, &row->time},
                 {"source", &keys->source, &row->source},
                 {"customer", &keys->customer, &row->customer},
                 {"data", &keys->data, &row->data},
                 {"message", &keys->message, &row->message},
                 {"code", &keys->code, &row->code},
                 {"enhanced", &keys->enhanced, &row->enhanced},
                 {"words", &keys->words, &row->words}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool plain = parts[i].part != &row->customer && parts[i].part != &row->data;
        if (parts[i].value->kind == VALUE_MAP && plain)
            fault(in, parts[i].value, "`%s` is an expression, not a mapping", parts[i].name);
        else if (parts[i].value->kind != VALUE_NULL)
            *parts[i].part = read_part(in, parts[i].name, parts[i].value, 0);
    }
    if (keys->condition.kind != VALUE_NULL)
        row->condition = read_condition(in, "if", &keys->condition);
}

static void read_row(const struct reading *in, const char *topic, const struct value *value,
                     const struct mapping_row *head, struct mapping_row *row)
{
    struct row_keys keys;
    if (!settings_read(mapping_row_settings, value, &in->source, &keys, in->arena, in->diags))
        return;
    *row = *head;
    row->type = keys.type;
    row->is_feedback = keys.feedback >= 0;
    read_parts(in, &keys, row);
    if (row->is_feedback) {
        row->kind = (enum hook_news_kind)keys.feedback;
        in->mapping->has_feedback = true;
    } else if (keys.type || strcmp(topic, "*") != 0) {
        check_type(in, keys.type ? value_get(value, "type") : value, keys.type ? keys.type : topic);
    }
    check_feedback(in, value, row);
}

static void read_topic(const struct reading *in, const struct value_member *member,
                       const struct mapping_row *head, struct mapping_topic *topic)
{
    const struct value *value = &member->value;
    uint32_t count = value->kind == VALUE_LIST ? value_count(value) : 1;
    topic->name = value_to_text(in->arena, &member->key);
    if (count == 0 || count > ROWS_MOST) {
        fault(in, &member->key, "a topic is one row, or a list of 1 to 16%s", "");
        return;
    }
    topic->count = count;
    topic->rows = arena_zero(in->arena, sizeof *topic->rows * count);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *row = value->kind == VALUE_LIST ? &value->list->items[i] : value;
        if (row->kind == VALUE_MAP)
            read_row(in, topic->name, row, head, &topic->rows[i]);
        else
            diag_hint(
                fault(in, row->kind == VALUE_NULL ? &member->key : row, "a row is a mapping%s", ""),
                "`{}` takes all from the head of the file, and the topic's name as the type");
    }
}

static void read_topics(const struct reading *in, const struct value *topics,
                        const struct mapping_row *head)
{
    struct mapping *mapping = in->mapping;
    uint32_t count = value_count(topics);
    if (!value_is(topics, VALUE_MAP) || count == 0 || count > TOPICS_MOST) {
        fault(in, topics, "`topics` is a mapping of 1 to 512 topics%s", "");
        return;
    }
    mapping->topics = arena_zero(in->arena, sizeof *mapping->topics * count);
    mapping->topic_count = count;
    for (uint32_t i = 0; i < count; i++)
        read_topic(in, &topics->map->members[i], head, &mapping->topics[i]);
}

/* ---- The file ---- */

static bool read_document(struct reading *in, const char *text, size_t length, struct value *map)
{
    const struct yaml_options options = {
        .file = in->source.file, .bytes = FILE_MOST, .expression_keys = mapping_expression_keys};
    struct value documents;
    struct diag diag;
    if (!yaml_read(in->arena, text, length, &options, &documents, &diag)) {
        diags_add(in->diags, &diag);
        return false;
    }
    if (value_count(&documents) == 1 && value_is(&documents.list->items[0], VALUE_MAP)) {
        *map = documents.list->items[0];
        return true;
    }
    const struct value *found = value_count(&documents) ? &documents.list->items[0] : NULL;
    if (value_is(found, VALUE_MAP)) /* and another behind it */
        fault(in, &documents.list->items[1], "a mapping of webhooks is one mapping%s", "");
    else
        fault(in, found, "a mapping of webhooks is a mapping of keys to values, not %s",
              found ? value_kind_name(found->kind) : "empty");
    return false;
}

static void read_head(struct reading *in, const struct value *map)
{
    struct mapping *mapping = in->mapping;
    struct mapping_keys head;
    struct mapping_row shared = {0};
    if (!settings_read(mapping_settings, map, &in->source, &head, in->arena, in->diags))
        return;
    mapping->about = head.about ? head.about : "";
    mapping->verify = head.verify;
    mapping->types = head.types;
    signature_settings_check(&head.verify, value_get(map, "verify"), &in->source, in->diags);
    check_types(in);
    if (head.ping.kind != VALUE_NULL)
        mapping->ping = read_condition(in, "ping", &head.ping);
    if (head.each.kind != VALUE_NULL)
        mapping->each = read_as(in, "each", &head.each, true);
    mapping->topic = read_as(in, "topic", &head.topic, false);
    read_parts(in, &head.shared, &shared);
    mapping->id = shared.id;
    read_topics(in, &head.topics, &shared);
}

struct mapping *mapping_read(struct arena *arena, const char *name, const char *file,
                             const char *text, size_t length, struct diags *diags)
{
    struct mapping *mapping = arena_zero(arena, sizeof *mapping);
    struct reading in = {
        .arena = arena, .source = {file, text, length}, .diags = diags, .mapping = mapping};
    struct value map;
    size_t errors = diags->errors;
    mapping->name = arena_text(arena, name);
    if (!word_is_plain(name, strlen(name)) || strcmp(name, "nudged") == 0)
        diag_hint(fault(&in, NULL, "`%s` cannot be the name of a mapping", name), "%s", word_hint);
    if (read_document(&in, text, length, &map))
        read_head(&in, &map);
    return diags->errors == errors ? mapping : NULL;
}

const char *mapping_name(const struct mapping *mapping)
{
    return mapping->name;
}

const char *mapping_about(const struct mapping *mapping)
{
    return mapping->about;
}

const struct signature_settings *mapping_verify(const struct mapping *mapping)
{
    return &mapping->verify;
}

const struct value *mapping_types(const struct mapping *mapping)
{
    return &mapping->types;
}

bool mapping_has_feedback(const struct mapping *mapping)
{
    return mapping->has_feedback;
}

bool mapping_has_ping(const struct mapping *mapping)
{
    return mapping->ping != NULL;
}
