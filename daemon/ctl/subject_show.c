/*
 * The same parts as `export` has, as tables: which of them, and which members of a row, is the
 * table `parts`. What is empty is left out.
 */
#include "ctl/subject_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/columns.h"
#include "ctl/plain.h"
#include "ctl/subject_export.h"

enum { COLUMNS = 5, SHOWN = 10, TRACE_SHOWN = 5, VALUE_MOST = 4096 };

/* `fields`: what stands in each column, a path within the row. */
struct part {
    const char *member, *title;
    struct columns_head heads[COLUMNS + 1];
    const char *fields[COLUMNS];
    uint32_t most; /* rows; 0: all */
};

static const struct part parts[] = {
    {"profile",
     "Profile",
     {{"NAME", COLUMNS_TEXT}, {"VALUE", COLUMNS_CUT}, {"SINCE", COLUMNS_TEXT}},
     {"name", "value", "time"},
     0},
    {"fields",
     "Set by rules",
     {{"NAME", COLUMNS_TEXT}, {"VALUE", COLUMNS_CUT}, {"SINCE", COLUMNS_TEXT}},
     {"name", "value", "time"},
     0},
    {"words",
     "Said to marketing",
     {{"TOPIC", COLUMNS_TEXT}, {"WORD", COLUMNS_TEXT}, {"SINCE", COLUMNS_TEXT}},
     {"topic", "word", "time"},
     0},
    {"apart",
     "Said under a name alone",
     {{"NAME", COLUMNS_TEXT},
      {"TOPIC", COLUMNS_TEXT},
      {"WORD", COLUMNS_TEXT},
      {"SINCE", COLUMNS_TEXT}},
     {"of", "topic", "word", "time"},
     0},
    {"suppressed",
     "Not written to",
     {{"ADDRESS", COLUMNS_TEXT}, {"REASON", COLUMNS_CUT}, {"SINCE", COLUMNS_TEXT}},
     {"address", "reason", "time"},
     0},
    {"journeys",
     "Running",
     {{"RULE", COLUMNS_TEXT},
      {"STEP", COLUMNS_TEXT},
      {"PER", COLUMNS_CUT},
      {"UNTIL", COLUMNS_TEXT},
      {"WAITS", COLUMNS_CUT}},
     {"rule", "step", "per", "until_time", "waits"},
     0},
    {"messages",
     "Not sent yet",
     {{"RULE", COLUMNS_TEXT},
      {"TO", COLUMNS_CUT},
      {"CHANNEL", COLUMNS_TEXT},
      {"STATE", COLUMNS_TEXT},
      {"MID", COLUMNS_TEXT}},
     {"body.rule", "body.to", "channel", "state", "mid"},
     0},
    {"sent",
     "Decided lately",
     {{"RULE", COLUMNS_TEXT}, {"TIME", COLUMNS_TEXT}, {"MID", COLUMNS_TEXT}},
     {"rule", "time", "mid"},
     SHOWN},
    {"totals",
     "Messages in all",
     {{"RULE", COLUMNS_TEXT}, {"N", COLUMNS_NUMBER}, {"LAST", COLUMNS_TEXT}},
     {"rule", "n", "last_time"},
     0},
    {"counts",
     "Events",
     {{"TYPE", COLUMNS_TEXT},
      {"N", COLUMNS_NUMBER},
      {"FIRST", COLUMNS_TEXT},
      {"LAST", COLUMNS_TEXT}},
     {"type", "n", "first_time", "last_time"},
     0},
    {"dead",
     "Dead letters",
     {{"ID", COLUMNS_TEXT},
      {"KIND", COLUMNS_TEXT},
      {"REASON", COLUMNS_TEXT},
      {"DETAIL", COLUMNS_CUT}},
     {"id", "kind", "reason", "detail"},
     SHOWN},
};

/* A time without its milliseconds. */
static const char *second_of(struct arena *arena, const char *time)
{
    size_t whole = strlen("2026-11-29T10:00:00");
    bool cut = strlen(time) > whole + 1 && time[whole] == '.';
    return cut ? arena_printf(arena, "%.*sZ", (int)whole, time) : time;
}

static bool is_time(const char *field)
{
    size_t length = strlen(field);
    return length >= 4 && strcmp(field + length - 4, "time") == 0;
}

/* A text as it is, all else as JSON. */
static const char *text_of(struct arena *arena, const struct value *value)
{
    if (!value)
        return "";
    if (value->kind == VALUE_STRING)
        return value_to_text(arena, value);
    const struct slice json = json_print_slice(arena, value, VALUE_MOST);
    return arena_copy(arena, json.text, json.length);
}

static void print_title(const char *title)
{
    printf("\n%s%s%s\n", colour_begin(COLOUR_STRONG), title, colour_end(COLOUR_STRONG));
}

static void show_part(struct arena *arena, const struct part *part, const struct value *list)
{
    uint32_t count = value_count(list),
             shown = part->most && count > part->most ? part->most : count;
    if (!count)
        return;
    struct columns *columns = columns_new(part->heads);
    for (uint32_t i = 0; i < shown; i++)
        for (int k = 0; k < COLUMNS && part->fields[k]; k++) {
            const char *text = text_of(arena, value_path(&list->list->items[i], part->fields[k]));
            columns_text(columns, is_time(part->fields[k]) ? second_of(arena, text) : text);
        }
    print_title(part->title);
    columns_print(columns);
    columns_destroy(&columns);
    if (shown < count)
        printf("and %" PRIu32 " more\n", count - shown);
}

/* ---- The trace ---- */

/* What a line did, in the words of the first of it. */
static const char *first_of(struct arena *arena, const struct value *line)
{
    const struct value *did = value_get(line, "did");
    if (!value_count(did))
        return "";
    const struct value *item = &did->list->items[0];
    const char *rule = text_of(arena, value_get(item, "rule"));
    const char *why = text_of(arena, value_get(item, "why"));
    uint32_t more = value_count(did) - 1;
    const char *text = arena_printf(arena, "%s%s%s%s%s", rule, *rule ? " " : "",
                                    text_of(arena, value_get(item, "what")), *why ? ": " : "", why);
    return more ? arena_printf(arena, "%s, and %" PRIu32 " more", text, more) : text;
}

static void show_trace(const struct subject *subject, const struct value *lines)
{
    static const struct columns_head heads[] = {
        {"TIME", COLUMNS_TEXT}, {"EVENT", COLUMNS_TEXT}, {"DECIDED", COLUMNS_CUT}, {0}};
    struct arena *arena = subject->arena;
    uint32_t count = value_count(lines), from = count > TRACE_SHOWN ? count - TRACE_SHOWN : 0;
    if (!count)
        return;
    struct columns *columns = columns_new(heads);
    for (uint32_t i = from; i < count; i++) {
        const struct value *line = &lines->list->items[i];
        columns_text(columns, second_of(arena, text_of(arena, value_get(line, "time"))));
        columns_text(columns, text_of(arena, value_path(line, "event.type")));
        columns_text(columns, first_of(arena, line));
    }
    print_title("Trace");
    columns_print(columns);
    columns_destroy(&columns);
    printf("%" PRIu32 " of %" PRIu32 " lines; all of them: `nudgectl explain %s`\n", count - from,
           count, plain_of(arena, subject->key));
}

/* ---- The head ---- */

static void print_moment(const char *title, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (ms)
        printf("%-12s %s\n", title, clock_format(ms / 1000 * 1000, text));
}

static bool consents(const struct subject *subject)
{
    struct customer asked = *subject->customer;
    asked.defaults = subject->policy.field_defaults;
    const struct condition_scene scene = {.customer = &asked,
                                          .shop = &subject->policy.shop,
                                          .zone = subject->policy.zone,
                                          .now_ms = subject->now_ms,
                                          .segments = subject->policy.segments};
    return policy_consents(&subject->policy, &scene, subject->arena);
}

static void show_head(const struct subject *subject)
{
    printf("%s", colour_begin(COLOUR_STRONG));
    plain_text(subject->key);
    printf("%s\n", colour_end(COLOUR_STRONG));
    for (uint32_t i = 1; i < subject->name_count; i++) {
        if (subject->names[i].is_address)
            continue;
        printf("%-12s ", "also");
        plain_text(subject->names[i].text);
        printf("\n");
    }
    if (subject->customer) {
        print_moment("known since", subject->customer->first.at_ms);
        printf("%-12s %s\n", "consent",
               subject_declines_all(subject) ? "no: they said no to all"
               : consents(subject)           ? "yes"
                                             : "no");
    }
    print_moment("erased", subject_erased_ms(subject));
}

/* Of the export's records those that no word of the document answers. */
static void put_apart(const struct subject *subject, struct value all)
{
    struct arena *arena = subject->arena;
    const struct value *records = value_get(&all, "records");
    struct value list = value_new_list(arena, 4);
    uint32_t row = 0;
    for (uint32_t i = 0; i < subject->name_count; i++) {
        const struct said_record *said = &subject->names[i].said;
        for (uint32_t k = 0; k < said->noes.count; k++, row++)
            if (subject_says_apart(subject, &said->noes.items[k]))
                value_push(arena, list, records->list->items[row]);
        row += said->erased_ms != 0;
    }
    value_set(arena, all, "apart", list);
}

void subject_show(const struct subject *subject)
{
    const struct value all = subject_export_value(subject);
    put_apart(subject, all);
    show_head(subject);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        show_part(subject->arena, &parts[i], value_get(&all, parts[i].member));
    show_trace(subject, value_get(&all, "trace"));
}
