/*
 * nudgectl test: rule tests (*.test.yaml), run by the daemon's own code on a clock of its own.
 * Faults of files are printed to standard error, what became of tests to standard output.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/colour.h"
#include "ctl/command.h"
#include "ctl/json_line.h"
#include "ctl/loading.h"
#include "ctl/plain.h"
#include "ctl/rule_test_read.h"
#include "ctl/rule_test_report.h"
#include "ctl/rule_test_run.h"
#include "ctl/rule_test_update.h"

#define SUFFIX ".test.yaml"

struct options {
    const char *rules, *filter, *junit;
    bool tap, update, verbose, json;
};

struct testing {
    struct options options;
    struct generation *generation;
    struct arena *files;          /* of one file */
    struct arena *arena;          /* of one test */
    FILE *junit;                  /* NULL: none is asked for */
    FILE *cases;                  /* of one file, for JUnit */
    struct rule_test_edits edits; /* of one file */
    uint32_t passed, failed, updated, broken;
    int broken_status;
    uint32_t file_tests, file_failed;
};

/* ---- One test ---- */

static void tell_tap(struct testing *testing, const struct rule_test *test,
                     const struct rule_test_result *result)
{
    uint32_t number = testing->passed + testing->failed;
    printf("%sok %u - ", result->miss_count ? "not " : "", number);
    for (const char *at = plain_of(testing->arena, test->name); *at; at++)
        printf(*at == '#' ? "\\#" : "%c", *at); /* behind one there is a directive */
    printf("\n");
    if (!result->miss_count)
        return;
    printf("  ---\n  message: |\n");
    rule_test_report_failure(stdout, "    ", test, result, testing->generation->policy.zone,
                             testing->arena);
    printf("  ...\n");
}

static void tell_json(struct testing *testing, const struct rule_test *test,
                      const struct rule_test_result *result)
{
    struct arena *arena = testing->arena;
    struct value row = value_new_map(arena, 5), misses = value_new_list(arena, 4);
    for (uint32_t i = 0; i < result->miss_count; i++)
        value_push(arena, misses, value_text(result->misses[i].text));
    value_set(arena, row, "name", value_text(test->name));
    value_set(arena, row, "file", value_text(test->source->file));
    value_set(arena, row, "passed", value_bool(!result->miss_count));
    value_set(arena, row, "sent", value_int(result->message_count));
    value_set(arena, row, "missed", misses);
    json_line_print(&row);
}

static void tell_people(struct testing *testing, const struct rule_test *test,
                        const struct rule_test_result *result)
{
    const char *zone = testing->generation->policy.zone;
    if (result->miss_count) {
        printf("%sFAIL%s %s\n", colour_begin(COLOUR_BAD), colour_end(COLOUR_BAD),
               plain_of(testing->arena, test->name));
        rule_test_report_failure(stdout, "  ", test, result, zone, testing->arena);
    } else if (testing->options.verbose) {
        printf("%sok%s   %s\n", colour_begin(COLOUR_GOOD), colour_end(COLOUR_GOOD),
               plain_of(testing->arena, test->name));
        rule_test_report_life(stdout, "  ", result, zone, testing->arena);
    }
}

static void tell_junit(struct testing *testing, const struct rule_test *test,
                       const struct rule_test_result *result)
{
    FILE *out = testing->cases;
    char *text = NULL;
    size_t size = 0;
    fprintf(out, "    <testcase classname=\"");
    rule_test_report_xml(out, test->source->file);
    fprintf(out, "\" name=\"");
    rule_test_report_xml(out, plain_of(testing->arena, test->name));
    fprintf(out, "\"%s>\n", result->miss_count ? "" : "/");
    if (!result->miss_count)
        return;
    FILE *failure = open_memstream(&text, &size);
    if (failure) {
        rule_test_report_failure(failure, "", test, result, testing->generation->policy.zone,
                                 testing->arena);
        fclose(failure);
    }
    fprintf(out, "      <failure message=\"");
    rule_test_report_xml(out, plain_of(testing->arena, result->misses[0].text));
    fprintf(out, "\">");
    rule_test_report_xml(out, text ? text : "");
    fprintf(out, "</failure>\n    </testcase>\n");
    free(text);
}

static void run_test(struct testing *testing, const struct rule_test *test)
{
    const struct rule_test_runner runner = {testing->generation, testing->arena};
    struct rule_test_result result;
    if (testing->options.filter && !strstr(test->name, testing->options.filter))
        return;
    arena_reset(testing->arena);
    rule_test_run(&runner, test, &result);
    if (result.miss_count && testing->options.update) {
        if (rule_test_update_add(&runner, test, &result, testing->files, &testing->edits) == 0)
            result.miss_count = 0;
    }
    testing->file_tests++;
    testing->file_failed += result.miss_count > 0;
    *(result.miss_count ? &testing->failed : &testing->passed) += 1;
    if (testing->options.json)
        tell_json(testing, test, &result);
    else if (testing->options.tap)
        tell_tap(testing, test, &result);
    else
        tell_people(testing, test, &result);
    if (testing->cases)
        tell_junit(testing, test, &result);
}

/* ---- One file ---- */

static void print_faults(const struct diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        diag_print(&diags->items[i], stderr);
}

/* EX_DATAERR, or EX_NOINPUT: one that is wrong is told rather than one that is not there. */
static void note_broken(struct testing *testing, int status)
{
    testing->broken++;
    if (testing->broken_status != EX_DATAERR)
        testing->broken_status = status;
}

static void end_junit(struct testing *testing, const char *path, const char *cases)
{
    fprintf(testing->junit, "  <testsuite name=\"");
    rule_test_report_xml(testing->junit, path);
    fprintf(testing->junit, "\" tests=\"%u\" failures=\"%u\">\n%s  </testsuite>\n",
            testing->file_tests, testing->file_failed, cases);
}

static void update_file(struct testing *testing, const struct settings_source *source)
{
    struct diag diag;
    if (!testing->edits.count)
        return;
    if (!rule_test_update_write(source, &testing->edits, &diag)) {
        context_fail(&diag);
        note_broken(testing, EX_DATAERR);
        return;
    }
    testing->updated += testing->edits.count;
}

static void run_file(struct testing *testing, const char *path)
{
    struct rule_test_file file;
    struct diags diags = {0};
    char *cases = NULL;
    size_t size = 0;
    arena_reset(testing->files);
    testing->file_tests = testing->file_failed = 0;
    testing->edits = (struct rule_test_edits){0};
    bool read = rule_test_read(path, testing->generation, testing->files, &file, &diags);
    print_faults(&diags);
    diags_free(&diags);
    if (!read)
        return note_broken(testing, file.source.text ? EX_DATAERR : EX_NOINPUT);
    testing->cases = testing->junit ? open_memstream(&cases, &size) : NULL;
    for (uint32_t i = 0; i < file.count; i++)
        run_test(testing, &file.tests[i]);
    if (testing->cases) {
        fclose(testing->cases);
        end_junit(testing, path, cases);
        free(cases);
        testing->cases = NULL;
    }
    update_file(testing, &file.source);
}

/* A file, or all tests below a folder. */
static void run_path(struct testing *testing, const char *path)
{
    struct arena *arena = arena_new(4096);
    const char *const *names;
    size_t count;
    struct stat is;
    struct diag diag = {0};
    if (stat(path, &is) == 0 && !S_ISDIR(is.st_mode)) {
        run_file(testing, path);
    } else if (file_list(arena, path, SUFFIX, true, &names, &count, &diag)) {
        for (size_t i = 0; i < count; i++)
            run_file(testing, arena_printf(arena, "%s/%s", path, names[i]));
    } else {
        context_fail(&diag);
        note_broken(testing, EX_NOINPUT);
    }
    arena_destroy(&arena);
}

/* ---- All of them ---- */

static bool open_junit(struct testing *testing)
{
    const char *path = testing->options.junit;
    if (!path)
        return true;
    testing->junit = fopen(path, "w");
    if (!testing->junit) {
        fprintf(stderr, "nudgectl: %s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(testing->junit, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    return true;
}

static bool close_junit(struct testing *testing)
{
    if (!testing->junit)
        return true;
    fprintf(testing->junit, "</testsuites>\n");
    if (fclose(testing->junit) == 0)
        return true;
    fprintf(stderr, "nudgectl: %s: %s\n", testing->options.junit, strerror(errno));
    return false;
}

static void print_summary(const struct testing *testing)
{
    if (testing->options.json)
        return;
    if (testing->options.tap) {
        printf("1..%u\n", testing->passed + testing->failed);
        return;
    }
    printf("%u passed, %u failed", testing->passed, testing->failed);
    if (testing->updated)
        printf(", %u expectation%s written anew", testing->updated,
               testing->updated == 1 ? "" : "s");
    if (testing->broken)
        printf(", %u file%s cannot be read", testing->broken, testing->broken == 1 ? "" : "s");
    printf("\n");
}

static int run_all(struct testing *testing, int count, char **paths)
{
    if (testing->options.tap)
        printf("TAP version 13\n");
    for (int i = 0; i < count; i++)
        run_path(testing, paths[i]);
    if (count == 0)
        run_path(testing, testing->generation->config->keys.rules);
    print_summary(testing);
    if (!close_junit(testing))
        return EX_CANTCREAT;
    if (testing->broken)
        return testing->broken_status;
    if (testing->passed + testing->failed == 0) {
        fprintf(stderr, "nudgectl: there is no such test\n");
        return EXIT_FAILURE;
    }
    return testing->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int command_test(struct context *context, int argc, char **argv)
{
    struct testing testing = {0};
    const struct command_option rows[] = {{.name = "--rules", .value = &testing.options.rules},
                                          {.name = "--filter", .value = &testing.options.filter},
                                          {.name = "--junit", .value = &testing.options.junit},
                                          {.name = "--tap", .flag = &testing.options.tap},
                                          {.name = "--json", .flag = &testing.options.json},
                                          {.name = "--update", .flag = &testing.options.update},
                                          {.name = "--verbose", .flag = &testing.options.verbose},
                                          {.name = "-v", .flag = &testing.options.verbose},
                                          {0}};
    int count = command_options(context, argc, argv, rows);
    if (count < 0)
        return EX_USAGE;
    if (testing.options.json && testing.options.tap)
        return command_usage(argv[0], "--json and --tap are two forms of the same");
    testing.generation = loading_generation(context, testing.options.rules);
    if (!testing.generation)
        return EX_CONFIG;
    testing.files = arena_new(256 * 1024);
    testing.arena = arena_new(256 * 1024);
    int status = open_junit(&testing) ? run_all(&testing, count, argv + 1) : EX_CANTCREAT;
    arena_destroy(&testing.arena);
    arena_destroy(&testing.files);
    generation_release(&testing.generation);
    return status;
}
