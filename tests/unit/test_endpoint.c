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
        assert_text(got.user, expected->user);
        assert_text(got.password, expected->password);
        assert_int_equal(got.database, expected->database);
        assert_seeds(&got, expected);
        struct endpoint copy = endpoint_copy(arena, &got);
        assert_seeds(&copy, expected);
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

static void test_show(void **state)
{
    static const char *const shown[][2] = {
        {"redis://ana:secret@cache:7000/2", "redis://cache:7000/2"},
        {"rediss://[::1]", "rediss://[::1]:6379/0"},
        {"unix:///r.sock?db=1&password=secret", "unix:///r.sock?db=1"},
        {"redis+cluster://:secret@a:1,[::1]:2", "redis+cluster://a:1,[::1]:2"},
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
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
