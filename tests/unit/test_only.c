/* deliver.only: which addresses its patterns fit, and that nobody else is written to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decide/only.h"
#include "decide_fixture.h"

#define EVENT(id, customer) \
    "{\"type\":\"x\",\"id\":\"" id "\",\"customer\":{\"id\":7,\"email\":" customer "}}"
#define YES ",\"accepts_marketing\":true"
#define NO  ",\"accepts_marketing\":false"

static const struct {
    const char *pattern, *address;
    bool fits;
} cases[] = {
    {"*@shop.example", "ana@shop.example", true},
    {"*@shop.example", "ANA@Shop.Example", true},
    {"*@SHOP.example", " ana@shop.example ", true},
    {"*@shop.example", "ana@shop.example.org", false},
    {"*@shop.example", "ana@evil-shop.example", false},
    {"*@shop.example", "ana@sub.shop.example", false},
    {"*@*.shop.example", "ana@sub.shop.example", true},
    {"*@shop.example", "ana@shop.example.", true},
    {"*@shop.example", "ana@evil.example,x@shop.example..", false},
    {"ana@shop.example", "ana@shop.example", true},
    {"ana@shop.example", "ana@shop.exampl", false},
    {"ana+*@shop.example", "ana+test@shop.example", true},
    {"ana+*@shop.example", "ana@shop.example", false},
    {"*@m\xc3\xbcnchen.example", "ana@xn--mnchen-3ya.example", true},
    {"*@xn--mnchen-3ya.example", "ana@M\xc3\x9cNCHEN.example", true},
    {"*@*.m\xc3\xbcnchen.example", "ana@a.m\xc3\xbcnchen.example", true},
    {"+358*", "+3585550123", true},
    {"+358*", "+4915112345", false},
    {"*", "anybody", true},
    {"**a*b", "xaxxb", true},
    {"a*b*c", "abbc", true},
    {"a*b*c", "abbcd", false},
    {"", "ana@shop.example", false},
};

static void test_patterns(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const patterns[] = {"nobody@nowhere.example", cases[i].pattern, NULL};
        if (only_admits(patterns, cases[i].address, arena) != cases[i].fits)
            fail_msg("%s and %s", cases[i].pattern, cases[i].address);
    }
    assert_true(only_admits(NULL, "ana@shop.example", arena));
    arena_destroy(&arena);
}

static const struct decide_play plays[] = {
    {"nobody else is written to, of either class; behind a limit, before consent",
     "{name: a, on: x, limit: 1 per 1d, send: a}\n---\n"
     "{name: b, on: x, class: transactional, send: b}\n",
     {{0, EVENT("1", "\"ana@shop.example\"" YES), "a sends a; b sends b"},
      {60, EVENT("2", "\"ana@example.com\"" YES), "a refused limit; b refused only"},
      {90000, EVENT("3", "\"ana@example.com\"" NO), "a refused only; b refused only"},
      {90001, EVENT("4", "null" NO), "a refused no-address; b refused no-address"}}},
    {"and no address of the rule's own",
     "{name: b, on: x, class: transactional, send: {template: b, to: '\"ops@example.com\"'}}\n",
     {{0, EVENT("1", "\"ana@shop.example\"" YES), "b refused only"}}},
    {"behind a send that is refused the run acts: what another rule sets permits it no more, and "
     "what "
     "cannot be made ends nothing",
     "{name: a, on: x, class: transactional, priority: 1, steps: [{send: {template: a, to: "
     "'has(customer.desk) ? customer.desk : \"ops@example.com\"', data: {n: order.n}}}, {set: {n: "
     "'1'}}]}\n---\n"
     "{name: b, on: x, steps: [{set: {desk: '\"ops@shop.example\"'}}]}\n",
     {{0, EVENT("1", "\"ana@shop.example\"" YES),
       "a sets n = 1; b sets desk = \"ops@shop.example\"; a refused only"}}},
};

static void set_only(struct decide_fixture *fixture)
{
    static const char *const only[] = {"*@shop.example", NULL};
    fixture->policy.only = only;
}

static void test_plays(void **state)
{
    (void)state;
    decide_fixture_play_all(plays, sizeof plays / sizeof *plays, set_only);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns),
                                       cmocka_unit_test(test_plays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
