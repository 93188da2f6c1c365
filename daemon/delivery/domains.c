#include "delivery/domains.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void domains_clear(struct domains *domains)
{
    for (size_t i = 0; i < domains->count; i++)
        free((char *)domains->in_hand[i].domain);
    free(domains->in_hand);
    *domains = (struct domains){0};
}

static struct outbox_in_hand *find(const struct domains *domains, const char *domain)
{
    for (size_t i = 0; i < domains->count; i++)
        if (strcmp(domains->in_hand[i].domain, domain) == 0)
            return &domains->in_hand[i];
    return NULL;
}

void domains_begin(struct domains *domains, const char *domain)
{
    struct outbox_in_hand *found = find(domains, domain);
    if (!*domain)
        return;
    if (!found) {
        domains->in_hand = mem_grow(domains->in_hand, domains->count, sizeof *domains->in_hand);
        found = &domains->in_hand[domains->count++];
        *found = (struct outbox_in_hand){.domain = mem_text(domain)};
    }
    found->count++;
}

void domains_end(struct domains *domains, const char *domain)
{
    struct outbox_in_hand *found = find(domains, domain);
    if (!found || --found->count > 0)
        return;
    free((char *)found->domain);
    *found = domains->in_hand[--domains->count];
}

void domains_fill(struct domains *domains, const struct bounds *bounds,
                  struct outbox_gateway *gateway)
{
    domains->counted = false;
    for (size_t i = 0; i < bounds->domain_count; i++) {
        const struct bounds_domain *row = &bounds->domains[i];
        domains->counted |= row->connections > 0;
        domains->rows[i] = (struct outbox_domain){.name = row->name,
                                                  .rate = {row->rate.count, row->rate.per_ms},
                                                  .connections = row->connections};
    }
    gateway->domains = domains->rows;
    gateway->domain_count = bounds->domain_count;
    if (domains->counted) {
        gateway->in_hand = domains->in_hand;
        gateway->in_hand_count = domains->count;
    }
    gateway->warmup = (struct outbox_warmup){
        .first = bounds->first, .until = bounds->until, .growth = bounds->growth};
}
