/* Tables of settings as JSON Schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/schema.h"

static void check(const struct shape *shape, const char *schema, const char *definitions)
{
    struct arena *arena = arena_new(4096);
    struct value made = value_new_map(arena, 4);
    const struct value *values[] = {NULL, &made};
    const char *const expected[] = {schema, definitions};
    struct value whole = schema_of(arena, shape, made);
    values[0] = &whole;
    for (int i = 0; i < 2; i++) {
        struct buf text;
        buf_init(&text, 65536);
        assert_true(json_print(&text, values[i]));
        assert_string_equal(buf_string(&text), expected[i]);
        buf_free(&text);
    }
    arena_destroy(&arena);
}

static const char *const colours[] = {"red", "green", "red", NULL};

static const struct setting inner[] = {
    {.key = "count", .type = SETTING_INT, .least = 1, .most = INT64_MAX, .fallback = "4"},
    {0},
};

static const struct setting table[] = {
    {.key = "name", .type = SETTING_TEXT, .required = true, .help = "its name"},
    {.key = "colour", .type = SETTING_CHOICE, .choices = colours},
    {.key = "on", .type = SETTING_BOOL, .fallback = "true"},
    {.key = "part", .type = SETTING_SECTION, .section = inner},
    {0},
};

static void test_rows(void **state)
{
    (void)state;
    const struct shape keys = {.kind = SHAPE_KEYS, .table = table};
    check(&keys,
          "{\"type\":\"object\",\"properties\":{"
          "\"name\":{\"type\":\"string\",\"description\":\"its name\"},"
          "\"colour\":{\"enum\":[\"red\",\"green\",null]},"
          "\"on\":{\"type\":[\"boolean\",\"null\"],\"default\":true},"
          "\"part\":{\"type\":[\"object\",\"null\"],\"properties\":{"
          "\"count\":{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"default\":4}},"
          "\"additionalProperties\":false}},"
          "\"required\":[\"name\"],\"additionalProperties\":false}",
          "{}");
}

static void test_forms(void **state)
{
    (void)state;
    static const struct setting renamed[] = {{.key = "colour", .type = SETTING_BOOL}, {0}};
    const struct shape keys = {.kind = SHAPE_KEYS,
                               .table = table,
                               .must = "colour",
                               .may = "name",
                               .instead = renamed,
                               .one_of = "name on",
                               .needs = (const char *const[]){"on colour name", NULL}};
    check(&keys,
          "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"description\":"
          "\"its name\"},\"colour\":{\"type\":\"boolean\"}},\"required\":[\"name\",\"colour\"],"
          "\"additionalProperties\":false,"
          "\"oneOf\":[{\"required\":[\"name\"]},{\"required\":[\"on\"]}],"
          "\"dependencies\":{\"on\":[\"colour\",\"name\"]}}",
          "{}");
}

static const struct shape list;

static const struct setting rows[] = {
    {.key = "then", .type = SETTING_VALUE, .required = true, .help = "steps", .shape = &list}, {0}};

static const struct shape list = {.kind = SHAPE_LIST,
                                  .name = "list",
                                  .of = &(const struct shape){.kind = SHAPE_KEYS, .table = rows},
                                  .least = 1};

static void test_what_contains_itself(void **state)
{
    (void)state;
    check(&list, "{\"$ref\":\"#/definitions/list\"}",
          "{\"list\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"then\":"
          "{\"allOf\":[{\"$ref\":\"#/definitions/list\"}],\"description\":\"steps\"}},"
          "\"required\":[\"then\"],\"additionalProperties\":false},\"minItems\":1}}");
}

static void test_shapes(void **state)
{
    (void)state;
    static const struct shape number = {
        .kind = SHAPE_NUMBER, .least = 1, .most = 2.5, .above = true};
    static const struct shape text = {.kind = SHAPE_TEXT, .pattern = "^a"};
    const struct shape map = {
        .kind = SHAPE_MAP,
        .pattern = "^b",
        .most = 3,
        .of = &(const struct shape){
            .kind = SHAPE_EITHER,
            .either = (const struct shape *const[]){
                &number, &text, &(const struct shape){.kind = SHAPE_AS, .as = SETTING_CLOCK},
                NULL}}};
    check(&map,
          "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":["
          "{\"type\":\"number\",\"exclusiveMinimum\":1,\"maximum\":2.5},"
          "{\"type\":\"string\",\"pattern\":\"^a\"},"
          "{\"$ref\":\"#/definitions/time-of-day\"}]},"
          "\"propertyNames\":{\"pattern\":\"^b\"},\"maxProperties\":3}",
          "{\"time-of-day\":{\"type\":\"string\",\"pattern\":"
          "\"^(?:[01]?[0-9]|2[0-3]):[0-5][0-9]$\",\"patternErrorMessage\":"
          "\"a time of day such as \\\"09:00\\\"\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_what_contains_itself),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
