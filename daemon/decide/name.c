#include "decide/name.h"

#include <string.h>

#include "customer/customer_key.h"

struct name *name_find(const struct map *by_key, const char *key)
{
    return map_get(by_key, key, strlen(key));
}

void name_enter(struct name *name, struct map *by_key, struct arena *arena,
                const struct policy *policy, const char *const *key_paths, const char *key,
                bool is_old)
{
    name->text = key;
    name->is_old = is_old;
    name->is_id = !is_old && customer_key_is_id(key_paths, key);
    name->hash = policy_short_hash(policy, key, arena);
    map_put(by_key, key, strlen(key), name);
}
