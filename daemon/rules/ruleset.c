/*
 * Building collects what the files declare, in their order: event types with their samples,
 * rules by their names. Finishing sorts the rules and makes what they are found by:
 *
 *   by_name    a rule; one's own name by its address (by_address)
 *   types      of each event type the rules that it begins or ends, highest priority first; those
 *              of `on` also as an index (rules/rule_index), and of them those that restart. Here
 *              are the types that customers count: those that are declared, these, and every string
 *              in an expression
 *
 * All of it lies in the arena that the set took over, but the maps.
 */
#include "rules/ruleset.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/canonical.h"
#include "base/digest.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/shape.h"
#include "rules/field.h"
#include "rules/rule_cycles.h"
#include "rules/rule_events.h"
#include "rules/rule_flow.h"
#include "rules/rule_index.h"
#include "rules/rule_looks_back.h"
#include "rules/rule_read.h"
#include "rules/ruleset_fields.h"

enum {
    RULES_MOST = 20000,
    RULE_TEXT_MOST = 32 << 20 /* of a file of 4 MiB, as JSON */
};

struct list {
    const struct rule **rules; /* NULL-terminated */
    uint32_t count, capacity;
};

/* What becomes of a type: `is` has it for whoever asks. */
struct type {
    struct list on, until;
    struct ruleset_type is;
};

struct ruleset {
    struct arena *arena;
    const struct rule **rules; /* by priority, then by name */
    uint32_t count, capacity;
    struct map *by_name;            /* name: struct rule */
    const struct rule **by_address; /* slots, by where the name is; NULL: it is free */
    size_t address_mask;
    struct map *types;          /* type: struct type */
    const struct rule **clocks; /* NULL-terminated */
    struct value events;
    unsigned char digest[DIGEST_SIZE];
};

static const struct rule *const no_rules[] = {NULL};

void ruleset_destroy(struct ruleset **ruleset)
{
    struct ruleset *set = *ruleset;
    if (!set)
        return;
    map_destroy(&set->by_name);
    map_destroy(&set->types);
    arena_destroy(&set->arena);
    free(set);
    *ruleset = NULL;
}

/* ---- Building: what files declare ---- */

struct ruleset_builder {
    struct ruleset *set;
    const struct ruleset_settings *settings;
    struct diags *diags;
    size_t errors; /* that `diags` had before */
    struct rule_cycles cycles;
    struct rule_references references;
    struct ruleset_fields fields;
};

struct ruleset_builder *ruleset_begin(struct arena *arena, const struct ruleset_settings *settings,
                                      struct diags *diags)
{
    struct ruleset *set = mem_zero(1, sizeof *set);
    struct ruleset_builder *builder = mem_zero(1, sizeof *builder);
    set->arena = arena;
    set->by_name = map_new();
    set->types = map_new();
    set->events = value_new_map(arena, 8);
    *builder = (struct ruleset_builder){.set = set,
                                        .settings = settings,
                                        .diags = diags,
                                        .errors = diags->errors,
                                        .fields = {.arena = arena,
                                                   .events = &set->events,
                                                   .fields = settings->fields,
                                                   .source = settings->config_source,
                                                   .diags = diags,
                                                   .set = value_new_map(arena, 4)}};
    return builder;
}

struct event_type {
    const char *about;
    struct value sample;
};

static const struct setting event_type_settings[] = {
    {.key = "about",
     .type = SETTING_TEXT,
     .offset = offsetof(struct event_type, about),
     .reload = SETTING_RELOAD,
     .help = "prose, for people"},
    {.key = "sample",
     .type = SETTING_VALUE,
     .offset = offsetof(struct event_type, sample),
     .reload = SETTING_RELOAD,
     .help = "the data of one such event, and its `customer`",
     .shape = &(const struct shape){.kind = SHAPE_MAP}},
    {0},
};

const struct shape ruleset_events_shape = {
    .kind = SHAPE_MAP,
    .of = &(const struct shape){
        .kind = SHAPE_KEYS, .table = event_type_settings, .must = "sample", .may = "about"}};

/* The data without `sample` above it, or a key above all types. */
static void refuse_sample(const struct settings_source *source, const struct value_member *type,
                          struct diags *diags)
{
    bool above = value_is_text(&type->key, "events") || value_is_text(&type->key, "event_types");
    struct diag *diag =
        settings_fault(diags, source, &type->key, DIAG_ERROR,
                       "an event type needs a `sample`: the data of one such event");
    if (above && value_is(&type->value, VALUE_MAP))
        diag_hint(diag, "event types begin the line, with nothing above them");
    else
        diag_hint(diag, "order.placed: {sample: {order: {id: o1, total: 64.90}}}");
}

/* One type of events.yaml: `order.placed: {about: …, sample: {…}}`. */
static void add_event(struct ruleset *set, const struct settings_source *source,
                      const struct value_member *type, struct diags *diags)
{
    struct event_type event = {0};
    const struct value *given = value_get(&type->value, "sample");
    bool meant = value_is(&type->value, VALUE_MAP) &&
                 settings_meant(event_type_settings, &type->value, "sample", set->arena);
    if (given || meant)
        settings_read(event_type_settings, &type->value, source, &event, set->arena, diags);
    if (!value_is(&event.sample, VALUE_MAP)) {
        if (!meant)
            refuse_sample(source, type, diags);
        return;
    }
    const struct value *inner = value_get(&event.sample, "type");
    if (value_is(inner, VALUE_STRING) && value_equal(inner, &type->key))
        diag_hint(settings_fault(diags, source, inner, DIAG_ERROR,
                                 "a `sample` is the event's data, without its `type`"),
                  "what stands in `data` stands in the sample itself, beside `customer`");
    value_add(set->arena, set->events, type->key, event.sample);
}

bool ruleset_add_events(struct ruleset_builder *builder, const struct settings_source *source,
                        const struct value *documents)
{
    struct diags *diags = builder->diags;
    size_t errors = diags->errors;
    for (uint32_t d = 0; d < value_count(documents); d++) {
        const struct value *root = &documents->list->items[d];
        if (root->kind != VALUE_MAP && root->kind != VALUE_NULL)
            diag_hint(settings_fault(diags, source, root, DIAG_ERROR,
                                     "events.yaml must be a mapping of event types"),
                      "order.placed: {sample: {order: {id: o1, total: 64.90}}}");
        for (uint32_t i = 0; root->kind == VALUE_MAP && i < value_count(root); i++)
            add_event(builder->set, source, &root->map->members[i], diags);
    }
    return diags->errors == errors;
}

/* All that the rule's document says, and the ids of its steps, some of which are made of it. */
static void digest_rule(struct rule *rule, const struct value *document)
{
    struct buf text;
    buf_init(&text, RULE_TEXT_MOST);
    canonical_print(&text, document);
    for (uint32_t i = 0; i < rule->step_count; i++) {
        buf_char(&text, '\n');
        buf_text(&text, rule->steps[i].id);
    }
    digest_sha256(buf_string(&text), text.length, rule->digest);
    buf_free(&text);
}

static void add_rule(struct ruleset *set, const struct settings_source *source, struct rule *rule,
                     const struct value *document, struct diags *diags)
{
    const struct rule *other = map_get(set->by_name, rule->name, strlen(rule->name));
    if (other) {
        settings_fault(diags, source, value_get(document, "name"), DIAG_ERROR,
                       "the name `%s` is taken: %s:%u", rule->name, other->file, other->line);
        return;
    }
    if (set->count == RULES_MOST) {
        settings_fault(diags, source, document, DIAG_ERROR, "more than %d rules", RULES_MOST);
        return;
    }
    digest_rule(rule, document);
    map_put(set->by_name, rule->name, strlen(rule->name), rule);
    set->rules = arena_grow(set->arena, set->rules, set->count, &set->capacity, sizeof *set->rules);
    set->rules[set->count++] = rule;
}

void ruleset_note_fields(struct ruleset_builder *builder, const struct value *documents)
{
    ruleset_fields_note(&builder->fields, documents);
}

void ruleset_add_rules(struct ruleset_builder *builder, const struct settings_source *source,
                       const struct value *documents)
{
    struct ruleset *set = builder->set;
    const struct rule_reader reader = {.arena = set->arena,
                                       .source = source,
                                       .diags = builder->diags,
                                       .known_events = &set->events,
                                       .known_customer = ruleset_fields_known(&builder->fields),
                                       .sampled = ruleset_fields_sampled(&builder->fields),
                                       .fields = builder->settings->fields,
                                       .owners = &builder->fields.owners,
                                       .topics = builder->settings->topics,
                                       .channels = builder->settings->channels,
                                       .now_ms = builder->settings->now_ms,
                                       .references = &builder->references};
    for (uint32_t i = 0; i < documents->list->count; i++) {
        const struct value *document = &documents->list->items[i];
        if (document->kind == VALUE_NULL)
            continue; /* an empty document between two `---` */
        const struct rule_reference *before = builder->references.first;
        struct rule *rule = rule_read(&reader, document);
        if (!rule)
            continue;
        rule->lookups = rule_references_lookups(&builder->references, before, set->arena);
        rule_looks_back_note(rule);
        ruleset_templates_check(&builder->settings->templates, source, rule, builder->diags);
        rule_flow_check(rule, source, &builder->settings->cap, set->arena, builder->diags);
        add_rule(set, source, rule, document, builder->diags);
        rule_cycles_note(&builder->cycles, set->arena, rule, source);
    }
}

/* ---- Finishing: what the rules are found by ---- */

static int by_priority(const void *a, const void *b)
{
    const struct rule *one = *(const struct rule *const *)a;
    const struct rule *two = *(const struct rule *const *)b;
    if (one->priority != two->priority)
        return one->priority > two->priority ? -1 : 1;
    return strcmp(one->name, two->name);
}

static struct type *count(struct ruleset *set, const char *name, size_t length)
{
    struct type *type = map_get(set->types, name, length);
    if (type)
        return type;
    type = arena_zero(set->arena, sizeof *type);
    type->is.counted = true;
    map_put(set->types, name, length, type);
    return type;
}

static struct type *count_text(struct ruleset *set, const char *name)
{
    return count(set, name, strlen(name));
}

static void add_to(struct ruleset *set, struct list *list, const struct rule *rule)
{
    list->rules =
        arena_grow(set->arena, list->rules, list->count, &list->capacity, sizeof *list->rules);
    list->rules[list->count++] = rule;
}

/* Event types that an expression names in customer.count("…") and its siblings: every string
 * in it, since counting one too many does no harm. */
static void count_named(struct ruleset *set, const struct cel_program *program)
{
    if (!program)
        return;
    const struct value_list *strings = cel_strings(program)->list;
    for (uint32_t i = 0; i < strings->count; i++)
        count(set, strings->items[i].string, strings->items[i].length);
}

/* Likewise those that a wait goes on at. */
static void count_named_in_step(struct ruleset *set, const struct rule_step *step)
{
    count_named(set, step->for_whom);
    count_named(set, step->condition);
    count_named(set, step->to);
    count_named(set, step->wait_until);
    count_named(set, step->or_if);
    for (const char *const *type = step->or_; type && *type; type++)
        count_text(set, *type); /* message.sent is made where asked for */
    count_named(set, step->from);
    for (const struct rule_data *data = step->data; data && data->name; data++)
        count_named(set, data->program);
}

static void index_rules(struct ruleset *set)
{
    if (set->count)
        qsort(set->rules, set->count, sizeof(struct rule *), by_priority);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct rule *rule = set->rules[i];
        for (const char *const *type = rule->on; *type; type++)
            add_to(set, &count_text(set, *type)->on, rule);
        for (const char *const *type = rule->until; *type; type++)
            add_to(set, &count_text(set, *type)->until, rule);
        count_named(set, rule->condition);
        count_named(set, rule->until_condition);
        count_named(set, rule->per);
        count_named(set, rule->while_condition);
        for (uint32_t s = 0; s < rule->step_count; s++)
            count_named_in_step(set, &rule->steps[s]);
    }
}

static void list_clocks(struct ruleset *set)
{
    uint32_t count = 0;
    set->clocks = arena_alloc(set->arena, sizeof *set->clocks * (set->count + 1));
    for (uint32_t i = 0; i < set->count; i++)
        if (set->rules[i]->clock && set->rules[i]->enabled)
            set->clocks[count++] = set->rules[i];
    set->clocks[count] = NULL;
}

/* They are in order. */
static void digest_rules(struct ruleset *set)
{
    struct buf digests;
    buf_init(&digests, (size_t)RULES_MOST * DIGEST_SIZE);
    for (uint32_t i = 0; i < set->count; i++)
        buf_add(&digests, set->rules[i]->digest, DIGEST_SIZE);
    digest_sha256(buf_string(&digests), digests.length, set->digest);
    buf_free(&digests);
}

/* Ends a list with the NULL that its readers look for. */
static const struct rule *const *end_list(struct ruleset *set, struct list *list)
{
    add_to(set, list, NULL);
    return list->rules;
}

static void make_types(struct ruleset *set, bool plain)
{
    size_t cursor = 0;
    void *value;
    while (map_next(set->types, &cursor, NULL, NULL, &value)) {
        struct type *type = value;
        if (type->on.count)
            type->is.index = rule_index_new(set->arena, type->on.rules, type->on.count, plain);
        type->is.on = end_list(set, &type->on);
        type->is.until = end_list(set, &type->until);
    }
}

static size_t slot_of(const struct ruleset *set, const char *name)
{
    return (size_t)((uintptr_t)name * 0x9e3779b97f4a7c15u >> 32) & set->address_mask;
}

/* A quarter of the slots is taken at most. */
static void index_addresses(struct ruleset *set)
{
    size_t slots = 4;
    while (slots < (size_t)set->count * 4)
        slots *= 2;
    set->by_address = arena_zero(set->arena, sizeof *set->by_address * slots);
    set->address_mask = slots - 1;
    for (uint32_t i = 0; i < set->count; i++) {
        size_t slot = slot_of(set, set->rules[i]->name);
        while (set->by_address[slot])
            slot = (slot + 1) & set->address_mask;
        set->by_address[slot] = set->rules[i];
    }
}

/* ---- What expressions ask about ---- */

/* A list that is made name by name. */
struct names {
    struct arena *arena;
    const char **items;
    uint32_t count, capacity;
};

static void add_name(struct names *names, const char *name)
{
    names->items = arena_grow(names->arena, names->items, names->count, &names->capacity,
                              sizeof *names->items);
    names->items[names->count++] = name;
}

/* What the events that begin some rule have in their samples: a segment may be asked in any of
 * their journeys. NULL where one of those events is not declared. */
static const struct value *known_start(const struct ruleset_builder *builder)
{
    const struct ruleset *set = builder->set;
    struct value *all = arena_alloc(set->arena, sizeof *all);
    *all = value_new_map(set->arena, 16);
    for (uint32_t i = 0; i < set->count; i++)
        for (const char *const *type = set->rules[i]->on; *type; type++) {
            const struct value *sample = value_get(&set->events, *type);
            if (!sample)
                return NULL;
            *all = value_merge(set->arena, all, sample);
        }
    return set->count ? all : NULL;
}

/* What a wait goes on at, and what is made. */
static void add_types_of_step(struct names *names, const struct rule_step *step)
{
    for (const char *const *type = step->or_; type && *type; type++)
        add_name(names, *type);
    if (step->kind == RULE_STEP_EMIT)
        add_name(names, step->emits);
}

/* Declared, or named by a rule. NULL where no types are declared: then any may come. */
static const char *const *known_types(struct ruleset *set)
{
    struct names names = {.arena = set->arena};
    if (!value_count(&set->events))
        return NULL;
    for (uint32_t i = 0; i < value_count(&set->events); i++)
        add_name(&names, value_to_text(set->arena, &set->events.map->members[i].key));
    for (const char *const *type = rule_events_own; *type; type++)
        add_name(&names, *type);
    for (uint32_t i = 0; i < set->count; i++) {
        for (const char *const *type = set->rules[i]->on; *type; type++)
            add_name(&names, *type);
        for (const char *const *type = set->rules[i]->until; *type; type++)
            add_name(&names, *type);
        for (uint32_t s = 0; s < set->rules[i]->step_count; s++)
            add_types_of_step(&names, &set->rules[i]->steps[s]);
    }
    add_name(&names, NULL);
    return names.items;
}

/* NULL where some rule could not be read: its name is not known. */
static const char *const *known_rules(const struct ruleset_builder *builder)
{
    struct ruleset *set = builder->set;
    struct names names = {.arena = set->arena};
    if (builder->diags->errors != builder->errors)
        return NULL;
    for (uint32_t i = 0; i < set->count; i++)
        add_name(&names, set->rules[i]->name);
    add_name(&names, NULL);
    return names.items;
}

static const char *const *known_segments(const struct ruleset_builder *builder)
{
    struct names names = {.arena = builder->set->arena};
    const struct condition_segment *segment = builder->settings->segments;
    if (!segment)
        return NULL;
    for (; segment->name; segment++)
        add_name(&names, segment->name);
    add_name(&names, NULL);
    return names.items;
}

static void check_references(struct ruleset_builder *builder)
{
    const struct rule_references *others = builder->settings->references;
    const struct rule_references_known known = {.rules = known_rules(builder),
                                                .types = known_types(builder->set),
                                                .segments = known_segments(builder),
                                                .customer = ruleset_fields_known(&builder->fields),
                                                .start = known_start(builder)};
    rule_references_check(&builder->references, &known, builder->diags);
    if (!others)
        return;
    rule_references_check(others, &known, builder->diags);
    if (known.customer)
        rule_references_check_fields(others, builder->set->arena, &known, builder->diags);
}

static bool names_message(const struct value *type)
{
    static const char own[] = "message.";
    return type->length >= sizeof own - 1 && memcmp(type->string, own, sizeof own - 1) == 0;
}

/* Types are counted that are declared or that something names. */
static void count_types(struct ruleset *set, const struct ruleset_settings *settings)
{
    for (uint32_t i = 0; i < value_count(&set->events); i++) {
        const struct value *type = &set->events.map->members[i].key;
        if (type->kind == VALUE_STRING && !names_message(type)) /* those are made where asked for */
            count(set, type->string, type->length);
    }
    for (struct cel_program *const *condition = settings->conditions; condition && *condition;
         condition++)
        count_named(set, *condition);
    for (const struct field *field = settings->fields; field && field->name; field++)
        for (uint32_t w = 0; w < field->word_count; w++) {
            for (const char *const *type = field->words[w].on; *type; type++)
                count_text(set, *type)->is.computed = true;
            count_named(set, field->words[w].condition);
            count_named(set, field->words[w].set);
        }
}

struct ruleset *ruleset_finish(struct ruleset_builder **builder)
{
    struct ruleset *set = (*builder)->set;
    const struct ruleset_settings *settings = (*builder)->settings;
    ruleset_fields_check(&(*builder)->fields);
    check_references(*builder);
    rule_cycles_check(&(*builder)->cycles, set->arena, (*builder)->diags);
    bool failed = (*builder)->diags->errors != (*builder)->errors;
    free(*builder);
    *builder = NULL;
    if (failed) {
        ruleset_destroy(&set);
        return NULL;
    }
    index_rules(set);
    list_clocks(set);
    digest_rules(set);
    index_addresses(set);
    count_types(set, settings);
    make_types(set, settings->plain);
    return set;
}

/* ---- Asking ---- */

const struct arena *ruleset_arena(const struct ruleset *ruleset)
{
    return ruleset->arena;
}

size_t ruleset_count(const struct ruleset *ruleset)
{
    return ruleset->count;
}

const struct rule *ruleset_at(const struct ruleset *ruleset, size_t index)
{
    return ruleset->rules[index];
}

const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name)
{
    size_t slot = slot_of(ruleset, name);
    for (; ruleset->by_address[slot]; slot = (slot + 1) & ruleset->address_mask)
        if (ruleset->by_address[slot]->name == name)
            return ruleset->by_address[slot];
    return map_get(ruleset->by_name, name, strlen(name));
}

const unsigned char *ruleset_digest(const struct ruleset *ruleset)
{
    return ruleset->digest;
}

const struct ruleset_type *ruleset_type(const struct ruleset *ruleset, const char *type)
{
    static const struct ruleset_type none = {.on = no_rules, .until = no_rules};
    const struct type *found = map_get(ruleset->types, type, strlen(type));
    return found ? &found->is : &none;
}

const struct rule *const *ruleset_on(const struct ruleset *ruleset, const char *type)
{
    return ruleset_type(ruleset, type)->on;
}

const struct rule *const *ruleset_until(const struct ruleset *ruleset, const char *type)
{
    return ruleset_type(ruleset, type)->until;
}

const struct rule *const *ruleset_clocks(const struct ruleset *ruleset)
{
    return ruleset->clocks;
}

bool ruleset_counts(const struct ruleset *ruleset, const char *type)
{
    return ruleset_type(ruleset, type)->counted;
}

const struct value *ruleset_events(const struct ruleset *ruleset)
{
    return &ruleset->events;
}
