/*
 * Steps are one flat list; what a journey keeps is where in it to go on. A branch becomes a
 * step that skips, and one that jumps over the other branch (read_branch):
 *
 *   - if: c            0 unless c, go on at 3
 *     then: [a]        1 a
 *                      2 go on at 4
 *     else: [b]        3 b
 *   - d                4 d
 *
 * read_step finds out of what kind a step is, read_list reads them in order, those of branches
 * too. A journey that waits knows its step by the id, also when the file has changed meanwhile:
 * what has no id gets a digest of its content (step_id).
 */
#include "rules/rule_steps.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/yaml_hints.h"
#include "rules/rule_expression.h"

enum { STEPS_MOST = 200, HINTED_MOST = 64 };

struct send {
    const char *template, *via;
    struct value to, data;
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
     .help = "the address; default: the channel's field of the customer"},
    {.key = "data",
     .type = SETTING_VALUE,
     .offset = offsetof(struct send, data),
     .reload = SETTING_RELOAD,
     .help = "extra fields for the template, each an expression"},
    {.key = "code", .planned = true, .help = "a code may stand in `data`, made by the shop"},
    {.key = "from", .planned = true, .help = "`from` may stand in the template's front matter"},
    {0},
};

struct steps_reader {
    const struct rule_reader *reader;
    struct rule *rule;
    uint32_t capacity;
    int32_t within; /* the branch that is being read, as in struct rule_step */
    bool otherwise;
    bool too_many; /* said already */
};

static struct rule_step *add_step(struct steps_reader *steps, enum rule_step_kind kind,
                                  const struct value *value)
{
    struct rule *rule = steps->rule;
    if (rule->step_count == STEPS_MOST) {
        if (!steps->too_many)
            settings_fault(steps->reader->diags, steps->reader->source, value, DIAG_ERROR,
                           "more than %d steps", STEPS_MOST);
        steps->too_many = true; /* the rule is refused as a whole */
        rule->step_count--;
    }
    rule->steps = arena_grow(steps->reader->arena, rule->steps, rule->step_count, &steps->capacity,
                             sizeof *rule->steps);
    struct rule_step *step = &rule->steps[rule->step_count++];
    *step = (struct rule_step){.kind = kind,
                               .id = "",
                               .line = value->place.line,
                               .within = steps->within,
                               .otherwise = steps->otherwise};
    return step;
}

/* The id that was given; NULL where there is none, or one that cannot be one. */
static const char *given_id(const struct steps_reader *steps, const struct value *given)
{
    const struct rule_reader *reader = steps->reader;
    if (!given || given->kind == VALUE_NULL)
        return NULL;
    const char *id = value_to_text(reader->arena, given);
    if (!id || !*id)
        settings_fault(reader->diags, reader->source, given, DIAG_ERROR,
                       "an `id` must be a text such as first-reminder");
    else if (rule_find_step(steps->rule, id))
        settings_fault(reader->diags, reader->source, given, DIAG_ERROR,
                       "the id `%s` is taken by a step before", id);
    else
        return id;
    return NULL;
}

/* The id that was given; else a digest of the step's content, so that a step keeps
 * its id when others around it change. */
static const char *step_id(const struct steps_reader *steps, const struct value *given,
                           const char *kind, const struct value *content)
{
    struct arena *arena = steps->reader->arena;
    const char *id = given_id(steps, given);
    if (id)
        return id;
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_text(&text, kind);
    json_print(&text, content);
    uint64_t hash = digest_spread(buf_string(&text), text.length);
    buf_free(&text);
    id = arena_printf(arena, "%s-%08" PRIx32, kind, (uint32_t)(hash >> 32));
    for (int again = 2; rule_find_step(steps->rule, id); again++)
        id = arena_printf(arena, "%s-%08" PRIx32 "-%d", kind, (uint32_t)(hash >> 32), again);
    return id;
}

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

static void read_data(const struct steps_reader *steps, const struct value *data,
                      struct rule_step *step)
{
    const struct rule_reader *reader = steps->reader;
    if (data->kind == VALUE_NULL)
        return;
    if (data->kind != VALUE_MAP) {
        settings_fault(reader->diags, reader->source, data, DIAG_ERROR,
                       "`data` must be a mapping of names to expressions");
        return;
    }
    step->data = arena_zero(reader->arena, sizeof *step->data * (data->map->count + 1));
    for (uint32_t i = 0; i < data->map->count; i++) {
        const struct value_member *member = &data->map->members[i];
        step->data[i].name = value_to_text(reader->arena, &member->key);
        if (member->value.kind != VALUE_STRING)
            refuse_data(reader, &member->value);
        else
            step->data[i].program = rule_expression(reader, &member->value, steps->rule->on);
    }
}

static void read_send(struct steps_reader *steps, const struct value *value, const struct value *id)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = add_step(steps, RULE_STEP_SEND, value);
    struct send send = {0};
    if (value->kind == VALUE_STRING) {
        send.template = value_to_text(reader->arena, value);
    } else if (value->kind == VALUE_MAP) {
        settings_read(rule_send_settings, value, reader->source, &send, reader->arena,
                      reader->diags);
    } else {
        settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                       "`send` must be a template's name, or {template, via, to, data}");
    }
    step->template = send.template ? send.template : "";
    step->channel = send.via; /* NULL: rule_channel_settle() finds one */
    step->template_at = value->kind == VALUE_MAP ? value_get(value, "template") : value;
    step->channel_at = value->kind == VALUE_MAP ? value_get(value, "via") : NULL;
    step->to = rule_expression(reader, &send.to, steps->rule->on);
    read_data(steps, &send.data, step);
    step->id = step_id(steps, id, "send", value);
}

static void refuse_wait(const struct rule_reader *reader, const struct value *value)
{
    static const char length[] = "a length of time such as 30m, 1h or 3d";
    const char *planned = value_get(value, "until") ? "until"
                          : value_get(value, "for") ? "for"
                                                    : NULL;
    struct diag *diag;
    if (planned) {
        diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                              "`wait: {%s: …}` is planned, and not there yet", planned);
        diag_code(diag, "planned");
        diag_hint(diag, "a wait is %s", length);
        return;
    }
    diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR, "`wait` must be %s",
                          length);
    if (value->kind == VALUE_INT)
        diag_hint(diag, "a unit is missing: ms, s, m, h, d or w");
}

static void read_wait(struct steps_reader *steps, const struct value *value, const struct value *id)
{
    const struct rule_reader *reader = steps->reader;
    struct rule_step *step = add_step(steps, RULE_STEP_WAIT, value);
    steps->rule->waits = true;
    if (value->kind != VALUE_STRING ||
        !duration_parse(value->string, value->length, &step->wait_ms))
        refuse_wait(reader, value);
    step->id = step_id(steps, id, "wait", value);
}

static void read_list(struct steps_reader *steps, const struct value *list);

/* The steps of one side of the branch number `test`. */
static void read_side(struct steps_reader *steps, uint32_t test, bool otherwise,
                      const struct value *list)
{
    const struct steps_reader outer = *steps;
    steps->within = (int32_t)test;
    steps->otherwise = otherwise;
    read_list(steps, list);
    steps->within = outer.within;
    steps->otherwise = outer.otherwise;
}

/* if … then … else …: skips the one branch or the other. */
static void read_branch(struct steps_reader *steps, const struct value *step_value)
{
    const struct rule_reader *reader = steps->reader;
    const struct value *condition = value_get(step_value, "if");
    const struct value *then = value_get(step_value, "then");
    const struct value *otherwise = value_get(step_value, "else");
    uint32_t test = steps->rule->step_count;
    struct rule_step *step = add_step(steps, RULE_STEP_UNLESS, step_value);
    step->id = step_id(steps, value_get(step_value, "id"), "if", condition);
    step->condition = rule_condition(reader, condition, steps->rule->on);
    if (condition->kind != VALUE_STRING)
        settings_fault(reader->diags, reader->source, condition, DIAG_ERROR,
                       "`if` must be an expression: write it in quotes");
    if (then)
        read_side(steps, test, false, then);
    else
        settings_fault(reader->diags, reader->source, step_value, DIAG_ERROR,
                       "`then` is missing: what to do if it is true");
    if (otherwise) {
        uint32_t jump = steps->rule->step_count;
        add_step(steps, RULE_STEP_JUMP, step_value)->id = step_id(steps, NULL, "else", otherwise);
        steps->rule->steps[test].target = steps->rule->step_count;
        read_side(steps, test, true, otherwise);
        steps->rule->steps[jump].target = steps->rule->step_count;
    } else {
        steps->rule->steps[test].target = steps->rule->step_count;
    }
    steps->rule->steps[test].behind = steps->rule->step_count;
}

static const char *const step_keys[] = {"send", "wait", "if", "stop", "then", "else", "id", NULL};

/* Steps of the language that are not there yet. */
static const char *const planned_keys[] = {"set", "emit", "split", "repeat", NULL};

/* False where a key is unknown. */
static bool check_step_keys(const struct steps_reader *steps, const struct value *step)
{
    const struct rule_reader *reader = steps->reader;
    bool known = true;
    for (uint32_t i = 0; i < step->map->count; i++) {
        const struct value *key = &step->map->members[i].key;
        char name[64];
        size_t length = key->length < sizeof name ? key->length : sizeof name - 1;
        memcpy(name, key->string, length);
        name[length] = '\0';
        if (rule_list_has(step_keys, name))
            continue;
        known = false;
        bool planned = rule_list_has(planned_keys, name);
        struct diag *diag = settings_fault(
            reader->diags, reader->source, key, DIAG_ERROR,
            planned ? "the step `%s` is planned, and not there yet" : "unknown step `%s`", name);
        diag->width = (uint32_t)length;
        if (planned)
            diag_hint(diag, "there are send, wait, if and stop");
        else
            diag_suggest(diag, name, step_keys);
    }
    return known;
}

/* Without a step's key, or with several. What is misspelt was told as that. */
static void refuse_step(const struct steps_reader *steps, const struct value *step, int count)
{
    const struct rule_reader *reader = steps->reader;
    struct diag *diag = settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                                       "a step has exactly one of send, wait, if, stop");
    if (count > 1)
        diag_hint(diag, "begin each of them with a `- ` of its own");
    else if (value_get(step, "stop"))
        diag_hint(diag, "write `- stop` alone");
}

static void read_step(struct steps_reader *steps, const struct value *step)
{
    const struct rule_reader *reader = steps->reader;
    if (value_is_text(step, "stop")) {
        add_step(steps, RULE_STEP_STOP, step)->id = step_id(steps, NULL, "stop", step);
        return;
    }
    if (step->kind != VALUE_MAP) {
        settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                       "a step is one of send, wait, if, stop");
        return;
    }
    bool known = check_step_keys(steps, step);
    const struct value *send = value_get(step, "send"), *wait = value_get(step, "wait");
    const struct value *branch = value_get(step, "if"), *id = value_get(step, "id");
    const struct value *then = value_get(step, "then"), *otherwise = value_get(step, "else");
    int count = (send != NULL) + (wait != NULL) + (branch != NULL);
    if (count == 0 && !known)
        return;
    if (count != 1)
        refuse_step(steps, step, count);
    else if (!branch && (then || otherwise))
        settings_fault(reader->diags, reader->source, then ? then : otherwise, DIAG_ERROR,
                       "`%s` belongs to an `if`", then ? "then" : "else");
    else if (send)
        read_send(steps, send, id);
    else if (wait)
        read_wait(steps, wait, id);
    else
        read_branch(steps, step);
}

static void read_list(struct steps_reader *steps, const struct value *list)
{
    if (list->kind != VALUE_LIST) {
        settings_fault(steps->reader->diags, steps->reader->source, list, DIAG_ERROR,
                       "steps must be a list: each begins with `- `");
        return;
    }
    for (uint32_t i = 0; i < list->list->count; i++)
        read_step(steps, &list->list->items[i]);
}

static void refuse_beside_steps(const struct rule_reader *reader, const struct value *value,
                                const char *key)
{
    settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                   "`%s` belongs among the `steps`", key);
}

void rule_steps_read(const struct rule_reader *reader, const struct value *rule_value,
                     struct rule *rule)
{
    struct steps_reader steps = {.reader = reader, .rule = rule, .within = -1};
    const struct value *list = value_get(rule_value, "steps");
    const struct value *send = value_get(rule_value, "send");
    const struct value *wait = value_get(rule_value, "wait");
    if (list && send)
        refuse_beside_steps(reader, send, "send");
    if (list && wait)
        refuse_beside_steps(reader, wait, "wait");
    if (list)
        read_list(&steps, list);
    if (!list && wait)
        read_wait(&steps, wait, NULL);
    if (!list && send)
        read_send(&steps, send, NULL);
    if (!send && (!list || (list->kind == VALUE_LIST && value_count(list) == 0)))
        settings_fault(reader->diags, reader->source, rule_value, DIAG_ERROR,
                       "the rule does nothing: `send` or `steps` is missing");
}
