/*
 * nudgectl diff: two sets of rules over the same history (simulate/comparison), each in a thread of
 * its own.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/duration.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "ctl/diff_report.h"
#include "ctl/exit_codes.h"
#include "ctl/loading.h"
#include "ctl/simulate_input.h"

enum { SHOWN_MOST = 10, CAP_COUNT = 3, DAY_MS = 24 * 3600 * 1000, CAP_MS = 7 * DAY_MS };

struct diffing {
    struct simulate_input input;
    const char *budget_text;
    bool json, markdown, strict;
    struct budget budget;
    struct people_options people; /* of the cap, then of each item of the budget */
    uint32_t over;                /* of the cap */
    const char *cap;
    struct progress *progress; /* of the new side */
    uint64_t read, shown;
};

/* One of the two. */
struct side {
    struct diffing *diffing;
    struct context context;
    struct generation *generation;
    struct history *history;
    struct simulation_options options;
    struct simulation simulation;
    struct diag diag;
    bool tells, done;
};

/* ---- Two simulations ---- */

static void on_no_event(void *context, const struct diag *diag)
{
    struct side *side = context;
    struct diffing *diffing = side->diffing;
    if (side->tells && ++diffing->shown <= SHOWN_MOST) {
        progress_clear(diffing->progress);
        diag_print(diag, stderr);
    }
}

static void on_dead(void *context, int64_t at_ms, const struct diag *diag)
{
    (void)context, (void)at_ms, (void)diag; /* `simulate` tells */
}

static void on_progress(void *context, uint64_t bytes)
{
    struct side *side = context;
    if (!side->tells)
        return;
    progress_step(side->diffing->progress, bytes - side->diffing->read);
    side->diffing->read = bytes;
}

static void *run(void *context)
{
    struct side *side = context;
    side->done = simulation_run(&side->simulation, &side->options, side->history, &side->diag);
    return NULL;
}

static int run_both(struct side *old, struct side *new)
{
    pthread_t thread;
    bool other = pthread_create(&thread, NULL, run, old) == 0;
    run(new);
    if (other)
        pthread_join(thread, NULL);
    else
        run(old);
    progress_end(&new->diffing->progress);
    if (old->done && new->done)
        return 0;
    const struct diag *diag = new->diag.text[0] ? &new->diag : &old->diag;
    if (diag->text[0])
        context_fail(diag);
    return EX_DATAERR;
}

/* ---- What is given ---- */

/* A folder of rules, or a whole configuration: its file, or a folder with a nudged.yaml. */
static bool load(struct side *side, const char *place, struct arena *arena)
{
    const char *rules = place, *file = arena_printf(arena, "%s/nudged.yaml", place);
    struct stat is;
    if (stat(place, &is) == 0 && !S_ISDIR(is.st_mode))
        file = place;
    if (stat(file, &is) == 0) {
        side->context.config_file = file;
        rules = NULL;
    }
    side->generation = loading_generation(&side->context, rules);
    return side->generation != NULL;
}

static uint32_t span_of(struct diffing *diffing, int64_t per_ms)
{
    struct people_options *people = &diffing->people;
    uint32_t span = 0;
    while (span < people->span_count && people->spans_ms[span] != per_ms)
        span++;
    if (span == people->span_count)
        people->spans_ms[people->span_count++] = per_ms;
    return span;
}

/* Who is over: by the new rules' policy.cap, or 3 per 7d where there is none. */
static bool choose_spans(struct diffing *diffing, const struct policy *policy, struct arena *arena)
{
    char text[DURATION_TEXT_SIZE];
    bool capped = policy->cap.count > 0 && policy->cap.count < PEOPLE_COUNTED_MOST;
    int64_t per_ms = capped ? policy->cap.per_ms : CAP_MS;
    diffing->over = capped ? (uint32_t)policy->cap.count : CAP_COUNT;
    diffing->cap =
        per_ms % DAY_MS
            ? arena_printf(arena, "%u per %s", diffing->over, duration_format(per_ms, text))
            : arena_printf(arena, "%u per %" PRId64 "d", diffing->over, per_ms / DAY_MS);
    diffing->people = (struct people_options){.counted = diffing->over + 1, .by_rule = true};
    span_of(diffing, per_ms);
    for (uint32_t i = 0; i < diffing->budget.count; i++) {
        const struct budget_item *item = &diffing->budget.items[i];
        if (item->kind != BUDGET_OVER)
            continue;
        if (diffing->people.span_count == PEOPLE_SPANS_MOST)
            return false;
        span_of(diffing, item->per_ms);
        if (item->over >= diffing->people.counted)
            diffing->people.counted = item->over + 1;
    }
    return true;
}

static int read_budget(struct diffing *diffing, struct arena *arena)
{
    struct diag diag = {0};
    if (!diffing->budget_text || budget_read(&diffing->budget, diffing->budget_text, arena, &diag))
        return 0;
    diag_file(&diag, "--budget");
    diag_print(&diag, stderr);
    return EX_USAGE;
}

static int open_side(struct side *side, int count, char **names, struct arena *arena)
{
    struct diffing *diffing = side->diffing;
    uint64_t size;
    side->options = (struct simulation_options){.generation = side->generation,
                                                .people = diffing->people,
                                                .strict = diffing->strict,
                                                .on_no_event = on_no_event,
                                                .on_dead = on_dead,
                                                .on_progress = on_progress,
                                                .context = side};
    side->history = history_new(side->generation->policy.zone);
    int status =
        simulate_input_read(&diffing->input, side->generation->policy.zone, arena, &side->options);
    if (!status)
        status = simulate_input_open(&diffing->input, count, names, side->history, &size);
    if (!status && side->tells)
        diffing->progress = progress_start(size, "simulating");
    return status;
}

/* ---- All of it ---- */

static int report(const struct diffing *diffing, const struct side *old, const struct side *new,
                  struct arena *arena)
{
    struct comparison comparison;
    struct comparison_people over[BUDGET_MOST] = {0};
    comparison_make(&comparison, &old->simulation, &new->simulation, 0, diffing->over, arena);
    for (uint32_t i = 0; i < diffing->budget.count; i++) {
        const struct budget_item *item = &diffing->budget.items[i];
        uint32_t span = 0;
        while (item->kind == BUDGET_OVER && diffing->people.spans_ms[span] != item->per_ms)
            span++;
        if (item->kind == BUDGET_OVER)
            over[i] = comparison_over(&old->simulation, &new->simulation, span, item->over);
    }
    const struct diff_report told = {.comparison = &comparison,
                                     .simulation = &new->simulation,
                                     .cap = diffing->cap,
                                     .zone = new->generation->policy.zone,
                                     .budget = &diffing->budget,
                                     .over = over};
    bool kept = diffing->json       ? diff_report_json(&told)
                : diffing->markdown ? diff_report_markdown(&told)
                                    : diff_report_table(&told);
    return kept ? EXIT_SUCCESS : EXIT_CODE_NO;
}

static int compare(struct diffing *diffing, struct side *old, struct side *new, int count,
                   char **arguments, struct arena *arena)
{
    int status = read_budget(diffing, arena);
    if (status)
        return status;
    if (!load(old, arguments[0], arena) || !load(new, arguments[1], arena))
        return EX_CONFIG;
    if (!choose_spans(diffing, &new->generation->policy, arena))
        return command_usage("diff", "`--budget` has too many times");
    status = open_side(old, count - 2, arguments + 2, arena);
    if (!status)
        status = open_side(new, count - 2, arguments + 2, arena);
    if (status)
        return status;
    status = run_both(old, new);
    if (!status)
        status = report(diffing, old, new, arena);
    simulation_free(&old->simulation);
    simulation_free(&new->simulation);
    return status;
}

static void close_side(struct side *side)
{
    history_destroy(&side->history);
    if (side->generation)
        generation_release(&side->generation);
    context_close(&side->context);
}

static bool is_standard(const struct diffing *diffing, int count, char **names)
{
    bool standard = strcmp(diffing->input.events, "-") == 0;
    for (int i = 0; i < count; i++)
        standard = standard || strcmp(names[i], "-") == 0;
    return standard;
}

int command_diff(struct context *context, int argc, char **argv)
{
    struct diffing diffing = {.input = {.command = argv[0]}};
    struct simulate_input *input = &diffing.input;
    const struct command_option rows[] = {
        {.name = "--events", .value = &input->events, .once = true},
        {.name = "--from", .value = &input->from},
        {.name = "--to", .value = &input->to},
        {.name = "--tables", .value = &input->tables},
        {.name = "--suppressed", .value = &input->suppressed},
        {.name = "--parts", .value = &input->parts},
        {.name = "--budget", .value = &diffing.budget_text},
        {.name = "--markdown", .flag = &diffing.markdown},
        {.name = "--json", .flag = &diffing.json},
        {.name = "--strict", .flag = &diffing.strict},
        {0}};
    int count = command_options(context, argc, argv, rows);
    if (count < 0)
        return EX_USAGE;
    if (count < 2)
        return command_usage(argv[0], "two sets of rules are expected: OLD and NEW");
    if (!input->events)
        return command_usage(argv[0], "`--events FILE` is missing");
    if (is_standard(&diffing, count - 2, argv + 3))
        return command_usage(argv[0], "events are read twice: not from standard input");
    struct side old = {.diffing = &diffing, .context = {.config_file = context->config_file}};
    struct side new = {
        .diffing = &diffing, .context = {.config_file = context->config_file}, .tells = true};
    struct arena *arena = arena_new(4096);
    int status = compare(&diffing, &old, &new, count, argv + 1, arena);
    close_side(&old);
    close_side(&new);
    arena_destroy(&arena);
    return status;
}
