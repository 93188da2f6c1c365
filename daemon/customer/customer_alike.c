#include "customer/customer_alike.h"

bool customer_alike_profile(const struct customer *was, const struct customer *is)
{
    if (was->layers.count != is->layers.count || was->profile.map != is->profile.map)
        return false;
    for (uint32_t i = 0; i < is->layers.count; i++)
        if (was->layers.items[i].patch.map != is->layers.items[i].patch.map)
            return false;
    return true;
}

bool customer_alike_fields(const struct customer *was, const struct customer *is)
{
    return was->fields.map == is->fields.map && was->fields_at.map == is->fields_at.map;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* An event names them anew. */
bool customer_alike_keys(const struct customer *was, const struct customer *is)
{
    if (was->keys.count != is->keys.count || !is_same_text(was->first.key, is->first.key))
        return false;
    for (uint32_t i = 0; i < is->keys.count; i++)
        if (strcmp(was->keys.items[i], is->keys.items[i]) != 0)
            return false;
    return true;
}
