/*
 * bench_rules: events parsed and matched per second on one core. Each event is
 * JSON of about 700 bytes; a round reads it, makes its scene and asks the
 * conditions of all rules of its type. Rows "name<TAB>value<TAB>unit", of one
 * round after one that warms up.
 *
 *   rules_N          10 to 10,000 rules spread evenly over 20 types: a third of them
 *                    with equalities, a third with numbers, a third with functions of
 *                    strings, most with constants of their own
 *   rules_N_index    rules as shops write them (put_shop_condition), spread over types
 *                    as shop_types says, with the index
 *   rules_N_plain    the same rules and events, every rule asked in turn
 *   rules_N_matches  how many of them an event starts
 *   rules_none       the same events, read and made ready, with nobody asked
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
    ROUND_EVENTS = 40000,
    SLOW_FROM = 1000, /* rules: a tenth of the events is enough for a round */
    EVENT_BYTES = 700,
    TEXT_MOST = 16 << 20,
    NODES_MOST = 1 << 20,
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

static void put_spread_rule(struct buf *out, unsigned number)
{
    static void (*const kinds[])(struct buf *) = {put_equality, put_number, put_function};
    buf_printf(out, "---\nname: rule-%u\non: order.%s\nif: |\n  ", number, verbs[number % TYPES]);
    kinds[number % COUNT(kinds)](out);
    buf_text(out, "\nsend: message\n");
}

/* ---- Rules of a shop ---- */

/* How many in a hundred of the rules, and of the events. */
static const struct shop_type {
    const char *name;
    unsigned rules, events;
} shop_types[] = {
    {"order.placed", 25, 10},   {"cart.updated", 20, 40},   {"customer.signed_up", 10, 5},
    {"order.delivered", 10, 8}, {"order.shipped", 8, 8},    {"product.viewed", 7, 20},
    {"order.refunded", 5, 2},   {"subscription.due", 5, 3}, {"review.submitted", 5, 2},
    {"customer.updated", 5, 2},
};

static const char *pick_type(bool of_rules)
{
    unsigned at = below(100), i = 0;
    for (; at >= (of_rules ? shop_types[i].rules : shop_types[i].events); i++)
        at -= of_rules ? shop_types[i].rules : shop_types[i].events;
    return shop_types[i].name;
}

static const unsigned amounts[] = {20, 50, 80, 100, 150, 200, 300, 500};

/* Of 14: 4 a bound, 3 who the customer is or where, 2 a campaign, 2 a product in the order, 2 what
 * the customer did before, 1 a part of a text. */
enum { PARTS = 14 };

static void put_shop_part(struct buf *out, unsigned part)
{
    switch (part) {
    case 0:
    case 1:
        buf_printf(out, "order.total >= %u", ONE_OF(amounts));
        return;
    case 2:
    case 3:
        buf_printf(out, "size(order.items) > 0 && order.total >= %u", ONE_OF(amounts));
        return;
    case 4:
    case 5:
        buf_printf(out, "customer.tier == \"%s\"", ONE_OF(tiers));
        return;
    case 6:
        buf_printf(out, "order.country in [\"%s\", \"%s\"]", ONE_OF(countries), ONE_OF(countries));
        return;
    case 7:
    case 8:
        buf_printf(out, "order.campaign == \"c-%u\"", below(400));
        return;
    case 9:
    case 10:
        buf_printf(out, "order.items.exists(i, i.sku == \"SKU-%u\")", below(10000));
        return;
    case 11:
        buf_printf(out, "customer.count(\"order.placed\") == %u", 1 + below(3));
        return;
    case 12:
        buf_printf(out, "customer.count(\"cart.updated\", duration(\"30d\")) >= %u", 1 + below(5));
        return;
    default:
        buf_printf(out, "order.note.contains(\"word%u\")", below(400));
    }
}

/* A third are two parts of different kinds; a quarter of those either of them. */
static void put_shop_condition(struct buf *out)
{
    unsigned part = below(PARTS);
    put_shop_part(out, part);
    if (below(3) > 0)
        return;
    buf_text(out, below(4) ? " && " : " || ");
    put_shop_part(out, (part + 4 + below(6)) % PARTS);
}

/* Three of twenty have no condition. */
static void put_shop_rule(struct buf *out, unsigned number)
{
    buf_printf(out, "---\nname: rule-%u\non: %s\n", number, pick_type(true));
    if (below(20) >= 3) {
        buf_text(out, "if: |\n  ");
        put_shop_condition(out);
        buf_char(out, '\n');
    }
    buf_text(out, "send: message\n");
}

/* ---- Sets ---- */

typedef void put_rule(struct buf *out, unsigned number);

static void put_rules(struct buf *out, unsigned count, put_rule *put)
{
    buf_clear(out);
    for (unsigned i = 0; i < count; i++)
        put(out, i);
}

static struct ruleset *make_rules(const struct buf *text, bool plain)
{
    static const struct yaml_options options = {
        .file = "rules.yaml", .bytes = TEXT_MOST, .nodes = NODES_MOST};
    static const struct settings_source source = {.file = "rules.yaml"};
    struct diags diags = {0};
    struct diag diag;
    struct value documents;
    struct arena *arena = arena_new(64 * 1024);
    const struct ruleset_settings settings = {.plain = plain};
    struct ruleset_builder *builder = ruleset_begin(arena, &settings, &diags);
    if (!yaml_read(arena, text->data, text->length, &options, &documents, &diag))
        die(diag.text);
    ruleset_add_rules(builder, &source, &documents);
    struct ruleset *rules = ruleset_finish(&builder);
    for (size_t i = 0; !rules && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (!rules)
        die("the rules are broken");
    return rules;
}

/* ---- Events ---- */

static void put_event(struct buf *out, const char *type, unsigned number)
{
    buf_printf(out,
               "{\"specversion\":\"1.0\",\"type\":\"%s\",\"id\":\"e-%u\",\"source\":"
               "\"https://shop.example\",\"time\":\"2026-03-02T10:%02u:%02uZ\",\"data\":{",
               type, number, below(60), below(60));
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
    bool shop;           /* customers have a past */
    size_t matches;
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
    for (unsigned i = 0; load->shop && i < 6; i++)
        customer_add_count(load->arena, customer, i % 3 ? "cart.updated" : "order.placed",
                           event.arrival_ms - i * 86400000);
    const struct condition_scene scene = {
        .event = &event.document, .customer = customer, .zone = "UTC", .now_ms = event.arrival_ms};
    const struct rule_index *index = rules ? ruleset_type(rules, event.type)->index : NULL;
    if (!index && rules)
        return;
    struct condition_view view;
    condition_view_open(&view, &scene, load->arena);
    if (!index)
        return;
    const struct rule_answers *answers = rule_index_ask(index, &view, load->arena, NULL);
    for (uint32_t i = 0; i < answers->count; i++)
        load->matches += answers->items[i].answer == CONDITION_TRUE;
}

/* Of this process alone, whatever else the machine does. */
static int64_t busy_ns(void)
{
    struct timespec busy;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &busy);
    return (int64_t)busy.tv_sec * 1000000000 + busy.tv_nsec;
}

/* Nanoseconds for each event of one round. */
static double measure_round(struct load *load, const struct ruleset *rules, unsigned count)
{
    int64_t start = busy_ns();
    load->matches = 0;
    for (unsigned i = 0; i < count; i++)
        match(load, rules, &load->events[i % EVENTS]);
    return (double)(busy_ns() - start) / count;
}

static double measure(struct load *load, const struct ruleset *rules)
{
    measure_round(load, rules, ROUND_EVENTS);
    return measure_round(load, rules, ROUND_EVENTS);
}

static void measure_spread(struct load *load, char *const *counts, int sizes, struct buf *text)
{
    double first = 0, last = 0;
    for (int i = 0; i < sizes; i++) {
        put_rules(text, (unsigned)strtoul(counts[i], NULL, 10), put_spread_rule);
        struct ruleset *rules = make_rules(text, false);
        last = measure(load, rules);
        first = i ? first : last;
        printf("rules_%s\t%.0f\tevents/s\n", counts[i], 1e9 / last);
        ruleset_destroy(&rules);
    }
    printf("rules_growth\t%.2f\ttimes\n", last / first);
}

/* Both ways in turn, twice, of which the second counts. */
static void measure_both(struct load *load, const char *count, struct buf *text)
{
    unsigned rules = (unsigned)strtoul(count, NULL, 10);
    unsigned events = rules < SLOW_FROM ? ROUND_EVENTS : ROUND_EVENTS / 10;
    double ns[2];
    size_t matches[2];
    put_rules(text, rules, put_shop_rule);
    struct ruleset *sets[] = {make_rules(text, false), make_rules(text, true)};
    for (int round = 0; round < 2; round++) {
        for (int way = 0; way < 2; way++) {
            ns[way] = measure_round(load, sets[way], events);
            matches[way] = load->matches;
        }
        if (matches[0] != matches[1])
            die("the index finds other rules");
    }
    printf("rules_%s_index\t%.0f\tevents/s\n", count, 1e9 / ns[0]);
    printf("rules_%s_plain\t%.0f\tevents/s\n", count, 1e9 / ns[1]);
    printf("rules_%s_matches\t%.2f\trules/event\n", count, (double)matches[0] / events);
    ruleset_destroy(&sets[0]);
    ruleset_destroy(&sets[1]);
}

/* Other events; their bytes in all. */
static size_t make_events(struct load *load, bool shop)
{
    size_t bytes = 0;
    struct buf out;
    char type[32];
    buf_init(&out, 64 * 1024);
    load->shop = shop;
    for (unsigned i = 0; i < EVENTS; i++) {
        snprintf(type, sizeof type, "order.%s", verbs[i % TYPES]);
        buf_clear(&out);
        put_event(&out, shop ? pick_type(false) : type, i);
        free(load->events[i].text);
        load->events[i] = (struct event_text){strdup(out.data), out.length};
        bytes += out.length;
    }
    buf_free(&out);
    return bytes;
}

int main(int argc, char **argv)
{
    static char *spread[] = {"10", "100", "1000", "10000"};
    static char *both[] = {"10", "50", "200", "10000"};
    static struct load load;
    struct buf text;
    load.arena = arena_new(1 << 18);
    buf_init(&text, TEXT_MOST);
    printf("rules_event_size\t%.0f\tbytes\n", (double)make_events(&load, false) / (double)EVENTS);
    measure_spread(&load, argc > 1 ? argv + 1 : spread, argc > 1 ? argc - 1 : (int)COUNT(spread),
                   &text);
    make_events(&load, true);
    printf("rules_none\t%.0f\tevents/s\n", 1e9 / measure(&load, NULL));
    for (int i = 0; i < (argc > 1 ? argc - 1 : (int)COUNT(both)); i++)
        measure_both(&load, argc > 1 ? argv[i + 1] : both[i], &text);
    for (unsigned i = 0; i < EVENTS; i++)
        free(load.events[i].text);
    buf_free(&text);
    arena_destroy(&load.arena);
    return 0;
}
