#include "decide/name.h"

#include "customer/customer_key.h"

void name_enter(struct name *name, struct arena *arena, const struct policy *policy,
                const char *const *key_paths, const char *key, bool is_old)
{
    name->text = key;
    name->is_old = is_old;
    name->is_id = !is_old && customer_key_is_id(key_paths, key);
    name->hash = policy_short_hash(policy, key, arena);
}
