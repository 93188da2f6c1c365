#include "ctl/who.h"

#include <string.h>

#include "customer/customer_key.h"
#include "decide/person.h"
#include "decide/policy.h"
#include "store/find_customer.h"

const char *who_key(struct context *context, const char *customer)
{
    struct arena *arena = context->config->arena;
    const struct shop_event_form form = config_event_form(context->config);
    if (!strchr(customer, ':'))
        customer = arena_printf(arena, "%s:%s", strchr(customer, '@') ? "email" : "id", customer);
    return customer_key_of(arena, form.key_paths, customer).text;
}

const char *who_person(struct context *context, const struct shards *shards, const char *key)
{
    struct arena *arena = context->config->arena;
    struct policy policy;
    struct diag diag;
    if (!config_secret(context->config, false, &diag))
        return key;
    config_policy(context->config, &policy);
    for (int hops = 0; hops < PERSON_HOPS_MOST; hops++) {
        const struct shards_item *shard = shards_of(shards, key);
        const char *target = find_customer_redirect(
            shard->session, shard->prefix, policy_short_hash(&policy, key, arena), arena, &diag);
        if (!target)
            return key;
        key = target;
    }
    return key;
}
