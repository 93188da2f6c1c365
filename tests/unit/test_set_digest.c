/* The digest of what decides: the same for what says the same, another for each thing that decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/generation.h"
#include "folder_fixture.h"

#define RULE_A "{name: a, on: x, if: total > 5, send: m}\n"
#define RULE_B "{name: b, on: y, again: ignore, steps: [{wait: 1h}, {send: m}]}\n"
#define CONFIG                                                          \
    "policy: {cap: 3 per 7d, consent: 'true'}\nshop: {name: S, a: 1}\n" \
    "segments: {vip: total > 5}\ngateways: {files: {kind: maildir, path: out}}\n"

struct files {
    const char *config, *name, *rules, *more; /* `more`: another file */
};

static const char *digest_of(const struct files *files, char out[SET_DIGEST_SIZE])
{
    char path[FOLDER_FIXTURE_SIZE], file[FOLDER_FIXTURE_SIZE + 16];
    struct diags diags = {0};
    folder_fixture_make(path);
    folder_fixture_put(path, "nudged.yaml", files->config);
    folder_fixture_put(path, files->name, files->rules);
    if (files->more)
        folder_fixture_put(path, "rules/more.yaml", files->more);
    folder_fixture_put(path, "templates/m.text.liquid", "---\nsubject: m\n---\nm");
    snprintf(file, sizeof file, "%s/nudged.yaml", path);
    struct config *config = config_load(file, &diags);
    struct generation *generation = config ? generation_load(config, &diags) : NULL;
    for (size_t i = 0; !generation && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    assert_non_null(generation);
    memcpy(out, generation->digest, SET_DIGEST_SIZE);
    generation_release(&generation);
    config_destroy(&config);
    diags_free(&diags);
    folder_fixture_remove(path);
    return out;
}

static const struct files base = {CONFIG, "rules/all.yaml", RULE_A "---\n" RULE_B, NULL};

static void test_same(void **state)
{
    (void)state;
    static const struct files same[] = {
        {CONFIG, "rules/other.yaml", RULE_B "---\n" RULE_A, NULL},
        {CONFIG, "rules/a.yaml", RULE_B, RULE_A},
        {CONFIG, "rules/all.yaml",
         "# remark\nif: 'total > 5'\nsend: m\non: x\nname: a\n---\n" RULE_B, NULL},
        {"shop:\n  a: 1\n  name: S # remark\ninstance: other\n"
         "segments: {vip: total > 5}\npolicy: {consent: 'true', cap: 3 per 7d}\n"
         "gateways: {files: {kind: maildir, path: elsewhere}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
    };
    char expected[SET_DIGEST_SIZE], digest[SET_DIGEST_SIZE];
    digest_of(&base, expected);
    assert_int_equal(strlen(expected), SET_DIGEST_SIZE - 1);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(digest_of(&same[i], digest), expected);
}

static void test_others(void **state)
{
    (void)state;
    static const struct files others[] = {
        {CONFIG, "rules/all.yaml", RULE_A, NULL},
        {CONFIG, "rules/all.yaml", "{name: a, on: x, if: total > 6, send: m}\n---\n" RULE_B, NULL},
        {CONFIG, "rules/all.yaml",
         "{name: a, on: x, if: total > 5, enabled: false, send: m}\n---\n" RULE_B, NULL},
        {CONFIG "topics: {offers: opt-in}\n", "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {CONFIG "dedupe: {keep: 3d}\n", "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {"policy: {cap: 2 per 7d, consent: 'true'}\nshop: {name: S, a: 1}\n"
         "segments: {vip: total > 5}\ngateways: {files: {kind: maildir, path: out}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {"policy: {cap: 3 per 7d}\nshop: {name: S, a: 1}\n"
         "segments: {vip: total > 5}\ngateways: {files: {kind: maildir, path: out}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {"policy: {cap: 3 per 7d, consent: 'true', quiet_hours: {from: '21:00', to: '08:00'}}\n"
         "shop: {name: S, a: 1}\n"
         "segments: {vip: total > 5}\ngateways: {files: {kind: maildir, path: out}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {"policy: {cap: 3 per 7d, consent: 'true'}\nshop: {name: T, a: 1}\n"
         "segments: {vip: total > 5}\ngateways: {files: {kind: maildir, path: out}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
        {"policy: {cap: 3 per 7d, consent: 'true'}\nshop: {name: S, a: 1}\n"
         "segments: {vip: total > 9}\ngateways: {files: {kind: maildir, path: out}}\n",
         "rules/all.yaml", RULE_A "---\n" RULE_B, NULL},
    };
    enum { COUNT = sizeof others / sizeof *others };
    char digests[COUNT + 1][SET_DIGEST_SIZE];
    digest_of(&base, digests[COUNT]);
    for (size_t i = 0; i < COUNT; i++) {
        digest_of(&others[i], digests[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(digests[i], digests[j]);
        assert_string_not_equal(digests[i], digests[COUNT]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
