/*
 * YAML into the value tree, through libyaml, with line and column of every
 * node (VALUE_PLACED, keys too). YAML 1.2's core schema: `on`, `no` and `off`
 * are strings, `0o17` and `0x1f` integers, `~` and an empty value null.
 * Refused, each with a place and a hint: tags, a key twice, keys that are no
 * strings, aliases past the bound, invalid UTF-8.
 */
#ifndef NUDGED_BASE_YAML_H
#define NUDGED_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"

struct yaml_options {
    const char *file; /* for diagnostics */
    size_t bytes;     /* 0: 4 MiB */
    uint32_t depth;   /* 0: 64 */
    uint32_t nodes;   /* 0: 200,000; each use of an alias counts its whole subtree */

    /* Keys whose values are expressions (NULL-terminated, may be NULL). Under
     * them what YAML eats of an expression (a tag, a comment, a flow mapping) is
     * an error of its own, with the hint to write the expression after `|` or in
     * quotes. A key names the scalar itself, or all scalars of the mapping below
     * it (`set`, `data`). */
    const char *const *expression_keys;
};

/* Reads all documents of a stream into a list, one item each. Strings are
 * copied into the arena and are NUL-terminated. */
bool yaml_read(struct arena *arena, const char *text, size_t length,
               const struct yaml_options *options, struct value *documents, struct diag *diag);

/* Reads a whole file, at most options->bytes of it; `text` and `length` (both
 * may be NULL) give its bytes, in the arena, for excerpts in later diagnostics. */
bool yaml_read_file(struct arena *arena, const struct yaml_options *options,
                    struct value *documents, const char **text, size_t *length, struct diag *diag);

#endif
