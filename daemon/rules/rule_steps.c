/*
 * Steps are one flat list; what a journey keeps is where in it to go on. Each kind of step is a row
 * of the table below and a file of its own (rules/rule_step_kinds); what branches becomes steps
 * that skip and jump.
 *
 * read_step finds out of what kind a step is, read_list reads them in order, those of branches
 * too. A journey that waits knows its step by the id, also when the file has changed meanwhile:
 * what has no id gets a digest of its content (rules/rule_step_reader).
 */
#include "rules/rule_steps.h"

#include <string.h>

#include "rules/rule_step_kinds.h"

/* A kind of step: the key by which it is known, and those that may stand beside it. */
struct step_kind {
    const char *key;
    const char *beside[3]; /* NULL-terminated; `id` may stand beside each */
    void (*read)(struct rule_step_reader *steps, const struct value *step,
                 const struct value *content);
};

static const struct step_kind kinds[] = {
    {"send", {NULL}, rule_step_send_read},
    {"wait", {NULL}, rule_step_wait_read},
    {"if", {"then", "else", NULL}, rule_step_branch_read},
    {"split", {"then", NULL}, rule_step_split_read},
    {"set", {NULL}, rule_step_set_read},
    {"emit", {NULL}, rule_step_emit_read},
    {0},
};

/* All keys of steps, for hints: those of the table, of what stands beside them, and `stop`. */
static const char *const step_keys[] = {"send", "wait", "if",   "split", "set", "emit",
                                        "stop", "then", "else", "id",    NULL};

/* As they are told of in faults. */
#define KINDS "send, wait, if, split, set, emit"

/* False where a key is unknown. */
static bool check_step_keys(const struct rule_step_reader *steps, const struct value *step)
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
        struct diag *diag = settings_fault(reader->diags, reader->source, key, DIAG_ERROR,
                                           "unknown step `%s`", name);
        diag->width = (uint32_t)length;
        diag_suggest(diag, name, step_keys);
    }
    return known;
}

/* Without a step's key, or with several. What is misspelt was told as that. */
static void refuse_step(const struct rule_step_reader *steps, const struct value *step, int count)
{
    const struct rule_reader *reader = steps->reader;
    struct diag *diag = settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                                       "a step has exactly one of " KINDS ", stop");
    if (count > 1)
        diag_hint(diag, "begin each of them with a `- ` of its own");
    else if (value_get(step, "stop"))
        diag_hint(diag, "write `- stop` alone");
}

/* The first kind of which the key stands beside another's, as `then` without an `if`. */
static const char *kind_of(const char *beside)
{
    for (const struct step_kind *kind = kinds; kind->key; kind++)
        if (rule_list_has(kind->beside, beside))
            return kind->key;
    return NULL;
}

/* Whether all that stands beside the kind's key belongs to it. */
static bool check_beside(const struct rule_step_reader *steps, const struct value *step,
                         const struct step_kind *kind)
{
    const struct rule_reader *reader = steps->reader;
    for (uint32_t i = 0; i < step->map->count; i++) {
        const struct value_member *member = &step->map->members[i];
        const char *key = value_to_text(reader->arena, &member->key);
        const char *owner = key ? kind_of(key) : NULL;
        if (!owner || rule_list_has(kind->beside, key))
            continue;
        settings_fault(reader->diags, reader->source, &member->value, DIAG_ERROR,
                       "`%s` belongs to an `%s`", key, owner);
        return false;
    }
    return true;
}

static void read_step(struct rule_step_reader *steps, const struct value *step)
{
    const struct rule_reader *reader = steps->reader;
    if (value_is_text(step, "stop")) {
        rule_step_reader_add(steps, RULE_STEP_STOP, step)->id =
            rule_step_reader_id(steps, NULL, "stop", step);
        return;
    }
    if (step->kind != VALUE_MAP) {
        settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                       "a step is one of " KINDS ", stop");
        return;
    }
    bool known = check_step_keys(steps, step);
    const struct step_kind *found = NULL;
    int count = 0;
    for (const struct step_kind *kind = kinds; kind->key; kind++) {
        if (!value_get(step, kind->key))
            continue;
        found = kind;
        count++;
    }
    if (count == 0 && !known)
        return;
    if (count != 1)
        refuse_step(steps, step, count);
    else if (check_beside(steps, step, found))
        found->read(steps, step, value_get(step, found->key));
}

static void read_list(struct rule_step_reader *steps, const struct value *list)
{
    if (list->kind != VALUE_LIST) {
        settings_fault(steps->reader->diags, steps->reader->source, list, DIAG_ERROR,
                       "steps must be a list: each begins with `- `");
        return;
    }
    for (uint32_t i = 0; i < list->list->count; i++) {
        int32_t skips = steps->skips;
        steps->skips = -1;
        read_step(steps, &list->list->items[i]);
        rule_step_wait_skip(steps, skips);
    }
    rule_step_wait_skip_none(steps, list);
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
    struct rule_step_reader steps = {.reader = reader,
                                     .rule = rule,
                                     .within = -1,
                                     .types = rule->on,
                                     .skips = -1,
                                     .read_list = read_list};
    const struct value no_step = {0}; /* the rule itself is it */
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
        rule_step_wait_read(&steps, &no_step, wait);
    if (!list && send)
        rule_step_send_read(&steps, &no_step, send);
    if (!list && send)
        rule_step_wait_skip(&steps, steps.skips);
    const struct value *while_ = value_get(rule_value, "while");
    if (while_)
        rule_step_wait_check(&steps, while_, 0, rule->step_count);
    if (!send && (!list || (list->kind == VALUE_LIST && value_count(list) == 0)))
        settings_fault(reader->diags, reader->source, rule_value, DIAG_ERROR,
                       "the rule does nothing: `send` or `steps` is missing");
}
