#include "templates/shopify_lines.h"

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
    {"final_price", "price"},
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
    double whole = shopify_fields_amount(arena, value_get(item, "price")) *
                   shopify_fields_amount(arena, value_get(item, "quantity"));
    double final = whole - shopify_fields_amount(arena, value_get(item, "total_discount"));
    shopify_fields_add_amount(arena, line, "original_line_price", whole);
    shopify_fields_add_amount(arena, line, "final_line_price", final);
    shopify_fields_add_amount(arena, line, "line_price", final);
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
