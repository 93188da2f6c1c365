#include "events/zones.h"

#include "rules/condition.h"
#include "rules/rule_clock.h"

const char zones_shop[] = "shop";

const char *zones_of(const struct customer *customer, struct arena *arena)
{
    const char *zone = rule_clock_zone(condition_zone(customer, NULL, arena));
    return zone ? zone : zones_shop;
}
