#include "delivery/message_event.h"

#include <string.h>

#include "base/json.h"
#include "rules/other_sets.h"

enum { TEXT_MOST = 32 * 1024, DATA_MOST = 4096 };

bool message_event_is_asked(const struct ruleset *rules, const struct rule_sets *sets,
                            const char *type)
{
    size_t count = 0;
    const struct rule_sets_other *others = sets ? rule_sets_others(sets, &count) : NULL;
    bool asked = ruleset_counts(rules, type);
    for (size_t i = 0; i < count && !asked; i++) {
        const struct other_set one = {.number = others[i].number, .entries = others[i].entries};
        asked = other_sets_count(&(struct other_sets){.sets = &one, .count = 1}, type);
    }
    return asked;
}

static const char *type_of(const struct attempt *attempt, const struct ruleset *rules,
                           const struct rule_sets *sets)
{
    const struct outcome *outcome = &attempt->job.outcome;
    const char *type = NULL;
    if (outcome->kind == OUTCOME_BOUNCED || outcome->suspect == OUTCOME_SUSPECT_MAILBOX)
        return "message.bounced";
    if (attempt->result.verdict == OUTBOX_DEAD)
        return "message.failed";
    if (outcome->kind == OUTCOME_SENT)
        type = "message.sent";
    else if (outcome->kind == OUTCOME_UNCERTAIN && !attempt->bound)
        type = "message.uncertain";
    return type && message_event_is_asked(rules, sets, type) ? type : NULL;
}

static void put(struct arena *arena, struct value map, const char *name, const char *text)
{
    if (text && *text)
        value_add(arena, map, value_text(name), value_text(text));
}

/* What a send gave its template besides: so a rule can go on with it. */
static void put_data(struct arena *arena, struct value message, const struct value *data)
{
    struct buf text;
    buf_init(&text, DATA_MOST);
    if (value_count(data) && json_print(&text, data))
        value_add(arena, message, value_text("data"), *data);
    buf_free(&text);
}

static struct value describe(const struct attempt *attempt)
{
    static const char *const from_body[] = {"rule", "step", "template", "to"};
    const struct outcome *outcome = &attempt->job.outcome;
    struct arena *arena = attempt->arena;
    struct value message = value_new_map(arena, 16);
    put(arena, message, "id", attempt->mid);
    for (size_t i = 0; i < sizeof from_body / sizeof *from_body; i++)
        put(arena, message, from_body[i],
            value_to_text(arena, value_get(&attempt->message, from_body[i])));
    put(arena, message, "channel", attempt->channel);
    put(arena, message, "class", attempt->class_);
    put(arena, message, "topic", attempt->topic);
    put(arena, message, "gateway", attempt->gateway);
    put(arena, message, "cause", attempt->result.reason);
    put(arena, message, "reason", outcome->text);
    if (outcome->code)
        value_add(arena, message, value_text("code"), value_int(outcome->code));
    put(arena, message, "enhanced", outcome->enhanced);
    put(arena, message, "gateway_id", outcome->id);
    if (attempt->result.verdict == OUTBOX_DEAD &&
        (attempt->bound || attempt->result.may_have_arrived))
        value_add(arena, message, value_text("may_have_arrived"), value_bool(true));
    put_data(arena, message, value_get(&attempt->message, "data"));
    return message;
}

const char *message_event_make(const struct attempt *attempt, const struct ruleset *rules,
                               const struct rule_sets *sets)
{
    const char *type = type_of(attempt, rules, sets);
    struct arena *arena = attempt->arena;
    int64_t hops = 0;
    if (!type)
        return NULL;
    struct value event = value_new_map(arena, 6), customer = value_new_map(arena, 1);
    value_to_int(value_get(&attempt->message, "hops"), &hops);
    put(arena, customer, "key", attempt->customer);
    put(arena, event, "type", type);
    put(arena, event, "source", "nudged");
    put(arena, event, "id", arena_printf(arena, "%s%s", attempt->mid, strchr(type, '.')));
    value_add(arena, event, value_text("hops"), value_int(hops + 1));
    value_add(arena, event, value_text("customer"), customer);
    value_add(arena, event, value_text("message"), describe(attempt));
    return json_print_slice(arena, &event, TEXT_MOST).text;
}
