#include "decide/concerns.h"

#include <string.h>

#include "customer/watch.h"

/* What nudged itself understands, whatever the rules. */
static bool is_word(const char *type)
{
    return strncmp(type, "customer.", 9) == 0 || strncmp(type, "message.", 8) == 0 ||
           watch_word_of(type) != WATCH_NO_WORD;
}

bool concerns_any(const struct ruleset *rules, const char *type)
{
    return ruleset_type(rules, type)->counted || is_word(type);
}
