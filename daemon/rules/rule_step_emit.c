#include <stddef.h>
#include <string.h>

#include "customer/shop_event.h"
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"

struct emit {
    const char *type;
    struct value data, for_whom;
};

static const struct shape expression_shape = {.kind = SHAPE_TEXT};

const struct setting rule_emit_settings[] = {
    {.key = "type",
     .type = SETTING_TEXT,
     .offset = offsetof(struct emit, type),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "the event's type, as it is written here; none of `message.*`",
     .shape = &(const struct shape){.kind = SHAPE_TEXT,
                                    .pattern = "^(?!message\\.|customer\\.erased$)"
                                               "[^\\u0000-\\u001f\\u007f]{1,100}$"}},
    {.key = "data",
     .type = SETTING_VALUE,
     .offset = offsetof(struct emit, data),
     .reload = SETTING_RELOAD,
     .help = "the event's data, each an expression; without `customer`",
     .shape = &(const struct shape){.kind = SHAPE_MAP,
                                    .pattern = "^(?!customer$)",
                                    .of = &expression_shape}},
    {.key = "for",
     .type = SETTING_EXPRESSION,
     .offset = offsetof(struct emit, for_whom),
     .reload = SETTING_RELOAD,
     .help = "the id of another customer whom the event is about; default: the same customer"},
    {0},
};

const struct shape rule_step_emit_shape = {.kind = SHAPE_KEYS, .table = rule_emit_settings};

/* What nudged tells, and what forgets all, is no word of a rule. */
static bool is_reserved(const char *type)
{
    return strncmp(type, "message.", 8) == 0 || strcmp(type, "customer.erased") == 0;
}

static void check_type(const struct rule_reader *reader, const struct value *value,
                       const char *type)
{
    size_t length = strlen(type);
    bool plain = length > 0 && length <= SHOP_EVENT_TYPE_MOST;
    for (size_t i = 0; i < length; i++)
        plain = plain && (unsigned char)type[i] >= ' ' && type[i] != 0x7f;
    if (!plain)
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                       "an event type is a text of at most %d bytes", SHOP_EVENT_TYPE_MOST);
    else if (is_reserved(type))
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "no rule can emit `%s`", type),
                  "`message.*` tells what became of messages, and is made by nudged alone; an "
                  "erasure comes from the shop");
}

void rule_step_emit_read(struct rule_step_reader *steps, const struct value *step_value,
                         const struct value *value)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_EMIT, value);
    struct emit emit = {0};
    if (value->kind == VALUE_MAP)
        settings_read(rule_emit_settings, value, reader->source, &emit, reader->arena,
                      reader->diags);
    else
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "`emit` must be a mapping: {type, data, for}"),
                  "emit: {type: points.changed, data: {sum: order.total}}");
    step->emits = emit.type ? emit.type : "";
    if (emit.type)
        check_type(reader, value_get(value, "type"), emit.type);
    step->for_whom = rule_expression(reader, &emit.for_whom, steps->types);
    step->data = rule_step_data_read(steps, &emit.data, "data");
    const struct value *customer = value_get(&emit.data, "customer");
    if (customer)
        settings_fault(reader->diags, reader->source, customer, DIAG_ERROR,
                       "an event of a rule says nothing of the `customer`: `set` does");
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "emit", value);
}
