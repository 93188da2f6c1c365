#include "decide/trace.h"

#include <string.h>

struct trace_reason {
    const char *why;
    struct value item, rules; /* map; its list */
    uint32_t more;            /* rules that are not in it */
};

void trace_begin(struct trace *trace, struct arena *arena, int64_t now_ms,
                 const struct shop_event *event)
{
    trace->arena = arena;
    trace->line = value_new_map(arena, 3);
    trace->did = value_new_list(arena, 4);
    trace->reasons = NULL;
    trace->reason_count = 0;
    value_add(arena, trace->line, value_text("at"), value_int(now_ms));
    if (!event)
        return;
    struct value about = value_new_map(arena, 4);
    value_add(arena, about, value_text("type"), value_text(event->type));
    if (event->id[0])
        value_add(arena, about, value_text("id"), value_text(event->id));
    value_add(arena, about, value_text("time"), *value_get(&event->document, "time"));
    value_add(arena, about, value_text("entry"), value_text(event->entry));
    value_add(arena, trace->line, value_text("event"), about);
}

/* The new item, or NULL where the line is full. */
static struct value *add(struct trace *trace, const char *rule, const char *what)
{
    struct arena *arena = trace->arena;
    if (trace->did.list->count >= TRACE_MOST)
        return NULL;
    struct value item = value_new_map(arena, 4);
    if (rule)
        value_add(arena, item, value_text("rule"), value_text(rule));
    value_add(arena, item, value_text("what"), value_text(what));
    value_push(arena, trace->did, item);
    return &trace->did.list->items[trace->did.list->count - 1];
}

void trace_add(struct trace *trace, const char *rule, const char *what, const char *why)
{
    struct value *item = add(trace, rule, what);
    if (item)
        value_add(trace->arena, *item, value_text("why"), value_text(why));
}

static struct trace_reason *find_reason(struct trace *trace, const char *why)
{
    for (uint32_t i = 0; i < trace->reason_count; i++)
        if (trace->reasons[i].why == why || strcmp(trace->reasons[i].why, why) == 0)
            return &trace->reasons[i];
    return NULL;
}

/* The item of a reason, or that of all others where there are too many; NULL where the
 * line is full. */
static struct trace_reason *need_reason(struct trace *trace, const char *why)
{
    struct trace_reason *reason = find_reason(trace, why);
    if (!reason && trace->reason_count >= TRACE_REASONS_MOST - 1)
        reason = find_reason(trace, why = "other reasons");
    if (reason)
        return reason;
    struct value *item = add(trace, NULL, "no-match");
    if (!item)
        return NULL;
    if (!trace->reasons)
        trace->reasons = arena_alloc(trace->arena, sizeof *trace->reasons * TRACE_REASONS_MOST);
    reason = &trace->reasons[trace->reason_count++];
    *reason =
        (struct trace_reason){.why = why, .item = *item, .rules = value_new_list(trace->arena, 4)};
    value_add(trace->arena, *item, value_text("why"), value_text(why));
    value_add(trace->arena, *item, value_text("rules"), reason->rules);
    return reason;
}

void trace_add_no_match(struct trace *trace, const char *rule, const char *why)
{
    struct trace_reason *reason = need_reason(trace, why);
    if (!reason)
        return;
    if (value_count(&reason->rules) < TRACE_NAMES_MOST)
        value_push(trace->arena, reason->rules, value_text(rule));
    else
        reason->more++;
}

/* Answers stand in the rules' order. */
void trace_add_refusals(struct trace *trace, const struct rule *const *rules, uint32_t count,
                        const struct rule_answer *answers, uint32_t answer_count)
{
    uint32_t refusals = count - answer_count, named = 0, next = 0;
    for (; named < refusals && named < TRACE_NAMES_MOST; rules++) {
        if (next < answer_count && answers[next].rule == *rules) {
            next++;
            continue;
        }
        trace_add_no_match(trace, (*rules)->name, "if");
        named++;
    }
    struct trace_reason *reason = find_reason(trace, "if");
    if (reason)
        reason->more += refusals - named;
}

void trace_add_message(struct trace *trace, const char *rule, const char *what, const char *why,
                       const char *mid)
{
    struct value *item = add(trace, rule, what);
    if (!item)
        return;
    value_add(trace->arena, *item, value_text("why"), value_text(why));
    value_add(trace->arena, *item, value_text("mid"), value_text(mid));
}

void trace_add_time(struct trace *trace, const char *rule, const char *what, int64_t until_ms)
{
    struct value *item = add(trace, rule, what);
    if (item)
        value_add(trace->arena, *item, value_text("until"), value_int(until_ms));
}

bool trace_end(struct trace *trace, struct value *line)
{
    if (trace->did.list->count == 0 && !value_get(&trace->line, "event"))
        return false;
    for (uint32_t i = 0; i < trace->reason_count; i++)
        if (trace->reasons[i].more)
            value_add(trace->arena, trace->reasons[i].item, value_text("more"),
                      value_int(trace->reasons[i].more));
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
