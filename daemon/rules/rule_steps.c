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

/* ---- Kinds ---- */

static const struct shape step_shape;
static const struct shape list_shape = {.kind = SHAPE_LIST, .name = "steps", .of = &step_shape};

#define KEY(word, text, what)                                                             \
    {                                                                                     \
        .key = word, .type = SETTING_VALUE, .required = true, .help = text, .shape = what \
    }
#define ID                                                                            \
    {                                                                                 \
        .key = "id", .type = SETTING_TEXT,                                            \
        .help = "by what a journey knows the step; default: a digest of its content", \
        .shape = &(const struct shape)                                                \
        {                                                                             \
            .kind = SHAPE_TEXT, .pattern = "."                                        \
        }                                                                             \
    }

static const struct setting send_keys[] = {
    KEY("send", "one message: a template's name, or {template, via, to, from, data, code}",
        &rule_step_send_shape),
    ID,
    {0}};

static const struct setting wait_keys[] = {
    KEY("wait", "goes on after that time, at a time of day, a timestamp or an event",
        &rule_step_wait_shape),
    ID,
    {0}};

static const struct setting branch_keys[] = {
    KEY("if", "a condition (CEL)", &rule_step_branch_shape),
    KEY("then", "what to do if it is true", &list_shape),
    {.key = "else",
     .type = SETTING_VALUE,
     .help = "what to do if it is false",
     .shape = &(const struct shape){.kind = SHAPE_LIST, .of = &step_shape, .present = true}},
    ID,
    {0}};

static const struct setting split_keys[] = {
    KEY("split", "a share of the customers each, always the same: {name, shares}",
        &rule_step_split_shape),
    KEY("then", "the steps of each share",
        (&(const struct shape){.kind = SHAPE_MAP, .of = &list_shape})),
    ID,
    {0}};

static const struct setting set_keys[] = {
    KEY("set", "sets fields of the customer, each to what its expression gives",
        &rule_step_set_shape),
    ID,
    {0}};

static const struct setting emit_keys[] = {
    KEY("emit", "makes an event: {type, data, for}", &rule_step_emit_shape), ID, {0}};

/* Of the keys of a kind the first is the one by which it is known. */
struct step_kind {
    const struct setting *keys;
    void (*read)(struct rule_step_reader *steps, const struct value *step,
                 const struct value *content);
};

static const struct step_kind kinds[] = {
    {send_keys, rule_step_send_read},
    {wait_keys, rule_step_wait_read},
    {branch_keys, rule_step_branch_read},
    {split_keys, rule_step_split_read},
    {set_keys, rule_step_set_read},
    {emit_keys, rule_step_emit_read},
    {0},
};

#define STEP(keys)                        \
    &(const struct shape)                 \
    {                                     \
        .kind = SHAPE_KEYS, .table = keys \
    }

static const struct shape step_shape = {
    .kind = SHAPE_EITHER,
    .name = "step",
    .either = (const struct shape *const[]){
        STEP(send_keys), STEP(wait_keys), STEP(branch_keys), STEP(split_keys), STEP(set_keys),
        STEP(emit_keys),
        &(const struct shape){.kind = SHAPE_CHOICE, .words = (const char *const[]){"stop", NULL}},
        NULL}};

const struct shape rule_steps_shape = {
    .kind = SHAPE_LIST, .of = &step_shape, .least = 1, .present = true};

/* ---- Keys ---- */

enum { KEYS_MOST = 32 };

/* All keys of steps, for hints; and `stop`, which stands alone. */
static void list_keys(const char *names[KEYS_MOST])
{
    size_t count = 0;
    for (const struct step_kind *kind = kinds; kind->keys; kind++)
        for (const struct setting *row = kind->keys; row->key && count < KEYS_MOST - 2; row++)
            names[count++] = row->key;
    names[count++] = "stop";
    names[count] = NULL;
}

/* As they are told of in faults. */
#define KINDS "send, wait, if, split, set, emit"

static bool is_kind(const struct value *step)
{
    const struct step_kind *kind = kinds;
    while (kind->keys && !value_get(step, kind->keys->key))
        kind++;
    return kind->keys != NULL;
}

/* `action: send_email`, `type: delay`: the kind of step stands in the value. */
static const char *kind_meant(const struct rule_reader *reader, const char *key,
                              const struct value *value)
{
    static const char *const words[] = {"action", "type", "kind", "step", "uses", "run", NULL};
    const char *names[KEYS_MOST], *text = value_to_text(reader->arena, value);
    size_t count = 0;
    if (!text || !rule_list_has(words, key))
        return NULL;
    for (const struct step_kind *kind = kinds; kind->keys; kind++)
        names[count++] = kind->keys->key;
    names[count++] = "stop";
    names[count] = NULL;
    return diag_meant(text, names);
}

static void refuse_key(const struct rule_reader *reader, const struct value_member *member,
                       const char *name, const char *const *names)
{
    const char *kind = kind_meant(reader, name, &member->value);
    struct diag *diag = settings_fault(reader->diags, reader->source, &member->key, DIAG_ERROR,
                                       "unknown step `%s`", name);
    diag->width = member->key.length;
    if (kind && strcmp(kind, "stop") == 0)
        diag_hint(diag, "write `- stop` alone");
    else if (kind)
        diag_hint(diag, "the kind of step is the key: `- %s: …`", kind);
    else
        diag_suggest(diag, name, names);
}

/* False where a key is unknown. Of a step of no known kind the first key is told. */
static bool check_step_keys(const struct rule_step_reader *steps, const struct value *step)
{
    const struct rule_reader *reader = steps->reader;
    const char *names[KEYS_MOST];
    bool known = true;
    list_keys(names);
    for (uint32_t i = 0; i < step->map->count; i++) {
        const struct value *key = &step->map->members[i].key;
        char name[64];
        size_t length = key->length < sizeof name ? key->length : sizeof name - 1;
        memcpy(name, key->string, length);
        name[length] = '\0';
        if (rule_list_has(names, name))
            continue;
        known = false;
        refuse_key(reader, &step->map->members[i], name, names);
        if (!is_kind(step))
            break;
    }
    return known;
}

/* Without a step's key, or with several. What is misspelt was told as that. */
static void refuse_step(const struct rule_step_reader *steps, const struct value *step, int count)
{
    const struct rule_reader *reader = steps->reader;
    struct diag *diag = settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                                       "a step has exactly one of " KINDS ", stop");
    if (value_get(step, "if"))
        diag_hint(diag, "what an `if` leads to is a list under its `then`");
    else if (value_get(step, "else"))
        diag_hint(diag, "`else` stands in the step of its `if`, below the `then`");
    else if (value_get(step, "then"))
        diag_hint(diag, "`then` belongs to an `if` or a `split`");
    else if (count > 1)
        diag_hint(diag, "begin each of them with a `- ` of its own");
    else if (value_get(step, "stop"))
        diag_hint(diag, "write `- stop` alone");
}

/* Whether the key may stand beside that of the kind. `id` may do so with each. */
static bool is_beside(const struct step_kind *kind, const char *key)
{
    for (const struct setting *row = kind->keys + 1; row->key; row++)
        if (strcmp(row->key, key) == 0)
            return true;
    return false;
}

/* The first kind of which the key stands beside another's, as `then` without an `if`. */
static const char *kind_of(const char *beside)
{
    for (const struct step_kind *kind = kinds; kind->keys; kind++)
        if (strcmp(beside, "id") != 0 && is_beside(kind, beside))
            return kind->keys->key;
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
        if (!owner || is_beside(kind, key))
            continue;
        settings_fault(reader->diags, reader->source, &member->value, DIAG_ERROR,
                       "`%s` belongs to an `%s`", key, owner);
        return false;
    }
    return true;
}

/* A text, most often: "send welcome", "exit". */
static void refuse_no_mapping(const struct rule_reader *reader, const struct value *step)
{
    static const char *const alone[] = {"stop", NULL};
    struct diag *diag = settings_fault(reader->diags, reader->source, step, DIAG_ERROR,
                                       "a step is one of " KINDS ", stop");
    const char *text = value_to_text(reader->arena, step);
    if (text && strncmp(text, "send ", 5) == 0)
        diag_hint(diag, "write `- send: %s`", text + 5);
    else if (text && strncmp(text, "wait ", 5) == 0)
        diag_hint(diag, "write `- wait: %s`", text + 5);
    else if (text)
        diag_suggest(diag, text, alone);
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
        refuse_no_mapping(reader, step);
        return;
    }
    bool known = check_step_keys(steps, step);
    const struct step_kind *found = NULL;
    int count = 0;
    for (const struct step_kind *kind = kinds; kind->keys; kind++) {
        if (!value_get(step, kind->keys->key))
            continue;
        found = kind;
        count++;
    }
    if (count == 0 && !known)
        return;
    if (count != 1)
        refuse_step(steps, step, count);
    else if (check_beside(steps, step, found))
        found->read(steps, step, value_get(step, found->keys->key));
}

static void read_list(struct rule_step_reader *steps, const struct value *list)
{
    if (list->kind != VALUE_LIST) {
        settings_fault(steps->reader->diags, steps->reader->source, list, DIAG_ERROR,
                       "steps must be a list: each step begins with `- `");
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
}
