/* Splits: a share each, for ever the same. By the name `t` id:7 is at 88.73 %, id:8 at 21.23 %, and
 * email:ana@example.com at 55.86 %; by `u` at 0.54, 20.91 and 85.59 %. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/share.h"
#include "decide_fixture.h"

#define MAIL    "\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X       "{\"type\":\"x\",\"customer\":{\"id\":7," MAIL "}}"
#define Y(more) "{\"type\":\"y\",\"customer\":{\"id\":7" more "}}"
#define AB      "{a: 50, b: 50}"

static const struct decide_play plays[] = {
    {"the steps of one's own share, and what stands behind all",
     "{name: r, on: x, steps: [{split: {name: t, shares: " AB "},\n"
     " then: {a: [{send: a}], b: [{send: b}, {send: c}]}}, {send: d}]}",
     {{0, X, "r sends b; r sends c; r sends d"}}},
    {"of another name another share",
     "{name: r, on: x, steps: [{split: {name: u, shares: " AB "},\n"
     " then: {a: [{send: a}], b: [{send: b}]}}, {send: d}]}",
     {{0, X, "r sends a; r sends d"}}},
    {"a share without steps goes on behind the split",
     "{name: r, on: x, steps: [{split: {name: t, shares: " AB "},\n"
     " then: {a: [{send: a}]}}, {send: d}]}",
     {{0, X, "r sends d"}}},
    {"a share may be small, or nothing",
     "{name: r, on: x, steps: [{split: {name: t, shares: {a: 88.73, b: 0, c: 0.01, d: 11.26}},\n"
     " then: {a: [{send: a}], b: [{send: b}], c: [{send: c}], d: [{send: d}]}}]}",
     {{0, X, "r sends c"}}},
    {"waits within shares",
     "{name: r, on: x, again: ignore, steps: [{split: {name: t, shares: " AB "},\n"
     " then: {b: [{wait: 1h}, {send: b}, {wait: 1h}], a: [{wait: 3h}]}}, {send: d}]}",
     {{0, X, "r waits 3600"}, {3600, NULL, "r waits 7200; r sends b"}, {7200, NULL, "r sends d"}}},
    {"splits in branches, branches in splits, and splits in splits",
     "{name: r, on: x, steps: [{if: 'true', then: [{split: {name: t, shares: " AB "}, then: {b: [\n"
     " {if: 'false', then: [{send: a}], else: [{split: {name: u, shares: " AB "},\n"
     " then: {a: [{send: b}], b: [{send: c}]}}, {send: d}]}], a: [{send: e}]}}],\n"
     " else: [{send: f}]}, {send: g}]}",
     {{0, X, "r sends b; r sends d; r sends g"}}},
    {"stop in a share ends the journey",
     "{name: r, on: x, steps: [{split: {name: t, shares: " AB "}, then: {b: [stop]}}, {send: d}]}",
     {{0, X, ""}}},
};

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, NULL);
}

static void be_quiet(struct decide_fixture *fixture)
{
    fixture->policy.quiet_from = 9 * 60;
    fixture->policy.quiet_to = 12 * 60; /* second 7200 */
}

static const struct decide_play quiet_plays[] = {
    {"what is asked again passes through a split to the branches around it",
     "{name: r, on: x, steps: [{if: customer.vip, then: [{split: {name: t, shares: " AB "},\n"
     " then: {b: [{send: b}], a: [{send: a}]}}, {send: c}]}, {send: d}]}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"vip\":true," MAIL "}}", "r quiet-hours 7200"},
      {1, Y(",\"vip\":false"), ""},
      {7200, NULL, "r passed-over branch; r sends d"}}},
    {"and the branches within it",
     "{name: r, on: x, steps: [{split: {name: t, shares: " AB "},\n"
     " then: {b: [{if: customer.vip, then: [{send: b}]}, {send: c}]}}, {send: d}]}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"vip\":true," MAIL "}}", "r quiet-hours 7200"},
      {1, Y(",\"vip\":false"), ""},
      {7200, NULL, "r passed-over branch; r sends c; r sends d"}}},
    {"which stay as they are",
     "{name: r, on: x, steps: [{if: customer.vip, then: [{split: {name: t, shares: " AB "},\n"
     " then: {b: [{send: b}]}}]}]}",
     {{0, "{\"type\":\"x\",\"customer\":{\"id\":7,\"vip\":true," MAIL "}}", "r quiet-hours 7200"},
      {7200, NULL, "r sends b"}}},
};

static void test_asked_again(void **state)
{
    (void)state;
    decide_fixture_play_all(quiet_plays, sizeof quiet_plays / sizeof *quiet_plays, be_quiet);
}

#define WAITING(shares)                                                                       \
    "{name: r, on: x, again: parallel, steps: [{wait: 1h}, {split: {name: t, shares: " shares \
    "},\n then: {a: [{wait: 1h}, {send: a}], b: [{wait: 1h}, {send: b}]}}]}"

/* Other shares move those who have not come to the split yet; who is in one stays in it. */
static void test_reload(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, WAITING("{a: 50, b: 50}"));
    assert_string_equal(decide_fixture_play(&fixture, 0, X), "r waits 3600");
    assert_string_equal(decide_fixture_play(&fixture, 3600, NULL), "r waits 7200");
    assert_string_equal(decide_fixture_play(&fixture, 3601,
                                            "{\"type\":\"x\",\"n\":2,\"customer\":{\"id\":7," MAIL
                                            "}}"),
                        "r waits 7201");
    decide_fixture_reload(&fixture, WAITING("{a: 90, b: 10}"));
    assert_string_equal(decide_fixture_play(&fixture, 7200, NULL), "r sends b");
    assert_string_equal(decide_fixture_play(&fixture, 7201, NULL), "r waits 10801");
    assert_string_equal(decide_fixture_play(&fixture, 10801, NULL), "r sends a");
    decide_fixture_close(&fixture);
}

static const char shares_of_key[] =
    "{name: r, on: x, steps: [{split: {name: t, shares: {id8: 30, mail: 40, id7: 30}},\n"
    " then: {id8: [{send: id8}], mail: [{send: mail}], id7: [{send: id7}]}}]}";

#define WHO(key) "{\"type\":\"x\",\"n\":1,\"customer\":{" key "}}"

/* A guest who gets an account keeps the share of the guest, whichever document stays. */
static void test_joins(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, shares_of_key);
    assert_string_equal(decide_fixture_play(&fixture, 0, WHO(MAIL)), "r sends mail");
    const char *guest = fixture.document;
    fixture.document = NULL;
    fixture.joined = guest;
    fixture.joined_key = "email:ana@example.com";
    assert_string_equal(decide_fixture_play(&fixture, 10, WHO("\"id\":7," MAIL)),
                        "joined email:ana@example.com; r sends mail");
    assert_non_null(
        strstr(fixture.document, "\"first\":[\"email:ana@example.com\",1772445600000]"));
    assert_string_equal(
        decide_fixture_play(&fixture, 20, "{\"type\":\"x\",\"n\":3,\"customer\":{\"id\":7}}"),
        "r sends mail");
    /* An account that is older than the guest keeps its own. */
    fixture.document = NULL;
    assert_string_equal(decide_fixture_play(&fixture, -10, WHO("\"id\":7,\"a\":1," MAIL)),
                        "r sends id7");
    fixture.joined = guest;
    assert_string_equal(decide_fixture_play(&fixture, 30, WHO("\"id\":7,\"a\":2," MAIL)),
                        "joined email:ana@example.com; r sends id7");
    decide_fixture_close(&fixture);
}

/* A document of a former program does not tell: it is older than any that does. */
static void test_unknown_age(void **state)
{
    (void)state;
    static const char old[] = "{\"version\":\"1-1-1\",\"format\":2,\"profile\":[[1,{" MAIL "}]]}";
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, shares_of_key);
    fixture.document = old;
    assert_string_equal(decide_fixture_play(&fixture, 0, WHO("\"id\":7," MAIL)), "r sends id7");
    assert_null(strstr(fixture.document, "\"first\""));
    fixture.document = NULL;
    assert_string_equal(decide_fixture_play(&fixture, 10, WHO("\"id\":7," MAIL)), "r sends id7");
    assert_non_null(strstr(fixture.document, "\"first\":1772445610000"));
    fixture.joined = old;
    fixture.joined_key = "email:ana@example.com";
    assert_string_equal(decide_fixture_play(&fixture, 20, WHO("\"id\":7,\"a\":1," MAIL)),
                        "joined email:ana@example.com; r sends mail");
    assert_non_null(strstr(fixture.document, "\"first\":[\"email:ana@example.com\",0]"));
    decide_fixture_close(&fixture);
}

/* Who comes back after an erasure is new. */
static void test_erasure(void **state)
{
    (void)state;
    struct decide_fixture fixture;
    decide_fixture_open(&fixture, shares_of_key);
    fixture.document =
        "{\"version\":\"1-1-1\",\"format\":2,\"first\":[\"email:ana@example.com\",5]}";
    assert_string_equal(decide_fixture_play(&fixture, 0, WHO("\"id\":7," MAIL)), "r sends mail");
    decide_fixture_play_both(&fixture, 10, "{\"type\":\"customer.erased\",\"customer\":{\"id\":7}}",
                             "{\"type\":\"x\",\"time\":\"2026-03-02T10:00:11Z\",\"customer\":"
                             "{\"id\":7," MAIL "}}");
    assert_non_null(strstr(fixture.document, "\"first\":1772445610000"));
    assert_int_equal(fixture.last.message_count, 1);
    assert_string_equal(fixture.last.messages[0].step->template, "id7");
    decide_fixture_close(&fixture);
}

static void test_faults(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    static const struct {
        const char *split, *fault;
    } cases[] = {
        {"split: {name: t, shares: {a: 50, b: 49}}, then: {a: [stop]}",
         "the shares add up to 99, not to 100"},
        {"split: {name: t, shares: {a: 33.3, b: 33.3, c: 33.3}}, then: {a: [stop]}",
         "the shares add up to 99.9, not to 100"},
        {"split: {name: t, shares: {a: 50%, b: 50%}}, then: {a: [stop]}",
         "a share is a number from 0 to 100"},
        {"split: {name: t, shares: [a, b]}, then: {a: [stop]}", "`shares` must be a mapping"},
        {"split: {name: t, shares: {a: 50, b: 50}}, then: {c: [stop]}", "`shares` has no `c`"},
        {"split: {name: t, shares: {a: 50, b: 50}}, then: [stop]",
         "`then` of a split is a mapping"},
        {"split: {name: t, shares: {a: 50, b: 50}}", "`then` is missing"},
        {"split: {shares: {a: 50, b: 50}}, then: {a: [stop]}", "`name` is missing"},
        {"split: {name: '', shares: {a: 50, b: 50}}, then: {a: [stop]}", "a split needs a name"},
        {"split: {name: t}, then: {a: [stop]}", "`shares` is missing"},
        {"split: t, then: {a: [stop]}", "`split` must be {name, shares}"},
        {"split: {name: t, shares: {a: 50, b: 50}}, then: {a: [stop]}, else: [stop]", "`else`"},
        {"split: {name: t, shares: {a: 50, b: 50}}, then: {a: stop}", "steps must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *faults = decide_fixture_faults(
            arena,
            arena_printf(arena, "{name: r, on: x, steps: [{%s}, {send: m}]}", cases[i].split),
            NULL);
        if (!strstr(faults, cases[i].fault))
            print_error("%s: \"%s\", expected \"%s\"\n", cases[i].split, faults, cases[i].fault);
        assert_non_null(strstr(faults, cases[i].fault));
    }
    assert_string_equal(
        decide_fixture_faults(
            arena,
            "{name: r, on: x, steps: [{split: {name: t, shares: {a: 33.33, b: 66.67}}, "
            "then: {a: [{send: m}]}}, {split: {name: t, shares: {a: 33.33, b: "
            "66.67}}, then: {b: [{send: m}]}}]}",
            NULL),
        "");
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),       cmocka_unit_test(test_asked_again),
        cmocka_unit_test(test_reload),      cmocka_unit_test(test_joins),
        cmocka_unit_test(test_unknown_age), cmocka_unit_test(test_erasure),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
