/*
 * Files of rules: events.yaml, a NUL, and a file of rules; or rules alone. What is a set decides an
 * event of each type that it knows, and then the journeys that these began, until none waits.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml.h"
#include "decide/decide.h"
#include "rules/rule_expression.h"

enum { ROUNDS = 8 };

static const char data_text[] =
    "\"id\":\"e-1\",\"customer\":{\"id\":\"7\",\"email\":\"ana@example.com\",\"tier\":\"gold\","
    "\"accepts_marketing\":true},\"order\":{\"id\":\"o-1\",\"total\":79.9,\"items\":[{\"price\":5}]"
    "},"
    "\"cart\":{\"id\":\"c-1\",\"total\":80,\"items\":[{\"sku\":\"TEA\"}]}}";

static const int64_t begin_ms = 1772445600000, day_ms = 86400000;

static bool add_file(struct arena *arena, struct ruleset_builder *builder, struct slice text,
                     bool events)
{
    const struct yaml_options options = {.file = events ? "events.yaml" : "rules.yaml",
                                         .bytes = 65536,
                                         .nodes = 5000,
                                         .expression_keys = events ? NULL : rule_expression_keys};
    const struct settings_source source = {options.file, text.text, text.length};
    struct value documents;
    struct diag diag = {0};
    if (!yaml_read(arena, text.text, text.length, &options, &documents, &diag))
        return false;
    if (events)
        return ruleset_add_events(builder, &source, &documents);
    ruleset_note_fields(builder, &documents);
    ruleset_add_rules(builder, &source, &documents);
    return true;
}

static struct ruleset *read_set(const char *text, size_t size, struct diags *diags)
{
    static const struct ruleset_settings settings = {.now_ms = begin_ms};
    struct arena *arena = arena_new(64 * 1024);
    struct ruleset_builder *builder = ruleset_begin(arena, &settings, diags);
    const char *end = memchr(text, '\0', size), *rules = end ? end + 1 : text;
    bool good = (!end || add_file(arena, builder, slice_between(text, end), true)) &&
                add_file(arena, builder, slice_between(rules, text + size), false);
    struct ruleset *set = ruleset_finish(&builder);
    if (set && diags->errors)
        abort();
    if (!good)
        ruleset_destroy(&set);
    return set;
}

/* In the arena, as what is read of it refers to it. */
static const char *event_text(struct arena *arena, const char *type)
{
    struct buf text;
    buf_init(&text, 65536);
    buf_text(&text, "{\"type\":");
    json_print_string(&text, type, strlen(type));
    buf_printf(&text, ",%s", data_text);
    const char *copy = arena_copy(arena, buf_string(&text), text.length);
    buf_free(&text);
    return copy;
}

static void run(const struct ruleset *set, struct customer *customer, const char *type,
                int64_t now_ms, struct arena *arena)
{
    static const char *const paths[] = {"customer.id", NULL};
    static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
    const struct policy policy = {.key_paths = paths,
                                  .zone = "Europe/Helsinki",
                                  .dedupe_keep_ms = 7 * day_ms,
                                  .secret = (const unsigned char *)"secret",
                                  .secret_length = 6};
    struct shop_event *event = arena_zero(arena, sizeof *event); /* journeys refer to it */
    const struct shop_event *const events = event;
    struct diag diag;
    struct decision decision;
    const char *text = event_text(arena, type ? type : "none");
    bool good =
        type && shop_event_read(arena, text, strlen(text), "1772445600000-0", &form, event, &diag);
    const struct decide_input input = {.rules = set,
                                       .policy = &policy,
                                       .customer = customer,
                                       .events = &events,
                                       .event_count = good,
                                       .due_ms = now_ms,
                                       .now_ms = now_ms};
    decide(&input, arena, &decision);
}

/* Every rule's first event, and then day after day. */
static void decide_all(const struct ruleset *set)
{
    struct arena *arena = arena_new(64 * 1024);
    struct customer *customer = customer_new(arena, "id:7");
    int64_t now_ms = begin_ms;
    for (size_t i = 0; i < ruleset_count(set) && i < ROUNDS; i++) {
        const struct rule *rule = ruleset_at(set, i);
        run(set, customer, rule->on ? rule->on[0] : NULL, now_ms += 1000, arena);
    }
    for (int i = 0; i < ROUNDS; i++)
        run(set, customer, NULL, now_ms += i * day_ms, arena);
    arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diags diags = {0};
    struct ruleset *set = read_set((const char *)data, size, &diags);
    for (size_t i = 0; i < diags.count; i++)
        if (!diags.items[i].text[0])
            abort();
    if (set)
        decide_all(set);
    ruleset_destroy(&set);
    diags_free(&diags);
    return 0;
}
