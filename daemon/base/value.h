/*
 * The one tree for everything that is data: an event's JSON, a customer's
 * document, a rule file's YAML, what an expression or a template sees.
 *
 * A `struct value` (its shape: base/value_kind) is small and passed or copied by
 * value; a copy shares the strings and containers of the original. All of them lie
 * in an arena (or in the text that was read) and are freed with it; nothing here is
 * freed alone. Lists and maps are changed in place, and every copy sees it: so only
 * who made a container changes it, others copy first (value_copy).
 */
#ifndef NUDGED_BASE_VALUE_H
#define NUDGED_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/value_kind.h"

static inline struct value value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}

static inline struct value value_bool(bool boolean)
{
    return (struct value){.kind = VALUE_BOOL, .boolean = boolean};
}

static inline struct value value_int(int64_t integer)
{
    return (struct value){.kind = VALUE_INT, .integer = integer};
}

static inline struct value value_double(double real)
{
    return (struct value){.kind = VALUE_DOUBLE, .real = real};
}

/* Refers to the bytes, fewer than 2^32; does not copy them. */
static inline struct value value_string(const char *bytes, size_t length)
{
    return (struct value){.kind = VALUE_STRING, .length = (uint32_t)length, .string = bytes};
}

/* Likewise to a C string. */
static inline struct value value_text(const char *text)
{
    return value_string(text, strlen(text));
}

/* Empty containers. `capacity` is a guess that may be 0. */
struct value value_new_list(struct arena *arena, uint32_t capacity);
struct value value_new_map(struct arena *arena, uint32_t capacity);
/* `arena`, here and with maps: the one that the container lies in, or one that lives as long. */
void value_push(struct arena *arena, struct value list, struct value item);

/* Adds a member behind the others; the caller knows that the key is not there yet. */
void value_add(struct arena *arena, struct value map, struct value key, struct value value);
/* The member of that name gets the value, or is added; the name is copied. */
void value_set(struct arena *arena, struct value map, const char *key, struct value value);
/* Removes a member, keeping the order; false where there was none. */
bool value_remove(struct value map, const char *key);

/* The member, or NULL: also where `value` is NULL or no map. Stale once the map was changed. */
const struct value *value_find(const struct value *value, const char *key, size_t length);
/* What is not there mostly has no mark there, which is seen without a call. */
static inline const struct value *value_get(const struct value *value, const char *key)
{
    const uint64_t mark = bytes_mark(key, strlen(key));
    const struct value_map *map = value && value->kind == VALUE_MAP ? value->map : NULL;
    return map && (!map->marks || map->marks & mark) ? value_find(value, key, strlen(key)) : NULL;
}
/* Likewise down a path of names joined by dots: "customer.email". */
const struct value *value_path(const struct value *value, const char *path);

/* False for NULL. */
static inline bool value_is(const struct value *value, enum value_kind kind)
{
    return value && value->kind == kind;
}

/* Items of a list, members of a map; 0 for all else, NULL too. */
static inline uint32_t value_count(const struct value *value)
{
    return value_is(value, VALUE_LIST)  ? value->list->count
           : value_is(value, VALUE_MAP) ? value->map->count
                                        : 0;
}

/* Whether it is the string; false for NULL. */
bool value_is_text(const struct value *value, const char *text);
/* A string's bytes, NUL-terminated, in the arena; NULL where it is no string. */
const char *value_to_text(struct arena *arena, const struct value *value);
/* The number, whichever kind it has, perhaps rounded; false where it is none, or NULL. */
bool value_to_double(const struct value *value, double *number);
/* An integer, or a double with an integer's value, if int64_t holds it; false else. */
bool value_to_int(const struct value *value, int64_t *number);

/* Equal as JSON: members in any order, 1 equal to 1.0. */
bool value_equal(const struct value *a, const struct value *b);

/* The same to the letter: whoever prints both cannot tell them apart. False also where that is not
 * seen at a glance: of lists, and of numbers that are no plain integers. */
bool value_same(const struct value *a, const struct value *b);

/* A copy that shares nothing with the original: may outlive its arena and text. */
struct value value_copy(struct arena *arena, const struct value *value);

/* JSON Merge Patch (RFC 7396): a new tree; parts that did not change are shared. */
struct value value_merge(struct arena *arena, const struct value *target,
                         const struct value *patch);

/* A name of the kind for messages: "a string", "null", "a list". */
const char *value_kind_name(enum value_kind kind);

#endif
