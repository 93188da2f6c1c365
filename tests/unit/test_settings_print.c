#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/settings.h"
#include "base/yaml.h"

static const char *const colours[] = {"red", "light blue", NULL};

struct inner {
    const char *host;
    int64_t depth;
};

struct outer {
    const char *name, *absent;
    bool enabled;
    int64_t connections, below, wait, size;
    int colour, no_colour, opens, no_clock;
    struct setting_rate cap, no_cap;
    struct value locales, condition, no_condition, data, no_data;
    struct inner inner;
};

static const struct setting inner_table[] = {
    {.key = "host", .type = SETTING_TEXT, .offset = offsetof(struct inner, host), .required = true},
    {.key = "depth",
     .type = SETTING_INT,
     .offset = offsetof(struct inner, depth),
     .fallback = "8",
     .least = 1,
     .most = 64,
     .help = "Deepest event"},
    {0},
};

#define ROW(name, kind) .key = #name, .type = kind, .offset = offsetof(struct outer, name)

static const struct setting table[] = {
    {ROW(name, SETTING_TEXT), .required = true, .help = "What it is called"},
    {ROW(absent, SETTING_TEXT)},
    {ROW(enabled, SETTING_BOOL), .fallback = "true", .reload = SETTING_RELOAD, .help = "On or off"},
    {ROW(connections, SETTING_INT), .fallback = "4", .least = 1, .most = 256, .help = "At once"},
    {ROW(below, SETTING_INT), .least = INT64_MIN, .most = 10},
    {ROW(wait, SETTING_DURATION), .fallback = "90m", .least = 1000, .most = 86400000},
    {ROW(size, SETTING_SIZE), .fallback = "262144", .least = 1024, .most = INT64_MAX,
     .help = "a | b"},
    {ROW(colour, SETTING_CHOICE), .fallback = "light blue", .choices = colours},
    {ROW(no_colour, SETTING_CHOICE), .choices = colours},
    {ROW(opens, SETTING_CLOCK), .fallback = "09:00", .least = 1, .most = 1320},
    {ROW(no_clock, SETTING_CLOCK)},
    {ROW(cap, SETTING_RATE), .fallback = "3 per 7d"},
    {ROW(no_cap, SETTING_RATE)},
    {ROW(locales, SETTING_TEXTS), .fallback = "[\"en\", \"ro\"]"},
    {ROW(condition, SETTING_EXPRESSION), .fallback = "order.total > 0.0"},
    {ROW(no_condition, SETTING_EXPRESSION)},
    {ROW(data, SETTING_VALUE), .fallback = "{\"k\": [1, \"two\", null, false]}"},
    {ROW(no_data, SETTING_VALUE)},
    {ROW(inner, SETTING_SECTION), .section = inner_table, .help = "A section"},
    {0},
};

struct fixture {
    struct arena *arena;
    struct diags diags;
    struct outer outer;
    struct buf printed;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_new(4096)};
    buf_init(&fixture.printed, 65536);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    diags_free(&fixture->diags);
    buf_free(&fixture->printed);
    arena_destroy(&fixture->arena);
    return 0;
}

static void read_yaml(struct fixture *fixture, const char *yaml)
{
    struct value documents;
    struct diag diag = {0};
    struct yaml_options options = {.file = "test.yaml"};
    if (!yaml_read(fixture->arena, yaml, strlen(yaml), &options, &documents, &diag))
        fail_msg("%s: %s", yaml, diag.text);
    if (!settings_read(table, &documents.list->items[0], NULL, &fixture->outer, fixture->arena,
                       &fixture->diags))
        fail_msg("%s: %s", yaml, fixture->diags.items[0].text);
}

static void print(struct fixture *fixture)
{
    buf_clear(&fixture->printed);
    assert_true(settings_print(table, &fixture->outer, &fixture->printed));
}

static void print_and_read(struct fixture *fixture)
{
    print(fixture);
    read_yaml(fixture, buf_string(&fixture->printed));
}

static const char defaults[] = "name: x\n"
                               "enabled: true\n"
                               "connections: 4\n"
                               "below: 0\n"
                               "wait: 1h30m\n"
                               "size: 256KiB\n"
                               "colour: \"light blue\"\n"
                               "opens: \"09:00\"\n"
                               "cap: 3 per 1w\n"
                               "locales: [\"en\", \"ro\"]\n"
                               "condition: \"order.total > 0.0\"\n"
                               "data: {\"k\": [1, \"two\", null, false]}\n";

static void test_print(void **state)
{
    struct fixture *fixture = *state;
    read_yaml(fixture, "name: x");
    print_and_read(fixture);
    assert_string_equal(buf_string(&fixture->printed), defaults);
    print(fixture);
    assert_string_equal(buf_string(&fixture->printed), defaults);
    /* A section is printed with its defaults, but not where it was not there. */
    read_yaml(fixture, "name: x\ninner: {host: m}");
    print_and_read(fixture);
    const char *section = buf_string(&fixture->printed) + strlen(defaults);
    assert_string_equal(section, "inner:\n  host: m\n  depth: 8\n");
    struct buf small;
    buf_init(&small, 20);
    assert_false(settings_print(table, &fixture->outer, &small));
    buf_free(&small);
}

/* Texts that a printer gets wrong, through the printer and the reader. */
static const char *const texts[] = {"",
                                    " ",
                                    "true",
                                    "No",
                                    "null",
                                    "~",
                                    "12",
                                    "1e3",
                                    "0x1f",
                                    ".inf",
                                    "-",
                                    "- a",
                                    "a: b",
                                    "a:",
                                    "a #b",
                                    "#a",
                                    "[a",
                                    "{a",
                                    "&a",
                                    "*a",
                                    "!a",
                                    "%a",
                                    "@a",
                                    "`a",
                                    "\"a\"",
                                    "'a'",
                                    "a\\b",
                                    "a\nb\n",
                                    "a\tb",
                                    "a\rb",
                                    "---",
                                    "...",
                                    "a\x7f",
                                    "\x01",
                                    "\xc2\x85x",
                                    "\xe2\x80\xa8",
                                    "\xef\xbb\xbfx",
                                    "ăș Жук 買い物 🛒",
                                    "redis://localhost:6379/0",
                                    "ana@shop.example",
                                    "/run/nudged/redis.sock",
                                    "| a",
                                    "> b",
                                    "a\xc2\xa0z",
                                    "0o17",
                                    "y",
                                    "=",
                                    "<<",
                                    "?",
                                    "? a",
                                    "a,b",
                                    "trailing ",
                                    " leading"};

static void test_print_texts(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        read_yaml(fixture, "name: x");
        fixture->outer.name = texts[i];
        fixture->outer.locales = value_new_list(fixture->arena, 0);
        value_push(fixture->arena, fixture->outer.locales, value_text(texts[i]));
        fixture->outer.data = value_new_map(fixture->arena, 0);
        value_set(fixture->arena, fixture->outer.data, texts[i], value_text(texts[i]));
        print_and_read(fixture);
        assert_string_equal(fixture->outer.name, texts[i]);
        assert_int_equal(value_count(&fixture->outer.locales), 1);
        assert_true(value_is_text(&fixture->outer.locales.list->items[0], texts[i]));
        assert_true(value_is_text(value_get(&fixture->outer.data, texts[i]), texts[i]));
    }
}

static void test_print_numbers(void **state)
{
    struct fixture *fixture = *state;
    read_yaml(fixture, "name: x\ndata: [.inf, -.inf, .nan, 0.1, 1e300, -0.0, "
                       "9223372036854775807, -9223372036854775808, 80.0]");
    struct value before = value_copy(fixture->arena, &fixture->outer.data);
    print_and_read(fixture);
    const struct value *after = &fixture->outer.data;
    assert_int_equal(value_count(after), 9);
    for (uint32_t i = 0; i < 9; i++) {
        if (i == 2)
            assert_true(isnan(after->list->items[i].real));
        else
            assert_true(value_equal(&before.list->items[i], &after->list->items[i]));
    }
}

/* A section of which nothing is there would read back as null: it is left out. */
static void test_print_empty_section(void **state)
{
    struct small {
        const char *text;
    };
    static const struct setting small_table[] = {
        {.key = "text", .type = SETTING_TEXT, .offset = offsetof(struct small, text)},
        {0},
    };
    static const struct setting large_table[] = {
        {.key = "inner", .type = SETTING_SECTION, .section = small_table},
        {0},
    };
    struct fixture *fixture = *state;
    struct small small;
    assert_true(settings_read(large_table, NULL, NULL, &small, fixture->arena, &fixture->diags));
    assert_true(settings_print(large_table, &small, &fixture->printed));
    assert_string_equal(buf_string(&fixture->printed), "");
    small.text = "x";
    assert_true(settings_print(large_table, &small, &fixture->printed));
    assert_string_equal(buf_string(&fixture->printed), "inner:\n  text: x\n");
}

static void test_reference(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 65536);
    assert_true(settings_reference(table, &out));
    static const char *const rows[] = {
        "| Key | Type | Default | Range | Changed by | What it does |\n| --- |",
        "\n| `name` | text | required |  | restart | What it is called |\n",
        "\n| `enabled` | true or false | `true` |  | reload | On or off |\n",
        "\n| `connections` | integer | `4` | between 1 and 256 | restart | At once |\n",
        "\n| `below` | integer |  | at most 10 | restart |  |\n",
        "\n| `wait` | duration | `90m` | between 1s and 1d | restart |  |\n",
        "\n| `size` | size | `262144` | at least 1KiB | restart | a \\| b |\n",
        "\n| `colour` | choice | `light blue` | `red`, `light blue` | restart |  |\n",
        "\n| `opens` | time of day | `09:00` | between 00:01 and 22:00 | restart |  |\n",
        "\n| `locales` | list of texts | `[\"en\", \"ro\"]` |  | restart |  |\n",
        "\n| `inner` | section |  |  |  | A section |\n| `inner.host` | text | required |",
        "\n| `inner.depth` | integer | `8` | between 1 and 64 | restart | Deepest event |\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strstr(buf_string(&out), rows[i]))
            fail_msg("not there: %s\nin:\n%s", rows[i], buf_string(&out));
    size_t lines = 0, bars = 0;
    for (const char *at = buf_string(&out); *at; at++) {
        lines += *at == '\n';
        bars += *at == '|' && (at == out.data || at[-1] != '\\');
    }
    assert_int_equal(lines, 2 + 19 + 2);
    assert_int_equal(bars, lines * 7);
    buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_print),         TEST(test_print_texts),
        TEST(test_print_numbers), TEST(test_print_empty_section),
        TEST(test_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
