#include "decide/concerns.h"

#include <string.h>

#include "customer/watch.h"

/* What nudged itself understands, whatever the rules. */
static bool is_word(const char *type)
{
    return strncmp(type, "customer.", 9) == 0 || strncmp(type, "message.", 8) == 0 ||
           watch_word_of(type) != WATCH_NO_WORD;
}

static bool is_of_field(const struct field *fields, const char *type)
{
    for (const struct field *field = fields; field && field->name; field++)
        for (uint32_t i = 0; i < field->word_count; i++)
            if (rule_list_has(field->words[i].on, type))
                return true;
    return false;
}

bool concerns_any(const struct ruleset *rules, const struct field *fields, const char *type)
{
    return ruleset_type(rules, type)->counted || is_word(type) || is_of_field(fields, type);
}
