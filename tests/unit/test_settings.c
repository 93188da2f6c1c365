#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/settings.h"
#include "base/yaml.h"

enum { WHEN_LOST_HOLD, WHEN_LOST_SEND, WHEN_LOST_DROP };

static const char *const when_lost[] = {"hold", "send", "drop", NULL};

struct limits {
    int64_t depth;
    struct setting_rate rate;
};

struct smtp {
    const char *host;
    int64_t port;
    struct limits limits;
};

struct all {
    const char *name, *state;
    bool enabled, strict;
    int64_t connections, below, wait, keep, size;
    int lost, other;
    struct setting_rate cap;
    int opens, closes;
    struct value locales, channels;
    struct value condition, until;
    struct value data;
    struct smtp smtp;
};

static const struct setting limits_table[] = {
    {.key = "depth",
     .type = SETTING_INT,
     .offset = offsetof(struct limits, depth),
     .fallback = "8",
     .least = 1,
     .most = 64,
     .help = "How deep an event may be"},
    {.key = "rate",
     .type = SETTING_RATE,
     .offset = offsetof(struct limits, rate),
     .least = 1,
     .most = 100,
     .help = "Messages to one customer"},
    {0},
};

static const struct setting smtp_table[] = {
    {.key = "host",
     .type = SETTING_TEXT,
     .offset = offsetof(struct smtp, host),
     .required = true,
     .help = "The server's name"},
    {.key = "port",
     .type = SETTING_INT,
     .offset = offsetof(struct smtp, port),
     .fallback = "25",
     .least = 1,
     .most = 65535,
     .help = "Its port"},
    {.key = "limits",
     .type = SETTING_SECTION,
     .offset = offsetof(struct smtp, limits),
     .section = limits_table,
     .help = "Bounds"},
    {0},
};

#define ROW(name, kind) .key = #name, .type = kind, .offset = offsetof(struct all, name)

static const struct setting table[] = {
    {ROW(name, SETTING_TEXT), .required = true, .help = "What it is called"},
    {ROW(state, SETTING_TEXT), .fallback = "/var/lib/nudged", .help = "The state folder"},
    {ROW(enabled, SETTING_BOOL), .fallback = "true", .reload = SETTING_RELOAD, .help = "On or off"},
    {ROW(strict, SETTING_BOOL)},
    {ROW(connections, SETTING_INT), .fallback = "4", .least = 1, .most = 256, .help = "At once"},
    {ROW(below, SETTING_INT), .least = INT64_MIN, .most = 10},
    {ROW(wait, SETTING_DURATION), .fallback = "1h30m", .least = 1000, .most = 86400000},
    {ROW(keep, SETTING_DURATION), .fallback = "2w"},
    {ROW(size, SETTING_SIZE), .fallback = "256KiB", .least = 1024, .most = INT64_MAX,
     .help = "Either a | or b"},
    {ROW(lost, SETTING_CHOICE), .fallback = "hold", .choices = when_lost},
    {ROW(other, SETTING_CHOICE), .choices = when_lost},
    {ROW(cap, SETTING_RATE), .fallback = "3 per 7d"},
    {ROW(opens, SETTING_CLOCK), .fallback = "09:00", .least = 1, .most = 1320},
    {ROW(closes, SETTING_CLOCK)},
    {ROW(locales, SETTING_TEXTS), .fallback = "[\"en\", \"ro\"]"},
    {ROW(channels, SETTING_TEXTS)},
    {ROW(condition, SETTING_EXPRESSION), .fallback = "order.total > 0.0"},
    {ROW(until, SETTING_EXPRESSION)},
    {ROW(data, SETTING_VALUE)},
    {ROW(smtp, SETTING_SECTION), .section = smtp_table, .help = "The mail server"},
    {0},
};

/* What is read, and all that belongs to it. */
struct fixture {
    struct arena *arena;
    struct diags diags;
    struct all all;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_new(4096)};
    memset(&fixture.all, 0x5a, sizeof fixture.all); /* nothing may stay as it was */
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    diags_free(&fixture->diags);
    arena_destroy(&fixture->arena);
    return 0;
}

static bool read_yaml(struct fixture *fixture, const char *yaml)
{
    struct value documents;
    struct diag diag = {0};
    struct yaml_options options = {.file = "test.yaml"};
    struct settings_source source = {"test.yaml", yaml, strlen(yaml)};
    if (!yaml_read(fixture->arena, yaml, strlen(yaml), &options, &documents, &diag))
        fail_msg("%s: %s", yaml, diag.text);
    const struct value *map = value_count(&documents) ? &documents.list->items[0] : NULL;
    diags_free(&fixture->diags);
    return settings_read(table, map, &source, &fixture->all, fixture->arena, &fixture->diags);
}

static void expect_texts(const struct value *list, const char *const *expected)
{
    uint32_t i = 0;
    assert_int_equal(list->kind, VALUE_LIST);
    for (; expected[i]; i++)
        assert_true(i < list->list->count && value_is_text(&list->list->items[i], expected[i]));
    assert_int_equal(list->list->count, i);
}

static void test_defaults(void **state)
{
    struct fixture *fixture = *state;
    const struct all *all = &fixture->all;
    assert_true(read_yaml(fixture, "name: x"));
    assert_int_equal(fixture->diags.count, 0);
    assert_string_equal(all->name, "x");
    assert_string_equal(all->state, "/var/lib/nudged");
    assert_true(all->enabled);
    assert_false(all->strict);
    assert_int_equal(all->connections, 4);
    assert_int_equal(all->below, 0);
    assert_int_equal(all->wait, 5400000);
    assert_int_equal(all->keep, 14 * 86400000);
    assert_int_equal(all->size, 262144);
    assert_int_equal(all->lost, WHEN_LOST_HOLD);
    assert_int_equal(all->other, -1);
    assert_int_equal(all->cap.count, 3);
    assert_int_equal(all->cap.per_ms, 7 * 86400000);
    assert_int_equal(all->opens, 540);
    assert_int_equal(all->closes, -1);
    expect_texts(&all->locales, (const char *const[]){"en", "ro", NULL});
    expect_texts(&all->channels, (const char *const[]){NULL});
    assert_true(value_is_text(&all->condition, "order.total > 0.0"));
    assert_int_equal(all->until.kind, VALUE_NULL);
    assert_int_equal(all->data.kind, VALUE_NULL);
    /* The section is not there, so its host is not missing. */
    assert_null(all->smtp.host);
    assert_int_equal(all->smtp.port, 25);
    assert_int_equal(all->smtp.limits.depth, 8);
    assert_int_equal(all->smtp.limits.rate.count, 0);
}

static const char everything[] = "name: \"two words\"\n"
                                 "state: /srv\n"
                                 "enabled: false\n"
                                 "strict: true\n"
                                 "connections: 256\n"
                                 "below: -5\n"
                                 "wait: 90s\n"
                                 "keep: 0s\n"
                                 "size: 1MB\n"
                                 "lost: drop\n"
                                 "other: send\n"
                                 "cap: 10 per 1h30m\n"
                                 "opens: 8:05\n"
                                 "closes: \"22:00\"\n"
                                 "locales: [fi, \"true\", 'a: b']\n"
                                 "channels: email\n"
                                 "condition: |\n"
                                 "  a == 1 &&\n"
                                 "  b\n"
                                 "until: true\n"
                                 "data: {a: [1, 2.5, null, \"x\"], \"b c\": {d: false}}\n"
                                 "smtp:\n"
                                 "  host: mail.example\n"
                                 "  port: 587\n"
                                 "  limits:\n"
                                 "    depth: 64\n"
                                 "    rate: 1 per 1s\n";

static void expect_everything(const struct all *all)
{
    assert_string_equal(all->name, "two words");
    assert_string_equal(all->state, "/srv");
    assert_false(all->enabled);
    assert_true(all->strict);
    assert_int_equal(all->connections, 256);
    assert_int_equal(all->below, -5);
    assert_int_equal(all->wait, 90000);
    assert_int_equal(all->keep, 0);
    assert_int_equal(all->size, 1000000);
    assert_int_equal(all->lost, WHEN_LOST_DROP);
    assert_int_equal(all->other, WHEN_LOST_SEND);
    assert_int_equal(all->cap.count, 10);
    assert_int_equal(all->cap.per_ms, 5400000);
    assert_int_equal(all->opens, 485);
    assert_int_equal(all->closes, 1320);
    expect_texts(&all->locales, (const char *const[]){"fi", "true", "a: b", NULL});
    expect_texts(&all->channels, (const char *const[]){"email", NULL});
    assert_true(value_is_text(&all->condition, "a == 1 &&\nb\n"));
    assert_true(value_is_text(&all->until, "true"));
    assert_int_equal(value_path(&all->data, "a")->list->items[0].integer, 1);
    assert_true(value_path(&all->data, "a")->list->items[1].real == 2.5);
    assert_int_equal(value_path(&all->data, "b c.d")->kind, VALUE_BOOL);
    assert_string_equal(all->smtp.host, "mail.example");
    assert_int_equal(all->smtp.port, 587);
    assert_int_equal(all->smtp.limits.depth, 64);
    assert_int_equal(all->smtp.limits.rate.count, 1);
    assert_int_equal(all->smtp.limits.rate.per_ms, 1000);
}

static void test_everything_twice(void **state)
{
    struct fixture *fixture = *state;
    struct buf printed, again;
    assert_true(read_yaml(fixture, everything));
    expect_everything(&fixture->all);
    assert_int_equal(fixture->all.until.place.line, 20);
    assert_int_equal(fixture->all.until.place.column, 8);
    buf_init(&printed, 65536);
    assert_true(settings_print(table, &fixture->all, &printed));
    assert_true(read_yaml(fixture, buf_string(&printed)));
    expect_everything(&fixture->all);
    buf_init(&again, 65536);
    assert_true(settings_print(table, &fixture->all, &again));
    assert_string_equal(buf_string(&printed), buf_string(&again));
    buf_free(&printed);
    buf_free(&again);
}

static const struct {
    const char *yaml, *shown;
} faults[] = {
    {"name: x\nconections: 3\n", "test.yaml:2:1: error: unknown key `conections`\n"
                                 "    conections: 3\n"
                                 "    ^~~~~~~~~~\n"
                                 "hint: did you mean `connections`?\n"},
    {"name: x\n\"conections\": 3\n", "test.yaml:2:1: error: unknown key `conections`\n"
                                     "    \"conections\": 3\n"
                                     "    ^~~~~~~~~~~~\n"
                                     "hint: did you mean `connections`?\n"},
    {"name: x\nfrobnicate: 3\n", "test.yaml:2:1: error: unknown key `frobnicate`\n"
                                 "    frobnicate: 3\n"
                                 "    ^~~~~~~~~~\n"},
    {"name: x\nconnections: # 3\nwait: ~\n", "test.yaml:2:1: error: `connections` is empty\n"
                                             "    connections: # 3\n"
                                             "    ^~~~~~~~~~~\n"
                                             "hint: give it a value, or leave the key out\n"},
    {"name: x\nconnections:", "test.yaml:2:1: error: `connections` is empty\n"
                              "    connections:\n"
                              "    ^~~~~~~~~~~\n"
                              "hint: give it a value, or leave the key out\n"},
    {"name: x\nconnections: many\n",
     "test.yaml:2:14: error: `connections` must be an integer, not a string\n"
     "    connections: many\n"
     "                 ^~~~\n"},
    {"name: x\nconnections: 2.5 # half\n",
     "test.yaml:2:14: error: `connections` must be an integer, not a fraction\n"
     "    connections: 2.5 # half\n"
     "                 ^~~\n"},
    {"name: x\nconnections: 257\n",
     "test.yaml:2:14: error: `connections` must be between 1 and 256\n"
     "    connections: 257\n"
     "                 ^~~\n"},
    {"name: x\nconnections: 0\n", "test.yaml:2:14: error: `connections` must be between 1 and 256\n"
                                  "    connections: 0\n"
                                  "                 ^\n"},
    {"name: x\nbelow: 11\n", "test.yaml:2:8: error: `below` must be at most 10\n"
                             "    below: 11\n"
                             "           ^~\n"},
    {"name: x\nwait: 999ms\n", "test.yaml:2:7: error: `wait` must be between 1s and 1d\n"
                               "    wait: 999ms\n"
                               "          ^~~~~\n"},
    {"name: x\nwait: 30\n",
     "test.yaml:2:7: error: `wait` must be a length of time such as 30s or 1h30m, not an integer\n"
     "    wait: 30\n"
     "          ^~\n"
     "hint: units are ms, s, m, h, d and w\n"},
    {"name: x\nwait: 5 minutes\n",
     "test.yaml:2:7: error: `wait` must be a length of time such as 30s or 1h30m, not `5 minutes`\n"
     "    wait: 5 minutes\n"
     "          ^~~~~~~~~\n"
     "hint: write `5m`\n"},
    {"name: x\nsize: 1000\n", "test.yaml:2:7: error: `size` must be at least 1KiB\n"
                              "    size: 1000\n"
                              "          ^~~~\n"},
    {"name: x\nsize: 1 meg\n",
     "test.yaml:2:7: error: `size` must be a size such as 64KiB or 1MB, not `1 meg`\n"
     "    size: 1 meg\n"
     "          ^~~~~\n"},
    {"name: x\nlost: hodl\n",
     "test.yaml:2:7: error: `lost` must be one of `hold`, `send`, `drop`, not `hodl`\n"
     "    lost: hodl\n"
     "          ^~~~\n"
     "hint: did you mean `hold`?\n"},
    {"name: x\nlost: 3\n",
     "test.yaml:2:7: error: `lost` must be one of `hold`, `send`, `drop`, not an integer\n"
     "    lost: 3\n"
     "          ^\n"},
    {"name: x\ncap: 0 per 7d\n", "test.yaml:2:6: error: `cap` must be a rate such as 3 per 7d, not "
                                 "`0 per 7d`\n"
                                 "    cap: 0 per 7d\n"
                                 "         ^~~~~~~~\n"
                                 "hint: so many, and within which time: `1 per 7d`\n"},
    {"name: x\nopens: 24:00\n",
     "test.yaml:2:8: error: `opens` must be a time of day such as 09:00, not `24:00`\n"
     "    opens: 24:00\n"
     "           ^~~~~\n"
     "hint: write \"00:00\"\n"},
    {"name: x\nopens: 23:00\n", "test.yaml:2:8: error: `opens` must be between 00:01 and 22:00\n"
                                "    opens: 23:00\n"
                                "           ^~~~~\n"},
    {"name: x\nlocales: [en, 3]\n",
     "test.yaml:2:15: error: each item of `locales` must be a string, not an integer\n"
     "    locales: [en, 3]\n"
     "                  ^\n"
     "hint: write it in quotes\n"},
    {"name: x\nlocales: {a: b}\n",
     "test.yaml:2:10: error: `locales` must be a list of strings, not a mapping\n"
     "    locales: {a: b}\n"
     "             ^\n"},
    {"name: x\nenabled: yes\n",
     "test.yaml:2:10: error: `enabled` must be true or false, not a string\n"
     "    enabled: yes\n"
     "             ^~~\n"
     "hint: write `true`\n"},
    {"name: x\nenabled: 'off'\n",
     "test.yaml:2:10: error: `enabled` must be true or false, not a string\n"
     "    enabled: 'off'\n"
     "             ^~~~~\n"
     "hint: write `false`\n"},
    {"name: 12\n", "test.yaml:1:7: error: `name` must be a string, not an integer\n"
                   "    name: 12\n"
                   "          ^~\n"
                   "hint: write it in quotes\n"},
    {"name: x\ncondition: [1]\n",
     "test.yaml:2:12: error: `condition` must be an expression, not a list\n"
     "    condition: [1]\n"
     "               ^\n"
     "hint: conditions are joined by `&&` or `||`: a > 1 && b\n"},
    {"name: x\nsmtp: mail.example\n",
     "test.yaml:2:7: error: `smtp` must be a mapping, not a string\n"
     "    smtp: mail.example\n"
     "          ^~~~~~~~~~~~\n"
     "hint: its keys stand below it, as in `smtp: {host: …}`\n"},
    {"name: x\nhost: m\n", "test.yaml:2:1: error: unknown key `host`\n"
                           "    host: m\n"
                           "    ^~~~\n"
                           "hint: it stands under `smtp`\n"},
    {"state: /srv\n", "test.yaml:1:1: error: `name` is missing\n"
                      "    state: /srv\n"
                      "    ^\n"},
    {"name: x\nsmtp:\n  port: 25\n", "test.yaml:3:3: error: `host` is missing\n"
                                     "      port: 25\n"
                                     "      ^\n"},
    {"name: x\nsmtp:\n  host: m\n  limits: {depht: 3}\n",
     "test.yaml:4:12: error: unknown key `depht`\n"
     "      limits: {depht: 3}\n"
     "               ^~~~~\n"
     "hint: did you mean `depth`?\n"},
    {"name: x\nsmtp:\n  host: m\n  limits: {rate: 101 per 1s}\n",
     "test.yaml:4:18: error: `rate` must be between 1 and 100\n"
     "      limits: {rate: 101 per 1s}\n"
     "                     ^~~~~~~~~~\n"},
    {"- name\n", "test.yaml:1:1: error: must be a mapping of keys to values, not a list\n"
                 "    - name\n"
                 "    ^\n"},
};

static void test_faults(void **state)
{
    struct fixture *fixture = *state;
    struct buf shown;
    buf_init(&shown, 65536);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_false(read_yaml(fixture, faults[i].yaml));
        assert_int_equal(fixture->diags.count, 1);
        assert_int_equal(fixture->diags.errors, 1);
        assert_true(fixture->diags.items[0].code[0]);
        buf_clear(&shown);
        diag_format(&fixture->diags.items[0], &shown);
        assert_string_equal(buf_string(&shown), faults[i].shown);
    }
    buf_free(&shown);
}

/* A fault leaves the default, and the rest is read all the same. */
static void test_all_faults_at_once(void **state)
{
    struct fixture *fixture = *state;
    assert_false(read_yaml(fixture, "connections: 0\nwait: never\nkeeep: 1d\nsize: 2KiB\n"));
    assert_int_equal(fixture->diags.errors, 4);
    static const char *const codes[] = {"out-of-range", "bad-value", "unknown-key", "missing"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(fixture->diags.items[i].code, codes[i]);
    assert_int_equal(fixture->all.connections, 4);
    assert_int_equal(fixture->all.wait, 5400000);
    assert_int_equal(fixture->all.size, 2048);
    assert_null(fixture->all.name);
}

static void test_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct value null = value_null();
    assert_false(settings_read(table, NULL, NULL, &fixture->all, fixture->arena, &fixture->diags));
    assert_string_equal(fixture->diags.items[0].text, "`name` is missing");
    assert_int_equal(fixture->diags.items[0].line, 0);
    assert_false(settings_read(table, &null, NULL, &fixture->all, fixture->arena, &fixture->diags));
    assert_int_equal(fixture->diags.errors, 2);
    /* A key that is null is as if it were not there; so is a section without keys that needs none.
     */
    assert_true(read_yaml(fixture, "name: x\nstate: null\nconnections: ~\nuntil: Null\n"));
    assert_true(read_yaml(fixture, "name: x\nsmtp: {host: a, limits: }\n"));
    assert_false(read_yaml(fixture, "name: x\nsmtp:\n"));
    assert_string_equal(fixture->diags.items[0].text, "`host` is missing");
    assert_true(read_yaml(fixture, "name: x\nstate: null\nconnections: ~\nuntil: Null\n"));
    assert_string_equal(fixture->all.state, "/var/lib/nudged");
    assert_int_equal(fixture->all.connections, 4);
    assert_false(read_yaml(fixture, "name:\n"));
    assert_string_equal(fixture->diags.items[0].text, "`name` is missing");
    /* A text from elsewhere than YAML. */
    struct value map = value_new_map(fixture->arena, 0);
    value_set(fixture->arena, map, "name", value_string("a\0b", 3));
    diags_free(&fixture->diags);
    assert_false(settings_read(table, &map, NULL, &fixture->all, fixture->arena, &fixture->diags));
    assert_string_equal(fixture->diags.items[0].text, "`name` must not hold a NUL character");
    assert_string_equal(fixture->diags.items[0].code, "bad-value");
    assert_false(read_yaml(fixture, "name: x\nsmtp: {}\n"));
    assert_string_equal(fixture->diags.items[0].text, "`host` is missing");
}

static void test_flexible(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *yaml, *text;
    } expressions[] = {
        {"until: false", "false"},
        {"until: 3", "3"},
        {"until: 2.50", "2.5"},
        {"until: \"true\"", "true"},
        {"until: order.placed", "order.placed"},
        {"until: -7", "-7"},
    };
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "name: x\n%s", expressions[i].yaml);
        assert_true(read_yaml(fixture, yaml));
        assert_true(value_is_text(&fixture->all.until, expressions[i].text));
        assert_int_equal(fixture->all.until.flags & VALUE_PLACED, VALUE_PLACED);
        assert_int_equal(fixture->all.until.place.line, 2);
        assert_int_equal(fixture->all.until.place.column, 8);
    }
    assert_true(read_yaml(fixture, "name: x\nconnections: 5.0\nsize: 4096\n"));
    assert_int_equal(fixture->all.connections, 5);
    assert_int_equal(fixture->all.size, 4096);
    static const char *const clocks[] = {"9:5",   "009:00", "09", "09:",   ":30", "9:00:00",
                                         "09:60", "aa:bb",  "",   "-1:00", "9.30"};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "name: x\ncloses: \"%s\"", clocks[i]);
        assert_false(read_yaml(fixture, yaml));
    }
    static const char *const rates[] = {"3",         "3 per",      "per 7d",
                                        "3 per 0s",  "3 per week", "-3 per 7d",
                                        "3  per 7d", "3per7d",     "99999999999999999999 per 7d",
                                        ""};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        char yaml[64];
        snprintf(yaml, sizeof yaml, "name: x\ncap: \"%s\"", rates[i]);
        assert_false(read_yaml(fixture, yaml));
    }
}

static void test_fault_scratch(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < DIAGS_MOST + 5; i++) {
        struct diag *diag = settings_fault(&fixture->diags, NULL, NULL,
                                           i % 2 ? DIAG_WARNING : DIAG_ERROR, "number %d", i);
        char expected[32];
        snprintf(expected, sizeof expected, "number %d", i);
        assert_string_equal(diag->text, expected);
        assert_int_equal(diag->level, i % 2 ? DIAG_WARNING : DIAG_ERROR);
        diag_hint(diag, "hint %d", i);
    }
    assert_int_equal(fixture->diags.count, DIAGS_MOST);
    assert_int_equal(fixture->diags.errors, 53);
    assert_int_equal(fixture->diags.warnings, 52);
    /* An error took the place of the last warning, and its hint went with it. */
    assert_string_equal(fixture->diags.items[DIAGS_MOST - 1].text, "number 100");
    assert_string_equal(fixture->diags.items[DIAGS_MOST - 1].hint, "hint 100");
    assert_string_equal(fixture->diags.items[DIAGS_MOST - 2].hint, "hint 98");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),           TEST(test_everything_twice), TEST(test_faults),
        TEST(test_all_faults_at_once), TEST(test_nothing),          TEST(test_flexible),
        TEST(test_fault_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
