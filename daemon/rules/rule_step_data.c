#include "base/buf.h"
#include "base/json.h"
#include "base/yaml_hints.h"
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"

enum { HINTED_MOST = 64 };

const struct shape rule_step_data_shape = {.kind = SHAPE_MAP,
                                           .of = &(const struct shape){.kind = SHAPE_TEXT}};

/* What YAML read as a number, as `true`, as a list or as nothing. */
static void refuse_data(const struct rule_reader *reader, const struct value *value)
{
    struct diag *diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                       "an expression is meant here, not %s",
                                       value_kind_name((enum value_kind)value->kind));
    struct buf text;
    buf_init(&text, HINTED_MOST);
    if (value->kind != VALUE_LIST && value->kind != VALUE_MAP && json_print(&text, value))
        diag_hint(diag, "write it in quotes: '%s'", buf_string(&text));
    else
        diag_hint(diag, "%s", yaml_hints_expression);
    buf_free(&text);
}

struct rule_data *rule_step_data_read(const struct rule_step_reader *steps, const struct value *map,
                                      const char *key)
{
    const struct rule_reader *reader = steps->reader;
    if (map->kind == VALUE_NULL)
        return NULL;
    if (map->kind != VALUE_MAP) {
        settings_fault(reader->diags, reader->source, map, DIAG_ERROR,
                       "`%s` must be a mapping of names to expressions", key);
        return NULL;
    }
    struct rule_data *data = arena_zero(reader->arena, sizeof *data * (map->map->count + 1));
    for (uint32_t i = 0; i < map->map->count; i++) {
        const struct value_member *member = &map->map->members[i];
        data[i].name = value_to_text(reader->arena, &member->key);
        if (member->value.kind != VALUE_STRING)
            refuse_data(reader, &member->value);
        else
            data[i].program = rule_expression(reader, &member->value, steps->types);
    }
    return data;
}
