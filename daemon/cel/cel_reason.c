#include "cel/cel_reason.h"

#include <string.h>

#include "cel/cel_run.h"

struct search {
    struct cel_run run;
    struct cel_reason *reason;
};

static struct slice text_of(const struct search *search, const struct cel_node *node)
{
    return (struct slice){search->run.program->text + node->offset, node->length};
}

/* By itself; one that reads a variable of what stands around it has no value. */
static bool evaluate(struct search *search, const struct cel_node *node, struct value *value)
{
    search->run.budget = CEL_COST_MOST;
    return cel_run_node(&search->run, node, value);
}

static bool gives(struct search *search, const struct cel_node *node, bool answer)
{
    struct value value;
    return evaluate(search, node, &value) && value.kind == VALUE_BOOL && value.boolean == answer;
}

/* event.type in ["order.placed"]: so begins each of the conditions that are one
 * (rules/rule_events), and of which one is meant. */
static bool asks_type(const struct search *search, const struct cel_node *node)
{
    static const char begin[] = "event.type in [";
    const struct slice text = text_of(search, node);
    return text.length > strlen(begin) && memcmp(text.text, begin, strlen(begin)) == 0;
}

/* Of a false `event.type in […] && (…) || …` the one that is of the event's type; NULL: it is no
 * such row, or all are of others. */
static const struct cel_node *find_alternative(struct search *search, const struct cel_node *node)
{
    const struct cel_node *meant = NULL;
    for (uint32_t i = 0; node->kind == CEL_NODE_OR && i < node->count; i++) {
        const struct cel_node *part = node->children[i];
        const struct cel_node *type = part->kind == CEL_NODE_AND ? part->children[0] : part;
        if (!asks_type(search, type))
            return NULL;
        if (!meant && gives(search, type, true))
            meant = part;
    }
    return meant;
}

/* The operand of an `&&` or `||` that decided by itself; NULL: all of them did. */
static const struct cel_node *find_operand(struct search *search, const struct cel_node *node,
                                           bool answer)
{
    bool and = node->kind == CEL_NODE_AND;
    if (and&&answer && node->count == 2 && asks_type(search, node->children[0]))
        return node->children[1];
    if ((!and&&node->kind != CEL_NODE_OR) || and == answer)
        return find_alternative(search, node);
    for (uint32_t i = 0; i < node->count; i++)
        if (gives(search, node->children[i], answer))
            return node->children[i];
    return NULL;
}

/* The part that gave the answer. */
static const struct cel_node *find_part(struct search *search, const struct cel_node *node,
                                        bool answer)
{
    const struct cel_node *operand;
    while ((operand = find_operand(search, node, answer)))
        node = operand;
    return node;
}

/* ---- What it saw ---- */

static void see(struct search *search, const struct cel_node *node)
{
    struct cel_reason *reason = search->reason;
    struct cel_seen seen = {.text = text_of(search, node)};
    for (uint32_t i = 0; i < reason->count; i++)
        if (reason->seen[i].text.length == seen.text.length &&
            memcmp(reason->seen[i].text.text, seen.text.text, seen.text.length) == 0)
            return;
    reason->more |= reason->count == CEL_SEEN_MOST;
    if (reason->more)
        return;
    if (!evaluate(search, node, &seen.value))
        seen.fault = cel_error_text(&search->run, &search->run.error);
    reason->seen[reason->count++] = seen;
}

/* What only says how values are compared is looked through. */
static bool is_transparent(struct search *search, const struct cel_node *node)
{
    struct value value;
    switch (node->kind) {
    case CEL_NODE_NOT:
    case CEL_NODE_NEGATE:
    case CEL_NODE_BINARY:
    case CEL_NODE_AND:
    case CEL_NODE_OR:
    case CEL_NODE_CONDITIONAL:
    case CEL_NODE_LIST:
    case CEL_NODE_IN_SET:
    case CEL_NODE_BIND:
        return true;
    case CEL_NODE_CALL: /* name.startsWith("A") */
        return evaluate(search, node, &value) && value.kind == VALUE_BOOL;
    default:
        return false;
    }
}

static void look(struct search *search, const struct cel_node *node)
{
    if (node->kind == CEL_NODE_CONSTANT || (!node->input && node->lowest == INT32_MAX))
        return;
    if (node->kind == CEL_NODE_LOOP) { /* items.exists(i, i.price > 10) */
        look(search, node->children[0]);
        return;
    }
    bool own = node->lowest == INT32_MAX;
    if (own && !is_transparent(search, node)) {
        see(search, node);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++)
        look(search, node->children[i]);
}

static void note_method(struct search *search, const struct cel_node *node)
{
    const struct cel_node *about = node->count ? node->children[0] : NULL;
    if (node->kind != CEL_NODE_HOST || !about || about->kind != CEL_NODE_CONSTANT ||
        about->value.kind != VALUE_STRING)
        return;
    search->reason->method = node->slot;
    search->reason->about = (struct slice){about->value.string, about->value.length};
}

void cel_reason_find(const struct cel_program *program, const struct cel_input *input, bool answer,
                     struct arena *arena, struct cel_reason *reason)
{
    struct value locals[CEL_LOCALS_MOST];
    struct search search = {
        .run = {.program = program, .input = input, .arena = arena, .locals = locals},
        .reason = reason};
    *reason = (struct cel_reason){.method = -1};
    const struct cel_node *part = find_part(&search, program->root, answer);
    reason->part = text_of(&search, part);
    look(&search, part);
    note_method(&search, part);
}
