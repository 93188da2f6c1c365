#include <stddef.h>
#include <string.h>

#include "base/word.h"
#include "cel/cel_calls.h"
#include "cel/cel_reads.h"
#include "rules/condition.h"
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"

struct send {
    const char *template, *via, *code;
    struct value to, from, data;
};

const struct setting rule_send_settings[] = {
    {.key = "template",
     .type = SETTING_TEXT,
     .offset = offsetof(struct send, template),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "the message: templates/NAME.*"},
    {.key = "via",
     .type = SETTING_TEXT,
     .offset = offsetof(struct send, via),
     .reload = SETTING_RELOAD,
     .help = "the channel; default: the one that takes the rule's topic, else its class, else "
             "`email`"},
    {.key = "to",
     .type = SETTING_EXPRESSION,
     .offset = offsetof(struct send, to),
     .reload = SETTING_RELOAD,
     .help = "the address; default: the channel's field of the customer. A message to another "
             "address has neither the customer's name nor their links"},
    {.key = "from",
     .type = SETTING_EXPRESSION,
     .offset = offsetof(struct send, from),
     .reload = SETTING_RELOAD,
     .help = "who writes, in a mail: an address, with or without a name; default: the template's "
             "`from`"},
    {.key = "data",
     .type = SETTING_VALUE,
     .offset = offsetof(struct send, data),
     .reload = SETTING_RELOAD,
     .help = "extra fields for the template, each an expression",
     .shape = &rule_step_data_shape},
    {.key = "code",
     .type = SETTING_TEXT,
     .offset = offsetof(struct send, code),
     .reload = SETTING_RELOAD,
     .help = "a list of codes (`nudgectl codes`), of which each run of the rule takes one: `{{ "
             "given.code }}` in the template",
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "^" WORD_PATTERN "$"}},
    {0},
};

const struct shape rule_step_send_shape = {
    .kind = SHAPE_EITHER,
    .name = "send",
    .present = true,
    .either = (const struct shape *const[]){
        &(const struct shape){.kind = SHAPE_TEXT},
        &(const struct shape){.kind = SHAPE_KEYS, .table = rule_send_settings}, NULL}};

static void on_read(void *context, const struct cel_read *read)
{
    bool *same = context;
    *same &= read->root == CONDITION_ROOT_SHOP;
}

static void on_call(void *context, const struct cel_call *call)
{
    bool *same = context;
    *same &= call->method == CONDITION_LOOKUP;
}

/* Whether the address goes by nothing that an event or a customer says: `shop.email`. */
static bool is_for_staff(const struct cel_program *to)
{
    bool same = to != NULL;
    if (same)
        cel_reads(to, on_read, &same);
    if (same)
        cel_calls(to, on_call, &same);
    return same;
}

/* An address. */
static struct cel_program *read_address(const struct rule_step_reader *steps, const char *name,
                                        const struct value *value)
{
    const struct rule_reader *reader = steps->reader;
    struct cel_program *program = rule_expression(reader, value, steps->types);
    if (program && !cel_may_give(program, VALUE_STRING))
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "`%s` must be a text, and this never is one", name),
                  "an address is written in both quotes: '\"ana@shop.example\"'");
    return program;
}

void rule_step_send_read(struct rule_step_reader *steps, const struct value *step_value,
                         const struct value *value)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_SEND, value);
    struct send send = {0};
    if (value->kind == VALUE_STRING) {
        send.template = value_to_text(reader->arena, value);
    } else if (value->kind == VALUE_MAP) {
        settings_read(rule_send_settings, value, reader->source, &send, reader->arena,
                      reader->diags);
    } else {
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                       "`send` must be a template's name, or {template, via, to, from, data}");
    }
    steps->rule->sends = true;
    step->template = send.template ? send.template : "";
    step->channel = send.via; /* NULL: rule_channel_settle() finds one */
    step->code = send.code;
    if (send.code && !word_is_plain(send.code, strlen(send.code)))
        diag_hint(settings_fault(reader->diags, reader->source, value_get(value, "code"),
                                 DIAG_ERROR, "`%s` cannot be the name of a list of codes",
                                 send.code),
                  "%s", word_hint);
    step->template_at = value->kind == VALUE_MAP ? value_get(value, "template") : value;
    step->channel_at = value->kind == VALUE_MAP ? value_get(value, "via") : NULL;
    step->to = read_address(steps, "to", &send.to);
    step->to_at = value->kind == VALUE_MAP ? value_get(value, "to") : NULL;
    step->staff = is_for_staff(step->to);
    step->from = read_address(steps, "from", &send.from);
    step->from_at = value->kind == VALUE_MAP ? value_get(value, "from") : NULL;
    step->data = rule_step_data_read(steps, &send.data, "data");
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "send", value);
}
