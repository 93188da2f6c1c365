/* Mistakes in rule files, and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

static const char known[] = "order.placed: {sample: {order: {id: o1, total: 12.5}, customer: {id: "
                            "'7'}}}\ncart.updated: {sample: {cart: {total: 1}}}\n";

struct fault_case {
    const char *rules;
    const char *expected; /* parts of the faults, in order, split by '|'; "" for none; behind
                             '!' what does not follow */
};

static const struct fault_case cases[] = {
    {"{name: a, on: order.placed, send: x}", ""},
    {"name: a\non: order.placed\nuntill: x\nsend: y\n",
     "rules.yaml:3:1: error: unknown key `untill`|untill: x|^~~~~~|did you mean `until`?"},
    {"on: order.placed\nsend: y\n", "rules.yaml:1:1: error: `name` is missing"},
    {"name: a\nsend: y\n", "`on` is missing"},
    {"name: Big Name\non: x\nsend: y\n", "rules.yaml:1:7: error: a rule's name has"},
    {"name: a\non: x\nclass: marketting\nsend: y\n", ":3:8: error: |did you mean `marketing`?"},
    {"name: a\non: x\n", "the rule does nothing"},
    {"name: a\non: x\nwait: 1h\nsend: y\n", "`again` is missing: this rule waits|restart, ignore"},
    {"name: a\non: x\nagain: ignore\nwait: 60\nsend: y\n",
     ":4:7: error: `wait` must be a length of time|a unit is missing"},
    {"name: a\non: x\nlimit: one per day\nsend: y\n", ":3:8: error: `limit` must be"},
    {"name: a\non: x\nlimit: 129 per 1d\nsend: y\n",
     ":3:8: error: `limit` must be between 1 and 128"},
    {"name: a\non: x\nlimit: 43 per 1d\nsteps: [{send: x}, {if: 'true', then: [{send: y}], else: "
     "[{send: z}]}]\n",
     ":3:8: error: `limit` is about 129 messages to one customer, and 128 are remembered"},
    {"name: a\non: x\nsteps:\n  - sned: y\n",
     ":4:5: error: unknown step `sned`|hint: did you mean `send`?\n|!exactly one"},
    {"name: a\non: x\nsteps:\n  - {sned: y, send: y, wait: 1h}\n",
     "unknown step `sned`|exactly one of send, wait, if,"},
    {"name: a\non: x\nsteps:\n  - {send: y, wait: 1h}\n",
     "exactly one of send, wait, if,|begin each of them with a `- ` of its own"},
    {"name: a\non: x\nsend: y\nsteps: []\n", "`send` belongs among the `steps`"},
    {"name: a\non: x\nsend: {templat: y}\n", "unknown key `templat`|did you mean `template`?"},
    {"name: a\non: x\nsend: y\n---\nname: a\non: x\nsend: y\n",
     ":5:7: error: the name `a` is taken|:1"},
    {"name: a\non: order.placd\nsend: y\n", ":2:5: warning: the event type `order.placd` is not in "
                                            "events.yaml|did you mean `order.placed`?"},
    {"name: a\non: order.placed\nif: order.total >=\nsend: y\n", "rules.yaml:3:1"},
    {"name: a\non: order.placed\nif: |\n  order.total > 5 &&\n  ordr.total < 9\nsend: y\n",
     "rules.yaml:5:3: error: |ordr|did you mean `order`?"},
    {"name: a\non: order.placed\nif: |\n  order.total > 5 &&\n    ordr.total < 9\nsend: y\n",
     "rules.yaml:5:5: error: |\n        ordr.total < 9\n        ^~~~\n"},
    {"name: a\non: order.placed\nif: |\n\n      ordr.total < 9\nsend: y\n",
     "rules.yaml:5:7: error: "},
    {"name: a\non: order.placed\nif: \"order.total > 5 &&\n  ordr.total < 9\"\nsend: y\n",
     "rules.yaml:3:"},
    {"name: a\non: order.placed\nif: \"ordr.total < 9\"\nsend: y\n", "rules.yaml:3:6: error: "},
    {"name: a\non: x\nif: !customer.vip\nsend: y\n", "rules.yaml:3:5: error: |quotes"},
    {"- a\n- b\n", "a rule must be a mapping of keys|each YAML document is one rule"},
    {"name: Win back!\non: x\nsend: y\n", ":1:7: error: a rule's name|write `win-back`"},
    {"name: '!'\non: x\nsend: y\n", ":1:7: error: a rule's name|!write"},
    {"name: a\non: x\nlimit: 1\nsend: y\n", "|within which time: `1 per 7d`"},
    {"name: a\nevery: day\nsend: y\n", "unknown key `every`|did you mean `on`?"},
    {"name: a\non: x\nsteps: [{split: {name: s, shares: {a: 100}}, then: [a]}]\n",
     "`then` of a split is a mapping of shares to their steps|!`shares` has no"},
    {"name: a\non: x\nagain: ignore\nsteps: [{wait: {for: ~, or: y}}, {send: z}]\n",
     "a wait has `for` or `until`, and here is neither"},
    {"name: a\non: []\nsend: y\n", ":2:5: error: the list names no event type"},
    {"name: a\non: x\nuntil: []\nsend: y\n", ":3:8: error: the list names no event type"},
    {"name: a\non: ''\nsend: y\n", ":2:5: error: an event type must be a text"},
    {"name: a\non: x\nagain: collects\nsend: y\n",
     ":3:8: error: `again` must be one of `restart`, `ignore`, `parallel`, `collect`|did you mean"},
    {"name: a\non: order.placed\nagain: collect\nsend: y\n", ""},
    {"name: a\non: {once: 2999-11-27T09:00}\nsend: y\n", ""},
    {"name: a\non: {once: 2026-01-27T09:00}\nsend: y\n",
     ":2:12: warning: `once` is in the past: nobody will be asked"},
    {"name: a\non: {once: 2999-02-29T09:00}\nsend: y\n",
     ":2:12: error: `once` must be a local time such as 2026-11-27T09:00|of each customer's own"},
    {"name: a\non: {once: 2999-11-27}\nsend: y\n", ":2:12: error: `once` must be a local time"},
    {"name: a\non: {once: 2999-11-27T09:00, at: '09:00'}\nsend: y\n",
     ":2:34: error: `once` says day and time by itself"},
    {"name: a\non: {every: day, at: '09:00'}\nsend: y\n", ""},
    {"name: a\non: {every: day, at: '09:00'}\nwait: 1h\nsend: y\n", "`again` is missing"},
    {"name: a\non: {every: day}\nsend: y\n", ":2:5: error: `at` is missing|at: \"09:00\""},
    {"name: a\non: {every: day, at: 9 o'clock}\nsend: y\n", ":2:22: error: `at` must be"},
    {"name: a\non: {every: dya, at: '09:00'}\nsend: y\n", ":2:13: error: |did you mean `day`?"},
    {"name: a\non: {evry: day, at: '09:00'}\nsend: y\n",
     ":2:6: error: unknown key `evry`|did you mean `every`?"},
    {"name: a\non: {at: '09:00'}\nsend: y\n", ":2:5: error: a clock has one of `every` and `once`"},
    {"name: a\non: {every: day, once: 2999-11-27T09:00, at: '09:00'}\nsend: y\n",
     "error: a clock has one of `every` and `once`"},
    {"name: a\non: {every: hour}\nsend: y\n", ""},
    {"name: a\non: {every: hour, at: '00:15'}\nsend: y\n",
     ":2:23: error: an `hour` has no `at`|`spread` says"},
    {"name: a\non: {every: hour, spread: 61m}\nsend: y\n",
     ":2:27: error: the `spread` of an hour is at most 1h"},
    {"name: a\non: {every: day, at: '09:00', spread: 13h}\nsend: y\n",
     ":2:39: error: `spread` must be"},
    {"name: a\non: {every: day, at: '09:00', on: mon}\nsend: y\n",
     ":2:35: error: `on` belongs to a `week` or a `month`|every: week"},
    {"name: a\non: {every: week, at: '09:00', on: [mon, fri]}\nsend: y\n", ""},
    {"name: a\non: {every: week, at: '09:00', on: sun}\nsend: y\n", ""},
    {"name: a\non: {every: week, at: '09:00'}\nsend: y\n",
     ":2:5: error: the days of the week are missing|on: [mon, thu]"},
    {"name: a\non: {every: week, at: '09:00', on: [mon, tues]}\nsend: y\n",
     ":2:42: error: a day of the week is one of mon, tue|did you mean `tue`?"},
    {"name: a\non: {every: month, at: '09:00', on: last}\nsend: y\n", ""},
    {"name: a\non: {every: month, at: '09:00', on: 31}\nsend: y\n",
     ":2:37: warning: some months have no day 31|`on: last`"},
    {"name: a\non: {every: month, at: '09:00', on: 32}\nsend: y\n",
     ":2:37: error: the day of a month is 1 to 31, or `last`"},
    {"name: a\non: {every: month, at: '09:00'}\nsend: y\n",
     ":2:5: error: the day of the month is missing|on: last"},
    {"name: a\non: {every: hour}\nif: order.total > 1\nsend: y\n",
     ":3:5: error: unknown name `order`|a clock brings no data"},
    {"name: a\non: {every: hour}\nif: event.time < now && event.type == 'clock'\nsend: y\n", ""},
    {"name: a\non: x\nif: size(collected) > 1\nsend: y\n",
     ":3:5: error: nothing is collected yet when this is asked|in a step, or in `while`"},
    {"name: a\non: x\nper: string(size(collected))\nsend: y\n",
     ":3:6: error: nothing is collected"},
    {"name: a\non: order.placed\nwhile: size(collected) > 1\nsend: y\n", ""},
    {"name: a\non: order.placed\nif: event.data.collected > 1\nsend: y\n", ""},
    {"name: a\non: x\nuntil: 5\nsend: y\n", ":3:8: error: `until` must be an event type"},
    {"name: a\non: x\nuntil: {if: order.id == '1'}\nsend: y\n", ":3:8: error: `on` is missing"},
    {"name: a\non: x\nuntil: {on: y, if: order.id ==}\nsend: y\n", ":3:31: error: "},
    {"name: a\non: x\nuntil: [y, 5, [z]]\nsend: y\n",
     ":3:15: error: `until` must be an event type, {on, if}, or a list of these"},
    {"name: a\non: x\nuntil: [y, {of: z}]\nsend: y\n", ":3:13: error: unknown key `of`"},
    {"name: a\non: x\nuntil: [y, {on: z, if: order.id ==}]\nsend: y\n", ":3:35: error: "},
    {"name: a\non: order.placed\nuntil: null\nsend: y\n", ""},
    {"name: a\non: x\ntopic: ''\nsend: y\n", ":3:8: error: `topic` must be a word"},
    {"name: a\non: x\nsteps: []\n", "the rule does nothing"},
    {"name: a\non: x\nagain: ignore\nwait: 1h\n", "the rule does nothing"},
    {"name: a\non: x\nsteps: stop\n", ":3:8: error: steps must be a list"},
    {"name: a\non: x\nsteps: [5]\n", ":3:9: error: a step is one of send, wait, if,"},
    {"name: a\non: x\nsteps: [{stop: 1}]\n", "exactly one of send, wait, if,|write `- stop` alone"},
    {"name: a\non: x\nsteps:\n  - {send: y, id: m}\n  - {send: z, id: m}\n",
     ":5:19: error: the id `m` is taken by a step before"},
    {"name: a\non: x\nsteps: [{send: y, id: 5}]\n", ":3:23: error: an `id` must be a text"},
    {"name: a\non: x\nsteps: [{send: y, id: ''}]\n", ":3:23: error: an `id` must be a text"},
    {"name: a\non: order.placed\nsteps: [{send: y, id: null}]\n", ""},
    {"name: a\non: x\nsteps: [{send: y, then: [stop]}]\n",
     ":3:25: error: `then` belongs to an `if`"},
    {"name: a\non: x\nsteps: [{send: y, else: [stop]}]\n",
     ":3:25: error: `else` belongs to an `if`"},
    {"name: a\non: x\nsteps: [{if: y.z, else: [stop]}]\n", ":3:9: error: `then` is missing"},
    {"name: a\non: x\nsteps: [{if: true, then: [stop]}]\n",
     ":3:14: error: `if` must be an expression"},
    {"name: a\non: order.placed\nif: order.paid\nsend: y\n", ""},
    {"name: a\non: x\nif: size(order.items)\nsend: y\n",
     ":3:5: error: a condition must be true or false|compare it"},
    {"name: a\non: x\nif: 5\nsend: y\n", ":3:5: error: a condition must be true or false"},
    {"name: a\non: x\nuntil: {on: y, if: order.id + 'x'}\nsend: y\n",
     ":3:20: error: a condition must be true or false"},
    {"name: a\non: x\nsteps: [{if: size(order.items), then: [stop]}]\n",
     ":3:14: error: a condition must be true or false"},
    {"name: a\non: x\nsend: 5\n", ":3:7: error: `send` must be a template's name"},
    {"name: a\non: x\nsend: {template: t, data: 5}\n", ":3:27: error: `data` must be a mapping"},
    {"name: a\non: x\nsend: {template: t, data: {a: 5}}\n",
     ":3:31: error: an expression is meant here, not an integer|write it in quotes: '5'"},
    {"name: a\non: x\nsend: {template: t, data: {a: [b]}}\n",
     ":3:31: error: an expression is meant here, not a list|after `|"},
    {"name: a\non: order.placed\nsend: {template: t, to: ops@shop.example}\n",
     ":3:28: error: |hint: an expression is meant here; a text stands in both quotes: "
     "'\"ops@shop.example\"'\n"},
    {"name: a\non: order.placed\nsend: {template: t, to: '\"ops@shop.example\"'}\n",
     ":3:25: warning: marketing to an address of its own has no link|class: transactional"},
    {"name: a\non: order.placed\nsend: {template: t, to: 'Ops <ops@shop.example>'}\n",
     "both quotes: '\"Ops <ops@shop.example>\"'\n"},
    {"name: a\non: order.placed\nsend: {template: t, data: {tier: gold}}\n",
     ":3:34: error: unknown name `gold`|both quotes: '\"gold\"'\n"},
    {"name: a\non: order.placed\nsend: {template: t, data: {tier: \"gold\"}}\n",
     ":3:35: error: unknown name `gold`|both quotes: '\"gold\"'\n"},
    {"name: a\non: order.placed\nsend: {template: t, data: {a: \"It's here\"}}\n",
     "both quotes: \"\\\"It's here\\\"\"\n"},
    {"name: a\non: order.placed\nsend: {template: t, data: {a: https://shop.example/?a=1}}\n",
     "both quotes: '\"https://shop.example/?a=1\"'\n"},
    {"name: a\non: order.placed\nsend: {template: t, data: {a: ordr.id}}\n",
     "did you mean `order`?|!quotes"},
    {"name: a\non: order.placed\nsend: {template: t, data: {a: order.id +}}\n",
     ":3:41: error: |!quotes"},
    {"name: a\non: order.placed\nif: gold\nsend: y\n",
     ":3:5: error: unknown name `gold`|hint: compare it with something|!quotes"},
    {"name: a\non: x\nsend: {template: t, data: {a: order.}}\n", ":3:37: error: "},
    {"name: a\non: x\nsend: {template: t, to: customer.}\n", ":3:34: error: "},
    {"name: 'a'\non: x\ngive_up: 59s\nsend: y\n", ":3:10: error: `give_up` must be"},
    {"name: a\non: order.placed\nmax_age: 0s\nsend: y\n", ""},
    {"name: a\non: x\npriority: 1001\nsend: y\n", ":3:11: error: `priority` must be"},
    {"name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\non: x\nsend: y\n",
     ":1:7: error: a rule's name has 1 to 64"},
    {"name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\non: "
     "order.placed\nsend: y\n",
     ""},
    {"name: ''\non: x\nsend: y\n", ":1:7: error: a rule's name has 1 to 64"},
    {"---\n---\nname: a\non: order.placed\nsend: y\n", ""},
    {"name: a\non: [order.placed, message.sent, customer.unsubscribed, customer.resubscribed]\n"
     "send: y\n",
     ""},
};

/* Each part stands in the text behind the one before; "" stands for no text at all. */
static bool has_parts(const char *text, const char *parts)
{
    const char *at = text;
    if (!*parts)
        return !*text;
    while (*parts) {
        char part[200];
        size_t length = strcspn(parts, "|");
        memcpy(part, parts, length);
        part[length] = '\0';
        if (*part == '!' && strstr(at, part + 1))
            return false;
        if (*part != '!') {
            at = strstr(at, part);
            if (!at)
                return false;
            at += length;
        }
        parts += length + (parts[length] == '|');
    }
    return true;
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = decide_fixture_faults(arena, cases[i].rules, known);
        if (has_parts(text, cases[i].expected))
            continue;
        print_error("%s\nexpected %s\ngot %s\n", cases[i].rules, cases[i].expected, text);
        wrong++;
    }
    arena_destroy(&arena);
    assert_int_equal(wrong, 0);
}

/* The bound of steps is told once, however many there are. */
static void test_too_many_steps(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    for (int count = 200; count <= 300; count += 100) {
        struct buf rule;
        buf_init(&rule, 64 * 1024);
        buf_text(&rule, "name: r\non: order.placed\nagain: ignore\nsteps:\n");
        for (int i = 1; i < count; i++)
            buf_text(&rule, "- wait: 0s\n");
        buf_text(&rule, "- send: m\n");
        const char *text = decide_fixture_faults(arena, buf_string(&rule), NULL);
        const char *fault = strstr(text, "error: more than 200 steps");
        assert_int_equal(fault != NULL, count > 200);
        assert_true(!fault || !strstr(fault + 1, "error: more"));
        buf_free(&rule);
    }
    arena_destroy(&arena);
}

/* A step keeps its id when others come and go around it. */
static void test_step_ids(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: a, on: x, steps: [{send: one}, {send: two, id: mine}]}");
    const struct rule *rule = ruleset_find(fixture.rules, "a");
    char id[64];
    strcpy(id, rule->steps[0].id);
    assert_string_equal(rule->steps[1].id, "mine");
    decide_fixture_reload(&fixture,
                          "{name: a, on: x, steps: [{send: zero}, {send: one}, {send: one}]}");
    rule = ruleset_find(fixture.rules, "a");
    assert_string_equal(rule->steps[1].id, id);
    assert_string_not_equal(rule->steps[2].id, id);
    decide_fixture_close(&fixture);
}

/* Journeys wait at these, in documents that were written years ago: they must stay the same. */
static void test_step_ids_stay(void **state)
{
    (void)state;
    static const char *const ids[] = {"wait-73f10cf4",   "send-636df923",  "if-45d14295",
                                      "send-0d058fb4",   "stop-e29aa6e4",  "else-1f65d7e6",
                                      "send-636df923-2", "send-636df923-3"};
    struct decide_fixture fixture;
    decide_fixture_open(
        &fixture, "{name: r, on: x, again: ignore, steps: [{wait: 1h}, {send: one}, {if: 'a.b == "
                  "1', then: [{send: {template: two, data: {c: \"1\"}}}, stop], else: [{send: "
                  "one}]}, {send: one}]}");
    const struct rule *rule = ruleset_find(fixture.rules, "r");
    assert_int_equal(rule->step_count, sizeof ids / sizeof *ids);
    for (uint32_t i = 0; i < rule->step_count; i++)
        assert_string_equal(rule->steps[i].id, ids[i]);
    decide_fixture_close(&fixture);
}

static void test_index(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: b, on: [x, y], send: m}\n---\n{name: a, on: x, send: m}\n"
                                  "---\n{name: c, on: x, priority: 9, until: z, send: m, if: "
                                  "customer.count('w') > 0}\n");
    const struct rule *const *on = ruleset_on(fixture.rules, "x");
    assert_string_equal(on[0]->name, "c");
    assert_string_equal(on[1]->name, "a");
    assert_string_equal(on[2]->name, "b");
    assert_null(on[3]);
    assert_string_equal(ruleset_on(fixture.rules, "y")[0]->name, "b");
    assert_null(ruleset_on(fixture.rules, "z")[0]);
    assert_string_equal(ruleset_until(fixture.rules, "z")[0]->name, "c");
    assert_true(ruleset_counts(fixture.rules, "w"));
    assert_true(ruleset_counts(fixture.rules, "z"));
    assert_false(ruleset_counts(fixture.rules, "v"));
    decide_fixture_close(&fixture);
}

static void test_list(void **state)
{
    (void)state;
    static const char *const list[] = {"a", "bc", NULL};
    assert_true(rule_list_has(list, "bc"));
    assert_false(rule_list_has(list, "b"));
    assert_false(rule_list_has(NULL, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),   cmocka_unit_test(test_too_many_steps),
        cmocka_unit_test(test_step_ids), cmocka_unit_test(test_step_ids_stay),
        cmocka_unit_test(test_index),    cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
