/*
 * explain_head gathers it as data, part by part; explain_head_print says it in lines.
 */
#include "ctl/explain_head.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "ctl/colour.h"
#include "ctl/local_time.h"
#include "ctl/plain.h"
#include "customer/said.h"
#include "rules/condition_reason.h"

struct gathering {
    const struct subject *subject;
    const struct ruleset *rules;
    struct arena *arena;
    struct value head;
};

static void put(struct gathering *gathering, struct value map, const char *name, struct value value)
{
    value_add(gathering->arena, map, value_text(name), value);
}

static void put_text(struct gathering *gathering, struct value map, const char *name,
                     const char *text)
{
    put(gathering, map, name, value_text(text));
}

static void put_time(struct gathering *gathering, struct value map, const char *name, int64_t ms)
{
    if (ms)
        put(gathering, map, name, value_int(ms));
}

/* ---- Consent ---- */

static void put_seen(struct gathering *gathering, struct value consent,
                     const struct cel_reason *reason)
{
    struct value saw = value_new_map(gathering->arena, reason->count);
    for (uint32_t i = 0; i < reason->count; i++)
        if (!reason->seen[i].fault && reason->seen[i].value.kind <= VALUE_MAP)
            value_add(gathering->arena, saw,
                      value_string(reason->seen[i].text.text, reason->seen[i].text.length),
                      reason->seen[i].value);
    put(gathering, consent, "saw", saw);
}

/* An expression of many lines in one. */
static struct value one_line(struct arena *arena, struct slice text)
{
    char *line = arena_alloc(arena, text.length + 1);
    return value_string(line, utf8_one_line(text.text, text.length, line, text.length));
}

/* `yes`: by `policy.consent` alone; `stands`: by that and by what they said to all topics. */
static void put_consent(struct gathering *gathering)
{
    const struct subject *subject = gathering->subject;
    const struct policy *policy = &subject->policy;
    struct customer asked = *subject->customer;
    asked.defaults = policy->field_defaults;
    const struct condition_scene scene = {.customer = &asked,
                                          .shop = &policy->shop,
                                          .zone = policy->zone,
                                          .now_ms = subject->now_ms,
                                          .segments = policy->segments};
    bool yes = policy_consents(policy, &scene, gathering->arena);
    struct value consent = value_new_map(gathering->arena, 5);
    put(gathering, consent, "yes", value_bool(yes));
    if (subject_declines_all(subject))
        put_text(gathering, consent, "declined", said_all);
    put(gathering, consent, "stands", value_bool(yes && !subject_declines_all(subject)));
    if (policy->consent) {
        struct condition_reason reason;
        condition_reason_find(policy->consent, &scene, yes, gathering->arena, &reason);
        put(gathering, consent, "part", one_line(gathering->arena, reason.found.part));
        put_seen(gathering, consent, &reason.found);
    } else {
        const struct value known = customer_value(gathering->arena, &asked);
        const struct value *accepts = value_get(&known, "accepts_marketing");
        struct value saw = value_new_map(gathering->arena, 1);
        if (accepts)
            put(gathering, saw, "customer.accepts_marketing", *accepts);
        put_text(gathering, consent, "part", "customer.accepts_marketing == true");
        put(gathering, consent, "saw", saw);
    }
    put(gathering, gathering->head, "consent", consent);
}

static void put_word(struct gathering *gathering, struct value words, const char *topic, bool yes,
                     int64_t at_ms, const char *under)
{
    struct value word = value_new_map(gathering->arena, 4);
    put_text(gathering, word, "topic", topic);
    put_text(gathering, word, "said", yes ? "yes" : "no");
    put_time(gathering, word, "since", at_ms);
    if (under)
        put_text(gathering, word, "under", under);
    value_push(gathering->arena, words, word);
}

/* What they said, and each no that stands under a name and in no document. */
static void put_said(struct gathering *gathering)
{
    const struct subject *subject = gathering->subject;
    struct value words = value_new_list(gathering->arena, 2);
    for (uint32_t i = 0; subject->customer && i < subject->customer->said.count; i++) {
        const struct customer_said *said = &subject->customer->said.items[i];
        put_word(gathering, words, said->topic, said->yes, said->at_ms, NULL);
    }
    for (uint32_t i = 0; i < subject->name_count; i++)
        for (uint32_t k = 0; k < subject->names[i].said.noes.count; k++) {
            const struct customer_said *no = &subject->names[i].said.noes.items[k];
            if (subject_says_apart(subject, no))
                put_word(gathering, words, no->topic, no->yes, no->at_ms, subject->names[i].text);
        }
    if (value_count(&words))
        put(gathering, gathering->head, "said", words);
}

/* ---- Names ---- */

static struct value address_of(struct gathering *gathering, const struct subject_name *name)
{
    struct value address = value_new_map(gathering->arena, 3), record;
    struct diag diag;
    int64_t at_ms;
    put_text(gathering, address, "address", name->text);
    if (!name->suppressed)
        return address;
    const char *reason = "";
    if (json_read(gathering->arena, name->suppressed, strlen(name->suppressed), &json_event_limits,
                  &record, &diag)) {
        reason = value_to_text(gathering->arena, value_get(&record, "reason"));
        if (value_to_int(value_get(&record, "at"), &at_ms))
            put_time(gathering, address, "since", at_ms);
    }
    put_text(gathering, address, "suppressed", reason ? reason : "");
    return address;
}

static void put_names(struct gathering *gathering)
{
    const struct subject *subject = gathering->subject;
    struct value keys = value_new_list(gathering->arena, 2);
    struct value addresses = value_new_list(gathering->arena, 2);
    put_text(gathering, gathering->head, "customer", subject->key);
    for (uint32_t i = 0; i < subject->name_count; i++) {
        const struct subject_name *name = &subject->names[i];
        if (name->is_address)
            value_push(gathering->arena, addresses, address_of(gathering, name));
        else
            value_push(gathering->arena, keys, value_text(name->text));
    }
    put(gathering, gathering->head, "keys", keys);
    put_time(gathering, gathering->head, "erased", subject_erased_ms(subject));
    if (value_count(&addresses))
        put(gathering, gathering->head, "addresses", addresses);
}

/* ---- What runs, and what waits ---- */

/* "send cart-reminder": the step at which it stands. */
static const char *step_of(const struct gathering *gathering,
                           const struct customer_journey *journey)
{
    const struct rule *rule =
        gathering->rules ? ruleset_find(gathering->rules, journey->rule) : NULL;
    const struct rule_step *step = rule ? rule_find_step(rule, journey->step) : NULL;
    if (!step)
        return journey->step;
    switch (step->kind) {
    case RULE_STEP_SEND:
        return arena_printf(gathering->arena, "send %s", step->template);
    case RULE_STEP_EMIT:
        return arena_printf(gathering->arena, "emit %s", step->emits);
    case RULE_STEP_SPLIT:
        return arena_printf(gathering->arena, "split %s", step->split);
    case RULE_STEP_UNLESS:
        return "if";
    case RULE_STEP_SET:
        return "set";
    case RULE_STEP_WAIT:
        return "wait";
    case RULE_STEP_STOP:
    case RULE_STEP_JUMP:
        break;
    }
    return "its end";
}

static const char *wait_of(const struct customer_journey *journey)
{
    if (journey->halted_ms)
        return "paused";
    if (journey->full_ms)
        return "outbox-full";
    if (journey->imposed)
        return "quiet-hours";
    return journey->or_.types ? "waits-for" : "waits";
}

static void put_journeys(struct gathering *gathering)
{
    const struct customer *customer = gathering->subject->customer;
    struct value journeys = value_new_list(gathering->arena, customer->journeys.count);
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        struct value told = value_new_map(gathering->arena, 6);
        put_text(gathering, told, "rule", journey->rule);
        if (journey->per)
            put_text(gathering, told, "per", journey->per);
        put_text(gathering, told, "waits", wait_of(journey));
        put_text(gathering, told, "step", step_of(gathering, journey));
        put_time(gathering, told, "since", journey->started_ms);
        if (!journey->halted_ms)
            put_time(gathering, told, "until", journey->deadline_ms);
        value_push(gathering->arena, journeys, told);
    }
    if (value_count(&journeys))
        put(gathering, gathering->head, "journeys", journeys);
}

/* Of the messages that may still be withdrawn those that are not gone. */
static bool put_messages(struct gathering *gathering, struct diag *diag)
{
    const struct subject *subject = gathering->subject;
    const struct customer *customer = subject->customer;
    struct messages_item *items =
        arena_zero(gathering->arena, sizeof *items * (customer->open.count + 1));
    struct value messages = value_new_list(gathering->arena, 2);
    for (uint32_t i = 0; i < customer->open.count; i++)
        items[i].mid = customer->open.items[i].mid;
    if (customer->open.count && !messages_read(subject->session, subject->prefix, gathering->arena,
                                               items, customer->open.count, diag))
        return false;
    for (uint32_t i = 0; i < customer->open.count; i++) {
        const char *state = messages_field(&items[i], "state");
        if (!state[0])
            continue;
        struct value told = value_new_map(gathering->arena, 3);
        put_text(gathering, told, "rule", customer->open.items[i].rule);
        put_text(gathering, told, "state", state);
        put_text(gathering, told, "mid", items[i].mid);
        value_push(gathering->arena, messages, told);
    }
    if (value_count(&messages))
        put(gathering, gathering->head, "messages", messages);
    return true;
}

/* That of the shop where the customer's is none; then theirs is told too. */
static void put_zone(struct gathering *gathering)
{
    const struct subject *subject = gathering->subject;
    const char *zone = condition_zone(subject->customer, subject->policy.zone, subject->arena);
    const struct value *said = customer_get(subject->customer, "timezone");
    const char *theirs = said ? value_to_text(subject->arena, said) : NULL;
    put_text(gathering, gathering->head, "zone", zone);
    if (theirs && strcmp(theirs, zone) != 0)
        put_text(gathering, gathering->head, "unknown_zone", theirs);
}

bool explain_head(const struct subject *subject, const struct ruleset *rules, struct value *head,
                  struct diag *diag)
{
    struct gathering gathering = {.subject = subject, .rules = rules, .arena = subject->arena};
    gathering.head = *head = value_new_map(subject->arena, 10);
    put_names(&gathering);
    if (subject->customer) {
        put_time(&gathering, *head, "since", subject->customer->first.at_ms);
        put_zone(&gathering);
        put_consent(&gathering);
    }
    put_said(&gathering);
    if (!subject->customer)
        return true;
    put_journeys(&gathering);
    return put_messages(&gathering, diag);
}

/* ---- For people ---- */

static void print_text(const struct value *map, const char *name, const char *before)
{
    const struct value *text = value_get(map, name);
    if (!value_is(text, VALUE_STRING))
        return;
    printf("%s", before);
    plain_print(text->string, text->length);
}

static void print_time(const struct value *map, const char *name, const char *before,
                       struct zone *zone)
{
    char time[LOCAL_TIME_SIZE];
    int64_t ms;
    if (value_to_int(value_get(map, name), &ms))
        printf("%s%s", before, local_time_format(zone, ms, time));
}

static void print_label(const char *label)
{
    printf("%s%-10s%s", colour_begin(COLOUR_FAINT), label, colour_end(COLOUR_FAINT));
}

static void print_keys(const struct value *head)
{
    const struct value *keys = value_get(head, "keys");
    printf("%s", colour_begin(COLOUR_STRONG));
    print_text(head, "customer", "");
    printf("%s\n", colour_end(COLOUR_STRONG));
    for (uint32_t i = 1; i < value_count(keys); i++) {
        print_label("also");
        plain_print(keys->list->items[i].string, keys->list->items[i].length);
        printf("\n");
    }
}

static void print_addresses(const struct value *head, struct zone *zone)
{
    const struct value *addresses = value_get(head, "addresses");
    for (uint32_t i = 0; i < value_count(addresses); i++) {
        const struct value *address = &addresses->list->items[i];
        print_label("address");
        print_text(address, "address", "");
        if (value_get(address, "suppressed"))
            print_text(address, "suppressed", ", suppressed: ");
        print_time(address, "since", ", since ", zone);
        printf("\n");
    }
}

static void print_consent(const struct value *head, struct arena *arena)
{
    const struct value *consent = value_get(head, "consent"), *yes = value_get(consent, "yes");
    const struct value *saw = value_get(consent, "saw");
    if (!consent)
        return;
    print_label("consent");
    printf("%s%s", value_get(consent, "declined") ? "no: they said no to all; by policy " : "",
           value_is(yes, VALUE_BOOL) && yes->boolean ? "yes" : "no");
    print_text(consent, "part", ": ");
    for (uint32_t i = 0; i < value_count(saw); i++) {
        const struct value_member *member = &saw->map->members[i];
        const struct slice value = json_print_slice(arena, &member->value, 4096);
        printf("%s", i ? "; " : " (");
        plain_print(member->key.string, member->key.length);
        printf(": ");
        plain_print(value.text, value.length);
    }
    printf("%s\n", value_count(saw) ? ")" : "");
}

static void print_said(const struct value *head, struct zone *zone)
{
    const struct value *words = value_get(head, "said");
    for (uint32_t i = 0; i < value_count(words); i++) {
        const struct value *word = &words->list->items[i];
        print_label("said");
        print_text(word, "said", "");
        print_text(word, "topic", " to ");
        print_time(word, "since", ", at ", zone);
        print_text(word, "under", ", under ");
        printf("\n");
    }
}

static void print_journeys(const struct value *head, struct zone *zone)
{
    const struct value *journeys = value_get(head, "journeys");
    for (uint32_t i = 0; i < value_count(journeys); i++) {
        const struct value *journey = &journeys->list->items[i];
        print_label("runs");
        print_text(journey, "rule", "");
        print_text(journey, "per", " of ");
        print_text(journey, "waits", " ");
        print_time(journey, "until", " until ", zone);
        print_text(journey, "step", ", then ");
        print_time(journey, "since", "; since ", zone);
        printf("\n");
    }
}

static void print_messages(const struct value *head)
{
    const struct value *messages = value_get(head, "messages");
    for (uint32_t i = 0; i < value_count(messages); i++) {
        const struct value *message = &messages->list->items[i];
        print_label("outbox");
        print_text(message, "rule", "");
        print_text(message, "state", " ");
        print_text(message, "mid", " mid=");
        printf("\n");
    }
}

void explain_head_print(const struct value *head, struct zone *zone, struct arena *arena)
{
    print_keys(head);
    if (value_get(head, "since")) {
        print_label("known");
        print_time(head, "since", "since ", zone);
        print_text(head, "zone", ", zone ");
        print_text(head, "unknown_zone", ": there is none called ");
        printf("\n");
    }
    if (value_get(head, "erased")) {
        print_label("erased");
        print_time(head, "erased", "at ", zone);
        printf("\n");
    }
    print_addresses(head, zone);
    print_consent(head, arena);
    print_said(head, zone);
    print_journeys(head, zone);
    print_messages(head);
}
