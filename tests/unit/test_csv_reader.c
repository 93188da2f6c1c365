/* Comma-separated values, as exports of others have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/csv_reader.h"

/* "1[a|b] 2[c]": each record with its line and fields, "!" where it is broken. */
static const char *read_all(const char *text, size_t length)
{
    static char out[1024];
    struct csv_reader reader;
    FILE *stream = fmemopen((void *)(uintptr_t)text, length, "r");
    char *at = out;
    *at = '\0';
    csv_reader_open(&reader, stream);
    while (csv_reader_next(&reader)) {
        at +=
            sprintf(at, "%s%d%s[", at > out ? " " : "", (int)reader.line, reader.broken ? "!" : "");
        for (size_t i = 0; i < reader.count; i++)
            at += sprintf(at, "%s%.20s", i ? "|" : "", reader.fields[i]);
        at += sprintf(at, "]");
    }
    assert_int_equal(reader.bytes, length);
    csv_reader_close(&reader);
    fclose(stream);
    return out;
}

static void test_records(void **state)
{
    static const struct {
        const char *text, *records;
    } rows[] = {
        {"a,b\nc,d\n", "1[a|b] 2[c|d]"},
        {"a,b\r\nc,d", "1[a|b] 2[c|d]"},
        {"a;b,c\nd;e\n", "1[a|b,c] 2[d|e]"},
        {"a\tb\nc\td", "1[a|b] 2[c|d]"},
        {"a\n\n\nb\n", "1[a] 4[b]"},
        {"\xef\xbb\xbf\"a\",b\n", "1[a|b]"},
        {"\"a \"\"b\"\", c\nd\",e\nf\n", "1[a \"b\", c\nd|e] 3[f]"},
        {",,\na,,b\n", "2[a||b]"},
        {"a\rb\r", "1[a] 2[b]"},
        {"a,\"b\n", "1![a|b\n]"},
        {" a , b \n", "1[ a | b ]"},
        {"\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(read_all(rows[i].text, strlen(rows[i].text)), rows[i].records);
}

/* Each has its bound, and the next record is read as if nothing had been. */
static void test_bounds(void **state)
{
    (void)state;
    size_t length = 3 * CSV_READER_RECORD_MOST;
    char *text = malloc(length);
    memset(text, 'x', length);
    memcpy(text + length - 5, "\na,b\n", 5);
    assert_string_equal(read_all(text, length), "1![xxxxxxxxxxxxxxxxxxxx] 2[a|b]");
    memset(text, ',', 200);
    memcpy(text + 200, "z\na\n", 4);
    struct csv_reader reader;
    FILE *stream = fmemopen(text, 204, "r");
    csv_reader_open(&reader, stream);
    assert_true(csv_reader_next(&reader) && reader.broken);
    assert_int_equal(reader.count, CSV_READER_FIELDS_MOST);
    assert_true(csv_reader_next(&reader) && !reader.broken);
    assert_string_equal(reader.fields[0], "a");
    assert_false(csv_reader_next(&reader));
    csv_reader_close(&reader);
    fclose(stream);
    free(text);
}

static void test_print(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {{"a b", "a b"},
                {"", ""},
                {"a,b", "\"a,b\""},
                {"a \"b\"", "\"a \"\"b\"\"\""},
                {"a\nb", "\"a\nb\""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[64] = "";
        FILE *stream = fmemopen(out, sizeof out, "w");
        csv_reader_print(stream, rows[i].text);
        fclose(stream);
        assert_string_equal(out, rows[i].field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_records),
                                       cmocka_unit_test(test_bounds), cmocka_unit_test(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
