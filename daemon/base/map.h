/*
 * A hash table from byte strings to pointers. Keys are copied; values belong to
 * the caller. Grows at three quarters; order of iteration is that of insertion.
 * Its hash is a fast one, so not for unbounded keys of a stranger's choice.
 */
#ifndef NUDGED_BASE_MAP_H
#define NUDGED_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map;

struct map *map_new(void);
void map_destroy(struct map **map);
void map_clear(struct map *map);
size_t map_count(const struct map *map);

/* The hash of a key, of which all bits count; the same in every run. */
uint64_t map_hash(const char *key, size_t length);

void *map_get(const struct map *map, const char *key, size_t length); /* or NULL */
/* Sets, and returns what was there before (NULL when nothing). */
void *map_put(struct map *map, const char *key, size_t length, void *value);

/* Walks: start with *cursor = 0; false at the end. Any of `key`, `length` and `value`
 * may be NULL; the key is NUL-terminated and lives as long as its entry. Meanwhile
 * nothing may be put. */
bool map_next(const struct map *map, size_t *cursor, const char **key, size_t *length,
              void **value);

#endif
