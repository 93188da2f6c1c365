#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

enum {
    STANDARD = BASE64_STANDARD | BASE64_PADDED,
    URL = BASE64_URL | BASE64_PADDED,
    BARE = BASE64_URL | BASE64_BARE,
    ANY = BASE64_STANDARD | BASE64_URL | BASE64_PADDED | BASE64_BARE,
};

static const struct {
    const char *bytes;
    size_t length;
    const char *standard, *url, *bare;
} vectors[] = {
    /* RFC 4648, section 10; then what the alphabets differ in, and a NUL */
    {"", 0, "", "", ""},
    {"f", 1, "Zg==", "Zg==", "Zg"},
    {"fo", 2, "Zm8=", "Zm8=", "Zm8"},
    {"foo", 3, "Zm9v", "Zm9v", "Zm9v"},
    {"foob", 4, "Zm9vYg==", "Zm9vYg==", "Zm9vYg"},
    {"fooba", 5, "Zm9vYmE=", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", 6, "Zm9vYmFy", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", 3, "+/+/", "-_-_", "-_-_"},
    {"\xff", 1, "/w==", "_w==", "_w"},
    {"\0\0", 2, "AAA=", "AAA=", "AAA"},
};

static void check_form(const char *bytes, size_t length, unsigned form, const char *text)
{
    char encoded[16], decoded[16];
    size_t size = base64_encode(bytes, length, form, encoded);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(encoded, text, size);
    assert_true(size <= base64_size(length));
    assert_true(base64_decode(text, size, form, decoded, &size));
    assert_int_equal(size, length);
    assert_memory_equal(decoded, bytes, size);
}

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        check_form(vectors[i].bytes, vectors[i].length, STANDARD, vectors[i].standard);
        check_form(vectors[i].bytes, vectors[i].length, URL, vectors[i].url);
        check_form(vectors[i].bytes, vectors[i].length, BARE, vectors[i].bare);
    }
}

static void test_append(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 12);
    assert_true(base64_append(&out, "foob", 4, STANDARD));
    assert_string_equal(buf_string(&out), "Zm9vYg==");
    assert_true(base64_append(&out, "foo", 3, STANDARD));
    assert_string_equal(buf_string(&out), "Zm9vYg==Zm9v");
    assert_false(base64_append(&out, "f", 1, STANDARD));
    assert_string_equal(buf_string(&out), "Zm9vYg==Zm9v");
    buf_free(&out);
}

static void test_digits(void **state)
{
    (void)state;
    assert_int_equal(base64_digits("", 0), 0);
    assert_int_equal(base64_digits("Zg", 2), 2);
    assert_int_equal(base64_digits("Zm8=", 4), 3);
    assert_int_equal(base64_digits("Zg==", 4), 2);
    assert_int_equal(base64_digits("Z===", 4), 2);
    assert_int_equal(base64_digits("==", 2), 0);
}

static void test_strictness(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned form;
        bool right;
    } cases[] = {
        {"Zg", STANDARD, false},
        {"Zg=", STANDARD, false},
        {"Zg===", STANDARD, false},
        {"Z===", STANDARD, false},
        {"====", STANDARD, false},
        {"Zm9vZ", STANDARD, false},
        {"Zm9v=", STANDARD, false},
        {"Zm9v==", STANDARD, false},
        {"Zg==Zm9v", STANDARD, false},
        {"Zm9v\n", STANDARD, false},
        {"Zm 9", STANDARD, false},
        {"-_-_", STANDARD, false},
        {"Zg", STANDARD | BASE64_BARE, true},
        {"Zg=", STANDARD | BASE64_BARE, false},
        {"Z", STANDARD | BASE64_BARE, false},
        {"Zg==", BARE, false},
        {"+/+/", BARE, false},
        {"Zm9vY", BARE, false},
        {"+_-/", ANY, true},
        {"Zm8=", ANY, true},
        {"Zm8", ANY, true},
        /* bits left over: a second spelling of the same bytes */
        {"Zh==", STANDARD, false},
        {"Zm9=", STANDARD, false},
        {"Zh", BARE, false},
        {"Zh==", STANDARD | BASE64_LOOSE, true},
        {"Zm9=", STANDARD | BASE64_LOOSE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        size_t size;
        assert_int_equal(
            base64_decode(cases[i].text, strlen(cases[i].text), cases[i].form, out, &size),
            cases[i].right);
    }
}

static void test_nul(void **state)
{
    (void)state;
    char out[16];
    size_t size;
    assert_false(base64_decode("Zm\0v", 4, STANDARD, out, &size));
    assert_int_equal(base64_salvage("Zm\0"
                                    "9v",
                                    5, out),
                     3);
    assert_memory_equal(out, "foo", 3);
}

static void test_salvage(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        {"", ""},
        {"Zm9vYmFy", "foobar"},
        {"Zm9v\r\nYmE=\r\n", "fooba"},
        {" Zm-9_v!", "foo"},
        {"Zg==Zm9v", "f"},
        {"Zm9vZ", "foo"},
        {"Zh", "f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        size_t size = base64_salvage(cases[i].text, strlen(cases[i].text), out);
        assert_int_equal(size, strlen(cases[i].bytes));
        assert_memory_equal(out, cases[i].bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),  cmocka_unit_test(test_append),
        cmocka_unit_test(test_digits), cmocka_unit_test(test_strictness),
        cmocka_unit_test(test_nul),    cmocka_unit_test(test_salvage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
