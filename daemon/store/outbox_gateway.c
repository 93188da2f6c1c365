#include "store/outbox_gateway.h"

#include <string.h>

bool outbox_gateway_is_bound(const struct outbox_gateway *gateway)
{
    return gateway->rate.count > 0 || gateway->warmup.first > 0 || gateway->domain_count > 0;
}

bool outbox_gateway_is_shared(const struct outbox_gateway *gateway)
{
    bool shared = gateway->rate.count > 0 || gateway->warmup.first > 0;
    for (size_t i = 0; i < gateway->domain_count; i++)
        shared = shared || gateway->domains[i].rate.count > 0;
    return shared;
}

const struct outbox_domain *outbox_gateway_domain(const struct outbox_gateway *gateway,
                                                  const char *domain)
{
    const struct outbox_domain *found = NULL;
    for (size_t i = 0; i < gateway->domain_count; i++) {
        const struct outbox_domain *row = &gateway->domains[i];
        if (strcmp(row->name, domain) == 0)
            return row;
        if (!*row->name)
            found = row;
    }
    return found;
}

void outbox_gateway_print(const struct outbox_gateway *gateway, struct arguments *arguments)
{
    arguments_text(arguments, gateway->name);
    arguments_number(arguments, gateway->rate.count);
    arguments_number(arguments, gateway->rate.per_ms);
    arguments_number(arguments, gateway->warmup.first);
    arguments_text(arguments, arena_printf(arguments->arena, "%.6f", gateway->warmup.growth));
    arguments_number(arguments, gateway->warmup.until);
    arguments_number(arguments, (int64_t)gateway->domain_count);
    for (size_t i = 0; i < gateway->domain_count; i++) {
        arguments_text(arguments, gateway->domains[i].name);
        arguments_number(arguments, gateway->domains[i].rate.count);
        arguments_number(arguments, gateway->domains[i].rate.per_ms);
        arguments_number(arguments, gateway->domains[i].connections);
    }
    arguments_number(arguments, (int64_t)gateway->in_hand_count);
    for (size_t i = 0; i < gateway->in_hand_count; i++) {
        arguments_text(arguments, gateway->in_hand[i].domain);
        arguments_number(arguments, gateway->in_hand[i].count);
    }
}
