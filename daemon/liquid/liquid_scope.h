/*
 * What is in scope: names and their values while a template is rendered.
 */
#ifndef NUDGED_LIQUID_LIQUID_SCOPE_H
#define NUDGED_LIQUID_LIQUID_SCOPE_H

#include "base/slice.h"
#include "liquid/liquid_run.h"

struct liquid_loop;

struct liquid_binding {
    struct liquid_name name;
    struct value value;
};

struct liquid_bindings {
    struct liquid_binding *items;
    uint32_t count, capacity;
};

/* What a `render` tag begins anew, and its caller does not see. */
struct liquid_scope {
    struct liquid_bindings inner;    /* of loops and includes, innermost last */
    struct liquid_bindings locals;   /* of assign and capture */
    struct liquid_bindings counters; /* of increment and decrement */
    struct liquid_bindings offsets;  /* where the loops of a name ended: offset:continue */
    struct liquid_bindings cycles;   /* the next place of each group */
    struct slice changed;            /* what ifchanged printed last; `text` NULL: nothing yet */
    const struct liquid_loop *loop;  /* the innermost `for`, or NULL */
    const struct value *data;        /* the caller's variables; NULL under `render` */
    bool isolated;                   /* under `render`: `include` may not be used */
    struct value self;               /* what `self` is here */
};

/* Bindings: the latest of that name, or NULL; set or added; added whatever is there. The
 * latter two fail where memory runs out. */
struct value *liquid_scope_find(const struct liquid_bindings *bindings,
                                const struct liquid_name *name);
bool liquid_scope_set(struct liquid_run *run, struct liquid_bindings *bindings,
                      const struct liquid_name *name, struct value value);
bool liquid_scope_push(struct liquid_run *run, struct liquid_bindings *bindings,
                       const struct liquid_name *name, struct value value);

/* The variable of that name, or NULL: loops, locals, counters, data, what the host shares,
 * `self`. */
const struct value *liquid_scope_variable(struct liquid_run *run, struct liquid_scope *scope,
                                          const struct liquid_name *name);

#endif
