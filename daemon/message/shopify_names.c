#include "message/shopify_names.h"

#include <string.h>

#include "base/decimal.h"
#include "message/locale_format.h"

/* A variable of the templates, and where the payload has it. */
struct name {
    const char *name, *path;
};

static const struct name order_names[] = {
    {"order_name", "name"},
    {"order_number", "order_number"},
    {"order_id", "id"},
    {"name", "name"},
    {"email", "email"},
    {"note", "note"},
    {"attributes", "note_attributes"},
    {"date", "created_at"},
    {"created_at", "created_at"},
    {"currency", "currency"},
    {"order_status_url", "order_status_url"},
    {"tax_lines", "tax_lines"},
    {"discount_applications", "discount_applications"},
    {"shipping_address", "shipping_address"},
    {"billing_address", "billing_address"},
    {"financial_status", "financial_status"},
    {"fulfillment_status", "fulfillment_status"},
    {"fulfillments", "fulfillments"},
};

/* Decimal texts in these payloads; the templates compare them with numbers. */
static const struct name order_amounts[] = {
    {"subtotal_price", "subtotal_price"},
    {"total_price", "total_price"},
    {"tax_price", "total_tax"},
    {"total_tax", "total_tax"},
    {"total_discounts", "total_discounts"},
    {"discounts_amount", "total_discounts"},
    {"shipping_price", "total_shipping_price_set.shop_money.amount"},
};

static const struct name line_names[] = {
    {"product_title", "title"},
};

static const struct name line_amounts[] = {
    {"price", "price"},
    {"unit_price", "price"},
    {"original_price", "price"},
    {"final_price", "price"},
};

static void add(struct arena *arena, struct value map, const char *name, struct value value)
{
    if (!value_get(&map, name))
        value_add(arena, map, value_text(name), value);
}

/* Amounts are decimal texts in these payloads; numbers in others. */
static double amount(struct arena *arena, const struct value *value)
{
    double number = 0;
    const char *text = value_to_text(arena, value);
    if (text && locale_format_is_decimal(text))
        number = decimal_read(text, strlen(text));
    else if (value)
        value_to_double(value, &number);
    return number;
}

/* The number, also over the text that the payload has under this name. */
static void add_amount(struct arena *arena, struct value map, const char *name, double number)
{
    const struct value *there = value_get(&map, name);
    if (!there || value_is(there, VALUE_STRING))
        value_set(arena, map, name, value_double(number));
}

static void add_names(struct arena *arena, struct value map, const struct value *from,
                      const struct name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_path(from, names[i].path);
        if (value && value->kind != VALUE_NULL)
            add(arena, map, names[i].name, *value);
    }
}

static void add_amounts(struct arena *arena, struct value map, const struct value *from,
                        const struct name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_path(from, names[i].path);
        if (value && value->kind != VALUE_NULL)
            add_amount(arena, map, names[i].name, amount(arena, value));
    }
}

static struct value titled(struct arena *arena, const struct value *title)
{
    struct value map = value_new_map(arena, 1);
    value_add(arena, map, value_text("title"), title ? *title : value_null());
    return map;
}

static struct value make_line(struct arena *arena, const struct value *item)
{
    struct value line = value_new_map(arena, item->map->count + 10);
    for (uint32_t i = 0; i < item->map->count; i++)
        value_add(arena, line, item->map->members[i].key, item->map->members[i].value);
    add_names(arena, line, item, line_names, sizeof line_names / sizeof *line_names);
    add_amounts(arena, line, item, line_amounts, sizeof line_amounts / sizeof *line_amounts);
    double whole =
        amount(arena, value_get(item, "price")) * amount(arena, value_get(item, "quantity"));
    double final = whole - amount(arena, value_get(item, "total_discount"));
    add_amount(arena, line, "original_line_price", whole);
    add_amount(arena, line, "final_line_price", final);
    add_amount(arena, line, "line_price", final);
    add(arena, line, "variant", titled(arena, value_get(item, "variant_title")));
    add(arena, line, "product", titled(arena, value_get(item, "title")));
    return line;
}

static struct value make_lines(struct arena *arena, const struct value *items)
{
    struct value lines = value_new_list(arena, items->list->count);
    for (uint32_t i = 0; i < items->list->count; i++)
        if (items->list->items[i].kind == VALUE_MAP)
            value_push(arena, lines, make_line(arena, &items->list->items[i]));
    return lines;
}

static bool requires_shipping(const struct value *items)
{
    for (uint32_t i = 0; i < items->list->count; i++) {
        const struct value *needs = value_get(&items->list->items[i], "requires_shipping");
        if (value_is(needs, VALUE_BOOL) && needs->boolean)
            return true;
    }
    return false;
}

void shopify_names_add(struct arena *arena, struct value variables)
{
    const struct value *order = &variables, *items = value_get(order, "line_items");
    if (!items) {
        order = value_get(&variables, "order");
        items = value_get(order, "line_items");
    }
    if (!value_is(items, VALUE_LIST))
        return;
    const struct value payload = *order; /* adding may move what `order` refers to */
    const struct value lines = make_lines(arena, items);
    const struct value *shipping = value_get(&payload, "shipping_lines");
    add(arena, variables, "requires_shipping", value_bool(requires_shipping(items)));
    add(arena, variables, "subtotal_line_items", lines);
    if (value_is(shipping, VALUE_LIST) && shipping->list->count > 0)
        add(arena, variables, "shipping_method", shipping->list->items[0]);
    if (value_get(&variables, "line_items"))
        value_set(arena, variables, "line_items", lines);
    add_names(arena, variables, &payload, order_names, sizeof order_names / sizeof *order_names);
    add_amounts(arena, variables, &payload, order_amounts,
                sizeof order_amounts / sizeof *order_amounts);
}
