#include "rules/rule.h"

#include <string.h>

#include "base/bytes.h"

bool rule_list_has(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (**list == *name && strcmp(*list, name) == 0)
            return true;
    return false;
}

const char *rule_class_word(enum rule_class class)
{
    return class == RULE_MARKETING ? "marketing" : "transactional";
}

const struct rule_step *rule_find_step(const struct rule *rule, const char *id)
{
    for (uint32_t i = 0; i < rule->step_count; i++)
        if (bytes_same_text(rule->steps[i].id, id))
            return &rule->steps[i];
    return NULL;
}
