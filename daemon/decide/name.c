#include "decide/name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "customer/customer_key.h"

void name_enter(struct name *name, struct arena *arena, const struct policy *policy,
                const char *const *key_paths, const char *key, bool is_old)
{
    name->text = key;
    name->is_old = is_old;
    name->is_id = !is_old && customer_key_is_id(key_paths, key);
    name->hash = policy_short_hash(policy, key, arena);
}

void name_lead(struct name *name, struct arena *arena, const char *redirect)
{
    const char *end = redirect ? strchr(redirect, '\n') : NULL;
    name->redirect = redirect;
    name->target = end ? arena_copy(arena, redirect, (size_t)(end - redirect)) : redirect;
    name->since_ms = end ? strtoll(end + 1, NULL, 10) : 0;
}

const char *name_redirect(struct arena *arena, const char *key, int64_t since_ms)
{
    return arena_printf(arena, "%s\n%" PRId64, key, since_ms);
}
