/*
 * From an event to the rules that match it.
 *
 *   formula          a condition as all, any or not of predicates (cel/cel_formula)
 *   predicate        what is asked of one term: order.status, == "paid" (cel/cel_predicate)
 *   rule_predicates  the formulas of all rules, each term and each predicate only once
 *   gate             a predicate without which its rule is never true; chosen for each rule as
 *                    the most selective one, that lets the fewest events through (choose)
 *   rule_gates       all gates of one term: from its value to the rules that it lets through
 *
 * Asking evaluates each term that has gates once, and marks the rules whose gates are passed
 * (mark). What is marked is true where the gates are all that its condition says, else its
 * formula is asked (ask_entry).
 *
 * Where a term is not there, the rules that ask nothing but it fail alike, and are not looked at
 * one by one (lack): most of what a campaign's rules ask, most events lack.
 *
 * A predicate is unknown where the program would fail, or compares what predicates do not (a
 * field that is not there, a decimal). A rule with an unknown gate is always asked; where its
 * formula stays unknown, it fails with the first fault, or the program itself is asked
 * (rule_predicates_ask).
 */
#include "rules/rule_index.h"

#include <string.h>

#include "rules/rule_gates.h"
#include "rules/rule_predicates.h"

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

/* 64 rules of which some are meant. */
struct part {
    uint32_t word; /* which 64 */
    uint64_t bits;
};

/* Rules as bits, but for words of nothing. */
struct rule_set {
    struct part *parts; /* ascending */
    uint32_t count, capacity;
};

/* The gates of one term. */
struct gated {
    uint32_t term;
    struct rule_gates *gates;
    struct rule_set sole, others;   /* rules whose gate is all that they ask; all else */
    const struct rule **sole_rules; /* in their order */
    uint32_t sole_count, sole_capacity;
};

struct rule_index {
    const struct rule *const *rules;
    uint32_t count;
    struct entry *entries;
    struct rule_predicates *predicates;
    struct gated *gated;
    uint32_t gated_count;
    struct rule_set restarting;          /* `again: restart` */
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
    uint32_t predicates[GATES_MOST];
    uint32_t count; /* 0: none */
    bool layers;    /* all of them must be passed, not only one */
    double selectivity;
};

struct builder {
    struct arena *arena;
    struct rule_index *index;
    uint32_t *equalities;  /* for each term: with how many constants it is compared */
    uint32_t *orders;      /* for each term: how many comparisons with numbers there are */
    struct gated *by_term; /* without gates where there are none */
};

/* A guess: what is compared with many constants seldom equals one of them. */
static double selectivity_of(const struct builder *builder, const struct rule_predicate *predicate)
{
    switch ((enum cel_predicate)predicate->kind) {
    case CEL_PREDICATE_IN:
        return predicate->count / (builder->equalities[predicate->term] + 1.0);
    case CEL_PREDICATE_STARTS:
    case CEL_PREDICATE_ENDS:
        return 0.1;
    case CEL_PREDICATE_CONTAINS:
        return 0.2;
    case CEL_PREDICATE_LESS:
    case CEL_PREDICATE_LESS_EQUAL:
    case CEL_PREDICATE_MORE:
    case CEL_PREDICATE_MORE_EQUAL:
        return 0.5;
    case CEL_PREDICATE_TRUE:
        break;
    }
    return 0.8;
}

/* A term with a gate is evaluated for every event: fields are cheap enough for that, and
 * what many rules have in common. */
static bool is_cheap(const struct builder *builder, uint32_t term)
{
    return rule_predicates_term(builder->index->predicates, term)->path ||
           builder->orders[term] >= 4;
}

static struct choice choose_predicate(const struct builder *builder, uint32_t number)
{
    const struct rule_predicate *predicate = rule_predicates_at(builder->index->predicates, number);
    if (rule_predicates_term(builder->index->predicates, predicate->term)->remote)
        return (struct choice){0};
    struct choice choice = {
        .predicates = {number}, .count = 1, .selectivity = selectivity_of(builder, predicate)};
    if (!is_cheap(builder, predicate->term))
        choice.selectivity += 0.1;
    return choice;
}

/* A row of nothing but comparisons with numbers: each is a gate in a layer of its own. */
static bool choose_layers(const struct builder *builder, uint32_t at, struct choice *choice)
{
    const struct rule_predicates *predicates = builder->index->predicates;
    uint32_t end = rule_predicates_node(predicates, at)->end;
    *choice = (struct choice){.layers = true};
    for (uint32_t part = at + 1; part < end; part++) {
        const struct rule_predicates_node *node = rule_predicates_node(predicates, part);
        if (node->kind != CEL_FORMULA_PREDICATE ||
            !cel_predicate_is_order((enum cel_predicate)node->predicate) ||
            !is_cheap(builder, node->term) || choice->count == RULE_GATES_LAYERS)
            return false;
        choice->predicates[choice->count++] = node->number;
    }
    return true;
}

static struct choice choose(const struct builder *builder, uint32_t at);

/* Any one part of `all` will do: the one that lets the fewest through. */
static struct choice choose_best(const struct builder *builder, uint32_t at)
{
    const struct rule_predicates *predicates = builder->index->predicates;
    struct choice best = {0};
    uint32_t end = rule_predicates_node(predicates, at)->end;
    for (uint32_t part = at + 1; part < end; part = rule_predicates_node(predicates, part)->end) {
        struct choice choice = choose(builder, part);
        if (choice.count && (!best.count || choice.selectivity < best.selectivity))
            best = choice;
    }
    return best;
}

/* Of `any`, each part must have its gates. */
static struct choice choose_every(const struct builder *builder, uint32_t at)
{
    const struct rule_predicates *predicates = builder->index->predicates;
    struct choice all = {0};
    uint32_t end = rule_predicates_node(predicates, at)->end;
    for (uint32_t part = at + 1; part < end; part = rule_predicates_node(predicates, part)->end) {
        struct choice choice = choose(builder, part);
        if (!choice.count || all.count + choice.count > GATES_MOST)
            return (struct choice){0};
        memcpy(all.predicates + all.count, choice.predicates,
               sizeof *choice.predicates * choice.count);
        all.count += choice.count;
        all.selectivity += choice.selectivity;
    }
    return all;
}

static struct choice choose(const struct builder *builder, uint32_t at)
{
    const struct rule_predicates_node *node = rule_predicates_node(builder->index->predicates, at);
    switch ((enum cel_formula_kind)node->kind) {
    case CEL_FORMULA_PREDICATE:
        return choose_predicate(builder, node->number);
    case CEL_FORMULA_ALL:
        return choose_best(builder, at);
    case CEL_FORMULA_ANY:
        return choose_every(builder, at);
    case CEL_FORMULA_NOT:
        break;
    }
    return (struct choice){0};
}

/* In ascending order, if not each only once. */
static void add_to_set(struct arena *arena, struct rule_set *set, uint32_t rule)
{
    if (!set->count || set->parts[set->count - 1].word != rule / 64) {
        set->parts = arena_grow(arena, set->parts, set->count, &set->capacity, sizeof *set->parts);
        set->parts[set->count++] = (struct part){.word = rule / 64};
    }
    set->parts[set->count - 1].bits |= UINT64_C(1) << rule % 64;
}

static void add_sole(struct arena *arena, struct gated *gated, const struct rule *rule)
{
    gated->sole_rules = arena_grow(arena, gated->sole_rules, gated->sole_count,
                                   &gated->sole_capacity, sizeof *gated->sole_rules);
    gated->sole_rules[gated->sole_count++] = rule;
}

/* `sole`: it is all that the rule asks. */
static void add_gate(struct builder *builder, uint32_t number, uint32_t rule, uint32_t layer,
                     bool sole)
{
    const struct rule_predicate *predicate = rule_predicates_at(builder->index->predicates, number);
    struct gated *gated = &builder->by_term[predicate->term];
    if (!gated->gates)
        gated->gates = rule_gates_new(builder->arena);
    rule_gates_add(gated->gates, (enum cel_predicate)predicate->kind, predicate->constants,
                   predicate->count, rule, layer);
    add_to_set(builder->arena, sole ? &gated->sole : &gated->others, rule);
    if (sole)
        add_sole(builder->arena, gated, builder->index->rules[rule]);
}

static void add_gates(struct builder *builder, uint32_t rule)
{
    struct rule_index *index = builder->index;
    struct entry *entry = &index->entries[rule];
    struct choice choice = {0};
    uint32_t kind = CEL_FORMULA_PREDICATE;
    if (entry->found == FOUND_FORMULA) {
        kind = rule_predicates_node(index->predicates, entry->formula)->kind;
        if (kind != CEL_FORMULA_ALL || !choose_layers(builder, entry->formula, &choice))
            choice = choose(builder, entry->formula);
    }
    if (choice.selectivity >= 1)
        choice.count = 0;
    for (uint32_t i = 0; i < choice.count; i++)
        add_gate(builder, choice.predicates[i], rule, choice.layers ? i : 0,
                 kind == CEL_FORMULA_PREDICATE);
    uint32_t layers = choice.layers ? choice.count : choice.count > 0;
    for (uint32_t layer = layers; layer < RULE_GATES_LAYERS; layer++)
        rule_marks_set(index->before[layer], rule);
    if (choice.count && (choice.layers || kind == CEL_FORMULA_PREDICATE))
        entry->found = FOUND_TRUE;
    if (index->rules[rule]->again == RULE_RESTART)
        add_to_set(builder->arena, &index->restarting, rule);
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
            entry->formula =
                rule_predicates_add(index->predicates, cel_formula_of(scratch, rule->condition));
        }
    }
    arena_destroy(&scratch);
}

static void count_predicates(struct builder *builder)
{
    const struct rule_predicates *predicates = builder->index->predicates;
    for (uint32_t i = 0; i < rule_predicates_count(predicates); i++) {
        const struct rule_predicate *predicate = rule_predicates_at(predicates, i);
        if (predicate->kind == CEL_PREDICATE_IN)
            builder->equalities[predicate->term] += predicate->count;
        else if (cel_predicate_is_order((enum cel_predicate)predicate->kind))
            builder->orders[predicate->term]++;
    }
}

static void seal_gates(struct builder *builder)
{
    struct rule_index *index = builder->index;
    uint32_t terms = rule_predicates_terms(index->predicates);
    index->gated = arena_alloc(builder->arena, sizeof *index->gated * terms);
    for (uint32_t i = 0; i < terms; i++) {
        struct gated *gated = &builder->by_term[i];
        if (!gated->gates)
            continue;
        rule_gates_seal(gated->gates);
        gated->term = i;
        index->gated[index->gated_count++] = *gated;
    }
}

struct rule_index *rule_index_new(struct arena *arena, const struct rule *const *rules,
                                  uint32_t count, bool plain)
{
    struct rule_index *index = arena_zero(arena, sizeof *index);
    index->rules = rules;
    index->count = count;
    index->entries = arena_alloc(arena, sizeof *index->entries * count);
    index->predicates = rule_predicates_new(arena);
    for (uint32_t i = 0; i < RULE_GATES_LAYERS; i++)
        index->before[i] = arena_zero(arena, sizeof **index->before * words_of(count));
    add_formulas(index, plain);
    uint32_t terms = rule_predicates_terms(index->predicates);
    struct builder builder = {.arena = arena, .index = index};
    builder.equalities = arena_zero(arena, sizeof *builder.equalities * terms);
    builder.by_term = arena_zero(arena, sizeof *builder.by_term * terms);
    builder.orders = arena_zero(arena, sizeof *builder.orders * terms);
    count_predicates(&builder);
    for (uint32_t i = 0; i < count; i++)
        add_gates(&builder, i);
    seal_gates(&builder);
    rule_predicates_seal(index->predicates);
    return index;
}

/* ---- Asking ---- */

struct asking {
    const struct rule_index *index;
    const struct condition_view *view;
    struct arena *arena;
    struct rule_predicates_run *run;
    struct rule_marks marks;
    uint64_t *known; /* rules that are not false */
    uint64_t *near;  /* that are, and are told as near */
    struct rule_answers *answers;
    struct rule_answer *items; /* the answers' */
    struct rule_failures *failures;
    struct rule_falses *falses; /* NULL: nobody asks */
};

static void add_all(uint64_t *words, const struct rule_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        words[set->parts[i].word] |= set->parts[i].bits;
}

/* The term is unknown: rules that ask nothing else fail; all others are asked. */
static void lack(struct asking *asking, const struct gated *gated)
{
    const char *fault = gated->sole_count ? rule_predicates_fault(asking->run, gated->term) : NULL;
    add_all(asking->marks.unknown, &gated->others);
    if (!fault) { /* the program may know it */
        add_all(asking->marks.unknown, &gated->sole);
        return;
    }
    add_all(asking->known, &gated->sole);
    asking->failures[asking->answers->failure_count++] = (struct rule_failures){
        .rules = gated->sole_rules, .count = gated->sole_count, .fault = fault};
}

static void mark(struct asking *asking)
{
    const struct rule_index *index = asking->index;
    size_t bytes = words_of(index->count) * sizeof(uint64_t);
    asking->known = arena_zero(asking->arena, bytes);
    asking->near = arena_zero(asking->arena, bytes);
    asking->marks.unknown = arena_zero(asking->arena, bytes);
    for (uint32_t layer = 0; layer < RULE_GATES_LAYERS; layer++)
        asking->marks.passed[layer] =
            memcpy(arena_alloc(asking->arena, bytes), index->before[layer], bytes);
    for (uint32_t i = 0; i < index->gated_count; i++) {
        const struct gated *gated = &index->gated[i];
        const struct value *value = rule_predicates_value(asking->run, gated->term);
        if (value)
            rule_gates_mark(gated->gates, value, &asking->marks);
        else
            lack(asking, gated);
    }
}

/* What is marked: 64 rules as bits. */
static inline uint64_t found_in(const struct rule_marks *marks, size_t word)
{
    uint64_t passed = marks->passed[0][word];
    for (uint32_t layer = 1; layer < RULE_GATES_LAYERS; layer++)
        passed &= marks->passed[layer][word];
    return passed | marks->unknown[word];
}

static void ask_program(const struct entry *entry, const struct condition_view *view,
                        struct arena *arena, struct rule_answer *answer)
{
    answer->answer = condition_view_ask(entry->rule->condition, view, arena, &answer->fault);
}

/* A rule that was found: by gates that are all true or false, or by one that is unknown. */
static void ask_entry(struct rule_predicates_run *run, const struct entry *entry, bool unknown,
                      const struct condition_view *view, struct arena *arena,
                      struct rule_answer *answer)
{
    *answer = (struct rule_answer){.rule = entry->rule, .answer = CONDITION_TRUE};
    if (entry->found == FOUND_PROGRAM) {
        ask_program(entry, view, arena, answer);
        return;
    }
    if (entry->found == FOUND_TRUE && !unknown)
        return;
    switch (rule_predicates_ask(run, entry->formula, &answer->fault)) {
    case CEL_ANSWER_TRUE:
        return;
    case CEL_ANSWER_FALSE:
        answer->answer = CONDITION_FALSE;
        return;
    case CEL_ANSWER_UNKNOWN:
        break;
    }
    answer->answer = CONDITION_FAILED;
    if (!answer->fault)
        ask_program(entry, view, arena, answer);
}

/* Those that are marked in a word. */
static void ask_word(struct asking *asking, size_t word)
{
    const struct rule_marks *marks = &asking->marks;
    struct rule_falses *falses = asking->falses;
    for (uint64_t left = found_in(marks, word); left; left &= left - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(left);
        struct rule_answer *answer = &asking->items[asking->answers->count];
        ask_entry(asking->run, &asking->index->entries[word * 64 + bit],
                  marks->unknown[word] >> bit & 1, asking->view, asking->arena, answer);
        if (answer->answer != CONDITION_FALSE) {
            asking->answers->count++;
            asking->known[word] |= left & -left;
        } else if (falses && falses->count < RULE_NEAR_MOST) {
            falses->rules[falses->count++] = answer->rule;
            asking->near[word] |= left & -left;
        }
    }
}

static void ask_marked(struct asking *asking)
{
    size_t words = words_of(asking->index->count), found = 0;
    for (size_t i = 0; i < words; i++)
        found += (size_t)__builtin_popcountll(found_in(&asking->marks, i));
    asking->answers->items = asking->items =
        arena_alloc(asking->arena, sizeof *asking->items * found);
    for (size_t i = 0; i < words; i++)
        ask_word(asking, i);
}

static void add_refusals(struct asking *asking)
{
    const struct rule_set *set = &asking->index->restarting;
    struct rule_answers *answers = asking->answers;
    uint32_t most = 0;
    for (uint32_t i = 0; i < set->count; i++)
        most += (uint32_t)__builtin_popcountll(set->parts[i].bits);
    const struct rule **refusals = arena_alloc(asking->arena, sizeof *refusals * most);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct part *part = &set->parts[i];
        for (uint64_t left = part->bits & ~asking->known[part->word]; left; left &= left - 1)
            refusals[answers->refusal_count++] =
                asking->index->rules[part->word * 64 + (uint32_t)__builtin_ctzll(left)];
    }
    answers->refusals = refusals;
}

/* Behind those that are near. */
static void add_falses(struct asking *asking)
{
    struct rule_falses *falses = asking->falses;
    falses->all = asking->index->count - asking->answers->count;
    for (uint32_t i = 0; i < asking->answers->failure_count; i++)
        falses->all -= asking->failures[i].count;
    uint32_t most = falses->all < RULE_FALSES_MOST ? falses->all : RULE_FALSES_MOST;
    for (uint32_t word = 0; falses->count < most; word++) {
        uint64_t left = ~asking->known[word] & ~asking->near[word];
        for (; left && falses->count < most; left &= left - 1)
            falses->rules[falses->count++] =
                asking->index->rules[word * 64 + (uint32_t)__builtin_ctzll(left)];
    }
}

const struct rule_answers *rule_index_ask(const struct rule_index *index,
                                          const struct condition_view *view, struct arena *arena,
                                          struct rule_falses *falses)
{
    struct asking asking = {.index = index, .view = view, .arena = arena, .falses = falses};
    asking.answers = arena_zero(arena, sizeof *asking.answers);
    asking.run = rule_predicates_begin(index->predicates, &view->input, arena);
    asking.answers->failures = asking.failures =
        arena_alloc(arena, sizeof *asking.failures * index->gated_count);
    if (falses)
        falses->count = falses->all = 0;
    mark(&asking);
    ask_marked(&asking);
    add_refusals(&asking);
    if (falses)
        add_falses(&asking);
    return asking.answers;
}
