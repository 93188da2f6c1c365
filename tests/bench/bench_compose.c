/*
 * bench_compose: messages built on one core, as a sender's thread does it, with the shipped
 * templates: the order's, whose text part is made from its HTML, and the feedback's, which
 * has a text part of its own. Prints rows "name\tvalue\tunit".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "compose/compose.h"

enum { ROUND_MS = 400 };

#define ITEM(title, price)                                                                  \
    "{\"sku\": \"TEA-1\", \"title\": \"" title "\", \"price\": " price ", \"quantity\": 2," \
    " \"image\": \"https://shop.example/i/tea.jpg\", \"url\": \"https://shop.example/p/tea\"}"

static const char order[] =
    "{\"type\": \"order.placed\", \"id\": \"e1\", \"time\": \"2026-03-01T10:00:00Z\", \"data\":"
    " {\"order\": {\"id\": \"o-71\", \"number\": \"1001\", \"subtotal\": 125.0, \"shipping\": 4.9,"
    " \"total\": 129.9, \"currency\": \"EUR\", \"url\": \"https://shop.example/orders/o-71\","
    " \"review_url\": \"https://shop.example/review/o-71\","
    " \"items\": [" ITEM("Ceai de munte", "12.5") ", " ITEM("Cartea ceaiului", "18") ", " ITEM(
        "Two cups & a pot",
        "32") "],"
              " \"address\": {\"name\": \"Ana Ionescu\", \"street\": \"Strada Salcâmilor 5\","
              " \"city\": \"București\", \"zip\": \"030031\", \"country\": \"România\"}}}}";

static const char customer[] =
    "{\"id\": \"7\", \"email\": \"ana@example.com\", \"first_name\": \"Ana\","
    " \"last_name\": \"Ionescu\", \"locale\": \"ro\", \"accepts_marketing\": true}";

static const struct {
    const char *name, *template, *class;
} cases[] = {
    {"compose order mail, text made from HTML", "order-thanks", "transactional"},
    {"compose feedback mail, a text of its own", "feedback", "marketing"},
};

static void fail(const struct diag *diag)
{
    diag_print(diag, stderr);
    exit(1);
}

static struct templates *load(const char *folder)
{
    struct diags diags = {0};
    const struct templates_settings where = {.folder = folder, .default_locale = "en"};
    struct templates *templates = templates_load(&where, &diags);
    for (size_t i = 0; !templates && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    if (!templates)
        exit(1);
    return templates;
}

static struct value read_value(struct arena *arena, const char *json)
{
    struct value value;
    struct diag diag;
    if (!json_read(arena, json, strlen(json), &json_event_limits, &value, &diag))
        fail(&diag);
    return value;
}

/* The processor's time that this thread had: others that run meanwhile do not count. */
static int64_t own_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One mail; returns its bytes. */
static size_t build(const struct templates *templates, const struct compose_settings *settings,
                    const struct value *message, struct arena *arena, struct buf *wire)
{
    struct compose_mail mail = {.wire = *wire};
    struct diag diag;
    buf_clear(&mail.wire);
    if (!compose_mail(templates, settings, message, arena, &mail, &diag))
        fail(&diag);
    *wire = mail.wire;
    arena_reset(arena);
    return wire->length;
}

/* Nanoseconds for a mail. */
static double measure(const struct templates *templates, const struct compose_settings *settings,
                      const struct value *message, struct arena *arena, struct buf *wire)
{
    int64_t start = own_time_ns(), end = start, count = 0;
    while (end - start < (int64_t)ROUND_MS * 1000000) {
        for (int i = 0; i < 20; i++)
            build(templates, settings, message, arena, wire);
        count += 20;
        end = own_time_ns();
    }
    return (double)(end - start) / (double)count;
}

int main(int argc, char **argv)
{
    struct templates *templates = load(argc > 1 ? argv[1] : "templates");
    struct arena *kept = arena_new(1 << 16), *arena = arena_new(1 << 16);
    const struct value shop =
        read_value(kept, "{\"name\": \"Ceai & Cărți\", \"url\": \"https://shop.example\","
                         " \"address\": \"Strada Morii 12, Cluj\", \"currency\": \"EUR\"}");
    const struct compose_settings settings = {
        .from = "Ceai & Cărți <mail@shop.example>",
        .shop = &shop,
        .unsubscribe_url = "https://shop.example/u/",
        .list_id = "shop.example",
        .message_id_domain = "shop.example",
        .zone = "Europe/Bucharest",
        .now_ms = 1772352000000,
        .key = {.id = "1", .bytes = (const unsigned char *)"secret", .length = 6},
    };
    struct buf wire;
    buf_init(&wire, COMPOSE_WIRE_MOST);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *json = arena_printf(
            kept,
            "{\"mid\": \"000102030405060708090a0b0c0d0e0f\", \"rule\": \"%s\", \"class\": \"%s\","
            " \"topic\": \"all\", \"channel\": \"email\", \"template\": \"%s\", \"locale\": \"ro\","
            " \"to\": \"ana@example.com\", \"name\": \"Ana Ionescu\", \"customer_key\": \"id:7\","
            " \"decided\": 1772352000000, \"customer\": %s, \"event\": %s}",
            cases[i].template, cases[i].class, cases[i].template, customer, order);
        const struct value message = read_value(kept, json);
        size_t bytes = build(templates, &settings, &message, arena, &wire);
        if (argc > 2)
            fwrite(wire.data, 1, wire.length, stderr);
        double each = measure(templates, &settings, &message, arena, &wire);
        printf("%s\t%.0f\tmessages/s\n", cases[i].name, 1e9 / each);
        printf("%s\t%.1f\tµs\n", cases[i].name, each / 1e3);
        printf("%s\t%zu\tbytes\n", cases[i].name, bytes);
    }
    buf_free(&wire);
    arena_destroy(&arena);
    arena_destroy(&kept);
    templates_destroy(&templates);
    return 0;
}
