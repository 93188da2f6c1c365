/*
 * From an event to the rules that match it.
 *
 *   formula     a condition as all, any or not of tests (cel/cel_formula)
 *   test        a term and what it is compared with: order.status, == "paid"
 *   rule_tests  the formulas of all rules, each term and each test only once
 *   gate        a test without which its rule is never true; chosen for each rule as the one
 *               that lets the fewest events through (choose)
 *   rule_gates  all gates of one term: from its value to the rules that it lets through
 *
 * Asking evaluates each term that has gates once, and marks the rules whose gates are passed
 * (mark). What is marked is true where the gates are all that its condition says, else its
 * formula is asked (ask_entry).
 *
 * A test is open where the program would fail, or compares what tests do not (a field that is
 * not there, a decimal). A rule with an open gate is always asked; where its formula stays
 * open, it fails with the first fault, or the program itself is asked (rule_tests_ask).
 */
#include "rules/rule_index.h"

#include <string.h>

#include "rules/rule_gates.h"
#include "rules/rule_tests.h"

/* How much of its work is left when a rule is found. */
enum found {
    FOUND_TRUE,    /* by its gate alone, or it has no condition */
    FOUND_FORMULA, /* its formula is asked */
    FOUND_PROGRAM, /* it is asked itself */
};

struct entry {
    const struct rule *rule;
    uint32_t formula;
    uint8_t found; /* enum found */
};

/* The gates of one term. */
struct gated {
    uint32_t term;
    struct rule_gates *gates;
};

struct rule_index {
    const struct rule *const *rules;
    uint32_t count;
    struct entry *entries;
    struct rule_tests *tests;
    struct gated *gated;
    uint32_t gated_count;
    uint64_t *before[RULE_GATES_LAYERS]; /* passed by the rules without a gate in that layer */
};

static size_t words_of(uint32_t count)
{
    return (count + 63) / 64;
}

/* ---- Building ---- */

enum { GATES_MOST = 16 };

/* The gates of one rule, and by how large a part of all events it will be found. */
struct choice {
    uint32_t tests[GATES_MOST];
    uint32_t count; /* 0: none */
    bool layers;    /* all of them must be passed, not only one */
    double part;
};

struct builder {
    struct arena *arena;
    struct rule_index *index;
    uint32_t *equalities; /* for each term: with how many constants it is compared */
    uint32_t *orders;     /* for each term: how many comparisons with numbers there are */
    struct rule_gates **by_term;
};

/* A guess: what is compared with many constants seldom equals one of them. */
static double part_passed(const struct builder *builder, const struct rule_test *test)
{
    switch ((enum cel_test)test->test) {
    case CEL_TEST_IN:
        return test->count / (builder->equalities[test->term] + 1.0);
    case CEL_TEST_STARTS:
    case CEL_TEST_ENDS:
        return 0.1;
    case CEL_TEST_CONTAINS:
        return 0.2;
    case CEL_TEST_LESS:
    case CEL_TEST_LESS_EQUAL:
    case CEL_TEST_MORE:
    case CEL_TEST_MORE_EQUAL:
        return 0.5;
    case CEL_TEST_TRUE:
        break;
    }
    return 0.8;
}

/* A term with a gate is evaluated for every event: fields are cheap enough for that, and
 * what many rules have in common. */
static bool is_cheap(const struct builder *builder, uint32_t term)
{
    return rule_tests_term(builder->index->tests, term)->path || builder->orders[term] >= 4;
}

static struct choice choose_test(const struct builder *builder, uint32_t number)
{
    const struct rule_test *test = rule_tests_at(builder->index->tests, number);
    struct choice choice = {.tests = {number}, .count = 1, .part = part_passed(builder, test)};
    if (!is_cheap(builder, test->term))
        choice.part += 0.1;
    return choice;
}

/* A row of nothing but comparisons with numbers: each is a gate in a layer of its own. */
static bool choose_layers(const struct builder *builder, uint32_t at, struct choice *choice)
{
    const struct rule_tests *tests = builder->index->tests;
    uint32_t end = rule_tests_node(tests, at)->end;
    *choice = (struct choice){.layers = true};
    for (uint32_t part = at + 1; part < end; part++) {
        const struct rule_tests_node *node = rule_tests_node(tests, part);
        if (node->kind != CEL_FORMULA_TEST || !cel_test_is_order((enum cel_test)node->test) ||
            !is_cheap(builder, node->term) || choice->count == RULE_GATES_LAYERS)
            return false;
        choice->tests[choice->count++] = node->number;
    }
    return true;
}

static struct choice choose(const struct builder *builder, uint32_t at);

/* Any one part of `all` will do: the one that lets the fewest through. */
static struct choice choose_best(const struct builder *builder, uint32_t at)
{
    const struct rule_tests *tests = builder->index->tests;
    struct choice best = {0};
    uint32_t end = rule_tests_node(tests, at)->end;
    for (uint32_t part = at + 1; part < end; part = rule_tests_node(tests, part)->end) {
        struct choice choice = choose(builder, part);
        if (choice.count && (!best.count || choice.part < best.part))
            best = choice;
    }
    return best;
}

/* Of `any`, each part must have its gates. */
static struct choice choose_every(const struct builder *builder, uint32_t at)
{
    const struct rule_tests *tests = builder->index->tests;
    struct choice all = {0};
    uint32_t end = rule_tests_node(tests, at)->end;
    for (uint32_t part = at + 1; part < end; part = rule_tests_node(tests, part)->end) {
        struct choice choice = choose(builder, part);
        if (!choice.count || all.count + choice.count > GATES_MOST)
            return (struct choice){0};
        memcpy(all.tests + all.count, choice.tests, sizeof *choice.tests * choice.count);
        all.count += choice.count;
        all.part += choice.part;
    }
    return all;
}

static struct choice choose(const struct builder *builder, uint32_t at)
{
    const struct rule_tests_node *node = rule_tests_node(builder->index->tests, at);
    switch ((enum cel_formula_kind)node->kind) {
    case CEL_FORMULA_TEST:
        return choose_test(builder, node->number);
    case CEL_FORMULA_ALL:
        return choose_best(builder, at);
    case CEL_FORMULA_ANY:
        return choose_every(builder, at);
    case CEL_FORMULA_NOT:
        break;
    }
    return (struct choice){0};
}

static void add_gate(struct builder *builder, uint32_t number, uint32_t rule, uint32_t layer)
{
    const struct rule_test *test = rule_tests_at(builder->index->tests, number);
    struct rule_gates **gates = &builder->by_term[test->term];
    if (!*gates)
        *gates = rule_gates_new(builder->arena);
    rule_gates_add(*gates, (enum cel_test)test->test, test->constants, test->count, rule, layer);
}

static void add_gates(struct builder *builder, uint32_t rule)
{
    struct rule_index *index = builder->index;
    struct entry *entry = &index->entries[rule];
    struct choice choice = {0};
    uint32_t kind = CEL_FORMULA_TEST;
    if (entry->found == FOUND_FORMULA) {
        kind = rule_tests_node(index->tests, entry->formula)->kind;
        if (kind != CEL_FORMULA_ALL || !choose_layers(builder, entry->formula, &choice))
            choice = choose(builder, entry->formula);
    }
    if (choice.part >= 1)
        choice.count = 0;
    for (uint32_t i = 0; i < choice.count; i++)
        add_gate(builder, choice.tests[i], rule, choice.layers ? i : 0);
    uint32_t layers = choice.layers ? choice.count : choice.count > 0;
    for (uint32_t layer = layers; layer < RULE_GATES_LAYERS; layer++)
        rule_marks_set(index->before[layer], rule);
    if (choice.count && (choice.layers || kind == CEL_FORMULA_TEST))
        entry->found = FOUND_TRUE;
}

static void add_formulas(struct rule_index *index, bool plain)
{
    struct arena *scratch = arena_new(64 * 1024);
    for (uint32_t i = 0; i < index->count; i++) {
        struct entry *entry = &index->entries[i];
        const struct rule *rule = index->rules[i];
        *entry = (struct entry){.rule = rule, .found = FOUND_FORMULA};
        if (!rule->enabled || !rule->condition) {
            entry->found = FOUND_TRUE;
        } else if (plain) {
            entry->found = FOUND_PROGRAM;
        } else {
            arena_reset(scratch);
            entry->formula = rule_tests_add(index->tests, cel_formula_of(scratch, rule->condition));
        }
    }
    arena_destroy(&scratch);
}

static void count_tests(struct builder *builder)
{
    const struct rule_tests *tests = builder->index->tests;
    for (uint32_t i = 0; i < rule_tests_count(tests); i++) {
        const struct rule_test *test = rule_tests_at(tests, i);
        if (test->test == CEL_TEST_IN)
            builder->equalities[test->term] += test->count;
        else if (cel_test_is_order((enum cel_test)test->test))
            builder->orders[test->term]++;
    }
}

static void seal_gates(struct builder *builder)
{
    struct rule_index *index = builder->index;
    uint32_t terms = rule_tests_terms(index->tests);
    index->gated = arena_alloc(builder->arena, sizeof *index->gated * terms);
    for (uint32_t i = 0; i < terms; i++) {
        if (!builder->by_term[i])
            continue;
        rule_gates_seal(builder->by_term[i]);
        index->gated[index->gated_count++] =
            (struct gated){.term = i, .gates = builder->by_term[i]};
    }
}

struct rule_index *rule_index_new(struct arena *arena, const struct rule *const *rules,
                                  uint32_t count, bool plain)
{
    struct rule_index *index = arena_zero(arena, sizeof *index);
    index->rules = rules;
    index->count = count;
    index->entries = arena_alloc(arena, sizeof *index->entries * count);
    index->tests = rule_tests_new(arena);
    for (uint32_t i = 0; i < RULE_GATES_LAYERS; i++)
        index->before[i] = arena_zero(arena, sizeof **index->before * words_of(count));
    add_formulas(index, plain);
    uint32_t terms = rule_tests_terms(index->tests);
    struct builder builder = {.arena = arena, .index = index};
    builder.equalities = arena_zero(arena, sizeof *builder.equalities * terms);
    builder.by_term = arena_zero(arena, sizeof *builder.by_term * terms);
    builder.orders = arena_zero(arena, sizeof *builder.orders * terms);
    count_tests(&builder);
    for (uint32_t i = 0; i < count; i++)
        add_gates(&builder, i);
    seal_gates(&builder);
    rule_tests_seal(index->tests);
    return index;
}

const struct rule *const *rule_index_rules(const struct rule_index *index, uint32_t *count)
{
    *count = index->count;
    return index->rules;
}

/* ---- Asking ---- */

/* What is marked: 64 rules as bits. */
static inline uint64_t found_in(const struct rule_marks *marks, size_t word)
{
    uint64_t passed = marks->passed[0][word];
    for (uint32_t layer = 1; layer < RULE_GATES_LAYERS; layer++)
        passed &= marks->passed[layer][word];
    return passed | marks->open[word];
}

static struct rule_marks mark(const struct rule_index *index, struct rule_tests_run *run,
                              struct arena *arena)
{
    size_t bytes = words_of(index->count) * sizeof(uint64_t);
    struct rule_marks marks = {.open = arena_zero(arena, bytes)};
    for (uint32_t layer = 0; layer < RULE_GATES_LAYERS; layer++)
        marks.passed[layer] = memcpy(arena_alloc(arena, bytes), index->before[layer], bytes);
    for (uint32_t i = 0; i < index->gated_count; i++)
        rule_gates_mark(index->gated[i].gates, rule_tests_value(run, index->gated[i].term), &marks);
    return marks;
}

static void ask_program(const struct entry *entry, const struct condition_view *view,
                        struct arena *arena, struct rule_answer *answer)
{
    answer->answer = condition_view_ask(entry->rule->condition, view, arena, &answer->fault);
}

/* A rule that was found: by gates that are all true or false, or by one that is open. */
static void ask_entry(struct rule_tests_run *run, const struct entry *entry, bool open,
                      const struct condition_view *view, struct arena *arena,
                      struct rule_answer *answer)
{
    *answer = (struct rule_answer){.rule = entry->rule, .answer = CONDITION_TRUE};
    if (entry->found == FOUND_PROGRAM) {
        ask_program(entry, view, arena, answer);
        return;
    }
    if (entry->found == FOUND_TRUE && !open)
        return;
    switch (rule_tests_ask(run, entry->formula, &answer->fault)) {
    case CEL_ANSWER_TRUE:
        return;
    case CEL_ANSWER_FALSE:
        answer->answer = CONDITION_FALSE;
        return;
    case CEL_ANSWER_OPEN:
        break;
    }
    answer->answer = CONDITION_FAILED;
    if (!answer->fault)
        ask_program(entry, view, arena, answer);
}

const struct rule_answer *rule_index_ask(const struct rule_index *index,
                                         const struct condition_view *view, struct arena *arena,
                                         uint32_t *count)
{
    struct rule_tests_run *run = rule_tests_begin(index->tests, &view->input, arena);
    struct rule_marks marks = mark(index, run, arena);
    size_t words = words_of(index->count), found = 0;
    for (size_t i = 0; i < words; i++)
        found += (size_t)__builtin_popcountll(found_in(&marks, i));
    struct rule_answer *answers = arena_alloc(arena, sizeof *answers * found);
    *count = 0;
    for (size_t i = 0; i < words; i++) {
        for (uint64_t left = found_in(&marks, i); left; left &= left - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(left);
            ask_entry(run, &index->entries[i * 64 + bit], marks.open[i] >> bit & 1, view, arena,
                      &answers[*count]);
            *count += answers[*count].answer != CONDITION_FALSE;
        }
    }
    return answers;
}
