/*
 * bench_decide: events decided per second in one process, without Redis: the
 * event's JSON and the customer's document are read, it is decided by the rules
 * of a middling shop, and the document and the trace are printed; then likewise
 * by kind, with one rule and one customer each. Rows "name<TAB>value<TAB>unit",
 * of one round after some that warm up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "config/rule_files.h"
#include "customer/customer_print.h"
#include "decide/decide.h"

enum { CUSTOMERS = 2000, WARM_ROUNDS = 3, ROUND_EVENTS = 20000 };

/* 2026-03-02T10:00:00Z */
static const int64_t start_ms = 1772445600000;

static const char rules_text[] =
    "{name: welcome, on: customer.signed_up, topic: offers, again: ignore, until: order.placed,\n"
    " limit: 1 per 365d, wait: 10m, send: welcome}\n"
    "---\n"
    "{name: abandoned-cart, on: cart.updated, topic: reminders, again: restart,\n"
    " if: cart.total >= 20 && size(cart.items) > 0, until: order.placed, limit: 1 per 7d,\n"
    " steps: [{wait: 1h}, {send: cart-reminder}, {wait: 23h},\n"
    "  {if: cart.total >= 50, then: [{send: cart-last-call}]}]}\n"
    "---\n"
    "{name: rich-cart, on: cart.updated, again: ignore, if: 'cart.total >= 200.0 && customer.tier\n"
    " in [\"gold\", \"silver\"]', until: order.placed, limit: 1 per 30d, wait: 2h, send: rich}\n"
    "---\n"
    "{name: order-thanks, class: transactional, on: order.placed, if: size(order.items) > 0,\n"
    " send: order-thanks}\n"
    "---\n"
    "{name: first-order, on: order.placed, if: 'customer.count(\"order.placed\") == 1',\n"
    " again: ignore, wait: 1d, send: first-order}\n"
    "---\n"
    "{name: gold-thanks, on: order.placed, if: 'order.total >= 100.0 && customer.tier == "
    "\"gold\"',\n"
    " limit: 1 per 30d, send: gold-thanks}\n"
    "---\n"
    "{name: card-failed, class: transactional, on: order.placed, if: 'order.payment == "
    "\"failed\"',\n"
    " send: card-failed}\n"
    "---\n"
    "{name: gift-wrap, on: order.placed, if: 'order.note.contains(\"gift\")', send: gift-wrap}\n"
    "---\n"
    "{name: shipped, class: transactional, on: order.shipped, send: shipped}\n"
    "---\n"
    "{name: late, class: transactional, on: order.shipped, if: 'order.carrier in [\"slow\", "
    "\"sea\"]',\n"
    " send: late}\n"
    "---\n"
    "{name: feedback, on: order.delivered, topic: feedback, again: ignore, until: "
    "review.submitted,\n"
    " limit: 1 per 30d, wait: 3d, send: feedback}\n"
    "---\n"
    "{name: seen-often, on: product.viewed, topic: offers, again: ignore,\n"
    " if: 'customer.count(\"product.viewed\", duration(\"1d\")) >= 3 && product.price >= 10',\n"
    " until: order.placed, limit: 1 per 7d, wait: 6h, send: seen-often}\n"
    "---\n"
    "{name: tea-lover, on: product.viewed, if: 'product.category == \"tea\" && product.price > "
    "40',\n"
    " limit: 1 per 30d, send: tea-lover}\n"
    "---\n"
    "{name: back-in-stock, on: product.viewed, if: 'product.stock == \"back\"', send: back}\n";

static const char *const tiers[] = {"basic", "silver", "gold"};
static const char *const categories[] = {"tea", "cups", "pots", "books"};
static const char *const carriers[] = {"fast", "slow", "sea"};

#define COUNT(list)  (sizeof list / sizeof *(list))
#define ONE_OF(list) (list)[below(COUNT(list))]

/* The same sequence in every run. */
static uint32_t below(size_t most)
{
    static uint64_t state = 42;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % (uint32_t)most;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_decide: %s\n", what);
    exit(1);
}

static struct ruleset *load_rules(const char *text)
{
    char folder[] = "/tmp/bench-decide-XXXXXX", path[64];
    struct diags diags = {0};
    if (!mkdtemp(folder))
        die("no folder for the rules");
    snprintf(path, sizeof path, "%s/rules.yaml", folder);
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fclose(file))
        die("cannot write the rules");
    const struct ruleset_settings settings = {0};
    struct ruleset *rules = rule_files_load(folder, &settings, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    unlink(path);
    rmdir(folder);
    if (!rules)
        die("the rules are broken");
    return rules;
}

/* ---- Events ---- */

static void put_items(struct buf *out)
{
    buf_text(out, "\"items\":[");
    for (uint32_t i = 0, count = below(4); i < count; i++)
        buf_printf(out,
                   "%s{\"sku\":\"TEA-%u\",\"title\":\"Mountain tea\",\"quantity\":%u,\"price\":"
                   "%u.%02u,\"url\":\"https://shop.example/p/%u\"}",
                   i ? "," : "", below(100), 1 + below(3), below(50), below(100), below(1000));
    buf_char(out, ']');
}

static void put_order(struct buf *out)
{
    buf_printf(out,
               "\"order\":{\"id\":\"o%u\",\"total\":%u.%02u,\"currency\":\"EUR\",\"payment\":"
               "\"%s\",\"note\":\"leave it at the door\",\"address\":{\"name\":\"Ana Popescu\","
               "\"street\":\"Strada Lipscani 5\",\"city\":\"București\",\"zip\":\"030031\"},",
               below(10000), below(250), below(100), below(20) ? "card" : "failed");
    put_items(out);
    buf_char(out, '}');
}

static void put_cart(struct buf *out)
{
    buf_printf(out, "\"cart\":{\"id\":\"c%u\",\"total\":%u.%02u,\"currency\":\"EUR\",",
               below(10000), below(250), below(100));
    put_items(out);
    buf_char(out, '}');
}

static void put_product(struct buf *out)
{
    buf_printf(out,
               "\"product\":{\"sku\":\"TEA-%u\",\"category\":\"%s\",\"price\":%u.%02u,"
               "\"stock\":\"%s\",\"title\":\"Mountain tea from the Rhodope\"}",
               below(100), ONE_OF(categories), below(60), below(100), below(50) ? "there" : "back");
}

static void put_carrier(struct buf *out)
{
    buf_printf(out, "\"order\":{\"id\":\"o%u\",\"carrier\":\"%s\"}", below(10000),
               ONE_OF(carriers));
}

static void put_gift(struct buf *out)
{
    buf_printf(out, "\"gift\":{\"code\":\"WELCOME-%u\",\"percent\":10}", below(1000));
}

/* How often each comes, of 40: people look more than they buy. */
static const struct {
    const char *type;
    uint32_t often;
    void (*put)(struct buf *out);
} kinds[] = {
    {"customer.signed_up", 1, put_gift}, {"cart.updated", 6, put_cart},
    {"order.placed", 2, put_order},      {"order.shipped", 2, put_carrier},
    {"order.delivered", 2, put_carrier}, {"product.viewed", 17, put_product},
    {"page.viewed", 10, put_product},
};

static void put_event(struct buf *out, uint32_t number, uint32_t customer)
{
    uint32_t at = below(40), kind = 0;
    for (; at >= kinds[kind].often; kind++)
        at -= kinds[kind].often;
    buf_clear(out);
    buf_printf(out,
               "{\"type\":\"%s\",\"id\":\"e-%u\",\"source\":\"https://shop.example\","
               "\"customer\":{\"id\":\"%u\",\"email\":\"ana.%u@example.com\",\"first_name\":"
               "\"Ana\",\"last_name\":\"Popescu\",\"locale\":\"ro\",\"tier\":\"%s\",\"timezone\":"
               "\"Europe/Bucharest\",\"accepts_marketing\":true},",
               kinds[kind].type, number, customer, customer, tiers[customer % COUNT(tiers)]);
    kinds[kind].put(out);
    buf_char(out, '}');
}

/* ---- Deciding ---- */

struct event_text {
    char *text;
    size_t length;
    uint32_t customer;
};

struct load {
    struct ruleset *rules;
    struct policy policy;
    struct arena *arena; /* of one event */
    struct buf documents[CUSTOMERS], trace, fresh;
    struct event_text events[ROUND_EVENTS];
    uint32_t decided; /* events, in all */
    size_t event_bytes, document_bytes, messages;
};

static struct customer *read_customer(struct load *load, uint32_t number, const char *key)
{
    struct buf *document = &load->documents[number];
    struct diag diag;
    if (document->length == 0)
        return customer_new(load->arena, key);
    struct customer *customer =
        customer_read(load->arena, key, document->data, document->length, &diag);
    if (!customer)
        die(diag.text);
    return customer;
}

static void print_all(struct load *load, uint32_t number, struct customer *customer,
                      const struct decision *decision)
{
    struct buf *document = &load->documents[number];
    buf_clear(&load->fresh);
    if (!customer_print(customer, "123456-17-99", &load->fresh))
        die("a document is too large");
    struct buf old = *document; /* which the customer still refers to */
    *document = load->fresh;
    load->fresh = old;
    for (uint32_t i = 0; i < decision->trace_count; i++) {
        buf_clear(&load->trace);
        json_print(&load->trace, &decision->trace[i]);
    }
    load->document_bytes += document->length;
    load->messages += decision->message_count;
}

static const char *const key_paths[] = {"customer.id", "customer.email", NULL};
static const struct shop_event_form form = {.key_paths = key_paths, .skew_ms = 300000};

/* Each customer comes every six hours; what is due by then is decided too. */
static void decide_one(struct load *load, const struct event_text *text)
{
    int64_t now_ms = start_ms + (int64_t)load->decided++ * (6 * 3600 * 1000 / CUSTOMERS);
    struct shop_event event;
    const struct shop_event *events[] = {&event};
    struct decision decision;
    struct diag diag;
    char entry[32];
    arena_reset(load->arena);
    snprintf(entry, sizeof entry, "%lld-0", (long long)now_ms);
    if (!shop_event_read(load->arena, text->text, text->length, entry, &form, &event, &diag))
        die(diag.text);
    struct customer *customer = read_customer(load, text->customer, event.key);
    const struct decide_input input = {.rules = load->rules,
                                       .policy = &load->policy,
                                       .customer = customer,
                                       .events = events,
                                       .event_count = 1,
                                       .due_ms = now_ms,
                                       .now_ms = now_ms};
    decide(&input, load->arena, &decision);
    print_all(load, text->customer, customer, &decision);
}

static void make_events(struct load *load)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    for (uint32_t i = 0; i < ROUND_EVENTS; i++) {
        struct event_text *text = &load->events[i];
        free(text->text);
        text->customer = below(CUSTOMERS);
        put_event(&out, load->decided + i, text->customer);
        *text = (struct event_text){mem_copy(out.data, out.length), out.length, text->customer};
        load->event_bytes += out.length;
    }
    buf_free(&out);
}

/* Of this process alone, whatever else the machine does. */
static int64_t busy_ns(void)
{
    struct timespec busy;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &busy);
    return (int64_t)busy.tv_sec * 1000000000 + busy.tv_nsec;
}

static int64_t run_round(struct load *load)
{
    make_events(load);
    int64_t start = busy_ns();
    for (uint32_t i = 0; i < ROUND_EVENTS; i++)
        decide_one(load, &load->events[i]);
    return busy_ns() - start;
}

static void open_load(struct load *load)
{
    static const unsigned char secret[] = "a secret of thirty-two bytes, no less";
    load->rules = load_rules(rules_text);
    load->arena = arena_new(1 << 18);
    load->policy = (struct policy){.quiet_from = -1,
                                   .quiet_to = -1,
                                   .cap = {.count = 3, .per_ms = 7LL * 24 * 3600 * 1000},
                                   .key_paths = key_paths,
                                   .dedupe_keep_ms = 7LL * 24 * 3600 * 1000,
                                   .zone = "Europe/Bucharest",
                                   .shop = value_null(),
                                   .secret = secret,
                                   .secret_length = sizeof secret - 1};
    buf_init(&load->trace, 1 << 20);
    buf_init(&load->fresh, 4 * CUSTOMER_DOCUMENT_MOST);
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        buf_init(&load->documents[i], 4 * CUSTOMER_DOCUMENT_MOST);
}

static void close_load(struct load *load)
{
    for (uint32_t i = 0; i < ROUND_EVENTS; i++)
        free(load->events[i].text);
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        buf_free(&load->documents[i]);
    buf_free(&load->fresh);
    buf_free(&load->trace);
    arena_destroy(&load->arena);
    ruleset_destroy(&load->rules);
}

/* ---- By kind ---- */

enum { KIND_EVENTS = 12, KIND_TIMES = 20000 };

#define TICK_MS (3600 * 1000)

/* So many events of the setup come first, an hour apart; then `type`, or where it is NULL a
 * deadline, is decided over and over with the document that they left. */
struct kind {
    const char *name, *rule;
    uint32_t before;
    const char *before_type, *type;
};

static const struct kind kinds_of_decisions[] = {
    {"nothing", "{name: r, on: a, again: ignore, wait: 9d, send: m}", 1, "a", "other"},
    {"start", "{name: r, on: a, again: parallel, wait: 9d, send: m}", 0, NULL, "a"},
    {"again", "{name: r, on: a, again: restart, wait: 9d, send: m}", 1, "a", "a"},
    {"send", "{name: r, on: a, limit: 1 per 7d, send: m}", 0, NULL, "a"},
    {"wait", "{name: r, on: a, again: ignore, steps: [{wait: 1h}, {wait: 9d}, {send: m}]}", 1, "a",
     NULL},
    {"wait_until",
     "{name: r, on: a, again: parallel, steps: [{wait: {until: '09:00', on: [mon]}}, {send: m}]}",
     0, NULL, "a"},
    {"wait_or",
     "{name: r, on: a, again: ignore, steps: [{wait: {for: 9d, or: {on: b, if: n == start.n}}},\n"
     " {wait: 9d}, {send: m}]}",
     1, "a", "b"},
    {"branch",
     "{name: r, on: a, again: parallel, steps: [{if: n > 8, then: [stop], else: [{if: n > 7,\n"
     " then: [stop], else: [{if: 'customer.tier == \"gold\"', then: [stop]}]}]}, {wait: 9d},\n"
     " {send: m}]}",
     0, NULL, "a"},
    {"split",
     "{name: r, on: a, again: parallel, steps: [{split: {name: s, shares: {a: 50, b: 50}},\n"
     " then: {a: [{wait: 9d}], b: [{wait: 8d}]}}, {send: m}]}",
     0, NULL, "a"},
    {"set",
     "{name: r, on: a, steps: [{set: {points: '(has(customer.points) ? customer.points : 0) + "
     "n'}},\n"
     " {if: n > 8, then: [{send: m}]}]}",
     1, "a", "a"},
    {"emit",
     "{name: r, on: a, steps: [{emit: {type: b, data: {n: n}}}, {if: n > 8, then: [{send: m}]}]}",
     0, NULL, "a"},
    {"until",
     "{name: r, on: a, again: parallel, until: {on: b, if: n == start.n}, wait: 9d, send: m}", 1,
     "a", "b"},
    {"while", "{name: r, on: a, while: 'customer.count(\"a\") < 99', send: m}", 0, NULL, "a"},
    {"per", "{name: r, on: a, per: 'order.id', again: restart, wait: 9d, send: m}", 1, "a", "a"},
    {"collect", "{name: r, on: a, again: collect, wait: 9d, send: m}", 10, "a", "a"},
    {"lookup", "{name: r, on: a, if: 'lookup(\"stock\", order.id, 0) > 0', send: m}", 0, NULL, "a"},
};

/* What stands before each decision of a kind. */
struct stage {
    struct load *load;
    struct arena *arena; /* of events whose data journeys need */
    struct decide_start starts[KIND_EVENTS];
    struct value tables;
    int64_t now_ms;
};

static struct shop_event *stage_event(struct arena *arena, const char *type, uint32_t number,
                                      int64_t now_ms)
{
    struct shop_event *event = arena_zero(arena, sizeof *event);
    struct diag diag;
    const char *text =
        arena_printf(arena,
                     "{\"type\":\"%s\",\"id\":\"%s%u\",\"n\":5,\"order\":{\"id\":\"o1\"},"
                     "\"customer\":{\"id\":\"1\",\"email\":\"ana@example.com\",\"tier\":"
                     "\"silver\",\"accepts_marketing\":true}}",
                     type, type, number);
    const char *entry = arena_printf(arena, "%lld-0", (long long)now_ms);
    if (!shop_event_read(arena, text, strlen(text), entry, &form, event, &diag))
        die(diag.text);
    return event;
}

/* Decides one event, or without one what is due; `keep`: the document becomes what it left. */
static void stage_decide(struct stage *stage, const struct ruleset *rules,
                         const struct shop_event *event, uint32_t start_count, bool keep)
{
    struct load *load = stage->load;
    struct customer *customer = read_customer(load, 0, "id:1");
    const struct decide_input input = {.rules = rules,
                                       .policy = &load->policy,
                                       .customer = customer,
                                       .events = &event,
                                       .event_count = event ? 1 : 0,
                                       .starts = stage->starts,
                                       .start_count = start_count,
                                       .tables = &stage->tables,
                                       .due_ms = event ? 0 : stage->now_ms,
                                       .now_ms = stage->now_ms};
    struct decision decision;
    decide(&input, load->arena, &decision);
    if (decision_has_needs(&decision))
        die("a decision has needs");
    if (keep) {
        print_all(load, 0, customer, &decision);
        return;
    }
    buf_clear(&load->fresh);
    if (!customer_print(customer, "123456-17-99", &load->fresh))
        die("a document is too large");
}

static void stage_set(struct stage *stage, const struct kind *kind, const struct ruleset *rules)
{
    struct load *load = stage->load;
    struct value stock = value_new_map(stage->arena, 1);
    value_add(stage->arena, stock, value_text("o1"), value_int(3));
    stage->tables = value_new_map(stage->arena, 1);
    value_add(stage->arena, stage->tables, value_text("stock"), stock);
    buf_clear(&load->documents[0]);
    stage->now_ms = start_ms;
    for (uint32_t i = 0; i < kind->before; i++, stage->now_ms += TICK_MS) {
        const struct shop_event *event =
            stage_event(stage->arena, kind->before_type, i, stage->now_ms);
        arena_reset(load->arena);
        stage->starts[i] = (struct decide_start){event->origin, event->document};
        stage_decide(stage, rules, event, i + 1, true);
    }
}

static int64_t run_kind(struct stage *stage, const struct kind *kind, const struct ruleset *rules)
{
    int64_t start = busy_ns();
    for (uint32_t i = 0; i < KIND_TIMES; i++) {
        arena_reset(stage->load->arena);
        const struct shop_event *event =
            kind->type ? stage_event(stage->load->arena, kind->type, KIND_EVENTS, stage->now_ms)
                       : NULL;
        stage_decide(stage, rules, event, kind->before, false);
    }
    return busy_ns() - start;
}

static void bench_kinds(struct load *load)
{
    for (size_t i = 0; i < COUNT(kinds_of_decisions); i++) {
        const struct kind *kind = &kinds_of_decisions[i];
        struct ruleset *rules = load_rules(kind->rule);
        struct stage stage = {.load = load, .arena = arena_new(64 * 1024)};
        stage_set(&stage, kind, rules);
        run_kind(&stage, kind, rules);
        int64_t ns = run_kind(&stage, kind, rules);
        printf("decide_%s\t%.0f\tevents/s\n", kind->name, 1e9 * KIND_TIMES / (double)ns);
        arena_destroy(&stage.arena);
        ruleset_destroy(&rules);
    }
}

int main(void)
{
    static struct load load;
    open_load(&load);
    for (int i = 0; i < WARM_ROUNDS; i++)
        run_round(&load);
    load.event_bytes = load.document_bytes = load.messages = 0;
    int64_t ns = run_round(&load);
    double all = (double)ROUND_EVENTS;
    printf("decide\t%.0f\tevents/s\n", 1e9 * all / (double)ns);
    printf("decide_event_size\t%.0f\tbytes\n", (double)load.event_bytes / all);
    printf("decide_document_size\t%.0f\tbytes\n", (double)load.document_bytes / all);
    printf("decide_messages\t%.3f\tmessages/event\n", (double)load.messages / all);
    bench_kinds(&load);
    close_load(&load);
    return 0;
}
