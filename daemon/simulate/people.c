/*
 * A person is kept under the key that decisions call them by. Two who prove to be one become one
 * (join): what the other had is added, and the other is empty from then on.
 */
#include "simulate/people.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void people_open(struct people *people, const struct people_options *options)
{
    *people = (struct people){.options = *options, .by_key = map_new()};
}

void people_close(struct people *people)
{
    size_t cursor = 0;
    void *value;
    while (map_next(people->by_key, &cursor, NULL, NULL, &value)) {
        struct people_person *person = value;
        free(person->key);
        free(person->times);
        free(person->rules);
        free(person);
    }
    map_destroy(&people->by_key);
}

static struct people_person *find(const struct people *people, const char *key)
{
    return map_get(people->by_key, key, strlen(key));
}

static struct people_person *need(struct people *people, const char *key)
{
    struct people_person *person = find(people, key);
    if (!person) {
        person = mem_zero(1, sizeof *person);
        person->key = mem_text(key);
        map_put(people->by_key, key, strlen(key), person);
    }
    person->gone = false;
    return person;
}

/* The person of a decision: the replay keeps who it is. */
static struct people_person *person_of(struct people *people, const struct replay_decided *decided)
{
    struct people_person *person = *decided->note;
    if (!person)
        *decided->note = person = need(people, decided->customer);
    person->gone = false;
    return person;
}

static struct people_rule *need_rule(struct people_person *person, const char *rule)
{
    struct people_rule *found = (struct people_rule *)people_rule_of(person, rule);
    if (found)
        return found;
    if (person->rule_count == person->rule_capacity) {
        person->rule_capacity = person->rule_capacity ? 2 * person->rule_capacity : 4;
        person->rules = mem_resize(person->rules, sizeof *person->rules * person->rule_capacity);
    }
    person->rules[person->rule_count] = (struct people_rule){.rule = rule};
    return &person->rules[person->rule_count++];
}

/* ---- What is sent ---- */

static void count_spans(const struct people *people, struct people_person *person, int64_t at_ms)
{
    for (uint32_t span = 0; span < people->options.span_count; span++) {
        uint32_t within = 0;
        for (uint32_t i = person->time_count;
             i-- > 0 && person->times[i] > at_ms - people->options.spans_ms[span];)
            within++;
        if (within > person->most[span])
            person->most[span] = within;
    }
}

static void add_time(const struct people *people, struct people_person *person, int64_t at_ms)
{
    if (!person->times)
        person->times = mem_zero(people->options.counted + 1, sizeof *person->times);
    if (person->time_count == people->options.counted)
        memmove(person->times, person->times + 1, sizeof *person->times * --person->time_count);
    person->times[person->time_count++] = at_ms;
    count_spans(people, person, at_ms);
}

static void add_message(struct people *people, struct people_person *person, const char *rule,
                        int64_t at_ms)
{
    person->sent++;
    add_time(people, person, at_ms);
    if (!people->options.by_rule)
        return;
    struct people_rule *of_rule = need_rule(person, rule);
    if (of_rule->sent++ == 0)
        of_rule->sent_ms = at_ms;
}

static void add_refusal(struct people_person *person, const struct act *act, int64_t at_ms)
{
    struct people_rule *of_rule = need_rule(person, act->rule);
    of_rule->refused_ms = at_ms;
    of_rule->what = act->what;
    of_rule->why = act->why;
}

static bool is_refusal(const struct act *act)
{
    return act->what == TRACE_REFUSED || act->what == TRACE_ENDED || act->what == TRACE_ERROR ||
           act->what == TRACE_PASSED_OVER || act->what == TRACE_IGNORED;
}

/* ---- Who is whom ---- */

static void join_rule(struct people_person *person, const struct people_rule *other)
{
    struct people_rule *mine = need_rule(person, other->rule);
    if (other->sent && (!mine->sent || other->sent_ms < mine->sent_ms))
        mine->sent_ms = other->sent_ms;
    mine->sent += other->sent;
    if (other->refused_ms > mine->refused_ms) {
        mine->refused_ms = other->refused_ms;
        mine->what = other->what;
        mine->why = other->why;
    }
}

/* The times of both, in their order; of too many the newest stay. */
static void join_times(const struct people *people, struct people_person *person,
                       const struct people_person *other)
{
    uint32_t mine = 0, theirs = 0, count = person->time_count;
    int64_t *times = person->times;
    person->times = NULL;
    person->time_count = 0;
    while (mine < count || theirs < other->time_count) {
        bool is_mine =
            theirs == other->time_count || (mine < count && times[mine] <= other->times[theirs]);
        add_time(people, person, is_mine ? times[mine++] : other->times[theirs++]);
    }
    free(times);
}

static void join(struct people *people, const char *key, const char *other_key)
{
    struct people_person *other = find(people, other_key);
    if (!other || other->gone || strcmp(key, other_key) == 0)
        return;
    struct people_person *person = need(people, key);
    person->sent += other->sent;
    for (uint32_t span = 0; span < people->options.span_count; span++)
        if (other->most[span] > person->most[span])
            person->most[span] = other->most[span];
    join_times(people, person, other);
    for (uint32_t i = 0; i < other->rule_count; i++)
        join_rule(person, &other->rules[i]);
    other->gone = true;
    other->sent = other->time_count = other->rule_count = 0;
    memset(other->most, 0, sizeof other->most);
}

void people_decided(struct people *people, const struct replay_decided *decided, bool told)
{
    const struct decision *decision = decided->decision;
    for (size_t i = 0; i < decided->joined_count; i++)
        join(people, decided->customer, decided->joined[i]->key);
    if (!told)
        return;
    for (uint32_t i = 0; i < decision->message_count; i++)
        add_message(people, person_of(people, decided), decision->messages[i].rule->name,
                    decided->now_ms);
    for (uint32_t i = 0; people->options.by_rule && i < decision->acts.count; i++)
        if (is_refusal(&decision->acts.items[i]))
            add_refusal(person_of(people, decided), &decision->acts.items[i], decided->now_ms);
}

void people_join(struct people *people, struct people *other)
{
    size_t cursor = 0;
    void *value;
    while (map_next(other->by_key, &cursor, NULL, NULL, &value)) {
        struct people_person *person = value;
        map_put(people->by_key, person->key, strlen(person->key), person);
    }
    map_clear(other->by_key);
}

/* ---- What is asked ---- */

const struct people_person *people_find(const struct people *people, const char *key)
{
    const struct people_person *person = find(people, key);
    return person && !person->gone ? person : NULL;
}

const struct people_person *people_next(const struct people *people, size_t *cursor)
{
    void *value;
    while (map_next(people->by_key, cursor, NULL, NULL, &value))
        if (!((struct people_person *)value)->gone)
            return value;
    return NULL;
}

const struct people_rule *people_rule_of(const struct people_person *person, const char *rule)
{
    for (uint32_t i = 0; i < person->rule_count; i++)
        if (person->rules[i].rule == rule || strcmp(person->rules[i].rule, rule) == 0)
            return &person->rules[i];
    return NULL;
}

uint64_t people_reached(const struct people *people)
{
    uint64_t count = 0;
    size_t cursor = 0;
    for (const struct people_person *person; (person = people_next(people, &cursor));)
        count += person->sent > 0;
    return count;
}

uint64_t people_with(const struct people *people, uint32_t span, uint32_t messages)
{
    uint64_t count = 0;
    size_t cursor = 0;
    for (const struct people_person *person; (person = people_next(people, &cursor));)
        count += person->most[span] >= messages;
    return count;
}
