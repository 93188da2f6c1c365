#include "decide/name_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

/* Half of the slots are empty at least: most looks find their own at once. */
enum { FIRST_SLOTS = 64, SPARSE = 2 };

void name_table_free(struct name_table *table)
{
    free(table->slots);
    *table = (struct name_table){0};
}

void name_table_clear(struct name_table *table)
{
    if (table->count)
        memset(table->slots, 0, sizeof *table->slots * table->slot_count);
    table->count = 0;
    table->first = table->last = NULL;
}

uint64_t name_table_hash(const char *key)
{
    return map_hash(key, strlen(key));
}

/* The slot of the hash, or the empty one where it would stand. */
static struct name_slot *slot_of(const struct name_table *table, uint64_t hash, const char *key)
{
    size_t mask = table->slot_count - 1, at = hash & mask;
    while (table->slots[at].name && (table->slots[at].hash != hash ||
                                     (key && strcmp(table->slots[at].name->text, key) != 0)))
        at = (at + 1) & mask;
    return &table->slots[at];
}

struct name *name_table_find(const struct name_table *table, const char *key)
{
    return name_table_find_hashed(table, key, name_table_hash(key));
}

struct name *name_table_find_hashed(const struct name_table *table, const char *key, uint64_t hash)
{
    return table->count ? slot_of(table, hash, key)->name : NULL;
}

static struct name_slot *make_slots(size_t count)
{
    const size_t size = sizeof(struct name_slot) * count;
    if (size < MEM_LARGE_PAGE)
        return mem_zero(count, sizeof(struct name_slot));
    return memset(mem_pages(size), 0, size);
}

static void grow(struct name_table *table)
{
    struct name_slot *old = table->slots;
    size_t count = table->slot_count;
    table->slot_count = count ? 2 * count : FIRST_SLOTS;
    table->slots = make_slots(table->slot_count);
    for (size_t i = 0; i < count; i++)
        if (old[i].name)
            *slot_of(table, old[i].hash, old[i].name->text) = old[i];
    free(old);
}

void name_table_add(struct name_table *table, struct name *name)
{
    uint64_t hash = name_table_hash(name->text);
    if (table->count * SPARSE >= table->slot_count)
        grow(table);
    *slot_of(table, hash, name->text) = (struct name_slot){hash, name};
    table->count++;
    name->after = NULL;
    if (table->last)
        table->last->after = name;
    else
        table->first = name;
    table->last = name;
}

void name_table_expect(const struct name_table *table, uint64_t hash)
{
    if (table->count)
        __builtin_prefetch(&table->slots[hash & (table->slot_count - 1)]);
}

struct name *name_table_guess(const struct name_table *table, uint64_t hash)
{
    return table->count ? slot_of(table, hash, NULL)->name : NULL;
}
