#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value_fixture.h"

/* ---- reading ---- */

/* What is printed again exactly as it was written. */
static const char *const same[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "79.9",
    "79.90",
    "0.1",
    "0.30000000000000004",
    "-0.0",
    "1e3",
    "1E+3",
    "1.50e-07",
    "0.00000000000000000000000000001",
    "1.7976931348623157e308",
    "5e-324",
    "1e-9999",
    "\"\"",
    "\"tea\"",
    "\"eight by\"",
    "\"Ștefănescu, Анна, Äijälä 🍵\"",
    "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"",
    "[]",
    "{}",
    "[[],{},[1,[2,[3]]]]",
    "{\"\":1,\"a\":{\"b\":[true,null]},\"c\":\"d\"}",
};

static void what_is_read_is_printed_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct value value = parse(same[i]), copy = value_copy(arena, &value);
        assert_string_equal(print(&value), same[i]);
        assert_string_equal(print(&copy), same[i]);
    }
}

static void spaces_and_escapes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed;
    } texts[] = {
        {" \t\r\n[ 1 , { \"a\" : 2 } ] \n", "[1,{\"a\":2}]"},
        {"[ ]", "[]"},
        {"{ }", "{}"},
        {"\"\\u00e4\\u20AC\\ud83c\\udf75\\/\"", "\"ä€🍵/\""},
        {"\"\\u0041long enough for eight at once\\n\"", "\"Along enough for eight at once\\n\""},
        {"{\"a\\u0062\":\"\\\"\"}", "{\"ab\":\"\\\"\"}"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct value value = parse(texts[i].text);
        assert_string_equal(print(&value), texts[i].printed);
    }
}

static void numbers_have_their_kind_and_flags(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t kind;
        bool spelled;
        int64_t integer;
        double real;
    } numbers[] = {
        {"80", VALUE_INT, false, 80, 0},
        {"-0", VALUE_INT, true, 0, 0},
        {"9223372036854775807", VALUE_INT, false, INT64_MAX, 0},
        {"-9223372036854775808", VALUE_INT, false, INT64_MIN, 0},
        {"9223372036854775808", VALUE_DOUBLE, true, 0, 9223372036854775808.0},
        {"18446744073709551616", VALUE_DOUBLE, true, 0, 18446744073709551616.0},
        {"79.90", VALUE_DOUBLE, true, 0, 79.9},
        {"-79.9", VALUE_DOUBLE, true, 0, -79.9},
        {"80.0", VALUE_DOUBLE, true, 0, 80},
        {"1e3", VALUE_DOUBLE, true, 0, 1000},
        {"123456789012345678e-17", VALUE_DOUBLE, true, 0, 1.23456789012345678},
        {"9007199254740993.0", VALUE_DOUBLE, true, 0, 9007199254740992.0},
        {"12345678901234567890.125", VALUE_DOUBLE, true, 0, 12345678901234567890.125},
        {"2.2250738585072011e-308", VALUE_DOUBLE, true, 0, 2.2250738585072011e-308},
        {"1e00000000000000000000003", VALUE_DOUBLE, true, 0, 1000},
        {"0.00000000000000000001", VALUE_DOUBLE, true, 0, 1e-20},
        {"0.00000000000000000000000000001", VALUE_DOUBLE, true, 0, 1e-29},
        {"0e999999999999", VALUE_DOUBLE, true, 0, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct value value = parse(numbers[i].text);
        assert_int_equal(value.kind, numbers[i].kind);
        assert_int_equal(value.flags, VALUE_FLEXIBLE | (numbers[i].spelled ? VALUE_SPELLED : 0));
        if (value.kind == VALUE_INT)
            assert_int_equal(value.integer, numbers[i].integer);
        else if (value.real != numbers[i].real)
            fail_msg("%s is read as %a", numbers[i].text, value.real);
        if (numbers[i].spelled)
            assert_ptr_equal(value.text, numbers[i].text);
    }
}

static void plain_strings_are_not_copied(void **state)
{
    (void)state;
    static const char text[] = "{\"key\":\"tea\",\"escaped\":\"t\\u0065a\"}";
    struct value value = parse(text);
    assert_ptr_equal(value.map->members[0].key.string, text + 2);
    assert_ptr_equal(value_get(&value, "key")->string, text + 8);
    assert_true(value_is_text(value_get(&value, "escaped"), "tea"));
}

/* Every byte that is special, at each place within and behind eight. */
static void every_byte_is_seen_at_every_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 1; at < 20; at++) {
            char text[24];
            memset(text, 'x', sizeof text);
            text[0] = text[20] = '"';
            text[at] = (char)byte;
            struct value value = value_null();
            bool good = json_read(arena, text, 21, &json_event_limits, &value, NULL);
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            assert_int_equal(good, plain);
            struct buf out;
            buf_init(&out, 100);
            json_print_string(&out, text + 1, 19);
            bool kept = byte >= 0x20 && byte != '"' && byte != '\\';
            assert_int_equal(out.length == 21 && memcmp(out.data, text, 21) == 0, kept);
            buf_free(&out);
        }
}

/* ---- errors ---- */

static const struct {
    const char *text;
    uint32_t line, column;
    const char *code;
    const char *message;
} errors[] = {
    {"", 1, 1, "json-syntax", "ends too early"},
    {" \n ", 2, 2, "json-syntax", "ends too early"},
    {"[1,\n 2", 2, 3, "json-syntax", "ends too early"},
    {"{\"a\"", 1, 5, "json-syntax", "ends too early"},
    {"{\"a\":", 1, 6, "json-syntax", "ends too early"},
    {"{", 1, 2, "json-syntax", "ends too early"},
    {"[1,]", 1, 4, "json-syntax", "a value was expected"},
    {"[1 2]", 1, 4, "json-syntax", "`,` or `]`"},
    {"{\"a\":1,}", 1, 8, "json-syntax", "a key in double quotes"},
    {"{a:1}", 1, 2, "json-syntax", "a key in double quotes"},
    {"{\"a\" 1}", 1, 6, "json-syntax", "`:` was expected"},
    {"{\"a\":1 \"b\"}", 1, 8, "json-syntax", "`,` or `}`"},
    {"{\"ключ\":nul}", 1, 9, "json-syntax", "a value was expected"},
    {"1 2", 1, 3, "json-syntax", "something follows"},
    {"01", 1, 1, "json-syntax", "must not begin with 0"},
    {"-01", 1, 2, "json-syntax", "must not begin with 0"},
    {"-", 1, 2, "json-syntax", "ends too early"},
    {"[-x]", 1, 3, "json-syntax", "a digit is missing"},
    {"[1.]", 1, 4, "json-syntax", "a digit is missing"},
    {"[1e+]", 1, 5, "json-syntax", "a digit is missing"},
    {"[1, 1e309]", 1, 5, "json-syntax", "too large"},
    {"\"abc", 1, 5, "json-syntax", "no closing quote"},
    {"\"a\nb\"", 1, 3, "json-syntax", "a control character"},
    {"\"\\x\"", 1, 2, "json-syntax", "an unknown escape"},
    {"\"\\", 1, 2, "json-syntax", "an unknown escape"},
    {"\"a\\u12g4\"", 1, 3, "json-syntax", "four hex digits"},
    {"\"\\u12", 1, 2, "json-syntax", "four hex digits"},
    {"\"\\ud800\"", 1, 2, "json-utf8", "surrogate"},
    {"\"\\udc00\"", 1, 2, "json-utf8", "surrogate"},
    {"\"\\ud800\\u0041\"", 1, 2, "json-utf8", "surrogate"},
    {"\"ä\xff\"", 1, 3, "json-utf8", "invalid UTF-8"},
    {"\"\xed\xa0\x80\"", 1, 2, "json-utf8", "invalid UTF-8"},
    {"\xff", 1, 1, "json-syntax", "a value was expected"},
    {"\xef\xbb\xbf{}", 1, 1, "json-syntax", "byte order mark"},
    {"{\"a\":1,\n \"b\":2, \"a\":3}", 2, 9, "json-duplicate", "twice"},
    {"{\"a\":1,\"\\u0061\":3}", 1, 8, "json-duplicate", "twice"},
};

/* The text is copied to a block of its length, for ASan. */
static void errors_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        size_t length = strlen(errors[i].text);
        char *text = malloc(length ? length : 1);
        memcpy(text, errors[i].text, length);
        struct diag diag = {0};
        struct value value;
        bool good = json_read(arena, text, length, &json_event_limits, &value, &diag);
        if (good || diag.line != errors[i].line || diag.column != errors[i].column ||
            strcmp(diag.code, errors[i].code) != 0 || !strstr(diag.text, errors[i].message))
            fail_msg("%s: %u:%u: [%s] %s", errors[i].text, diag.line, diag.column, diag.code,
                     diag.text);
        assert_false(json_read(arena, text, length, &json_event_limits, &value, NULL));
        free(text);
    }
}

static void a_key_that_stands_twice_is_underlined(void **state)
{
    (void)state;
    static const char text[] = "{\"tea\":1,\"tea\":2}";
    struct diag diag;
    struct value value;
    struct buf out;
    buf_init(&out, 1000);
    assert_false(json_read(arena, text, strlen(text), &json_event_limits, &value, &diag));
    diag_format(&diag, &out);
    assert_string_equal(buf_string(&out), "1:10: error: the key stands twice in this object\n"
                                          "    {\"tea\":1,\"tea\":2}\n"
                                          "             ^~~~~\n");
    buf_free(&out);
}

/* ---- keys twice, in small and in large objects ---- */

static const char *object_of(int count, int again)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    for (int i = 0; i < count; i++)
        buf_printf(&out, "%c\"k%d\":%d", i ? ',' : '{', i, i);
    if (again >= 0)
        buf_printf(&out, ",\"k%d\":-1", again);
    buf_char(&out, '}');
    const char *text = arena_copy(arena, out.data, out.length);
    buf_free(&out);
    return text;
}

static void keys_twice_are_found_at_every_size(void **state)
{
    (void)state;
    struct json_limits lenient = json_event_limits;
    lenient.duplicate_keys = true;
    for (int count = 1; count < 60; count++) {
        struct diag diag = {0};
        struct value value = parse(object_of(count, -1));
        assert_int_equal(value_count(&value), count);
        for (int again = 0; again < count; again += 1 + count / 7) {
            const char *text = object_of(count, again);
            assert_false(json_read(arena, text, strlen(text), &json_event_limits, &value, &diag));
            assert_string_equal(diag.code, "json-duplicate");
            assert_true(json_read(arena, text, strlen(text), &lenient, &value, &diag));
            assert_int_equal(value_count(&value), count);
            for (int i = 0; i < count; i++)
                assert_int_equal(value_get(&value, arena_printf(arena, "k%d", i))->integer,
                                 i == again ? -1 : i);
        }
    }
}

static void the_largest_object_is_read(void **state)
{
    (void)state;
    const char *text = object_of(15000, -1);
    struct value value = parse(text);
    assert_int_equal(value_get(&value, "k14999")->integer, 14999);
    assert_string_equal(print(&value), text);
}

/* ---- bounds ---- */

static void expect(const char *text, const struct json_limits *limits, const char *code)
{
    struct value value;
    struct diag diag = {0};
    bool good = json_read(arena, text, strlen(text), limits, &value, &diag);
    assert_string_equal(good ? "" : diag.code, code);
}

static void bounds_are_exact(void **state)
{
    (void)state;
    const struct json_limits small = {.bytes = 20, .depth = 2, .nodes = 4};
    expect("[1,2,3]", &small, "");
    expect("[1,2,3,4]", &small, "json-nodes");
    expect("{\"a\":1,\"b\":2,\"c\":3}", &small, "");
    expect("{\"a\":[],\"b\":[3,4]}", &small, "json-nodes");
    expect("[[1]]", &small, "");
    expect("[[[1]]]", &small, "json-depth");
    expect("[[],[],[]]", &small, "");
    expect("[[{}]]", &small, "json-depth");
    expect("\"123456789012345678\"", &small, "");
    expect("\"1234567890123456789\"", &small, "json-size");
    const struct json_limits none = {.bytes = 100, .depth = 0, .nodes = 1};
    expect("1", &none, "");
    expect("[]", &none, "json-depth");
}

/* Deeper than any stack would carry, whatever the limits say. */
static void depth_never_ends_the_program(void **state)
{
    (void)state;
    const struct json_limits wide = {.bytes = 1 << 22, .depth = UINT32_MAX, .nodes = UINT32_MAX};
    char *deep = malloc(1000001);
    memset(deep, '[', 1000000);
    deep[1000000] = '\0';
    expect(deep, &wide, "json-depth");
    free(deep);
}

/* ---- printing ---- */

static void what_only_languages_make_is_printed(void **state)
{
    (void)state;
    const struct {
        struct value value;
        const char *text;
    } values[] = {
        {value_double(80), "80.0"},
        {value_double(0.1), "0.1"},
        {value_double((double)NAN), "null"},
        {value_double((double)-INFINITY), "null"},
        {{.kind = VALUE_UINT, .natural = UINT64_MAX}, "18446744073709551615"},
        {{.kind = VALUE_BYTES, .length = 0, .string = NULL}, "\"\""},
        {{.kind = VALUE_BYTES, .length = 1, .string = "f"}, "\"Zg==\""},
        {{.kind = VALUE_BYTES, .length = 2, .string = "fo"}, "\"Zm8=\""},
        {{.kind = VALUE_BYTES, .length = 3, .string = "foo"}, "\"Zm9v\""},
        {{.kind = VALUE_BYTES, .length = 4, .string = "\xff\xef\xbe\x00"}, "\"/+++AA==\""},
        {{.kind = VALUE_TIMESTAMP, .integer = 1772352000}, "\"2026-03-01T08:00:00Z\""},
        {{.kind = VALUE_TIMESTAMP, .integer = -1, .length = 500000000},
         "\"1969-12-31T23:59:59.500Z\""},
        {{.kind = VALUE_TIMESTAMP, .integer = 0, .length = 1000},
         "\"1970-01-01T00:00:00.000001Z\""},
        {{.kind = VALUE_TIMESTAMP, .length = 100000}, "\"1970-01-01T00:00:00.000100Z\""},
        {{.kind = VALUE_TIMESTAMP, .integer = -62135596800}, "\"0001-01-01T00:00:00Z\""},
        {{.kind = VALUE_DURATION, .integer = 3600}, "\"3600s\""},
        {{.kind = VALUE_DURATION, .integer = -1, .length = (uint32_t)-500000000}, "\"-1.500s\""},
        {{.kind = VALUE_DURATION, .integer = 0, .length = (uint32_t)-1}, "\"-0.000000001s\""},
        {{.kind = VALUE_EXTENSION, .other = NULL}, "null"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_string_equal(print(&values[i].value), values[i].text);
}

static void keys_of_any_kind_are_printed_as_strings(void **state)
{
    (void)state;
    struct value map = value_new_map(arena, 0);
    value_add(arena, map, value_int(1), value_int(1));
    value_add(arena, map, value_bool(true), value_int(2));
    value_add(arena, map, value_text("a\n"), value_int(3));
    assert_string_equal(print(&map), "{\"1\":1,\"true\":2,\"a\\n\":3}");
}

static void the_pretty_form_is_indented(void **state)
{
    (void)state;
    struct value value = parse("{\"a\":[1,{\"b\":[]}],\"c\":{},\"d\":[[2]]}");
    struct buf out;
    buf_init(&out, 1000);
    assert_true(json_print_pretty(&out, &value));
    assert_string_equal(buf_string(&out), "{\n"
                                          "  \"a\": [\n"
                                          "    1,\n"
                                          "    {\n"
                                          "      \"b\": []\n"
                                          "    }\n"
                                          "  ],\n"
                                          "  \"c\": {},\n"
                                          "  \"d\": [\n"
                                          "    [\n"
                                          "      2\n"
                                          "    ]\n"
                                          "  ]\n"
                                          "}");
    buf_free(&out);
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,2.5,\"x\\ny\",null,true],\"b\":\"long enough\"}";
    struct value value = parse(text);
    for (size_t limit = 0; limit <= strlen(text) + 1; limit++) {
        struct buf out;
        buf_init(&out, limit);
        assert_int_equal(json_print(&out, &value), limit >= strlen(text));
        assert_true(out.length <= limit);
        buf_free(&out);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)
    const struct CMUnitTest tests[] = {
        TEST(what_is_read_is_printed_as_it_was),
        TEST(spaces_and_escapes_are_read),
        TEST(numbers_have_their_kind_and_flags),
        TEST(plain_strings_are_not_copied),
        TEST(every_byte_is_seen_at_every_place),
        TEST(errors_have_their_place),
        TEST(a_key_that_stands_twice_is_underlined),
        TEST(keys_twice_are_found_at_every_size),
        TEST(the_largest_object_is_read),
        TEST(bounds_are_exact),
        TEST(depth_never_ends_the_program),
        TEST(what_only_languages_make_is_printed),
        TEST(keys_of_any_kind_are_printed_as_strings),
        TEST(the_pretty_form_is_indented),
        TEST(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
