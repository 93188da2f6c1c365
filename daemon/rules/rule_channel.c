#include "rules/rule_channel.h"

#include <string.h>

static const char standard_name[] = "email";

struct rule_channel rule_channel_standard(const char *name)
{
    return (struct rule_channel){.name = name,
                                 .mail = strcmp(name, standard_name) == 0,
                                 .field = strcmp(name, "sms") == 0 ? "phone" : name};
}

const struct rule_channel *rule_channel_find(const struct rule_channel *channels, const char *name)
{
    for (; channels && channels->name; channels++)
        if (strcmp(channels->name, name) == 0)
            return channels;
    return NULL;
}

static const char *choose(const struct rule_channel *channels, const struct rule *rule)
{
    const char *chosen = standard_name;
    for (; channels && channels->name; channels++) {
        if (rule_list_has(channels->topics, rule->topic))
            return channels->name;
        if (rule_list_has(channels->classes, rule_class_word(rule->class)))
            chosen = channels->name;
    }
    return chosen;
}

void rule_channel_settle(const struct rule_channel *channels, struct rule *rule)
{
    for (uint32_t i = 0; i < rule->step_count; i++) {
        struct rule_step *step = &rule->steps[i];
        if (step->kind != RULE_STEP_SEND)
            continue;
        if (!step->channel)
            step->channel = choose(channels, rule);
        const struct rule_channel standard = rule_channel_standard(step->channel);
        const struct rule_channel *known = rule_channel_find(channels, step->channel);
        step->mail = (known ? known : &standard)->mail;
        step->field = (known ? known : &standard)->field;
    }
}
