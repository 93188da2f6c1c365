/*
 * All formulas stand in one array of nodes, each followed by its parts, so that asking one
 * walks forward through memory. A leaf names its test, and the test its term, by numbers;
 * what one event has made of them is kept in a run, by the same numbers.
 */
#include "rules/rule_tests.h"

#include <string.h>

#include "base/buf.h"
#include "base/map.h"

struct rule_tests {
    struct arena *arena;
    struct rule_tests_node *nodes; /* of all formulas, each in the order of its text */
    uint32_t node_count, node_capacity;
    struct rule_test *tests;
    uint32_t test_count, test_capacity;
    struct cel_term *terms;
    uint32_t term_count, term_capacity;
    struct map *by_key; /* what is there already, as its number plus one; until sealed */
    struct buf key;
};

enum { KEY_MOST = 1 << 20 };

struct rule_tests *rule_tests_new(struct arena *arena)
{
    struct rule_tests *tests = arena_zero(arena, sizeof *tests);
    tests->arena = arena;
    tests->by_key = map_new();
    buf_init(&tests->key, KEY_MOST);
    return tests;
}

void rule_tests_seal(struct rule_tests *tests)
{
    map_destroy(&tests->by_key);
    buf_free(&tests->key);
    for (uint32_t i = 0; i < tests->term_count; i++)
        tests->terms[i].key = NULL;
}

/* ---- Adding ---- */

/* The number that stands in `by_key` under the key, or `fresh`, which then stands there. */
static uint32_t number_of(struct rule_tests *tests, const char *key, size_t length, uint32_t fresh)
{
    void *known = map_get(tests->by_key, key, length);
    if (known)
        return (uint32_t)(uintptr_t)known - 1;
    map_put(tests->by_key, key, length, (void *)((uintptr_t)fresh + 1));
    return fresh;
}

static uint32_t add_term(struct rule_tests *tests, const struct cel_term *term)
{
    buf_clear(&tests->key);
    buf_char(&tests->key, 't');
    buf_add(&tests->key, term->key, term->key_length);
    if (tests->key.full) { /* too large to be compared: a term of its own */
        buf_clear(&tests->key);
        buf_printf(&tests->key, "n%u", tests->term_count);
    }
    uint32_t number = number_of(tests, tests->key.data, tests->key.length, tests->term_count);
    if (number < tests->term_count)
        return number;
    tests->terms = arena_grow(tests->arena, tests->terms, tests->term_count, &tests->term_capacity,
                              sizeof *tests->terms);
    tests->terms[tests->term_count++] = *term;
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

static uint32_t add_test(struct rule_tests *tests, const struct cel_formula *formula)
{
    struct rule_test test = {
        .term = add_term(tests, &formula->term), .test = formula->test, .count = formula->count};
    buf_clear(&tests->key);
    buf_char(&tests->key, 'q');
    buf_char(&tests->key, (char)test.test);
    buf_add(&tests->key, &test.term, sizeof test.term);
    for (uint32_t i = 0; i < test.count; i++)
        put_constant(&tests->key, &formula->constants[i]);
    if (tests->key.full) {
        buf_clear(&tests->key);
        buf_printf(&tests->key, "m%u", tests->test_count);
    }
    uint32_t number = number_of(tests, tests->key.data, tests->key.length, tests->test_count);
    if (number < tests->test_count)
        return number;
    struct value *constants = arena_alloc(tests->arena, sizeof *constants * (test.count + 1));
    for (uint32_t i = 0; i < test.count; i++)
        constants[i] = value_copy(tests->arena, &formula->constants[i]);
    test.constants = constants;
    tests->tests = arena_grow(tests->arena, tests->tests, tests->test_count, &tests->test_capacity,
                              sizeof *tests->tests);
    tests->tests[tests->test_count++] = test;
    return number;
}

static void add_leaf(struct rule_tests *tests, const struct cel_formula *formula, uint32_t at)
{
    uint32_t number = add_test(tests, formula);
    struct rule_tests_node *node = &tests->nodes[at];
    node->test = formula->test;
    node->number = number;
    node->term = tests->tests[number].term;
    if (cel_test_is_order((enum cel_test)formula->test))
        value_to_double(formula->constants, &node->bound);
}

uint32_t rule_tests_add(struct rule_tests *tests, const struct cel_formula *formula)
{
    uint32_t at = tests->node_count;
    tests->nodes = arena_grow(tests->arena, tests->nodes, tests->node_count, &tests->node_capacity,
                              sizeof *tests->nodes);
    tests->nodes[tests->node_count++] = (struct rule_tests_node){.kind = formula->kind};
    if (formula->kind == CEL_FORMULA_TEST)
        add_leaf(tests, formula, at);
    else
        for (uint32_t i = 0; i < formula->count; i++)
            rule_tests_add(tests, &formula->parts[i]);
    tests->nodes[at].end = tests->node_count;
    return at;
}

const struct rule_tests_node *rule_tests_node(const struct rule_tests *tests, uint32_t at)
{
    return &tests->nodes[at];
}

const struct rule_test *rule_tests_at(const struct rule_tests *tests, uint32_t test)
{
    return &tests->tests[test];
}

uint32_t rule_tests_count(const struct rule_tests *tests)
{
    return tests->test_count;
}

uint32_t rule_tests_terms(const struct rule_tests *tests)
{
    return tests->term_count;
}

const struct cel_term *rule_tests_term(const struct rule_tests *tests, uint32_t term)
{
    return &tests->terms[term];
}

/* ---- One event ---- */

enum term_state { TERM_NEW, TERM_KNOWN, TERM_OPEN, TERM_EXPLAINED };

struct term_value {
    uint8_t state; /* enum term_state */
    struct value value;
    const char *fault; /* of TERM_EXPLAINED; NULL: it takes too much work */
};

struct rule_tests_run {
    const struct rule_tests *tests;
    const struct cel_input *input;
    struct arena *arena;
    struct term_value *terms;
    uint8_t *answers; /* of the tests: enum cel_answer plus one; 0: not asked yet */
};

struct rule_tests_run *rule_tests_begin(const struct rule_tests *tests,
                                        const struct cel_input *input, struct arena *arena)
{
    struct rule_tests_run *run = arena_alloc(arena, sizeof *run);
    *run = (struct rule_tests_run){.tests = tests, .input = input, .arena = arena};
    run->terms = arena_alloc(arena, sizeof *run->terms * tests->term_count);
    for (uint32_t i = 0; i < tests->term_count; i++)
        run->terms[i].state = TERM_NEW;
    run->answers = arena_zero(arena, tests->test_count);
    return run;
}

const struct value *rule_tests_value(struct rule_tests_run *run, uint32_t term)
{
    struct term_value *known = &run->terms[term];
    if (known->state == TERM_NEW) {
        bool fine =
            cel_term_eval(&run->tests->terms[term], run->input, run->arena, &known->value, NULL);
        known->state = fine ? TERM_KNOWN : TERM_OPEN;
    }
    return known->state == TERM_KNOWN ? &known->value : NULL;
}

/* Why a test is open: its term's fault, or NULL where the term has none. */
static const char *explain(struct rule_tests_run *run, uint32_t node)
{
    uint32_t number = run->tests->nodes[node].term;
    struct term_value *term = &run->terms[number];
    if (term->state == TERM_KNOWN)
        return NULL;
    if (term->state == TERM_OPEN) {
        struct cel_fault fault = {0};
        cel_term_eval(&run->tests->terms[number], run->input, run->arena, &term->value, &fault);
        term->fault = fault.text;
        term->state = TERM_EXPLAINED;
    }
    return term->fault;
}

/* A comparison with a number is done again sooner than it is looked up. */
static inline enum cel_answer ask_test(struct rule_tests_run *run,
                                       const struct rule_tests_node *node)
{
    enum cel_test kind = (enum cel_test)node->test;
    const struct value *value = rule_tests_value(run, node->term);
    if (!value)
        return CEL_ANSWER_OPEN;
    if (cel_test_is_order(kind))
        return cel_test_order(kind, node->bound, value);
    uint8_t *known = &run->answers[node->number];
    if (!*known) {
        const struct rule_test *test = &run->tests->tests[node->number];
        *known = (uint8_t)(1 + cel_test_ask(kind, test->constants, test->count, value));
    }
    return (enum cel_answer)(*known - 1);
}

/* Whether the program may answer this test, which is open here: the value is of a kind that
 * tests do not compare (a decimal), or too much work for a term. */
static bool is_program_needed(struct rule_tests_run *run, uint32_t node)
{
    uint32_t term = run->tests->nodes[node].term;
    if (run->terms[term].state != TERM_KNOWN && run->tests->terms[term].path)
        return false; /* a field that is not there */
    return !explain(run, node);
}

/* *open: the node of a test that leaves the answer open: one that needs the program if there
 * is any, else the first, whose fault is the program's. */
static enum cel_answer ask(struct rule_tests_run *run, uint32_t at, uint32_t *open);

/* One part with the answer `decisive` decides. */
static enum cel_answer ask_row(struct rule_tests_run *run, uint32_t at, enum cel_answer decisive,
                               uint32_t *open)
{
    const struct rule_tests_node *nodes = run->tests->nodes;
    enum cel_answer answer = CEL_ANSWER_FALSE + CEL_ANSWER_TRUE - decisive;
    uint32_t told;
    for (uint32_t part = at + 1, end = nodes[at].end; part < end; part = nodes[part].end) {
        enum cel_answer said;
        if (nodes[part].kind == CEL_FORMULA_TEST)
            said = ask_test(run, &nodes[told = part]);
        else
            said = ask(run, part, &told);
        if (said == decisive)
            return said;
        if (said != CEL_ANSWER_OPEN)
            continue;
        if (answer != CEL_ANSWER_OPEN || is_program_needed(run, told))
            *open = told;
        answer = said;
    }
    return answer;
}

static enum cel_answer ask(struct rule_tests_run *run, uint32_t at, uint32_t *open)
{
    const struct rule_tests_node *node = &run->tests->nodes[at];
    enum cel_answer answer;
    switch ((enum cel_formula_kind)node->kind) {
    case CEL_FORMULA_TEST:
        *open = at;
        return ask_test(run, node);
    case CEL_FORMULA_ALL:
        return ask_row(run, at, CEL_ANSWER_FALSE, open);
    case CEL_FORMULA_ANY:
        return ask_row(run, at, CEL_ANSWER_TRUE, open);
    case CEL_FORMULA_NOT:
        break;
    }
    answer = ask(run, at + 1, open);
    return answer == CEL_ANSWER_OPEN ? answer : CEL_ANSWER_FALSE + CEL_ANSWER_TRUE - answer;
}

enum cel_answer rule_tests_ask(struct rule_tests_run *run, uint32_t formula, const char **fault)
{
    uint32_t open = 0;
    enum cel_answer answer = ask(run, formula, &open);
    *fault = answer == CEL_ANSWER_OPEN ? explain(run, open) : NULL;
    return answer;
}
