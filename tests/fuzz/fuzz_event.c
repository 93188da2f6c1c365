/*
 * The first line is an event's JSON, the rest a customer's document or nothing.
 * What can be read is decided, and what was decided is printed: the document
 * reads again as the same, the index finds what the plain loop finds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "config/rule_files.h"
#include "customer/customer_print.h"
#include "decide/decide.h"
#include "rules/rule_index.h"

static const char rules_text[] =
    "{name: welcome, on: customer.signed_up, again: ignore, until: order.placed, wait: 10m,\n"
    " send: welcome}\n"
    "---\n"
    "{name: cart, on: cart.updated, again: restart, if: cart.total >= 20 && size(cart.items) > 0,\n"
    " until: {on: order.placed, if: order.cart == start.cart.id}, limit: 1 per 7d,\n"
    " steps: [{wait: 1h}, {send: {template: cart, data: {total: cart.total * 2}}}, {wait: 23h},\n"
    "  {if: customer.tier == 'gold', then: [{send: gift}], else: [{send: last}]}]}\n"
    "---\n"
    "{name: thanks, class: transactional, on: [order.placed, cart.updated], again: parallel,\n"
    " if: \"customer.count('order.placed', duration('1d')) > 0 || order.state in ['paid', "
    "'sent']\",\n"
    " steps: [{send: {template: thanks, to: customer.mail}}, {wait: 1w}, {send: again}]}\n"
    "---\n"
    "{name: gold, on: order.placed, if: \"customer.tier == 'gold' && order.total > 99.5\", send: "
    "x}\n"
    "---\n"
    "{name: note, on: order.placed, if: \"order.note.contains('gift') || "
    "order.id.startsWith('o-')\",\n"
    " priority: 5, send: x}\n"
    "---\n"
    "{name: items, on: order.placed, if: \"!order.items.exists(i, i.price < 5)\", send: x}\n"
    "---\n"
    "{name: dear, on: order.placed, if: \"order.code == 1 || decimal(order.price) > 99.5 && !(\n"
    "  customer.count('cart.updated') > 2)\", send: {template: x, data: {y: order.name}}}\n"
    "---\n"
    "{name: night, on: [order.placed, cart.updated], topic: offers, again: ignore, priority: 3,\n"
    " until: customer.unsubscribed, steps: [{send: x}, {wait: 0s}, {if: order.total < 1, then: [\n"
    "  stop]}, {send: {template: y, via: sms}}]}\n";

static struct ruleset *indexed, *plain;
static const int64_t now_ms = 1772445600000;

static struct ruleset *load(const char *folder, bool in_turn)
{
    struct diags diags = {0};
    const struct ruleset_settings settings = {.plain = in_turn};
    struct ruleset *rules = rule_files_load(folder, &settings, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (!rules)
        abort();
    return rules;
}

static void drop_rules(void)
{
    ruleset_destroy(&indexed);
    ruleset_destroy(&plain);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    char folder[] = "/tmp/fuzz-event-XXXXXX", path[64];
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof path, "%s/rules.yaml", folder);
    FILE *file = fopen(path, "we");
    if (!file || fputs(rules_text, file) < 0 || fclose(file))
        abort();
    indexed = load(folder, false);
    plain = load(folder, true);
    unlink(path);
    rmdir(folder);
    atexit(drop_rules);
    return 0;
}

static enum condition_answer answer_of(const struct rule_answers *answers, const char *name)
{
    for (uint32_t i = 0; i < answers->count; i++)
        if (strcmp(answers->items[i].rule->name, name) == 0)
            return answers->items[i].answer;
    for (uint32_t i = 0; i < answers->failure_count; i++)
        for (uint32_t rule = 0; rule < answers->failures[i].count; rule++)
            if (strcmp(answers->failures[i].rules[rule]->name, name) == 0)
                return CONDITION_FAILED;
    return CONDITION_FALSE;
}

static void check_answers(const struct shop_event *event, const struct customer *customer,
                          struct arena *arena)
{
    const struct condition_scene scene = {
        .event = &event->document, .customer = customer, .zone = "UTC", .now_ms = now_ms};
    struct condition_view view;
    const struct ruleset_type *type = ruleset_type(indexed, event->type);
    if (!type->index)
        return;
    condition_view_open(&view, &scene, arena);
    const struct rule_answers *got = rule_index_ask(type->index, &view, arena, NULL);
    const struct rule_answers *wanted =
        rule_index_ask(ruleset_type(plain, event->type)->index, &view, arena, NULL);
    for (const struct rule *const *rule = type->on; *rule; rule++)
        if (answer_of(got, (*rule)->name) != answer_of(wanted, (*rule)->name))
            abort();
}

/* Printed and read again it is the same, once its numbers are within their bounds. */
static void check_document(struct customer *customer, struct arena *arena)
{
    struct buf texts[3];
    struct diag diag;
    for (int i = 0; i < 3; i++)
        buf_init(&texts[i], 4 * CUSTOMER_DOCUMENT_MOST);
    bool fits = true;
    for (int i = 0; i < 3 && fits; i++) {
        fits = customer_print(customer, "1-1-1", &texts[i]);
        if (fits &&
            !(customer = customer_read(arena, "id:7", texts[i].data, texts[i].length, &diag)))
            abort();
    }
    if (fits && strcmp(texts[1].data, texts[2].data) != 0)
        abort();
    for (int i = 0; i < 3; i++)
        buf_free(&texts[i]);
}

static void decide_all(const struct shop_event *event, struct customer *customer,
                       struct arena *arena)
{
    static const unsigned char secret[] = "secret";
    const struct policy policy = {.cap = {.count = 3, .per_ms = 7LL * 24 * 3600 * 1000},
                                  .quiet_from = 21 * 60,
                                  .quiet_to = 8 * 60,
                                  .dedupe_keep_ms = 7LL * 24 * 3600 * 1000,
                                  .zone = "Europe/Helsinki",
                                  .secret = secret,
                                  .secret_length = sizeof secret - 1};
    const struct decide_input input = {.rules = indexed,
                                       .policy = &policy,
                                       .customer = customer,
                                       .events = &event,
                                       .event_count = event != NULL,
                                       .due_ms = now_ms,
                                       .now_ms = now_ms};
    struct decision decision;
    struct buf out;
    decide(&input, arena, &decision);
    buf_init(&out, 16 << 20);
    for (uint32_t i = 0; i < decision.trace_count; i++)
        json_print(&out, &decision.trace[i]);
    for (uint32_t i = 0; i < decision.message_count; i++)
        json_print(&out, &decision.messages[i].body);
    for (uint32_t i = 0; i < decision.dead_count; i++)
        json_print(&out, &decision.dead[i].body);
    buf_free(&out);
    check_document(customer, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"customer.id", "customer.email", "subject", NULL};
    static const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000};
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    size_t length = line ? (size_t)(line - text) : size;
    struct arena *arena = arena_new(16 * 1024);
    struct customer *customer = customer_new(arena, "id:7");
    struct shop_event event;
    struct diag diag;
    if (line)
        customer = customer_read(arena, "id:7", line + 1, size - length - 1, &diag);
    bool good = shop_event_read(arena, text, length, "1772445600000-0", &form, &event, &diag);
    if (customer && good)
        check_answers(&event, customer, arena);
    if (customer)
        decide_all(good ? &event : NULL, customer, arena);
    arena_destroy(&arena);
    return 0;
}
