/* What a gateway's `per_domain` and `warmup` say, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/yaml.h"
#include "send/gateway.h"
#include "send/gateway_kinds.h"

struct scene {
    struct arena *arena;
    struct diags diags;
    const struct gateway_common *common; /* NULL: it was refused */
};

static void read_gateway(struct scene *scene, const char *keys)
{
    const char *text = arena_printf(scene->arena, "kind: maildir\npath: /tmp/mail\n%s", keys);
    const struct settings_source source = {"nudged.yaml", text, strlen(text)};
    struct value documents;
    const void *settings = NULL;
    struct diag diag;
    const struct yaml_options options = {.file = source.file};
    if (!yaml_read(scene->arena, text, source.length, &options, &documents, &diag))
        fail_msg("%s", diag.text);
    const struct gateway_kind *kind = gateway_kinds_read(&documents.list->items[0], &source,
                                                         scene->arena, &settings, &scene->diags);
    scene->common = kind ? settings : NULL;
}

static int open_scene(void **state)
{
    static struct scene scene;
    scene = (struct scene){.arena = arena_new(4096)};
    *state = &scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    diags_free(&scene->diags);
    arena_destroy(&scene->arena);
    return 0;
}

static void test_sound(void **state)
{
    struct scene *scene = *state;
    read_gateway(scene, "per_domain:\n"
                        "  GMail.com: {rate: 100 per 1m, connections: 4}\n"
                        "  bücher.example: {connections: 1}\n"
                        "  default: {rate: 10 per 1s}\n"
                        "warmup: {first: 200, growth: 2, until: 20000}\n");
    assert_non_null(scene->common);
    const struct bounds *bounds = &scene->common->bounds;
    assert_int_equal(bounds->domain_count, 3);
    assert_string_equal(bounds->domains[0].name, "gmail.com");
    assert_int_equal(bounds->domains[0].rate.count, 100);
    assert_int_equal(bounds->domains[0].rate.per_ms, 60000);
    assert_int_equal(bounds->domains[0].connections, 4);
    assert_string_equal(bounds->domains[1].name, "xn--bcher-kva.example");
    assert_int_equal(bounds->domains[1].rate.count, 0);
    assert_string_equal(bounds->domains[2].name, "");
    assert_int_equal(bounds->domains[2].connections, 0);
    assert_int_equal(bounds->first, 200);
    assert_true(bounds->growth == 2);
    assert_int_equal(bounds->until, 20000);
}

static void test_absent(void **state)
{
    static const char *const rows[] = {"", "per_domain: {}\nwarmup: {}\n",
                                       "per_domain: ~\nwarmup:\n"};
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_gateway(scene, rows[i]);
        assert_non_null(scene->common);
        assert_int_equal(scene->common->bounds.domain_count, 0);
        assert_int_equal(scene->common->bounds.first, 0);
    }
    read_gateway(scene, "warmup: {first: 20, until: 100}\n");
    assert_true(scene->common->bounds.growth == 1.5);
}

static void test_faults(void **state)
{
    static const struct {
        const char *keys, *text, *excerpt;
    } rows[] = {
        {"per_domain: [gmail.com]\n", "`per_domain` must be a mapping", "per_domain: [gmail.com]"},
        {"per_domain: {gmail.com: 100 per 1m}\n", "a domain has `rate`, `connections` or both",
         "100 per 1m"},
        {"per_domain: {gmail.com: {}}\n", "a domain needs `rate`, `connections` or both", "{}"},
        {"per_domain: {ana@gmail.com: {connections: 1}}\n", "`ana@gmail.com` is no domain",
         "ana@gmail.com"},
        {"per_domain: {\"g mail\": {connections: 1}}\n", "`g mail` is no domain", "g mail"},
        {"per_domain: {a.example: {rate: fast}}\n", "rate", "fast"},
        {"per_domain: {a.example: {connections: 1000}}\n", "connections", "1000"},
        {"per_domain: {a.example: {conections: 1}}\n", "unknown key `conections`", "conections"},
        {"per_domain: {a.example: {connections: 1}, A.example: {connections: 2}}\n",
         "this domain stands here already", "A.example"},
        {"warmup: {first: 200}\n", "`warmup` needs `until`", "{first: 200}"},
        {"warmup: {until: 200}\n", "`warmup` needs `first`", "{until: 200}"},
        {"warmup: {first: 200, growth: 1, until: 2000}\n", "`growth` must be a number above 1",
         "1"},
        {"warmup: {first: 200, growth: much, until: 2000}\n", "`growth` must be a number above 1",
         "much"},
        {"warmup: {first: 0, until: 2000}\n", "first", "0"},
        {"warmup: 200\n", "warmup", "200"},
    };
    struct scene *scene = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_gateway(scene, rows[i].keys);
        if (scene->common || scene->diags.count != 1)
            fail_msg("%s: %zu faults", rows[i].keys, scene->diags.count);
        const struct diag *diag = &scene->diags.items[0];
        if (!strstr(diag->text, rows[i].text) || diag->line != 3 ||
            !strstr(diag->excerpt, rows[i].excerpt))
            fail_msg("%s: %u: %s", rows[i].keys, diag->line, diag->text);
        diags_free(&scene->diags);
        scene->diags = (struct diags){0};
    }
}

static void test_too_many(void **state)
{
    struct scene *scene = *state;
    const char *keys = "per_domain:\n";
    for (int i = 0; i <= BOUNDS_DOMAINS_MOST; i++)
        keys = arena_printf(scene->arena, "%s  d%d.example: {connections: 1}\n", keys, i);
    read_gateway(scene, keys);
    assert_null(scene->common);
    assert_non_null(strstr(scene->diags.items[0].text, "a mapping of at most 64 domains"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_sound), TEST(test_absent), TEST(test_faults),
                                       TEST(test_too_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
