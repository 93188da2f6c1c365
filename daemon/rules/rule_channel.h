/*
 * Channels, as rules see them: a kind of address, and which rules take them by themselves.
 */
#ifndef NUDGED_RULES_RULE_CHANNEL_H
#define NUDGED_RULES_RULE_CHANNEL_H

#include <stdbool.h>

#include "rules/rule.h"

struct rule_channel {
    const char *name;  /* NULL in the row behind the last, which ends a list */
    bool mail;         /* it has mails; else texts */
    const char *field; /* of the customer: where a message goes without `to` */
    /* Of rules that name no channel; NULL-terminated, NULL: none. */
    const char *const *topics, *const *classes;
};

/* What a channel is without a word on it: `email` has mails and the field `email`, `sms` the field
 * `phone`, any other the field of its name. */
struct rule_channel rule_channel_standard(const char *name);

/* The row of that name, or NULL. `channels` may be NULL: nothing is known. */
const struct rule_channel *rule_channel_find(const struct rule_channel *channels, const char *name);

/* Gives each step of a rule that sends its channel, where it names none: the one that takes the
 * rule's topic, else the one that takes its class, else `email`; and what that channel is. */
void rule_channel_settle(const struct rule_channel *channels, struct rule *rule);

#endif
