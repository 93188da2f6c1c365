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
    {"total_duties", "current_total_duties_set.shop_money.amount"},
    {"total_tip", "total_tip_received"},
    {"total_outstanding", "total_outstanding"},
};

static const struct name shipping_amounts[] = {
    {"price", "price"},
    {"discounted_price", "discounted_price"},
};

static const struct name tax_amounts[] = {
    {"price", "price"},
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

static struct value copy_of(struct arena *arena, const struct value *map, uint32_t more)
{
    struct value copy = value_new_map(arena, map->map->count + more);
    for (uint32_t i = 0; i < map->map->count; i++)
        value_add(arena, copy, map->map->members[i].key, map->map->members[i].value);
    return copy;
}

static struct value with_amounts(struct arena *arena, const struct value *item,
                                 const struct name *names, size_t count)
{
    struct value copy = copy_of(arena, item, 0);
    add_amounts(arena, copy, item, names, count);
    return copy;
}

static struct value make_tax_lines(struct arena *arena, const struct value *items)
{
    struct value lines = value_new_list(arena, value_count(items));
    for (uint32_t i = 0; i < value_count(items); i++)
        if (items->list->items[i].kind == VALUE_MAP)
            value_push(arena, lines,
                       with_amounts(arena, &items->list->items[i], tax_amounts,
                                    sizeof tax_amounts / sizeof *tax_amounts));
    return lines;
}

/* --- discounts: the order has the applications, its lines what each took off them --- */

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
                sum += amount(arena, value_get(part, "amount"));
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
            item->kind == VALUE_MAP ? copy_of(arena, item, 2) : value_new_map(arena, 2);
        const struct value *code = value_get(item, "code");
        if (code)
            add(arena, application, "title", *code);
        double sum = allocated(arena, value_get(order, "line_items"), i) +
                     allocated(arena, value_get(order, "shipping_lines"), i);
        if (count == 1 && sum == 0) /* the payload has no shares of lines: it is all of it */
            sum = amount(arena, value_get(order, "total_discounts"));
        add_amount(arena, application, "total_allocated_amount", sum);
        value_push(arena, made, application);
    }
    return made;
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
        struct value part = copy_of(arena, item, 1);
        const struct value *named = value_get(item, "discount_application_index");
        add_amount(arena, part, "amount", amount(arena, value_get(item, "amount")));
        if (named && value_to_int(named, &index) && index >= 0 && index < value_count(applications))
            add(arena, part, "discount_application", applications->list->items[index]);
        value_push(arena, made, part);
    }
    return made;
}

/* --- lines --- */

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

static int64_t count_items(const struct value *items)
{
    int64_t count = 0;
    for (uint32_t i = 0; value_is(items, VALUE_LIST) && i < items->list->count; i++)
        count += quantity(&items->list->items[i], "quantity");
    return count;
}

static struct value make_line(struct arena *arena, const struct value *item,
                              const struct value *applications)
{
    struct value line = copy_of(arena, item, 10);
    const struct value *parts = value_get(item, "discount_allocations");
    if (value_is(parts, VALUE_LIST))
        value_set(arena, line, "discount_allocations",
                  make_allocations(arena, parts, applications));
    add_names(arena, line, item, line_names, sizeof line_names / sizeof *line_names);
    add_amounts(arena, line, item, line_amounts, sizeof line_amounts / sizeof *line_amounts);
    double whole =
        amount(arena, value_get(item, "price")) * amount(arena, value_get(item, "quantity"));
    double final = whole - amount(arena, value_get(item, "total_discount"));
    add_amount(arena, line, "original_line_price", whole);
    add_amount(arena, line, "final_line_price", final);
    add_amount(arena, line, "line_price", final);
    add(arena, line, "refunded_quantity", value_int(refunded(item)));
    if (value_is(value_get(item, "tax_lines"), VALUE_LIST))
        value_set(arena, line, "tax_lines", make_tax_lines(arena, value_get(item, "tax_lines")));
    add(arena, line, "variant", titled(arena, value_get(item, "variant_title")));
    add(arena, line, "product", titled(arena, value_get(item, "title")));
    return line;
}

static struct value make_lines(struct arena *arena, const struct value *items,
                               const struct value *applications)
{
    struct value lines = value_new_list(arena, items->list->count);
    for (uint32_t i = 0; i < items->list->count; i++)
        if (items->list->items[i].kind == VALUE_MAP)
            value_push(arena, lines, make_line(arena, &items->list->items[i], applications));
    return lines;
}

/* --- what was sent --- */

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
    struct value made = copy_of(arena, from, 2), lines = value_new_list(arena, value_count(items));
    for (uint32_t i = 0; value_is(items, VALUE_LIST) && i < items->list->count; i++) {
        const struct value *item = &items->list->items[i];
        if (item->kind != VALUE_MAP)
            continue;
        struct value line = value_new_map(arena, 2);
        value_add(arena, line, value_text("line_item"), make_line(arena, item, applications));
        value_add(arena, line, value_text("quantity"), value_int(quantity(item, "quantity")));
        value_push(arena, lines, line);
    }
    add(arena, made, "item_count", value_int(count_items(items)));
    add(arena, made, "fulfillment_line_items", lines);
    return made;
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
    const struct value lines = make_lines(arena, items, &applications);
    const struct value *shipping = value_get(&payload, "shipping_lines");
    const struct value *taxes = value_get(&payload, "tax_lines");
    const struct value *sent = last_fulfillment(&payload);
    const struct value *shop_name = value_path(&variables, "shop.name");
    add(arena, variables, "requires_shipping", value_bool(requires_shipping(items)));
    add(arena, variables, "subtotal_line_items", lines);
    add(arena, variables, "item_count", value_int(count_items(items)));
    if (sent)
        add(arena, variables, "fulfillment", make_fulfillment(arena, sent, &applications));
    if (value_is(shipping, VALUE_LIST) && shipping->list->count > 0 &&
        value_is(shipping->list->items, VALUE_MAP))
        add(arena, variables, "shipping_method",
            with_amounts(arena, shipping->list->items, shipping_amounts,
                         sizeof shipping_amounts / sizeof *shipping_amounts));
    if (value_is(taxes, VALUE_LIST))
        put_list(arena, variables, top, "tax_lines", make_tax_lines(arena, taxes));
    put_list(arena, variables, top, "discount_applications", applications);
    if (value_get(&variables, "line_items"))
        value_set(arena, variables, "line_items", lines);
    if (shop_name)
        add(arena, variables, "shop_name", *shop_name);
    add_names(arena, variables, &payload, order_names, sizeof order_names / sizeof *order_names);
    add_amounts(arena, variables, &payload, order_amounts,
                sizeof order_amounts / sizeof *order_amounts);
}
