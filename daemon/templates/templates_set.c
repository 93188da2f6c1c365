#include "templates/templates_set.h"

#include <string.h>
#include <strings.h>

struct templates_pair *templates_set_first(const struct templates *set, const char *name)
{
    return map_get(set->names, name, strlen(name));
}

struct templates_pair *templates_set_pair(const struct templates *set, struct templates_pair *first,
                                          const char *tag, size_t length)
{
    for (struct templates_pair *pair = first;
         pair < set->pairs + set->count && strcmp(pair->variant.name, first->variant.name) == 0;
         pair++)
        if (strlen(pair->variant.locale) == length &&
            strncasecmp(pair->variant.locale, tag, length) == 0)
            return pair;
    return NULL;
}

struct templates_pair *templates_set_nearest(const struct templates *set,
                                             struct templates_pair *first, const char *tag)
{
    size_t length = strlen(tag);
    while (length > 0) {
        struct templates_pair *pair = templates_set_pair(set, first, tag, length);
        if (pair)
            return pair;
        while (length > 0 && tag[--length] != '-')
            ;
    }
    return NULL;
}

const struct templates_snippet *templates_set_snippet(const struct templates *set, const char *name,
                                                      size_t length)
{
    return map_get(set->snippets, name, length);
}
