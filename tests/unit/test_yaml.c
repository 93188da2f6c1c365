#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/yaml.h"
#include "base/yaml_hints.h"

static const char *const expression_keys[] = {"if", "until", "set", "data", "to", NULL};
static const struct yaml_options options = {.file = "rules/cart.yaml",
                                            .expression_keys = expression_keys};

/* ---- what is read ---- */

/* The documents as JSON: one list of all. */
static const struct {
    const char *yaml;
    const char *json;
} readable[] = {
    {"", "[]"},
    {"# only a comment\n", "[]"},
    {"a: 1", "[{\"a\":1}]"},
    {"a: 1\n---\nb: 2\n---\n- 3\n", "[{\"a\":1},{\"b\":2},[3]]"},
    {"---\na: 1\n...\n---\nb: 2\n", "[{\"a\":1},{\"b\":2}]"},
    {"---\n---\na: 1\n", "[null,{\"a\":1}]"},
    {"\xef\xbb\xbf"
     "a: 1",
     "[{\"a\":1}]"},
    {"%YAML 1.2\n---\na: 1\n", "[{\"a\":1}]"},
    {"a: 1\r\nb: |\r\n  x\r\n", "[{\"a\":1,\"b\":\"x\\n\"}]"},
    {"a:\nb: ~\nc: null\nd: ''\n", "[{\"a\":null,\"b\":null,\"c\":null,\"d\":\"\"}]"},
    {"[true, True, false, FALSE, yes, no, on, off, y, n]",
     "[[true,true,false,false,\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]]"},
    {"on: cart.updated", "[{\"on\":\"cart.updated\"}]"},
    {"[0, -0, 7, +7, 007, 0o17, 0x1F, 9223372036854775807, -9223372036854775808]",
     "[[0,0,7,7,7,15,31,9223372036854775807,-9223372036854775808]]"},
    {"[1.5, .5, 5., 1e3, -1.5E-2, .inf, -.INF, .nan, 0x7fffffffffffffff]",
     "[[1.5,0.5,5.0,1000.0,-0.015,null,null,null,9223372036854775807]]"},
    {"[1_000, 0b1, 1:30, 0x, 0o8, 1e, e5, '.', +, -, 1.2.3, 2026-03-01, 09:00, 7d, '80']",
     "[[\"1_000\",\"0b1\",\"1:30\",\"0x\",\"0o8\",\"1e\",\"e5\",\".\",\"+\",\"-\",\"1.2.3\","
     "\"2026-03-01\",\"09:00\",\"7d\",\"80\"]]"},
    {"\"true\": '1'\n\"null\": \"~\"\n", "[{\"true\":\"1\",\"null\":\"~\"}]"},
    {"a: |\n  one\n  two\nb: >-\n  one\n  two\n", "[{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\"}]"},
    {"name: Ștefan, Анна, Äijälä, 🍵\n", "[{\"name\":\"Ștefan, Анна, Äijälä, 🍵\"}]"},
    {"a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n",
     "[{\"a\":{\"b\":[1,2]},\"c\":{\"b\":[1,2]},\"d\":[{\"b\":[1,2]},{\"b\":[1,2]}]}]"},
    {"a: &x 1\nb: &x 2\nc: *x\n", "[{\"a\":1,\"b\":2,\"c\":2}]"},
    {"{a: , b: 1, 'c': 2, \"d\":3, }", "[{\"a\":null,\"b\":1,\"c\":2,\"d\":3}]"},
    {"{a : 1, 'b' : 2}", "[{\"a\":1,\"b\":2}]"},
    {"\"<<\": 1", "[{\"<<\":1}]"},
    {"? a\n: 1\n", "[{\"a\":1}]"},
    {"if: x == \"a\" # an ordinary comment\n", "[{\"if\":\"x == \\\"a\\\"\"}]"},
    {"if: x == 'it' && y # it's an ordinary comment\n", "[{\"if\":\"x == 'it' && y\"}]"},
    {"if: |\n  x == \"a #1\" ? !b : c\n", "[{\"if\":\"x == \\\"a #1\\\" ? !b : c\\n\"}]"},
    {"if: 'x == \"a #1\"'\n", "[{\"if\":\"x == \\\"a #1\\\"\"}]"},
    {"if: x in [\"a\", \"b\"] &&\n  !y # why\n",
     "[{\"if\":\"x in [\\\"a\\\", \\\"b\\\"] && !y\"}]"},
    {"if: true\nset: {n: 1, t: '\"gold\"', x: f(a)}\n",
     "[{\"if\":true,\"set\":{\"n\":1,\"t\":\"\\\"gold\\\"\",\"x\":\"f(a)\"}}]"},
    {"about: that's item #1, (see below\n", "[{\"about\":\"that's item\"}]"},
    {"about: that's # a comment\n", "[{\"about\":\"that's\"}]"},
    {"if: x # it is (\n", "[{\"if\":\"x\"}]"},
};

static void documents_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        struct arena *arena = arena_new(4096);
        struct value documents;
        struct diag diag = {0};
        struct buf out;
        const char *text = readable[i].yaml;
        buf_init(&out, 65536);
        if (!yaml_read(arena, text, strlen(text), &options, &documents, &diag))
            fail_msg("%s: %s", text, diag.text);
        json_print(&out, &documents);
        assert_string_equal(buf_string(&out), readable[i].json);
        buf_free(&out);
        arena_destroy(&arena);
    }
}

/* ---- what is refused ---- */

static const char hint[] = "write the expression after `|`, or in quotes";

/* Where `hint` is NULL it does not matter. */
static const struct {
    const char *yaml;
    uint32_t line, column;
    const char *code;
    const char *text;
    const char *hint;
} refused[] = {
    /* The traps of expressions. */
    {"if: !customer.vip", 1, 5, "yaml-tag", "`!` begins a YAML tag", hint},
    {"if: !has(cart.items) || x", 1, 5, "yaml-tag", "`!` begins a YAML tag", hint},
    {"if:\n  !has(cart.items) || x", 2, 3, "yaml-tag", "`!` begins a YAML tag", hint},
    {"set: {\"vip\":   !a(b, c)}", 1, 16, "yaml-tag", "`!` begins a YAML tag", hint},
    {"steps:\n  - if: !a.b\n    then: x", 2, 9, "yaml-tag", "`!` begins", hint},
    {"a: 1\nif: !a && b", 2, 5, "yaml-tag", "`!` begins a YAML tag", hint},
    {"if: !a!b", 1, 5, "yaml-tag", "`!` begins a YAML tag", hint},
    {"set: {vip: !customer.new}", 1, 12, "yaml-tag", "`!` begins a YAML tag", hint},
    {"set:\n  vip: !customer.new && x", 2, 8, "yaml-tag", "`!` begins a YAML tag", hint},
    {"until: \"gold\" == x", 1, 15, "yaml-expression", "cannot read this expression", hint},
    {"if: 'a' + b", 1, 9, "yaml-expression", "cannot read this expression", hint},
    {"if:\n  \"gold\" == x", 2, 10, "yaml-expression", "cannot read this expression", hint},
    {"set:\n  # why\n\n  tier: \"go\" + \"ld\"", 4, 14, "yaml-expression", "cannot read", hint},
    {"set: {tier: \"go\" + \"ld\"}", 1, 18, "yaml-expression", "cannot read", hint},
    {"steps:\n  - send:\n      template: x\n      data:\n        n: 'a' + b", 5, 16,
     "yaml-expression", "cannot read", hint},
    {"to: a ? b : c", 1, 11, "yaml-expression", "cannot read this expression", hint},
    {"\"to\": a ? b : c", 1, 13, "yaml-expression", "cannot read this expression", hint},
    {"- {to: a ? b : c}", 1, 14, "yaml-expression", "cannot read this expression", hint},
    {"if: [1, 2].exists(x, x > 1)", 1, 11, "yaml-expression", "cannot read", hint},
    {"if: {\"a\": 1}.a == 1", 1, 13, "yaml-expression", "cannot read", hint},
    {"if: {x: m[\"k\"]}", 1, 10, "yaml-expression", "cannot read", hint},
    {"if: @x", 1, 5, "yaml-expression", "cannot read this expression", hint},
    {"if: %x", 1, 5, "yaml-expression", "cannot read this expression", hint},
    {"if: *x", 1, 5, "yaml-alias", "an alias without an anchor", hint},
    {"if: \"a\\.b\".matches(x)", 1, 7, "yaml-expression", "cannot read", hint},
    {"if: > 5", 1, 7, "yaml-expression", "cannot read this expression", hint},
    {"if: >5\nthen: x", 1, 5, "yaml-expression", "begin a text of many lines", hint},
    {"if: x == \"a #1\"", 1, 13, "yaml-expression", "`#` begins a comment", hint},
    {"if: x == 'ä #1'\nsend: y", 1, 13, "yaml-expression", "`#` begins a comment", hint},
    {"if: x &&\n  f(\"#\",   #1)", 2, 12, "yaml-expression", "`#` begins a comment", hint},
    {"set:\n  a: \"x\"\n  b: x + \"a #1\"", 3, 13, "yaml-expression", "`#` begins", hint},
    {"set: {points: f(a, 0)}", 1, 18, "yaml-expression", "the comma ends the value", hint},
    {"set: {x: 1, points: f(\"(\", \"b\")}", 1, 26, "yaml-expression", "the comma ends", hint},
    {"if: [x == \"a, b\"]", 1, 13, "yaml-expression", "the comma ends the value", hint},
    {"set: {a: b, c}", 1, 13, "yaml-value", "has no value", hint},

    /* The same characters elsewhere. */
    {"about: !important", 1, 8, "yaml-tag", "tags are not used", "begins with `!`"},
    {"about: !!str 7", 1, 8, "yaml-tag", "tags are not used", NULL},
    {"about: !!map {a: 1}", 1, 8, "yaml-tag", "tags are not used", NULL},
    {"!x [1]", 1, 1, "yaml-tag", "tags are not used", NULL},
    {"!x a: 1", 1, 1, "yaml-tag", "tags are not used", NULL},
    {"about: \"gold\" x", 1, 15, "yaml-syntax", "something follows the end", "in quotes"},
    {"about: 'it's'", 1, 12, "yaml-syntax", "something follows the end", "in quotes"},
    {"about: a: b", 1, 9, "yaml-syntax", "a `:` where no key can stand", "in quotes"},
    {"about: @x", 1, 8, "yaml-syntax", "`@` cannot begin a text", "in quotes"},
    {"about: `x`", 1, 8, "yaml-syntax", "``` cannot begin a text", "in quotes"},
    {"about: {points: f(a, 0)}", 1, 22, "yaml-value", "has no value", "holds a comma"},
    {"about: {a, b}", 1, 9, "yaml-value", "has no value", "holds a comma"},
    {"{a: 1, 'b' # c\n}", 1, 8, "yaml-value", "has no value", NULL},
    {"about: {{ customer.name }}", 1, 9, "yaml-key", "a mapping cannot be a key", "`{{`"},
    {"about: *star", 1, 8, "yaml-alias", "an alias without an anchor", "begins with `*`"},
    {"about: *star*", 1, 13, "yaml-syntax", "begin an anchor or an alias", "in quotes"},
    {"about: & more", 1, 9, "yaml-syntax", "begin an anchor or an alias", NULL},

    /* Keys. */
    {"a: 1\nb: 2\na: 3", 3, 1, "yaml-duplicate", "stands twice", "line 1"},
    {"x: {a: 1, \"a\": 2}", 1, 11, "yaml-duplicate", "stands twice", "line 1"},
    {"~: 1", 1, 1, "yaml-key", "must not be null", "in quotes"},
    {"null: 1", 1, 1, "yaml-key", "must not be null", "in quotes"},
    {"a:\n  true: 1", 2, 3, "yaml-key", "must be a text", "in quotes"},
    {"404: x", 1, 1, "yaml-key", "must be a text", "in quotes"},
    {"[a]: 1", 1, 1, "yaml-key", "must be a text", NULL},
    {"? {a: 1}\n: 2", 1, 3, "yaml-key", "must be a text", NULL},
    {"a: &x b\n*x : 1", 2, 1, "yaml-key", "must be a text", NULL},
    {"a: &x {b: 1}\nc:\n  <<: *x", 3, 3, "yaml-key", "does not merge", "write the members out"},

    /* Aliases, bounds. */
    {"a: &x [*x]", 1, 8, "yaml-alias", "inside of what it stands for", NULL},
    {"--- &x a\n--- *x\n", 2, 5, "yaml-alias", "without an anchor", NULL},
    {"a: 12345678901234567890", 1, 4, "yaml-number", "does not fit", "in quotes"},
    {"a: 123456789012345678901", 1, 4, "yaml-number", "does not fit", "in quotes"},
    {"a: 0xffffffffffffffff", 1, 4, "yaml-number", "does not fit", "in quotes"},
    {"a: -9223372036854775809", 1, 4, "yaml-number", "does not fit", "in quotes"},
    {"a: 1e999", 1, 4, "yaml-number", "does not fit", NULL},

    /* Indentation, quotes, brackets. */
    {"a:\n\tb: 1", 2, 1, "yaml-syntax", "a tab indents this line", "spaces"},
    {"a:\n  b: 1\n c: 2", 3, 2, "yaml-syntax",
     "does not fit into the mapping that begins in line 1", "indentation"},
    {"set:\n  a: 1\n b: 2", 3, 2, "yaml-syntax", "does not fit into the mapping", "indentation"},
    {"a:\n  - x\n - y", 3, 2, "yaml-syntax", "does not fit into the mapping", "indentation"},
    {"- a\nb: c", 2, 1, "yaml-syntax", "does not fit into the list that begins in line 1", "`- `"},
    {"a: 1\n- b", 2, 1, "yaml-syntax", "does not fit into the mapping", "indentation"},
    {"a: 1\nfoo\nb: 2", 2, 1, "yaml-syntax", "is no `key: value`", "indentation"},
    {"a: b\n  c: d", 2, 4, "yaml-syntax", "a `:` where no key can stand", NULL},
    {"a: - b", 1, 4, "yaml-syntax", "a list cannot begin here", "a line of its own"},
    {"a: \"x", 1, 4, "yaml-syntax", "a quote that is never closed", NULL},
    {"if: \"x\n", 1, 5, "yaml-syntax", "a quote that is never closed", NULL},
    {"a: 'x\n---\nb'", 1, 4, "yaml-syntax", "not closed before the document ends", NULL},
    {"a: \"\\q\"", 1, 5, "yaml-syntax", "an unknown escape", "single quotes"},
    {"a: \"\\0\"", 1, 4, "yaml-syntax", "a NUL character", NULL},
    {"a: [1, 2\nb: 3", 2, 2, "yaml-syntax", "missing in the list that begins in line 1", NULL},
    {"a: {b: 1\nc: 2", 2, 2, "yaml-syntax", "missing in the mapping that begins in line 1", NULL},
    {"a: |x", 1, 5, "yaml-syntax", "nothing can follow `|`", "next line"},
    {"a: 1\n...\nfoo: b", 3, 1, "yaml-syntax", "follows the end of the document", "`---`"},

    /* Characters. */
    {"a: 1\nb: \x01", 2, 4, "yaml-syntax", "a control character", NULL},
    {"a: 1\nб: ä\xff", 2, 5, "yaml-utf8", "invalid UTF-8", NULL},
    {"a: x\rb: y\n", 1, 5, "yaml-syntax", "a carriage return without a line feed", NULL},
    {"a: x\xe2\x80\xa8y", 1, 5, "yaml-syntax", "an invisible character", "u2028"},
    {"a: x\xc2\x85", 1, 5, "yaml-syntax", "an invisible character", NULL},
};

static int check_refused(size_t i)
{
    int wrong = 0;
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag = {0};
    const char *text = refused[i].yaml;
    char *copy = malloc(strlen(text) + 1);
    memcpy(copy, text, strlen(text) + 1);
    if (yaml_read(arena, copy, strlen(text), &options, &documents, &diag))
        diag_error(&diag, "accepted");
    if (diag.line != refused[i].line || diag.column != refused[i].column ||
        strcmp(diag.code, refused[i].code) != 0 || !strstr(diag.text, refused[i].text) ||
        (refused[i].hint && !strstr(diag.hint, refused[i].hint)) || !diag.excerpt[0] ||
        strcmp(diag.file, options.file) != 0 ||
        yaml_read(arena, copy, strlen(text), &options, &documents, NULL)) {
        print_error("%s\n%u:%u: [%s] %s (%s)\n\n", text, diag.line, diag.column, diag.code,
                    diag.text, diag.hint);
        wrong = 1;
    }
    free(copy);
    arena_destroy(&arena);
    return wrong;
}

static void mistakes_have_a_place_and_a_hint(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        wrong += check_refused(i);
    assert_int_equal(wrong, 0);
}

static void the_whole_message_reads_well(void **state)
{
    (void)state;
    static const char text[] = "name: cart\nif: x == \"a #1\"\nsend: cart\n";
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag;
    struct buf out;
    buf_init(&out, 4096);
    assert_false(yaml_read(arena, text, strlen(text), &options, &documents, &diag));
    diag_format(&diag, &out);
    assert_string_equal(
        buf_string(&out),
        "rules/cart.yaml:2:13: error: `#` begins a comment here and cuts the expression off\n"
        "    if: x == \"a #1\"\n"
        "                ^\n"
        "hint: write the expression after `|`, or in quotes\n");
    buf_free(&out);
    arena_destroy(&arena);
}

/* ---- places, flags ---- */

static void check_place(const struct value *value, uint32_t line, uint32_t column)
{
    assert_non_null(value);
    assert_true(value->flags & VALUE_PLACED);
    assert_int_equal(value->place.line, line);
    assert_int_equal(value->place.column, column);
}

static void every_node_knows_its_place(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfname: Ștefan\n"
                               "ключ: {b: [1, \"x\"]}\n"
                               "list:\n"
                               "  - &a one\n"
                               "  - *a\n"
                               "  - k: |\n"
                               "      text\n";
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag;
    assert_true(yaml_read(arena, text, strlen(text), &options, &documents, &diag));
    const struct value *top = &documents.list->items[0];
    check_place(top, 1, 1);
    check_place(&top->map->members[0].key, 1, 1);
    check_place(value_get(top, "name"), 1, 7);
    check_place(&top->map->members[1].key, 2, 1);
    check_place(value_get(top, "ключ"), 2, 7);
    check_place(value_path(top, "ключ.b"), 2, 11);
    check_place(&value_path(top, "ключ.b")->list->items[1], 2, 15);
    const struct value *list = value_get(top, "list");
    check_place(list, 4, 3);
    check_place(&list->list->items[0], 4, 5);
    check_place(&list->list->items[1], 5, 5);
    check_place(&list->list->items[2].map->members[0].key, 6, 5);
    check_place(value_get(&list->list->items[2], "k"), 6, 8);
    arena_destroy(&arena);
}

static void flags_tell_plain_scalars_and_numbers(void **state)
{
    (void)state;
    static const char text[] = "[7, 7.5, x, 'x', \"7\", .inf]";
    static const uint8_t flags[] = {VALUE_PLACED | VALUE_PLAIN | VALUE_FLEXIBLE,
                                    VALUE_PLACED | VALUE_PLAIN | VALUE_FLEXIBLE,
                                    VALUE_PLACED | VALUE_PLAIN,
                                    VALUE_PLACED,
                                    VALUE_PLACED,
                                    VALUE_PLACED | VALUE_PLAIN | VALUE_FLEXIBLE};
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag;
    assert_true(yaml_read(arena, text, strlen(text), &options, &documents, &diag));
    const struct value_list *list = documents.list->items[0].list;
    for (uint32_t i = 0; i < list->count; i++)
        assert_int_equal(list->items[i].flags, flags[i]);
    assert_true(isinf(list->items[5].real));
    assert_string_equal(list->items[2].string, "x"); /* NUL-terminated */
    arena_destroy(&arena);
}

/* ---- bounds ---- */

static void expect_code(const char *text, const struct yaml_options *with, const char *code)
{
    struct arena *arena = arena_new(4096);
    struct value documents;
    struct diag diag = {0};
    bool good = yaml_read(arena, text, strlen(text), with, &documents, &diag);
    assert_string_equal(good ? "" : diag.code, code);
    arena_destroy(&arena);
}

static void laughs_are_counted(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 4096);
    buf_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
        buf_printf(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            buf_printf(&text, "%s*a%d", j ? ", " : "", i - 1);
        buf_text(&text, "]\n");
    }
    expect_code(buf_string(&text), &(struct yaml_options){0}, "yaml-nodes");
    buf_free(&text);
}

/* a, its list, two items; the alias counts three again. */
static void the_bound_of_nodes_is_exact(void **state)
{
    (void)state;
    static const char text[] = "- &x [1, 2]\n- *x\n";
    expect_code(text, &(struct yaml_options){.nodes = 7}, "");
    expect_code(text, &(struct yaml_options){.nodes = 6}, "yaml-nodes");
}

static void the_bound_of_depth_counts_aliases(void **state)
{
    (void)state;
    expect_code("[[1]]", &(struct yaml_options){.depth = 2}, "");
    expect_code("[[[1]]]", &(struct yaml_options){.depth = 2}, "yaml-depth");
    static const char text[] = "- &x [[1]]\n- [*x]\n";
    expect_code(text, &(struct yaml_options){.depth = 4}, "");
    expect_code(text, &(struct yaml_options){.depth = 3}, "yaml-depth");
    /* an alias within an anchor deepens that too */
    static const char chain[] = "- &x [1]\n- &y [*x]\n- &z [*y]\n- [*z]\n";
    expect_code(chain, &(struct yaml_options){.depth = 5}, "");
    expect_code(chain, &(struct yaml_options){.depth = 4}, "yaml-depth");
    /* a shallow anchor does not hide how deep the one around it is */
    static const char around[] = "- &z [[[1]], &y a]\n- [[*z]]\n";
    expect_code(around, &(struct yaml_options){.depth = 6}, "");
    expect_code(around, &(struct yaml_options){.depth = 5}, "yaml-depth");
    char deep[5000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    expect_code(deep, &(struct yaml_options){.depth = 100000}, "yaml-depth");
}

static void the_bound_of_bytes_is_exact(void **state)
{
    (void)state;
    expect_code("a: 12", &(struct yaml_options){.bytes = 5}, "");
    expect_code("a: 123", &(struct yaml_options){.bytes = 5}, "yaml-size");
}

/* Twenty thousand keys on one line: places behind them are found in one walk. */
static void one_long_line_is_read(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_char(&text, '{');
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "ключ%d: %d, ", i, i);
    buf_char(&text, '}');
    expect_code(buf_string(&text), &options, "");
    buf_free(&text);
}

/* ---- files ---- */

static void a_file_is_read_with_its_text(void **state)
{
    (void)state;
    char path[] = "/tmp/test_yaml.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "a: 1\nb: [\n", 10), 10);
    close(fd);
    struct arena *arena = arena_new(4096);
    struct yaml_options with = {.file = path};
    struct value documents;
    struct diag diag;
    const char *text = NULL;
    size_t length = 0;
    assert_false(yaml_read_file(arena, &with, &documents, &text, &length, &diag));
    assert_string_equal(diag.file, path);
    assert_int_equal(length, 10);
    assert_string_equal(text, "a: 1\nb: [\n");
    unlink(path);
    assert_false(yaml_read_file(arena, &with, &documents, NULL, NULL, &diag));
    assert_string_equal(diag.file, path);
    arena_destroy(&arena);
}

static void open_ends_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum yaml_hints_end end;
    } ends[] = {
        {"", YAML_HINTS_CLOSED},
        {"f(a, [1], {})", YAML_HINTS_CLOSED},
        {"x == \"a", YAML_HINTS_OPEN_STRING},
        {"x == \"a\\\"", YAML_HINTS_OPEN_STRING},
        {"x == 'a\"'", YAML_HINTS_CLOSED},
        {"f(a", YAML_HINTS_OPEN_BRACKET},
        {"f(\")\"", YAML_HINTS_OPEN_BRACKET},
        {"f(\"(\")", YAML_HINTS_CLOSED},
        {"0)", YAML_HINTS_CLOSED},
        {"\\", YAML_HINTS_CLOSED},
        {"'\\", YAML_HINTS_OPEN_STRING},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        assert_int_equal(yaml_hints_open(ends[i].text, strlen(ends[i].text)), ends[i].end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_read),
        cmocka_unit_test(mistakes_have_a_place_and_a_hint),
        cmocka_unit_test(the_whole_message_reads_well),
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(flags_tell_plain_scalars_and_numbers),
        cmocka_unit_test(laughs_are_counted),
        cmocka_unit_test(the_bound_of_nodes_is_exact),
        cmocka_unit_test(the_bound_of_depth_counts_aliases),
        cmocka_unit_test(the_bound_of_bytes_is_exact),
        cmocka_unit_test(one_long_line_is_read),
        cmocka_unit_test(a_file_is_read_with_its_text),
        cmocka_unit_test(open_ends_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
