/* Addresses of Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "redis/endpoint.h"

struct parse_case {
    const char *url;
    struct endpoint expected;
};

static const struct parse_case good[] = {
    {"redis://", {.kind = ENDPOINT_TCP, .host = "localhost", .port = 6379}},
    {"redis://cache", {.kind = ENDPOINT_TCP, .host = "cache", .port = 6379}},
    {"redis://cache:7000/15",
     {.kind = ENDPOINT_TCP, .host = "cache", .port = 7000, .database = 15}},
    {"redis://cache/", {.kind = ENDPOINT_TCP, .host = "cache", .port = 6379}},
    {"redis://:s%40crt%2F@cache",
     {.kind = ENDPOINT_TCP, .host = "cache", .port = 6379, .password = "s@crt/"}},
    {"redis://ana:p:q@[::1]:6380/2",
     {.kind = ENDPOINT_TCP,
      .host = "::1",
      .port = 6380,
      .user = "ana",
      .password = "p:q",
      .database = 2}},
    {"redis://ana@cache",
     {.kind = ENDPOINT_TCP, .host = "cache", .port = 6379, .user = "ana", .password = ""}},
    {"redis://[fe80::1]", {.kind = ENDPOINT_TCP, .host = "fe80::1", .port = 6379}},
    {"rediss://cache:6380", {.kind = ENDPOINT_TLS, .host = "cache", .port = 6380}},
    {"unix:///run/redis%20a.sock", {.kind = ENDPOINT_UNIX, .path = "/run/redis a.sock"}},
    {"unix:///r.sock?db=3&user=ana&password=x%26y",
     {.kind = ENDPOINT_UNIX, .path = "/r.sock", .database = 3, .user = "ana", .password = "x&y"}},
    {"redis+cluster://a", {.kind = ENDPOINT_TCP, .host = "a", .port = 6379, .seed_count = 1}},
    {"redis+cluster://ana:p,q@a:7000,[::1]:7001,c/",
     {.kind = ENDPOINT_TCP,
      .host = "a",
      .port = 7000,
      .user = "ana",
      .password = "p,q",
      .seeds = (const struct endpoint_seed[]){{"a", 7000}, {"::1", 7001}, {"c", 6379}},
      .seed_count = 3}},
    {"rediss+cluster://a,b",
     {.kind = ENDPOINT_TLS,
      .host = "a",
      .port = 6379,
      .seeds = (const struct endpoint_seed[]){{"a", 6379}, {"b", 6379}},
      .seed_count = 2}},
    {"redis+sentinel://ana:x@a,[::1]:7/my%2Fmaster/3",
     {.kind = ENDPOINT_TCP,
      .host = "a",
      .port = 26379,
      .user = "ana",
      .password = "x",
      .database = 3,
      .master = "my/master",
      .seeds = (const struct endpoint_seed[]){{"a", 26379}, {"::1", 7}},
      .seed_count = 2}},
    {"rediss+sentinel://a/m/",
     {.kind = ENDPOINT_TLS, .host = "a", .port = 26379, .master = "m", .seed_count = 1}},
};

#define SEEDS_8   "a,a,a,a,a,a,a,a,"
#define SEEDS_65  SEEDS_8 SEEDS_8 SEEDS_8 SEEDS_8 SEEDS_8 SEEDS_8 SEEDS_8 SEEDS_8 "a"
#define LONG_PATH "/0123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
    const char *url, *part; /* of the text */
} bad[] = {
    {"", "unknown form"},
    {"cache:6379", "unknown form"},
    {"http://cache", "unknown form"},
    {"redis://cache:0", "port"},
    {"redis://cache:65536", "port"},
    {"redis://cache:x", "port"},
    {"redis://cache:", "port"},
    {"redis://cache/x", "database"},
    {"redis://cache/-1", "database"},
    {"redis://cache/100000", "database"},
    {"redis://[::1", "IPv6"},
    {"redis://[::1]x", "IPv6"},
    {"redis://:a%2@cache", "escape"},
    {"redis://:a%zz@cache", "escape"},
    {"redis://:a%00b@cache", "escape"},
    {"unix://", "whole path"},
    {"unix://run/redis.sock", "whole path"},
    {"unix:///r.sock?dbs=1", "unknown option `dbs`"},
    {"unix://" LONG_PATH LONG_PATH, "longer"},
    {"redis+cluster://", "without a host"},
    {"redis+cluster://a,", "without a host"},
    {"redis+cluster://a,,b", "without a host"},
    {"redis+cluster://:7000", "without a host"},
    {"redis+cluster://a:7000,b:x", "port"},
    {"redis+cluster://a,[::1", "IPv6"},
    {"redis+cluster://a/1", "no databases"},
    {"redis+cluster://a/1,b", "no databases"},
    {"redis+cluster://" SEEDS_65, "more than 64 nodes"},
    {"redis+sentinel://a:26379", "which master"},
    {"redis+sentinel://a/", "which master"},
    {"redis+sentinel://a//0", "which master"},
    {"redis+sentinel:///m", "without a host"},
    {"redis+sentinel://a,,b/m", "without a host"},
    {"redis+sentinel://a:x/m", "port"},
    {"redis+sentinel://a/m/x", "database"},
    {"redis+sentinel://a/m%2", "escape"},
};

static void assert_text(const char *got, const char *expected)
{
    if (expected)
        assert_string_equal(got, expected);
    else
        assert_null(got);
}

static void assert_seeds(const struct endpoint *got, const struct endpoint *expected)
{
    assert_int_equal(got->seed_count, expected->seed_count);
    for (size_t i = 0; expected->seeds && i < expected->seed_count; i++) {
        assert_string_equal(got->seeds[i].host, expected->seeds[i].host);
        assert_int_equal(got->seeds[i].port, expected->seeds[i].port);
    }
}

static void test_good(void **state)
{
    struct arena *arena = arena_new(256);
    struct diag diag;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct endpoint *expected = &good[i].expected;
        struct endpoint got;
        if (!endpoint_parse(arena, good[i].url, &got, &diag))
            fail_msg("%s: %s", good[i].url, diag.text);
        assert_int_equal(got.kind, expected->kind);
        assert_text(got.host, expected->host);
        assert_int_equal(got.port, expected->port);
        assert_text(got.path, expected->path);
        assert_text(got.master, expected->master);
        assert_text(got.user, expected->user);
        assert_text(got.password, expected->password);
        assert_int_equal(got.database, expected->database);
        assert_seeds(&got, expected);
        struct endpoint copy = endpoint_copy(arena, &got);
        assert_seeds(&copy, expected);
        assert_text(copy.master, expected->master);
    }
    arena_destroy(&arena);
}

static void test_bad(void **state)
{
    struct arena *arena = arena_new(256);
    struct endpoint endpoint;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct diag diag = {.text = "no error"};
        assert_false(endpoint_parse(arena, bad[i].url, &endpoint, &diag));
        if (!strstr(diag.text, bad[i].part))
            fail_msg("%s: %s", bad[i].url, diag.text);
    }
    arena_destroy(&arena);
}

/* Whoever asks, and who is asked about what. */
static void test_sentinels(void **state)
{
    const struct endpoint_seed where = {"b", 7};
    struct arena *arena = arena_new(256);
    struct endpoint all;
    struct diag diag;
    (void)state;
    assert_true(endpoint_parse(arena, "redis+sentinel://ana:x@a/m/3", &all, &diag));
    all.sentinel_user = "eve";
    all.sentinel_password_file = "/pw";
    assert_false(endpoint_is_cluster(&all));
    struct endpoint master = endpoint_at(&all, &where), asked = endpoint_asked(&all, &where);
    assert_string_equal(master.host, "b");
    assert_string_equal(master.user, "ana");
    assert_string_equal(master.master, "m");
    assert_int_equal(master.database, 3);
    assert_int_equal(master.seed_count, 0);
    assert_string_equal(asked.user, "eve");
    assert_string_equal(asked.password_file, "/pw");
    assert_null(asked.master);
    assert_int_equal(asked.database, 0);
    arena_destroy(&arena);
}

static void test_scheme_that_is_misspelt(void **state)
{
    struct arena *arena = arena_new(256);
    struct endpoint endpoint;
    struct diag diag = {0};
    (void)state;
    assert_false(endpoint_parse(arena, "redis-sentinel://a/m", &endpoint, &diag));
    assert_string_equal(diag.hint, "did you mean `redis+sentinel://`?");
    assert_false(endpoint_parse(arena, "http://a", &endpoint, &diag));
    assert_non_null(strstr(diag.hint, "redis+sentinel://host:26379,host:26379/mymaster"));
    arena_destroy(&arena);
}

static void test_show(void **state)
{
    static const char *const shown[][2] = {
        {"redis://ana:secret@cache:7000/2", "redis://cache:7000/2"},
        {"rediss://[::1]", "rediss://[::1]:6379/0"},
        {"unix:///r.sock?db=1&password=secret", "unix:///r.sock?db=1"},
        {"redis+cluster://:secret@a:1,[::1]:2", "redis+cluster://a:1,[::1]:2"},
        {"rediss+sentinel://:secret@a:1,[::1]/m/2", "rediss+sentinel://a:1,[::1]:26379/m/2"},
    };
    struct arena *arena = arena_new(256);
    struct diag diag;
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct endpoint endpoint;
        assert_true(endpoint_parse(arena, shown[i][0], &endpoint, &diag));
        assert_string_equal(endpoint_show(&endpoint, text, sizeof text), shown[i][1]);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_bad),
        cmocka_unit_test(test_sentinels), cmocka_unit_test(test_scheme_that_is_misspelt),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
