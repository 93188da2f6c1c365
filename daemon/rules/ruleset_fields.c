#include "rules/ruleset_fields.h"

#include "rules/rule_expression.h"

/* ---- What is known of customers ---- */

const struct value *ruleset_fields_sampled(struct ruleset_fields *fields)
{
    if (!value_count(fields->events))
        return NULL;
    if (fields->sampled.kind == VALUE_MAP)
        return &fields->sampled;
    fields->sampled = value_new_map(fields->arena, 16);
    for (uint32_t i = 0; i < value_count(fields->events); i++) {
        const struct value *sample = &fields->events->map->members[i].value;
        const struct value *customer = value_get(sample, "customer");
        if (value_is(customer, VALUE_MAP))
            fields->sampled = value_merge(fields->arena, &fields->sampled, customer);
    }
    return &fields->sampled;
}

static void add_known(struct ruleset_fields *fields, struct value name, struct value sample)
{
    if (!value_find(&fields->known, name.string, name.length))
        value_add(fields->arena, fields->known, name, sample);
}

const struct value *ruleset_fields_known(struct ruleset_fields *fields)
{
    const struct value *sampled = ruleset_fields_sampled(fields),
                       nothing = value_new_map(fields->arena, 0);
    if (!sampled || fields->known.kind == VALUE_MAP)
        return sampled ? &fields->known : NULL;
    fields->known = value_merge(fields->arena, &nothing, sampled);
    for (const char *const *name = field_own; *name; name++)
        add_known(fields, value_text(*name), value_null());
    for (const struct field *field = fields->fields; field && field->name; field++)
        add_known(fields, value_text(field->name), field->initial);
    for (uint32_t i = 0; i < value_count(&fields->set); i++)
        add_known(fields, fields->set.map->members[i].key, value_null());
    return &fields->known;
}

/* Of a list of steps, and of what stands within them. */
static void note_fields(struct ruleset_fields *fields, const struct value *steps)
{
    if (value_is(steps, VALUE_LIST))
        for (uint32_t i = 0; i < value_count(steps); i++)
            note_fields(fields, &steps->list->items[i]);
    if (!value_is(steps, VALUE_MAP))
        return;
    for (uint32_t i = 0; i < value_count(steps); i++) {
        const struct value_member *member = &steps->map->members[i];
        if (!value_is_text(&member->key, "set") || member->value.kind != VALUE_MAP) {
            note_fields(fields, &member->value);
            continue;
        }
        for (uint32_t f = 0; f < value_count(&member->value); f++)
            if (member->value.map->members[f].key.kind == VALUE_STRING)
                value_add(fields->arena, fields->set, member->value.map->members[f].key,
                          value_null());
    }
}

void ruleset_fields_note(struct ruleset_fields *fields, const struct value *documents)
{
    for (uint32_t i = 0; i < value_count(documents); i++)
        note_fields(fields, value_get(&documents->list->items[i], "steps"));
}

/* ---- Fields of the configuration ---- */

/* The declared event has a member of the field's name, which the field hides there. */
static void warn_hidden(struct ruleset_fields *fields, const struct field *field)
{
    for (uint32_t w = 0; w < field->word_count; w++)
        for (const char *const *type = field->words[w].on; *type; type++) {
            if (!value_get(value_get(fields->events, *type), field->name))
                continue;
            diag_hint(settings_fault(fields->diags, fields->source, field->place, DIAG_WARNING,
                                     "`%s` is what `%s` calls something of its own", field->name,
                                     *type),
                      "in expressions of fields that name is the field; the event's is "
                      "event.data.%s",
                      field->name);
            return;
        }
}

/* Names that none of its events has: only now it is known what they have. All else was told. */
static void check_word(struct ruleset_fields *fields, const struct field_word *word)
{
    struct value names = value_new_map(fields->arena, 8);
    for (const struct field *field = fields->fields; field->name; field++)
        value_add(fields->arena, names, value_text(field->name), field->initial);
    struct diags diags = {0};
    const struct rule_reader reader = {.arena = fields->arena,
                                       .source = fields->source,
                                       .diags = &diags,
                                       .known_events = fields->events,
                                       .bare = &names};
    rule_condition(&reader, &word->condition_at, word->on);
    rule_expression(&reader, &word->set_at, word->on);
    for (size_t i = 0; i < diags.count; i++)
        if (diags.items[i].level == DIAG_ERROR)
            diags_add(fields->diags, &diags.items[i]);
    diags_free(&diags);
}

void ruleset_fields_check(struct ruleset_fields *fields)
{
    const struct value *sampled = ruleset_fields_sampled(fields);
    for (const struct field *field = fields->fields; field && field->name; field++) {
        if (value_get(sampled, field->name))
            diag_hint(settings_fault(fields->diags, fields->source, field->place, DIAG_ERROR,
                                     "the field `%s` is what events say: a sample's `customer` has "
                                     "it",
                                     field->name),
                      "a field has one owner: take another name, or take it out of events.yaml");
        warn_hidden(fields, field);
        for (uint32_t w = 0; w < field->word_count; w++)
            check_word(fields, &field->words[w]);
    }
}
