/*
 * Who got how many messages in a simulation: of each person, by the key under which they are known
 * in the end. Memory grows with the people who were reached, not with messages.
 */
#ifndef NUDGED_SIMULATE_PEOPLE_H
#define NUDGED_SIMULATE_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/settings.h"
#include "decide/replay.h"

enum { PEOPLE_SPANS_MOST = 8, PEOPLE_COUNTED_MOST = 64 };

/* What a rule meant to a person. */
struct people_rule {
    const char *rule; /* lives as long as the rules */
    uint32_t sent;
    int64_t sent_ms;      /* the first time; 0: never */
    int64_t refused_ms;   /* when it did not, the last time; 0: it was not even tried */
    enum trace_what what; /* what became of it then: TRACE_REFUSED, TRACE_ENDED, … */
    enum trace_why why;
};

struct people_person {
    char *key; /* owned, as all of it */
    uint32_t sent;
    uint32_t most[PEOPLE_SPANS_MOST]; /* messages within that span of time, at most as many as
                                         are counted */
    int64_t *times;                   /* of the newest messages, the oldest first */
    uint32_t time_count;
    struct people_rule *rules;
    uint32_t rule_count, rule_capacity;
    bool gone; /* part of another by now */
};

struct people_options {
    int64_t spans_ms[PEOPLE_SPANS_MOST]; /* within which messages are counted */
    uint32_t span_count;
    uint32_t counted; /* messages of a person within one, at most PEOPLE_COUNTED_MOST */
    bool by_rule;     /* remembers what each rule meant to them */
};

struct people {
    struct people_options options;
    struct map *by_key;
};

void people_open(struct people *people, const struct people_options *options);
void people_close(struct people *people);

/* `told`: what is decided counts; else it is only heard who is whom. */
void people_decided(struct people *people, const struct replay_decided *decided, bool told);

/* Moves everybody of the other's here: nobody is in both. */
void people_join(struct people *people, struct people *other);

/* NULL: there was never anything about them. */
const struct people_person *people_find(const struct people *people, const char *key);
/* All of them: *cursor is 0 at first; NULL at the end. */
const struct people_person *people_next(const struct people *people, size_t *cursor);
/* What the rule meant to them; NULL: nothing. */
const struct people_rule *people_rule_of(const struct people_person *person, const char *rule);

/* To how many something was sent; and to how many so many messages, or more, within a span. */
uint64_t people_reached(const struct people *people);
uint64_t people_with(const struct people *people, uint32_t span, uint32_t messages);

#endif
