/*
 * All formulas stand in one array of nodes, each followed by its parts, so that asking one
 * walks forward through memory. A leaf names its predicate, and that its term, by numbers;
 * what one event has made of them is kept in a run, by the same numbers.
 */
#include "rules/rule_predicates.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"

struct rule_predicates {
    struct arena *arena;
    struct rule_predicates_node *nodes; /* of all formulas, each in the order of its text */
    uint32_t node_count, node_capacity;
    struct rule_predicate *items;
    uint32_t item_count, item_capacity;
    struct cel_term *terms;
    uint32_t term_count, term_capacity;
    struct map *by_key; /* what is there already, as its number plus one; until sealed */
    struct buf key;
};

enum { KEY_MOST = 1 << 20 };

struct rule_predicates *rule_predicates_new(struct arena *arena)
{
    struct rule_predicates *predicates = arena_zero(arena, sizeof *predicates);
    predicates->arena = arena;
    predicates->by_key = map_new();
    buf_init(&predicates->key, KEY_MOST);
    return predicates;
}

void rule_predicates_seal(struct rule_predicates *predicates)
{
    map_destroy(&predicates->by_key);
    buf_free(&predicates->key);
    for (uint32_t i = 0; i < predicates->term_count; i++)
        predicates->terms[i].key = NULL;
}

/* ---- Adding ---- */

/* The number that stands in `by_key` under the key, or `fresh`, which then stands there. */
static uint32_t number_of(struct rule_predicates *predicates, const char *key, size_t length,
                          uint32_t fresh)
{
    void *known = map_get(predicates->by_key, key, length);
    if (known)
        return (uint32_t)(uintptr_t)known - 1;
    map_put(predicates->by_key, key, length, (void *)((uintptr_t)fresh + 1));
    return fresh;
}

static uint32_t add_term(struct rule_predicates *predicates, const struct cel_term *term)
{
    buf_clear(&predicates->key);
    buf_char(&predicates->key, 't');
    buf_add(&predicates->key, term->key, term->key_length);
    if (predicates->key.full) { /* too large to be compared: a term of its own */
        buf_clear(&predicates->key);
        buf_printf(&predicates->key, "n%u", predicates->term_count);
    }
    uint32_t number =
        number_of(predicates, predicates->key.data, predicates->key.length, predicates->term_count);
    if (number < predicates->term_count)
        return number;
    predicates->terms = arena_grow(predicates->arena, predicates->terms, predicates->term_count,
                                   &predicates->term_capacity, sizeof *predicates->terms);
    predicates->terms[predicates->term_count++] = *term;
    return number;
}

static void put_constant(struct buf *out, const struct value *constant)
{
    double number = 0;
    bool is_text = constant->kind == VALUE_STRING;
    if (value_to_double(constant, &number))
        number += 0.0; /* no negative zero */
    else if (constant->kind == VALUE_BOOL)
        number = constant->boolean;
    buf_char(out, is_text                        ? 's'
                  : constant->kind == VALUE_NULL ? 'n'
                  : constant->kind == VALUE_BOOL ? 'b'
                                                 : 'd');
    buf_add(out, &number, sizeof number);
    if (!is_text)
        return;
    buf_add(out, &constant->length, sizeof constant->length);
    buf_add(out, constant->string, constant->length);
}

static uint32_t add_predicate(struct rule_predicates *predicates, const struct cel_formula *formula)
{
    struct rule_predicate predicate = {.term = add_term(predicates, &formula->term),
                                       .kind = formula->predicate,
                                       .count = formula->count};
    buf_clear(&predicates->key);
    buf_char(&predicates->key, 'q');
    buf_char(&predicates->key, (char)predicate.kind);
    buf_add(&predicates->key, &predicate.term, sizeof predicate.term);
    for (uint32_t i = 0; i < predicate.count; i++)
        put_constant(&predicates->key, &formula->constants[i]);
    if (predicates->key.full) {
        buf_clear(&predicates->key);
        buf_printf(&predicates->key, "m%u", predicates->item_count);
    }
    uint32_t number =
        number_of(predicates, predicates->key.data, predicates->key.length, predicates->item_count);
    if (number < predicates->item_count)
        return number;
    struct value *constants =
        arena_alloc(predicates->arena, sizeof *constants * (predicate.count + 1));
    for (uint32_t i = 0; i < predicate.count; i++)
        constants[i] = value_copy(predicates->arena, &formula->constants[i]);
    predicate.constants = constants;
    predicates->items = arena_grow(predicates->arena, predicates->items, predicates->item_count,
                                   &predicates->item_capacity, sizeof *predicates->items);
    predicates->items[predicates->item_count++] = predicate;
    return number;
}

static void add_leaf(struct rule_predicates *predicates, const struct cel_formula *formula,
                     uint32_t at)
{
    uint32_t number = add_predicate(predicates, formula);
    struct rule_predicates_node *node = &predicates->nodes[at];
    node->predicate = formula->predicate;
    node->number = number;
    node->term = predicates->items[number].term;
    if (cel_predicate_is_order((enum cel_predicate)formula->predicate))
        value_to_double(formula->constants, &node->bound);
}

uint32_t rule_predicates_add(struct rule_predicates *predicates, const struct cel_formula *formula)
{
    uint32_t at = predicates->node_count;
    predicates->nodes = arena_grow(predicates->arena, predicates->nodes, predicates->node_count,
                                   &predicates->node_capacity, sizeof *predicates->nodes);
    predicates->nodes[predicates->node_count++] =
        (struct rule_predicates_node){.kind = formula->kind};
    if (formula->kind == CEL_FORMULA_PREDICATE)
        add_leaf(predicates, formula, at);
    else
        for (uint32_t i = 0; i < formula->count; i++)
            rule_predicates_add(predicates, &formula->parts[i]);
    predicates->nodes[at].end = predicates->node_count;
    return at;
}

const struct rule_predicates_node *rule_predicates_node(const struct rule_predicates *predicates,
                                                        uint32_t at)
{
    return &predicates->nodes[at];
}

const struct rule_predicate *rule_predicates_at(const struct rule_predicates *predicates,
                                                uint32_t number)
{
    return &predicates->items[number];
}

uint32_t rule_predicates_count(const struct rule_predicates *predicates)
{
    return predicates->item_count;
}

uint32_t rule_predicates_terms(const struct rule_predicates *predicates)
{
    return predicates->term_count;
}

const struct cel_term *rule_predicates_term(const struct rule_predicates *predicates, uint32_t term)
{
    return &predicates->terms[term];
}

/* ---- One event ---- */

enum term_state { TERM_NEW, TERM_KNOWN, TERM_UNKNOWN, TERM_EXPLAINED };

struct term_value {
    uint8_t state; /* enum term_state */
    struct value value;
    const char *fault; /* of TERM_EXPLAINED; NULL: it takes too much work */
};

struct rule_predicates_run {
    const struct rule_predicates *predicates;
    const struct cel_input *input;
    struct arena *arena;
    struct term_value *terms;
    uint8_t *answers; /* of the predicates: enum cel_answer plus one; 0: not asked yet */
};

struct rule_predicates_run *rule_predicates_begin(const struct rule_predicates *predicates,
                                                  const struct cel_input *input,
                                                  struct arena *arena)
{
    struct rule_predicates_run *run = arena_alloc(arena, sizeof *run);
    *run = (struct rule_predicates_run){.predicates = predicates, .input = input, .arena = arena};
    run->terms = arena_alloc(arena, sizeof *run->terms * predicates->term_count);
    for (uint32_t i = 0; i < predicates->term_count; i++)
        run->terms[i].state = TERM_NEW;
    run->answers = arena_zero(arena, predicates->item_count);
    return run;
}

const struct value *rule_predicates_value(struct rule_predicates_run *run, uint32_t term)
{
    struct term_value *known = &run->terms[term];
    if (known->state == TERM_NEW) {
        bool fine = cel_term_eval(&run->predicates->terms[term], run->input, run->arena,
                                  &known->value, NULL);
        known->state = fine ? TERM_KNOWN : TERM_UNKNOWN;
    }
    return known->state == TERM_KNOWN ? &known->value : NULL;
}

const char *rule_predicates_fault(struct rule_predicates_run *run, uint32_t term)
{
    struct term_value *known = &run->terms[term];
    if (known->state == TERM_KNOWN)
        return NULL;
    if (known->state == TERM_UNKNOWN) {
        struct cel_fault fault = {0};
        cel_term_eval(&run->predicates->terms[term], run->input, run->arena, &known->value, &fault);
        known->fault = fault.text;
        known->state = TERM_EXPLAINED;
    }
    return known->fault;
}

/* Why a predicate is unknown: its term's fault, or NULL where the term has none. */
static const char *explain(struct rule_predicates_run *run, uint32_t node)
{
    return rule_predicates_fault(run, run->predicates->nodes[node].term);
}

/* A comparison with a number is done again sooner than it is looked up. */
static inline enum cel_answer ask_predicate(struct rule_predicates_run *run,
                                            const struct rule_predicates_node *node)
{
    enum cel_predicate kind = (enum cel_predicate)node->predicate;
    const struct value *value = rule_predicates_value(run, node->term);
    if (!value)
        return CEL_ANSWER_UNKNOWN;
    if (cel_predicate_is_order(kind))
        return cel_predicate_order(kind, node->bound, value);
    uint8_t *known = &run->answers[node->number];
    if (!*known) {
        const struct rule_predicate *predicate = &run->predicates->items[node->number];
        *known =
            (uint8_t)(1 + cel_predicate_ask(kind, predicate->constants, predicate->count, value));
    }
    return (enum cel_answer)(*known - 1);
}

/* Whether the program may answer this predicate, which is unknown here: the value is of a kind
 * that predicates do not compare (a decimal), or too much work for a term. */
static bool is_program_needed(struct rule_predicates_run *run, uint32_t node)
{
    uint32_t term = run->predicates->nodes[node].term;
    if (run->terms[term].state != TERM_KNOWN && run->predicates->terms[term].path)
        return false; /* a field that is not there */
    return !explain(run, node);
}

/* *unknown: the node of a predicate that leaves the answer unknown: one that needs the program
 * if there is any, else the first, whose fault is the program's. */
static enum cel_answer ask(struct rule_predicates_run *run, uint32_t at, uint32_t *unknown);

/* One part with the answer `decisive` decides. */
static enum cel_answer ask_row(struct rule_predicates_run *run, uint32_t at,
                               enum cel_answer decisive, uint32_t *unknown)
{
    const struct rule_predicates_node *nodes = run->predicates->nodes;
    enum cel_answer answer = CEL_ANSWER_FALSE + CEL_ANSWER_TRUE - decisive;
    uint32_t told;
    for (uint32_t part = at + 1, end = nodes[at].end; part < end; part = nodes[part].end) {
        enum cel_answer said;
        if (nodes[part].kind == CEL_FORMULA_PREDICATE)
            said = ask_predicate(run, &nodes[told = part]);
        else
            said = ask(run, part, &told);
        if (said == decisive)
            return said;
        if (said != CEL_ANSWER_UNKNOWN)
            continue;
        if (answer != CEL_ANSWER_UNKNOWN || is_program_needed(run, told))
            *unknown = told;
        answer = said;
    }
    return answer;
}

static enum cel_answer ask(struct rule_predicates_run *run, uint32_t at, uint32_t *unknown)
{
    const struct rule_predicates_node *node = &run->predicates->nodes[at];
    enum cel_answer answer;
    switch ((enum cel_formula_kind)node->kind) {
    case CEL_FORMULA_PREDICATE:
        *unknown = at;
        return ask_predicate(run, node);
    case CEL_FORMULA_ALL:
        return ask_row(run, at, CEL_ANSWER_FALSE, unknown);
    case CEL_FORMULA_ANY:
        return ask_row(run, at, CEL_ANSWER_TRUE, unknown);
    case CEL_FORMULA_NOT:
        break;
    }
    answer = ask(run, at + 1, unknown);
    return answer == CEL_ANSWER_UNKNOWN ? answer : CEL_ANSWER_FALSE + CEL_ANSWER_TRUE - answer;
}

enum cel_answer rule_predicates_ask(struct rule_predicates_run *run, uint32_t formula,
                                    const char **fault)
{
    uint32_t unknown = 0;
    enum cel_answer answer = ask(run, formula, &unknown);
    *fault = answer == CEL_ANSWER_UNKNOWN ? explain(run, unknown) : NULL;
    return answer;
}
