#include "decide/replay_order.h"

#include <stddef.h>
#include <string.h>

int replay_order_compare(const struct replay_order *a, const struct replay_order *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->due || b->due)
        return a->due && b->due ? strcmp(a->due, b->due) : (a->due != NULL) - (b->due != NULL);
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}
