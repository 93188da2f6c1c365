/* Where an event begins and ends: on lines, over many, in lists; and what is told where they do not
 * hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include "customer/event_splitter.h"

/* The pieces of a text, each as "line:column kind text;" with line ends as "/". */
static const struct {
    const char *text, *pieces;
} cases[] = {
    {"", ""},
    {"\n \r\n\t\n", ""},
    {"# nothing\n#\n", ""},
    /* one on a line */
    {"{}", "1:1 object {};"},
    {"{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}", "1:1 object {\"a\":1};2:1 object {\"b\":2};"
                                            "4:1 object {\"c\":3};"},
    {"  {\"a\":[1,{}]} \n", "1:3 object {\"a\":[1,{}]};"},
    {"{\"}\\\"]\":\"{\\\\\"}\n{}", "1:1 object {\"}\\\"]\":\"{\\\\\"};2:1 object {};"},
    {"{} {}\n{}", "1:1 object {} {};2:1 object {};"},
    {"{},\n{}", "1:1 object {},;2:1 object {};"},
    /* what is no object */
    {"type: a\n{}\n7\n\"{\"\n", "1:1 other type: a;2:1 object {};3:1 other 7;4:1 other \"{\";"},
    {"}\n{}", "1:1 other };2:1 object {};"},
    {"\xef\xbb\xbf{}\n{}", "1:1 other \xef\xbb\xbf{};2:1 object {};"},
    /* over many lines */
    {"{\n  \"a\": {\n    \"b\": [\n{},\n{}\n]\n  }\n}\n{}",
     "1:1 object {/  \"a\": {/    \"b\": [/{},/{}/]/  }/};9:1 object {};"},
    {"{\"a\":\n{}}", "1:1 object {\"a\":/{}};"},
    {"\n {\n } x\n{}", "2:2 object {/ } x;4:1 object {};"},
    /* an end that is missing */
    {"{\"a\":1\n{\"b\":2}\n", "1:1 object {\"a\":1;2:1 object {\"b\":2};"},
    {"{\"a\":[1,2\n{}\n", "1:1 object {\"a\":[1,2;2:1 object {};"},
    {"{\"a\":1,\n{}\n", "1:1 object {\"a\":1,;2:1 object {};"},
    {"{\"a\": \"x\n{}\n", "1:1 object {\"a\": \"x;2:1 object {};"},
    {"{\"a\": [1}\n{}\n", "1:1 object {\"a\": [1};2:1 object {};"},
    {"{\n \"a\": \"x\n \"b\": 1\n}\n{}", "1:1 object {/ \"a\": \"x;5:1 object {};"},
    {"{\n \"a\": [\n  {}\n  {}\n ]\n}\n{}", "1:1 object {/ \"a\": [/  {};7:1 object {};"},
    {"{\"a\":1", "1:1 object {\"a\":1;"},
    {"{\"a\":\"\\", "1:1 object {\"a\":\"\\;"},
    /* a list */
    {"[]\n[ ] {}", "2:5 object {};"},
    {"[{\"a\":1}, {\"b\":[]},{}]\n{}",
     "1:2 object {\"a\":1};1:11 object {\"b\":[]};1:20 object {};2:1 object {};"},
    {"[\n  {\"a\": \"ä\"}, {\n  },\n  {}\n]\n",
     "2:3 object {\"a\": \"ä\"};2:15 object {/  };4:3 object {};"},
    {"[1, \"a,]\", [2], null]\n{}",
     "1:2 other 1;1:5 other \"a,]\";1:12 other [2];1:17 other null;2:1 object {};"},
    /* a list that does not hold together */
    {"[{} {}]\n{}", "1:2 object {};1:5 unended ;2:1 object {};"},
    {"[{},]\n{}", "1:2 object {};1:5 unended ;2:1 object {};"},
    {"[\n  {}\n  {},\n  {}\n]\n", "2:3 object {};3:3 unended ;3:3 object {};4:3 object {};"},
    {"[\n  {\n    \"a\": [\n      1\n  },\n  {}\n]\n{}",
     "2:3 object {/    \"a\": [/      1/  },;6:3 object {};8:1 object {};"},
    {"[1, 2\n{\"a\":1}\n{}\n", "1:2 other 1;1:5 other 2;2:1 unended ;2:1 object {\"a\":1};"
                               "3:1 object {};"},
    {"[{}", "1:2 object {};1:4 unended ;"},
    {"[", "1:2 unended ;"},
    {"[1", "1:2 other 1;1:3 unended ;"},
    {"[{},", "1:2 object {};1:5 unended ;"},
};

static void note(void *context, const struct event_splitter_piece *piece)
{
    static const char *const kinds[] = {"object", "other", "large", "unended"};
    struct buf *pieces = context;
    assert_int_equal(strlen(piece->text), piece->length);
    buf_printf(pieces, "%u:%u %s ", piece->line, piece->column, kinds[piece->kind]);
    for (size_t i = 0; i < piece->length; i++)
        buf_char(pieces, piece->text[i] == '\n' ? '/' : piece->text[i]);
    buf_char(pieces, ';');
}

/* Fed in pieces of so many bytes. */
static void split(const char *text, size_t step, struct buf *pieces)
{
    struct event_splitter splitter;
    size_t length = strlen(text);
    buf_init(pieces, 4096);
    event_splitter_init(&splitter, note, pieces);
    for (size_t at = 0; at < length; at += step)
        event_splitter_feed(&splitter, text + at, length - at < step ? length - at : step);
    event_splitter_end(&splitter);
    event_splitter_free(&splitter);
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 100; step += 33) {
            struct buf pieces;
            split(cases[i].text, step, &pieces);
            if (strcmp(buf_string(&pieces), cases[i].pieces) != 0)
                print_error("case %zu, %zu bytes at a time: %s\n", i, step, cases[i].text);
            assert_string_equal(buf_string(&pieces), cases[i].pieces);
            buf_free(&pieces);
        }
}

static void count(void *context, const struct event_splitter_piece *piece)
{
    size_t *counts = context;
    counts[piece->kind]++;
    assert_true(piece->length <= json_event_limits.bytes + 1);
}

/* What is larger than an event is passed over, and the next one is found behind it. */
static void test_large(void **state)
{
    (void)state;
    size_t length = 3 * json_event_limits.bytes, counts[4] = {0};
    struct event_splitter splitter;
    char *much = mem_alloc(length);
    memset(much, '1', length);
    event_splitter_init(&splitter, count, counts);
    event_splitter_feed(&splitter, "{\"a\":\n", 6);
    event_splitter_feed(&splitter, much, length);
    event_splitter_feed(&splitter, "}\n{}\n", 5);
    event_splitter_feed(&splitter, much, length);
    event_splitter_feed(&splitter, "\n{}\n", 4);
    event_splitter_end(&splitter);
    event_splitter_free(&splitter);
    free(much);
    assert_int_equal(counts[EVENT_SPLITTER_OBJECT], 2);
    assert_int_equal(counts[EVENT_SPLITTER_LARGE], 1);
    assert_int_equal(counts[EVENT_SPLITTER_OTHER], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
