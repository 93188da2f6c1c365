/* Two simulations told apart: by rule, by person, and against a budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people_fixture.h"
#include "simulate/comparison.h"

struct world {
    struct arena *arena;
    struct simulation old, new;
    struct tally_rule old_rules[3], new_rules[3];
    struct comparison comparison;
};

static void open_side(struct simulation *side, struct tally_rule *rules)
{
    static const struct people_options options = {
        .spans_ms = {7 * INT64_C(86400000)}, .span_count = 1, .counted = 8, .by_rule = true};
    memset(side, 0, sizeof *side);
    people_open(&side->people, &options);
    side->tally.rules = rules;
}

static int begin(void **state)
{
    static struct world world;
    memset(&world, 0, sizeof world);
    world.arena = arena_new(4096);
    open_side(&world.old, world.old_rules);
    open_side(&world.new, world.new_rules);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    people_close(&world->old.people);
    people_close(&world->new.people);
    arena_destroy(&world->arena);
    return 0;
}

static struct tally_rule *tally_of(struct simulation *side, const char *rule)
{
    for (uint32_t i = 0; i < side->tally.rule_count; i++)
        if (strcmp(side->tally.rules[i].name, rule) == 0)
            return &side->tally.rules[i];
    side->tally.rules[side->tally.rule_count] = (struct tally_rule){.name = rule};
    return &side->tally.rules[side->tally.rule_count++];
}

static void send(struct simulation *side, const char *customer, const char *rule, int64_t at_ms)
{
    people_fixture_send(&side->people, customer, rule, at_ms);
    tally_of(side, rule)->sent++;
    side->tally.sent++;
}

static void compare(struct world *world)
{
    comparison_make(&world->comparison, &world->old, &world->new, 0, 2, world->arena);
}

/* Whether it is within it, and what was used. */
static bool within(const struct world *world, const char *text, uint64_t *used)
{
    struct budget budget;
    struct diag diag = {0};
    assert_true(budget_read(&budget, text, world->arena, &diag));
    const struct comparison_people over =
        comparison_over(&world->old, &world->new, 0, budget.items[0].over);
    return comparison_is_within(&world->comparison, &budget.items[0], &over, used);
}

static void assert_used(const struct world *world, const char *text, uint64_t used, bool is_within)
{
    uint64_t found;
    bool kept = within(world, text, &found);
    if (found != used || kept != is_within)
        fail_msg("%s: %llu, %s", text, (unsigned long long)found, kept ? "within" : "over");
}

static void test_rules(void **state)
{
    struct world *world = *state;
    tally_of(&world->new, "a");
    send(&world->old, "id:1", "a", 1);
    send(&world->old, "id:1", "a", 2);
    send(&world->old, "id:2", "gone", 3);
    send(&world->new, "id:1", "a", 900); /* whenever */
    send(&world->new, "id:3", "a", 4);
    send(&world->new, "id:3", "new", 5);
    people_fixture_act(&world->old.people, "id:3", "a", TRACE_REFUSED, TRACE_WHY_CAP, 4);
    compare(world);
    const struct comparison_rule *rules = world->comparison.rules;
    assert_int_equal(world->comparison.rule_count, 3);
    assert_string_equal(rules[0].name, "a");
    assert_int_equal(rules[0].both, 1);
    assert_int_equal(rules[0].more, 1);
    assert_int_equal(rules[0].fewer, 1);
    assert_string_equal(rules[0].gained.items[0].customer, "id:3");
    assert_int_equal(rules[0].gained.items[0].other->why, TRACE_WHY_CAP);
    assert_string_equal(rules[0].lost.items[0].customer, "id:1");
    assert_int_equal(rules[0].lost.items[0].other->sent, 1);
    assert_true(rules[1].is_new && !rules[1].is_old);
    assert_string_equal(rules[2].name, "gone");
    assert_true(!rules[2].is_new && rules[2].is_old);
    assert_int_equal(world->comparison.all.more, 2);
    assert_int_equal(world->comparison.all.fewer, 2);
    assert_int_equal(world->comparison.reached.newly, 1);
    assert_int_equal(world->comparison.reached.no_longer, 1);
}

static void test_examples_are_the_earliest(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"id:5", "id:4", "id:3", "id:2", "id:1"};
    for (int64_t i = 0; i < 5; i++)
        send(&world->new, names[i], "a", 10 - i / 2); /* the last first, and two at a time */
    compare(world);
    const struct comparison_examples *gained = &world->comparison.rules[0].gained;
    assert_int_equal(gained->count, COMPARISON_EXAMPLES);
    assert_string_equal(gained->items[0].customer, "id:1");
    assert_string_equal(gained->items[1].customer, "id:2"); /* of the same time by name */
    assert_string_equal(gained->items[2].customer, "id:3");
}

/* What one person gets less makes no room for another's more: a merge that moves 500 messages to
 * other people sends 500 that were not sent. */
static void test_a_budget_is_of_people(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++)
        send(&world->old, "id:1", "a", i);
    for (int i = 0; i < 3; i++)
        send(&world->new, "id:2", "b", i);
    compare(world);
    assert_used(world, "+2 messages", 3, false);
    assert_used(world, "+3 messages", 3, true);
    assert_used(world, "-2 messages", 3, false);
    assert_used(world, "+99% messages", 3, false);
    assert_used(world, "+100% messages", 3, true);
    assert_used(world, "+0 people", 1, false);
    assert_used(world, "-1 people", 1, true);
    assert_used(world, "+0 people over 2 per 7d", 1, false);
    assert_used(world, "+0 people over 3 per 7d", 0, true);
    assert_int_equal(world->comparison.over.newly, 1);
    assert_int_equal(world->comparison.over.no_longer, 1);
    assert_string_equal(world->comparison.newly_over.items[0].customer, "id:2");
}

/* A rule by another name sends what it sent; so does one in place of another. */
static void test_a_renamed_rule_costs_nothing(void **state)
{
    struct world *world = *state;
    send(&world->old, "id:1", "cart", 1);
    send(&world->old, "id:2", "cart", 1);
    send(&world->new, "id:1", "basket", 1);
    send(&world->new, "id:2", "basket", 1);
    compare(world);
    assert_int_equal(world->comparison.all.more, 2);
    assert_used(world, "+0 messages", 0, true);
    assert_used(world, "-0 messages", 0, true);
    assert_used(world, "+0% messages", 0, true);
}

static void test_nothing_before(void **state)
{
    struct world *world = *state;
    send(&world->new, "id:1", "a", 1);
    compare(world);
    assert_used(world, "+500% messages", 1, false); /* of none any is too many */
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rules),
        TEST(examples_are_the_earliest),
        TEST(a_budget_is_of_people),
        TEST(a_renamed_rule_costs_nothing),
        TEST(nothing_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
