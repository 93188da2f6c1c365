/*
 * emitting_emit, at the end: first the event's data, for what fails ends the journey; then whom it
 * is about; then its place in the chain of events (`hops`) and among those of the decision. One
 * that has none becomes a dead letter, and the journey goes on.
 */
#include "decide/emitting.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "customer/customer_key.h"
#include "customer/customer_size.h"

enum { EVENT_MOST = 256 * 1024 /* bytes of an event, as of a shop's */, ID_BYTES = 16 };

static bool make_data(struct deciding *d, const struct rule_step *step,
                      const struct condition_scene *scene, struct value *data, const char **fault)
{
    struct condition_view view;
    *data = value_new_map(d->arena, 4);
    condition_view_open(&view, scene, d->arena);
    for (const struct rule_data *row = step->data; row && row->name; row++) {
        struct value value;
        if (!condition_view_value(row->program, &view, d->arena, &value, fault))
            return false;
        value_add(d->arena, *data, value_text(row->name), value);
    }
    if (customer_size_of_value(data, EVENT_MOST) <= EVENT_MOST)
        return true;
    *fault = "the data of an event must be JSON of at most 256 KiB";
    return false;
}

/* From the run and the step: decided again it is the same. */
static const char *make_id(struct deciding *d, const struct rule_step *step,
                           const struct customer_journey *journey)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[2 * ID_BYTES + 1];
    const char *name =
        arena_printf(d->arena, "%s\n%s\n%s\n%s\n%s", customer_first_key(d->customer), journey->rule,
                     journey->origin, journey->per ? journey->per : "", step->id);
    digest_sha256(name, strlen(name), digest);
    digest_hex(digest, ID_BYTES, hex);
    return arena_text(d->arena, hex);
}

static int64_t hops_in(const struct value *document)
{
    int64_t hops = 0;
    value_to_int(value_get(document, "hops"), &hops);
    return hops;
}

/* One more than the events have from which the journey has come so far: the one that began it, what
 * its wait met, the present one. */
static int64_t hops_of(const struct deciding *d, const struct customer_journey *journey)
{
    const int64_t met = hops_in(&journey->met_event), present = d->event ? d->event->hops : 0;
    int64_t most = hops_in(&journey->start);
    if (met > most)
        most = met;
    return (present > most ? present : most) + 1;
}

static void put_text(struct deciding *d, struct value map, const char *name, const char *text)
{
    value_add(d->arena, map, value_text(name), value_text(text));
}

/* As it stands in the stream: CloudEvents' form. */
static struct value make_document(struct deciding *d, const struct rule_step *step,
                                  const struct customer_journey *journey, struct value data)
{
    struct value document = value_new_map(d->arena, 8);
    char time[CLOCK_TEXT_SIZE];
    clock_format(d->now_ms, time);
    put_text(d, document, "specversion", "1.0");
    put_text(d, document, "type", step->emits);
    put_text(d, document, "id", make_id(d, step, journey));
    put_text(d, document, "source", "nudged");
    put_text(d, document, "time", arena_text(d->arena, time));
    value_add(d->arena, document, value_text("hops"), value_int(hops_of(d, journey)));
    value_add(d->arena, document, value_text("data"), data);
    return document;
}

/* ---- Whom it is about ---- */

static bool is_unknown(const struct deciding *d, const char *key)
{
    const char *const *unknown = d->facts ? d->facts->unknown : NULL;
    return unknown && rule_list_has(unknown, key);
}

/* The key of the other customer; NULL where there is none, and *why says so. */
static const char *find_other(struct deciding *d, const struct rule_step *step,
                              const struct condition_scene *scene, const char **why)
{
    const char *const *paths = d->policy->key_paths;
    struct customer_key key;
    struct value id;
    if (!condition_value(step->for_whom, scene, d->arena, &id, why))
        return NULL;
    *why = "it is nobody's id";
    if (!paths || !customer_key_make(d->arena, paths, paths[0], &id, &key))
        return NULL;
    *why = "it is the customer themselves";
    if (strcmp(key.text, d->customer->key) == 0)
        return NULL;
    *why = arena_printf(d->arena, "nobody is known by %s", key.text);
    return is_unknown(d, key.text) ? NULL : key.text;
}

/* ---- Its place ---- */

static void refuse(struct deciding *d, const struct rule *rule, const struct value *document,
                   enum trace_why why, enum trace_reason reason, const char *key,
                   const char *detail)
{
    d->decision->counts.refused++;
    trace_add(&d->trace, rule->name, TRACE_REFUSED, why);
    decision_add_unmade(d->decision, d->arena, *document, key, reason, detail);
}

/* Whether one more has a place. */
static bool has_place(struct deciding *d, const struct rule *rule, const struct value *document,
                      const char *key)
{
    if (hops_in(document) > SHOP_EVENT_HOPS_MOST)
        refuse(d, rule, document, TRACE_WHY_LOOP, TRACE_REASON_LOOP, key,
               "over 8 events in a chain: rules feed each other");
    else if (d->emitted_count == EMITTING_MOST)
        refuse(d, rule, document, TRACE_WHY_TOO_MANY_EVENTS, TRACE_REASON_TOO_MANY_EVENTS, key,
               "rules made 32 events of one event or deadline");
    else
        return true;
    return false;
}

/* About the same customer: as one that was read. */
static struct shop_event *own_event(struct deciding *d, const struct value *document)
{
    struct shop_event *event = arena_zero(d->arena, sizeof *event);
    const struct value *data = value_get(document, "data");
    event->type = value_to_text(d->arena, value_get(document, "type"));
    event->id = value_to_text(d->arena, value_get(document, "id"));
    event->source = "nudged";
    event->entry = arena_printf(d->arena, "%" PRId64 "-0", d->now_ms);
    event->keys = arena_zero(d->arena, sizeof *event->keys);
    event->keys[0] = customer_key_of(d->arena, d->policy->key_paths, d->customer->key);
    event->key_count = 1;
    event->key = d->customer->key;
    event->time_ms = event->arrival_ms = d->now_ms;
    event->internal = true;
    event->data = *data;
    event->customer = value_null();
    event->hops = (uint32_t)hops_in(document);
    shop_event_complete(d->arena, event);
    return event;
}

bool emitting_emit(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                   const struct customer_journey *journey, const char **fault)
{
    const struct condition_scene scene = deciding_scene(d, journey);
    const char *other = NULL, *why;
    struct value data;
    if (!make_data(d, step, &scene, &data, fault))
        return false;
    d->effect = true;
    if (step->for_whom && !(other = find_other(d, step, &scene, &why))) {
        trace_add_fault(&d->trace, rule->name, TRACE_REFUSED, TRACE_WHY_NO_SUCH_CUSTOMER, why);
        return true;
    }
    const struct value document = make_document(d, step, journey, data);
    if (!has_place(d, rule, &document, other ? other : d->customer->key)) {
        if (other) /* of nobody there is no dead letter: it could be brought back */
            decision_assume_known(d->decision, d->arena, other);
        return true;
    }
    trace_add_text(&d->trace, rule->name, TRACE_EMITS, step->emits);
    if (other)
        decision_add_emit(d->decision, d->arena, other, document);
    d->emitted[d->emitted_count++] = other ? NULL : own_event(d, &document);
    return true;
}

bool emitting_is_own(struct deciding *d, const struct rule *rule,
                     const struct customer_journey *journey)
{
    const struct shop_event *event = d->event;
    for (uint32_t i = 0; event->internal && i < rule->step_count; i++) {
        const struct rule_step *step = &rule->steps[i];
        if (step->kind == RULE_STEP_EMIT && strcmp(step->emits, event->type) == 0 &&
            strcmp(make_id(d, step, journey), event->id) == 0)
            return true;
    }
    return false;
}

const struct shop_event *emitting_next(struct deciding *d)
{
    while (d->emitted_next < d->emitted_count) {
        const struct shop_event *event = d->emitted[d->emitted_next++];
        if (event)
            return event;
    }
    d->emitted_next = d->emitted_count = 0; /* of the next event of a batch as many may be made */
    return NULL;
}
