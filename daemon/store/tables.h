/*
 * Tables of the shop, which expressions look into: P:table:<table>, a hash that the shop writes and
 * nudged only reads.
 */
#ifndef NUDGED_STORE_TABLES_H
#define NUDGED_STORE_TABLES_H

#include <stddef.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "store/wrong_keys.h"

struct tables;

/* Both outlive it. What is no hash is noted. */
struct tables *tables_new(struct scripts *scripts, struct wrong_keys *wrong_keys);
void tables_destroy(struct tables **tables);

struct tables_entry {
    const char *table, *key;
};

/* In the order of the entries: `values[i]`, text NULL where there is none; `wrong[i]`, NULL or why
 * the table cannot be read: "nudged:table:stock is not a hash". All is gone when the callback
 * returns. `fault` is NULL, or why Redis gave no answer: then there is nothing else. */
typedef void tables_on_read(void *context, const struct diag *fault, const struct slice *values,
                            const char *const *wrong);

/* At least one entry; all in one round trip. They are copied. */
void tables_read(struct tables *tables, const struct tables_entry *entries, size_t count,
                 tables_on_read *callback, void *context);

#endif
