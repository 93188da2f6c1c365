/* commit.lua where documents become one, and keys lead to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commit_fixture.h"

#define ask(scene, command, wanted) assert_redis(&(scene)->redis, wanted, command)
#define GUEST                       "email:ana@example.com"
#define V(version)                  "{\"version\":\"" version "\"}"

/* A guest with all that there may be, and the account of today. */
static void fill(struct commit_fixture *scene)
{
    redis_fixture_ask(&scene->redis, "SET t:customer:" GUEST " %s", V("3-9-1"));
    redis_fixture_ask(&scene->redis, "SET t:customer:id:7 %s", V("1-9-1"));
    redis_fixture_ask(&scene->redis, "ZADD t:due 5 " GUEST);
    redis_fixture_ask(&scene->redis, "ZADD t:taken 5 " GUEST);
    for (int i = 1; i <= 5; i++)
        redis_fixture_ask(&scene->redis, "LPUSH t:trace:%s {\"at\":%d}", i % 2 ? GUEST : "id:7", i);
    redis_fixture_ask(&scene->redis, "HSET t:message:m1 state taken customer " GUEST);
    redis_fixture_ask(&scene->redis, "SET t:message:m3 no-hash");
    redis_fixture_ask(&scene->redis, "SET t:to:cccccccccccccccc " GUEST);
    redis_fixture_ask(&scene->redis, "SET t:to:dddddddddddddddd id:9");
}

static void all_of_a_guest_becomes_the_accounts(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct commit_relied relied[] = {{"aaaaaaaaaaaaaaaa", ""}};
    static const struct commit_join joins[] = {{GUEST, "3-9-1"}, {"email:none", ""}};
    static const struct commit_redirect redirects[] = {{"aaaaaaaaaaaaaaaa", "", "", false},
                                                       {"bbbbbbbbbbbbbbbb", GUEST, "", false},
                                                       {"cccccccccccccccc", GUEST, "", false},
                                                       {"dddddddddddddddd", GUEST, "", false}};
    static const char *const mids[] = {"m1", "m2", "m3"};
    static const struct slice line = {"{\"at\":9}", 8};
    struct commit first = commit_fixture_document("1-9-1", "2-9-2", V("2-9-2"));
    first.relied = relied;
    first.relied_count = 1;
    first.joins = joins;
    first.join_count = 2;
    first.redirects = redirects;
    first.redirect_count = 4;
    first.redirect_expire_ms = LATER;
    first.moved_mids = mids;
    first.moved_mid_count = 3;
    first.traces = &line;
    first.trace_count = 1;
    fill(scene);
    for (int run = 0; run < 2; run++) { /* the answer of the first may have been lost */
        assert_string_equal(commit_fixture_ask(scene, &first), "done");
        ask(scene, "GET t:customer:id:7", V("2-9-2"));
        ask(scene, "EXISTS t:customer:" GUEST, "0");
        ask(scene, "EXISTS t:trace:" GUEST, "0");
        ask(scene, "ZCARD t:due", "0");
        ask(scene, "ZCARD t:taken", "0");
        ask(scene, "LRANGE t:trace:id:7 0 -1",
            "[{\"at\":9} {\"at\":5} {\"at\":4} {\"at\":3} {\"at\":2} {\"at\":1}]");
        ask(scene, "HGET t:message:m1 customer", "id:7");
        ask(scene, "EXISTS t:message:m2", "0");
        ask(scene, "GET t:message:m3", "no-hash");
        ask(scene, "MGET t:to:aaaaaaaaaaaaaaaa t:to:bbbbbbbbbbbbbbbb", "[id:7 (nil)]");
        ask(scene, "MGET t:to:cccccccccccccccc t:to:dddddddddddddddd", "[id:7 id:9]");
        ask(scene, "PEXPIRETIME t:to:aaaaaaaaaaaaaaaa", "9999999999999");
        ask(scene, "PEXPIRETIME t:trace:id:7", "9999999999999");
    }
}

/* Traces of 100 lines each, of other types, or of none. */
static void traces_are_bounded(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct commit_join joins[] = {{GUEST, "3-9-1"}};
    struct commit first = commit_fixture_document("1-9-1", "2-9-2", V("2-9-2"));
    first.joins = joins;
    first.join_count = 1;
    fill(scene);
    for (int i = 6; i < 206; i++)
        redis_fixture_ask(&scene->redis, "LPUSH t:trace:%s {\"at\":%d}", i % 2 ? GUEST : "id:7", i);
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    ask(scene, "LLEN t:trace:id:7", "100");
    ask(scene, "LINDEX t:trace:id:7 0", "{\"at\":205}");
    ask(scene, "LINDEX t:trace:id:7 99", "{\"at\":106}");
    redis_fixture_ask(&scene->redis, "SET t:customer:" GUEST " %s", V("3-9-1"));
    redis_fixture_ask(&scene->redis, "SET t:trace:" GUEST " x");
    first = commit_fixture_document("2-9-2", "3-9-3", V("3-9-3"));
    first.joins = joins;
    first.join_count = 1;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    ask(scene, "LLEN t:trace:id:7", "100");
    ask(scene, "EXISTS t:trace:" GUEST, "0");
}

/* What was taken for granted is otherwise by now: nothing is written. */
static void what_has_changed_is_told(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct {
        struct commit_relied relied;
        struct commit_join join;
        const char *answer;
    } cases[] = {
        {{"cccccccccccccccc", ""}, {GUEST, "3-9-1"}, "moved " GUEST},
        {{"cccccccccccccccc", "id:7"}, {GUEST, "3-9-1"}, "moved " GUEST},
        {{"aaaaaaaaaaaaaaaa", "id:7"}, {GUEST, "3-9-1"}, "moved "},
        {{"aaaaaaaaaaaaaaaa", ""}, {GUEST, "2-9-1"}, "moved " GUEST},
        {{"aaaaaaaaaaaaaaaa", ""}, {GUEST, ""}, "moved " GUEST},
        {{"aaaaaaaaaaaaaaaa", ""}, {"email:none", "1-1-1"}, "moved email:none"},
    };
    fill(scene);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct commit first = commit_fixture_document("1-9-1", "2-9-2", V("2-9-2"));
        first.relied = &cases[i].relied;
        first.joins = &cases[i].join;
        first.relied_count = first.join_count = 1;
        assert_string_equal(commit_fixture_ask(scene, &first), cases[i].answer);
        ask(scene, "GET t:customer:id:7", V("1-9-1"));
        ask(scene, "GET t:customer:" GUEST, V("3-9-1"));
    }
    struct commit stale = commit_fixture_document("0-9-1", "2-9-2", V("2-9-2"));
    assert_string_equal(commit_fixture_ask(scene, &stale), "stale " V("1-9-1"));
}

/* A key of another type is read as if there was none. */
static void keys_of_another_type_are_nothing(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct commit_relied relied[] = {{"eeeeeeeeeeeeeeee", ""}};
    static const struct commit_join joins[] = {{"email:list", ""}};
    static const struct commit_redirect redirects[] = {{"eeeeeeeeeeeeeeee", "", "", false}};
    struct commit first = commit_fixture_document("", "2-9-2", V("2-9-2"));
    redis_fixture_ask(&scene->redis, "LPUSH t:to:eeeeeeeeeeeeeeee x");
    redis_fixture_ask(&scene->redis, "LPUSH t:customer:email:list x");
    first.relied = relied;
    first.joins = joins;
    first.redirects = redirects;
    first.relied_count = first.join_count = first.redirect_count = 1;
    first.redirect_expire_ms = LATER;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    ask(scene, "GET t:to:eeeeeeeeeeeeeeee", "id:7");
}

/* Under a key that was never a customer's nothing is looked for; what the call itself wrote is
 * seen. */
static void what_the_call_wrote_is_there(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct commit_join join = {GUEST, ""};
    struct commit guest = commit_fixture_document("", "3-9-3", V("3-9-3"));
    struct commit account = commit_fixture_document("", "2-9-2", V("2-9-2"));
    struct commit_fixture_result results[2] = {{0}};
    guest.customer = GUEST;
    account.joins = &join;
    account.join_count = 1;
    customers_commit(scene->customers,
                     &(struct commit_call){
                         .commits = (const struct commit *const[]){&guest, &account}, .count = 2},
                     commit_fixture_on_commit, (void *[]){&results[0], &results[1]});
    redis_fixture_run(&scene->redis, &results[1].done);
    assert_string_equal(results[0].text, "done");
    assert_string_equal(results[1].text, "moved " GUEST);
    ask(scene, "EXISTS t:customer:id:7", "0");
}

/* An address that comes with an id for the first time had no document; it may have watched all the
 * same, where the document has expired. */
static void a_key_without_a_document_may_watch(void **state)
{
    struct commit_fixture *scene = *state;
    static const struct commit_join join = {GUEST, ""};
    static const struct slice line = {"{\"at\":9}", 8};
    struct commit first = commit_fixture_document("", "2-9-2", V("2-9-2"));
    first.joins = &join;
    first.traces = &line;
    first.join_count = first.trace_count = 1;
    redis_fixture_ask(&scene->redis, "HSET t:watching:" GUEST " POT 5");
    redis_fixture_ask(&scene->redis, "ZADD t:watch:POT 5 " GUEST);
    redis_fixture_ask(&scene->redis, "ZADD t:due 5 " GUEST);
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    ask(scene, "ZRANGE t:watch:POT 0 -1", "[id:7]");
    ask(scene, "HGET t:watching:id:7 POT", "5");
    ask(scene, "EXISTS t:watching:" GUEST " t:due", "0");
    ask(scene, "LRANGE t:trace:id:7 0 -1", "[{\"at\":9}]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, commit_fixture_open, commit_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_of_a_guest_becomes_the_accounts),
        TEST(traces_are_bounded),
        TEST(what_has_changed_is_told),
        TEST(keys_of_another_type_are_nothing),
        TEST(what_the_call_wrote_is_there),
        TEST(a_key_without_a_document_may_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
