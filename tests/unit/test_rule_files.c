/* A folder of rules: which files are read, and what is said about those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/rule_files.h"

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

static struct ruleset *load(const struct file *files, const struct ruleset_settings *settings,
                            struct buf *faults)
{
    struct diags diags = {0};
    strcpy(folder, "/tmp/nudged-ruleset-XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_files(files);
    struct ruleset *set = rule_files_load(folder, settings, &diags);
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
    struct ruleset *set = load(files, &(struct ruleset_settings){0}, &faults);
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
    assert_null(ruleset_type(set, "w")->index);
    assert_non_null(ruleset_type(set, "y")->index);
    assert_int_equal(value_path(ruleset_events(set), "x")->kind, VALUE_MAP);
    assert_int_equal(value_count(ruleset_events(set)), 2);
    ruleset_destroy(&set);
    assert_null(set);
    ruleset_destroy(&set);
    buf_free(&faults);
}

/* One file that is broken does not keep the others from being read; broken events do. */
static void test_faults(void **state)
{
    (void)state;
    static const struct {
        struct file files[FILES_MOST];
        const char *fault, *other; /* what is said, too or not */
        bool told;
    } cases[] = {
        {{{"events.yaml", "x: {sample: {}\n"}, {"a.yaml", "{name: a}\n"}},
         "events.yaml:2:1: error: ",
         "`on` is missing",
         false},
        {{{"events.yaml", "x: 5\n"}, {"a.yaml", "{name: a}\n"}},
         "events.yaml:1:1: error: an event type needs",
         "`on` is missing",
         false},
        {{{"a.yaml", "{name: a, on: x\n"}, {"b.yaml", "{name: b}\n"}},
         "a.yaml:2:1: error: ",
         "b.yaml:1:1: error: `on` is missing",
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf faults;
        assert_null(load(cases[i].files, &(struct ruleset_settings){0}, &faults));
        const char *text = buf_string(&faults), *fault = strstr(text, cases[i].fault);
        if (!fault || (strstr(fault, cases[i].other) != NULL) != cases[i].told)
            fail_msg("%s: expected %s", text, cases[i].fault);
        buf_free(&faults);
    }
}

static void test_no_folder(void **state)
{
    (void)state;
    struct diags diags = {0};
    const struct ruleset_settings settings = {0};
    assert_null(rule_files_load("/nonexistent/rules", &settings, &diags));
    assert_int_equal(diags.errors, 1);
    diags_free(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests_name("rule_files", tests, NULL, NULL);
}
