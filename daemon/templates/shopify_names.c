#include "templates/shopify_names.h"

#include "templates/shopify_fields.h"
#include "templates/shopify_lines.h"

static const struct shopify_fields_name order_names[] = {
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
    {"shipping_address", "shipping_address"},
    {"billing_address", "billing_address"},
    {"financial_status", "financial_status"},
    {"fulfillment_status", "fulfillment_status"},
    {"fulfillments", "fulfillments"},
    {0},
};

/* Decimal texts in these payloads; the templates compare them with numbers. */
static const struct shopify_fields_name order_amounts[] = {
    {"subtotal_price", "subtotal_price"},
    {"total_price", "total_price"},
    {"tax_price", "total_tax"},
    {"total_tax", "total_tax"},
    {"total_discounts", "total_discounts"},
    {"discounts_amount", "total_discounts"},
    {"shipping_price", "total_shipping_price_set.shop_money.amount"},
    {"total_duties", "current_total_duties_set.shop_money.amount"},
    {"total_tip", "total_tip_received"},
    {"total_outstanding", "total_outstanding"},
    {0},
};

static const struct shopify_fields_name shipping_amounts[] = {
    {"price", "price"},
    {"discounted_price", "discounted_price"},
    {0},
};

/* ---- Discounts: the order has the applications, its lines what each took off them ---- */

enum { APPLICATIONS_MOST = 100 }; /* of an order; more are passed over */

/* What the application at a place took off lines of goods or of shipping. */
static double allocated(struct arena *arena, const struct value *lines, uint32_t place)
{
    double sum = 0;
    for (uint32_t i = 0; value_is(lines, VALUE_LIST) && i < lines->list->count; i++) {
        const struct value *parts = value_get(&lines->list->items[i], "discount_allocations");
        for (uint32_t j = 0; value_is(parts, VALUE_LIST) && j < parts->list->count; j++) {
            const struct value *part = &parts->list->items[j];
            int64_t index = -1;
            const struct value *named = value_get(part, "discount_application_index");
            if (named && value_to_int(named, &index) && index == place)
                sum += shopify_fields_amount(arena, value_get(part, "amount"));
        }
    }
    return sum;
}

/* A code is a discount's title, where it has no other. */
static struct value make_applications(struct arena *arena, const struct value *order)
{
    const struct value *items = value_get(order, "discount_applications");
    struct value made = value_new_list(arena, 4);
    uint32_t count = value_is(items, VALUE_LIST) ? items->list->count : 0;
    if (count > APPLICATIONS_MOST)
        count = APPLICATIONS_MOST;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = &items->list->items[i];
        struct value application =
            item->kind == VALUE_MAP ? shopify_fields_copy(arena, item, 2) : value_new_map(arena, 2);
        const struct value *code = value_get(item, "code");
        if (code)
            shopify_fields_add(arena, application, "title", *code);
        double sum = allocated(arena, value_get(order, "line_items"), i) +
                     allocated(arena, value_get(order, "shipping_lines"), i);
        if (count == 1 && sum == 0) /* the payload has no shares of lines: it is all of it */
            sum = shopify_fields_amount(arena, value_get(order, "total_discounts"));
        shopify_fields_add_amount(arena, application, "total_allocated_amount", sum);
        value_push(arena, made, application);
    }
    return made;
}

/* ---- What was sent ---- */

/* The payload itself where it is a fulfillment, else the order's last; NULL: none. */
static const struct value *last_fulfillment(const struct value *payload)
{
    const struct value *all = value_get(payload, "fulfillments");
    if (value_get(payload, "tracking_numbers"))
        return payload;
    if (!value_is(all, VALUE_LIST) || all->list->count == 0)
        return NULL;
    const struct value *last = &all->list->items[all->list->count - 1];
    return value_is(last, VALUE_MAP) ? last : NULL;
}

static struct value make_fulfillment(struct arena *arena, const struct value *from,
                                     const struct value *applications)
{
    const struct value *items = value_get(from, "line_items");
    struct value made = shopify_fields_copy(arena, from, 2);
    shopify_fields_add(arena, made, "item_count", value_int(shopify_lines_count(items)));
    shopify_fields_add(arena, made, "fulfillment_line_items",
                       shopify_lines_sent(arena, items, applications));
    return made;
}

/* ---- The order ---- */

static bool requires_shipping(const struct value *items)
{
    for (uint32_t i = 0; i < items->list->count; i++) {
        const struct value *needs = value_get(&items->list->items[i], "requires_shipping");
        if (value_is(needs, VALUE_BOOL) && needs->boolean)
            return true;
    }
    return false;
}

/* Over the payload's own list where that stands at the top, not over another of that name. */
static void put_list(struct arena *arena, struct value variables, bool top, const char *name,
                     struct value list)
{
    if (top || !value_get(&variables, name))
        value_set(arena, variables, name, list);
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
    const bool top = order == &variables;
    const struct value payload = *order; /* adding may move what `order` refers to */
    const struct value applications = make_applications(arena, &payload);
    const struct value lines = shopify_lines_make(arena, items, &applications);
    const struct value *shipping = value_get(&payload, "shipping_lines");
    const struct value *taxes = value_get(&payload, "tax_lines");
    const struct value *sent = last_fulfillment(&payload);
    const struct value *shop_name = value_path(&variables, "shop.name");
    shopify_fields_add(arena, variables, "requires_shipping", value_bool(requires_shipping(items)));
    shopify_fields_add(arena, variables, "subtotal_line_items", lines);
    shopify_fields_add(arena, variables, "item_count", value_int(shopify_lines_count(items)));
    if (sent)
        shopify_fields_add(arena, variables, "fulfillment",
                           make_fulfillment(arena, sent, &applications));
    if (value_is(shipping, VALUE_LIST) && shipping->list->count > 0 &&
        value_is(shipping->list->items, VALUE_MAP))
        shopify_fields_add(
            arena, variables, "shipping_method",
            shopify_fields_with_amounts(arena, shipping->list->items, shipping_amounts));
    if (value_is(taxes, VALUE_LIST))
        put_list(arena, variables, top, "tax_lines", shopify_lines_taxes(arena, taxes));
    put_list(arena, variables, top, "discount_applications", applications);
    if (value_get(&variables, "line_items"))
        value_set(arena, variables, "line_items", lines);
    if (shop_name)
        shopify_fields_add(arena, variables, "shop_name", *shop_name);
    shopify_fields_add_names(arena, variables, &payload, order_names);
    shopify_fields_add_amounts(arena, variables, &payload, order_amounts);
}
