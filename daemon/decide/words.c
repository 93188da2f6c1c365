/*
 * The words themselves are customer/said's. Here they meet the decision: messages that are
 * declined now are withdrawn, and the records are told (tell_noes, tell_yes). A record needs the
 * noes that stand and each yes over an older no to all; any other yes only lifts what is there,
 * so that it expires with the document. A name that turns out to be the person's may have a record
 * with a no that was answered under another name: that is lifted then (tell_yeses).
 */
#include "decide/words.h"

#include <string.h>

#include "base/bytes.h"
#include "customer/said.h"
#include "decide/message_body.h"
#include "decide/withdraw.h"

/* ---- Names: the short hashes of keys and mailboxes ---- */

struct name_list {
    const char **hashes; /* NULL-terminated */
    uint32_t count, capacity;
};

static void add_name(struct deciding *d, struct name_list *names, const char *hash)
{
    if (rule_list_has(names->hashes, hash))
        return;
    if (names->count + 1 >= names->capacity)
        names->hashes = arena_grow(d->arena, names->hashes, names->capacity, &names->capacity,
                                   sizeof *names->hashes);
    names->hashes[names->count++] = hash;
    names->hashes[names->count] = NULL;
}

static void add_key(struct deciding *d, struct name_list *names, const char *key)
{
    add_name(d, names, policy_short_hash(d->policy, key, d->arena));
}

static void add_mailbox(struct deciding *d, struct name_list *names, const char *field)
{
    const char *address = message_body_mailbox(d->customer, field, d->arena), *former;
    if (!address)
        return;
    add_name(d, names, policy_mailbox_hash(d->policy, address, d->arena));
    if ((former = policy_former_mailbox_hash(d->policy, address, d->arena)) != NULL)
        add_name(d, names, former);
}

/* By a rule that is not here another daemon may write to `email` and `phone`. */
static void add_mailboxes(struct deciding *d, struct name_list *names)
{
    add_mailbox(d, names, "email");
    add_mailbox(d, names, "phone");
    for (size_t r = 0; r < ruleset_count(d->rules); r++) {
        const struct rule *rule = ruleset_at(d->rules, r);
        for (uint32_t s = 0; s < rule->step_count; s++)
            if (rule->steps[s].kind == RULE_STEP_SEND && !rule->steps[s].to &&
                strcmp(rule->steps[s].field, "email") != 0 &&
                strcmp(rule->steps[s].field, "phone") != 0)
                add_mailbox(d, names, rule->steps[s].field);
    }
}

static const char *const *names_of(struct deciding *d)
{
    struct name_list names = {0};
    add_key(d, &names, d->customer->key);
    for (uint32_t i = 0; i < d->customer->keys.count; i++)
        add_key(d, &names, d->customer->keys.items[i]);
    add_mailboxes(d, &names);
    return names.hashes;
}

/* ---- What the records are told ---- */

static void tell(struct deciding *d, const char *name, enum decision_word word, const char *topic,
                 int64_t at_ms)
{
    const struct decision_said said = {.name = name, .word = word, .topic = topic, .at_ms = at_ms};
    decision_add_said(d->decision, d->arena, &said);
}

static void tell_word(struct deciding *d, const char *name, const struct customer_said *word)
{
    const struct customer *customer = d->customer;
    const bool declined = said_declined(customer, word->topic);
    if (!word->yes && declined)
        tell(d, name, DECISION_NO, word->topic, word->at_ms);
    else if (word->yes && !declined && said_declined(customer, said_all))
        tell(d, name, DECISION_YES, word->topic, word->at_ms);
}

/* The noes that stand; and where one is to all, which is told first, each yes that is newer. */
static void tell_noes(struct deciding *d, const char *name)
{
    for (int all = 1; all >= 0; all--)
        for (uint32_t i = 0; i < d->customer->said.count; i++)
            if ((strcmp(d->customer->said.items[i].topic, said_all) == 0) == all)
                tell_word(d, name, &d->customer->said.items[i]);
}

static void tell_all(struct deciding *d)
{
    d->words.known = names_of(d);
    d->words.is_told = true;
    for (const char *const *name = d->words.known; *name; name++)
        tell_noes(d, *name);
}

/* ---- What an event says ---- */

/* When the event was said to happen, no later than it came. */
static int64_t time_of(const struct shop_event *event)
{
    return event->time_ms < event->arrival_ms ? event->time_ms : event->arrival_ms;
}

/* Likewise; by this a no is kept, and an erasure, also of an event that is older than one of the
 * same time: silence is the safe side. */
static int64_t own_time(const struct deciding *d)
{
    return d->own_ms < d->event->arrival_ms ? d->own_ms : d->event->arrival_ms;
}

/* Keeps the word; false where a newer one stands. */
static bool keep(struct deciding *d, const char *topic, bool yes)
{
    d->effect = true;
    if (said_add(d->arena, d->customer, topic, yes, yes ? time_of(d->event) : own_time(d))) {
        trace_add_text(&d->trace, NULL, yes ? TRACE_SAYS_YES : TRACE_SAYS_NO, topic);
        return true;
    }
    trace_add(&d->trace, NULL, TRACE_PASSED_OVER, TRACE_WHY_OLDER);
    return false;
}

static void say_no(struct deciding *d, const char *topic)
{
    if (!keep(d, topic, false))
        return;
    withdraw_declined(d);
    tell_all(d);
}

static void say_yes(struct deciding *d, const char *topic)
{
    if (!keep(d, topic, true))
        return;
    for (const char *const *name = names_of(d); *name; name++)
        tell(d, *name, DECISION_YES, topic, time_of(d->event));
}

/* Who calls a mail spam wants no other either; but who got it elsewhere is not the customer. */
static bool is_complaint(const struct shop_event *event)
{
    return event->internal && strcmp(event->type, "message.complained") == 0 &&
           !value_path(&event->data, "message.elsewhere");
}

static bool says_no(const struct shop_event *event)
{
    return bytes_same_text(event->type, "customer.unsubscribed") || is_complaint(event);
}

static bool says_yes(const struct shop_event *event)
{
    return bytes_same_text(event->type, "customer.subscribed") ||
           bytes_same_text(event->type, "customer.resubscribed");
}

/* A topic that cannot be read stands for all of them, but lifts nothing: silence is the safe
 * side. */
void words_learn(struct deciding *d)
{
    bool no = says_no(d->event);
    if (!no && !says_yes(d->event))
        return;
    const char *topic = said_topic(d->arena, value_get(&d->event->data, "topic"));
    if (no)
        say_no(d, topic ? topic : said_all);
    else if (topic)
        say_yes(d, topic);
}

/* ---- Erasure ---- */

bool words_erases(const struct shop_event *event)
{
    return bytes_same_text(event->type, "customer.erased");
}

bool words_are_in(const struct shop_event *event)
{
    return says_no(event) || says_yes(event) || words_erases(event);
}

bool words_is_past(const struct deciding *d, const struct shop_event *event)
{
    if (!d->words.erased_ms)
        return false;
    return time_of(event) < d->words.erased_ms ||
           (event->id[0] && strcmp(event->identity, d->words.erasure) == 0);
}

/* Whether a no to the topic would end a yes that stands. */
static bool ends_yes(const struct customer *customer, const char *topic)
{
    for (uint32_t i = 0; i < customer->said.count; i++) {
        const struct customer_said *word = &customer->said.items[i];
        bool about = strcmp(topic, said_all) == 0 || strcmp(word->topic, said_all) == 0 ||
                     strcmp(word->topic, topic) == 0;
        if (word->yes && about && !said_declined(customer, word->topic))
            return true;
    }
    return false;
}

bool words_are_new(const struct deciding *d, const struct shop_event *event)
{
    if (!says_no(event) || (event->id[0] && !event->internal))
        return false;
    const char *topic = said_topic(d->arena, value_get(&event->data, "topic"));
    return ends_yes(d->customer, topic ? topic : said_all);
}

/* Those of this very decision too: nobody has seen them. */
static void forget_decided(struct deciding *d)
{
    struct decision *decision = d->decision;
    decision->message_count = decision->dead_count = decision->trace_count = 0;
    d->joined = value_null();
    d->want_count = 0;
}

static void forget_all(struct deciding *d)
{
    struct customer *customer = d->customer;
    struct customer anew = *customer_new(d->arena, customer->key);
    said_keep_noes(customer);
    anew.version = customer->version;
    anew.first = (struct customer_first){customer->key, d->now_ms};
    anew.defaults = customer->defaults;
    anew.said.items = customer->said.items;
    anew.said.count = customer->said.count;
    anew.said.capacity = customer->said.capacity;
    *customer = anew;
}

void words_erase(struct deciding *d)
{
    const struct customer *customer = d->customer;
    d->words.erased_ms = own_time(d);
    d->words.erasure = d->event->identity;
    trace_begin(&d->trace, d->arena, d->now_ms, d->event);
    for (uint32_t i = customer->open.count; i-- > 0;)
        withdraw_message(d, i, TRACE_WHY_ERASURE);
    forget_decided(d);
    tell_all(d);
    for (const char *const *name = d->words.known; *name; name++)
        tell(d, *name, DECISION_ERASED, d->event->identity, d->words.erased_ms);
    d->decision->watch_count = 0;
    decision_add_erased(d->decision, d->arena, customer->key);
    for (uint32_t i = 0; i < customer->keys.count; i++)
        decision_add_erased(d->decision, d->arena, customer->keys.items[i]);
    forget_all(d);
}

void words_name(struct deciding *d)
{
    if (d->decision->erased_count == 0)
        return;
    for (uint32_t i = 0; i < d->event->key_count; i++)
        if (!d->event->keys[i].is_id)
            customer_add_key(d->arena, d->customer, d->event->keys[i].text);
}

/* ---- A decision: its beginning and its end ---- */

static bool take_over(struct deciding *d, const struct said_text *text)
{
    const struct said_record record = said_read(d->arena, text->text);
    if (record.erased_ms > d->words.erased_ms) {
        d->words.erased_ms = record.erased_ms;
        d->words.erasure = record.erasure;
    }
    return said_take_over(d->arena, d->customer, &record);
}

void words_begin(struct deciding *d, const struct said_text *records, size_t count, bool joins)
{
    static const char *const none[] = {NULL};
    bool known = !joins && said_any_no(d->customer) && !d->customer->said_unrecorded, taken = false;
    d->words = (struct deciding_words){.records = records, .record_count = count, .erasure = ""};
    d->words.known = known ? names_of(d) : none;
    for (size_t i = 0; i < count; i++)
        taken |= records[i].text.text && take_over(d, &records[i]);
    if (!taken)
        return;
    d->words.known = none; /* what one record had, the others are told */
    trace_begin(&d->trace, d->arena, d->now_ms, NULL);
    withdraw_declined(d);
    deciding_end_trace(d);
}

/* Of a key it is known what its record has; of a mailbox, whether it was the person's before. */
static bool is_told(const struct deciding *d, const char *name)
{
    for (size_t i = 0; i < d->words.record_count && !d->words.is_told; i++) {
        if (strcmp(d->words.records[i].name, name) != 0)
            continue;
        const struct said_record record = said_read(d->arena, d->words.records[i].text);
        return said_has_noes(&record, d->customer);
    }
    return rule_list_has(d->words.known, name);
}

/* Whether a record has a no over which a newer yes of the person stands: it was said under another
 * name, before anybody knew that both are theirs. */
static bool is_answered(struct deciding *d, const struct said_text *text)
{
    const struct said_record record = said_read(d->arena, text->text);
    for (uint32_t i = 0; i < record.noes.count; i++)
        if (!said_declined(d->customer, record.noes.items[i].topic))
            return true;
    return false;
}

static void tell_yeses(struct deciding *d)
{
    const struct customer *customer = d->customer;
    for (const char *const *name = names_of(d); *name; name++)
        for (uint32_t i = 0; i < customer->said.count; i++)
            if (customer->said.items[i].yes)
                tell(d, *name, DECISION_YES, customer->said.items[i].topic,
                     customer->said.items[i].at_ms);
}

void words_end(struct deciding *d)
{
    bool answered = false;
    for (size_t i = 0; i < d->words.record_count && !answered; i++)
        answered = d->words.records[i].text.text && is_answered(d, &d->words.records[i]);
    if (answered)
        tell_yeses(d);
    if (!said_any_no(d->customer))
        return;
    for (const char *const *name = names_of(d); *name; name++)
        if (!is_told(d, *name))
            tell_noes(d, *name);
}
