/*
 * Names by their keys: a hash table of names that lie elsewhere, one for each key. A simulation has
 * hundreds of thousands, of which each event asks for one or two: so a slot has the whole hash, and
 * the name with the key is one look further; and who knows which come soon says so beforehand
 * (name_table_expect), while the memory is still far away.
 */
#ifndef NUDGED_DECIDE_NAME_TABLE_H
#define NUDGED_DECIDE_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "decide/name.h"

struct name_table {
    struct name_slot {
        uint64_t hash;
        struct name *name; /* NULL: it is empty */
    } * slots;             /* owned; NULL at first */
    size_t slot_count, count;
    struct name *first, *last; /* in the order in which they came; on by `after` */
};

void name_table_free(struct name_table *table);
void name_table_clear(struct name_table *table);

uint64_t name_table_hash(const char *key);

/* The name of a key; NULL where nobody has it. `hash`: the key's. */
struct name *name_table_find(const struct name_table *table, const char *key);
struct name *name_table_find_hashed(const struct name_table *table, const char *key, uint64_t hash);
/* The key is not there yet. */
void name_table_add(struct name_table *table, struct name *name);

/* A key of that hash will be asked for: fetches its slot; then, when that has come, gives its name,
 * or another's of the same hash, or NULL. */
void name_table_expect(const struct name_table *table, uint64_t hash);
struct name *name_table_guess(const struct name_table *table, uint64_t hash);

#endif
