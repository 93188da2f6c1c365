/*
 * A term's value goes to each of these, and what is found there are numbers of rules, whose
 * bits are set in the marks:
 *
 *   entries      texts, numbers, true, false and null, by hash
 *   starts, ends which lengths of beginnings and ends there are: of each length the value's
 *                own is looked up among the entries
 *   lower, upper numbers in sorted rows: those that the value passes stand first
 *   needles      parts of texts
 *   by_domain    all rules, by what kinds of values their predicates are for: of others they
 *                are unknown
 */
#include "rules/rule_gates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rule_needles.h"

/* For what kinds of values predicates are. */
enum domain { DOMAIN_BOOL, DOMAIN_DATA, DOMAIN_NUMBER, DOMAIN_TEXT, DOMAIN_COUNT };

static const uint8_t domain_of[] = {
    [CEL_PREDICATE_TRUE] = DOMAIN_BOOL,     [CEL_PREDICATE_IN] = DOMAIN_DATA,
    [CEL_PREDICATE_LESS] = DOMAIN_NUMBER,   [CEL_PREDICATE_LESS_EQUAL] = DOMAIN_NUMBER,
    [CEL_PREDICATE_MORE] = DOMAIN_NUMBER,   [CEL_PREDICATE_MORE_EQUAL] = DOMAIN_NUMBER,
    [CEL_PREDICATE_STARTS] = DOMAIN_TEXT,   [CEL_PREDICATE_ENDS] = DOMAIN_TEXT,
    [CEL_PREDICATE_CONTAINS] = DOMAIN_TEXT,
};

struct rules {
    uint32_t *items;
    uint32_t count, capacity;
};

/* What a key of the hash table is compared with. */
enum key_kind { KEY_TEXT, KEY_START, KEY_END, KEY_NUMBER, KEY_WORD };

struct key {
    enum key_kind kind;
    uint32_t length;
    const char *bytes; /* of text, start and end */
    double number;     /* of numbers; of null, false, true: 0, 1, 2 */
};

struct entry {
    struct key key;
    struct rules rules;
};

struct slot {
    uint32_t hash; /* 0: the slot is free */
    uint32_t entry;
};

/* A bound on one side; `number` of upper bounds is negated. */
struct bound {
    double number;
    uint32_t rule;
    uint8_t layer;
    bool inclusive;
};

struct bounds {
    struct bound *items;
    uint32_t count, capacity;
};

struct lengths {
    uint32_t *items; /* each once */
    uint32_t count, capacity;
};

struct rule_gates {
    struct arena *arena;
    struct entry *entries; /* of the hash table */
    uint32_t entry_count, entry_capacity;
    struct slot *slots; /* a power of two; at most half are taken */
    uint32_t slot_count;
    struct lengths starts, ends; /* of the beginnings and ends that are in the table */
    struct bounds lower, upper;
    struct rule_needle *parts;
    uint32_t part_count, part_capacity;
    struct rule_needles *needles; /* of `parts`; NULL: there are none */
    struct rules by_domain[DOMAIN_COUNT];
};

enum { SLOTS_FIRST = 8 };

struct rule_gates *rule_gates_new(struct arena *arena)
{
    struct rule_gates *gates = arena_zero(arena, sizeof *gates);
    gates->arena = arena;
    return gates;
}

static void add_rule(struct rule_gates *gates, struct rules *rules, uint32_t rule)
{
    rules->items =
        arena_grow(gates->arena, rules->items, rules->count, &rules->capacity, sizeof(uint32_t));
    rules->items[rules->count++] = rule;
}

/* ---- The hash table ---- */

/* The halves of a product, folded: every bit of it counts. */
static inline uint64_t fold(uint64_t a)
{
    unsigned __int128 product = (unsigned __int128)a * 0x9e3779b97f4a7c15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The rules' own texts are in the table, so nobody can choose keys that collide. */
static inline uint32_t hash_of(const struct key *key)
{
    uint64_t hash = fold(((uint64_t)key->length << 8 | (uint64_t)key->kind) + 1), eight;
    const char *at = key->bytes;
    uint32_t left = key->length;
    if (key->kind >= KEY_NUMBER) {
        memcpy(&eight, &key->number, sizeof eight);
        hash = fold(hash ^ eight);
    }
    for (; left >= sizeof eight; at += sizeof eight, left -= (uint32_t)sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        hash = fold(hash ^ eight);
    }
    for (eight = 0; left > 0; left--)
        eight = eight << 8 | (unsigned char)*at++;
    return (uint32_t)fold(hash ^ eight) | 1;
}

static inline bool same_key(const struct key *a, const struct key *b)
{
    if (a->kind != b->kind || a->length != b->length)
        return false;
    if (a->kind >= KEY_NUMBER)
        return a->number == b->number;
    return a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* The key's slot, or the free one where it would stand. */
static inline struct slot *find_slot(const struct rule_gates *gates, const struct key *key,
                                     uint32_t hash)
{
    uint32_t mask = gates->slot_count - 1, at = hash >> 1 & mask;
    while (gates->slots[at].hash && (gates->slots[at].hash != hash ||
                                     !same_key(&gates->entries[gates->slots[at].entry].key, key)))
        at = (at + 1) & mask;
    return &gates->slots[at];
}

static void grow_table(struct rule_gates *gates)
{
    gates->slot_count = gates->slot_count ? gates->slot_count * 2 : SLOTS_FIRST;
    gates->slots = arena_zero(gates->arena, sizeof *gates->slots * gates->slot_count);
    for (uint32_t i = 0; i < gates->entry_count; i++) {
        const struct key *key = &gates->entries[i].key;
        uint32_t hash = hash_of(key);
        *find_slot(gates, key, hash) = (struct slot){.hash = hash, .entry = i};
    }
}

static void add_key(struct rule_gates *gates, const struct key *key, uint32_t rule)
{
    if (gates->entry_count * 2 >= gates->slot_count)
        grow_table(gates);
    uint32_t hash = hash_of(key);
    struct slot *slot = find_slot(gates, key, hash);
    if (!slot->hash) {
        *slot = (struct slot){.hash = hash, .entry = gates->entry_count};
        gates->entries = arena_grow(gates->arena, gates->entries, gates->entry_count,
                                    &gates->entry_capacity, sizeof *gates->entries);
        gates->entries[gates->entry_count++] = (struct entry){.key = *key};
    }
    add_rule(gates, &gates->entries[slot->entry].rules, rule);
}

/* Moves what a lookup reads close together. */
static void pack_entries(struct rule_gates *gates)
{
    for (uint32_t i = 0; i < gates->entry_count; i++) {
        struct entry *entry = &gates->entries[i];
        size_t size = sizeof *entry->rules.items * entry->rules.count;
        entry->rules.items = memcpy(arena_alloc(gates->arena, size), entry->rules.items, size);
        if (entry->key.length)
            entry->key.bytes = arena_copy(gates->arena, entry->key.bytes, entry->key.length);
    }
}

/* The key under which a value is found by equality; false where none equals it. */
static inline bool key_of(const struct value *value, struct key *key)
{
    *key = (struct key){.kind = KEY_WORD};
    switch ((enum value_kind)value->kind) {
    case VALUE_STRING:
        key->kind = KEY_TEXT;
        key->bytes = value->string;
        key->length = value->length;
        return true;
    case VALUE_NULL:
        return true;
    case VALUE_BOOL:
        key->number = value->boolean ? 2 : 1;
        return true;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_DOUBLE:
        key->kind = KEY_NUMBER;
        value_to_double(value, &key->number);
        key->number += 0.0; /* no negative zero */
        return true;
    default:
        return false;
    }
}

/* ---- Adding ---- */

static void add_length(struct rule_gates *gates, struct lengths *lengths, uint32_t length)
{
    for (uint32_t i = 0; i < lengths->count; i++)
        if (lengths->items[i] == length)
            return;
    lengths->items = arena_grow(gates->arena, lengths->items, lengths->count, &lengths->capacity,
                                sizeof *lengths->items);
    lengths->items[lengths->count++] = length;
}

static void add_edge(struct rule_gates *gates, enum key_kind kind, const struct value *text,
                     uint32_t rule)
{
    struct key key = {.kind = kind, .bytes = text->string, .length = text->length};
    add_key(gates, &key, rule);
    add_length(gates, kind == KEY_START ? &gates->starts : &gates->ends, text->length);
}

static void add_bound(struct rule_gates *gates, enum cel_predicate predicate,
                      const struct value *constant, uint32_t rule, uint32_t layer)
{
    bool upper = predicate == CEL_PREDICATE_LESS || predicate == CEL_PREDICATE_LESS_EQUAL;
    struct bounds *bounds = upper ? &gates->upper : &gates->lower;
    struct bound bound = {.inclusive = predicate == CEL_PREDICATE_LESS_EQUAL ||
                                       predicate == CEL_PREDICATE_MORE_EQUAL,
                          .rule = rule,
                          .layer = (uint8_t)layer};
    value_to_double(constant, &bound.number);
    if (upper)
        bound.number = -bound.number;
    bounds->items = arena_grow(gates->arena, bounds->items, bounds->count, &bounds->capacity,
                               sizeof *bounds->items);
    bounds->items[bounds->count++] = bound;
}

static void add_part(struct rule_gates *gates, const struct value *text, uint32_t rule)
{
    gates->parts = arena_grow(gates->arena, gates->parts, gates->part_count, &gates->part_capacity,
                              sizeof *gates->parts);
    gates->parts[gates->part_count++] =
        (struct rule_needle){.bytes = text->string, .length = text->length, .number = rule};
}

void rule_gates_add(struct rule_gates *gates, enum cel_predicate predicate,
                    const struct value *constants, uint32_t count, uint32_t rule, uint32_t layer)
{
    static const struct key yes = {.kind = KEY_WORD, .number = 2};
    struct key key;
    add_rule(gates, &gates->by_domain[domain_of[predicate]], rule);
    switch (predicate) {
    case CEL_PREDICATE_TRUE:
        add_key(gates, &yes, rule);
        return;
    case CEL_PREDICATE_IN:
        for (uint32_t i = 0; i < count; i++)
            if (key_of(&constants[i], &key))
                add_key(gates, &key, rule);
        return;
    case CEL_PREDICATE_STARTS:
        add_edge(gates, KEY_START, constants, rule);
        return;
    case CEL_PREDICATE_ENDS:
        add_edge(gates, KEY_END, constants, rule);
        return;
    case CEL_PREDICATE_CONTAINS:
        add_part(gates, constants, rule);
        return;
    case CEL_PREDICATE_LESS:
    case CEL_PREDICATE_LESS_EQUAL:
    case CEL_PREDICATE_MORE:
    case CEL_PREDICATE_MORE_EQUAL:
        break;
    }
    add_bound(gates, predicate, constants, rule, layer);
}

/* Ascending, of the same number the inclusive ones first: what a value passes is then
 * always the first part of a row. */
static int by_bound(const void *a, const void *b)
{
    const struct bound *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return y->inclusive - x->inclusive;
}

void rule_gates_seal(struct rule_gates *gates)
{
    pack_entries(gates);
    if (gates->lower.count)
        qsort(gates->lower.items, gates->lower.count, sizeof(struct bound), by_bound);
    if (gates->upper.count)
        qsort(gates->upper.items, gates->upper.count, sizeof(struct bound), by_bound);
    if (gates->part_count)
        gates->needles = rule_needles_new(gates->arena, gates->parts, gates->part_count);
}

/* ---- Marking ---- */

static inline void mark_rules(uint64_t *set, const struct rules *rules)
{
    for (uint32_t i = 0; i < rules->count; i++)
        rule_marks_set(set, rules->items[i]);
}

static inline void mark_key(const struct rule_gates *gates, const struct key *key, uint64_t *passed)
{
    const struct slot *slot = find_slot(gates, key, hash_of(key));
    if (slot->hash)
        mark_rules(passed, &gates->entries[slot->entry].rules);
}

static void mark_bounds(const struct bounds *bounds, double number, const struct rule_marks *marks)
{
    uint32_t low = 0, high = bounds->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct bound *bound = &bounds->items[middle];
        if (bound->number < number || (bound->number == number && bound->inclusive))
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = 0; i < low; i++)
        rule_marks_set(marks->passed[bounds->items[i].layer], bounds->items[i].rule);
}

static void mark_part(void *context, uint32_t rule)
{
    rule_marks_set(context, rule);
}

static void mark_text(const struct rule_gates *gates, const struct value *text, uint64_t *passed)
{
    for (uint32_t i = 0; i < gates->starts.count; i++) {
        struct key key = {KEY_START, gates->starts.items[i], text->string, 0};
        if (key.length <= text->length)
            mark_key(gates, &key, passed);
    }
    for (uint32_t i = 0; i < gates->ends.count; i++) {
        struct key key = {KEY_END, gates->ends.items[i], text->string, 0};
        if (key.length > text->length)
            continue;
        key.bytes += text->length - key.length;
        mark_key(gates, &key, passed);
    }
    if (gates->needles)
        rule_needles_find(gates->needles, text->string, text->length, mark_part, passed);
}

/* The rules whose predicates are for other kinds of values. */
static void mark_unknown(const struct rule_gates *gates, const struct value *value,
                         uint64_t *unknown)
{
    static const enum cel_predicate asked[] = {[DOMAIN_BOOL] = CEL_PREDICATE_TRUE,
                                               [DOMAIN_DATA] = CEL_PREDICATE_IN,
                                               [DOMAIN_NUMBER] = CEL_PREDICATE_LESS,
                                               [DOMAIN_TEXT] = CEL_PREDICATE_STARTS};
    static const struct value any[] = {
        [DOMAIN_NUMBER] = {.kind = VALUE_INT},
        [DOMAIN_TEXT] = {.kind = VALUE_STRING, .string = ""},
    };
    for (int i = 0; i < DOMAIN_COUNT; i++)
        if (gates->by_domain[i].count &&
            (!value ||
             cel_predicate_ask(asked[i], &any[i], i >= DOMAIN_NUMBER, value) == CEL_ANSWER_UNKNOWN))
            mark_rules(unknown, &gates->by_domain[i]);
}

void rule_gates_mark(const struct rule_gates *gates, const struct value *value,
                     const struct rule_marks *marks)
{
    struct key key;
    double number;
    mark_unknown(gates, value, marks->unknown);
    if (!value)
        return;
    if (gates->entry_count && key_of(value, &key))
        mark_key(gates, &key, marks->passed[0]);
    if (value->kind == VALUE_STRING) {
        mark_text(gates, value, marks->passed[0]);
    } else if (value_to_double(value, &number) && !isnan(number)) {
        mark_bounds(&gates->lower, number, marks);
        mark_bounds(&gates->upper, -number, marks);
    }
}
