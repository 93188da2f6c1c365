/*
 * bench_rules: events parsed and matched per second on one core, for 10 to
 * 10,000 rules over 20 types: a third of them with equalities, a third with
 * numbers, a third with functions of strings. Each event is JSON of about 700
 * bytes; a round reads it, makes its scene and asks the conditions of all rules
 * of its type. Rows "name<TAB>value<TAB>unit", the best of several rounds.
 *
 *   bench_rules [RULES …]     other numbers of rules
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/yaml.h"
#include "customer/shop_event.h"
#include "rules/condition.h"
#include "rules/rule_index.h"
#include "rules/ruleset.h"

enum {
    TYPES = 20,
    EVENTS = 2000,
    ROUNDS = 7,
    ROUND_EVENTS = 40000,
    EVENT_BYTES = 700,
    RULES_EACH_FILE = 2000,
};

static const char *const verbs[TYPES] = {
    "placed",   "paid",     "packed",   "shipped",  "delivered", "returned", "refunded",
    "canceled", "disputed", "invoiced", "reminded", "reviewed",  "reopened", "split",
    "merged",   "held",     "released", "amended",  "exported",  "archived"};
static const char *const countries[] = {"RO", "FI", "DE", "FR", "IT", "ES", "SE", "PL"};
static const char *const tiers[] = {"basic", "silver", "gold"};
static const char *const cities[] = {"Oulu", "Cluj", "Lyon", "Porto", "Bremen", "Tartu", "Malmo"};

#define COUNT(list) (sizeof list / sizeof *(list))

/* The same sequence in every run. */
static uint32_t next_random(void)
{
    static uint64_t state = 42;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static uint32_t below(size_t most)
{
    return next_random() % (uint32_t)most;
}

#define ONE_OF(list) (list)[below(COUNT(list))]

static void die(const char *what)
{
    fprintf(stderr, "bench_rules: %s\n", what);
    exit(1);
}

/* ---- Rules ---- */

static void put_equality(struct buf *out)
{
    switch (below(4)) {
    case 0:
        buf_printf(out, "order.store == \"store-%u\"", below(400));
        return;
    case 1:
        buf_printf(out, "order.campaign == \"c-%u\" && order.total >= %u", below(400), below(300));
        return;
    case 2:
        buf_printf(out, "order.store in [\"store-%u\", \"store-%u\"] && customer.tier == \"%s\"",
                   below(400), below(400), ONE_OF(tiers));
        return;
    default:
        buf_printf(out, "order.country == \"%s\" && order.campaign == \"c-%u\"", ONE_OF(countries),
                   below(400));
    }
}

static void put_number(struct buf *out)
{
    switch (below(4)) {
    case 0:
        buf_printf(out, "order.total >= %u.%02u", below(1000), below(100));
        return;
    case 1:
        buf_printf(out, "order.total > %u && order.total <= %u", below(500), 500 + below(500));
        return;
    case 2:
        buf_printf(out, "order.weight < %u && size(order.items) >= %u", below(3000), 1 + below(4));
        return;
    default:
        buf_printf(out, "order.total - order.discount > %u.5", below(1000));
    }
}

static void put_function(struct buf *out)
{
    switch (below(4)) {
    case 0:
        buf_printf(out, "customer.email.endsWith(\"@host%u.example\")", below(200));
        return;
    case 1:
        buf_printf(out, "order.id.startsWith(\"o-%u\")", 10 + below(990));
        return;
    case 2:
        buf_printf(out, "order.note.contains(\"word%u\")", below(400));
        return;
    default:
        buf_printf(out, "lower(order.city) == \"%s\" && order.id.endsWith(\"%u\")", "oulu",
                   below(100));
    }
}

static void put_rule(struct buf *out, unsigned number)
{
    static void (*const kinds[])(struct buf *) = {put_equality, put_number, put_function};
    buf_printf(out, "---\nname: rule-%u\non: order.%s\nif: |\n  ", number, verbs[number % TYPES]);
    kinds[number % COUNT(kinds)](out);
    buf_text(out, "\nsend: message\n");
}

static struct ruleset *make_rules(unsigned count)
{
    struct diags diags = {0};
    struct arena *arena = arena_new(1 << 20);
    const struct ruleset_settings settings = {.since_ms = 1};
    struct ruleset_builder *builder = ruleset_begin(arena, &settings, &diags);
    struct buf out;
    buf_init(&out, 4 << 20);
    for (unsigned i = 0; i < count;) {
        const struct yaml_options options = {.file = "rules.yaml"};
        struct diag diag;
        struct value documents;
        buf_clear(&out);
        for (unsigned end = i + RULES_EACH_FILE; i < count && i < end; i++)
            put_rule(&out, i);
        if (!yaml_read(arena, out.data, out.length, &options, &documents, &diag))
            die(diag.text);
        ruleset_add_rules(builder, &(struct settings_source){.file = options.file}, &documents);
    }
    buf_free(&out);
    struct ruleset *rules = ruleset_finish(&builder);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (!rules)
        die("the rules are broken");
    return rules;
}

/* ---- Events ---- */

static void put_event(struct buf *out, unsigned number)
{
    buf_printf(out,
               "{\"specversion\":\"1.0\",\"type\":\"order.%s\",\"id\":\"e-%u\",\"source\":"
               "\"https://shop.example\",\"time\":\"2026-03-02T10:%02u:%02uZ\",\"data\":{",
               verbs[number % TYPES], number, below(60), below(60));
    buf_printf(out,
               "\"customer\":{\"id\":%u,\"email\":\"ana.%u@host%u.example\",\"tier\":\"%s\","
               "\"first_name\":\"Ana\",\"locale\":\"ro\",\"accepts_marketing\":true},",
               below(5000), below(5000), below(200), ONE_OF(tiers));
    buf_printf(out,
               "\"order\":{\"id\":\"o-%u\",\"store\":\"store-%u\",\"campaign\":\"c-%u\","
               "\"country\":\"%s\",\"city\":\"%s\",\"currency\":\"EUR\",\"total\":%u.%02u,"
               "\"discount\":%u,\"weight\":%u,\"items\":[",
               1000 + below(99000), below(400), below(400), ONE_OF(countries), ONE_OF(cities),
               below(1000), below(100), below(40), below(3000));
    for (unsigned i = 0, count = 1 + below(3); i < count; i++)
        buf_printf(out, "%s{\"sku\":\"SKU-%u\",\"quantity\":%u,\"price\":%u.%02u}", i ? "," : "",
                   below(10000), 1 + below(3), below(90), below(100));
    buf_printf(out, "],\"note\":\"word%u", below(400));
    while (out->length < EVENT_BYTES - 12)
        buf_printf(out, " word%u", below(400));
    buf_text(out, "\"}}}");
}

/* ---- Matching ---- */

struct event_text {
    char *text;
    size_t length;
};

struct load {
    struct event_text events[EVENTS];
    struct arena *arena; /* of one event */
    size_t bytes, matches;
};

static void match(struct load *load, const struct ruleset *rules, const struct event_text *text)
{
    static const char *const paths[] = {"customer.id", "customer.email", NULL};
    static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
    struct shop_event event;
    struct diag diag;
    arena_reset(load->arena);
    if (!shop_event_read(load->arena, text->text, text->length, "1772445600000-0", &form, &event,
                         &diag))
        die(diag.text);
    struct customer *customer = customer_new(load->arena, event.key);
    customer->profile = event.customer;
    const struct condition_scene scene = {
        .event = &event.document, .customer = customer, .zone = "UTC", .now_ms = event.arrival_ms};
    const struct rule_index *index = ruleset_index(rules, event.type);
    if (!index)
        return;
    struct condition_view view;
    uint32_t count;
    condition_view_open(&view, &scene, load->arena);
    const struct rule_answer *answers = rule_index_ask(index, &view, load->arena, &count);
    for (uint32_t i = 0; i < count; i++)
        load->matches += answers[i].answer == CONDITION_TRUE;
}

/* Of this process alone, whatever else the machine does. */
static int64_t busy_ns(void)
{
    struct timespec busy;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &busy);
    return (int64_t)busy.tv_sec * 1000000000 + busy.tv_nsec;
}

/* Nanoseconds for each event. */
static double measure(struct load *load, const struct ruleset *rules)
{
    int64_t best = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = busy_ns();
        for (unsigned i = 0; i < ROUND_EVENTS; i++)
            match(load, rules, &load->events[i % EVENTS]);
        int64_t ns = busy_ns() - start;
        best = ns < best ? ns : best;
    }
    return (double)best / ROUND_EVENTS;
}

int main(int argc, char **argv)
{
    static char *standard[] = {"10", "100", "1000", "10000"};
    char **counts = argc > 1 ? argv + 1 : standard;
    int sizes = argc > 1 ? argc - 1 : (int)COUNT(standard);
    static struct load load;
    struct buf out;
    double first = 0, last = 0;
    load.arena = arena_new(1 << 18);
    buf_init(&out, 64 * 1024);
    for (unsigned i = 0; i < EVENTS; i++) {
        buf_clear(&out);
        put_event(&out, i);
        load.events[i] = (struct event_text){strdup(out.data), out.length};
        load.bytes += out.length;
    }
    printf("rules_event_size\t%.0f\tbytes\n", (double)load.bytes / EVENTS);
    for (int i = 0; i < sizes; i++) {
        struct ruleset *rules = make_rules((unsigned)strtoul(counts[i], NULL, 10));
        last = measure(&load, rules);
        first = i ? first : last;
        printf("rules_%s\t%.0f\tevents/s\n", counts[i], 1e9 / last);
        ruleset_destroy(&rules);
    }
    printf("rules_growth\t%.2f\ttimes\n", last / first);
    for (unsigned i = 0; i < EVENTS; i++)
        free(load.events[i].text);
    buf_free(&out);
    arena_destroy(&load.arena);
    return 0;
}
