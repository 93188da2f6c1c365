/*
 * Lists and maps grow by doubling in the arena, which keeps the old arrays until it is reset. A
 * map is an array of members in the order in which they came; one of more than LINEAR_MOST has a
 * hash index of its string keys beside it (`slots`: a member's place plus 1, 0 for none), and
 * all ways to a member go through find_member(). Below that: reading a value as text or number,
 * equality, and what makes new trees of old ones, value_copy() and value_merge().
 */
#include "base/value.h"

#include <math.h>

#include "base/bytes.h"

/* Maps of up to this many members are searched one by one: comparing lengths
 * and first bytes of that many short keys is about as cheap as hashing one, and making an index
 * costs more than a dozen searches. */
enum { LINEAR_MOST = 24, FIRST_CAPACITY = 4 };

/* ---- Containers ---- */

struct value value_new_list(struct arena *arena, uint32_t capacity)
{
    size_t size = sizeof(struct value) * capacity; /* right behind it */
    struct value_list *list = arena_alloc(arena, sizeof *list + size);
    list->count = 0;
    list->capacity = capacity;
    list->items = (struct value *)(list + 1);
    return (struct value){.kind = VALUE_LIST, .list = list};
}

struct value value_new_map(struct arena *arena, uint32_t capacity)
{
    size_t size = sizeof(struct value_member) * capacity; /* right behind it */
    struct value_map *map = arena_alloc(arena, sizeof *map + size);
    *map = (struct value_map){.capacity = capacity, .members = (struct value_member *)(map + 1)};
    return (struct value){.kind = VALUE_MAP, .map = map};
}

void value_push(struct arena *arena, struct value list, struct value item)
{
    struct value_list *to = list.list;
    if (to->count == to->capacity) {
        uint32_t capacity = to->capacity ? to->capacity * 2 : FIRST_CAPACITY;
        struct value *items = arena_alloc(arena, sizeof *items * capacity);
        if (to->count)
            memcpy(items, to->items, sizeof *items * to->count);
        to->items = items;
        to->capacity = capacity;
    }
    to->items[to->count++] = item;
}

/* The high and the low half of a product, folded: every bit of it counts. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Begins with an address, which differs in every run (ASLR), so that nobody can
 * prepare keys that all fall into one slot. No order depends on it. */
static uint32_t hash_bytes(const char *bytes, size_t length)
{
    static const char somewhere;
    const uint64_t spread = 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio */
    uint64_t hash = fold((uint64_t)(uintptr_t)&somewhere ^ length, spread), eight;
    for (; length >= sizeof eight; bytes += sizeof eight, length -= sizeof eight) {
        memcpy(&eight, bytes, sizeof eight);
        hash = fold(hash ^ eight, spread);
    }
    eight = 0;
    if (length)
        memcpy(&eight, bytes, length);
    return (uint32_t)fold(hash ^ eight, spread);
}

static bool same_key(const struct value *key, const char *bytes, size_t length)
{
    return key->kind == VALUE_STRING && key->length == length &&
           bytes_are_same(key->string, bytes, length);
}

static void index_member(struct value_map *map, uint32_t at)
{
    const struct value *key = &map->members[at].key;
    if (key->kind != VALUE_STRING)
        return;
    uint32_t mask = map->slot_count - 1;
    uint32_t slot = hash_bytes(key->string, key->length) & mask;
    while (map->slots[slot])
        slot = (slot + 1) & mask;
    map->slots[slot] = at + 1;
}

static void build_index(struct arena *arena, struct value_map *map)
{
    map->slot_count = 64;
    while (map->slot_count < map->capacity * 2)
        map->slot_count *= 2;
    map->slots = arena_zero(arena, sizeof *map->slots * map->slot_count);
    for (uint32_t i = 0; i < map->count; i++)
        index_member(map, i);
}

/* The first, where a key was added more than once. What is not there mostly has no mark there. */
static int64_t find_member(const struct value_map *map, const char *key, size_t length)
{
    if (map->marks && !(map->marks & bytes_mark(key, length)))
        return -1;
    if (map->slots) {
        uint32_t mask = map->slot_count - 1;
        for (uint32_t slot = hash_bytes(key, length) & mask; map->slots[slot];
             slot = (slot + 1) & mask)
            if (same_key(&map->members[map->slots[slot] - 1].key, key, length))
                return (int64_t)map->slots[slot] - 1;
        return -1;
    }
    for (uint32_t i = 0; i < map->count; i++)
        if (same_key(&map->members[i].key, key, length))
            return i;
    return -1;
}

void value_add(struct arena *arena, struct value map, struct value key, struct value value)
{
    struct value_map *to = map.map;
    bool grown = to->count == to->capacity;
    if (grown) {
        uint32_t capacity = to->capacity ? to->capacity * 2 : FIRST_CAPACITY;
        struct value_member *members = arena_alloc(arena, sizeof *members * capacity);
        if (to->count)
            memcpy(members, to->members, sizeof *members * to->count);
        to->members = members;
        to->capacity = capacity;
    }
    if (key.kind == VALUE_STRING && (to->count == 0 || to->marks))
        to->marks |= bytes_mark(key.string, key.length);
    to->members[to->count].key = key;
    to->members[to->count++].value = value;
    if (to->count <= LINEAR_MOST)
        return;
    if (!to->slots || to->count * 2 > to->slot_count)
        build_index(arena, to);
    else
        index_member(to, to->count - 1);
}

void value_set(struct arena *arena, struct value map, const char *key, struct value value)
{
    size_t length = strlen(key);
    int64_t at = find_member(map.map, key, length);
    if (at >= 0)
        map.map->members[at].value = value;
    else
        value_add(arena, map, value_string(arena_copy(arena, key, length), length), value);
}

bool value_remove(struct value map, const char *key)
{
    struct value_map *from = map.map;
    int64_t at = find_member(from, key, strlen(key));
    if (at < 0)
        return false;
    memmove(&from->members[at], &from->members[at + 1],
            sizeof *from->members * (from->count - (size_t)at - 1));
    from->count--;
    if (from->count <= LINEAR_MOST) {
        from->slots = NULL; /* value_add keeps none for so few */
    } else if (from->slots) {
        memset(from->slots, 0, sizeof *from->slots * from->slot_count);
        for (uint32_t i = 0; i < from->count; i++)
            index_member(from, i);
    }
    return true;
}

const struct value *value_find(const struct value *value, const char *key, size_t length)
{
    if (!value_is(value, VALUE_MAP))
        return NULL;
    int64_t at = find_member(value->map, key, length);
    return at < 0 ? NULL : &value->map->members[at].value;
}

const struct value *value_path(const struct value *value, const char *path)
{
    while (value && *path) {
        size_t length = 0;
        while (path[length] != '.' && path[length])
            length++;
        value = value_find(value, path, length);
        path += length;
        if (*path == '.')
            path++;
    }
    return value;
}

/* ---- As text, as a number ---- */

static bool same_bytes(const struct value *a, const struct value *b)
{
    return a->length == b->length && bytes_are_same(a->string, b->string, a->length);
}

bool value_is_text(const struct value *value, const char *text)
{
    struct value other = value_text(text);
    return value_is(value, VALUE_STRING) && same_bytes(value, &other);
}

const char *value_to_text(struct arena *arena, const struct value *value)
{
    return value_is(value, VALUE_STRING) ? arena_copy(arena, value->string, value->length) : NULL;
}

bool value_to_double(const struct value *value, double *number)
{
    if (value_is(value, VALUE_INT))
        *number = (double)value->integer;
    else if (value_is(value, VALUE_UINT))
        *number = (double)value->natural;
    else if (value_is(value, VALUE_DOUBLE))
        *number = value->real;
    else
        return false;
    return true;
}

bool value_to_int(const struct value *value, int64_t *number)
{
    if (value_is(value, VALUE_INT) ||
        (value_is(value, VALUE_UINT) && value->natural <= INT64_MAX)) {
        *number = value->integer;
        return true;
    }
    if (!value_is(value, VALUE_DOUBLE) || !(value->real >= -9223372036854775808.0) ||
        !(value->real < 9223372036854775808.0) || floor(value->real) != value->real)
        return false;
    *number = (int64_t)value->real;
    return true;
}

/* ---- Equality ---- */

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE || value->kind == VALUE_UINT;
}

/* By value, exactly: no integer goes through a double, which may round it. */
static bool equal_numbers(const struct value *a, const struct value *b)
{
    int64_t x, y;
    bool a_fits = value_to_int(a, &x), b_fits = value_to_int(b, &y);
    if (a_fits && b_fits)
        return x == y;
    if (a_fits || b_fits)
        return false;
    if (a->kind == VALUE_DOUBLE && b->kind == VALUE_DOUBLE)
        return a->real == b->real;
    if (a->kind == VALUE_UINT && b->kind == VALUE_UINT)
        return a->natural == b->natural;
    /* What is left: an unsigned integer from 2^63 on, and a double that no int64 equals. */
    double real = a->kind == VALUE_DOUBLE ? a->real : b->real;
    uint64_t natural = a->kind == VALUE_UINT ? a->natural : b->natural;
    return real >= 9223372036854775808.0 && real < 18446744073709551616.0 &&
           (uint64_t)real == natural;
}

static bool equal_lists(const struct value_list *a, const struct value_list *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!value_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

/* The member of any key; one that is no string is looked for one by one. */
static const struct value *find_key(const struct value *map, const struct value *key)
{
    if (key->kind == VALUE_STRING)
        return value_find(map, key->string, key->length);
    for (uint32_t i = 0; i < value_count(map); i++)
        if (value_equal(&map->map->members[i].key, key))
            return &map->map->members[i].value;
    return NULL;
}

static bool equal_maps(const struct value *a, const struct value *b)
{
    if (a->map->count != b->map->count)
        return false;
    for (uint32_t i = 0; i < a->map->count; i++) {
        const struct value_member *member = &a->map->members[i];
        const struct value *other = find_key(b, &member->key);
        if (!other || !value_equal(&member->value, other))
            return false;
    }
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (is_number(a) && is_number(b))
        return equal_numbers(a, b);
    if (a->kind != b->kind)
        return false;
    switch ((enum value_kind)a->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_STRING:
    case VALUE_BYTES:
        return same_bytes(a, b);
    case VALUE_LIST:
        return equal_lists(a->list, b->list);
    case VALUE_MAP:
        return equal_maps(a, b);
    case VALUE_TIMESTAMP:
    case VALUE_DURATION:
        return a->integer == b->integer && a->length == b->length;
    case VALUE_EXTENSION:
        return a->other == b->other && a->length == b->length;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_DOUBLE:
        break;
    }
    return false;
}

/* Most are texts. */
static inline bool is_same(const struct value *a, const struct value *b)
{
    return a->kind == VALUE_STRING && b->kind == VALUE_STRING ? same_bytes(a, b) : value_same(a, b);
}

static bool same_maps(const struct value_map *a, const struct value_map *b)
{
    if (a == b)
        return true;
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!is_same(&a->members[i].key, &b->members[i].key) ||
            !is_same(&a->members[i].value, &b->members[i].value))
            return false;
    return true;
}

bool value_same(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_STRING:
        return same_bytes(a, b);
    case VALUE_MAP:
        return same_maps(a->map, b->map);
    case VALUE_BOOL:
        return a->boolean == b->boolean;
    case VALUE_INT:
        return a->flags == VALUE_FLEXIBLE && b->flags == VALUE_FLEXIBLE && a->integer == b->integer;
    case VALUE_NULL:
        return true;
    default:
        return false;
    }
}

/* ---- Trees of trees ---- */

struct value value_copy(struct arena *arena, const struct value *value)
{
    struct value copy = *value;
    if (value->flags & VALUE_SPELLED)
        copy.text = arena_copy(arena, value->text, value->length);
    if (value->kind == VALUE_STRING || value->kind == VALUE_BYTES) {
        copy.string = arena_copy(arena, value->string, value->length);
    } else if (value->kind == VALUE_LIST) {
        copy.list = value_new_list(arena, value->list->count).list;
        for (uint32_t i = 0; i < value->list->count; i++)
            value_push(arena, copy, value_copy(arena, &value->list->items[i]));
    } else if (value->kind == VALUE_MAP) {
        copy.map = value_new_map(arena, value->map->count).map;
        for (uint32_t i = 0; i < value->map->count; i++) {
            const struct value_member *member = &value->map->members[i];
            struct value key = value_copy(arena, &member->key);
            value_add(arena, copy, key, value_copy(arena, &member->value));
        }
    }
    return copy;
}

struct value value_merge(struct arena *arena, const struct value *target, const struct value *patch)
{
    if (patch->kind != VALUE_MAP)
        return *patch;
    if (!value_is(target, VALUE_MAP))
        target = NULL;
    struct value merged = value_new_map(arena, value_count(target) + patch->map->count);
    for (uint32_t i = 0; i < value_count(target); i++) {
        const struct value_member *member = &target->map->members[i];
        const struct value *change = find_key(patch, &member->key);
        if (!change)
            value_add(arena, merged, member->key, member->value);
        else if (change->kind != VALUE_NULL)
            value_add(arena, merged, member->key, value_merge(arena, &member->value, change));
    }
    for (uint32_t i = 0; i < patch->map->count; i++) {
        const struct value_member *member = &patch->map->members[i];
        if (member->value.kind != VALUE_NULL && !find_key(target, &member->key))
            value_add(arena, merged, member->key, value_merge(arena, NULL, &member->value));
    }
    return merged;
}

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",           [VALUE_BOOL] = "a boolean",
        [VALUE_INT] = "an integer",      [VALUE_DOUBLE] = "a number",
        [VALUE_STRING] = "a string",     [VALUE_LIST] = "a list",
        [VALUE_MAP] = "a mapping",       [VALUE_UINT] = "an unsigned integer",
        [VALUE_BYTES] = "bytes",         [VALUE_TIMESTAMP] = "a timestamp",
        [VALUE_DURATION] = "a duration", [VALUE_EXTENSION] = "a value of a language",
    };
    return names[kind];
}
