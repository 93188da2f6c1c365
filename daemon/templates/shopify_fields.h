/*
 * Fields of Shopify's payloads under the names of its templates. Maps are those of base/value:
 * what is added lies in the arena.
 */
#ifndef NUDGED_TEMPLATES_SHOPIFY_FIELDS_H
#define NUDGED_TEMPLATES_SHOPIFY_FIELDS_H

#include "base/arena.h"
#include "base/value.h"

/* A variable of the templates, and where the payload has it. Tables end with a row without
 * a name. */
struct shopify_fields_name {
    const char *name, *path;
};

/* Adds what the map has not yet. */
void shopify_fields_add(struct arena *arena, struct value map, const char *name,
                        struct value value);
/* Likewise each of `names` that `from` has, and that is not null there. */
void shopify_fields_add_names(struct arena *arena, struct value map, const struct value *from,
                              const struct shopify_fields_name *names);

/* Amounts are decimal texts in these payloads, numbers in others; 0 for what is neither. */
double shopify_fields_amount(struct arena *arena, const struct value *value);
/* Adds a number, also over the text that the payload has under this name. */
void shopify_fields_add_amount(struct arena *arena, struct value map, const char *name,
                               double number);
void shopify_fields_add_amounts(struct arena *arena, struct value map, const struct value *from,
                                const struct shopify_fields_name *names);

/* A map with the members of `map`, and room for more. */
struct value shopify_fields_copy(struct arena *arena, const struct value *map, uint32_t more);
/* A copy of which the amounts of `names` are numbers. */
struct value shopify_fields_with_amounts(struct arena *arena, const struct value *item,
                                         const struct shopify_fields_name *names);

#endif
