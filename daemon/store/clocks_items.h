/* What is asked about clocks: an item of each list that store/clocks takes. */
#ifndef NUDGED_STORE_CLOCKS_ITEMS_H
#define NUDGED_STORE_CLOCKS_ITEMS_H

#include <stdint.h>

/* A rule with a clock, as it is noted. */
struct clocks_rule {
    const char *name, *clock; /* struct rule_clock's text */
};

/* A rule in a zone, and three of its ticks that follow each other: name "" for none. */
struct clocks_tick {
    int64_t time_ms;
    const char *name;
};
struct clocks_sweep {
    const char *zone, *rule;
    int64_t spread_ms, max_age_ms;
    struct clocks_tick ticks[3];
};

/* The index is put right about a customer. */
struct clocks_found {
    const char *customer, *indexed; /* the zone that it had */
    int64_t place;
    const char *zone; /* "": there is no document */
};
/* A customer of the scan, and where they stand. */
struct clocks_indexed {
    const char *customer, *version, *zone;
    int64_t place;
};

#endif
