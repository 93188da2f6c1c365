/*
 * nudgectl top: how nudged stands (ctl/standing), drawn anew each second with what happened since:
 * by gateway and by rule, over all daemons. A daemon or a Redis that goes away is told among what
 * is wrong, and asked again each time.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "ctl/cells.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/pace.h"
#include "ctl/screen.h"
#include "ctl/standing_wrong.h"
#include "ctl/top_page.h"

enum {
    FIRST_CHUNK = 256 * 1024,
    PAGE_MOST = 1 << 20,
    TIMEOUT_MS = 1000, /* a key is not heard for so long … */
    ANSWER_MS = 3000,  /* … or, where Redis hangs, for that */
    LEAST_MS = 100,
    MOST_MS = 60 * 60 * 1000
};

struct top {
    struct standing_source source;
    struct standing *standing;
    struct arena *arena; /* of one look */
    struct pace *all, *gateways, *rules;
    int64_t interval_ms;
};

/* ---- Counting ---- */

static void count_all(struct top *top)
{
    for (size_t i = 0; i < top->standing->daemon_count; i++) {
        const struct value *said = &top->standing->daemons[i].said;
        pace_add(top->all, "all", TOP_EVENTS, daemons_number(said, "decided"));
        pace_add(top->all, "all", TOP_MESSAGES, daemons_number(said, "sent"));
    }
}

static void count_gateways(struct top *top)
{
    for (size_t i = 0; i < top->standing->gateway_count; i++) {
        const struct standing_gateway *gateway = &top->standing->gateways[i];
        pace_add(top->gateways, gateway->name, TOP_SENT, gateway->sent);
        pace_add(top->gateways, gateway->name, TOP_RETRIED, gateway->retried);
        pace_add(top->gateways, gateway->name, TOP_REFUSED, gateway->refused);
    }
}

/* [decided, sent, held back], by the name of the rule (app/rule_counts). */
static void count_rules(struct top *top, const struct value *said)
{
    const struct value *rules = value_get(said, "by_rule");
    for (uint32_t i = 0; value_is(rules, VALUE_MAP) && i < value_count(rules); i++) {
        const struct value_member *member = &rules->map->members[i];
        const char *rule = value_to_text(top->arena, &member->key);
        uint32_t counts = value_is(&member->value, VALUE_LIST) ? value_count(&member->value) : 0;
        int64_t count = 0;
        for (uint32_t j = 0; rule && j < counts && j < PACE_COUNTS; j++)
            if (value_to_int(&member->value.list->items[j], &count))
                pace_add(top->rules, rule, j, count);
    }
}

static void look(struct top *top)
{
    arena_reset(top->arena);
    top->standing = arena_zero(top->arena, sizeof *top->standing);
    standing_read(&top->source, top->arena, top->standing);
    standing_wrong_find(top->standing, top->arena);
    int64_t now_ms = clock_monotonic_ms();
    pace_begin(top->all, now_ms);
    pace_begin(top->gateways, now_ms);
    pace_begin(top->rules, now_ms);
    count_all(top);
    count_gateways(top);
    for (size_t i = 0; i < top->standing->daemon_count; i++)
        count_rules(top, &top->standing->daemons[i].said);
}

/* ---- Drawing ---- */

static void draw(const struct top *top)
{
    struct status_page_size size;
    struct buf page;
    cells_of_terminal(&size.columns, &size.lines);
    const struct top_page input = {.standing = top->standing,
                                   .all = top->all,
                                   .gateways = top->gateways,
                                   .rules = top->rules,
                                   .size = size};
    buf_init(&page, PAGE_MOST);
    top_page_write(&input, &page);
    screen_draw(&page, size.lines);
    buf_free(&page);
}

/* Until `q` or a signal. */
static void run(struct top *top)
{
    enum screen_event event = SCREEN_TIME;
    char key = ' ';
    do {
        if (event == SCREEN_TIME || (event == SCREEN_KEY && key == ' '))
            look(top);
        draw(top);
        event = screen_wait(top->interval_ms, &key);
    } while (event != SCREEN_END && !(event == SCREEN_KEY && (key == 'q' || key == 'Q')));
}

static int open_and_run(struct top *top)
{
    if (!screen_open()) {
        fprintf(stderr, "nudgectl: `top` needs a terminal\n"
                        "hint: `nudgectl status` prints the same once\n");
        return EX_USAGE;
    }
    top->arena = arena_new(FIRST_CHUNK);
    top->all = pace_new();
    top->gateways = pace_new();
    top->rules = pace_new();
    run(top);
    int number = screen_close();
    pace_destroy(&top->rules);
    pace_destroy(&top->gateways);
    pace_destroy(&top->all);
    arena_destroy(&top->arena);
    standing_close(&top->source);
    if (number == SIGTERM || number == SIGHUP)
        raise(number);
    return number ? EXIT_CODE_INTERRUPTED : EXIT_SUCCESS;
}

/* ---- The command line ---- */

/* Seconds where there is no unit. */
static bool read_interval(const char *text, int64_t *ms)
{
    char with_unit[32];
    bool bare = *text && strspn(text, "0123456789.") == strlen(text);
    snprintf(with_unit, sizeof with_unit, "%s%s", text, bare ? "s" : "");
    return duration_parse(with_unit, strlen(with_unit), ms) && *ms >= LEAST_MS && *ms <= MOST_MS;
}

int command_top(struct context *context, int argc, char **argv)
{
    const char *interval = "1s";
    struct top top = {
        .source = {.context = context, .timeout_ms = TIMEOUT_MS, .answer_ms = ANSWER_MS}};
    const struct command_option options[] = {{.name = "--interval", .value = &interval}, {0}};
    if (!command_no_arguments(command_options(context, argc, argv, options), argv))
        return EX_USAGE;
    if (!read_interval(interval, &top.interval_ms))
        return command_usage(argv[0], "--interval takes 100ms to 1h, not `%s`", interval);
    return context_config(context) ? open_and_run(&top) : EXIT_FAILURE;
}
