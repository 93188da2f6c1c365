#include "templates/shopify_fields.h"

#include <string.h>

#include "base/decimal.h"
#include "base/locale_format.h"

void shopify_fields_add(struct arena *arena, struct value map, const char *name, struct value value)
{
    if (!value_get(&map, name))
        value_add(arena, map, value_text(name), value);
}

double shopify_fields_amount(struct arena *arena, const struct value *value)
{
    double number = 0;
    const char *text = value_to_text(arena, value);
    if (text && locale_format_is_decimal(text))
        number = decimal_read(text, strlen(text));
    else if (value)
        value_to_double(value, &number);
    return number;
}

void shopify_fields_add_amount(struct arena *arena, struct value map, const char *name,
                               double number)
{
    const struct value *there = value_get(&map, name);
    if (!there || value_is(there, VALUE_STRING))
        value_set(arena, map, name, value_double(number));
}

void shopify_fields_add_names(struct arena *arena, struct value map, const struct value *from,
                              const struct shopify_fields_name *names)
{
    for (; names->name; names++) {
        const struct value *value = value_path(from, names->path);
        if (value && value->kind != VALUE_NULL)
            shopify_fields_add(arena, map, names->name, *value);
    }
}

void shopify_fields_add_amounts(struct arena *arena, struct value map, const struct value *from,
                                const struct shopify_fields_name *names)
{
    for (; names->name; names++) {
        const struct value *value = value_path(from, names->path);
        if (value && value->kind != VALUE_NULL)
            shopify_fields_add_amount(arena, map, names->name, shopify_fields_amount(arena, value));
    }
}

struct value shopify_fields_copy(struct arena *arena, const struct value *map, uint32_t more)
{
    struct value copy = value_new_map(arena, map->map->count + more);
    for (uint32_t i = 0; i < map->map->count; i++)
        value_add(arena, copy, map->map->members[i].key, map->map->members[i].value);
    return copy;
}

struct value shopify_fields_with_amounts(struct arena *arena, const struct value *item,
                                         const struct shopify_fields_name *names)
{
    struct value copy = shopify_fields_copy(arena, item, 0);
    shopify_fields_add_amounts(arena, copy, item, names);
    return copy;
}
