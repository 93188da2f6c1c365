/*
 * From the top: the question is read (host_question_person, at the end); the documents of the key,
 * and of where it leads, are read one after the other (look, on_read); of what stands there the
 * answer is made (answer). A key of which nothing is known is answered too: it may be of who was
 * erased, and their no counts.
 */
#include "host/host_question_person.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mailbox.h"
#include "customer/customer.h"
#include "customer/customer_key.h"
#include "customer/said.h"
#include "decide/person.h"
#include "decide/policy.h"
#include "store/customers.h"
#include "web/link.h"

struct lookup {
    struct host_question *question;
    struct generation *generation; /* held */
    const char *key;               /* that is looked at */
    const char *topic;             /* of a token that was read here; NULL else */
    int64_t asked_ms;              /* of a confirmation; 0 else */
    int hops;
    struct said_record records[PERSON_HOPS_MOST + 1]; /* of the keys that were looked at */
    size_t record_count;
};

/* ---- The end of it ---- */

static void finish(struct lookup *lookup, enum ask_status status, struct slice text)
{
    struct host_question *question = lookup->question;
    generation_release(&lookup->generation);
    host_question_answer(question, status, text);
}

static void on_cancel(struct host_question *question)
{
    struct lookup *lookup = question->own;
    generation_release(&lookup->generation);
}

/* ---- What the answer says ---- */

/* The path that a key begins with the last name of; NULL: none that is configured now. */
static const char *path_of(const char *const *paths, const char *key)
{
    for (; *paths; paths++) {
        const char *dot = strrchr(*paths, '.'), *name = dot ? dot + 1 : *paths;
        size_t length = strlen(name);
        if (strncmp(key, name, length) == 0 && key[length] == ':')
            return *paths;
    }
    return NULL;
}

/* An address as it is to be written to, which is not as a key spells it: an event that names
 * somebody by it would change that. */
static const char *value_of(struct arena *arena, const struct customer *customer, const char *path,
                            const char *key)
{
    const char *value = strchr(key, ':') + 1, *dot = strrchr(path, '.');
    const char *name = dot ? dot + 1 : path;
    const char *known = value_to_text(arena, customer_get(customer, name));
    if ((strcmp(name, "email") == 0 || strcmp(name, "phone") == 0) && known &&
        strcmp(mailbox_form(arena, slice_of(known)), value) == 0)
        return known;
    return value;
}

static struct value names_of(struct arena *arena, const struct customer *customer, const char *path)
{
    struct value names = value_new_map(arena, 2), holder = names;
    const char *value = value_of(arena, customer, path, customer->key);
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        struct value inner = value_new_map(arena, 2);
        value_set(arena, holder, arena_copy(arena, path, (size_t)(dot - path)), inner);
        holder = inner;
    }
    value_set(arena, holder, path, value_text(value));
    return names;
}

static void add_topic(struct arena *arena, struct value list, const struct customer *customer,
                      const char *name, bool opt_in)
{
    struct value topic = value_new_map(arena, 2);
    for (uint32_t i = 0; i < value_count(&list); i++)
        if (value_is_text(value_get(&list.list->items[i], "name"), name))
            return;
    value_set(arena, topic, "name", value_text(name));
    value_set(arena, topic, "on",
              value_bool(opt_in ? said_wanted(customer, name) : !said_declined(customer, name)));
    value_push(arena, list, topic);
}

/* Those of the configuration in its order; without any, those that rules of marketing have. */
static struct value topics_of(struct lookup *lookup, struct arena *arena,
                              const struct customer *customer, int64_t now_ms)
{
    const struct generation *generation = lookup->generation;
    const struct policy *policy = &generation->policy;
    const struct condition_scene scene = {.customer = customer,
                                          .shop = &policy->shop,
                                          .zone = policy->zone,
                                          .now_ms = now_ms,
                                          .segments = policy->segments};
    struct value list = value_new_list(arena, 8);
    bool consents = policy_consents(policy, &scene, arena);
    for (const struct policy_topic *topic = policy->topics; topic && topic->name; topic++)
        if (topic->opt_in || consents)
            add_topic(arena, list, customer, topic->name, topic->opt_in);
    for (size_t i = 0; !policy->topics && consents && i < ruleset_count(generation->rules); i++) {
        const struct rule *rule = ruleset_at(generation->rules, i);
        if (rule->class == RULE_MARKETING && rule->topic && strcmp(rule->topic, said_all) != 0)
            add_topic(arena, list, customer, rule->topic, false);
    }
    return list;
}

/* An old link is no new yes: with all else the erasure has taken back what it asked for. */
static bool is_of_erased(const struct lookup *lookup)
{
    for (size_t i = 0; lookup->asked_ms && i < lookup->record_count; i++)
        if (lookup->records[i].erased_ms >= lookup->asked_ms)
            return true;
    return false;
}

static void answer(struct lookup *lookup, struct customer *customer, int64_t now_ms)
{
    struct arena *arena = lookup->question->arena;
    const char *path = path_of(lookup->generation->policy.key_paths, customer->key);
    if (!path) {
        finish(lookup, ASK_REFUSED, slice_of("void"));
        return;
    }
    if (is_of_erased(lookup)) {
        finish(lookup, ASK_REFUSED, slice_of("expired"));
        return;
    }
    customer->defaults = lookup->generation->policy.field_defaults;
    for (size_t i = 0; i < lookup->record_count; i++)
        said_take_over(arena, customer, &lookup->records[i]);
    struct value map = value_new_map(arena, 4);
    const char *locale = value_to_text(arena, customer_get(customer, "locale"));
    value_set(arena, map, "names", names_of(arena, customer, path));
    if (locale)
        value_set(arena, map, "locale", value_text(locale));
    if (lookup->topic)
        value_set(arena, map, "topic", value_text(lookup->topic));
    value_set(arena, map, "topics", topics_of(lookup, arena, customer, now_ms));
    finish(lookup, ASK_TAKEN, json_print_slice(arena, &map, json_event_limits.bytes));
}

/* ---- Reading ---- */

static void look(struct lookup *lookup);

static void on_read(void *context, const struct diag *fault, const struct customers_found *found)
{
    struct lookup *lookup = context;
    struct arena *arena = lookup->question->arena;
    struct diag diag;
    if (fault) {
        finish(lookup, ASK_UNAVAILABLE, slice_of(""));
        return;
    }
    const struct slice document = slice_copy(arena, found->documents[0]);
    const struct slice record = slice_copy(arena, found->records[0]);
    const struct slice target = slice_copy(arena, found->targets[0]);
    if (record.text)
        lookup->records[lookup->record_count++] = said_read(arena, record);
    if (!document.text && target.text && lookup->hops < PERSON_HOPS_MOST) {
        lookup->hops++;
        lookup->key = target.text;
        look(lookup);
        return;
    }
    struct customer *customer =
        document.text ? customer_read(arena, lookup->key, document.text, document.length, &diag)
                      : customer_new(arena, lookup->key);
    if (customer)
        answer(lookup, customer, found->now_ms);
    else
        finish(lookup, ASK_UNAVAILABLE, slice_of(""));
}

static void look(struct lookup *lookup)
{
    const struct policy *policy = &lookup->generation->policy;
    const char *hash = policy_short_hash(policy, lookup->key, lookup->question->arena);
    const struct customers_query query = {
        .keys = &lookup->key, .names = &hash, .count = 1, .hashes = &hash, .hash_count = 1};
    struct customers *customers = host_question_customers(lookup->question, lookup->key);
    if (customers)
        customers_read(customers, &query, on_read, lookup);
    else
        finish(lookup, ASK_UNAVAILABLE, slice_of(""));
}

/* ---- The question ---- */

/* False where it was answered. */
static bool read_token(struct lookup *lookup, enum link_kind kind, const char *token)
{
    const struct token_keys *keys = &lookup->generation->config->token_keys;
    struct link link;
    switch (
        link_read(lookup->question->arena, keys, kind, slice_of(token), clock_wall_ms(), &link)) {
    case LINK_GOOD:
        lookup->key = link.customer;
        lookup->topic = link.topic;
        lookup->asked_ms = link.asked_ms;
        return true;
    case LINK_EXPIRED:
        finish(lookup, ASK_REFUSED, slice_of("expired"));
        return false;
    case LINK_VOID:
    case LINK_FOREIGN:
        break;
    }
    finish(lookup, ASK_REFUSED, slice_of("void"));
    return false;
}

void host_question_person(struct host_question *question)
{
    const struct host_question_options *options = question->options;
    struct arena *arena = question->arena;
    struct lookup *lookup = arena_zero(arena, sizeof *lookup);
    struct value map = value_null();
    struct diag diag;
    int64_t kind = -1;
    lookup->question = question;
    lookup->generation = generation_hold(options->generation(options->context));
    question->own = lookup;
    question->cancel = on_cancel;
    bool read = json_read(arena, question->text.text, question->text.length, &json_event_limits,
                          &map, &diag);
    const char *customer = value_to_text(arena, value_get(&map, "customer"));
    const char *token = value_to_text(arena, value_get(&map, "token"));
    value_to_int(value_get(&map, "kind"), &kind);
    if (!read || kind < 0 || kind >= LINK_KIND_COUNT || !customer == !token) {
        finish(lookup, ASK_REFUSED, slice_of("void"));
        return;
    }
    if (token && !read_token(lookup, (enum link_kind)kind, token))
        return;
    if (!token) {
        lookup->key = customer;
        value_to_int(value_get(&map, "asked"), &lookup->asked_ms);
    }
    struct customer_key key =
        customer_key_of(arena, lookup->generation->policy.key_paths, lookup->key);
    lookup->key = key.text;
    look(lookup);
}
