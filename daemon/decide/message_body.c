#include "decide/message_body.h"

#include <string.h>

#include "base/digest.h"
#include "base/utf8.h"

enum { MID_BYTES = 16 };

static const char *address_field(const char *channel)
{
    return strcmp(channel, "sms") == 0 ? "phone" : channel;
}

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

const char *message_body_mailbox(const struct customer *customer, const char *channel,
                                 struct arena *arena)
{
    const struct value known = customer_value(arena, customer);
    return address_in(arena, value_get(&known, address_field(channel)));
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
    return message_body_mailbox(scene->customer, step->channel, arena);
}

static const char *make_mid(const struct message_body_input *input, struct arena *arena)
{
    unsigned char digest[DIGEST_SIZE];
    char *mid = arena_alloc(arena, 2 * MID_BYTES + 1);
    const char *name = arena_printf(arena, "%s\n%s\n%s\n%s", input->scene->customer->key,
                                    input->rule->name, input->journey->origin, input->step->id);
    digest_hmac(input->policy->secret, input->policy->secret_length, name, strlen(name), digest);
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

bool message_body_make(const struct message_body_input *input, struct arena *arena,
                       const char **mid, struct value *body, const char **fault)
{
    const struct condition_scene *scene = input->scene;
    struct value customer = customer_value(arena, scene->customer);
    const char *name = full_name(&customer, arena);
    const struct value *locale = value_get(&customer, "locale");
    bool hold = input->rule->on_uncertain == RULE_HOLD;
    *mid = make_mid(input, arena);
    *body = value_new_map(arena, 20);
    put_text(arena, *body, "mid", *mid);
    put_text(arena, *body, "rule", input->rule->name);
    put_text(arena, *body, "step", input->step->id);
    put_text(arena, *body, "class",
             input->rule->class == RULE_MARKETING ? "marketing" : "transactional");
    put_text(arena, *body, "topic", input->rule->topic);
    put_text(arena, *body, "channel", input->step->channel);
    put_text(arena, *body, "template", input->step->template);
    put_text(arena, *body, "to", input->address);
    if (name)
        put_text(arena, *body, "name", name);
    if (locale)
        put(arena, *body, "locale", *locale);
    put_text(arena, *body, "customer_key", scene->customer->key);
    put(arena, *body, "decided", value_int(scene->now_ms));
    put(arena, *body, "expires", value_int(scene->now_ms + input->rule->give_up_ms));
    put_text(arena, *body, "on_uncertain", hold ? "hold" : "resend");
    put(arena, *body, "customer", customer);
    put(arena, *body, "start", *value_get(&input->journey->start, "data"));
    put(arena, *body, "event", scene->event ? *scene->event : input->journey->start);
    const struct value *hops = value_get(&input->journey->start, "hops");
    if (hops) /* for the event that tells of the message: rules that feed each other must end */
        put(arena, *body, "hops", *hops);
    return put_data(input, arena, *body, fault);
}
