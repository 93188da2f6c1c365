/*
 * A line is begun, items are added to it (add), and it ends (trace_end). Rules that did not match
 * share an item for each reason (need_group). In a silent trace every item is null.
 */
#include "decide/trace.h"

#include <string.h>

struct trace_group {
    const char *why;
    struct value item, rules; /* map; its list */
    uint32_t more;            /* rules that are not in it */
};

void trace_begin(struct trace *trace, struct arena *arena, int64_t now_ms,
                 const struct shop_event *event)
{
    trace->arena = arena;
    trace->groups = NULL;
    trace->group_count = trace->items = 0;
    if (trace->silent)
        return;
    trace->line = value_new_map(arena, 3);
    trace->did = value_new_list(arena, 4);
    value_add(arena, trace->line, value_text("at"), value_int(now_ms));
    if (!event)
        return;
    struct value about = value_new_map(arena, 6);
    value_add(arena, about, value_text("type"), value_text(event->type));
    if (event->id[0])
        value_add(arena, about, value_text("id"), value_text(event->id));
    if (event->source[0] && !event->internal) /* who said it; of nudged's own the type tells */
        value_add(arena, about, value_text("source"), value_text(event->source));
    if (event->login)
        value_add(arena, about, value_text("login"), value_text(event->login));
    const struct value *time = value_get(&event->document, "time");
    if (event->time_ms != event->arrival_ms && time) /* else the entry tells it */
        value_add(arena, about, value_text("time"), *time);
    value_add(arena, about, value_text("entry"), value_text(event->entry));
    value_add(arena, trace->line, value_text("event"), about);
}

void trace_take(struct trace *trace, const struct value *did)
{
    for (uint32_t i = 0; i < value_count(did); i++)
        value_push(trace->arena, trace->did, did->list->items[i]);
    trace->items += value_count(did);
}

/* The new item, or null where the line is full. */
static struct value add(struct trace *trace, const char *rule, enum trace_what what)
{
    struct arena *arena = trace->arena;
    trace->items++;
    if (trace->silent || trace->did.list->count >= TRACE_MOST)
        return value_null();
    struct value item = value_new_map(arena, 6);
    if (rule)
        value_add(arena, item, value_text("rule"), value_text(rule));
    value_add(arena, item, value_text("what"), value_text(trace_what_word(what)));
    value_push(arena, trace->did, item);
    return item;
}

void trace_note(struct trace *trace, struct value item, const char *name, struct value value)
{
    if (item.kind == VALUE_MAP)
        value_add(trace->arena, item, value_text(name), value);
}

static struct value add_with_why(struct trace *trace, const char *rule, enum trace_what what,
                                 const char *why)
{
    struct value item = add(trace, rule, what);
    if (why[0])
        trace_note(trace, item, "why", value_text(why));
    return item;
}

/* Besides the line, which may be full. */
static void count(struct trace *trace, const char *rule, enum trace_what what, enum trace_why why)
{
    if (trace->acts && rule)
        acts_add(trace->acts, trace->arena, rule, what, why);
}

/* Where nobody reads it, no word is looked for. */
static const char *word_of(const struct trace *trace, enum trace_why why)
{
    return trace->silent ? "" : trace_why_word(why);
}

struct value trace_add(struct trace *trace, const char *rule, enum trace_what what,
                       enum trace_why why)
{
    count(trace, rule, what, why);
    return add_with_why(trace, rule, what, word_of(trace, why));
}

struct value trace_add_fault(struct trace *trace, const char *rule, enum trace_what what,
                             enum trace_why why, const char *fault)
{
    count(trace, rule, what, why);
    struct value item = add_with_why(trace, rule, what, word_of(trace, why));
    if (fault)
        trace_note(trace, item, "fault", value_text(fault));
    return item;
}

struct value trace_add_text(struct trace *trace, const char *rule, enum trace_what what,
                            const char *text)
{
    return add_with_why(trace, rule, what, text);
}

void trace_add_error(struct trace *trace, const char *rule, const char *fault)
{
    count(trace, rule, TRACE_ERROR, TRACE_WHY_NONE);
    add_with_why(trace, rule, TRACE_ERROR, fault);
}

static struct trace_group *find_group(struct trace *trace, const char *why)
{
    for (uint32_t i = 0; i < trace->group_count; i++)
        if (trace->groups[i].why == why || strcmp(trace->groups[i].why, why) == 0)
            return &trace->groups[i];
    return NULL;
}

/* The item of a reason, or that of all others where there are too many; NULL where the
 * line is full. */
static struct trace_group *need_group(struct trace *trace, const char *why)
{
    struct trace_group *group = find_group(trace, why);
    if (!group && trace->group_count >= TRACE_GROUPS_MOST - 1)
        group = find_group(trace, why = trace_why_word(TRACE_WHY_OTHER_REASONS));
    if (group)
        return group;
    struct value item = add(trace, NULL, TRACE_NO_MATCH);
    if (item.kind != VALUE_MAP)
        return NULL;
    if (!trace->groups)
        trace->groups = arena_alloc(trace->arena, sizeof *trace->groups * TRACE_GROUPS_MOST);
    group = &trace->groups[trace->group_count++];
    *group =
        (struct trace_group){.why = why, .item = item, .rules = value_new_list(trace->arena, 4)};
    value_add(trace->arena, item, value_text("why"), value_text(why));
    value_add(trace->arena, item, value_text("rules"), group->rules);
    return group;
}

struct value trace_add_false(struct trace *trace, const char *rule)
{
    return add_with_why(trace, rule, TRACE_NO_MATCH, trace_why_word(TRACE_WHY_IF));
}

void trace_add_no_match(struct trace *trace, const char *rule, const char *fault)
{
    struct trace_group *group = need_group(trace, fault);
    if (!group)
        return;
    if (value_count(&group->rules) < TRACE_NAMES_MOST)
        value_push(trace->arena, group->rules, value_text(rule));
    else
        group->more++;
}

void trace_add_more(struct trace *trace, const char *fault, uint32_t more)
{
    struct trace_group *group = more ? need_group(trace, fault) : NULL;
    if (group)
        group->more += more;
}

static struct value add_message(struct trace *trace, const char *rule, enum trace_what what,
                                const char *why, const char *mid)
{
    struct value item = add_with_why(trace, rule, what, why);
    trace_note(trace, item, "mid", value_text(mid));
    return item;
}

void trace_add_send(struct trace *trace, const char *rule, const char *template, const char *mid)
{
    add_message(trace, rule, TRACE_SENDS, template, mid);
}

struct value trace_add_withdrawal(struct trace *trace, const char *rule, enum trace_what what,
                                  enum trace_why why, const char *mid)
{
    return add_message(trace, rule, what, word_of(trace, why), mid);
}

void trace_add_requeued(struct trace *trace, const char *rule, const char *word, const char *mid)
{
    add_message(trace, rule, TRACE_REQUEUED, word, mid);
}

void trace_add_joined(struct trace *trace, const char *key)
{
    add_with_why(trace, NULL, TRACE_JOINED, key);
}

struct value trace_add_time(struct trace *trace, const char *rule, enum trace_what what,
                            int64_t until_ms)
{
    struct value item = add(trace, rule, what);
    trace_note(trace, item, "until", value_int(until_ms));
    return item;
}

bool trace_end(struct trace *trace, struct value *line)
{
    if (trace->silent || (trace->items == 0 && !value_get(&trace->line, "event")))
        return false;
    for (uint32_t i = 0; i < trace->group_count; i++)
        if (trace->groups[i].more)
            value_add(trace->arena, trace->groups[i].item, value_text("more"),
                      value_int(trace->groups[i].more));
    value_add(trace->arena, trace->line, value_text("did"), trace->did);
    *line = trace->line;
    return true;
}

struct value trace_of(struct arena *arena, int64_t now_ms, struct value item)
{
    struct value line = value_new_map(arena, 2), did = value_new_list(arena, 1);
    value_push(arena, did, item);
    value_add(arena, line, value_text("at"), value_int(now_ms));
    value_add(arena, line, value_text("did"), did);
    return line;
}
