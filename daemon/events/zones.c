#include "events/zones.h"

#include "rules/condition.h"

const char zones_shop[] = "shop";

const char *zones_of(const struct customer *customer, struct arena *arena)
{
    const char *zone = condition_zone(customer, NULL, arena);
    return zone ? zone : zones_shop;
}
