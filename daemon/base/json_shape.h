/*
 * Texts of JSON that come again and again with the same keys in the same order, as the events of a
 * shop do: they differ in their scalars alone. Such a shape is learnt from the first text that has
 * it. What has a known one is only compared with it between the scalars, and its tree is a copy of
 * one block, into which they are put; no key is looked at.
 *
 * Where only the first scalars of such texts are wanted, what is learnt and compared is their begin
 * (json_shapes_begin); who does that has shapes for nothing else.
 *
 * Shapes are as many as there is room for; what has none, or a fault, json_read reads. Not for use
 * by two threads at a time.
 */
#ifndef NUDGED_BASE_JSON_SHAPE_H
#define NUDGED_BASE_JSON_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/slice.h"

enum { JSON_SHAPE_SCALARS_MOST = 128 };

struct json_shapes;

struct json_shape {
    const void *note; /* of who reads, NULL at first: what is the same for all such texts. A value
                         of the tree stands as far behind root.map as in any other */
    const struct json_shape_tree *tree; /* of base/json_shape */
};

/* `limits`, of all texts, outlive it; a key must not stand twice. */
struct json_shapes *json_shapes_new(const struct json_limits *limits);
/* What was read ends with it. */
void json_shapes_destroy(struct json_shapes **shapes);
/* Lives as long: for notes. */
struct arena *json_shapes_arena(struct json_shapes *shapes);

/* As json_read. *shape: the text's; NULL: it has none. */
bool json_shapes_read(struct json_shapes *shapes, struct arena *arena, const char *text,
                      size_t length, struct value *value, struct json_shape **shape,
                      struct diag *diag);

/* The note of the begin that the text has, and the scalars that stand there; NULL where it has none
 * that is known. Of the text behind it nothing is known. */
const void *json_shapes_begin(const struct json_shapes *shapes, struct arena *arena,
                              struct slice text, struct value scalars[JSON_SHAPE_SCALARS_MOST]);

/* Learns the begin of a text, up to `end`, with all scalars of it in their order. A begin goes on
 * no further in any text that has it. The note is copied. */
void json_shapes_learn_begin(struct json_shapes *shapes, const char *begin, const char *end,
                             const struct slice *scalars, uint32_t count, const void *note,
                             size_t note_size);

#endif
