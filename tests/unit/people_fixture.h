/* Decisions as simulate/people hears of them, without anybody who decides. */
#ifndef NUDGED_TESTS_PEOPLE_FIXTURE_H
#define NUDGED_TESTS_PEOPLE_FIXTURE_H

#include "base/mem.h"
#include "decide/decide.h"
#include "simulate/people.h"

/* `rule` sends one message to the customer then. */
static inline void people_fixture_send(struct people *people, const char *customer,
                                       const char *rule, int64_t at_ms)
{
    const struct rule of = {.name = (char *)(uintptr_t)rule};
    struct decision_message message = {.rule = &of};
    const struct decision decision = {.messages = &message, .message_count = 1};
    void *note = NULL; /* as of one who is new, each time */
    const struct replay_decided decided = {
        .customer = customer, .decision = &decision, .note = &note, .now_ms = at_ms};
    people_decided(people, &decided, true);
}

/* … or does not, for this reason. */
static inline void people_fixture_act(struct people *people, const char *customer, const char *rule,
                                      enum trace_what what, enum trace_why why, int64_t at_ms)
{
    struct act act = {.rule = rule, .what = what, .why = why};
    const struct decision decision = {.acts = {.items = &act, .count = 1}};
    void *note = NULL; /* as of one who is new, each time */
    const struct replay_decided decided = {
        .customer = customer, .decision = &decision, .note = &note, .now_ms = at_ms};
    people_decided(people, &decided, true);
}

/* `other` proves to be the customer. */
static inline void people_fixture_join(struct people *people, const char *customer,
                                       const char *other)
{
    const struct customer joined = {.key = (char *)(uintptr_t)other}, *const list[] = {&joined};
    const struct decision decision = {0};
    const struct replay_decided decided = {
        .customer = customer, .decision = &decision, .joined = list, .joined_count = 1};
    people_decided(people, &decided, false);
}

#endif
