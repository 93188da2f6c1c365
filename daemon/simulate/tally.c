#include "simulate/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/trace_words.h"

void tally_open(struct tally *tally, const struct ruleset *rules)
{
    *tally = (struct tally){.rule_count = (uint32_t)ruleset_count(rules), .by_name = map_new()};
    tally->rules = mem_zero(tally->rule_count + 1, sizeof *tally->rules);
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        const char *name = ruleset_at(rules, i)->name;
        tally->rules[i].name = name;
        map_put(tally->by_name, name, strlen(name), &tally->rules[i]);
    }
}

void tally_close(struct tally *tally)
{
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        free(tally->rules[i].channels.items);
        free(tally->rules[i].refused.items);
        free(tally->rules[i].passed_over.items);
        free(tally->rules[i].ended.items);
    }
    free(tally->rules);
    map_destroy(&tally->by_name);
    *tally = (struct tally){0};
}

uint64_t tally_sum(const struct tally_counts *counts)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < counts->count; i++)
        sum += counts->items[i].count;
    return sum;
}

static struct tally_rule *find(struct tally *tally, const char *name)
{
    return map_get(tally->by_name, name, strlen(name));
}

static void add(struct tally_counts *counts, const char *word, uint64_t more)
{
    for (uint32_t i = 0; i < counts->count; i++)
        if (counts->items[i].word == word || strcmp(counts->items[i].word, word) == 0) {
            counts->items[i].count += more;
            return;
        }
    if (counts->count == counts->capacity) {
        counts->capacity = counts->capacity ? 2 * counts->capacity : 4;
        counts->items = mem_resize(counts->items, sizeof *counts->items * counts->capacity);
    }
    counts->items[counts->count++] = (struct tally_count){word, more};
}

static void count(struct tally_counts *counts, const char *word)
{
    add(counts, word, 1);
}

/* ---- One decision ---- */

static void count_act(struct tally *tally, const struct act *act)
{
    struct tally_rule *rule = find(tally, act->rule);
    const char *why = trace_why_word(act->why);
    if (!rule)
        return;
    switch (act->what) {
    case TRACE_REFUSED:
        tally->refused++;
        count(&rule->refused, why);
        break;
    case TRACE_ENDED:
        tally->ended++;
        count(&rule->ended, why);
        break;
    case TRACE_ERROR:
        tally->ended++;
        count(&rule->ended, trace_what_word(TRACE_ERROR));
        break;
    case TRACE_PASSED_OVER:
    case TRACE_IGNORED:
        count(&rule->passed_over, why);
        break;
    default:
        break;
    }
}

void tally_decided(struct tally *tally, const struct replay_decided *decided)
{
    const struct decision *decision = decided->decision;
    tally->events += decided->event != NULL && !decided->event->internal;
    tally->duplicates += decision->counts.duplicate;
    for (uint32_t i = 0; i < decision->started_count; i++) {
        find(tally, decision->started[i])->started++;
        tally->started++;
    }
    for (uint32_t i = 0; i < decision->acts.count; i++)
        count_act(tally, &decision->acts.items[i]);
    for (uint32_t i = 0; i < decision->message_count; i++) {
        struct tally_rule *rule = find(tally, decision->messages[i].rule->name);
        rule->sent++;
        tally->sent++;
        count(&rule->channels, decision->messages[i].step->channel);
    }
}

void tally_waits(struct tally *tally, const char *name)
{
    struct tally_rule *rule = find(tally, name);
    tally->waiting++;
    if (rule)
        rule->waiting++;
}

static void join_counts(struct tally_counts *counts, const struct tally_counts *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        add(counts, other->items[i].word, other->items[i].count);
}

void tally_join(struct tally *tally, const struct tally *other)
{
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        struct tally_rule *rule = &tally->rules[i];
        const struct tally_rule *more = &other->rules[i];
        rule->started += more->started;
        rule->sent += more->sent;
        rule->waiting += more->waiting;
        join_counts(&rule->channels, &more->channels);
        join_counts(&rule->refused, &more->refused);
        join_counts(&rule->passed_over, &more->passed_over);
        join_counts(&rule->ended, &more->ended);
    }
    tally->events += other->events;
    tally->duplicates += other->duplicates;
    tally->dead += other->dead;
    tally->started += other->started;
    tally->sent += other->sent;
    tally->refused += other->refused;
    tally->ended += other->ended;
    tally->waiting += other->waiting;
}
