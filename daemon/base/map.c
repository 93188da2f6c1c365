#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

/*
 * Entries stand in one array in the order they came; `slots` finds them by
 * open addressing. Probing always meets an empty slot: entries <= 3/4 of the slots.
 */
enum { FIRST_SLOTS = 16 };

struct entry {
    char *key; /* owned */
    size_t length;
    uint64_t hash;
    void *value;
};

struct map {
    struct entry *entries; /* room for 3/4 of slot_count */
    struct slot {
        uint32_t place; /* in `entries`, plus 1; 0: it is empty */
        uint32_t part;  /* of the hash: most others need not be looked at in `entries` */
    } * slots;
    size_t slot_count; /* a power of two */
    size_t count;      /* of entries */
};

static size_t room(const struct map *map)
{
    return map->slot_count / 4 * 3;
}

struct map *map_new(void)
{
    struct map *map = mem_zero(1, sizeof *map);
    map->slot_count = FIRST_SLOTS;
    map->slots = mem_zero(map->slot_count, sizeof *map->slots);
    map->entries = mem_alloc(room(map) * sizeof *map->entries);
    return map;
}

void map_clear(struct map *map)
{
    for (size_t i = 0; i < map->count; i++)
        free(map->entries[i].key);
    memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    map->count = 0;
}

void map_destroy(struct map **map)
{
    if (!*map)
        return;
    map_clear(*map);
    free((*map)->entries);
    free((*map)->slots);
    free(*map);
    *map = NULL;
}

size_t map_count(const struct map *map)
{
    return map->count;
}

/* The high and the low half of a product, folded: every bit of it counts. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* All bytes of a text of fewer than eight. */
static uint64_t rest(const char *text, size_t length)
{
    if (length >= 4)
        return (uint64_t)bytes_four(text) << 32 | bytes_four(text + length - 4);
    return length ? (uint64_t)(unsigned char)text[0] << 16 |
                        (uint64_t)(unsigned char)text[length / 2] << 8 |
                        (unsigned char)text[length - 1]
                  : 0;
}

/* Eight bytes at a time. Nothing depends on it: entries stand in the order they came. */
uint64_t map_hash(const char *key, size_t length)
{
    const uint64_t spread = 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio */
    uint64_t hash = length ^ spread, eight;
    for (; length >= sizeof eight; key += sizeof eight, length -= sizeof eight) {
        memcpy(&eight, key, sizeof eight);
        hash = fold(hash ^ eight, spread);
    }
    return fold(hash ^ rest(key, length), spread);
}

/* The place is by the lower half. */
static uint32_t part_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static struct entry *find(const struct map *map, const char *key, size_t length, uint64_t hash)
{
    size_t mask = map->slot_count - 1;
    for (size_t slot = hash & mask; map->slots[slot].place; slot = (slot + 1) & mask) {
        if (map->slots[slot].part != part_of(hash))
            continue;
        struct entry *entry = &map->entries[map->slots[slot].place - 1];
        if (entry->hash == hash && entry->length == length &&
            (length == 0 || memcmp(entry->key, key, length) == 0))
            return entry;
    }
    return NULL;
}

static void index_entry(struct map *map, size_t at)
{
    size_t mask = map->slot_count - 1;
    size_t slot = map->entries[at].hash & mask;
    while (map->slots[slot].place)
        slot = (slot + 1) & mask;
    map->slots[slot] = (struct slot){(uint32_t)at + 1, part_of(map->entries[at].hash)};
}

static void grow(struct map *map)
{
    map->slot_count *= 2;
    if (map->slot_count > UINT32_MAX)
        mem_exhausted();
    map->entries = mem_resize(map->entries, room(map) * sizeof *map->entries);
    free(map->slots);
    map->slots = mem_zero(map->slot_count, sizeof *map->slots);
    for (size_t i = 0; i < map->count; i++)
        index_entry(map, i);
}

void *map_get(const struct map *map, const char *key, size_t length)
{
    const struct entry *entry = find(map, key, length, map_hash(key, length));
    return entry ? entry->value : NULL;
}

void *map_put(struct map *map, const char *key, size_t length, void *value)
{
    uint64_t hash = map_hash(key, length);
    struct entry *entry = find(map, key, length, hash);
    if (entry) {
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    if (map->count == room(map))
        grow(map);
    map->entries[map->count] = (struct entry){
        .key = mem_copy(key, length), .length = length, .hash = hash, .value = value};
    index_entry(map, map->count++);
    return NULL;
}

bool map_next(const struct map *map, size_t *cursor, const char **key, size_t *length, void **value)
{
    if (*cursor == map->count)
        return false;
    const struct entry *entry = &map->entries[(*cursor)++];
    if (key)
        *key = entry->key;
    if (length)
        *length = entry->length;
    if (value)
        *value = entry->value;
    return true;
}
