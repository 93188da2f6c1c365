/*
 * The page, top down: who runs (head), what is wrong with the command that helps, the figures, and
 * three tables: daemons (where there are several), channels, gateways. Of the tables each gets as
 * many lines as are left when those above it have theirs.
 */
#include "ctl/status_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/age.h"
#include "ctl/cells.h"
#include "ctl/columns.h"

enum { WRONG_MOST = 7, HEAD = 2, FIGURES = 5, LABEL = 10, SHARD_FIGURES = 7 };

/* ---- Lines ---- */

/* Ends a line that began at `start`, cut to the width; it bears no colour. */
static void end_line(struct buf *out, size_t start, size_t columns)
{
    if (columns && cells_width(buf_string(out) + start) > columns) {
        buf_cut(out, start + cells_fit(buf_string(out) + start, columns - 1));
        buf_text(out, "…");
    }
    buf_char(out, '\n');
}

static const char *text_in(const struct value *said, const char *name, struct arena *arena)
{
    const char *text = value_to_text(arena, value_get(said, name));
    return text ? text : "?";
}

/* ---- Who runs ---- */

static void put_first_daemon(const struct standing *standing, struct arena *arena, struct buf *out)
{
    const struct daemons_item *daemon = &standing->daemons[0];
    char age[AGE_SIZE];
    int64_t reloaded_ms = daemons_time(&daemon->said, "reloaded_at");
    int64_t rules = daemons_number(&daemon->said, "rules");
    buf_printf(out, "%s%s%s, ", text_in(&daemon->said, "state", arena), *daemon->name ? " as " : "",
               daemon->name);
    if (standing->daemon_count > 1)
        buf_printf(out, "one of %zu, ", standing->daemon_count);
    buf_printf(out, "nudged %s, %" PRId64 " rule%s", text_in(&daemon->said, "version", arena),
               rules, rules == 1 ? "" : "s");
    if (reloaded_ms)
        buf_printf(out, ", read %s ago%s", age_format(standing->now_ms - reloaded_ms, age),
                   standing->files_changed ? ", files changed since: nudgectl reload" : "");
}

static void put_daemon(const struct standing *standing, struct arena *arena, struct buf *out)
{
    buf_printf(out, "%-*s", LABEL, "daemon");
    if (standing->daemon_count == 0)
        buf_text(out, "none runs");
    else if (standing->answers)
        put_first_daemon(standing, arena, out);
    else
        buf_printf(out, "that of this machine does not answer; %zu elsewhere",
                   standing->daemon_count);
}

void status_page_head(const struct standing *standing, size_t columns, struct buf *out)
{
    struct arena *arena = arena_new(1024);
    size_t start = out->length;
    put_daemon(standing, arena, out);
    end_line(out, start, columns);
    start = out->length;
    buf_printf(out, "%-*s%s", LABEL, "redis",
               standing_redis_answers(standing) ? "answers" : "is away");
    end_line(out, start, columns);
    arena_destroy(&arena);
}

/* ---- What is wrong ---- */

/* Each with its command behind it, in columns. */
static void put_beside(const struct standing *standing, size_t columns, size_t count,
                       struct buf *out)
{
    static const struct columns_head heads[] = {
        {"", COLUMNS_TEXT}, {"", COLUMNS_CUT}, {"", COLUMNS_TEXT}, {0}};
    struct columns *table = columns_new(heads);
    for (size_t i = 0; i < count; i++) {
        columns_coloured(table, COLOUR_BAD, "!");
        columns_coloured(table, COLOUR_WARN, standing->wrong[i].what);
        columns_text(table, standing->wrong[i].command);
    }
    columns_write(table, columns, out);
    columns_destroy(&table);
}

/* Each with its command below it. */
static void put_below(const struct standing *standing, size_t columns, size_t count,
                      struct buf *out)
{
    static const struct columns_head heads[] = {{"", COLUMNS_TEXT}, {"", COLUMNS_CUT}, {0}};
    struct columns *table = columns_new(heads);
    for (size_t i = 0; i < count; i++) {
        columns_coloured(table, COLOUR_BAD, "!");
        columns_coloured(table, COLOUR_WARN, standing->wrong[i].what);
        if (!*standing->wrong[i].command)
            continue;
        columns_text(table, "");
        columns_text(table, standing->wrong[i].command);
    }
    columns_write(table, columns, out);
    columns_destroy(&table);
}

static bool fit_beside(const struct standing *standing, size_t columns, size_t count)
{
    size_t what = 0, command = 0;
    for (size_t i = 0; i < count; i++) {
        size_t one = cells_width(standing->wrong[i].what),
               two = cells_width(standing->wrong[i].command);
        what = one > what ? one : what;
        command = two > command ? two : command;
    }
    return !columns || what + command + 5 <= columns; /* "!" and two gaps of two */
}

/* How many there is room for, `each` lines for one, where a last line says how many more. */
static size_t shown_in(size_t count, size_t most, size_t each)
{
    return count * each <= most ? count : (most - 1) / each;
}

void status_page_wrong(const struct standing *standing, size_t columns, size_t most,
                       struct buf *out)
{
    size_t shown = shown_in(standing->wrong_count, most, 1);
    bool beside = fit_beside(standing, columns, shown);
    if (!beside)
        shown = shown_in(standing->wrong_count, most, 2);
    (beside ? put_beside : put_below)(standing, columns, shown, out);
    if (shown < standing->wrong_count)
        buf_printf(out, "!  and %zu more: `nudgectl status --json`\n",
                   standing->wrong_count - shown);
}

/* ---- Figures ---- */

static void put_rate(struct buf *out, double per_second)
{
    if (per_second >= 100)
        buf_printf(out, "%.0f/s", per_second);
    else if (per_second >= 0.1 || per_second <= 0)
        buf_printf(out, "%.1f/s", per_second);
    else
        buf_printf(out, "%.1f/min", per_second * 60);
}

static void put_age(struct buf *out, const char *before, int64_t now_ms, int64_t since_ms,
                    const char *after)
{
    char age[AGE_SIZE];
    if (since_ms)
        buf_printf(out, "%s%s%s", before, age_format(now_ms - since_ms, age), after);
}

static void put_events(const struct standing *standing, struct buf *out)
{
    const struct survey *survey = &standing->survey;
    buf_printf(out, "%-*s", LABEL, "events");
    put_rate(out, standing->events_per_second);
    buf_printf(out, " decided; %" PRId64 " wait", survey->events + survey->inbox);
    put_age(out, ", the oldest for ", survey->now_ms, survey->events_since_ms, "");
}

static void put_timers(const struct standing *standing, struct buf *out)
{
    const struct survey *survey = &standing->survey;
    buf_printf(out, "%-*s%" PRId64 " customer%s; ", LABEL, "timers", survey->timers,
               survey->timers == 1 ? " waits" : "s wait");
    if (survey->due)
        buf_printf(out, "%" PRId64 " due", survey->due);
    else
        buf_text(out, "none is due");
    put_age(out, ", the oldest since ", survey->now_ms, survey->due_since_ms, "");
}

static void put_messages(const struct standing *standing, struct buf *out)
{
    const struct survey *survey = &standing->survey;
    int64_t outbox = 0, since_ms = 0;
    for (size_t i = 0; i < survey->queue_count; i++) {
        const struct survey_queue *queue = &survey->queues[i];
        outbox += queue->count;
        if (queue->since_ms && (!since_ms || queue->since_ms < since_ms))
            since_ms = queue->since_ms;
    }
    buf_printf(out, "%-*s", LABEL, "messages");
    put_rate(out, standing->messages_per_second);
    buf_printf(out, " sent; %" PRId64 " in the outbox", outbox);
    put_age(out, " (the oldest for ", survey->now_ms, since_ms, ")");
    buf_printf(out, ", %" PRId64 " for another try", survey->later);
}

static void put_held(const struct standing *standing, struct buf *out)
{
    const struct survey *survey = &standing->survey;
    buf_printf(out, "%-*s%" PRId64 " uncertain", LABEL, "held", survey->uncertain);
    if (survey->withdrawn)
        buf_printf(out, " (%" PRId64 " of them withdrawn)", survey->withdrawn);
    buf_printf(out, ", %" PRId64 " dead letter%s", survey->dead, survey->dead == 1 ? "" : "s");
    put_age(out, " (the newest ", survey->now_ms, survey->dead_newest_ms, " ago)");
    buf_printf(out, ", %zu rule%s paused", standing->halted_count,
               standing->halted_count == 1 ? "" : "s");
}

/* Rules with a clock, while they look for whom they are about. */
static void put_clocks(const struct standing *standing, size_t columns, struct buf *out)
{
    const struct value *clocks = value_get(&standing->local, "clocks"),
                       *scan = value_get(clocks, "scan");
    int64_t rules = daemons_number(clocks, "rules"), behind = daemons_number(clocks, "behind");
    size_t start = out->length;
    if (!rules)
        return;
    buf_printf(out, "%-*s%" PRId64 " rule%s, ", LABEL, "clocks", rules, rules == 1 ? "" : "s");
    if (value_is(scan, VALUE_MAP))
        buf_printf(out, "looking for customers: %" PRId64 " in %" PRId64 " keys",
                   daemons_number(scan, "customers"), daemons_number(scan, "keys"));
    else if (behind)
        buf_printf(out, "customers of %" PRId64 " %s are being asked", behind,
                   behind == 1 ? "rule and zone" : "rules and zones");
    else
        buf_text(out, "nobody is due");
    end_line(out, start, columns);
}

void status_page_figures(const struct standing *standing, size_t columns, struct buf *out)
{
    static void (*const lines[])(const struct standing *, struct buf *) = {put_events, put_timers,
                                                                           put_messages, put_held};
    for (size_t i = 0; i < sizeof lines / sizeof *lines && standing->redis; i++) {
        size_t start = out->length;
        lines[i](standing, out);
        end_line(out, start, columns);
    }
    put_clocks(standing, columns, out);
}

/* ---- Tables ---- */

static size_t shown_of(size_t count, size_t most)
{
    return !most || count <= most ? count : most - 1;
}

static void put_more(struct buf *out, size_t left, const char *command)
{
    if (left)
        buf_printf(out, "and %zu more: `%s`\n", left, command);
}

void status_page_daemons(const struct standing *standing, size_t columns, size_t most,
                         struct buf *out)
{
    static const struct columns_head heads[] = {
        {"DAEMON", COLUMNS_TEXT},       {"VERSION", COLUMNS_TEXT},
        {"STATE", COLUMNS_TEXT},        {"RULES", COLUMNS_NUMBER},
        {"READ", COLUMNS_NUMBER},       {"EVENTS/S", COLUMNS_NUMBER},
        {"MESSAGES/S", COLUMNS_NUMBER}, {0}};
    struct arena *arena = arena_new(1024);
    struct columns *table = columns_new(heads);
    size_t shown = shown_of(standing->daemon_count, most);
    for (size_t i = 0; i < shown; i++) {
        const struct value *said = &standing->daemons[i].said;
        char age[AGE_SIZE] = "";
        double events = 0, messages = 0;
        int64_t reloaded_ms = daemons_time(said, "reloaded_at");
        value_to_double(value_get(said, "events_per_second"), &events);
        value_to_double(value_get(said, "messages_per_second"), &messages);
        if (reloaded_ms)
            age_format(standing->now_ms - reloaded_ms, age);
        columns_text(table, standing->daemons[i].name);
        columns_text(table, text_in(said, "version", arena));
        columns_text(table, text_in(said, "state", arena));
        columns_number(table, daemons_number(said, "rules"));
        columns_text(table, age);
        columns_printf(table, "%.1f", events);
        columns_printf(table, "%.1f", messages);
    }
    columns_write(table, columns, out);
    put_more(out, standing->daemon_count - shown, "nudgectl status --json");
    columns_destroy(&table);
    arena_destroy(&arena);
}

void status_page_queues(const struct standing *standing, size_t columns, size_t most,
                        struct buf *out)
{
    static const struct columns_head heads[] = {{"CHANNEL", COLUMNS_TEXT},
                                                {"CLASS", COLUMNS_TEXT},
                                                {"WAITING", COLUMNS_NUMBER},
                                                {"OLDEST", COLUMNS_NUMBER},
                                                {0}};
    const struct survey *survey = &standing->survey;
    struct columns *table = columns_new(heads);
    size_t shown = shown_of(survey->queue_count, most);
    for (size_t i = 0; i < shown; i++) {
        const struct survey_queue *queue = &survey->queues[i];
        char age[AGE_SIZE];
        columns_text(table, queue->channel);
        columns_text(table, queue->class);
        columns_number(table, queue->count);
        columns_text(table,
                     queue->since_ms ? age_format(survey->now_ms - queue->since_ms, age) : "-");
    }
    columns_write(table, columns, out);
    put_more(out, survey->queue_count - shown, "nudgectl status --json");
    columns_destroy(&table);
}

static const char *joined(struct arena *arena, const char *const *names)
{
    const char *all = "";
    for (; *names; names++)
        all = arena_printf(arena, "%s%s%s", all, *all ? ", " : "", *names);
    return *all ? all : "none";
}

/* Nothing is known of it. */
static void add_away(struct columns *table)
{
    for (int i = 0; i < SHARD_FIGURES; i++)
        columns_text(table, "-");
    columns_text(table, "cannot be reached");
}

void status_page_shards(const struct standing *standing, size_t columns, struct buf *out)
{
    /* its number, SHARD_FIGURES, who works on it */
    static const struct columns_head heads[] = {
        {"SHARD", COLUMNS_NUMBER},  {"EVENTS", COLUMNS_NUMBER},
        {"OLDEST", COLUMNS_NUMBER}, {"DUE", COLUMNS_NUMBER},
        {"OUTBOX", COLUMNS_NUMBER}, {"LATER", COLUMNS_NUMBER},
        {"HELD", COLUMNS_NUMBER},   {"DEAD", COLUMNS_NUMBER},
        {"DAEMONS", COLUMNS_CUT},   {0}};
    struct arena *arena = arena_new(1024);
    struct columns *table = columns_new(heads);
    for (size_t i = 0; i < standing->shard_count; i++) {
        const struct standing_shard *shard = &standing->shards[i];
        const struct survey *survey = &shard->survey;
        int64_t since_ms = survey->events_since_ms;
        char age[AGE_SIZE];
        columns_number(table, (int64_t)i);
        if (shard->away) {
            add_away(table);
            continue;
        }
        columns_number(table, survey->events + survey->inbox);
        columns_text(table, since_ms ? age_format(survey->now_ms - since_ms, age) : "-");
        columns_number(table, survey->due);
        columns_number(table, shard->outbox);
        columns_number(table, survey->later);
        columns_number(table, survey->uncertain);
        columns_number(table, survey->dead);
        columns_text(table, joined(arena, shard->daemons));
    }
    buf_text(out, standing->shard_count ? "\n" : "");
    columns_write(table, columns, out);
    columns_destroy(&table);
    arena_destroy(&arena);
}

enum colour status_page_colour(enum standing_state state)
{
    static const enum colour colours[] = {
        [STANDING_WORKS] = COLOUR_GOOD,  [STANDING_SLOWED] = COLOUR_WARN,
        [STANDING_PROBED] = COLOUR_WARN, [STANDING_LEFT_ALONE] = COLOUR_BAD,
        [STANDING_PAUSED] = COLOUR_WARN, [STANDING_ABSENT] = COLOUR_BAD,
    };
    return colours[state];
}

void status_page_why(struct columns *table, const struct standing *standing,
                     const struct standing_gateway *gateway)
{
    char age[AGE_SIZE];
    if (gateway->state == STANDING_PAUSED || !gateway->failed_ms)
        columns_text(table, gateway->why);
    else
        columns_printf(table, "%s ago: %s", age_format(standing->now_ms - gateway->failed_ms, age),
                       gateway->failure);
}

void status_page_gateways(const struct standing *standing, size_t columns, size_t most,
                          struct buf *out)
{
    static const struct columns_head heads[] = {{"GATEWAY", COLUMNS_TEXT},
                                                {"KIND", COLUMNS_TEXT},
                                                {"STATE", COLUMNS_TEXT},
                                                {"SENDING", COLUMNS_NUMBER},
                                                {"SENT", COLUMNS_NUMBER},
                                                {"RETRIED", COLUMNS_NUMBER},
                                                {"REFUSED", COLUMNS_NUMBER},
                                                {"WHY, OR LAST FAILURE", COLUMNS_CUT},
                                                {0}};
    struct columns *table = columns_new(heads);
    size_t shown = shown_of(standing->gateway_count, most);
    for (size_t i = 0; i < shown; i++) {
        const struct standing_gateway *gateway = &standing->gateways[i];
        columns_text(table, gateway->name);
        columns_text(table, gateway->kind);
        columns_coloured(table, status_page_colour(gateway->state),
                         standing_state_word(gateway->state));
        columns_number(table, gateway->sending);
        columns_number(table, gateway->sent);
        columns_number(table, gateway->retried);
        columns_number(table, gateway->refused);
        status_page_why(table, standing, gateway);
    }
    columns_write(table, columns, out);
    put_more(out, standing->gateway_count - shown, "nudgectl gateway");
    columns_destroy(&table);
}

/* ---- All of it ---- */

static size_t lines_of(const struct buf *out)
{
    size_t lines = 0;
    for (size_t i = 0; i < out->length; i++)
        lines += out->data[i] == '\n';
    return lines;
}

typedef void put_table(const struct standing *standing, size_t columns, size_t most,
                       struct buf *out);

/* An empty line, the heading, and as many rows as there is room for; nothing where there is
 * room for none. `keep`: lines that those behind it need. */
static void put_next(put_table *put, const struct standing *standing,
                     const struct status_page_size *size, size_t keep, struct buf *out)
{
    size_t used = lines_of(out) + keep + 2;
    if (size->lines && used >= size->lines)
        return;
    buf_char(out, '\n');
    size_t start = out->length;
    put(standing, size->columns, size->lines ? size->lines - used : 0, out);
    if (out->length == start)
        buf_cut(out, start - 1);
}

/* A terminal that is too small even for the figures shows the beginning. */
static void cut_lines(struct buf *out, size_t most)
{
    for (size_t i = 0, lines = 0; i < out->length; i++)
        if (out->data[i] == '\n' && ++lines == most) {
            buf_cut(out, i + 1);
            return;
        }
}

/* How many lines tell what is wrong: the figures are to stay in sight. */
static size_t room_for_wrong(const struct standing *standing, size_t lines)
{
    const size_t others = FIGURES + HEAD + 1; /* an empty line */
    if (!lines)
        return 2 * standing->wrong_count;
    size_t room = lines > others + 2 ? lines - others : 2;
    return room < WRONG_MOST ? room : WRONG_MOST;
}

void status_page_write(const struct standing *standing, const struct status_page_size *given,
                       struct buf *out)
{
    struct status_page_size size = *given;
    if (size.lines)
        size.lines--; /* for the prompt */
    status_page_head(standing, size.columns, out);
    if (standing->wrong_count)
        status_page_wrong(standing, size.columns, room_for_wrong(standing, size.lines), out);
    buf_char(out, '\n');
    status_page_figures(standing, size.columns, out);
    if (standing->daemon_count > 1)
        put_next(status_page_daemons, standing, &size, 4, out);
    put_next(status_page_gateways, standing, &size, standing->redis ? 4 : 0, out);
    if (standing->redis)
        put_next(status_page_queues, standing, &size, 0, out);
    if (size.lines)
        cut_lines(out, size.lines);
}
