/*
 * nudgectl explain CUSTOMER: who that is, how they stand now (ctl/explain_head), and what was
 * decided about them, oldest first (ctl/explain_lines); with --event what would be
 * (ctl/forecast).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/json.h"
#include "config/generation.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/explain_head.h"
#include "ctl/explain_lines.h"
#include "ctl/forecast.h"
#include "ctl/json_line.h"
#include "ctl/local_time.h"
#include "ctl/overall.h"
#include "ctl/plain.h"
#include "ctl/subject.h"

struct explain {
    const char *event, *at, *rules; /* of --event */
    struct context *context;
    struct subject *subject;
    struct generation *generation; /* NULL: rules or templates are broken */
    struct zone *zone;             /* of the shop */
    struct explain_filter filter;
    bool json;
};

/* ---- Nobody ---- */

static void hint_time(const struct explain *explain, const char *text, int64_t ms)
{
    char time[LOCAL_TIME_SIZE];
    fprintf(stderr, "hint: %s %s\n", text, local_time_format(explain->zone, ms, time));
}

/* Each no that stands under the name, but for what the name before it was told of: a key that is an
 * address is two names. */
static bool hint_noes(const struct explain *explain, const struct subject_name *name,
                      const struct subject_name *before)
{
    struct arena *arena = explain->subject->arena;
    bool told = false;
    for (uint32_t i = 0; i < name->said.noes.count; i++) {
        const struct customer_said *no = &name->said.noes.items[i];
        bool again = false;
        for (uint32_t k = 0; before && k < before->said.noes.count; k++)
            again = again || (strcmp(before->said.noes.items[k].topic, no->topic) == 0 &&
                              before->said.noes.items[k].at_ms == no->at_ms);
        if (!no->yes && !again)
            hint_time(explain,
                      arena_printf(arena, "no to %s, said under %s at", no->topic,
                                   plain_of(arena, name->text)),
                      no->at_ms);
        told = told || !no->yes;
    }
    return told;
}

/* What stands of somebody of whom nothing else is known. */
static bool hint_names(const struct explain *explain)
{
    const struct subject *subject = explain->subject;
    bool told = false;
    if (subject_erased_ms(subject)) {
        hint_time(explain, "they were erased at", subject_erased_ms(subject));
        told = true;
    }
    for (uint32_t i = 0; i < subject->name_count; i++) {
        const struct subject_name *name = &subject->names[i];
        if (name->suppressed)
            fprintf(stderr, "hint: the address is suppressed: `nudgectl suppress ls`\n");
        bool noes = hint_noes(explain, name, i ? name - 1 : NULL);
        told = told || name->suppressed || noes;
    }
    return told;
}

/* What was pushed a moment ago, or while no daemon ran, is still to be decided. */
static bool hint_events(const struct explain *explain)
{
    const struct shards *shards = explain->subject->shards;
    struct arena *arena = explain->subject->arena;
    struct survey *each = arena_zero(arena, sizeof *each * shards->count), all = {0};
    struct diag ignored;
    const char *list = explain->context->config->keys.events.list;
    if (!overall_survey(shards, list, arena, &all, each, &ignored) || all.events + all.inbox == 0)
        return false;
    fprintf(stderr, "hint: %" PRId64 " event%s still to be decided: `nudgectl status`\n",
            all.events + all.inbox, all.events + all.inbox == 1 ? " is" : "s are");
    return true;
}

static int tell_nobody(const struct explain *explain, const char *name)
{
    struct arena *arena = explain->subject->arena;
    if (strchr(name, '@') && !strchr(name, ':'))
        fprintf(stderr, "nudgectl: no customer has the address %s\n", plain_of(arena, name));
    else
        fprintf(stderr, "nudgectl: nothing is known of the customer %s\n",
                plain_of(arena, explain->subject->key));
    if (!hint_names(explain) && !hint_events(explain))
        fprintf(stderr, "hint: a customer is named by an id (7 or id:7), another key of "
                        "`customer.keys`, or an address\n");
    return EXIT_CODE_NO;
}

/* ---- The trace ---- */

/* The lines that are shown, the oldest first. One that cannot be read is passed over. */
static struct value read_lines(const struct explain *explain)
{
    const struct subject *subject = explain->subject;
    struct value lines = value_new_list(subject->arena, (uint32_t)subject->trace->count);
    for (size_t i = subject->trace->count; i-- > 0;) {
        const struct reply *text = reply_item(subject->trace, i);
        struct value line;
        struct diag diag;
        if (json_read(subject->arena, text->text, text->length, &json_file_limits, &line, &diag) &&
            line.kind == VALUE_MAP && explain_lines_filter(&explain->filter, subject->arena, &line))
            value_push(subject->arena, lines, line);
    }
    return lines;
}

/* A rule that no line is about may be a misspelt one. */
static int tell_no_lines(const struct explain *explain)
{
    const struct ruleset *rules = explain->generation ? explain->generation->rules : NULL;
    struct arena *arena = explain->subject->arena;
    size_t count = rules ? ruleset_count(rules) : 0;
    const char **names = arena_alloc(arena, sizeof *names * (count + 1));
    struct diag diag = {0};
    for (size_t i = 0; i < count; i++)
        names[i] = ruleset_at(rules, i)->name;
    names[count] = NULL;
    diag_error(&diag, "no line of their trace is about the rule `%s`", explain->filter.rule);
    if (rules && !ruleset_find(rules, explain->filter.rule))
        diag_suggest(&diag, explain->filter.rule, names);
    return context_fail(&diag);
}

static int show(const struct explain *explain)
{
    struct arena *arena = explain->subject->arena;
    struct value head;
    struct diag diag = {0};
    const struct value lines = read_lines(explain);
    if (!explain_head(explain->subject, explain->generation ? explain->generation->rules : NULL,
                      &head, &diag))
        return context_fail(&diag);
    if (explain->json) {
        json_line_print(&head);
        for (uint32_t i = 0; i < value_count(&lines); i++)
            json_line_print(&lines.list->items[i]);
    } else {
        explain_head_print(&head, explain->zone, arena);
        printf("%s", value_count(&lines) ? "\n" : "");
        explain_lines_print(&lines, explain->zone, arena);
    }
    if (explain->filter.rule && !value_count(&lines))
        return tell_no_lines(explain);
    return EXIT_SUCCESS;
}

/* ---- The command ---- */

static struct generation *load_quietly(const struct config *config)
{
    struct diags diags = {0};
    struct generation *generation = generation_load(config, &diags);
    diags_free(&diags);
    return generation;
}

static bool is_known(const struct subject *subject)
{
    return subject->document.text || subject->trace->count || subject->start_count;
}

static int show_person(struct explain *explain, const char *name, int64_t since_ms)
{
    struct diag diag = {0};
    if (!subject_read_own(explain->subject, &diag)) {
        const struct shards *shards = explain->subject->shards;
        shards_blame(shards, shards_of(shards, explain->subject->key), &diag);
        return context_fail(&diag);
    }
    if (!is_known(explain->subject))
        return tell_nobody(explain, name);
    if (since_ms)
        explain->filter.since_ms = explain->subject->now_ms - since_ms;
    explain->generation = load_quietly(explain->context->config);
    int status = show(explain);
    if (explain->generation)
        generation_release(&explain->generation);
    return status;
}

/* Without it no key leads to another, and no address to what was said of it. */
static void need_secret(struct config *config)
{
    static const unsigned char another[] = "whoever may not read the installation's own";
    struct diag ignored;
    if (config_secret(config, false, &ignored))
        return;
    config->secret = another;
    config->secret_length = sizeof another - 1;
}

static int show_named(struct context *context, const struct shards *shards, const char *name,
                      struct explain *explain, int64_t since_ms)
{
    int status = EXIT_SUCCESS;
    explain->context = context;
    explain->zone = zone_or_utc(context->config->zone);
    need_secret(context->config);
    explain->subject = subject_open(context, shards, name, &status);
    if (explain->subject)
        status = show_person(explain, name, since_ms);
    subject_close(&explain->subject);
    return status;
}

static int try_event(struct context *context, const struct shards *shards, const char *name,
                     const struct explain *explain)
{
    const struct forecast forecast = {.context = context,
                                      .shards = shards,
                                      .customer = name,
                                      .event = explain->event,
                                      .at = explain->at,
                                      .rules = explain->rules,
                                      .filter = explain->filter,
                                      .json = explain->json};
    return forecast_event(&forecast);
}

int command_explain(struct context *context, int argc, char **argv)
{
    struct explain explain = {.json = false};
    const char *since = NULL;
    int64_t since_ms = 0;
    const struct command_option options[] = {{.name = "--json", .flag = &explain.json},
                                             {.name = "--rule", .value = &explain.filter.rule},
                                             {.name = "--since", .value = &since},
                                             {.name = "--event", .value = &explain.event},
                                             {.name = "--at", .value = &explain.at},
                                             {.name = "--rules", .value = &explain.rules},
                                             {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (!explain.event && (explain.at || explain.rules))
        return command_usage(argv[0], "--at and --rules go with --event");
    if (count != 1 && !(explain.event && count == 0))
        return command_usage(argv[0], "one customer is expected, such as id:7 or ana@example.com");
    if (since && (!duration_parse(since, strlen(since), &since_ms) || since_ms == 0))
        return command_usage(argv[0], "--since is a length of time, such as 7d or 12h");
    const struct shards *shards = shards_open_some(context);
    if (!shards)
        return EX_UNAVAILABLE;
    int status = explain.event ? try_event(context, shards, count ? argv[1] : NULL, &explain)
                               : show_named(context, shards, argv[1], &explain, since_ms);
    return shards_end(shards, status, "who stands there is not found by an address");
}
