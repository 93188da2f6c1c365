/*
 * Of each needle, four bytes in a row are its gram: those that stand in the fewest
 * others. The walk looks at every four bytes of the text, first in a table of
 * bits, which says no nearly always, then in a hash table of grams, and
 * compares only needles whose gram stands there. What is too short for a gram
 * is looked for by itself.
 */
#include "rules/rule_needles.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GRAM = 4, SLOTS_LEAST = 64, BITS_PER_SLOT = 16, NONE = UINT32_MAX };

struct needle {
    struct rule_needle is;
    uint32_t gram, offset; /* the gram's bytes, and where in the needle they stand */
    uint32_t next;         /* another needle of the same slot, or NONE */
};

struct rule_needles {
    struct needle *items; /* with a gram */
    uint32_t count;
    const struct rule_needle *tiny; /* without one */
    uint32_t tiny_count;
    uint32_t *slots; /* the first needle of each, or NONE */
    uint64_t *bits;  /* BITS_PER_SLOT for each slot */
    int shift;       /* of a gram's hash to its bit */
};

static uint32_t gram_at(const char *bytes)
{
    uint32_t gram;
    memcpy(&gram, bytes, sizeof gram);
    return gram;
}

static uint32_t hash_of(uint32_t gram, int shift)
{
    return (gram * 0x9e3779b1u) >> shift; /* 2^32 divided by the golden ratio */
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* How many of a sorted list are below `gram`. */
static uint32_t count_below(const uint32_t *grams, uint32_t count, uint64_t gram)
{
    uint32_t low = 0;
    while (low < count) {
        uint32_t middle = low + (count - low) / 2;
        if (grams[middle] < gram)
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

static void choose_grams(struct rule_needles *needles)
{
    size_t total = 0;
    for (uint32_t i = 0; i < needles->count; i++)
        total += needles->items[i].is.length - GRAM + 1;
    struct arena *arena = arena_new(sizeof(uint32_t) * (total + 2));
    uint32_t *grams = arena_alloc(arena, sizeof *grams * (total + 1)), all = 0;
    for (uint32_t i = 0; i < needles->count; i++)
        for (uint32_t at = 0; at + GRAM <= needles->items[i].is.length; at++)
            grams[all++] = gram_at(needles->items[i].is.bytes + at);
    qsort(grams, all, sizeof *grams, by_value);
    for (uint32_t i = 0; i < needles->count; i++) {
        struct needle *needle = &needles->items[i];
        uint32_t fewest = UINT32_MAX;
        for (uint32_t at = 0; at + GRAM <= needle->is.length; at++) {
            uint32_t gram = gram_at(needle->is.bytes + at);
            uint32_t uses =
                count_below(grams, all, (uint64_t)gram + 1) - count_below(grams, all, gram);
            if (uses >= fewest)
                continue;
            fewest = uses;
            needle->gram = gram;
            needle->offset = at;
        }
    }
    arena_destroy(&arena);
}

static void fill_slots(struct arena *arena, struct rule_needles *needles)
{
    uint32_t slots = SLOTS_LEAST;
    int slot_bits = 6;
    for (; slots < needles->count * 2; slots *= 2)
        slot_bits++;
    needles->shift = 32 - slot_bits - 4; /* 2^4 bits for each slot */
    needles->slots = arena_alloc(arena, sizeof *needles->slots * slots);
    memset(needles->slots, 0xff, sizeof *needles->slots * slots);
    needles->bits = arena_zero(arena, (size_t)slots * BITS_PER_SLOT / 8);
    for (uint32_t i = 0; i < needles->count; i++) {
        struct needle *needle = &needles->items[i];
        uint32_t bit = hash_of(needle->gram, needles->shift);
        needles->bits[bit / 64] |= UINT64_C(1) << bit % 64;
        needle->next = needles->slots[bit / BITS_PER_SLOT];
        needles->slots[bit / BITS_PER_SLOT] = i;
    }
}

struct rule_needles *rule_needles_new(struct arena *arena, const struct rule_needle *items,
                                      uint32_t count)
{
    struct rule_needles *needles = arena_zero(arena, sizeof *needles);
    struct rule_needle *tiny = arena_alloc(arena, sizeof *tiny * count);
    needles->items = arena_alloc(arena, sizeof *needles->items * count);
    needles->tiny = tiny;
    for (uint32_t i = 0; i < count; i++) {
        struct rule_needle item = items[i];
        item.bytes = arena_copy(arena, item.bytes, item.length); /* all of them close together */
        if (item.length < GRAM)
            tiny[needles->tiny_count++] = item;
        else
            needles->items[needles->count++] = (struct needle){.is = item};
    }
    choose_grams(needles);
    fill_slots(arena, needles);
    return needles;
}

static bool stands_at(const struct needle *needle, const char *text, size_t length, size_t at)
{
    return at >= needle->offset && length - (at - needle->offset) >= needle->is.length &&
           memcmp(text + at - needle->offset, needle->is.bytes, needle->is.length) == 0;
}

void rule_needles_find(const struct rule_needles *needles, const char *text, size_t length,
                       void (*found)(void *context, uint32_t number), void *context)
{
    for (uint32_t i = 0; i < needles->tiny_count; i++)
        if (memmem(text, length, needles->tiny[i].bytes, needles->tiny[i].length))
            found(context, needles->tiny[i].number);
    if (needles->count == 0)
        return;
    for (size_t at = 0; at + GRAM <= length; at++) {
        uint32_t gram = gram_at(text + at), bit = hash_of(gram, needles->shift);
        if (!(needles->bits[bit / 64] >> bit % 64 & 1))
            continue;
        for (uint32_t i = needles->slots[bit / BITS_PER_SLOT]; i != NONE;
             i = needles->items[i].next)
            if (needles->items[i].gram == gram && stands_at(&needles->items[i], text, length, at))
                found(context, needles->items[i].is.number);
    }
}
