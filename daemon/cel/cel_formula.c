/*
 * take() goes down a program's tree: &&, || and ! become rows of a formula; a comparison with a
 * constant becomes a predicate, and what is compared its term; whatever else there is becomes
 * the predicate "is true" with itself as the term, so that no part of a condition is lost.
 *
 * A term's key is its tree written down as bytes (put_node): by it, terms of several programs
 * are known to be the same. cel_term_eval evaluates one by itself, within a budget of its own.
 */
#include "cel/cel_formula.h"

#include <math.h>
#include <string.h>

#include "cel/cel_run.h"

enum { KEY_MOST = 1 << 20 };

/* Above that, doubles no longer tell integers apart. */
static const double number_most = 9007199254740992.0;

/* Keys of terms: the tree, written down. */

static void put(struct buf *out, const void *bytes, size_t length)
{
    buf_add(out, bytes, length);
}

static void put_number(struct buf *out, int64_t number)
{
    put(out, &number, sizeof number);
}

static void put_value(struct buf *out, const struct value *value)
{
    put_number(out, value->kind);
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        return;
    case VALUE_BOOL:
        put_number(out, value->boolean);
        return;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_DOUBLE:
        put_number(out, value->integer);
        return;
    case VALUE_STRING:
    case VALUE_BYTES:
        put_number(out, value->length);
        put(out, value->string, value->length);
        return;
    case VALUE_TIMESTAMP:
    case VALUE_DURATION:
        put_number(out, value->integer);
        put_number(out, value->length);
        return;
    case VALUE_LIST:
        put_number(out, value->list->count);
        for (uint32_t i = 0; i < value->list->count; i++)
            put_value(out, &value->list->items[i]);
        return;
    case VALUE_MAP:
        put_number(out, value->map->count);
        for (uint32_t i = 0; i < value->map->count; i++) {
            put_value(out, &value->map->members[i].key);
            put_value(out, &value->map->members[i].value);
        }
        return;
    case VALUE_EXTENSION: /* equal to nothing but itself */
        put_number(out, (int64_t)(intptr_t)value->other);
        put_number(out, value->length);
        return;
    }
}

static void put_node(struct buf *out, const struct cel_node *node)
{
    put_number(out, node->kind);
    put_number(out, node->op);
    put_number(out, node->flags & ~CEL_FLAG_WRITTEN);
    put_number(out, node->slot);
    put_number(out, node->second);
    if (node->kind != CEL_NODE_LOCAL && node->kind != CEL_NODE_BOUND) /* their name is no matter */
        put_value(out, &node->value);
    put_number(out, node->count);
    if (node->count == 0)
        return;
    put_node(out, node->children[0]);
    for (uint32_t i = 1; i < node->count; i++) {
        if (node->kind == CEL_NODE_PATH) /* the selects hold the path before them again */
            put_value(out, &node->children[i]->value);
        else
            put_node(out, node->children[i]);
    }
}

/* ---- Taking apart ---- */

struct taker {
    struct arena *arena;
    const struct cel_program *program;
    struct buf key;
};

static bool is_remote(const struct cel_node *node)
{
    bool remote = node->kind == CEL_NODE_HOST && node->op;
    for (uint32_t i = 0; i < node->count && !remote; i++)
        remote = is_remote(node->children[i]);
    return remote;
}

static void take_term(struct taker *taker, const struct cel_node *node, struct cel_term *term)
{
    buf_clear(&taker->key);
    put_node(&taker->key, node);
    /* A term that is too large for a key is known by its address. */
    if (taker->key.full) {
        buf_clear(&taker->key);
        put_number(&taker->key, (int64_t)(intptr_t)node);
    }
    *term = (struct cel_term){
        .program = taker->program,
        .node = node,
        .key = arena_copy(taker->arena, taker->key.data, taker->key.length),
        .key_length = (uint32_t)taker->key.length,
        .path = node->kind == CEL_NODE_PATH || node->kind == CEL_NODE_MEMBER ||
                node->kind == CEL_NODE_ROOT,
        .remote = is_remote(node),
    };
}

static bool fits_number(const struct value *value)
{
    double number;
    return value_to_double(value, &number) && fabs(number) < number_most; /* no NaN either */
}

static bool fits_equality(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_BOOL || value->kind == VALUE_NULL ||
           fits_number(value);
}

static void take_predicate(struct taker *taker, const struct cel_node *term,
                           enum cel_predicate predicate, const struct value *constants,
                           uint32_t count, struct cel_formula *formula)
{
    *formula = (struct cel_formula){.kind = CEL_FORMULA_PREDICATE,
                                    .predicate = (uint8_t)predicate,
                                    .count = count,
                                    .constants = constants};
    take_term(taker, term, &formula->term);
}

/* x == c, c == x. */
static bool take_equal(struct taker *taker, const struct cel_node *node,
                       struct cel_formula *formula)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct cel_node *constant = node->children[i], *term = node->children[1 - i];
        if (constant->kind != CEL_NODE_CONSTANT || !fits_equality(&constant->value))
            continue;
        take_predicate(taker, term, CEL_PREDICATE_IN, &constant->value, 1, formula);
        return true;
    }
    return false;
}

/* x < c, and c > x. */
static bool take_order(struct taker *taker, const struct cel_node *node,
                       struct cel_formula *formula)
{
    static const struct {
        enum cel_predicate predicate, flipped;
    } predicates[] = {
        [CEL_LESS] = {CEL_PREDICATE_LESS, CEL_PREDICATE_MORE},
        [CEL_LESS_EQUAL] = {CEL_PREDICATE_LESS_EQUAL, CEL_PREDICATE_MORE_EQUAL},
        [CEL_GREATER] = {CEL_PREDICATE_MORE, CEL_PREDICATE_LESS},
        [CEL_GREATER_EQUAL] = {CEL_PREDICATE_MORE_EQUAL, CEL_PREDICATE_LESS_EQUAL},
    };
    for (uint32_t i = 0; i < 2; i++) {
        const struct cel_node *constant = node->children[i], *term = node->children[1 - i];
        if (constant->kind != CEL_NODE_CONSTANT || !fits_number(&constant->value))
            continue;
        take_predicate(taker, term,
                       i ? predicates[node->op].predicate : predicates[node->op].flipped,
                       &constant->value, 1, formula);
        return true;
    }
    return false;
}

/* x in [c, d] */
static bool take_in(struct taker *taker, const struct cel_node *node, struct cel_formula *formula)
{
    const struct cel_node *list = node->children[1];
    if (list->kind != CEL_NODE_CONSTANT || list->value.kind != VALUE_LIST)
        return false;
    const struct value_list *items = list->value.list;
    for (uint32_t i = 0; i < items->count; i++)
        if (!fits_equality(&items->items[i]))
            return false;
    take_predicate(taker, node->children[0], CEL_PREDICATE_IN, items->items, items->count, formula);
    return true;
}

static void take_set(struct taker *taker, const struct cel_node *node, struct cel_formula *formula)
{
    const struct value_map *set = node->value.map;
    struct value *constants = arena_alloc(taker->arena, sizeof *constants * (set->count + 1));
    for (uint32_t i = 0; i < set->count; i++)
        constants[i] = set->members[i].key;
    take_predicate(taker, node->children[0], CEL_PREDICATE_IN, constants, set->count, formula);
}

/* x.startsWith("…") and its like. */
static bool take_call(struct taker *taker, const struct cel_node *node, struct cel_formula *formula)
{
    static const struct {
        const char *name;
        enum cel_predicate predicate;
    } predicates[] = {
        {"startsWith", CEL_PREDICATE_STARTS},
        {"endsWith", CEL_PREDICATE_ENDS},
        {"contains", CEL_PREDICATE_CONTAINS},
    };
    const struct cel_node *text = node->count == 2 ? node->children[1] : NULL;
    if (!(node->flags & CEL_FLAG_RECEIVER) || !text || text->kind != CEL_NODE_CONSTANT ||
        text->value.kind != VALUE_STRING)
        return false;
    for (size_t i = 0; i < sizeof predicates / sizeof *predicates; i++) {
        if (!value_is_text(&node->value, predicates[i].name))
            continue;
        take_predicate(taker, node->children[0], predicates[i].predicate, &text->value, 1, formula);
        return true;
    }
    return false;
}

static bool take_binary(struct taker *taker, const struct cel_node *node,
                        struct cel_formula *formula)
{
    switch ((enum cel_operator)node->op) {
    case CEL_EQUAL:
        return take_equal(taker, node, formula);
    case CEL_LESS:
    case CEL_LESS_EQUAL:
    case CEL_GREATER:
    case CEL_GREATER_EQUAL:
        return take_order(taker, node, formula);
    case CEL_IN:
        return take_in(taker, node, formula);
    default:
        return false;
    }
}

static void take(struct taker *taker, const struct cel_node *node, struct cel_formula *formula);

static void take_row(struct taker *taker, const struct cel_node *node, enum cel_formula_kind kind,
                     struct cel_formula *formula)
{
    struct cel_formula *parts = arena_alloc(taker->arena, sizeof *parts * node->count);
    for (uint32_t i = 0; i < node->count; i++)
        take(taker, node->children[i], &parts[i]);
    *formula = (struct cel_formula){.kind = (uint8_t)kind, .count = node->count, .parts = parts};
}

/* x != c: not x == c. */
static bool take_unequal(struct taker *taker, const struct cel_node *node,
                         struct cel_formula *formula)
{
    struct cel_formula *part = arena_alloc(taker->arena, sizeof *part);
    if (node->op != CEL_UNEQUAL || !take_equal(taker, node, part))
        return false;
    *formula = (struct cel_formula){.kind = CEL_FORMULA_NOT, .count = 1, .parts = part};
    return true;
}

static void take(struct taker *taker, const struct cel_node *node, struct cel_formula *formula)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_AND:
        take_row(taker, node, CEL_FORMULA_ALL, formula);
        return;
    case CEL_NODE_OR:
        take_row(taker, node, CEL_FORMULA_ANY, formula);
        return;
    case CEL_NODE_NOT:
        take_row(taker, node, CEL_FORMULA_NOT, formula);
        return;
    case CEL_NODE_IN_SET:
        take_set(taker, node, formula);
        return;
    case CEL_NODE_BINARY:
        if (take_binary(taker, node, formula) || take_unequal(taker, node, formula))
            return;
        break;
    case CEL_NODE_CALL:
        if (take_call(taker, node, formula))
            return;
        break;
    default:
        break;
    }
    take_predicate(taker, node, CEL_PREDICATE_TRUE, NULL, 0, formula);
}

/* What take() would make, counted. */
static uint32_t count_predicates(const struct cel_node *node)
{
    bool row =
        node->kind == CEL_NODE_AND || node->kind == CEL_NODE_OR || node->kind == CEL_NODE_NOT;
    uint32_t count = !row;
    for (uint32_t i = 0; row && i < node->count; i++)
        count += count_predicates(node->children[i]);
    return count;
}

const struct cel_formula *cel_formula_of(struct arena *arena, const struct cel_program *program)
{
    struct cel_formula *formula = arena_alloc(arena, sizeof *formula);
    struct taker taker = {.arena = arena, .program = program};
    buf_init(&taker.key, KEY_MOST);
    if (count_predicates(program->root) <= CEL_PREDICATES_MOST)
        take(&taker, program->root, formula);
    else
        take_predicate(&taker, program->root, CEL_PREDICATE_TRUE, NULL, 0, formula);
    buf_free(&taker.key);
    return formula;
}

/* ---- Evaluating ---- */

bool cel_term_eval(const struct cel_term *term, const struct cel_input *input, struct arena *arena,
                   struct value *value, struct cel_fault *fault)
{
    struct value locals[CEL_LOCALS_MOST];
    struct cel_run run = {
        .program = term->program,
        .input = input,
        .arena = arena,
        .budget = CEL_PREDICATE_COST_MOST,
        .locals = locals,
    };
    if (cel_run_node(&run, term->node, value))
        return true;
    if (fault) {
        fault->text = run.budget < 0 ? NULL : cel_error_text(&run, &run.error);
        fault->offset = run.error.node->mark;
    }
    return false;
}
