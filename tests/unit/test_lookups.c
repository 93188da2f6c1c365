/* lookup(): what a decision must see of the shop's tables, in how many rounds, and its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "decide_fixture.h"

#define ANA             "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true}"
#define VIEWED(id, sku) "{\"type\":\"x\",\"id\":\"" id "\"," ANA ",\"product\":{\"sku\":" sku "}}"

static const char tables[] =
    "{\"stock\":{\"TEA\":3,\"7\":\"4\",\"OUT\":0,\"JAM\":{\"left\":2}},\"wrong\":\"text\","
    "\"vat\":{\"fi\":24},\"land\":{\"7\":\"fi\",\"TEA\":\"ro\"},\"next\":{\"a\":\"b\",\"b\":\"c\"}"
    "}";

static void set_tables(struct decide_fixture *fixture)
{
    struct diag diag;
    assert_true(json_read(fixture->arena, tables, sizeof tables - 1, &json_event_limits,
                          &fixture->tables, &diag));
}

static const struct decide_play plays[] = {
    {"an entry is read for the decision; a number and a text are one key",
     "{name: r, on: x, if: 'lookup(\"stock\", product.sku, 0) > 2', send: t}",
     {{0, VIEWED("1", "\"TEA\""), "r sends t"},
      {1, VIEWED("2", "\"OUT\""), "r no-match if"},
      {2, VIEWED("3", "\"NONE\""), "r no-match if"},
      {3, VIEWED("4", "7"), "r no-match no such operation: a string > an integer"}}},
    {"JSON is data",
     "{name: r, on: x, if: 'lookup(\"stock\", product.sku).left == 2', send: t}",
     {{0, VIEWED("1", "\"JAM\""), "r sends t"},
      {1, VIEWED("2", "\"NONE\""), "r no-match lookup(): `stock` has no entry `NONE`"},
      {2, VIEWED("3", "[]"),
       "r no-match lookup(): the key must be a text of at most 1 KiB, or a number"}}},
    {"a key of a wrong type fails, whatever the default",
     "{name: r, on: x, if: 'lookup(\"wrong\", product.sku, 0) == 0', send: t}",
     {{0, VIEWED("1", "\"TEA\""), "r no-match lookup(): it is not a hash"}}},
    {"a key may depend on another answer",
     "{name: r, on: x, if: 'lookup(\"vat\", lookup(\"land\", product.sku)) == 24', send: t}",
     {{0, VIEWED("1", "7"), "r sends t"},
      {1, VIEWED("2", "\"TEA\""), "r no-match lookup(): `vat` has no entry `ro`"}}},
    {"what several steps ask for is read at once",
     "{name: r, class: transactional, on: x, if: 'lookup(\"stock\", \"TEA\") == 3', steps: [\n"
     " {if: 'lookup(\"vat\", \"fi\") == 24', then: [{send: a}]},\n"
     " {if: 'lookup(\"land\", \"7\") == \"fi\"', then: [{send: b}]},\n"
     " {if: 'lookup(\"next\", \"a\") == \"b\"', then: [\n"
     "  {send: {template: c, data: {d: 'lookup(\"next\", lookup(\"next\", \"a\"))'}}}]}]}",
     {{0, VIEWED("1", "7"), "r sends a; r sends b; r sends c"}}},
    {"nor do many, a loop over a list among them",
     "{name: r, on: x, if: '[\"TEA\", \"OUT\", \"NONE\"].map(s, lookup(\"stock\", s, 5)) == [3, 0, "
     "5] &&\n"
     "  lookup(\"vat\", \"fi\") - lookup(\"vat\", \"fi\") + lookup(\"stock\", \"TEA\") == 3 &&\n"
     "  (lookup(\"land\", \"7\") == \"fi\" ? lookup(\"next\", \"a\") : lookup(\"next\", \"b\")) == "
     "\"b\"', send: t}",
     {{0, VIEWED("1", "7"), "r sends t"}}},
    {"where no answer makes a difference nothing is read",
     "{name: r, on: x, if: 'product.sku == \"TEA\" && lookup(\"wrong\", \"a\") == 1', send: t}\n",
     {{0, VIEWED("1", "\"OUT\""), "r no-match if"}}},
    {"a step that fails ends its journey",
     "{name: r, on: x, steps: [{if: 'lookup(\"stock\", \"NONE\") > 1', then: [{send: t}]}]}",
     {{0, VIEWED("1", "7"), "r error lookup(): `stock` has no entry `NONE`"}}},
    {"one that fails in `until` ends it for silence",
     "{name: r, on: x, again: ignore, until: {on: x, if: 'lookup(\"stock\", \"NONE\") > 1'},\n"
     " wait: 1h, send: t}",
     {{0, VIEWED("1", "7"), "r waits 3600"},
      {60, VIEWED("2", "7"), "r ended until lookup(): `stock` has no entry `NONE`; r waits 3660"}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, set_tables);
}

/* `count` lookups of different keys, each of which is there or not. */
static const char *rule_of(struct arena *arena, int count)
{
    const char *sum = "0";
    for (int i = 0; i < count; i++)
        sum = arena_printf(arena, "%s + lookup(\"stock\", \"k%d\", 1)", sum, i);
    return arena_printf(arena, "{name: r, on: x, if: '%s == %d', send: t}", sum, count);
}

static void test_bound(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, rule_of(arena, LOOKUPS_MOST));
    assert_string_equal(decide_fixture_play(&fixture, 0, VIEWED("1", "1")), "r sends t");
    /* an addition ends with its first failure: so each is a round, were it not asked ahead */
    assert_int_equal(fixture.lookups, LOOKUPS_MOST);
    decide_fixture_close(&fixture);
    decide_fixture_open(&fixture, rule_of(arena, LOOKUPS_MOST + 1));
    assert_string_equal(decide_fixture_play(&fixture, 0, VIEWED("1", "1")),
                        "r no-match lookup(): too-many-lookups: there may be 16 in a decision");
    decide_fixture_close(&fixture);
    arena_destroy(&arena);
}

/* Each event of a batch may ask for as many, and what it is answered does not depend on the others.
 */
static void test_batch(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, "{name: r, on: x, if: '[0,1,2,3,4,5,6,7,8].all(i, "
                                  "lookup(\"stock\", product.sku + string(i), 1) == 1)', send: t}");
    assert_string_equal(
        decide_fixture_play_both(&fixture, 0, VIEWED("1", "\"a\""), VIEWED("2", "\"b\"")),
        "r sends t; r sends t");
    assert_int_equal(fixture.lookups, 18);
    decide_fixture_close(&fixture);
    arena_destroy(&arena);
}

/* What is asked when a step is reached is what the shop has then. */
static void test_later(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture,
                        "{name: r, on: x, if: 'lookup(\"stock\", \"TEA\", 0) > 0', again: ignore,\n"
                        " steps: [{send: first}, {wait: 1h},\n"
                        " {if: 'lookup(\"stock\", \"TEA\", 0) > 0', then: [{send: second}],\n"
                        " else: [{send: sorry}]}]}");
    set_tables(&fixture);
    assert_string_equal(decide_fixture_play(&fixture, 0, VIEWED("1", "7")),
                        "r waits 3600; r sends first");
    assert_int_equal(fixture.lookup_rounds, 1);
    fixture.tables = value_null();
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r sends sorry");
    assert_int_equal(fixture.lookup_rounds, 1);
    decide_fixture_close(&fixture);
}

/* Consent and segments look things up too. */
static void test_consent(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    struct diag diag;
    decide_fixture_open(&fixture, "{name: r, on: x, if: 'customer.segment(\"s\")', send: t}");
    set_tables(&fixture);
    static const char consent[] = "lookup(\"stock\", \"OUT\") == 1",
                      segment[] = "lookup(\"vat\", \"fi\") == 24";
    struct condition_segment segments[] = {{.name = "s"}, {0}};
    segments[0].program =
        condition_compile(fixture.arena, segment, sizeof segment - 1, NULL, NULL, &diag);
    fixture.policy.segments = segments;
    fixture.policy.consent =
        condition_compile(fixture.arena, consent, sizeof consent - 1, NULL, NULL, &diag);
    assert_string_equal(decide_fixture_play(&fixture, 0, VIEWED("1", "7")), "r refused no-consent");
    assert_int_equal(fixture.lookups, 2);
    decide_fixture_close(&fixture);
}

/* Two rounds suffice: a variable that another one of the same name hides says nothing. */
static void test_no_fault(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    const char *faults = decide_fixture_faults(
        arena,
        "{name: r, on: x, if: 'cel.bind(b, lookup(\"a\", \"b\"), lookup(\"a\", b) + "
        "cel.bind(b, 1, lookup(\"a\", lookup(\"a\", b)))) == 1', send: t}",
        NULL);
    if (strstr(faults, "depends on"))
        fail_msg("%s", faults);
    arena_destroy(&arena);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    static const struct {
        const char *rule, *fault;
    } cases[] = {
        {"{name: r, on: x, if: 'lookup(product.table, \"a\", 0) > 0', send: t}",
         "the first argument of lookup() must be a text in quotes"},
        {"{name: r, on: x, if: 'lookup(\"a:b\", \"a\", 0) > 0', send: t}",
         "`a:b` cannot be the name of a table"},
        {"{name: r, on: x, if: 'lookup(\"a\", lookup(\"b\", lookup(\"c\", \"d\"))) == 1', send: t}",
         "the key of this lookup depends on 2 others"},
        {"{name: r, on: x, if: 'cel.bind(b, lookup(\"a\", \"b\"), lookup(\"a\", lookup(\"a\", b))) "
         "== "
         "1', send: t}",
         "the key of this lookup depends on 2 others"},
        {"{name: r, on: x, if: 'lookup(\"a\", \"b\").exists(c, lookup(\"a\", lookup(\"a\", c)) == "
         "1)', "
         "send: t}",
         "the key of this lookup depends on 2 others"},
        {"{name: r, on: x, if: 'lookup(\"stock\") > 0', send: t}",
         "lookup() takes 2 to 3 arguments, not 1"},
        {"{name: r, on: x, if: 'product.lookup(\"stock\", \"a\") > 0', send: t}",
         "there is no function lookup()"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *faults = decide_fixture_faults(arena, cases[i].rule, NULL);
        if (!strstr(faults, cases[i].fault))
            fail_msg("%s: %s", cases[i].rule, faults);
    }
    arena_destroy(&arena);
}

/* What a shop writes there is read as JSON, else as a text. */
static void test_values(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    static const struct lookups_question question = {"stock", "a"};
    static const struct {
        const char *text;
        enum value_kind kind;
    } cases[] = {{"12", VALUE_INT},      {"12.50", VALUE_DOUBLE},  {"\"12\"", VALUE_STRING},
                 {"gold", VALUE_STRING}, {"007", VALUE_STRING},    {"", VALUE_STRING},
                 {"true", VALUE_BOOL},   {"{\"a\":1}", VALUE_MAP}, {"{\"a\":", VALUE_STRING}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct lookups_answer answer =
            lookups_read(arena, &question, slice_of(cases[i].text));
        assert_int_equal(answer.state, LOOKUPS_FOUND);
        assert_int_equal(answer.value.kind, cases[i].kind);
    }
    assert_int_equal(lookups_read(arena, &question, (struct slice){0}).state, LOOKUPS_MISSING);
    assert_int_equal(lookups_read(arena, &question, slice_of("\xff")).state, LOOKUPS_BROKEN);
    char *large = arena_zero(arena, LOOKUPS_VALUE_MOST + 2);
    memset(large, '7', LOOKUPS_VALUE_MOST + 1);
    assert_int_equal(lookups_read(arena, &question, slice_of(large)).state, LOOKUPS_BROKEN);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),    cmocka_unit_test(test_bound),
        cmocka_unit_test(test_batch),    cmocka_unit_test(test_later),
        cmocka_unit_test(test_consent),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_fault), cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
