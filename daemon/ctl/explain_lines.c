#include "ctl/explain_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/colour.h"
#include "ctl/local_time.h"
#include "ctl/particulars.h"
#include "ctl/plain.h"
#include "decide/trace_words.h"

/* ---- Which are shown ---- */

static bool has_rule(const struct value *item, const char *rule)
{
    const struct value *rules = value_get(item, "rules");
    for (uint32_t i = 0; i < (value_is(rules, VALUE_LIST) ? value_count(rules) : 0); i++)
        if (value_is_text(&rules->list->items[i], rule))
            return true;
    return value_is_text(value_get(item, "rule"), rule);
}

/* An item of many rules as if it were of this one. */
static struct value of_one(struct arena *arena, const struct value *item, const char *rule)
{
    struct value one = value_new_map(arena, value_count(item));
    value_add(arena, one, value_text("rule"), value_text(rule));
    for (uint32_t i = 0; i < value_count(item); i++) {
        const struct value_member *member = &item->map->members[i];
        if (!value_is_text(&member->key, "rules") && !value_is_text(&member->key, "more"))
            value_add(arena, one, member->key, member->value);
    }
    return one;
}

static struct value items_of(struct arena *arena, const struct value *did, const char *rule)
{
    struct value items = value_new_list(arena, 4);
    for (uint32_t i = 0; i < (value_is(did, VALUE_LIST) ? value_count(did) : 0); i++) {
        const struct value *item = &did->list->items[i];
        if (has_rule(item, rule))
            value_push(arena, items, value_get(item, "rules") ? of_one(arena, item, rule) : *item);
    }
    return items;
}

bool explain_lines_filter(const struct explain_filter *filter, struct arena *arena,
                          struct value *line)
{
    int64_t at_ms = 0;
    value_to_int(value_get(line, "at"), &at_ms);
    if (at_ms < filter->since_ms)
        return false;
    if (!filter->rule)
        return true;
    const struct value items = items_of(arena, value_get(line, "did"), filter->rule);
    value_set(arena, *line, "did", items);
    return value_count(&items) > 0;
}

/* ---- A line ---- */

struct item {
    const char *rule, *what, *rest;
};

struct told {
    int64_t at_ms, last_ms;
    const char *type, *id, *source, *login;
    struct item *items;
    uint32_t count, times;
};

static const char *text_of(struct arena *arena, const struct value *map, const char *name)
{
    const char *text = value_to_text(arena, value_get(map, name));
    return text ? text : "";
}

static struct told tell(const struct value *line, struct zone *zone, struct arena *arena)
{
    const struct value *event = value_get(line, "event"), *did = value_get(line, "did");
    struct told told = {.type = text_of(arena, event, "type"),
                        .id = text_of(arena, event, "id"),
                        .source = text_of(arena, event, "source"),
                        .login = text_of(arena, event, "login"),
                        .count = value_is(did, VALUE_LIST) ? value_count(did) : 0,
                        .times = 1};
    value_to_int(value_get(line, "at"), &told.at_ms);
    told.last_ms = told.at_ms;
    told.items = arena_alloc(arena, sizeof *told.items * (told.count + 1));
    for (uint32_t i = 0; i < told.count; i++) {
        const struct particulars particulars = {
            .item = &did->list->items[i], .at_ms = told.at_ms, .zone = zone, .arena = arena};
        told.items[i] = (struct item){.rule = text_of(arena, particulars.item, "rule"),
                                      .what = text_of(arena, particulars.item, "what"),
                                      .rest = particulars_text(&particulars)};
    }
    return told;
}

/* Whether both say the same but for their times, and the events' ids. */
static bool is_same(const struct told *told, const struct told *other)
{
    if (!told->type[0] || strcmp(told->type, other->type) != 0 ||
        strcmp(told->source, other->source) != 0 || strcmp(told->login, other->login) != 0 ||
        told->count != other->count)
        return false;
    for (uint32_t i = 0; i < told->count; i++)
        if (strcmp(told->items[i].rule, other->items[i].rule) != 0 ||
            strcmp(told->items[i].what, other->items[i].what) != 0 ||
            strcmp(told->items[i].rest, other->items[i].rest) != 0)
            return false;
    return true;
}

/* ---- Printing ---- */

static enum colour colour_of(const char *what)
{
    static const struct {
        enum trace_what what;
        enum colour colour;
    } colours[] = {
        {TRACE_NO_MATCH, COLOUR_FAINT}, {TRACE_PASSED_OVER, COLOUR_FAINT},
        {TRACE_IGNORED, COLOUR_FAINT},  {TRACE_SENDS, COLOUR_GOOD},
        {TRACE_SENT, COLOUR_GOOD},      {TRACE_REFUSED, COLOUR_WARN},
        {TRACE_ENDED, COLOUR_WARN},     {TRACE_SAYS_NO, COLOUR_WARN},
        {TRACE_WITHDRAWN, COLOUR_WARN}, {TRACE_ERROR, COLOUR_BAD},
        {TRACE_DEAD, COLOUR_BAD},       {TRACE_BOUNCED, COLOUR_BAD},
        {TRACE_COMPLAINED, COLOUR_BAD}, {TRACE_GATEWAY_FAULT, COLOUR_BAD},
    };
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strcmp(trace_what_word(colours[i].what), what) == 0)
            return colours[i].colour;
    return COLOUR_PLAIN;
}

static void print_head(const struct told *told, struct zone *zone)
{
    char time[LOCAL_TIME_SIZE];
    printf("%s%s%s", colour_begin(COLOUR_STRONG), local_time_format(zone, told->at_ms, time),
           colour_end(COLOUR_STRONG));
    if (told->type[0]) {
        printf("  ");
        plain_text(told->type);
    }
    if (told->id[0] && told->times == 1) {
        printf(" ");
        plain_text(told->id);
    }
    if (told->source[0]) {
        printf(" from ");
        plain_text(told->source);
    }
    if (told->login[0]) {
        printf(" by ");
        plain_text(told->login);
    }
    if (told->times > 1)
        printf(" ×%" PRIu32 ", until %s", told->times,
               local_time_format(zone, told->last_ms, time));
    printf("%s\n", told->count ? "" : "  nothing to do");
}

static void print_told(const struct told *told, struct zone *zone)
{
    print_head(told, zone);
    for (uint32_t i = 0; i < told->count; i++) {
        const struct item *item = &told->items[i];
        enum colour colour = colour_of(item->what);
        printf("    ");
        plain_text(item->rule);
        printf("%s%s", item->rule[0] ? " " : "", colour_begin(colour));
        plain_text(item->what);
        printf("%s", colour_end(colour));
        plain_text(item->rest);
        printf("\n");
    }
}

void explain_lines_print(const struct value *lines, struct zone *zone, struct arena *arena)
{
    struct told last = {.times = 0};
    for (uint32_t i = 0; i < value_count(lines); i++) {
        const struct told told = tell(&lines->list->items[i], zone, arena);
        if (last.times && is_same(&last, &told)) {
            last.times++;
            last.last_ms = told.at_ms;
            continue;
        }
        if (last.times)
            print_told(&last, zone);
        last = told;
    }
    if (last.times)
        print_told(&last, zone);
}
