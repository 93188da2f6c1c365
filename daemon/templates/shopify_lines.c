#include "templates/shopify_lines.h"

#include <math.h>

#include "templates/shopify_fields.h"

static const struct shopify_fields_name tax_amounts[] = {
    {"price", "price"},
    {0},
};

static const struct shopify_fields_name line_names[] = {
    {"product_title", "title"},
    {0},
};

static const struct shopify_fields_name line_amounts[] = {
    {"price", "price"},
    {"unit_price", "price"},
    {"original_price", "price"},
    {0},
};

struct value shopify_lines_taxes(struct arena *arena, const struct value *items)
{
    struct value lines = value_new_list(arena, value_count(items));
    for (uint32_t i = 0; i < value_count(items); i++)
        if (items->list->items[i].kind == VALUE_MAP)
            value_push(arena, lines,
                       shopify_fields_with_amounts(arena, &items->list->items[i], tax_amounts));
    return lines;
}

static struct value make_allocations(struct arena *arena, const struct value *items,
                                     const struct value *applications)
{
    struct value made = value_new_list(arena, items->list->count);
    for (uint32_t i = 0; i < items->list->count; i++) {
        const struct value *item = &items->list->items[i];
        int64_t index = -1;
        if (item->kind != VALUE_MAP)
            continue;
        struct value part = shopify_fields_copy(arena, item, 1);
        const struct value *named = value_get(item, "discount_application_index");
        shopify_fields_add_amount(arena, part, "amount",
                                  shopify_fields_amount(arena, value_get(item, "amount")));
        if (named && value_to_int(named, &index) && index >= 0 && index < value_count(applications))
            shopify_fields_add(arena, part, "discount_application",
                               applications->list->items[index]);
        value_push(arena, made, part);
    }
    return made;
}

/* Discounts on all of the order stand below its lines, and do not lower them. */
static bool is_of_order(const struct value *part)
{
    return value_is_text(value_path(part, "discount_application.target_selection"), "all");
}

/* What was taken off the line: the sum where the payload has one, else the shares, in which
 * today's webhooks carry it (beside a sum of "0.00"). */
static double taken_off(struct arena *arena, const struct value *item,
                        const struct value *allocations)
{
    double sum = shopify_fields_amount(arena, value_get(item, "total_discount"));
    if (sum > 0 || !value_is(allocations, VALUE_LIST))
        return sum;
    for (uint32_t i = 0; i < allocations->list->count; i++)
        if (!is_of_order(&allocations->list->items[i]))
            sum += shopify_fields_amount(arena, value_get(&allocations->list->items[i], "amount"));
    return sum;
}

/* Sums of doubles without their dust: what is free is 0. No currency has more places. */
static double tidy(double amount)
{
    return round(amount * 1e4) / 1e4;
}

/* The line's prices, with and without what discounts took off it. */
static void add_prices(struct arena *arena, struct value line, const struct value *item)
{
    const struct value *count = value_get(item, "quantity");
    double price = shopify_fields_amount(arena, value_get(item, "price"));
    double pieces = count && count->kind != VALUE_NULL ? shopify_fields_amount(arena, count) : 1;
    double whole = tidy(price * pieces);
    double final = tidy(whole - taken_off(arena, item, value_get(&line, "discount_allocations")));
    if (final < 0 && whole >= 0)
        final = 0;
    shopify_fields_add_amount(arena, line, "original_line_price", whole);
    shopify_fields_add_amount(arena, line, "final_line_price", final);
    shopify_fields_add_amount(arena, line, "line_price", final);
    shopify_fields_add_amount(arena, line, "final_price",
                              pieces > 0 ? tidy(final / pieces) : price);
}

static struct value titled(struct arena *arena, const struct value *title)
{
    struct value map = value_new_map(arena, 1);
    value_add(arena, map, value_text("title"), title ? *title : value_null());
    return map;
}

static int64_t quantity(const struct value *item, const char *name)
{
    const struct value *value = value_get(item, name);
    int64_t number = 0;
    return value && value_to_int(value, &number) && number > 0 && number < INT32_MAX ? number : 0;
}

/* What was ordered, and is not in the order any more. */
static int64_t refunded(const struct value *item)
{
    int64_t was = quantity(item, "quantity"), is = quantity(item, "current_quantity");
    return value_get(item, "current_quantity") && was > is ? was - is : 0;
}

int64_t shopify_lines_count(const struct value *items)
{
    int64_t count = 0;
    for (uint32_t i = 0; value_is(items, VALUE_LIST) && i < items->list->count; i++)
        count += quantity(&items->list->items[i], "quantity");
    return count;
}

static struct value make_line(struct arena *arena, const struct value *item,
                              const struct value *applications)
{
    struct value line = shopify_fields_copy(arena, item, 10);
    const struct value *parts = value_get(item, "discount_allocations");
    if (value_is(parts, VALUE_LIST))
        value_set(arena, line, "discount_allocations",
                  make_allocations(arena, parts, applications));
    shopify_fields_add_names(arena, line, item, line_names);
    shopify_fields_add_amounts(arena, line, item, line_amounts);
    add_prices(arena, line, item);
    shopify_fields_add(arena, line, "refunded_quantity", value_int(refunded(item)));
    if (value_is(value_get(item, "tax_lines"), VALUE_LIST))
        value_set(arena, line, "tax_lines",
                  shopify_lines_taxes(arena, value_get(item, "tax_lines")));
    shopify_fields_add(arena, line, "variant", titled(arena, value_get(item, "variant_title")));
    shopify_fields_add(arena, line, "product", titled(arena, value_get(item, "title")));
    return line;
}

struct value shopify_lines_make(struct arena *arena, const struct value *items,
                                const struct value *applications)
{
    struct value lines = value_new_list(arena, items->list->count);
    for (uint32_t i = 0; i < items->list->count; i++)
        if (items->list->items[i].kind == VALUE_MAP)
            value_push(arena, lines, make_line(arena, &items->list->items[i], applications));
    return lines;
}

struct value shopify_lines_sent(struct arena *arena, const struct value *items,
                                const struct value *applications)
{
    struct value lines = value_new_list(arena, value_count(items));
    for (uint32_t i = 0; value_is(items, VALUE_LIST) && i < items->list->count; i++) {
        const struct value *item = &items->list->items[i];
        if (item->kind != VALUE_MAP)
            continue;
        struct value line = value_new_map(arena, 2);
        value_add(arena, line, value_text("line_item"), make_line(arena, item, applications));
        value_add(arena, line, value_text("quantity"), value_int(quantity(item, "quantity")));
        value_push(arena, lines, line);
    }
    return lines;
}
