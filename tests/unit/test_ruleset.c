/* A folder of rules: which files are read, what is declared, what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/ruleset.h"

enum { FILES_MOST = 6 };

struct file {
    const char *name, *text;
};

static char folder[64];

static void write_files(const struct file *files)
{
    char path[128];
    for (size_t i = 0; i < FILES_MOST && files[i].name; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(files[i].text, file);
        assert_int_equal(fclose(file), 0);
    }
}

static void remove_files(const struct file *files)
{
    char path[128];
    for (size_t i = 0; i < FILES_MOST && files[i].name; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

/* Only what is sent by e-mail is there; of that not what is `gone`, nor what has no subject. */
static bool has_template(void *context, const char *name, const char *channel)
{
    ++*(int *)context;
    return strcmp(channel, "email") == 0 && strcmp(name, "gone") != 0 && strcmp(name, "bare") != 0;
}

static const char *const templates[] = {"bare", "m", "welcome", NULL};
static const char *const channels[] = {"email", "sms", NULL};

static struct ruleset *load(const struct file *files, struct ruleset_settings settings,
                            struct buf *faults)
{
    struct diags diags = {0};
    strcpy(folder, "/tmp/nudged-ruleset-XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_files(files);
    settings.folder = folder;
    struct ruleset *set = ruleset_load(&settings, &diags);
    buf_init(faults, 64 * 1024);
    for (size_t i = 0; i < diags.count; i++)
        diag_format(&diags.items[i], faults);
    diags_free(&diags);
    remove_files(files);
    return set;
}

static void test_files(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {
        {"b.yaml", "{name: b, on: x, send: m}\n---\n{name: a, on: x, send: m}\n---\n"
                   "{name: c, on: x, priority: 9, send: m}"},
        {"a.yaml", "{name: z, on: [x, y], send: m}"},
        {"a.test.yaml", "- no rule"},
        {"events.yaml", "x: {about: one, sample: {a: 1}}\n---\ny: {sample: {}}\n---\n"},
        {"notes.txt", "- no rule"},
        {".test.yaml", "- no rule"},
    };
    struct buf faults;
    struct ruleset *set = load(files, (struct ruleset_settings){.since_ms = 5}, &faults);
    assert_string_equal(buf_string(&faults), "");
    assert_non_null(set);
    static const char *const names[] = {"c", "a", "b", "z"};
    assert_int_equal(ruleset_count(set), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(ruleset_at(set, i)->name, names[i]);
        assert_ptr_equal(ruleset_find(set, names[i]), ruleset_at(set, i));
        assert_string_equal(ruleset_on(set, "x")[i]->name, names[i]);
    }
    assert_null(ruleset_on(set, "x")[4]);
    assert_null(ruleset_find(set, "d"));
    assert_null(ruleset_on(set, "w")[0]);
    assert_null(ruleset_index(set, "w"));
    assert_non_null(ruleset_index(set, "y"));
    assert_int_equal(ruleset_since(set), 5);
    assert_int_equal(ruleset_longest_limit(set), 0);
    assert_int_equal(value_path(ruleset_events(set), "x")->kind, VALUE_MAP);
    assert_int_equal(value_count(ruleset_events(set)), 2);
    ruleset_destroy(&set);
    assert_null(set);
    ruleset_destroy(&set);
    buf_free(&faults);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        struct file files[FILES_MOST];
        const char *fault;
    } cases[] = {
        {{{"a.yaml", "{name: a, on: x, send: m}\n"}, {"events.yaml", "- x\n"}},
         "events.yaml:1:1: error: events.yaml must be a mapping"},
        {{{"events.yaml", "x: {about: one}\n"}}, "events.yaml:1:1: error: an event type needs"},
        {{{"events.yaml", "x: {sample: 5}\n"}}, "events.yaml:1:1: error: an event type needs"},
        {{{"events.yaml", "x: 5\n"}}, "events.yaml:1:1: error: an event type needs"},
        {{{"events.yaml", "x: {sample: {}, exmaple: {}}\n"}},
         "events.yaml:1:17: error: unknown key `exmaple`"},
        {{{"events.yaml", "x: {smaple: {}, sample: {}}\n"}},
         "events.yaml:1:5: error: unknown key `smaple`"},
        {{{"events.yaml", "x: {sample: {}\n"}}, "events.yaml:2:1: error: "},
        {{{"a.yaml", "{name: a, on: x\n"}}, "a.yaml:2:1: error: "},
        {{{"a.yaml", "{name: a, on: x, send: m}\n"}, {"b.yaml", "{name: a, on: x, send: m}\n"}},
         "b.yaml:1:8: error: the name `a` is taken: "},
        {{{"a.yaml", "{name: a, on: x, send: gone}\n"}},
         "a.yaml:1:24: error: rule `a` sends `gone`, and there is no such template for the channel "
         "`email`\n    {name: a, on: x, send: gone}\n                           ^~~~\n"
         "hint: a template is a file such as gone.html.liquid\n"},
        {{{"a.yaml", "name: a\non: x\nsend: {via: sms, template: wecome}\n"}},
         "a.yaml:3:28: error: rule `a` sends `wecome`, and there is no such template for the "
         "channel `sms`\n    send: {via: sms, template: wecome}\n                               "
         "^~~~~~\nhint: did you mean `welcome`?\n"},
        {{{"a.yaml", "{name: a, on: x, steps: [{send: m}, {send: {template: m, via: sms}}]}\n"}},
         "rule `a` sends `m`, and there is no such template for the channel `sms`"},
        {{{"a.yaml", "{name: a, on: x, send: bare}\n"}},
         "hint: an e-mail needs a `subject` in the front matter, in every language\n"},
        {{{"a.yaml", "{name: a, on: x, send: {template: m, via: emial}}\n"}},
         "a.yaml:1:43: warning: the channel `emial` is not in the configuration\n"
         "    {name: a, on: x, send: {template: m, via: emial}}\n"
         "                                              ^~~~~\nhint: did you mean `email`?\n"},
        {{{"a.yaml", "{name: a, on: x, send: {template: m, via: whatsapp}}\n"}},
         "hint: its messages wait for "
         "a daemon that has it under `channels`\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf faults;
        int asked = 0;
        struct ruleset *set = load(cases[i].files,
                                   (struct ruleset_settings){.has_template = has_template,
                                                             .context = &asked,
                                                             .templates = templates,
                                                             .channels = channels},
                                   &faults);
        assert_null(set);
        if (!strstr(buf_string(&faults), cases[i].fault))
            fail_msg("%s: expected %s", buf_string(&faults), cases[i].fault);
        buf_free(&faults);
    }
}

/* Only sends are asked for. */
static void test_templates(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {
        {"a.yaml", "{name: a, on: x, again: ignore, steps: [{send: m}, {wait: 1h}, {if: y.z, then: "
                   "[stop]}, {send: n}]}"}};
    struct buf faults;
    int asked = 0;
    struct ruleset *set = load(
        files, (struct ruleset_settings){.has_template = has_template, .context = &asked}, &faults);
    assert_non_null(set);
    assert_int_equal(asked, 2);
    ruleset_destroy(&set);
    buf_free(&faults);
}

static void test_no_rules(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {{"a.yaml", "---\n"}};
    struct buf faults;
    struct ruleset *set = load(files, (struct ruleset_settings){0}, &faults);
    assert_non_null(set);
    assert_int_equal(ruleset_count(set), 0);
    assert_null(ruleset_on(set, "x")[0]);
    ruleset_destroy(&set);
    buf_free(&faults);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct diags diags = {0};
    const struct ruleset_settings settings = {.folder = "/nonexistent/rules"};
    assert_null(ruleset_load(&settings, &diags));
    assert_int_equal(diags.errors, 1);
    diags_free(&diags);
}

/* Customers count every type that some expression names, wherever it stands and however the
 * text is written. */
static void test_counted(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {
        {"a.yaml",
         "name: a\non: [on.one, on.two]\nlimit: 1 per 3d\nif: |\n"
         "  // don't mind the comment's quotes\n"
         "  customer.count(\"in.if\") > 0 && order.note != \"a\\\"b\" &&\n"
         "  customer.count('in.if.too', duration('1d')) > 0 && customer.count(r'in.raw') > 0 &&\n"
         "  customer.count('''in.long''') > 0\n"
         "until: {on: until.one, if: \"customer.count('in.until') > 0\"}\n"
         "steps:\n"
         "- if: customer.first('in.step') < now\n"
         "  then:\n"
         "  - send: {template: m, to: \"customer.count('in.to') > 0 ? 'a' : 'b'\",\n"
         "           data: {one: customer.count('in.data'), two: customer.last('in.more')}}\n"},
        {"b.yaml", "{name: b, on: x, limit: 1 per 2d, send: m}"}};
    static const char *const counted[] = {"on.one",  "on.two",  "until.one", "in.if",   "in.if.too",
                                          "in.raw",  "in.long", "in.until",  "in.step", "in.to",
                                          "in.data", "in.more", "x",         "in.conf", NULL};
    static const char condition[] = "customer.count('in.conf') > 0";
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    const struct cel_environment environment = {.open = true, .unchecked = true};
    struct cel_program *const conditions[] = {
        cel_compile(arena, condition, strlen(condition), &environment, NULL, &diag), NULL};
    assert_non_null(conditions[0]);
    struct buf faults;
    struct ruleset *set = load(files, (struct ruleset_settings){.conditions = conditions}, &faults);
    assert_string_equal(buf_string(&faults), "");
    for (const char *const *type = counted; *type; type++)
        if (!ruleset_counts(set, *type))
            fail_msg("%s is not counted", *type);
    assert_false(ruleset_counts(set, "other"));
    assert_int_equal(ruleset_longest_limit(set), 3LL * 24 * 3600 * 1000);
    ruleset_destroy(&set);
    buf_free(&faults);
    arena_destroy(&arena);
}

static void test_defaults(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {
        {"a.yaml", "{name: a, on: x, send: m}\n---\n"
                   "{name: b, class: transactional, on: x, send: m}\n---\n"
                   "{name: c, on: x, on_uncertain: resend, send: m}\n---\n"
                   "{name: d, class: transactional, on: x, on_uncertain: hold, about: why, topic: "
                   "t, give_up: 1h, max_age: 2h, send: {template: m, via: sms}}\n"}};
    struct buf faults;
    struct ruleset *set = load(files, (struct ruleset_settings){0}, &faults);
    assert_non_null(set);
    const struct rule *a = ruleset_find(set, "a"), *d = ruleset_find(set, "d");
    assert_true(a->enabled);
    assert_int_equal(a->class, RULE_MARKETING);
    assert_int_equal(a->again, RULE_AGAIN_UNSET);
    assert_int_equal(a->on_uncertain, RULE_HOLD);
    assert_int_equal(a->max_age_ms, 24 * 3600 * 1000);
    assert_int_equal(a->give_up_ms, 24 * 3600 * 1000);
    assert_int_equal(a->limit.count, 0);
    assert_string_equal(a->topic, "all");
    assert_string_equal(a->about, "");
    assert_string_equal(a->steps[0].channel, "email");
    assert_int_equal(a->line, 1);
    assert_false(a->waits);
    assert_int_equal(ruleset_find(set, "b")->on_uncertain, RULE_RESEND);
    assert_int_equal(ruleset_find(set, "c")->on_uncertain, RULE_RESEND);
    assert_int_equal(d->on_uncertain, RULE_HOLD);
    assert_string_equal(d->about, "why");
    assert_string_equal(d->topic, "t");
    assert_string_equal(d->steps[0].channel, "sms");
    assert_int_equal(d->give_up_ms, 3600 * 1000);
    assert_int_equal(d->max_age_ms, 2 * 3600 * 1000);
    ruleset_destroy(&set);
    buf_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),     cmocka_unit_test(test_faults),
        cmocka_unit_test(test_templates), cmocka_unit_test(test_no_folder),
        cmocka_unit_test(test_no_rules),  cmocka_unit_test(test_counted),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
