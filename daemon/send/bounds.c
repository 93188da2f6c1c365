#include "send/bounds.h"

#include <string.h>

#include "base/mailbox.h"
#include "base/slice.h"

static const double growth_most = 100;

const struct shape bounds_warmup_shape = {
    .kind = SHAPE_KEYS,
    .table = bounds_warmup_settings,
    .needs = (const char *const[]){"first until", "until first", "growth first until", NULL}};

const struct setting bounds_warmup_settings[] = {
    {.key = "first",
     .type = SETTING_INT,
     .offset = offsetof(struct bounds_warmup, first),
     .least = 1,
     .most = INT64_MAX,
     .reload = SETTING_RELOAD,
     .help = "most messages of the first day, which begins with the first message"},
    {.key = "growth",
     .type = SETTING_VALUE,
     .offset = offsetof(struct bounds_warmup, growth),
     .fallback = "1.5",
     .reload = SETTING_RELOAD,
     .help = "the bound of each day, as a multiple of the day before",
     .shape = &(const struct shape){.kind = SHAPE_NUMBER, .least = 1, .most = 100, .above = true}},
    {.key = "until",
     .type = SETTING_INT,
     .offset = offsetof(struct bounds_warmup, until),
     .least = 1,
     .most = INT64_MAX,
     .reload = SETTING_RELOAD,
     .help = "there is no bound any more from the day on that would allow so many"},
    {0},
};

static const struct setting domain_settings[] = {
    {.key = "rate",
     .type = SETTING_RATE,
     .offset = offsetof(struct bounds_domain, rate),
     .help = "most messages to it in a time, over all daemons"},
    {.key = "connections",
     .type = SETTING_INT,
     .offset = offsetof(struct bounds_domain, connections),
     .least = 1,
     .most = 256,
     .help = "messages to it at a time, in each daemon"},
    {0},
};

/* ---- Domains ---- */

const struct shape bounds_domains_shape = {
    .kind = SHAPE_MAP,
    .of = &(const struct shape){.kind = SHAPE_KEYS, .table = domain_settings, .least = 1},
    .most = BOUNDS_DOMAINS_MOST};

/* "" for `default`; NULL with a fault. */
static const char *read_name(const struct value *key, const struct settings_source *source,
                             struct arena *arena, struct diags *diags)
{
    const char *name = value_to_text(arena, key);
    if (name && strcmp(name, "default") == 0)
        return "";
    const char *domain =
        name && !strchr(name, '@')
            ? mailbox_domain(arena, slice_of(arena_printf(arena, "postmaster@%s", name)))
            : "";
    if (*domain)
        return domain;
    diag_hint(settings_fault(diags, source, key, DIAG_ERROR, "`%s` is no domain", name ? name : ""),
              "write what stands behind the `@`: gmail.com; `default` is each other domain");
    return NULL;
}

static bool read_domain(const struct value_member *member, const struct settings_source *source,
                        struct arena *arena, struct bounds_domain *domain, struct diags *diags)
{
    const char *name = read_name(&member->key, source, arena, diags);
    if (member->value.kind != VALUE_MAP) {
        diag_hint(settings_fault(diags, source, &member->value, DIAG_ERROR,
                                 "a domain has `rate`, `connections` or both"),
                  "{rate: 100 per 1m, connections: 4}");
        return false;
    }
    bool right = settings_read(domain_settings, &member->value, source, domain, arena, diags);
    if (right && domain->rate.count == 0 && domain->connections == 0) {
        settings_fault(diags, source, &member->value, DIAG_ERROR,
                       "a domain needs `rate`, `connections` or both");
        return false;
    }
    domain->name = name;
    return right && name;
}

static bool is_there(const struct bounds *bounds, const char *name)
{
    for (size_t i = 0; i < bounds->domain_count; i++)
        if (strcmp(bounds->domains[i].name, name) == 0)
            return true;
    return false;
}

static bool read_domains(const struct value *all, const struct settings_source *source,
                         struct arena *arena, struct bounds *bounds, struct diags *diags)
{
    bool right = true;
    if (all->kind == VALUE_NULL)
        return true;
    if (all->kind != VALUE_MAP || value_count(all) > BOUNDS_DOMAINS_MOST) {
        settings_fault(diags, source, all, DIAG_ERROR,
                       "`per_domain` must be a mapping of at most %d domains to their bounds",
                       BOUNDS_DOMAINS_MOST);
        return false;
    }
    struct bounds_domain *rows = arena_zero(arena, sizeof *rows * (value_count(all) + 1));
    bounds->domains = rows;
    for (uint32_t i = 0; i < value_count(all); i++) {
        const struct value_member *member = &all->map->members[i];
        struct bounds_domain *row = &rows[bounds->domain_count];
        if (!read_domain(member, source, arena, row, diags)) {
            right = false;
        } else if (is_there(bounds, row->name)) {
            settings_fault(diags, source, &member->key, DIAG_ERROR,
                           "this domain stands here already, written in another way");
            right = false;
        } else {
            bounds->domain_count++;
        }
    }
    return right;
}

/* ---- Warming up ---- */

/* One that is begun is whole; and what the table had a fault in is as if it were absent. */
static bool is_whole(const struct value *warmup, const struct settings_source *source,
                     struct diags *diags)
{
    static const char *const needed[] = {"first", "until"};
    for (size_t i = 0; value_count(warmup) > 0 && i < sizeof needed / sizeof *needed; i++)
        if (!value_get(warmup, needed[i])) {
            diag_hint(
                settings_fault(diags, source, warmup, DIAG_ERROR, "`warmup` needs `%s`", needed[i]),
                "{first: 200, growth: 1.5, until: 20000}");
            return false;
        }
    return true;
}

static bool read_warmup(const struct bounds_warmup *warmup, const struct settings_source *source,
                        struct bounds *bounds, struct diags *diags)
{
    if (!value_to_double(&warmup->growth, &bounds->growth) || !(bounds->growth > 1) ||
        bounds->growth > growth_most) {
        diag_hint(settings_fault(diags, source, &warmup->growth, DIAG_ERROR,
                                 "`growth` must be a number above 1, and at most %g", growth_most),
                  "1.5 makes of 200 messages 300 on the next day");
        return false;
    }
    if (warmup->first > 0 && warmup->until > 0) {
        bounds->first = warmup->first;
        bounds->until = warmup->until;
    }
    return true;
}

bool bounds_read(const struct bounds_settings *settings, const struct value *map,
                 const struct settings_source *source, struct arena *arena, struct bounds *bounds,
                 struct diags *diags)
{
    *bounds = (struct bounds){0};
    bool right = read_domains(&settings->per_domain, source, arena, bounds, diags);
    right &= is_whole(value_get(map, "warmup"), source, diags);
    return read_warmup(&settings->warmup, source, bounds, diags) && right;
}
