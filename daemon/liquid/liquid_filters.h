/*
 * The standard filters: tables by kind, and what filters share.
 */
#ifndef NUDGED_LIQUID_LIQUID_FILTERS_H
#define NUDGED_LIQUID_LIQUID_FILTERS_H

#include "base/slice.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_run.h"

/* Tables, each ended by a row without a name. */
extern const struct liquid_filter liquid_filters_string[];
extern const struct liquid_filter liquid_filters_replace[];
extern const struct liquid_filter liquid_filters_html[];
extern const struct liquid_filter liquid_filters_encode[];
extern const struct liquid_filter liquid_filters_math[];
extern const struct liquid_filter liquid_filters_array[];
extern const struct liquid_filter liquid_filters_select[];
extern const struct liquid_filter liquid_filters_date[];

enum { LIQUID_FILTER_NAMES_MOST = 200 };

/* The names of the host's filters (may be NULL) and of the standard ones, ended by NULL. */
void liquid_filters_names(const struct liquid_filter *host,
                          const char *names[LIQUID_FILTER_NAMES_MOST]);

/* The argument, or NULL where there are fewer. */
static inline const struct value *liquid_filters_argument(const struct liquid_call *call, int index)
{
    return index < call->count ? &call->arguments[index] : NULL;
}

/* Text of the input or of an argument, as liquid_text_of() gives it; of the fallback
 * where the argument is not there. */
bool liquid_filters_text(struct liquid_call *call, const struct value *value, const char *fallback,
                         struct slice *text);
/* An integer; a failed call where the value is none. */
bool liquid_filters_integer(struct liquid_call *call, const struct value *value, int64_t *integer);
/* A number: 0 for what is none, a failed call for an infinity. */
bool liquid_filters_number(struct liquid_call *call, const struct value *value,
                           struct liquid_number *number);

/* Ends a filter with a text, which may be part of the input. Returns true. */
bool liquid_filters_give(struct liquid_call *call, const char *text, size_t length, bool safe);

/* One of the texts that make a result: markup where one of them is, and then the
 * others are escaped. */
struct liquid_part {
    struct slice text;
    bool safe;
};
/* Joins `count` parts, with `glue` between where it is not NULL. */
bool liquid_filters_join(struct liquid_call *call, const struct liquid_part *parts, size_t count,
                         const struct liquid_part *glue);

/* What a filter of lists goes over: the list without nesting; of anything else but nil
 * the thing itself. */
struct liquid_items {
    const struct value *items;
    uint32_t count;
};
bool liquid_filters_items(struct liquid_call *call, const struct value *input,
                          struct liquid_items *items);

/* A new list with room for `capacity` items; false where memory ran out. */
bool liquid_filters_list(struct liquid_call *call, uint32_t capacity, struct value *list);
bool liquid_filters_push(struct liquid_call *call, struct value list, struct value item);

/* sort and sort_natural, in liquid_filters_sort.c */
bool liquid_filters_sort(struct liquid_call *call);
bool liquid_filters_sort_natural(struct liquid_call *call);

#endif
