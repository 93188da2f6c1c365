/* Targets of requests: those with one reading, and those that would be cleaned up elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>

#include "web/web_path.h"

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *target, *path; /* NULL: it is refused */
    } cases[] = {
        {"/", "/"},
        {"/v1/events", "/v1/events"},
        {"/u/a%20b", "/u/a b"},
        {"/u/%C3%A4", "/u/ä"},
        {"/u/a+b", "/u/a+b"},
        {"/u/", "/u/"},
        {"/u/...", "/u/..."},
        {"/u/.a", "/u/.a"},
        {"/u?x=/../y", "/u"},
        {"", NULL},
        {"u", NULL},
        {"*", NULL},
        {"http://shop.example/u", NULL},
        {"//u", NULL},
        {"/u//v", NULL},
        {"/../u", NULL},
        {"/u/..", NULL},
        {"/u/./v", NULL},
        {"/u/%2e%2e/v", NULL},
        {"/u/%2E", NULL},
        {"/u%2fv", NULL},
        {"/u%5cv", NULL},
        {"/u\\v", NULL},
        {"/u%00", NULL},
        {"/u%0a", NULL},
        {"/u%7f", NULL},
        {"/u%2500", NULL},
        {"/u%", NULL},
        {"/u%4", NULL},
        {"/u%zz", NULL},
        {"/u%ff", NULL},
        {"/u%c0%af", NULL},
        {"/u#v", NULL},
        {"/u?a=%00", NULL},
        {"/u?a=%f", NULL},
        {"/u?a=%ff", NULL},
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = "";
        struct web_fields query;
        bool read = web_path_read(arena, slice_of(cases[i].target), &path, &query);
        if (read != (cases[i].path != NULL) || (read && strcmp(path, cases[i].path) != 0))
            fail_msg("%s: %s", cases[i].target, read ? path : "refused");
    }
    arena_destroy(&arena);
}

static void test_query(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    const char *path;
    struct web_request request = {0};
    assert_true(
        web_path_read(arena, slice_of("/u?a=b+c&d=%26%3d&&e&a=f&=g"), &path, &request.query));
    assert_int_equal(request.query.count, 5);
    assert_string_equal(web_request_query(&request, "a"), "b c");
    assert_string_equal(web_request_query(&request, "d"), "&=");
    assert_string_equal(web_request_query(&request, "e"), "");
    assert_string_equal(web_request_query(&request, ""), "g");
    assert_null(web_request_query(&request, "A"));
    char many[3 * WEB_PATH_PARAMETERS_MOST + 8] = "/u?";
    for (int i = 0; i < WEB_PATH_PARAMETERS_MOST; i++)
        strcat(many, "a&");
    assert_true(web_path_read(arena, slice_of(many), &path, &request.query));
    strcat(many, "a");
    assert_false(web_path_read(arena, slice_of(many), &path, &request.query));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
