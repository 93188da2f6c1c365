/*
 * Settings as data: a table says of every key its type, range and default, whether a reload may
 * change it, and one line of help (base/setting). The same table reads a YAML mapping into a
 * struct, prints it again and makes the reference page, so none of these can drift from another.
 *
 *   struct pool { int64_t connections, idle_ms; };
 *
 *   static const struct setting pool_settings[] = {
 *       {.key = "connections", .type = SETTING_INT, .offset = offsetof(struct pool, connections),
 *        .fallback = "4", .least = 1, .most = 256, .help = "connections at once"},
 *       {.key = "idle", .type = SETTING_DURATION, .offset = offsetof(struct pool, idle_ms),
 *        .fallback = "30s", .least = 1000, .most = INT64_MAX, .help = "how long one is kept"},
 *       {.key = NULL},
 *   };
 */
#ifndef NUDGED_BASE_SETTINGS_H
#define NUDGED_BASE_SETTINGS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/setting.h"
#include "base/settings_fault.h"

/* Fills `into`, the struct that the table describes, with the defaults, then with what `map`
 * says. A NULL or null `map` is an empty one, and a key whose value is `null` or `~` counts as
 * absent; one with nothing behind its colon is a fault, unless it is a section. A section that
 * is absent has its defaults, and nothing in it is required.
 *
 * Every fault (unknown key with "did you mean", wrong type, out of range, missing) is added to
 * `diags`; false where there was an error. `source` may be NULL. Texts lie in the arena; values
 * share their parts with `map`. */
bool settings_read(const struct setting *table, const struct value *map,
                   const struct settings_source *source, void *into, struct arena *arena,
                   struct diags *diags);

/* Whether a key of the map that the table has not is taken to mean `key`: where it was told, that
 * `key` is missing need not be. */
bool settings_meant(const struct setting *table, const struct value *map, const char *key,
                    struct arena *arena);

/* Prints the effective settings as YAML that reads back as the same, but for passwords and
 * tokens, which are masked (base/mask); what is absent is left out. False where the buffer is
 * full. */
bool settings_print(const struct setting *table, const void *from, struct buf *out);

/* Appends the keys of which the values differ and a restart is needed for that to count:
 * "redis.url, drain". `prefix` stands before each: "" or "gateways.main.". What goes by its parts
 * is left to who knows their tables. */
void settings_changed(const struct setting *table, const char *prefix, const void *before,
                      const void *after, struct buf *out);

/* Puts those keys back as they were: `after` is then what a reload may make of `before`, and
 * shares its texts. What goes by its parts is left as it is. */
void settings_keep(const struct setting *table, const void *before, void *after);

/* Appends the table as Markdown, one row for each key ("smtp.host" in a section): type,
 * default, range, whether a reload changes it, help. */
bool settings_reference(const struct setting *table, struct buf *out);

#endif
