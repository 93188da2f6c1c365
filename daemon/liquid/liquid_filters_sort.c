#include "liquid/liquid_case.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_property.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

struct entry {
    struct value item, key;
    struct slice text; /* of the key, for sort_natural */
};

/* -1, 0 or 1; false where the two cannot be compared. */
typedef bool compare_function(struct liquid_call *call, const struct entry *a,
                              const struct entry *b, int *sign);

static bool compare_values(struct liquid_call *call, const struct value *a, const struct value *b,
                           int *sign)
{
    enum liquid_order order = liquid_value_order(a, b);
    if (order <= LIQUID_MORE) {
        *sign = (int)order - (int)LIQUID_SAME;
        return true;
    }
    *sign = 0;
    if (liquid_value_equal(a, b))
        return true;
    if (a->kind == VALUE_NULL || b->kind == VALUE_NULL) {
        *sign = a->kind == VALUE_NULL ? 1 : -1; /* nil comes last */
        return true;
    }
    if (a->kind != VALUE_LIST || b->kind != VALUE_LIST)
        return liquid_fail(call->run, "%s and %s cannot be sorted", value_kind_name(a->kind),
                           value_kind_name(b->kind));
    for (uint32_t i = 0; i < a->list->count && i < b->list->count && !*sign; i++)
        if (!compare_values(call, &a->list->items[i], &b->list->items[i], sign))
            return false;
    if (!*sign)
        *sign = (a->list->count > b->list->count) - (a->list->count < b->list->count);
    return true;
}

static bool compare_keys(struct liquid_call *call, const struct entry *a, const struct entry *b,
                         int *sign)
{
    return compare_values(call, &a->key, &b->key, sign);
}

static bool compare_texts(struct liquid_call *call, const struct entry *a, const struct entry *b,
                          int *sign)
{
    (void)call;
    bool a_nil = a->key.kind == VALUE_NULL, b_nil = b->key.kind == VALUE_NULL;
    *sign = a_nil || b_nil ? (int)a_nil - (int)b_nil : liquid_case_compare(&a->text, &b->text);
    return true;
}

static bool merge(struct liquid_call *call, compare_function *compare, const struct entry *from,
                  struct entry *to, uint32_t middle, uint32_t count)
{
    uint32_t left = 0, right = middle;
    for (uint32_t i = 0; i < count; i++) {
        int sign = left == middle ? 1 : -1;
        if (left < middle && right < count && !compare(call, &from[left], &from[right], &sign))
            return false;
        to[i] = sign <= 0 ? from[left++] : from[right++];
    }
    return true;
}

/* By merging, so that equal ones keep their order. */
static bool sort_entries(struct liquid_call *call, compare_function *compare, struct entry *entries,
                         struct entry *spare, uint32_t count)
{
    if (count < 2)
        return true;
    uint32_t middle = count / 2;
    if (!sort_entries(call, compare, entries, spare, middle) ||
        !sort_entries(call, compare, entries + middle, spare, count - middle) ||
        !merge(call, compare, entries, spare, middle, count) ||
        !liquid_run_step(call->run, count / 8))
        return false;
    memcpy(entries, spare, sizeof *entries * count);
    return true;
}

/* An item of a kind that has no properties: then nothing is sorted, whatever the others are. */
static bool lacks_properties(struct liquid_call *call, const struct liquid_items *items)
{
    const struct value *property = liquid_filters_argument(call, 0);
    if (!property || property->kind == VALUE_NULL)
        return false;
    for (uint32_t i = 0; i < items->count; i++)
        if (!liquid_property_possible(&items->items[i]))
            return true;
    return false;
}

/* One item alone is not asked for its property. */
static bool read_entries(struct liquid_call *call, const struct liquid_items *items,
                         struct entry *entries, bool natural)
{
    const struct value *property = items->count > 1 ? liquid_filters_argument(call, 0) : NULL;
    for (uint32_t i = 0; i < items->count; i++) {
        struct entry *entry = &entries[i];
        *entry = (struct entry){.item = items->items[i]};
        if (liquid_property_or_item(call, &entry->item, property, &entry->key) ==
            LIQUID_PROPERTY_FAILED)
            return false;
        if (!liquid_text_plain(call->run, &entry->key) ||
            (natural && !liquid_text_of(call->run, &entry->key, &entry->text)))
            return false;
    }
    return true;
}

static bool sort_by(struct liquid_call *call, compare_function *compare, bool natural)
{
    struct liquid_items items;
    if (!liquid_filters_items(call, &call->input, &items))
        return false;
    if (lacks_properties(call, &items)) /* nil */
        return true;
    struct entry *entries = liquid_run_room(call->run, sizeof *entries * 2 * (size_t)items.count);
    if (!entries || !read_entries(call, &items, entries, natural))
        return false;
    if (!sort_entries(call, compare, entries, entries + items.count, items.count) ||
        !liquid_filters_list(call, items.count, &call->result))
        return false;
    for (uint32_t i = 0; i < items.count; i++)
        value_push(call->run->arena, call->result, entries[i].item);
    return true;
}

bool liquid_filters_sort(struct liquid_call *call)
{
    return sort_by(call, compare_keys, false);
}

bool liquid_filters_sort_natural(struct liquid_call *call)
{
    return sort_by(call, compare_texts, true);
}
