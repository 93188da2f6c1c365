/* The index against the plain loop: random rules, random events, the same answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "config/rule_files.h"
#include "rules/rule_index.h"

enum { SETS = 40, RULES = 150, EVENTS = 100, TEXT_MOST = 1 << 20 };

static uint64_t seed;

static uint32_t below(uint32_t most)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % most;
}

#define COUNT(list)  ((uint32_t)(sizeof list / sizeof *(list)))
#define ONE_OF(list) (list)[below(COUNT(list))]

/* Few of each, so that conditions share terms and tests, and events meet them. */
static const char *const fields[] = {
    "order.total", "order.weight", "order.status", "order.coupon", "order.note", "customer.tier",
    "customer.email", "event.id", "order.gift", "order.nothing", "shop", "order.items",
    /* the same, written otherwise */
    "order[\"total\"]", "event.data.order.total", "(order).status", "order . note",
    "event[\"data\"].order[\"coupon\"]", "order.items[0]", "order[event.id]",
    /* names of the event's own, and roots that are not there */
    "mark", "marks.first", "nothing", "start.total", "customer", "event.type",
    /* what the host answers */
    "customer.count(\"x\")", "customer.count(\"x\", duration(\"1d\"))", "customer.count(\"never\")",
    "customer.sent(\"r1\")", "customer.last(\"x\")", "customer.first(\"never\")",
    "customer.segment(\"rich\")", "customer.segment(\"none\")"};
static const char *const names[] = {"total", "weight", "status", "coupon", "note", "gift", "items"};
static const char *const words[] = {"paid",
                                    "open",
                                    "gold",
                                    "silver",
                                    "ana@example.com",
                                    "ana",
                                    "com",
                                    "",
                                    "Iași",
                                    "a paid note of gold",
                                    "a",
                                    "e.co",
                                    "note",
                                    "gold and silver, silver and gold"};
static const char *const numbers[] = {"0",
                                      "1",
                                      "5",
                                      "20",
                                      "19.5",
                                      "20.0",
                                      "-3",
                                      "-0.0",
                                      "1e3",
                                      "9007199254740991",
                                      "9007199254740992",
                                      "9007199254740993"};
/* What only events hold: no literals, or the same number spelled otherwise. */
static const char *const others[] = {"null",
                                     "true",
                                     "false",
                                     "[]",
                                     "[\"paid\", 5]",
                                     "{}",
                                     "{\"a\": 1}",
                                     "9007199254740992",
                                     "9007199254740993",
                                     "9223372036854775807",
                                     "1e300",
                                     "-0.0",
                                     "5.0",
                                     "18446744073709551615",
                                     "-9223372036854775808",
                                     "[\"paid\", \"open\"]",
                                     "[20]",
                                     "true",
                                     "false",
                                     "\"2026-03-02T10:00:00Z\"",
                                     "\"5\"",
                                     "\"20.0\"",
                                     "\"90m\"",
                                     "{\"total\": 5, \"paid\": true}",
                                     "20.00"};

/* Each set of rules asks for few of the fields: rules then share terms, tests and gates. */
enum { CHOSEN = 8 };
static const char *chosen[CHOSEN];

static void choose_fields(void)
{
    for (uint32_t i = 0; i < CHOSEN; i++)
        chosen[i] = ONE_OF(fields);
}

static const char *some_field(void)
{
    return ONE_OF(chosen);
}

static void put_word(struct buf *out)
{
    buf_printf(out, "\"%s\"", ONE_OF(words));
}

static void put_constant(struct buf *out)
{
    static const char *const like[] = {"true", "false", "null", "0", "1", "\"\""};
    uint32_t kind = below(10);
    if (kind < 4)
        put_word(out);
    else
        buf_text(out, kind < 7 ? ONE_OF(numbers) : ONE_OF(like));
}

static void put_list(struct buf *out, bool words_only)
{
    for (uint32_t i = 0, count = 1 + below(4); i < count; i++) {
        buf_text(out, i ? ", " : "[");
        if (words_only)
            put_word(out);
        else
            put_constant(out);
    }
    buf_char(out, ']');
}

/* The form with the field in place of each `%s`. */
static void put_with(struct buf *out, const char *form, const char *field)
{
    for (; *form; form++) {
        if (form[0] == '%' && form[1] == 's') {
            buf_text(out, field);
            form++;
        } else {
            buf_char(out, *form);
        }
    }
}

static void put_term(struct buf *out)
{
    static const char *const around[] = {"size(%s)",
                                         "lower(%s)",
                                         "(%s + 1)",
                                         "(%s - 1)",
                                         "%s.items",
                                         "(%s ? 5 : 20)",
                                         "%s.orValue(5)",
                                         "[%s].filter(i, i != 5).size()",
                                         "cel.bind(x, %s, x)",
                                         "double(%s)",
                                         "string(%s)",
                                         "int(%s)",
                                         "-%s",
                                         "5.0 / %s",
                                         "optional.of(%s).orValue(1)",
                                         "[%s, 5][0]",
                                         "{\"a\": %s}.a",
                                         "(%s + \"\")",
                                         "(%s)",
                                         "math.greatest(%s, 5)",
                                         "[1, 5].map(i, i + %s)[1]",
                                         "dyn(%s)",
                                         "timestamp(%s)",
                                         "decimal(string(%s))",
                                         "duration(%s)"};
    if (below(4))
        buf_text(out, some_field());
    else
        put_with(out, ONE_OF(around), some_field());
}

/* What is no comparison of a term with a constant, or hardly one. */
static void put_whole(struct buf *out)
{
    static const char *const whole[] = {"[%s, 1].exists(i, i == 5)",
                                        "[1, 20].all(i, i < %s)",
                                        "%s in order",
                                        "5 in %s",
                                        "%s.exists(i, i == \"paid\")",
                                        "%s.matches(\"^a.*d$\")",
                                        "type(%s) == int",
                                        "%s == order.total",
                                        "order.weight < %s",
                                        "has(order.total) && %s > 5",
                                        "%s != null",
                                        "%s == %s",
                                        "%s.hasValue()",
                                        "[%s] == [5]",
                                        "%s in [order.total, 5]",
                                        "%s == 5u",
                                        "%s < 20u",
                                        "5u in [%s]",
                                        "%s in [5u, 20u, 1u]",
                                        "size(string(%s)) > 3",
                                        "%s == decimal(\"5\")",
                                        "decimal(\"20\") > %s",
                                        "%s < duration(\"1d\")",
                                        "%s == timestamp(\"2026-03-02T10:00:00Z\")"};
    put_with(out, ONE_OF(whole), some_field());
}

static void put_predicate(struct buf *out)
{
    static const char *const orders[] = {"<", "<=", ">", ">="};
    static const char *const functions[] = {"startsWith", "endsWith", "contains"};
    switch (below(11)) {
    case 9:
    case 10:
        put_whole(out);
        return;
    case 0:
        put_term(out);
        buf_text(out, below(4) ? " == " : " != ");
        put_constant(out);
        return;
    case 1:
        put_constant(out);
        buf_text(out, " == ");
        put_term(out);
        return;
    case 2:
        put_term(out);
        buf_text(out, " in ");
        put_list(out, below(2));
        return;
    case 3:
        put_term(out);
        buf_printf(out, " %s %s", ONE_OF(orders), ONE_OF(numbers));
        return;
    case 4:
        buf_printf(out, "%s %s ", ONE_OF(numbers), ONE_OF(orders));
        put_term(out);
        return;
    case 5:
    case 6:
        put_term(out);
        buf_printf(out, ".%s(", ONE_OF(functions));
        put_word(out);
        buf_char(out, ')');
        return;
    case 7:
        buf_printf(out, "has(order.%s)", ONE_OF(names));
        return;
    default:
        put_term(out);
    }
}

/* What has gates of every kind: bounds on several fields, and more parts than gates. */
static void put_row(struct buf *out)
{
    static const char *const orders[] = {"<", "<=", ">", ">="};
    bool bounds = below(2);
    for (uint32_t i = 0, count = bounds ? 2 + below(4) : 8 + below(14); i < count; i++) {
        buf_text(out, i == 0 ? "" : bounds ? " && " : " || ");
        if (bounds)
            buf_printf(out, "%s %s %s", some_field(), ONE_OF(orders), ONE_OF(numbers));
        else
            put_predicate(out);
    }
}

static void put_condition(struct buf *out, int depth)
{
    uint32_t kind = depth ? below(10) : 9;
    if (depth == 3 && below(4) == 0) {
        put_row(out);
    } else if (kind < 6) {
        for (uint32_t i = 0, count = 2 + below(2); i < count; i++) {
            buf_text(out, i == 0 ? "(" : kind < 4 ? " && " : " || ");
            put_condition(out, depth - 1);
        }
        buf_char(out, ')');
    } else if (kind == 6) {
        buf_text(out, "!(");
        put_condition(out, depth - 1);
        buf_char(out, ')');
    } else if (kind == 7) {
        buf_char(out, '(');
        put_condition(out, 0);
        buf_text(out, " ? ");
        put_condition(out, depth - 1);
        buf_text(out, " : false)");
    } else {
        put_predicate(out);
    }
}

static void put_event(struct buf *out)
{
    buf_printf(out, "{\"type\":\"x\",\"id\":\"%s\",\"data\":{",
               below(2) ? ONE_OF(words) : ONE_OF(names));
    if (below(4))
        buf_printf(out, "\"mark\":%s,\"marks\":{\"first\":%s},", ONE_OF(others), ONE_OF(numbers));
    buf_printf(out, "\"customer\":{\"tier\":\"%s\",\"email\":\"ana@example.com\"},\"order\":{",
               ONE_OF(words));
    bool first = true;
    for (uint32_t i = 0; i < COUNT(names); i++) {
        uint32_t kind = below(10);
        if (kind == 9)
            continue;
        buf_printf(out, "%s\"%s\":", first ? "" : ",", names[i]);
        first = false;
        if (kind < 4)
            put_word(out);
        else
            buf_text(out, kind < 8 ? ONE_OF(numbers) : ONE_OF(others));
    }
    buf_text(out, "}}}");
}

/* Whether a condition compiles: the checker refuses some of what is made by chance. */
static bool is_good(struct arena *arena, const char *text)
{
    struct diag diag;
    const struct cel_program *program =
        condition_compile(arena, text, strlen(text), NULL, NULL, &diag);
    return program && cel_may_give(program, VALUE_BOOL);
}

/* The same rules twice: with the index, and without. */
struct pair {
    struct ruleset *indexed, *plain;
    struct cel_program *segment;
};

static const int64_t now_ms = 1772445600000;

static struct ruleset *load(const char *folder, bool plain)
{
    struct diags diags = {0};
    const struct ruleset_settings settings = {.plain = plain};
    struct ruleset *set = rule_files_load(folder, &settings, &diags);
    for (size_t i = 0; !set && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    assert_non_null(set);
    return set;
}

/* Rules of one type, of the other, or of both. */
static const char *const types[] = {"x", "x", "y", "[x, y]"};

static void put_rules(struct buf *out)
{
    struct arena *arena = arena_new(64 * 1024);
    struct buf condition;
    buf_init(&condition, TEXT_MOST);
    for (uint32_t i = 0; i < RULES; i++) {
        do {
            arena_reset(arena);
            buf_clear(&condition);
            put_condition(&condition, (int)below(4));
        } while (!is_good(arena, condition.data));
        buf_printf(out, "---\nname: r%u\non: %s\npriority: %u\nsend: m\n", i, ONE_OF(types),
                   below(5));
        if (below(20) == 0)
            buf_text(out, "enabled: false\n");
        if (below(3) == 0)
            buf_text(out, "again: restart\n");
        if (below(20))
            buf_printf(out, "if: |\n  %s\n", condition.data);
    }
    buf_free(&condition);
    arena_destroy(&arena);
}

static void make_pair(struct pair *pair, const struct buf *rules)
{
    char folder[] = "/tmp/nudged-index-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/rules.yaml", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(rules->data, 1, rules->length, file), rules->length);
    fclose(file);
    pair->indexed = load(folder, false);
    pair->plain = load(folder, true);
    unlink(path);
    rmdir(folder);
}

struct tally {
    size_t rules, matched, failed, alike;
};

/* Without the field's name, which another rule may have written otherwise. */
static const char *reason(const char *fault)
{
    const char *colon = strrchr(fault, ':');
    return colon ? colon : fault;
}

/* What a rule answered, wherever that stands. */
static struct rule_answer answer_of(const struct rule_answers *answers, const struct rule *rule)
{
    for (uint32_t i = 0; i < answers->count; i++)
        if (strcmp(answers->items[i].rule->name, rule->name) == 0)
            return answers->items[i];
    for (uint32_t i = 0; i < answers->failure_count; i++)
        for (uint32_t at = 0; at < answers->failures[i].count; at++)
            if (strcmp(answers->failures[i].rules[at]->name, rule->name) == 0)
                return (struct rule_answer){rule, CONDITION_FAILED, answers->failures[i].fault};
    return (struct rule_answer){.rule = rule, .answer = CONDITION_FALSE};
}

static void compare(const struct rule *const *rules, const struct rule_answers *all_got,
                    const struct rule_answers *all_wanted, const char *event)
{
    uint32_t told = all_got->count;
    for (uint32_t i = 0; i < all_got->failure_count; i++)
        told += all_got->failures[i].count;
    assert_int_equal(told, all_wanted->count); /* none twice */
    for (; *rules; rules++) {
        const struct rule_answer got = answer_of(all_got, *rules);
        const struct rule_answer wanted = answer_of(all_wanted, *rules);
        const char *fault = "";
        if (got.answer != wanted.answer)
            fault = "another answer";
        else if (got.answer == CONDITION_FAILED &&
                 strcmp(reason(got.fault), reason(wanted.fault)) != 0)
            fault = "another error";
        if (*fault)
            fail_msg("%s\n  %s\n  got    %d %s\n  wanted %d %s\n  event %s", fault,
                     (*rules)->condition ? cel_text((*rules)->condition) : "nothing",
                     (int)got.answer, got.fault ? got.fault : "", (int)wanted.answer,
                     wanted.fault ? wanted.fault : "", event);
    }
}

static uint32_t place_of(const struct rule *const *rules, const struct rule *rule)
{
    uint32_t place = 0;
    while (rules[place] != rule)
        place++;
    return place;
}

/* All that answered are in the rules' order. */
static void check_order(const struct rule *const *rules, const struct rule_answers *answers)
{
    for (uint32_t i = 1; i < answers->count; i++)
        assert_true(place_of(rules, answers->items[i - 1].rule) <
                    place_of(rules, answers->items[i].rule));
    for (uint32_t i = 0; i < answers->failure_count; i++)
        for (uint32_t at = 1; at < answers->failures[i].count; at++)
            assert_true(place_of(rules, answers->failures[i].rules[at - 1]) <
                        place_of(rules, answers->failures[i].rules[at]));
}

/* Each once; behind those that may be near none is left out. */
static void check_falses(const struct rule *const *rules, const struct rule_answers *answers,
                         const struct rule_falses *falses)
{
    uint32_t all = 0, listed = 0;
    bool is_listed = false;
    for (uint32_t i = 0; rules[i]; i++, is_listed = false) {
        if (answer_of(answers, rules[i]).answer != CONDITION_FALSE)
            continue;
        all++;
        for (uint32_t at = 0; at < falses->count; at++)
            is_listed |= falses->rules[at] == rules[i];
        listed += is_listed;
        if (!is_listed && falses->count > RULE_NEAR_MOST)
            assert_true(place_of(rules, falses->rules[falses->count - 1]) < i);
    }
    assert_int_equal(falses->all, all);
    assert_int_equal(falses->count, all < RULE_FALSES_MOST ? all : RULE_FALSES_MOST);
    assert_int_equal(falses->count, listed);
    for (uint32_t i = RULE_NEAR_MOST + 1; i < falses->count; i++)
        assert_true(place_of(rules, falses->rules[i - 1]) < place_of(rules, falses->rules[i]));
}

static void check_refusals(const struct rule *const *rules, const struct rule_answers *answers)
{
    uint32_t refusals = 0;
    for (; *rules; rules++) {
        if ((*rules)->again != RULE_RESTART || answer_of(answers, *rules).answer != CONDITION_FALSE)
            continue;
        assert_true(refusals < answers->refusal_count);
        assert_ptr_equal(answers->refusals[refusals++], *rules);
    }
    assert_int_equal(refusals, answers->refusal_count);
}

static void ask_both(const struct pair *pair, struct arena *arena, const char *text,
                     struct tally *tally)
{
    struct value event;
    struct diag diag;
    assert_true(json_read(arena, text, strlen(text), &json_event_limits, &event, &diag));
    struct customer *customer = customer_new(arena, "id:7");
    customer->profile = *value_path(&event, "data.customer");
    for (int64_t i = 0; i < 5; i++)
        customer_add_count(arena, customer, "x", now_ms - i * 40000000);
    const struct condition_segment segments[] = {{"rich", pair->segment}, {0}};
    const struct condition_scene scene = {.event = &event,
                                          .customer = customer,
                                          .zone = "UTC",
                                          .now_ms = now_ms,
                                          .segments = segments};
    struct condition_view view;
    condition_view_open(&view, &scene, arena);
    for (const char *type = "x"; type; type = *type == 'x' ? "y" : NULL) {
        const struct ruleset_type *indexed = ruleset_type(pair->indexed, type);
        const struct rule_index *plain = ruleset_type(pair->plain, type)->index;
        struct rule_falses falses;
        const struct rule_answers *got = rule_index_ask(indexed->index, &view, arena, &falses);
        const struct rule_answers *wanted = rule_index_ask(plain, &view, arena, NULL);
        compare(indexed->on, got, wanted, text);
        check_order(indexed->on, got);
        check_falses(indexed->on, got, &falses);
        check_refusals(indexed->on, got);
        for (const struct rule *const *rule = indexed->on; *rule; rule++)
            tally->rules++;
        for (uint32_t i = 0; i < got->failure_count; i++)
            tally->alike += got->failures[i].count;
        for (uint32_t i = 0; i < wanted->count; i++) {
            tally->matched += wanted->items[i].answer == CONDITION_TRUE;
            tally->failed += wanted->items[i].answer == CONDITION_FAILED;
        }
    }
}

static void test_random(void **state)
{
    (void)state;
    static const char condition[] = "order.total > 5 || customer.tier == 'gold'";
    struct arena *arena = arena_new(64 * 1024), *kept = arena_new(64 * 1024);
    struct diag diag;
    struct cel_program *rich =
        condition_compile(kept, condition, strlen(condition), NULL, NULL, &diag);
    struct tally tally = {0};
    struct buf rules, event;
    buf_init(&rules, TEXT_MOST);
    buf_init(&event, TEXT_MOST);
    for (uint32_t set = 0; set < SETS; set++) {
        struct pair pair;
        seed = set;
        choose_fields();
        buf_clear(&rules);
        put_rules(&rules);
        make_pair(&pair, &rules);
        pair.segment = rich;
        for (uint32_t i = 0; i < EVENTS; i++) {
            arena_reset(arena);
            buf_clear(&event);
            put_event(&event);
            ask_both(&pair, arena, event.data, &tally);
        }
        ruleset_destroy(&pair.indexed);
        ruleset_destroy(&pair.plain);
    }
    buf_free(&rules);
    buf_free(&event);
    arena_destroy(&arena);
    arena_destroy(&kept);
    /* Each answer must have come often enough for the comparison to mean something. */
    print_message("%zu answers: %zu matches, %zu failures, of which %zu alike\n", tally.rules,
                  tally.matched, tally.failed, tally.alike);
    assert_in_range(tally.matched * 100 / tally.rules, 5, 80);
    assert_in_range(tally.failed * 100 / tally.rules, 5, 80);
    assert_in_range(tally.alike * 100 / tally.failed, 5, 80);
}

/* One part fails, and another, which the index cannot compare or finds too much work, may
 * still decide: then the program itself must be asked, wherever that part stands. */
static void test_open_parts(void **state)
{
    (void)state;
    static const char *const parts[] = {"order.none == 1",
                                        "decimal(order.price) > 5",
                                        "decimal(order.price) == 7",
                                        "5 > decimal(order.price)",
                                        "decimal(order.price) in [7, 8]",
                                        "order.none.startsWith('a')",
                                        "dyn(timestamp(order.at)) == 5",
                                        "order.n.startsWith('a')",
                                        "order.n == 1",
                                        "order.n > 1",
                                        "order.list.all(i, order.list.all(j, i + j > 0))",
                                        "order.other < 1"};
    static const char *const events[] = {
        "{\"type\":\"x\",\"data\":{\"customer\":{},\"order\":{\"price\":\"7.0\",\"n\":1,\"at\":"
        "\"2026-03-02T10:00:00Z\",\"list\":[%s]}}}",
        "{\"type\":\"x\",\"data\":{\"customer\":{},\"order\":{\"price\":\"3\",\"n\":5,\"other\":0,"
        "\"list\":[%s]}}}",
        "{\"type\":\"x\",\"data\":{\"customer\":{},\"order\":{\"price\":\"no\",\"list\":[0,%s]}}}"};
    struct arena *arena = arena_new(64 * 1024);
    struct buf rules, list;
    struct pair pair = {0};
    struct tally tally = {0};
    buf_init(&rules, TEXT_MOST);
    buf_init(&list, TEXT_MOST);
    for (uint32_t a = 0, number = 0; a < COUNT(parts); a++)
        for (uint32_t b = 0; b < COUNT(parts); b++)
            for (uint32_t form = 0; form < 4; form++)
                buf_printf(&rules, "---\nname: r%u\non: [x, y]\nsend: m\nif: |\n  %s%s %s %s%s\n",
                           number++, form & 2 ? "!(" : "", parts[a], form & 1 ? "&&" : "||",
                           parts[b], form & 2 ? ") && order.n == 5" : "");
    make_pair(&pair, &rules);
    for (int i = 0; i < 120; i++)
        buf_printf(&list, "%s1", i ? "," : "");
    for (size_t i = 0; i < COUNT(events); i++)
        ask_both(&pair, arena, arena_printf(arena, events[i], list.data), &tally);
    assert_true(tally.matched > 0 && tally.failed > 0);
    ruleset_destroy(&pair.indexed);
    ruleset_destroy(&pair.plain);
    buf_free(&rules);
    buf_free(&list);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_open_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
