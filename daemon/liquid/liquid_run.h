/*
 * One render under way: what is in scope, what it may still spend, where it is.
 */
#ifndef NUDGED_LIQUID_LIQUID_RUN_H
#define NUDGED_LIQUID_LIQUID_RUN_H

#include "base/buf.h"
#include "base/slice.h"
#include "liquid/liquid_tree.h"

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

enum liquid_interrupt { LIQUID_NO_INTERRUPT, LIQUID_BREAK, LIQUID_CONTINUE };

enum { LIQUID_BODIES_MOST = 1000 }; /* bodies within bodies, over all templates */

struct liquid_run {
    const struct liquid_input *input;
    const struct liquid_template *root;     /* its options hold for all */
    const struct liquid_template *template; /* the one being rendered */
    struct liquid_scope *scope;
    struct arena *arena;
    struct buf *out;
    struct buf scratch; /* for filters that do not know how much they will write */
    bool escape;
    enum liquid_interrupt interrupt;
    uint32_t renders, bodies; /* how deep it is in them */
    uint64_t steps, check_at, step_limit;
    size_t memory_start, memory_limit;
    int64_t deadline;
    struct diag *diag;
    bool placed; /* the failure's place is known */
    bool over;   /* it is of a limit: nothing is rendered any more */
};

/* Counts steps and, every few hundred, looks at the clock and the memory. */
bool liquid_run_check(struct liquid_run *run);
static inline bool liquid_run_step(struct liquid_run *run, uint64_t steps)
{
    run->steps += steps;
    return run->steps < run->check_at || liquid_run_check(run);
}

/* Whether the arena may take that many bytes more; a failed run where not. */
bool liquid_run_fits(struct liquid_run *run, size_t size);
/* Bytes in the arena; NULL, and a failed run, where the memory's bound is passed. */
char *liquid_run_room(struct liquid_run *run, size_t size);

/* Fails because of a limit, which `format` shows. Returns false. */
bool liquid_run_over(struct liquid_run *run, const char *format, unsigned long long limit)
    __attribute__((format(printf, 2, 0)));
/* Says where a failure was, if it is not known; always returns false. */
bool liquid_run_place(struct liquid_run *run, uint32_t offset);

/* Text for the output. */
bool liquid_run_full(struct liquid_run *run); /* fails: it has no room */
static inline bool liquid_run_add(struct liquid_run *run, const char *text, size_t length)
{
    return buf_add(run->out, text, length) || liquid_run_full(run);
}

/* Renders the nodes; afterwards `run->interrupt` may be set. */
bool liquid_run_body(struct liquid_run *run, const struct liquid_body *body);

/* Bindings: found by name, or NULL; set or added; added whatever is there. */
struct value *liquid_run_find(const struct liquid_bindings *bindings,
                              const struct liquid_name *name);
bool liquid_run_set(struct liquid_run *run, struct liquid_bindings *bindings,
                    const struct liquid_name *name, struct value value);
bool liquid_run_push(struct liquid_run *run, struct liquid_bindings *bindings,
                     const struct liquid_name *name, struct value value);

/* The variable of that name, or NULL: loops, locals, counters, data, shared. */
const struct value *liquid_run_variable(struct liquid_run *run, const struct liquid_name *name);
/* Likewise in another scope, that `self` was taken in. */
const struct value *liquid_run_variable_in(struct liquid_run *run, struct liquid_scope *scope,
                                           const struct liquid_name *name);

/* The value of an expression. Fails on ranges without numbers and on limits only. */
bool liquid_run_evaluate(struct liquid_run *run, const struct liquid_expression *expression,
                         struct value *value);

#endif
