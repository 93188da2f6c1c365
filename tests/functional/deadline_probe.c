/*
 * deadline_probe RULES FROM TO: decides an event of a new customer for each line "ms zone" of
 * standard input, and prints when its journey goes on, in ms; 0 where it does not wait. RULES is a
 * folder; FROM and TO are the quiet hours in minutes of the day, -1: none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/rule_files.h"
#include "decide/decide.h"

static struct ruleset *load(const char *folder)
{
    const struct ruleset_settings settings = {0};
    struct diags diags = {0};
    struct ruleset *rules = rule_files_load(folder, &settings, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return rules;
}

static struct shop_event *event_of(struct arena *arena, int64_t at_ms, const char *zone)
{
    static const char *const paths[] = {"customer.id", NULL};
    static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
    struct shop_event *event = arena_zero(arena, sizeof *event);
    struct diag diag;
    const char *text =
        arena_printf(arena,
                     "{\"type\":\"a\",\"id\":\"1\",\"customer\":{\"id\":\"1\",\"email\":"
                     "\"a@example.com\",\"accepts_marketing\":true,\"timezone\":\"%s\"}}",
                     zone);
    const char *entry = arena_printf(arena, "%" PRId64 "-0", at_ms);
    if (!shop_event_read(arena, text, strlen(text), entry, &form, event, &diag)) {
        fprintf(stderr, "deadline_probe: %s\n", diag.text);
        exit(1);
    }
    return event;
}

static int64_t decide_at(const struct ruleset *rules, const struct policy *policy,
                         struct arena *arena, int64_t at_ms, const char *zone)
{
    const struct shop_event *event = event_of(arena, at_ms, zone);
    struct decision decision;
    const struct decide_input input = {.rules = rules,
                                       .policy = policy,
                                       .customer = customer_new(arena, event->key),
                                       .events = &event,
                                       .event_count = 1,
                                       .now_ms = at_ms};
    decide(&input, arena, &decision);
    return decision.deadline_ms;
}

int main(int argc, char **argv)
{
    char zone[64];
    int64_t at_ms;
    struct ruleset *rules = argc == 4 ? load(argv[1]) : NULL;
    if (!rules) {
        fprintf(stderr, "usage: deadline_probe RULES FROM TO < LINES\n");
        return 2;
    }
    const struct policy policy = {.quiet_from = atoi(argv[2]),
                                  .quiet_to = atoi(argv[3]),
                                  .dedupe_keep_ms = 1000,
                                  .zone = "UTC",
                                  .shop = value_null(),
                                  .secret = (const unsigned char *)"secret",
                                  .secret_length = 6};
    struct arena *arena = arena_new(64 * 1024);
    while (scanf("%" SCNd64 " %63s", &at_ms, zone) == 2) {
        printf("%" PRId64 "\n", decide_at(rules, &policy, arena, at_ms, zone));
        arena_reset(arena);
    }
    arena_destroy(&arena);
    ruleset_destroy(&rules);
    return 0;
}
