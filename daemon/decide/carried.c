#include "decide/carried.h"

#include <string.h>

#include "customer/customer_size.h"
#include "rules/condition_reads.h"

struct carried_condition {
    const char *source;
    struct cel_program *condition; /* NULL: it cannot be compiled */
    struct carried_condition *next;
};

struct customer_until carried_until(const struct rule *rule)
{
    const struct cel_program *condition = rule->until_condition;
    return (struct customer_until){.types = rule->until,
                                   .condition = condition ? cel_text(condition) : NULL};
}

static struct value within_bound(struct value reads)
{
    bool fits = customer_size_of_value(&reads, CUSTOMER_READS_MOST) <= CUSTOMER_READS_MOST;
    return fits ? reads : value_bool(true);
}

struct value carried_reads(const struct deciding *d, const struct rule *rule,
                           const struct value *event)
{
    if (!rule->until_condition || event->kind != VALUE_MAP)
        return value_null();
    if (condition_reads_collected(rule->until_condition, d->policy->segments, d->arena))
        return value_bool(true);
    struct value reads =
        condition_reads_start(rule->until_condition, d->policy->segments, event, d->arena);
    return value_count(value_get(&reads, "data")) ? within_bound(reads) : value_null();
}

struct value carried_event(const struct deciding *d, const struct rule *rule)
{
    struct value event = condition_reads_event(rule->until_condition, d->policy->segments,
                                               &d->event->document, d->arena);
    if (!value_get(&event, "type")) /* which the rule's `until` may lack by then */
        value_add(d->arena, event, value_text("type"), value_text(d->event->type));
    return within_bound(event);
}

bool carried_compile(struct deciding *d, const char *source, struct cel_program **condition)
{
    struct carried_condition *compiled = d->compiled;
    struct diag diag;
    *condition = NULL;
    if (!source)
        return true;
    while (compiled && strcmp(compiled->source, source) != 0)
        compiled = compiled->next;
    if (!compiled) {
        compiled = arena_alloc(d->arena, sizeof *compiled);
        *compiled = (struct carried_condition){.source = source, .next = d->compiled};
        compiled->condition =
            condition_compile(d->arena, source, strlen(source), NULL, NULL, &diag);
        d->compiled = compiled;
    }
    *condition = compiled->condition;
    return compiled->condition != NULL;
}
