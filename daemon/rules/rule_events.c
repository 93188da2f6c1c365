/*
 * rule_events_read, at the end, takes one {on, if} or a list of them. A list becomes one list of
 * types and one condition, which tells the types apart; those that stand in it without a condition
 * are kept besides.
 */
#include "rules/rule_events.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/settings.h"
#include "rules/condition.h"
#include "rules/rule.h"
#include "rules/rule_expression.h"

#define HINT_TYPES "`*` stands for nothing: name them all, as [cart.updated, cart.emptied]"

/* ---- Types ---- */

const char *const rule_events_own[] = {"customer.subscribed",   "customer.unsubscribed",
                                       "customer.resubscribed", "customer.erased",
                                       "message.sent",          "message.failed",
                                       "message.bounced",       "message.uncertain",
                                       "message.complained",    NULL};

/* What is written in place of a type: `cart.*`, "order.placed or order.paid", "0 9 * * 1". NULL:
 * it reads as one. */
static const char *advice_on(const char *type)
{
    if (strchr(type, ' ') && !type[strspn(type, "0123456789*/,- ")])
        return "a time is a clock: `on: {every: week, on: mon, at: \"09:00\"}`";
    if (strpbrk(type, "<>=!()"))
        return "a condition stands beside its event: {on: order.placed, if: order.total > 20}";
    if (strchr(type, '*'))
        return HINT_TYPES;
    if (strpbrk(type, ",|") || strstr(type, " or ") || strstr(type, " and "))
        return "several types are a list: [order.placed, order.paid]";
    return NULL;
}

/* It would be a type of that name. */
static void doubt_type(const struct rule_reader *reader, const struct value *value,
                       const char *type)
{
    const char *advice = advice_on(type);
    if (advice)
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_WARNING,
                                 "the event type `%s` is none that anybody pushes", type),
                  "%s", advice);
}

/* An unknown type is no error where no types are declared; a near miss of a declared
 * one is worth a warning. */
static void check_type(const struct rule_reader *reader, const struct value *value,
                       const char *type)
{
    uint32_t count = value_count(reader->known_events);
    if (!count)
        doubt_type(reader, value, type);
    if (!count || value_get(reader->known_events, type) || rule_list_has(rule_events_own, type))
        return;
    const char **names = arena_alloc(reader->arena, sizeof *names * (count + 1));
    for (uint32_t i = 0; i < count; i++)
        names[i] = value_to_text(reader->arena, &reader->known_events->map->members[i].key);
    names[count] = NULL;
    struct diag *diag = settings_fault(reader->diags, reader->source, value, DIAG_WARNING,
                                       "the event type `%s` is not in events.yaml", type);
    diag_suggest(diag, type, names);
    if (advice_on(type))
        diag_hint(diag, "%s", advice_on(type));
}

static const struct shape type_shape = {.kind = SHAPE_TEXT, .pattern = "."};

const struct shape rule_events_types_shape = {
    .kind = SHAPE_EITHER,
    .name = "types",
    .either = (const struct shape *const[]){
        &type_shape, &(const struct shape){.kind = SHAPE_LIST, .of = &type_shape, .least = 1},
        NULL}};

static const char *read_type(const struct rule_reader *reader, const struct value *value)
{
    const char *type = value_to_text(reader->arena, value);
    if (type && *type) {
        check_type(reader, value, type);
        return type;
    }
    settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                   "an event type must be a text such as order.placed");
    return NULL;
}

static void refuse_empty(const struct rule_reader *reader, const struct value *list)
{
    if (value_is(list, VALUE_LIST) && value_count(list) == 0 && list->flags & VALUE_PLACED)
        settings_fault(reader->diags, reader->source, list, DIAG_ERROR,
                       "the list names no event type");
}

const char *const *rule_events_types(const struct rule_reader *reader, const struct value *value)
{
    bool one = value_is(value, VALUE_STRING);
    uint32_t count = one ? 1 : value_is(value, VALUE_LIST) ? value_count(value) : 0, kept = 0;
    const char **types = arena_alloc(reader->arena, sizeof *types * (count + 1));
    refuse_empty(reader, value);
    for (uint32_t i = 0; i < count; i++) {
        const char *type = read_type(reader, one ? value : &value->list->items[i]);
        if (type)
            types[kept++] = type;
    }
    types[kept] = NULL;
    return types;
}

/* ---- Types with conditions ---- */

struct on_if {
    struct value on, condition;
};

static const struct setting on_if_settings[] = {
    {.key = "on",
     .type = SETTING_TEXTS,
     .offset = offsetof(struct on_if, on),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "an event type, or a list",
     .shape = &rule_events_types_shape},
    {.key = "if",
     .type = SETTING_EXPRESSION,
     .offset = offsetof(struct on_if, condition),
     .reload = SETTING_RELOAD,
     .help = "a condition; `start` is the data of the event that started the journey"},
    {0},
};

static const char *const no_types[] = {NULL};

static const struct shape on_if_shape = {.kind = SHAPE_KEYS, .table = on_if_settings};

static const struct shape one_shape = {
    .kind = SHAPE_EITHER, .either = (const struct shape *const[]){&type_shape, &on_if_shape, NULL}};

const struct shape rule_events_shape = {
    .kind = SHAPE_EITHER,
    .name = "events",
    .either = (const struct shape *const[]){
        &type_shape, &on_if_shape,
        &(const struct shape){.kind = SHAPE_LIST, .of = &one_shape, .least = 1}, NULL}};

/* A type, or {on, if}. */
static struct rule_events read_one(const struct rule_reader *reader, const struct value *value,
                                   const char *key)
{
    struct rule_events events = {.types = no_types};
    struct on_if parts = {0};
    if (value->kind == VALUE_STRING) {
        events.types = rule_events_types(reader, value);
    } else if (value->kind == VALUE_MAP) {
        settings_read(on_if_settings, value, reader->source, &parts, reader->arena, reader->diags);
        events.types = rule_events_types(reader, &parts.on);
        events.condition = rule_condition(reader, &parts.condition, events.types);
    } else {
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                       "`%s` must be an event type, {on, if}, or a list of these", key);
    }
    events.plain = events.condition ? no_types : events.types;
    return events;
}

/* event.type in ["order.placed"] && (…): its comment may end in the last line. */
static void print_one(struct buf *text, const struct rule_events *events)
{
    buf_text(text, text->length ? " || event.type in [" : "event.type in [");
    for (uint32_t i = 0; events->types[i]; i++) {
        buf_text(text, i ? ", " : "");
        json_print_string(text, events->types[i], strlen(events->types[i]));
    }
    buf_text(text, "]");
    if (events->condition)
        buf_printf(text, " && (%s\n)", cel_text(events->condition));
}

/* One condition for all of them; NULL after a fault. */
static struct cel_program *compile_all(const struct rule_reader *reader, const struct value *list,
                                       const char *key, const struct rule_events *all)
{
    struct cel_program *program = NULL;
    struct diag diag;
    struct buf text;
    buf_init(&text, CEL_TEXT_MOST);
    for (uint32_t i = 0; i < value_count(list); i++)
        print_one(&text, &all[i]);
    if (!text.full)
        program =
            condition_compile(reader->arena, buf_string(&text), text.length, NULL, NULL, &diag);
    buf_free(&text);
    if (!program)
        settings_fault(reader->diags, reader->source, list, DIAG_ERROR,
                       "the conditions of `%s` are too long together", key);
    return program;
}

/* The types of all of them, or the plain ones, each once. */
static const char *const *join_types(struct arena *arena, const struct rule_events *all,
                                     uint32_t count, bool plain)
{
    uint32_t most = 0, kept = 0;
    for (uint32_t i = 0; i < count; i++)
        for (const char *const *type = all[i].types; *type; type++)
            most++;
    const char **types = arena_zero(arena, sizeof *types * (most + 1));
    for (uint32_t i = 0; i < count; i++)
        for (const char *const *type = plain ? all[i].plain : all[i].types; *type; type++)
            if (!rule_list_has(types, *type))
                types[kept++] = *type;
    return types;
}

static struct rule_events read_list(const struct rule_reader *reader, const struct value *list,
                                    const char *key)
{
    uint32_t count = value_count(list);
    struct rule_events *all = arena_zero(reader->arena, sizeof *all * (count + 1));
    size_t errors = reader->diags->errors;
    bool conditional = false;
    refuse_empty(reader, list);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = read_one(reader, &list->list->items[i], key);
        conditional = conditional || all[i].condition;
    }
    struct rule_events events = {.types = join_types(reader->arena, all, count, false),
                                 .plain = join_types(reader->arena, all, count, true)};
    if (count == 1)
        events = all[0];
    else if (conditional && reader->diags->errors == errors)
        events.condition = compile_all(reader, list, key, all);
    return events;
}

struct rule_events rule_events_read(const struct rule_reader *reader, const struct value *value,
                                    const char *key)
{
    if (!value || value->kind == VALUE_NULL)
        return (struct rule_events){.types = no_types, .plain = no_types};
    return value->kind == VALUE_LIST ? read_list(reader, value, key) : read_one(reader, value, key);
}
