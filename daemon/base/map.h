/*
 * A hash table from byte strings to pointers. Keys are copied; values belong to
 * the caller. Grows at three quarters; order of iteration is that of insertion
 * as long as nothing was removed.
 */
#ifndef NUDGED_BASE_MAP_H
#define NUDGED_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
void map_destroy(struct map **map);
void map_clear(struct map *map);
size_t map_count(const struct map *map);

void *map_get(const struct map *map, const char *key, size_t length); /* or NULL */
/* Sets, and returns what was there before (NULL when nothing). */
void *map_put(struct map *map, const char *key, size_t length, void *value);
void *map_remove(struct map *map, const char *key, size_t length);

/* Walks: start with *cursor = 0; false at the end. Nothing may be put meanwhile. */
bool map_next(const struct map *map, size_t *cursor, const char **key, size_t *length,
              void **value);

#endif
