/*
 * What the parser makes and the renderer walks. All of it lies in the arena of
 * the template and is never changed once it is parsed, so threads may share it.
 */
#ifndef NUDGED_LIQUID_LIQUID_TREE_H
#define NUDGED_LIQUID_LIQUID_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "liquid/liquid.h"
#include "liquid/liquid_name.h"

struct liquid_run;
struct liquid_node;
struct liquid_visit; /* a walk over the tree in search of variables: liquid_variables.h */

enum liquid_expression_kind {
    LIQUID_CONSTANT,
    LIQUID_EMPTY, /* the words `empty` and `blank`: tests in a condition, else "" */
    LIQUID_BLANK,
    LIQUID_PATH,  /* a name, then steps */
    LIQUID_RANGE, /* (from..to) where one side is a path */
};

enum liquid_command { LIQUID_NO_COMMAND, LIQUID_SIZE, LIQUID_FIRST, LIQUID_LAST };

/* One `.name` or `[index]` of a path. */
struct liquid_step {
    struct liquid_name name; /* constant names; else `text` is NULL, and `index` is there */
    uint8_t command;         /* enum liquid_command, of `.size`, `.first` and `.last` */
    const struct liquid_expression *index;
};

struct liquid_expression {
    uint8_t kind;
    uint32_t offset; /* into the template's text, as all offsets of the tree */
    union {
        struct value constant; /* "" for `empty` and `blank` */
        struct {
            struct liquid_name name;              /* `text` NULL: `[root]` is there */
            const struct liquid_expression *root; /* {{ [expression] }} */
            const struct liquid_step *steps;
            uint32_t step_count;
        };
        struct {
            const struct liquid_expression *from, *to;
        };
    };
};

/* `name: value`, as filters and partials take them. */
struct liquid_keyword {
    struct liquid_name name;
    const struct liquid_expression *value;
};

/* A kind of node other than text: an output, or what a tag's parser made. */
struct liquid_kind {
    const char *name;
    /* Prints the node; false after a failure, which is told in the run. */
    bool (*render)(struct liquid_run *run, const struct liquid_node *node);
    /* Reports the expressions in it (liquid_variables.h); NULL: it has none. */
    void (*visit)(struct liquid_visit *visit, const struct liquid_node *node);
};

struct liquid_node {
    const struct liquid_kind *kind; /* NULL: text */
    bool blank;                     /* prints nothing but white space */
    uint32_t offset;
    uint32_t length; /* of the text */
    union {
        const char *text;
        const void *data; /* what the kind made of it */
    };
};

struct liquid_body {
    struct liquid_node *nodes;
    uint32_t count, capacity;
    bool blank;     /* prints nothing but white space */
    bool text_last; /* while parsing: the last thing seen was text, now the last node */
};

struct liquid_template {
    const char *name; /* for diagnostics */
    const char *text; /* the template's own copy */
    uint32_t length;
    uint32_t first_line, first_column; /* of the text within its file, from 1 */
    const struct liquid_options *options;
    struct liquid_body body;
};

/* Says in `diag` at which place of the template's file an offset is. */
void liquid_tree_place(const struct liquid_template *template, uint32_t offset, struct diag *diag);

#endif
