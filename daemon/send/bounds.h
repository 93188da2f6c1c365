/*
 * What bounds a gateway beside its rate and its connections: `per_domain` and `warmup`. The store
 * keeps to them (store/outbox).
 */
#ifndef NUDGED_SEND_BOUNDS_H
#define NUDGED_SEND_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/settings.h"
#include "base/settings_fault.h"
#include "base/shape.h"
#include "base/value.h"

enum { BOUNDS_DOMAINS_MOST = 64 };

struct bounds_domain {
    const char *name;         /* mailbox_domain(); "": each that has no row of its own */
    struct setting_rate rate; /* over all daemons; count 0: none */
    int64_t connections;      /* in each daemon; 0: no limit */
};

/* As the file says them: the fields of GATEWAY_COMMON_SETTINGS. */
struct bounds_warmup {
    int64_t first; /* 0: none */
    struct value growth;
    int64_t until;
};

struct bounds_settings {
    struct value per_domain;
    struct bounds_warmup warmup;
};

extern const struct setting bounds_warmup_settings[];
extern const struct shape bounds_warmup_shape, bounds_domains_shape;

/* The rows of such a field. */
#define BOUNDS_SETTINGS(owner, field)                                                              \
    {.key = "per_domain",                                                                          \
     .type = SETTING_VALUE,                                                                        \
     .offset = offsetof(owner, field.per_domain),                                                  \
     .reload = SETTING_RELOAD,                                                                     \
     .help = "domain, or `default` → its `rate` over all daemons and its `connections` in each " \
             "daemon; what a domain holds back keeps nothing else waiting",                        \
     .shape = &bounds_domains_shape},                                                              \
    {                                                                                              \
        .key = "warmup", .type = SETTING_SECTION, .offset = offsetof(owner, field.warmup),         \
        .section = bounds_warmup_settings,                                                         \
        .help = "a bound on the messages of a day, which grows by the day",                        \
        .shape = &bounds_warmup_shape                                                              \
    }

struct bounds {
    const struct bounds_domain *domains;
    size_t domain_count;
    int64_t first, until; /* of a day; `first` 0: no warm-up */
    double growth;
};

/* Makes of them what they say; texts lie in the arena. `map` is the gateway's, from which they were
 * read. Adds every fault that the table could not see; false where there was one. */
bool bounds_read(const struct bounds_settings *settings, const struct value *map,
                 const struct settings_source *source, struct arena *arena, struct bounds *bounds,
                 struct diags *diags);

#endif
