#include "rules/field.h"
#include "rules/field_owners.h"
#include "rules/rule_step_kinds.h"

const struct shape rule_step_set_shape = {.kind = SHAPE_MAP,
                                          .least = 1,
                                          .pattern = "^" FIELD_NAME_PATTERN "$",
                                          .of = &(const struct shape){.kind = SHAPE_TEXT}};

static void refuse_owner(const struct rule_reader *reader, const struct value *place,
                         const char *name, const char *owner)
{
    diag_hint(settings_fault(reader->diags, reader->source, place, DIAG_ERROR, "the field `%s` %s",
                             name, owner),
              "a field has one owner: events, `customer.fields`, or one rule");
}

/* Nobody else may say what stands in the field. */
static void check_owner(const struct rule_step_reader *steps, const struct value *key)
{
    const struct rule_reader *reader = steps->reader;
    struct arena *arena = reader->arena;
    const char *name = value_to_text(arena, key);
    if (!name || !field_check_name(reader, key, name))
        return;
    const struct rule *other =
        reader->owners ? field_owners_claim(reader->owners, arena, name, steps->rule) : NULL;
    if (field_find(reader->fields, name))
        refuse_owner(reader, key, name, "is computed by the configuration");
    else if (value_get(reader->sampled, name))
        refuse_owner(reader, key, name, "is what events say: a sample's `customer` has it");
    else if (other)
        refuse_owner(reader, key, name,
                     arena_printf(arena, "is set by the rule `%s` too: %s:%u", other->name,
                                  other->file, other->line));
}

void rule_step_set_read(struct rule_step_reader *steps, const struct value *step_value,
                        const struct value *value)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_SET, value);
    step->data = rule_step_data_read(steps, value, "set");
    if (value->kind == VALUE_NULL || (value->kind == VALUE_MAP && value_count(value) == 0))
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR, "`set` names no field");
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value_count(value); i++)
        check_owner(steps, &value->map->members[i].key);
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "set", value);
}
