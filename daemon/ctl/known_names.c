/*
 * What a template may name: maps of names, whose values are samples or null. Samples of several
 * events become one (unite), the names that every message has go over them (add_roots), and the
 * customer has the fields that rules and the configuration set (with_fields). At the end stand the
 * three of them: at any event, at those of the rules that send a template, in a request's body.
 */
#include "ctl/known_names.h"

#include "ctl/draft.h"
#include "rules/field.h"
#include "templates/shopify_names.h"

enum { ITEMS_MOST = 100 };

static struct value unite(struct arena *arena, const struct value *a, const struct value *b);

struct value known_names_item(struct arena *arena, const struct value *list)
{
    struct value any = value_null();
    for (uint32_t i = 0; value_is(list, VALUE_LIST) && i < list->list->count && i < ITEMS_MOST; i++)
        any = unite(arena, &any, &list->list->items[i]);
    return any;
}

/* A list of both lists' items, made one. */
static struct value unite_lists(struct arena *arena, const struct value *a, const struct value *b)
{
    struct value one = known_names_item(arena, a), other = known_names_item(arena, b);
    struct value list = value_new_list(arena, 1);
    value_push(arena, list, unite(arena, &one, &other));
    return list;
}

/* The members of both maps, or of the items of both lists. */
static struct value unite(struct arena *arena, const struct value *a, const struct value *b)
{
    if (value_is(a, VALUE_LIST) && value_is(b, VALUE_LIST))
        return unite_lists(arena, a, b);
    if (!value_is(b, VALUE_MAP))
        return *a;
    if (!value_is(a, VALUE_MAP))
        return *b;
    struct value both = value_new_map(arena, value_count(a) + value_count(b));
    for (uint32_t i = 0; i < value_count(a); i++) {
        const struct value_member *member = &a->map->members[i];
        const struct value *other = value_find(b, member->key.string, member->key.length);
        value_add(arena, both, member->key, unite(arena, &member->value, other));
    }
    for (uint32_t i = 0; i < value_count(b); i++) {
        const struct value_member *member = &b->map->members[i];
        if (!value_find(a, member->key.string, member->key.length))
            value_add(arena, both, member->key, member->value);
    }
    return both;
}

static void add_type(struct arena *arena, const struct ruleset *rules, struct known_names *known,
                     const char *type)
{
    const struct value *sample = value_get(ruleset_events(rules), type);
    if (sample)
        known->data = unite(arena, &known->data, sample);
    else
        known->open = true;
}

static struct value map_of(struct arena *arena, const char *const *names)
{
    struct value map = value_new_map(arena, 16);
    for (; *names; names++)
        value_set(arena, map, *names, value_null());
    return map;
}

/* Puts the names that every message has over those of the data; `all` is the data of any event. */
static void add_roots(struct arena *arena, const struct config *config, const struct value *all,
                      struct known_names *known)
{
    static const char *const of_event[] = {"type", "id", "time", "source", NULL};
    static const char *const of_message[] = {"id",      "rule", "step", "class", "topic",
                                             "channel", "to",   "name", NULL};
    static const char *const of_given[] = {"code", NULL};
    static const char *const plain[] = {
        "now",         "locale",  "unsubscribe_url", "preferences_url",
        "confirm_url", "content", "subject",         "preheader",
        NULL};
    const struct value *customer = value_get(all, "customer");
    struct value names = map_of(arena, plain), event = map_of(arena, of_event);
    const struct value collected = value_new_list(arena, 1);
    value_push(arena, collected, known->data);
    value_set(arena, event, "data", known->data);
    value_set(arena, names, "event", event);
    value_set(arena, names, "start", known->data);
    value_set(arena, names, "collected", collected);
    value_set(arena, names, "given", map_of(arena, of_given));
    value_set(arena, names, "message", map_of(arena, of_message));
    value_set(arena, names, "customer", customer ? *customer : value_null());
    value_set(arena, names, "shop", config->keys.shop);
    known->names = unite(arena, &names, &known->names);
    known->names = unite(arena, &known->names, &known->data);
    shopify_names_add(arena, known->names);
}

/* Those that the configuration computes and those that rules set, beside what samples have. */
static struct value with_fields(struct arena *arena, const struct config *config,
                                const struct ruleset *rules, const struct value *customer)
{
    const struct value nothing = value_new_map(arena, 8);
    struct value all =
        value_is(customer, VALUE_MAP) ? value_merge(arena, &nothing, customer) : nothing;
    for (const struct field *field = config->fields; field && field->name; field++)
        value_set(arena, all, field->name, field->initial);
    for (size_t r = 0; r < ruleset_count(rules); r++) {
        const struct rule *rule = ruleset_at(rules, r);
        for (uint32_t s = 0; s < rule->step_count; s++)
            for (const struct rule_data *data = rule->steps[s].data;
                 rule->steps[s].kind == RULE_STEP_SET && data && data->name; data++)
                value_set(arena, all, data->name, value_null());
    }
    return all;
}

static void begin(struct arena *arena, struct known_names *known)
{
    *known =
        (struct known_names){.data = value_new_map(arena, 0), .names = value_new_map(arena, 0)};
}

void known_names_all(struct arena *arena, const struct config *config, const struct ruleset *rules,
                     struct known_names *all)
{
    const struct value *events = ruleset_events(rules);
    begin(arena, all);
    all->open = value_count(events) == 0;
    for (uint32_t i = 0; i < value_count(events); i++)
        add_type(arena, rules, all, value_to_text(arena, &events->map->members[i].key));
    const struct value customer =
        with_fields(arena, config, rules, value_get(&all->data, "customer"));
    if (!all->open)
        value_set(arena, all->data, "customer", customer);
    add_roots(arena, config, &all->data, all);
}

void known_names_sent(struct arena *arena, const struct config *config, const struct ruleset *rules,
                      const struct known_names *all, const char *template, struct known_names *some)
{
    bool sent = false;
    begin(arena, some);
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_at(rules, i);
        const struct rule_step *step = draft_step(rule, template);
        if (!step)
            continue;
        for (const char *const *type = step->types; *type; type++)
            add_type(arena, rules, some, *type);
        for (const struct rule_data *data = step->data; data && data->name; data++)
            value_set(arena, some->names, data->name, value_null());
        sent = true;
    }
    if (sent)
        add_roots(arena, config, &all->data, some);
    else
        *some = *all;
}

/* What its steps say beside the event's data. */
static void add_data(struct arena *arena, const struct rule *rule, const struct value *names)
{
    for (uint32_t i = 0; i < rule->step_count; i++)
        for (const struct rule_data *data = rule->steps[i].data; data && data->name; data++)
            if (!value_get(names, data->name))
                value_set(arena, *names, data->name, value_null());
}

void known_names_body(struct arena *arena, const struct ruleset *rules,
                      const struct known_names *all, struct known_names *body)
{
    static const char *const of_message[] = {"mid",
                                             "id",
                                             "rule",
                                             "step",
                                             "class",
                                             "topic",
                                             "channel",
                                             "template",
                                             "locale",
                                             "to",
                                             "to_name",
                                             "name",
                                             "to_mailbox",
                                             "from",
                                             "from_name",
                                             "from_address",
                                             "from_mailbox",
                                             "reply_to",
                                             "subject",
                                             "preheader",
                                             "preview",
                                             "text",
                                             "html",
                                             "headers",
                                             "mime",
                                             "unsubscribe_url",
                                             "attachments",
                                             "envelope_from",
                                             NULL};
    static const char *const of_file[] = {"filename", "content_type", "content", "cid",
                                          "inline",   "size",         NULL};
    struct value files = value_new_list(arena, 1), message = map_of(arena, of_message);
    value_push(arena, files, map_of(arena, of_file));
    value_set(arena, message, "attachments", files);
    *body = *all;
    body->names = value_copy(arena, &all->names);
    value_set(arena, body->names, "message", message);
    value_set(arena, body->names, "data", value_null());
    value_set(arena, body->names, "gateway", value_null());
    for (size_t i = 0; i < ruleset_count(rules); i++)
        add_data(arena, ruleset_at(rules, i), &body->names);
}
