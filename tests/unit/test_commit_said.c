/* What commits say to P:said and ask of it, and what an erasure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "commit_fixture.h"

#define V1 "{\"version\":\"1-9-1\",\"n\":1}"
#define V2 "{\"version\":\"2-9-2\",\"n\":2}"

/* What P:said has under the hash of a mailbox, and which topics it declines. */
static void test_declined(void **state)
{
    static const struct {
        const char *record, *answer;
    } cases[] = {
        {"-5", "facts |h=all h=news h=offers"},
        {"-5=news", "facts |h=news"},
        {"-5\n+6=news", "facts |h=all h=offers"},
        {"-6\n+6=news", "facts |h=all h=news h=offers"},
        {"-5=all", "done"}, /* `all` is no topic that a line may name */
        {"!7=0011223344556677", "done"},
        {"!7=0011223344556677\n-5=offers", "facts |h=offers"},
        {"whatever", "facts |h=all h=news h=offers"},
        {"-5=", "facts |h=all h=news h=offers"},
        {"", "done"},
    };
    static const struct commit_undeclined undeclined[] = {
        {"h", "all"}, {"h", "news"}, {"h", "offers"}};
    struct commit_fixture *scene = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct commit first = commit_fixture_document("", "1-9-1", V1);
        first.undeclined = undeclined;
        first.undeclined_count = 3;
        redis_fixture_ask(&scene->redis, "DEL t:customer:id:7");
        redis_fixture_ask(&scene->redis, "HSET t:said h %s", cases[i].record);
        assert_string_equal(commit_fixture_ask(scene, &first), cases[i].answer);
    }
}

/* What the same commit says counts. */
static void test_declined_no_longer(void **state)
{
    static const struct commit_undeclined undeclined = {"h", "news"};
    static const struct commit_said yes = {"h", "yes", "news", 6}, no = {"h", "no", "all", 7};
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    first.undeclined = &undeclined;
    first.undeclined_count = 1;
    redis_fixture_ask(&scene->redis, "HSET t:said h -5");
    assert_string_equal(commit_fixture_ask(scene, &first), "facts |h=news");
    first.said = &no;
    first.said_count = 1;
    assert_string_equal(commit_fixture_ask(scene, &first), "facts |h=news");
    assert_redis(&scene->redis, "-5", "HGET t:said h");
    first.said = &yes;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
}

/* What a record becomes: "no news 5" and so on, one after the other. */
static const struct {
    const char *before, *words, *after;
} merges[] = {
    {NULL, "no all 5", "-5"},
    {NULL, "yes all 5", "(nil)"},
    {NULL, "yes news 5", "(nil)"},
    {"-5", "no all 4", "-5"},
    {"-5", "no all 6", "-6"},
    {"-5", "yes all 5", "(nil)"},
    {"-5", "yes all 4", "-5"},
    {"-5", "yes news 6", "+6=news\n-5"},
    {"-5", "yes news 5", "-5"},
    {"+6=news\n-5", "no all 7", "-7"},
    {"+6=news\n-5", "yes all 7", "(nil)"},
    {"+6=news\n-5", "no news 6", "-5\n-6=news"},
    {"-5=news\n-7=offers", "yes all 6", "-7=offers"},
    {"-5=news", "yes all 5", "-5=news"},
    {"-5=news", "yes news 6", "(nil)"},
    {"-5=news", "no all 6", "-6"},
    {"-5", "erased 00ff 9", "!9=00ff\n-5"},
    {"+6=news\n-5", "erased 00ff 9", "!9=00ff\n-5"},
    {"!9=00ff", "erased 11ee 8", "!9=00ff"},
    {"!9=00ff", "no news 8", "!9=00ff\n-8=news"},
    {"!9=00ff\n-8", "yes all 10", "!9=00ff"},
    {"by hand", "yes news 1", "+1=news\n-0"},
    {"by hand", "yes all 1", "(nil)"},
};

static void test_said(void **state)
{
    struct commit_fixture *scene = *state;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        char word[16], topic[16];
        long long ms;
        struct commit first = commit_fixture_document("", "1-9-1", V1);
        assert_int_equal(sscanf(merges[i].words, "%15s %15s %lld", word, topic, &ms), 3);
        const struct commit_said said = {"h", word, topic, ms};
        first.said = &said;
        first.said_count = 1;
        redis_fixture_ask(&scene->redis, "DEL t:customer:id:7 t:said");
        if (merges[i].before)
            redis_fixture_ask(&scene->redis, "HSET t:said h %s", merges[i].before);
        assert_string_equal(commit_fixture_ask(scene, &first), "done");
        assert_redis(&scene->redis, merges[i].after, "HGET t:said h");
    }
}

/* A record may not grow without end, and loses no no. */
static void test_said_bound(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    struct commit_said said[100];
    char topics[100][16];
    for (int i = 0; i < 100; i++) {
        snprintf(topics[i], sizeof topics[i], "t%02d", i);
        said[i] = (struct commit_said){"h", "no", topics[i], 10 + i};
    }
    first.said = said;
    first.said_count = 100;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    const char *lines = "return #redis.call('HGET', KEYS[1], 'h')";
    assert_redis(&scene->redis, "261", "EVAL %s 1 t:said", lines);
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "HGET t:said h"), "-109=t99"));
    assert_non_null(strstr(redis_fixture_ask(&scene->redis, "HGET t:said h"), "-78\n"));
}

/* A record is part of what was seen. */
static void test_records(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1);
    const struct said_text none = {"h", {0}}, seen = {"h", {"-5", 2}};
    first.records = &none;
    first.record_count = 1;
    redis_fixture_ask(&scene->redis, "HSET t:said h -5");
    assert_string_equal(commit_fixture_ask(scene, &first), "stale (none) -5");
    first.records = &seen;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    struct commit second = commit_fixture_document("1-9-1", "2-9-2", V2);
    second.records = &seen;
    second.record_count = 1;
    redis_fixture_ask(&scene->redis, "HDEL t:said h");
    assert_string_equal(commit_fixture_ask(scene, &second), "stale " V1 " -");
    second.records = &none;
    assert_string_equal(commit_fixture_ask(scene, &second), "done");
}

/* All that stood under a key goes; what the same commit writes stays. */
static void test_erased(void **state)
{
    struct commit_fixture *scene = *state;
    struct commit first = commit_fixture_document("", "1-9-1", V1),
                  erasing = {.customer = "id:7",
                             .seen = "1-9-1",
                             .version = "2-9-2",
                             .expire_ms = 99999999999999};
    const struct commit_erased erased = {"id:7", "h"};
    char entry[32];
    const char *const ids[] = {entry};
    commit_fixture_event(scene, entry);
    erasing.erased = &erased;
    erasing.erased_count = 1;
    erasing.ids = ids;
    erasing.id_count = 1;
    first.deadline_ms = 5;
    assert_string_equal(commit_fixture_ask(scene, &first), "done");
    redis_fixture_ask(&scene->redis, "LPUSH t:trace:id:7 x");
    redis_fixture_ask(&scene->redis, "SET t:to:h id:7");
    assert_string_equal(commit_fixture_ask(scene, &erasing), "done");
    assert_redis(&scene->redis, "0", "EXISTS t:customer:id:7 t:trace:id:7 t:to:h t:due");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, commit_fixture_open, commit_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_declined), TEST(test_declined_no_longer),
        TEST(test_said),     TEST(test_said_bound),
        TEST(test_records),  TEST(test_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
