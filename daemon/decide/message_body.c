/*
 * A message's body in its two forms. What is rendered is made at once from a journey's step
 * (message_body_make); it is stored without what is said twice (message_body_close), and made whole
 * again where it is sent (message_body_open). The two stand at the end, each the other's reverse:
 *
 *   known      what the message's hash has (mid, class, topic, channel, customer, on_uncertain)
 *   follows    name and locale, from the customer; an empty source
 *   once       the data of the start, where the event has it, and in what was collected; of the
 * customer a merge patch to what the event says (difference, told_customer)
 */
#include "decide/message_body.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/utf8.h"

enum { MID_BYTES = 16 };

/* NULL where it is no text, or one that a NUL would cut short: `ana@shop.example` must not
 * come of an address that only begins so. */
static const char *whole_text(struct arena *arena, const struct value *value)
{
    if (value_is(value, VALUE_STRING) && memchr(value->string, '\0', value->length))
        return NULL;
    return value_to_text(arena, value);
}

static const char *address_in(struct arena *arena, const struct value *value)
{
    const char *text = value ? whole_text(arena, value) : NULL;
    const struct slice bare = utf8_trim(slice_of(text ? text : ""));
    return bare.length ? arena_copy(arena, bare.text, bare.length) : NULL;
}

const char *message_body_mailbox(const struct customer *customer, const char *field,
                                 struct arena *arena)
{
    return address_in(arena, customer_get(customer, field));
}

const char *message_body_address(const struct rule_step *step, const struct condition_scene *scene,
                                 struct arena *arena)
{
    struct value address = value_null();
    const char *fault;
    if (step->to) {
        if (!condition_value(step->to, scene, arena, &address, &fault))
            return NULL;
        return address_in(arena, &address);
    }
    return message_body_mailbox(scene->customer, step->field, arena);
}

static const char *joined_lines(struct arena *arena, const char *const *texts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += strlen(texts[i]) + 1;
    char *lines = arena_alloc(arena, length), *at = lines;
    for (size_t i = 0; i < count; i++) {
        at = stpcpy(at, texts[i]);
        *at++ = '\n';
    }
    at[-1] = '\0';
    return lines;
}

const char *message_body_mid(const struct policy *policy, const char *customer, const char *rule,
                             const char *origin, const char *step, struct arena *arena)
{
    unsigned char digest[DIGEST_SIZE];
    char *mid = arena_alloc(arena, 2 * MID_BYTES + 1);
    policy_digest(policy, joined_lines(arena, (const char *[]){customer, rule, origin, step}, 4),
                  digest);
    digest_hex(digest, MID_BYTES, mid);
    return mid;
}

static void put(struct arena *arena, struct value body, const char *name, struct value value)
{
    value_add(arena, body, value_text(name), value);
}

static void put_text(struct arena *arena, struct value body, const char *name, const char *text)
{
    put(arena, body, name, value_text(text));
}

static bool put_data(const struct message_body_input *input, struct arena *arena, struct value body,
                     const char **fault)
{
    const struct rule_data *data = input->step->data;
    if (!data)
        return true;
    struct value fields = value_new_map(arena, 4);
    for (; data->name; data++) {
        struct value field;
        if (!condition_value(data->program, input->scene, arena, &field, fault))
            return false;
        value_add(arena, fields, value_text(data->name), field);
    }
    put(arena, body, "data", fields);
    return true;
}

/* What is no text is no address either, and found to be none where the mail is made. */
static bool put_sender(const struct message_body_input *input, struct arena *arena,
                       struct value body, const char **fault)
{
    struct value from;
    if (!input->step->from)
        return true;
    if (!condition_value(input->step->from, input->scene, arena, &from, fault))
        return false;
    put(arena, body, "from", from.kind == VALUE_STRING ? from : value_text(""));
    return true;
}

/* "Ana Popescu" for the To header, from what shops call it. */
static const char *full_name(const struct value *customer, struct arena *arena)
{
    const char *name = whole_text(arena, value_get(customer, "name"));
    const char *first = whole_text(arena, value_get(customer, "first_name"));
    const char *last = whole_text(arena, value_get(customer, "last_name"));
    if (name)
        return name;
    if (first && last)
        return arena_printf(arena, "%s %s", first, last);
    return first ? first : last;
}

/* What follows from the customer. Somebody else does not bear their name, and the shop's people do
 * not read their language. */
static void put_names(struct arena *arena, struct value body, const struct value *customer)
{
    const char *name = value_get(&body, "elsewhere") ? NULL : full_name(customer, arena);
    const struct value *locale = value_get(customer, "locale");
    if (name)
        put_text(arena, body, "name", name);
    if (locale && !value_get(&body, "staff"))
        put(arena, body, "locale", *locale);
}

/* Whether the journey's origin is what its start's source and id make. */
static bool is_named_by_start(const struct customer_journey *journey, struct arena *arena)
{
    const char *id = value_to_text(arena, value_get(&journey->start, "id"));
    const char *source = value_to_text(arena, value_get(&journey->start, "source"));
    char name[SHOP_EVENT_NAME_SIZE];
    if (!id || !*id)
        return false;
    shop_event_name(source ? source : "", id, name);
    return strcmp(name, journey->origin) == 0;
}

bool message_body_make(const struct message_body_input *input, struct arena *arena,
                       const char **mid, struct value *body, const char **fault)
{
    const struct condition_scene *scene = input->scene;
    bool hold = input->rule->on_uncertain == RULE_HOLD;
    *mid = message_body_mid(input->policy, scene->customer->key, input->rule->name,
                            input->journey->origin, input->step->id, arena);
    *body = value_new_map(arena, 20);
    if (input->bare)
        return put_sender(input, arena, *body, fault) && put_data(input, arena, *body, fault);
    put_text(arena, *body, "mid", *mid);
    put_text(arena, *body, "rule", input->rule->name);
    put_text(arena, *body, "step", input->step->id);
    put_text(arena, *body, "class", rule_class_word(input->rule->class));
    put_text(arena, *body, "topic", input->rule->topic);
    put_text(arena, *body, "channel", input->step->channel);
    put_text(arena, *body, "template", input->step->template);
    put_text(arena, *body, "to", input->address);
    if (input->step->to)
        put(arena, *body, "elsewhere", value_bool(true));
    if (input->step->staff)
        put(arena, *body, "staff", value_bool(true));
    const struct value customer = customer_value(arena, scene->customer);
    put_names(arena, *body, &customer);
    put_text(arena, *body, "customer_key", scene->customer->key);
    put(arena, *body, "decided", value_int(scene->now_ms));
    if (input->arrived_ms) /* what it took to a gateway is measured */
        put(arena, *body, "after", value_int(scene->now_ms - input->arrived_ms));
    put(arena, *body, "expires", value_int(scene->now_ms + input->rule->give_up_ms));
    put_text(arena, *body, "on_uncertain", hold ? "hold" : "resend");
    put(arena, *body, "customer", customer);
    put(arena, *body, "start", *value_get(&input->journey->start, "data"));
    if (scene->collected.kind == VALUE_LIST)
        put(arena, *body, "collected", scene->collected);
    put(arena, *body, "event", scene->event ? *scene->event : input->journey->start);
    bool met = input->journey->met;
    if (met || !is_named_by_start(input->journey, arena)) /* else it is named again */
        put_text(arena, *body, "origin", input->journey->origin);
    if (met) /* and the event does not tell when it began */
        put(arena, *body, "started", value_int(input->journey->started_ms));
    if (input->journey->per)
        put_text(arena, *body, "per", input->journey->per);
    const struct value *hops = value_get(&input->journey->start, "hops");
    if (hops) /* for the event that tells of the message: rules that feed each other must end */
        put(arena, *body, "hops", *hops);
    return put_sender(input, arena, *body, fault) && put_data(input, arena, *body, fault);
}

void message_body_give(struct arena *arena, struct value body, const char *code)
{
    struct value given = value_new_map(arena, 1);
    if (!code || !*code)
        return;
    put_text(arena, given, "code", code);
    put(arena, body, "given", given);
}

const char *message_body_event(const struct value *body, char out[MESSAGE_BODY_EVENT_SIZE])
{
    const struct value *name = value_path(body, "event.id");
    if (!value_is(name, VALUE_STRING) || name->length == 0)
        name = value_get(body, "origin");
    bool known = value_is(name, VALUE_STRING);
    snprintf(out, MESSAGE_BODY_EVENT_SIZE, "%.*s", known ? (int)name->length : 0,
             known ? name->string : "");
    return out;
}

/* ---- The form that is stored ---- */

static bool is_same(const struct value *a, const struct value *b)
{
    bool spelled = a->flags & VALUE_SPELLED;
    return a->kind == b->kind && a->flags == b->flags && value_equal(a, b) &&
           (!spelled || (a->length == b->length && memcmp(a->text, b->text, a->length) == 0));
}

/* The patch (RFC 7396) that makes `to` of `from`, two maps. */
static struct value difference(struct arena *arena, const struct value *from,
                               const struct value *to)
{
    struct value patch = value_new_map(arena, 2);
    for (uint32_t i = 0; i < value_count(to); i++) {
        const struct value_member *member = &to->map->members[i];
        const struct value *old = value_find(from, member->key.string, member->key.length);
        if (old && is_same(old, &member->value))
            continue;
        bool maps = value_is(old, VALUE_MAP) && member->value.kind == VALUE_MAP;
        value_add(arena, patch, member->key,
                  maps ? difference(arena, old, &member->value) : member->value);
    }
    for (uint32_t i = 0; i < value_count(from); i++) {
        const struct value_member *member = &from->map->members[i];
        if (!value_find(to, member->key.string, member->key.length))
            value_add(arena, patch, member->key, value_null());
    }
    return patch;
}

/* What the event of the message says of the customer; a map. */
static struct value told_customer(struct arena *arena, const struct value *body)
{
    const struct value nothing = value_new_map(arena, 0);
    const struct value *told = value_path(body, "event.data.customer");
    return value_is(told, VALUE_MAP) ? value_merge(arena, &nothing, told) : nothing;
}

/* Its members without those that are left out. */
static struct value without(struct arena *arena, const struct value *body,
                            const char *const *left_out)
{
    struct value rest = value_new_map(arena, value_count(body));
    for (uint32_t i = 0; i < value_count(body); i++) {
        const struct value_member *member = &body->map->members[i];
        const char *const *name = left_out;
        while (*name && !value_is_text(&member->key, *name))
            name++;
        if (!*name)
            value_add(arena, rest, member->key, member->value);
    }
    return rest;
}

/* What was collected, with a null in the place of the start's data. */
static void put_collected(struct arena *arena, struct value closed, const struct value *collected,
                          const struct value *start)
{
    struct value list = value_new_list(arena, value_count(collected));
    uint32_t others = 0;
    for (uint32_t i = 0; i < value_count(collected); i++) {
        const struct value *data = &collected->list->items[i];
        bool same = data->kind == VALUE_MAP && start->kind == VALUE_MAP && data->map == start->map;
        others += !same;
        value_push(arena, list, same ? value_null() : *data);
    }
    if (others)
        put(arena, closed, "collected", list);
}

/* And the start's data again in the place of that. */
static void open_collected(struct value body)
{
    const struct value *collected = value_get(&body, "collected"),
                       *start = value_get(&body, "start");
    for (uint32_t i = 0; start && i < value_count(collected); i++)
        if (value_is(collected, VALUE_LIST) && collected->list->items[i].kind == VALUE_NULL)
            collected->list->items[i] = *start;
}

struct value message_body_close(struct arena *arena, const struct value *body)
{
    static const char *const left_out[] = {"mid",   "customer_key", "channel",  "class",
                                           "topic", "on_uncertain", "customer", "start",
                                           "name",  "locale",       "event",    "collected",
                                           NULL};
    const struct value *customer = value_get(body, "customer"), *start = value_get(body, "start");
    const struct value *event = value_get(body, "event"), *data = value_get(event, "data");
    const struct value told = told_customer(arena, body);
    if (!customer || !start || !event)
        return *body;
    struct value patch = difference(arena, &told, customer);
    const struct value again = value_merge(arena, &told, &patch);
    if (!value_equal(&again, customer)) /* it has a null, which no patch can say */
        return *body;
    struct value closed = without(arena, body, left_out);
    static const char *const source[] = {"source", NULL};
    bool named = !value_is_text(value_get(event, "source"), "");
    put(arena, closed, "event", named ? *event : without(arena, event, source));
    if (value_count(&patch))
        put(arena, closed, "customer", patch);
    if (!data || !value_equal(data, start))
        put(arena, closed, "start", *start);
    put_collected(arena, closed, value_get(body, "collected"), start);
    return closed;
}

struct value message_body_open(struct arena *arena, const struct value *stored,
                               const struct message_body_known *known)
{
    static const char *const made[] = {"customer", "event", NULL}, *const nothing[] = {NULL};
    const struct value *patch = value_get(stored, "customer"), *event = value_get(stored, "event");
    if (value_get(stored, "customer_key") || !value_is(event, VALUE_MAP))
        return *stored;
    struct value customer = told_customer(arena, stored), named = without(arena, event, nothing);
    const struct value *data = value_get(event, "data");
    struct value body = without(arena, stored, made);
    if (patch)
        customer = value_merge(arena, &customer, patch);
    if (!value_get(&named, "source"))
        put_text(arena, named, "source", "");
    message_body_give(arena, body, known->code);
    put_text(arena, body, "mid", known->mid);
    put_text(arena, body, "class", known->class_);
    put_text(arena, body, "topic", known->topic);
    put_text(arena, body, "channel", known->channel);
    put_names(arena, body, &customer);
    put_text(arena, body, "customer_key", known->customer);
    put_text(arena, body, "on_uncertain", known->on_uncertain);
    put(arena, body, "customer", customer);
    if (data && !value_get(&body, "start"))
        put(arena, body, "start", *data);
    put(arena, body, "event", named);
    open_collected(body);
    return body;
}
