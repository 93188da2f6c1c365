/*
 * Where mappings are found by their name: NAME.yaml in the folder of mappings, beside nudged.yaml;
 * else the one of the folder webhooks/ of the sources, which is built in.
 */
#ifndef NUDGED_WEB_MAPPING_FILE_H
#define NUDGED_WEB_MAPPING_FILE_H

#include "base/built_in.h"
#include "web/mapping.h"

/* Ends with a row without a name. */
extern const struct built_in mapping_texts[];

/* The names of those that are built in, in the arena; ends with NULL. */
const char *const *mapping_file_names(struct arena *arena);

/* `folder` NULL, or not there: those that are built in alone. NULL with errors in `diags`, which
 * say where they are in which file; one that is about no file has none. */
struct mapping *mapping_file_read(struct arena *arena, const char *folder, const char *name,
                                  struct diags *diags);
/* A file of any name, which the mapping has too. */
struct mapping *mapping_file_read_path(struct arena *arena, const char *path, struct diags *diags);

#endif
