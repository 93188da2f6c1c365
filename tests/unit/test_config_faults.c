/*
 * Every key of every file that people write, broken in every way that its type allows, alone and
 * in pairs: each fault is told, at its line, and nothing breaks. The keys are those of the tables,
 * so one that is added is broken here too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "config/config.h"
#include "rules/rule_expression.h"
#include "rules/rule_read.h"
#include "rules/rule_step_kinds.h"
#include "rules/ruleset.h"
#include "send/gateway_kinds.h"
#include "templates/front_matter.h"

enum { TEXT_MOST = 8192, FAULTS_MOST = 1024, PATH_MOST = 3, BASE_MOST = 4, PAIRS = 4000 };

/* What makes a key wrong: a text behind it, or one of these. */
static const char EMPTY[] = "(empty)", TWICE[] = "(twice)", UNKNOWN[] = "(unknown)",
                  MISSING[] = "(missing)", TOO_LARGE[] = "99999999999999999999";

struct fault {
    const struct setting *path[PATH_MOST]; /* sections, then the key */
    size_t depth;
    const char *what;
};

/* A file that has one of the tables: what must stand in it, and who reads it. */
struct subject {
    const char *name;
    const struct setting *table;
    const char *head; /* the lines above the table's keys */
    int indent;
    struct {
        const char *key, *value;
    } base[BASE_MOST]; /* the keys without which it is no such file */
    void (*read)(const char *text, struct diags *diags);
};

struct text {
    struct buf buf;
    uint32_t line;  /* of what is written next */
    uint32_t at[2]; /* where each fault stands; 0: anywhere, as what is missing has no place */
};

/* ---- Who reads them ---- */

static void read_config(const char *text, struct diags *diags)
{
    char path[] = "/tmp/nudged-faults-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct config *config = config_load(path, diags);
    assert_true(!config == (diags->errors > 0));
    config_destroy(&config);
    unlink(path);
}

static void read_rule(const char *text, struct diags *diags)
{
    struct arena *arena = arena_new(4096);
    const struct yaml_options options = {.file = "a.yaml", .expression_keys = rule_expression_keys};
    const struct settings_source source = {.file = "a.yaml", .text = text, .length = strlen(text)};
    struct ruleset_builder *builder = ruleset_begin(arena, &(struct ruleset_settings){0}, diags);
    struct diag diag = {0};
    struct value documents;
    if (yaml_read(arena, text, source.length, &options, &documents, &diag))
        ruleset_add_rules(builder, &source, &documents);
    else
        diags_add(diags, &diag);
    struct ruleset *set = ruleset_finish(&builder);
    ruleset_destroy(&set);
}

static void read_front_matter(const char *text, struct diags *diags)
{
    struct arena *arena = arena_new(4096);
    const struct settings_source source = {
        .file = "m.html.liquid", .text = text, .length = strlen(text)};
    struct front_matter front;
    size_t body;
    uint32_t line;
    front_matter_read(arena, &source, &front, &body, &line, diags);
    arena_destroy(&arena);
}

/* ---- What can be wrong ---- */

/* Texts that a type refuses. */
static const char *const *wrong_texts(const struct setting *setting)
{
    static const char *const none[] = {NULL};
    static const char *const of_type[][5] = {
        [SETTING_TEXT] = {"[x]", "{x: y}", NULL},
        [SETTING_BOOL] = {"maybe", "7", "[true]", NULL},
        [SETTING_INT] = {"many", "1.5", "[1]", TOO_LARGE, NULL},
        [SETTING_DURATION] = {"soon", "7", "-1s", "[1s]", NULL},
        [SETTING_SIZE] = {"big", "-1", "[1]", NULL},
        [SETTING_CHOICE] = {"nonesuch", "[x]", "{x: y}", NULL},
        [SETTING_RATE] = {"many", "3", "0 per 1d", "[x]", NULL},
        [SETTING_CLOCK] = {"25:00", "noon", "7", NULL},
        [SETTING_TEXTS] = {"{x: y}", "[[x]]", NULL},
        [SETTING_EXPRESSION] = {"a b", "[x]", "{x: y}", NULL},
        [SETTING_SECTION] = {"7", "[x]", "word", NULL},
        [SETTING_VALUE] = {"[7]", NULL},
    };
    return setting->type < sizeof of_type / sizeof *of_type ? of_type[setting->type] : none;
}

/* One beyond each end of a number's range; "" where it has no such end. */
static const char *beyond(struct arena *arena, const struct setting *setting, bool above)
{
    bool number = setting->type == SETTING_INT || setting->type == SETTING_SIZE;
    if (!setting->least && !setting->most)
        return "";
    if (above && setting->most && setting->most != INT64_MAX)
        return number ? arena_printf(arena, "%lld", (long long)setting->most + 1)
               : setting->type == SETTING_DURATION
                   ? arena_printf(arena, "%llds", (long long)setting->most / 1000 + 1)
                   : "";
    if (!above && setting->least > 0)
        return number ? arena_printf(arena, "%lld", (long long)setting->least - 1)
               : setting->type == SETTING_DURATION ? "0ms"
                                                   : "";
    return "";
}

static void add_fault(struct fault *faults, size_t *count, const struct fault *fault,
                      const char *what)
{
    assert_true(*count < FAULTS_MOST);
    faults[*count] = *fault;
    faults[(*count)++].what = what;
}

static void add_faults(struct arena *arena, const struct setting *table, struct fault path,
                       struct fault *faults, size_t *count)
{
    assert_true(path.depth < PATH_MOST);
    path.depth++;
    for (const struct setting *setting = table; setting->key; setting++) {
        path.path[path.depth - 1] = setting;
        for (const char *const *text = wrong_texts(setting); *text; text++)
            add_fault(faults, count, &path, *text);
        for (int above = 0; above < 2; above++)
            if (*beyond(arena, setting, above))
                add_fault(faults, count, &path, beyond(arena, setting, above));
        add_fault(faults, count, &path, UNKNOWN);
        add_fault(faults, count, &path, TWICE);
        if (setting->required)
            add_fault(faults, count, &path, MISSING);
        if (setting->type == SETTING_SECTION)
            add_faults(arena, setting->section, path, faults, count);
        else
            add_fault(faults, count, &path, EMPTY);
    }
}

/* ---- The text with its faults ---- */

static void put_line(struct text *text, int indent, const char *key, const char *value)
{
    buf_printf(&text->buf, "%*s%s:%s%s\n", indent, "", key, *value ? " " : "", value);
    text->line++;
}

static void put_fault(struct text *text, int indent, const struct fault *fault, uint32_t *at)
{
    const char *key = fault->path[fault->depth - 1]->key;
    char unknown[64];
    snprintf(unknown, sizeof unknown, "%sx", key);
    *at = text->line;
    if (fault->what == MISSING) {
        *at = 0;
    } else if (fault->what == UNKNOWN) {
        put_line(text, indent, unknown, "1");
    } else if (fault->what == TWICE) {
        put_line(text, indent, key, "x");
        *at = text->line;
        put_line(text, indent, key, "x");
    } else {
        put_line(text, indent, key, fault->what == EMPTY ? "" : fault->what);
    }
}

/* The keys of a table that have a fault in them, and those that the file cannot do without. */
static void put_table(struct text *text, const struct subject *subject, const struct setting *table,
                      size_t depth, const struct fault *faults, size_t count)
{
    int indent = subject->indent + 2 * (int)depth;
    for (const struct setting *setting = table; setting->key; setting++) {
        bool wrong = false, within = false;
        for (size_t i = 0; i < count; i++) {
            if (faults[i].depth <= depth || faults[i].path[depth] != setting)
                continue;
            wrong = true;
            if (faults[i].depth == depth + 1)
                put_fault(text, indent, &faults[i], &text->at[i]);
            else
                within = true;
        }
        if (within) {
            put_line(text, indent, setting->key, "");
            put_table(text, subject, setting->section, depth + 1, faults, count);
        }
        for (size_t i = 0; depth == 0 && !wrong && i < BASE_MOST && subject->base[i].key; i++)
            if (strcmp(subject->base[i].key, setting->key) == 0)
                put_line(text, indent, setting->key, subject->base[i].value);
    }
}

static void put_text(struct text *text, const struct subject *subject, const struct fault *faults,
                     size_t count)
{
    *text = (struct text){.line = 1};
    buf_init(&text->buf, TEXT_MOST);
    buf_text(&text->buf, subject->head);
    for (const char *at = subject->head; *at; at++)
        text->line += *at == '\n';
    put_table(text, subject, subject->table, 0, faults, count);
    if (subject->read == read_front_matter)
        buf_text(&text->buf, "---\n<p>x</p>\n");
}

/* ---- What is expected ---- */

static bool is_told(const struct diags *diags, uint32_t line)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *diag = &diags->items[i];
        if (diag->level == DIAG_ERROR && diag->file[0] && diag->text[0] && diag->line > 0 &&
            (line == 0 || diag->line == line))
            return true;
    }
    return false;
}

/* Of a key that stands twice and a number that fits nowhere the reader of YAML tells, and of
 * nothing else; and what the keys of a gateway are, only its kind says. */
static bool ends_reading(const struct fault *fault)
{
    return fault->what == TWICE || fault->what == TOO_LARGE ||
           strcmp(fault->path[fault->depth - 1]->key, "kind") == 0;
}

static void check(const struct subject *subject, const struct fault *faults, size_t count)
{
    struct diags diags = {0};
    struct text text;
    size_t told = 0;
    bool stops = false;
    put_text(&text, subject, faults, count);
    subject->read(buf_string(&text.buf), &diags);
    for (size_t i = 0; i < count; i++) {
        told += is_told(&diags, text.at[i]);
        stops |= ends_reading(&faults[i]);
    }
    if (told < (stops ? 1 : count)) {
        struct buf said;
        buf_init(&said, 1 << 16);
        for (size_t i = 0; i < diags.count; i++)
            diag_format(&diags.items[i], &said);
        fail_msg("%s: not told, or not at its line, in\n%ssaid:\n%s", subject->name,
                 buf_string(&text.buf), buf_string(&said));
    }
    diags_free(&diags);
    buf_free(&text.buf);
}

/* One lies within the other, or they are of one key. */
static bool overlap(const struct fault *one, const struct fault *other)
{
    size_t depth = one->depth < other->depth ? one->depth : other->depth;
    return memcmp(one->path, other->path, depth * sizeof *one->path) == 0;
}

static void break_all(const struct subject *subject)
{
    struct arena *arena = arena_new(4096);
    struct fault faults[FAULTS_MOST];
    size_t count = 0;
    uint32_t random = 1;
    add_faults(arena, subject->table, (struct fault){0}, faults, &count);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++)
        check(subject, &faults[i], 1);
    for (size_t i = 0; i < PAIRS; i++) {
        random = random * 1664525 + 1013904223;
        const struct fault pair[] = {faults[(random >> 8) % count],
                                     faults[(random >> 8) / count % count]};
        if (!overlap(&pair[0], &pair[1]))
            check(subject, pair, 2);
    }
    arena_destroy(&arena);
}

static void test_config(void **state)
{
    (void)state;
    break_all(&(struct subject){
        .name = "nudged.yaml", .table = config_settings, .head = "", .read = read_config});
}

static void test_gateways(void **state)
{
    (void)state;
    for (size_t i = 0; gateway_kinds[i]; i++) {
        struct subject subject = {.name = gateway_kinds[i]->name,
                                  .table = gateway_kinds[i]->settings,
                                  .head = "gateways:\n  one:\n",
                                  .indent = 4,
                                  .base = {{"kind", gateway_kinds[i]->name}},
                                  .read = read_config};
        const char *const needs[] = {"host", "url", "path"};
        const char *const have[] = {"mail.shop.example", "https://api.shop.example/", "/tmp/mail"};
        size_t rows = 1;
        for (const struct setting *setting = subject.table; setting->key; setting++)
            for (size_t n = 0; n < sizeof needs / sizeof *needs; n++)
                if (setting->required && strcmp(setting->key, needs[n]) == 0) {
                    subject.base[rows].key = needs[n];
                    subject.base[rows++].value = have[n];
                }
        break_all(&subject);
    }
}

static void test_rules(void **state)
{
    (void)state;
    break_all(&(struct subject){.name = "a rule",
                                .table = rule_settings,
                                .head = "",
                                .base = {{"name", "a"}, {"on", "x"}, {"send", "m"}},
                                .read = read_rule});
}

static void test_send(void **state)
{
    (void)state;
    break_all(&(struct subject){.name = "a step",
                                .table = rule_send_settings,
                                .head = "name: a\non: x\nsend:\n",
                                .indent = 2,
                                .base = {{"template", "m"}},
                                .read = read_rule});
}

static void test_channel(void **state)
{
    (void)state;
    break_all(&(struct subject){.name = "a channel",
                                .table = config_channels_settings,
                                .head = "gateways: {one: {kind: maildir, path: mail}}\n"
                                        "channels:\n  bulk:\n",
                                .indent = 4,
                                .base = {{"gateways", "one"}},
                                .read = read_config});
}

static void test_front_matter(void **state)
{
    (void)state;
    break_all(&(struct subject){.name = "front matter",
                                .table = front_matter_settings,
                                .head = "---\n",
                                .base = {{"subject", "x"}},
                                .read = read_front_matter});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),       cmocka_unit_test(test_gateways),
        cmocka_unit_test(test_rules),        cmocka_unit_test(test_send),
        cmocka_unit_test(test_front_matter), cmocka_unit_test(test_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
