/* A set of rules: what is declared, what is refused, what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "rules/rule_expression.h"
#include "rules/ruleset.h"

enum { FILES_MOST = 6 };

struct file {
    const char *name, *text;
};

/* Only what is sent by e-mail is there; of that not what is `gone`, nor what has no subject. */
static bool has_template(void *context, const char *name, bool mail)
{
    ++*(int *)context;
    return mail && strcmp(name, "gone") != 0 && strcmp(name, "bare") != 0;
}

static const char *const templates[] = {"bare", "m", "welcome", NULL};
static const char *const channels[] = {"email", "sms", NULL};

static bool add_file(struct ruleset_builder *builder, struct arena *arena, const struct file *file)
{
    const struct yaml_options options = {.file = file->name,
                                         .expression_keys = rule_expression_keys};
    const struct settings_source source = {
        .file = file->name, .text = file->text, .length = strlen(file->text)};
    struct value documents;
    assert_true(yaml_read(arena, source.text, source.length, &options, &documents, NULL));
    if (strcmp(file->name, "events.yaml") == 0)
        return ruleset_add_events(builder, &source, &documents);
    ruleset_add_rules(builder, &source, &documents);
    return true;
}

/* As config/rule_files does with a folder of them: the events first. */
static struct ruleset *load(const struct file *files, struct ruleset_settings settings,
                            struct buf *faults)
{
    struct diags diags = {0};
    struct arena *arena = arena_new(64 * 1024);
    struct ruleset_builder *builder = ruleset_begin(arena, &settings, &diags);
    bool declared = true;
    for (size_t i = 0; i < FILES_MOST && files[i].name; i++)
        if (strcmp(files[i].name, "events.yaml") == 0)
            declared = add_file(builder, arena, &files[i]);
    for (size_t i = 0; declared && i < FILES_MOST && files[i].name; i++)
        if (strcmp(files[i].name, "events.yaml") != 0)
            add_file(builder, arena, &files[i]);
    struct ruleset *set = ruleset_finish(&builder);
    assert_null(builder);
    buf_init(faults, 64 * 1024);
    for (size_t i = 0; i < diags.count; i++)
        diag_format(&diags.items[i], faults);
    diags_free(&diags);
    return set;
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
                                   (struct ruleset_settings){.templates = {.has = has_template,
                                                                           .context = &asked,
                                                                           .names = templates,
                                                                           .channels = channels}},
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
        files, (struct ruleset_settings){.templates = {.has = has_template, .context = &asked}},
        &faults);
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

/* Customers count every type that some expression names, wherever it stands and however the
 * text is written. */
static void test_counted(void **state)
{
    (void)state;
    static const struct file files[FILES_MOST] = {
        {"a.yaml",
         "name: a\nclass: transactional\non: [on.one, on.two]\nlimit: 1 per 3d\nif: |\n"
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
        cmocka_unit_test(test_faults),   cmocka_unit_test(test_templates),
        cmocka_unit_test(test_no_rules), cmocka_unit_test(test_counted),
        cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
