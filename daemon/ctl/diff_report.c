/*
 * Three forms of the same: what changes by rule, the people, examples with the reason why the other
 * side did not send, and the budget.
 */
#include "ctl/diff_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "ctl/columns.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "ctl/rule_test_time.h"

static bool has_changed(const struct comparison_rule *rule)
{
    return rule->more || rule->fewer || rule->is_old != rule->is_new;
}

/* Why the other side did not send as much; `has_rule`: whether it has the rule at all. */
static const char *why_not(struct arena *arena, const struct comparison_example *example,
                           bool has_rule)
{
    const struct people_rule *other = example->other;
    if (!has_rule)
        return "there is no such rule";
    if (other && other->refused_ms && other->why)
        return arena_printf(arena, "%s: %s", trace_what_word(other->what),
                            trace_why_word(other->why));
    if (other && other->refused_ms)
        return trace_what_word(other->what);
    if (other && other->sent)
        return arena_printf(arena, "%" PRIu32 " of them", other->sent);
    return "it did not match";
}

static const char *time_of(const struct diff_report *report,
                           const struct comparison_example *example, struct arena *arena)
{
    return rule_test_time_text(arena, example->at_ms, report->zone);
}

/* ---- The budget ---- */

static const char *unit_of(const struct budget_item *item)
{
    static const char *const units[] = {
        [BUDGET_MESSAGES] = "messages", [BUDGET_PEOPLE] = "people", [BUDGET_OVER] = "people"};
    return units[item->kind];
}

/* Whether all of it is kept; calls for each item. */
static bool ask_budget(const struct diff_report *report,
                       void (*tell)(void *context, const struct budget_item *item, uint64_t used,
                                    bool within),
                       void *context)
{
    bool kept = true;
    for (uint32_t i = 0; i < report->budget->count; i++) {
        const struct budget_item *item = &report->budget->items[i];
        uint64_t used = 0;
        bool within = comparison_is_within(report->comparison, item, &report->over[i], &used);
        tell(context, item, used, within);
        kept = kept && within;
    }
    return kept;
}

/* ---- For people ---- */

static void add_rule(struct columns *columns, const char *name, const struct comparison_rule *rule)
{
    columns_text(columns, name);
    columns_number(columns, (int64_t)rule->before);
    columns_number(columns, (int64_t)rule->after);
    columns_number(columns, (int64_t)rule->more);
    columns_number(columns, (int64_t)rule->fewer);
    columns_text(columns, !rule->is_old ? "new" : !rule->is_new ? "gone" : NULL);
}

static void print_rules(const struct comparison *comparison)
{
    static const struct columns_head heads[] = {{"rule", COLUMNS_TEXT},
                                                {"before", COLUMNS_NUMBER},
                                                {"after", COLUMNS_NUMBER},
                                                {"more", COLUMNS_NUMBER},
                                                {"fewer", COLUMNS_NUMBER},
                                                {" ", COLUMNS_TEXT},
                                                {0}};
    struct columns *columns = columns_new(heads);
    for (uint32_t i = 0; i < comparison->rule_count; i++)
        if (has_changed(&comparison->rules[i]))
            add_rule(columns, comparison->rules[i].name, &comparison->rules[i]);
    add_rule(columns, "all", &comparison->all);
    columns_print(columns);
    columns_destroy(&columns);
}

static void add_people(struct columns *columns, const char *name,
                       const struct comparison_people *people)
{
    columns_text(columns, name);
    columns_number(columns, (int64_t)people->before);
    columns_number(columns, (int64_t)people->after);
    columns_number(columns, (int64_t)people->newly);
    columns_number(columns, (int64_t)people->no_longer);
}

/* What a budget of messages is about, where it is not what the rules come to. */
static void print_gained(const struct comparison *comparison)
{
    printf("people get %" PRIu64 " more messages than before, and %" PRIu64 " fewer\n",
           comparison->gained, comparison->lost);
}

static void print_people(const struct diff_report *report, struct arena *arena)
{
    static const struct columns_head heads[] = {
        {"people", COLUMNS_TEXT},  {"before", COLUMNS_NUMBER},    {"after", COLUMNS_NUMBER},
        {"newly", COLUMNS_NUMBER}, {"no longer", COLUMNS_NUMBER}, {0}};
    struct columns *columns = columns_new(heads);
    add_people(columns, "reached", &report->comparison->reached);
    add_people(columns, arena_printf(arena, "over %s", report->cap), &report->comparison->over);
    columns_print(columns);
    columns_destroy(&columns);
}

static void print_examples(const struct diff_report *report, const struct comparison_rule *rule,
                           bool gained, struct arena *arena)
{
    const struct comparison_examples *examples = gained ? &rule->gained : &rule->lost;
    for (uint32_t i = 0; i < examples->count; i++) {
        const struct comparison_example *example = &examples->items[i];
        printf("%s%s %s to %s at %s; %s: %s\n", i ? "" : "\n", rule->name,
               gained ? "sends more" : "sends fewer", plain_of(arena, example->customer),
               time_of(report, example, arena), gained ? "before" : "after",
               why_not(arena, example, gained ? rule->is_old : rule->is_new));
    }
}

static void print_newly_over(const struct diff_report *report, struct arena *arena)
{
    const struct comparison_examples *examples = &report->comparison->newly_over;
    for (uint32_t i = 0; i < examples->count; i++)
        printf("%s%s", i ? ", " : "\nnewly over: ", plain_of(arena, examples->items[i].customer));
    if (examples->count)
        printf("%s\n", report->comparison->over.newly > examples->count ? ", …" : "");
}

static void print_item(void *context, const struct budget_item *item, uint64_t used, bool within)
{
    (void)context;
    printf("budget %s: %" PRIu64 " %s, %s%s%s\n", item->text, used, unit_of(item),
           colour_begin(within ? COLOUR_GOOD : COLOUR_BAD), within ? "within it" : "over it",
           colour_end(within ? COLOUR_GOOD : COLOUR_BAD));
}

bool diff_report_table(const struct diff_report *report)
{
    const struct comparison *comparison = report->comparison;
    struct arena *arena = arena_new(4096);
    print_rules(comparison);
    print_gained(comparison);
    printf("\n");
    print_people(report, arena);
    for (uint32_t i = 0; i < comparison->rule_count; i++) {
        print_examples(report, &comparison->rules[i], true, arena);
        print_examples(report, &comparison->rules[i], false, arena);
    }
    print_newly_over(report, arena);
    if (report->budget->count)
        printf("\n");
    bool kept = ask_budget(report, print_item, NULL);
    arena_destroy(&arena);
    return kept;
}

/* ---- For a pull request ---- */

/* What Markdown would take for its own is escaped. */
static void put_plain(struct arena *arena, const char *text)
{
    for (const char *at = plain_of(arena, text); *at; at++)
        printf(strchr("\\`*_{}[]<>|~", *at) ? "\\%c" : "%c", *at);
}

static void put_row(struct arena *arena, const char *name, const struct comparison_rule *rule)
{
    const char *note = !rule->is_old ? " (new)" : !rule->is_new ? " (gone)" : "";
    printf("| ");
    put_plain(arena, name);
    printf("%s | %" PRIu64 " | %" PRIu64 " | %s%" PRIu64 " | %s%" PRIu64 " |\n", note, rule->before,
           rule->after, rule->more ? "+" : "", rule->more, rule->fewer ? "−" : "", rule->fewer);
}

static void put_people(const char *name, const struct comparison_people *people)
{
    printf("| %s | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n", name, people->before,
           people->after, people->newly, people->no_longer);
}

static void put_examples(const struct diff_report *report, const struct comparison_rule *rule,
                         bool gained, struct arena *arena)
{
    const struct comparison_examples *examples = gained ? &rule->gained : &rule->lost;
    for (uint32_t i = 0; i < examples->count; i++) {
        printf("- **");
        put_plain(arena, rule->name);
        printf("** sends %s to ", gained ? "more" : "fewer");
        put_plain(arena, examples->items[i].customer);
        printf(", %s; %s: %s\n", time_of(report, &examples->items[i], arena),
               gained ? "before" : "after",
               why_not(arena, &examples->items[i], gained ? rule->is_old : rule->is_new));
    }
}

static void put_item(void *context, const struct budget_item *item, uint64_t used, bool within)
{
    (void)context;
    printf("- %s `%s`: %" PRIu64 " %s\n", within ? "within" : "**over**", item->text, used,
           unit_of(item));
}

bool diff_report_markdown(const struct diff_report *report)
{
    const struct comparison *comparison = report->comparison;
    struct arena *arena = arena_new(4096);
    bool some = false;
    printf("### What this change sends\n\nOver %" PRIu64 " events of %" PRIu64 " people.\n\n",
           report->simulation->tally.events, report->simulation->known);
    printf("| rule | before | after | more | fewer |\n| --- | ---: | ---: | ---: | ---: |\n");
    for (uint32_t i = 0; i < comparison->rule_count; i++)
        if (has_changed(&comparison->rules[i]))
            put_row(arena, comparison->rules[i].name, &comparison->rules[i]);
    put_row(arena, "all", &comparison->all);
    printf("\nPeople get %" PRIu64 " more messages than before, and %" PRIu64 " fewer.\n",
           comparison->gained, comparison->lost);
    printf("\n| people | before | after | newly | no longer |\n"
           "| --- | ---: | ---: | ---: | ---: |\n");
    put_people("reached", &comparison->reached);
    put_people(arena_printf(arena, "over %s", report->cap), &comparison->over);
    for (uint32_t i = 0; i < comparison->rule_count; i++) {
        const struct comparison_rule *rule = &comparison->rules[i];
        if (!some && (rule->gained.count || rule->lost.count))
            printf("\n");
        some = some || rule->gained.count || rule->lost.count;
        put_examples(report, rule, true, arena);
        put_examples(report, rule, false, arena);
    }
    if (report->budget->count)
        printf("\nBudget:\n\n");
    bool kept = ask_budget(report, put_item, NULL);
    arena_destroy(&arena);
    return kept;
}

/* ---- As JSON ---- */

static void add_examples(struct arena *arena, struct value map, const char *name,
                         const struct comparison_examples *examples, bool has_rule)
{
    struct value list = value_new_list(arena, examples->count);
    for (uint32_t i = 0; i < examples->count; i++) {
        struct value item = value_new_map(arena, 3);
        value_add(arena, item, value_text("customer"), value_text(examples->items[i].customer));
        value_add(arena, item, value_text("time"), value_int(examples->items[i].at_ms));
        value_add(arena, item, value_text("why"),
                  value_text(why_not(arena, &examples->items[i], has_rule)));
        value_push(arena, list, item);
    }
    value_add(arena, map, value_text(name), list);
}

static struct value rule_of(struct arena *arena, const struct comparison_rule *rule)
{
    struct value map = value_new_map(arena, 8);
    if (rule->name)
        value_add(arena, map, value_text("rule"), value_text(rule->name));
    const struct json_line_count counts[] = {
        {"before", (int64_t)rule->before}, {"after", (int64_t)rule->after},
        {"more", (int64_t)rule->more},     {"fewer", (int64_t)rule->fewer},
        {"both", (int64_t)rule->both},     {0}};
    json_line_add(arena, map, counts);
    if (!rule->name)
        return map;
    add_examples(arena, map, "gained", &rule->gained, rule->is_old);
    add_examples(arena, map, "lost", &rule->lost, rule->is_new);
    return map;
}

static struct value people_of(struct arena *arena, const struct comparison_people *people)
{
    struct value map = value_new_map(arena, 4);
    const struct json_line_count counts[] = {{"before", (int64_t)people->before},
                                             {"after", (int64_t)people->after},
                                             {"newly", (int64_t)people->newly},
                                             {"no_longer", (int64_t)people->no_longer},
                                             {0}};
    json_line_add(arena, map, counts);
    return map;
}

struct listing {
    struct arena *arena;
    struct value list;
};

static void add_item(void *context, const struct budget_item *item, uint64_t used, bool within)
{
    const struct listing *listing = context;
    struct value map = value_new_map(listing->arena, 3);
    value_add(listing->arena, map, value_text("item"), value_text(item->text));
    value_add(listing->arena, map, value_text("used"), value_int((int64_t)used));
    value_add(listing->arena, map, value_text("within"), value_bool(within));
    value_push(listing->arena, listing->list, map);
}

bool diff_report_json(const struct diff_report *report)
{
    const struct comparison *comparison = report->comparison;
    struct arena *arena = arena_new(64 * 1024);
    struct value map = value_new_map(arena, 8),
                 rules = value_new_list(arena, comparison->rule_count);
    struct listing budget = {arena, value_new_list(arena, 2)};
    const struct json_line_count counts[] = {{"events", (int64_t)report->simulation->tally.events},
                                             {"people", (int64_t)report->simulation->known},
                                             {"gained", (int64_t)comparison->gained},
                                             {"lost", (int64_t)comparison->lost},
                                             {0}};
    json_line_add(arena, map, counts);
    for (uint32_t i = 0; i < comparison->rule_count; i++)
        value_push(arena, rules, rule_of(arena, &comparison->rules[i]));
    value_add(arena, map, value_text("rules"), rules);
    value_add(arena, map, value_text("all"), rule_of(arena, &comparison->all));
    value_add(arena, map, value_text("cap"), value_text(report->cap));
    value_add(arena, map, value_text("reached"), people_of(arena, &comparison->reached));
    value_add(arena, map, value_text("over"), people_of(arena, &comparison->over));
    bool kept = ask_budget(report, add_item, &budget);
    value_add(arena, map, value_text("budget"), budget.list);
    json_line_print(&map);
    arena_destroy(&arena);
    return kept;
}
