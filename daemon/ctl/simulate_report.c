/*
 * For people: what the history is, a row for each rule, a row for each reason, the people. Then the
 * same as JSON.
 */
#include "ctl/simulate_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "ctl/columns.h"
#include "ctl/json_line.h"
#include "ctl/rule_test_time.h"

enum { NUMBER_SIZE = 32, TEXT_MOST = 1024 * 1024, JSON_MOST = 16 * 1024 * 1024 };

/* "1,234,567" */
static const char *grouped(uint64_t number, char out[NUMBER_SIZE])
{
    char digits[NUMBER_SIZE], *to = out;
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

/* ---- For people ---- */

static int by_count(const void *a, const void *b)
{
    const struct tally_count *one = a, *two = b;
    if (one->count != two->count)
        return one->count > two->count ? -1 : 1;
    return strcmp(one->word, two->word);
}

/* The most frequent first. In the arena. */
static const struct tally_count *sorted(const struct tally_counts *counts, struct arena *arena)
{
    struct tally_count *items = arena_alloc(arena, sizeof *items * (counts->count + 1));
    if (counts->count)
        memcpy(items, counts->items, sizeof *items * counts->count);
    qsort(items, counts->count, sizeof *items, by_count);
    return items;
}

static bool is_idle(const struct tally_rule *rule)
{
    return !rule->started && !rule->sent && !rule->waiting && !rule->refused.count &&
           !rule->ended.count && !rule->passed_over.count;
}

static void print_columns(FILE *out, struct columns *columns)
{
    struct buf text;
    if (out == stdout) {
        columns_print(columns);
    } else {
        buf_init(&text, TEXT_MOST);
        columns_write(columns, 0, &text);
        fputs(buf_string(&text), out);
        buf_free(&text);
    }
    columns_destroy(&columns);
}

/* "1 line", "2 lines" */
static const char *counted(uint64_t number, const char *one, const char *many, struct arena *arena)
{
    char text[NUMBER_SIZE];
    return arena_printf(arena, "%s %s", grouped(number, text), number == 1 ? one : many);
}

static void print_head(FILE *out, const struct simulation *simulation, const char *zone,
                       struct arena *arena)
{
    char text[NUMBER_SIZE];
    fputs(counted(simulation->tally.events, "event", "events", arena), out);
    if (simulation->first_ms)
        fprintf(out, " from %s to %s", rule_test_time_text(arena, simulation->first_ms, zone),
                rule_test_time_text(arena, simulation->last_ms, zone));
    fprintf(out, ", %s\n", counted(simulation->known, "person", "people", arena));
    if (simulation->tally.duplicates)
        fprintf(out, "%s of them had been here before\n",
                grouped(simulation->tally.duplicates, text));
    if (simulation->no_events)
        fprintf(out, "%s\n",
                counted(simulation->no_events, "line is no event", "lines are no events", arena));
    if (simulation->tally.dead)
        fprintf(out, "%s of nudged's own events\n",
                counted(simulation->tally.dead, "dead letter", "dead letters", arena));
}

static void add_row(struct columns *columns, const struct tally_rule *rule)
{
    columns_text(columns, rule->name);
    columns_number(columns, (int64_t)rule->started);
    columns_number(columns, (int64_t)rule->sent);
    columns_number(columns, (int64_t)tally_sum(&rule->refused));
    columns_number(columns, (int64_t)tally_sum(&rule->ended));
    columns_number(columns, (int64_t)rule->waiting);
}

static void print_rules(FILE *out, const struct tally *tally)
{
    static const struct columns_head heads[] = {{"rule", COLUMNS_TEXT},
                                                {"started", COLUMNS_NUMBER},
                                                {"sent", COLUMNS_NUMBER},
                                                {"refused", COLUMNS_NUMBER},
                                                {"ended", COLUMNS_NUMBER},
                                                {"waiting", COLUMNS_NUMBER},
                                                {0}};
    struct columns *columns = columns_new(heads);
    for (uint32_t i = 0; i < tally->rule_count; i++)
        if (!is_idle(&tally->rules[i]))
            add_row(columns, &tally->rules[i]);
    columns_coloured(columns, COLOUR_STRONG, "all");
    columns_number(columns, (int64_t)tally->started);
    columns_number(columns, (int64_t)tally->sent);
    columns_number(columns, (int64_t)tally->refused);
    columns_number(columns, (int64_t)tally->ended);
    columns_number(columns, (int64_t)tally->waiting);
    print_columns(out, columns);
}

/* Each word on a line of its own. */
static void add_reasons(struct columns *columns, const char *rule, const char *what,
                        const struct tally_counts *counts, struct arena *arena)
{
    const struct tally_count *items = sorted(counts, arena);
    for (uint32_t i = 0; i < counts->count; i++) {
        columns_text(columns, rule);
        columns_text(columns, what);
        columns_text(columns, items[i].word);
        columns_number(columns, (int64_t)items[i].count);
    }
}

static void print_reasons(FILE *out, const struct tally *tally, struct arena *arena)
{
    static const struct columns_head heads[] = {{"rule", COLUMNS_TEXT},
                                                {"what", COLUMNS_TEXT},
                                                {"why", COLUMNS_TEXT},
                                                {"times", COLUMNS_NUMBER},
                                                {0}};
    struct columns *columns = columns_new(heads);
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        const struct tally_rule *rule = &tally->rules[i];
        if (rule->channels.count > 1)
            add_reasons(columns, rule->name, "sent", &rule->channels, arena);
        add_reasons(columns, rule->name, "refused", &rule->refused, arena);
        add_reasons(columns, rule->name, "ended", &rule->ended, arena);
        add_reasons(columns, rule->name, "not begun", &rule->passed_over, arena);
    }
    if (columns_rows(columns))
        fprintf(out, "\n");
    print_columns(out, columns);
}

static void print_idle(FILE *out, const struct tally *tally)
{
    bool first = true;
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        if (!is_idle(&tally->rules[i]))
            continue;
        fprintf(out, "%s%s", first ? "\nNothing by: " : ", ", tally->rules[i].name);
        first = false;
    }
    if (!first)
        fprintf(out, "\n");
}

static void print_people(FILE *out, const struct simulation *simulation, const char *zone,
                         struct arena *arena)
{
    const struct people *people = &simulation->people;
    uint64_t reached = people_reached(people), with[SIMULATE_REPORT_MOST + 2] = {0};
    char text[NUMBER_SIZE];
    if (!reached)
        return;
    fprintf(out, "\n%s sent something", counted(reached, "person was", "people were", arena));
    fprintf(out, "; the busiest hour began at %s, with %s\n",
            rule_test_time_text(arena, simulation->busiest_ms, zone),
            counted(simulation->busiest, "message", "messages", arena));
    for (uint32_t i = 1; i <= SIMULATE_REPORT_MOST; i++)
        with[i] = people_with(people, 0, i);
    fprintf(out, "at most so many messages within 7 days:");
    for (uint32_t i = 1; i <= SIMULATE_REPORT_MOST; i++)
        fprintf(out, "%s %u%s: %s", i > 1 ? "," : "", i, i == SIMULATE_REPORT_MOST ? "+" : "",
                grouped(with[i] - with[i + 1], text));
    fprintf(out, "\n");
}

void simulate_report_table(FILE *out, const struct simulation *simulation, const char *zone)
{
    struct arena *arena = arena_new(4096);
    print_head(out, simulation, zone, arena);
    fprintf(out, "\n");
    print_rules(out, &simulation->tally);
    print_reasons(out, &simulation->tally, arena);
    print_people(out, simulation, zone, arena);
    print_idle(out, &simulation->tally);
    arena_destroy(&arena);
}

/* ---- As JSON ---- */

static void add_number(struct arena *arena, struct value map, const char *name, uint64_t number)
{
    value_add(arena, map, value_text(name), value_int((int64_t)number));
}

static void add_words(struct arena *arena, struct value map, const char *name,
                      const struct tally_counts *counts)
{
    const struct tally_count *items = sorted(counts, arena);
    struct value words = value_new_map(arena, counts->count);
    for (uint32_t i = 0; i < counts->count; i++)
        add_number(arena, words, items[i].word, items[i].count);
    value_add(arena, map, value_text(name), words);
}

static struct value rule_of(struct arena *arena, const struct tally_rule *rule)
{
    struct value map = value_new_map(arena, 8);
    value_add(arena, map, value_text("rule"), value_text(rule->name));
    add_number(arena, map, "started", rule->started);
    add_number(arena, map, "sent", rule->sent);
    add_words(arena, map, "channels", &rule->channels);
    add_words(arena, map, "refused", &rule->refused);
    add_words(arena, map, "ended", &rule->ended);
    add_words(arena, map, "not_begun", &rule->passed_over);
    add_number(arena, map, "waiting", rule->waiting);
    return map;
}

static struct value all_of(struct arena *arena, const struct tally *tally)
{
    struct value map = value_new_map(arena, 5);
    const struct json_line_count counts[] = {
        {"started", (int64_t)tally->started}, {"sent", (int64_t)tally->sent},
        {"refused", (int64_t)tally->refused}, {"ended", (int64_t)tally->ended},
        {"waiting", (int64_t)tally->waiting}, {0}};
    json_line_add(arena, map, counts);
    return map;
}

static struct value busiest_of(struct arena *arena, const struct simulation *simulation)
{
    struct value map = value_new_map(arena, 2);
    value_add(arena, map, value_text("from"), value_int(simulation->busiest_ms));
    add_number(arena, map, "sent", simulation->busiest);
    return map;
}

/* By how many messages a person had, how many those are. */
static struct value spread_of(struct arena *arena, const struct people *people)
{
    struct value map = value_new_map(arena, SIMULATE_REPORT_MOST);
    for (uint32_t i = 1; i <= SIMULATE_REPORT_MOST; i++) {
        bool last = i == SIMULATE_REPORT_MOST;
        uint64_t more = last ? 0 : people_with(people, 0, i + 1);
        add_number(arena, map, arena_printf(arena, "%u%s", i, last ? "+" : ""),
                   people_with(people, 0, i) - more);
    }
    return map;
}

void simulate_report_json(FILE *out, const struct simulation *simulation)
{
    const struct tally *tally = &simulation->tally;
    struct arena *arena = arena_new(64 * 1024);
    struct value map = value_new_map(arena, 10), rules = value_new_list(arena, tally->rule_count);
    struct buf text;
    add_number(arena, map, "events", tally->events);
    add_number(arena, map, "duplicates", tally->duplicates);
    add_number(arena, map, "no_events", simulation->no_events);
    add_number(arena, map, "dead", tally->dead);
    if (simulation->first_ms) {
        add_number(arena, map, "from", (uint64_t)simulation->first_ms);
        add_number(arena, map, "to", (uint64_t)simulation->last_ms);
    }
    add_number(arena, map, "people", simulation->known);
    add_number(arena, map, "reached", people_reached(&simulation->people));
    if (simulation->busiest)
        value_add(arena, map, value_text("busiest"), busiest_of(arena, simulation));
    value_add(arena, map, value_text("within_7d"), spread_of(arena, &simulation->people));
    for (uint32_t i = 0; i < tally->rule_count; i++)
        value_push(arena, rules, rule_of(arena, &tally->rules[i]));
    value_add(arena, map, value_text("rules"), rules);
    value_add(arena, map, value_text("all"), all_of(arena, tally));
    buf_init(&text, JSON_MOST);
    json_print(&text, &map);
    fprintf(out, "%s\n", buf_string(&text));
    buf_free(&text);
    arena_destroy(&arena);
}
