/*
 * nudgectl simulate: what rules would have sent over a history of events (simulate/simulation).
 * Faults go to standard error, figures and messages to standard output.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/loading.h"
#include "ctl/rule_test_time.h"
#include "ctl/simulate_input.h"
#include "ctl/simulate_report.h"
#include "ctl/simulate_subject.h"
#include "simulate/simulation.h"

enum { SHOWN_MOST = 10 };

struct options {
    struct simulate_input input;
    const char *rules, *messages, *threads;
    bool json, strict, render;
};

struct simulating {
    struct options options;
    const struct generation *generation;
    struct arena *arena; /* of one fault */
    FILE *messages;      /* NULL: nobody asks for them */
    struct progress *progress;
    uint64_t read; /* bytes, as progress knows */
    uint64_t shown;
};

/* ---- What comes of it ---- */

static void put(struct buf *line, const char *name, const char *text)
{
    buf_printf(line, ",\"%s\":", name);
    json_print_string(line, text, strlen(text));
}

/* Or why there is none. */
static void put_subject(const struct simulating *simulating,
                        const struct simulation_message *message, struct buf *line)
{
    struct diag diag = {0};
    struct arena *arena = arena_new(64 * 1024);
    const char *subject = simulate_subject(simulating->generation, message, arena, &diag);
    put(line, subject ? "subject" : "fault", subject ? subject : diag.text);
    arena_destroy(&arena);
}

static void on_message(void *context, const struct simulation_message *message, struct buf *line)
{
    const struct simulating *simulating = context;
    const struct decision_message *sent = message->sent;
    buf_printf(line, "{\"time\":%" PRId64, message->at_ms);
    put(line, "customer", message->customer);
    put(line, "rule", sent->rule->name);
    put(line, "template", sent->step->template);
    put(line, "channel", sent->step->channel);
    put(line, "to", sent->address.text);
    put(line, "topic", sent->rule->topic);
    if (simulating->options.render)
        put_subject(simulating, message, line);
    buf_text(line, "}\n");
}

static void on_line(void *context, struct slice line)
{
    struct simulating *simulating = context;
    fwrite(line.text, 1, line.length, simulating->messages);
}

/* The first are shown. */
static bool may_show(struct simulating *simulating)
{
    if (++simulating->shown > SHOWN_MOST)
        return false;
    progress_clear(simulating->progress);
    return true;
}

static void on_no_event(void *context, const struct diag *diag)
{
    struct simulating *simulating = context;
    if (may_show(simulating))
        diag_print(diag, stderr);
}

static void on_dead(void *context, int64_t at_ms, const struct diag *diag)
{
    struct simulating *simulating = context;
    arena_reset(simulating->arena);
    if (may_show(simulating))
        fprintf(stderr, "nudgectl: %s: %s\n",
                rule_test_time_text(simulating->arena, at_ms, simulating->generation->policy.zone),
                diag->text);
}

static void on_progress(void *context, uint64_t bytes)
{
    struct simulating *simulating = context;
    progress_step(simulating->progress, bytes - simulating->read);
    simulating->read = bytes;
}

/* ---- Messages ---- */

static bool open_messages(struct simulating *simulating)
{
    const char *name = simulating->options.messages;
    if (!name)
        return true;
    simulating->messages = strcmp(name, "-") == 0 ? stdout : fopen(name, "we");
    if (simulating->messages)
        return true;
    fprintf(stderr, "nudgectl: %s: %s\n", name, strerror(errno));
    return false;
}

static bool close_messages(struct simulating *simulating)
{
    if (!simulating->messages)
        return true;
    bool written = fflush(simulating->messages) == 0 && !ferror(simulating->messages);
    if (simulating->messages != stdout && fclose(simulating->messages) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "nudgectl: %s: %s\n", simulating->options.messages, strerror(errno));
    return written;
}

/* ---- All of it ---- */

static void report(const struct simulating *simulating, const struct simulation *simulation)
{
    FILE *out = simulating->messages == stdout ? stderr : stdout;
    if (simulating->shown > SHOWN_MOST)
        fprintf(stderr, "nudgectl: and %" PRIu64 " more of these\n",
                simulating->shown - SHOWN_MOST);
    if (simulating->options.json)
        simulate_report_json(out, simulation);
    else
        simulate_report_table(out, simulation, simulating->generation->policy.zone);
}

static int run(struct simulating *simulating, struct history *history,
               const struct simulation_options *options)
{
    struct simulation simulation;
    struct diag diag = {0};
    bool done = simulation_run(&simulation, options, history, &diag);
    progress_end(&simulating->progress);
    if (!done && diag.text[0])
        context_fail(&diag);
    if (!close_messages(simulating)) {
        simulation_free(&simulation);
        return EX_IOERR;
    }
    if (done)
        report(simulating, &simulation);
    simulation_free(&simulation);
    return done ? EXIT_SUCCESS : EX_DATAERR;
}

static bool one_thread(const struct simulating *simulating)
{
    return simulating->options.threads && strcmp(simulating->options.threads, "1") == 0;
}

static int simulate(struct simulating *simulating, int count, char **names)
{
    struct arena *arena = arena_new(64 * 1024);
    struct history *history = history_new(simulating->generation->policy.zone);
    struct simulation_options options = {.generation = simulating->generation,
                                         .people = {.spans_ms = {SIMULATE_REPORT_SPAN_MS},
                                                    .span_count = 1,
                                                    .counted = SIMULATE_REPORT_MOST},
                                         .threads = one_thread(simulating) ? 1 : 2,
                                         .bodies = simulating->options.render,
                                         .strict = simulating->options.strict,
                                         .on_message =
                                             simulating->options.messages ? on_message : NULL,
                                         .on_line = on_line,
                                         .on_no_event = on_no_event,
                                         .on_dead = on_dead,
                                         .on_progress = on_progress,
                                         .context = simulating};
    const struct simulate_input *input = &simulating->options.input;
    uint64_t size;
    int status = simulate_input_read(input, simulating->generation->policy.zone, arena, &options);
    if (!status)
        status = simulate_input_open(input, count, names, history, &size);
    if (!status && options.on_message &&
        simulate_input_has(input, count, names, simulating->options.messages))
        status = command_usage(input->command, "`--messages %s`: that file is read",
                               simulating->options.messages);
    if (!status && !open_messages(simulating))
        status = EX_CANTCREAT;
    if (!status) {
        simulating->progress = progress_start(size, "simulating");
        status = run(simulating, history, &options);
    }
    history_destroy(&history);
    arena_destroy(&arena);
    return status;
}

int command_simulate(struct context *context, int argc, char **argv)
{
    struct simulating simulating = {0};
    struct options *options = &simulating.options;
    struct simulate_input *input = &options->input;
    const struct command_option rows[] = {
        {.name = "--events", .value = &input->events, .once = true},
        {.name = "--from", .value = &input->from},
        {.name = "--to", .value = &input->to},
        {.name = "--rules", .value = &options->rules},
        {.name = "--tables", .value = &input->tables},
        {.name = "--suppressed", .value = &input->suppressed},
        {.name = "--messages", .value = &options->messages},
        {.name = "--threads", .value = &options->threads},
        {.name = "--parts", .value = &input->parts},
        {.name = "--render", .flag = &options->render},
        {.name = "--json", .flag = &options->json},
        {.name = "--strict", .flag = &options->strict},
        {0}};
    int count = command_options(context, argc, argv, rows);
    if (count < 0)
        return EX_USAGE;
    input->command = argv[0];
    if (options->threads && strcmp(options->threads, "1") != 0 &&
        strcmp(options->threads, "2") != 0)
        return command_usage(argv[0], "`--threads %s`: it is 1 or 2", options->threads);
    if (!input->events)
        return count > 0 ? command_usage(argv[0], "`--events %s` is meant, not `%s` alone", argv[1],
                                         argv[1])
                         : command_usage(argv[0], "`--events FILE` is missing");
    struct generation *generation = loading_generation(context, options->rules);
    if (!generation)
        return EX_CONFIG;
    simulating.generation = generation;
    simulating.arena = arena_new(64 * 1024);
    int status = simulate(&simulating, count, argv + 1);
    arena_destroy(&simulating.arena);
    generation_release(&generation);
    return status;
}
