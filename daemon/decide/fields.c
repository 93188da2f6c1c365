#include "decide/fields.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "customer/customer_fields.h"
#include "rules/field.h"

enum { SHOWN_MOST = 80 /* bytes of a value that the trace shows */ };

/* "points = 120", for the trace. */
static const char *text_of(struct deciding *d, const char *name, const struct value *value)
{
    struct buf text;
    buf_init(&text, SHOWN_MOST);
    bool whole = json_print(&text, value) && !text.full;
    const char *shown = arena_printf(d->arena, "%s = %s", name, whole ? buf_string(&text) : "…");
    buf_free(&text);
    return shown;
}

/* False: it is not set, and *answer says why. `rule` NULL: it was computed. */
static bool put(struct deciding *d, const char *rule, const char *name, const struct value *value,
                enum customer_fields_answer *answer)
{
    const struct value before = customer_fields_get(d->customer, name);
    *answer = customer_fields_set(d->arena, d->customer, name, value, d->now_ms);
    if (*answer != CUSTOMER_FIELDS_SET)
        return false;
    const struct value after = customer_fields_get(d->customer, name);
    d->effect = true;
    if (before.kind != after.kind || !value_equal(&before, &after))
        trace_add_text(&d->trace, rule, TRACE_SETS,
                       d->trace.silent ? "" : text_of(d, name, &after));
    return true;
}

static void refuse(struct deciding *d, const char *rule, const char *name,
                   const struct value *value)
{
    struct value said = value_new_map(d->arena, 1);
    value_add(d->arena, said, value_text(name), *value);
    d->decision->counts.refused++;
    trace_add_fault(&d->trace, rule, TRACE_REFUSED, TRACE_WHY_FIELDS_TOO_LARGE, name);
    decision_add_unsaid(d->decision, d->arena, d->customer, said, TRACE_REASON_FIELDS_TOO_LARGE,
                        arena_printf(d->arena, "the field `%s` is as it was", name));
}

/* ---- Computed ---- */

static void fail(struct deciding *d, const struct field *field, const char *fault)
{
    d->decision->counts.failed++;
    trace_add_fault(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_FIELD,
                    arena_printf(d->arena, "%s: %s", field->name, fault));
}

/* What expressions of fields name without a root: the fields, before what the event has. */
static struct value bare_names(struct deciding *d)
{
    const struct value *data = &d->event->data;
    struct value names = value_new_map(d->arena, value_count(data) + 8);
    for (const struct field *field = d->policy->fields; field->name; field++)
        value_add(d->arena, names, value_text(field->name),
                  customer_fields_get(d->customer, field->name));
    for (uint32_t i = 0; i < value_count(data); i++) {
        const struct value_member *member = &data->map->members[i];
        if (!value_find(&names, member->key.string, member->key.length))
            value_add(d->arena, names, member->key, member->value);
    }
    return names;
}

/* `names`: of bare_names; null before they are asked for. */
static void compute(struct deciding *d, const struct field *field, const struct field_word *word,
                    struct value *names)
{
    const struct condition_scene scene = deciding_scene(d, NULL);
    struct condition_view view;
    struct value value;
    enum customer_fields_answer answer;
    const char *fault;
    condition_view_open(&view, &scene, d->arena);
    if (names->kind == VALUE_NULL)
        *names = bare_names(d);
    view.input.members = names;
    enum condition_answer asked = condition_view_ask(word->condition, &view, d->arena, &fault);
    if (asked == CONDITION_FALSE)
        return;
    if (asked == CONDITION_FAILED ||
        !condition_view_value(word->set, &view, d->arena, &value, &fault))
        fail(d, field, fault);
    else if (put(d, NULL, field->name, &value, &answer))
        value_set(d->arena, *names, field->name, customer_fields_get(d->customer, field->name));
    else if (answer == CUSTOMER_FIELDS_LARGE)
        refuse(d, NULL, field->name, &value);
    else
        fail(d, field, "its value is nothing that JSON can say");
}

void fields_compute(struct deciding *d)
{
    struct value names = value_null();
    if (d->type && !d->type->computed)
        return;
    for (const struct field *field = d->policy->fields; field && field->name; field++)
        for (uint32_t i = 0; i < field->word_count; i++)
            if (rule_list_has(field->words[i].on, d->event->type))
                compute(d, field, &field->words[i], &names);
}

void fields_try(const struct policy *policy, struct customer *customer,
                const struct shop_event *event, int64_t now_ms, struct arena *arena)
{
    struct decision decision = {0};
    struct deciding d = {.policy = policy,
                         .now_ms = now_ms,
                         .arena = arena,
                         .customer = customer,
                         .decision = &decision,
                         .event = event};
    trace_begin(&d.trace, arena, now_ms, event);
    fields_compute(&d);
}

/* ---- Set ---- */

bool fields_set(struct deciding *d, const struct rule_step *step,
                const struct customer_journey *journey, const char **fault)
{
    const struct condition_scene scene = deciding_scene(d, journey);
    struct condition_view view;
    uint32_t count = 0;
    while (step->data[count].name)
        count++;
    struct value *values = arena_alloc(d->arena, sizeof *values * (count + 1));
    condition_view_open(&view, &scene, d->arena);
    for (uint32_t i = 0; i < count; i++)
        if (!condition_view_value(step->data[i].program, &view, d->arena, &values[i], fault))
            return false;
    for (uint32_t i = 0; i < count; i++) {
        enum customer_fields_answer answer;
        if (put(d, journey->rule, step->data[i].name, &values[i], &answer))
            continue;
        if (answer == CUSTOMER_FIELDS_LARGE) {
            refuse(d, journey->rule, step->data[i].name, &values[i]);
            continue;
        }
        *fault = arena_printf(d->arena, "%s: its value is nothing that JSON can say",
                              step->data[i].name);
        return false;
    }
    return true;
}

/* ---- Two documents ---- */

void fields_keep_no(struct deciding *d, const struct customer *other, bool theirs)
{
    const struct value set = customer_fields_mentioned(d->arena, theirs ? other : d->customer);
    const struct value no = policy_consent_of(d->policy, &set, d->arena);
    for (uint32_t i = 0; i < value_count(&no); i++)
        customer_fields_prefer(d->arena, d->customer, other,
                               value_to_text(d->arena, &no.map->members[i].key), theirs);
}

void fields_tell_join(struct deciding *d, const struct customer *other)
{
    const struct customer *customer = d->customer;
    const struct value *lists[] = {&customer->fields, &other->fields};
    for (size_t l = 0; l < 2; l++)
        for (uint32_t i = 0; i < value_count(lists[l]); i++) {
            const char *name = value_to_text(d->arena, &lists[l]->map->members[i].key);
            struct value lost;
            if (!name || (l == 1 && value_get(&customer->fields, name)))
                continue;
            if (customer_fields_differ(customer, other, name, &lost))
                trace_add_fault(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_FIELD_JOINED,
                                text_of(d, name, &lost));
        }
}

void fields_keep_bound(struct deciding *d)
{
    struct value dropped;
    while ((dropped = customer_fields_fit(d->arena, d->customer)).kind == VALUE_MAP) {
        trace_add(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_FIELDS_TOO_LARGE);
        decision_add_unsaid(d->decision, d->arena, d->customer, dropped,
                            TRACE_REASON_FIELDS_TOO_LARGE,
                            "of two documents that became one: what was set longest ago");
    }
}
