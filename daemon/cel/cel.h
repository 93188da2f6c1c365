/* The Common Expression Language (google/cel-spec, doc/langdef.md) over JSON: compiled once, run
 * often. Programs are immutable: any number of threads may run one, each with its own arena. */
#ifndef NUDGED_CEL_CEL_H
#define NUDGED_CEL_CEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"

struct cel_program;

/* A method of a root that the host answers: customer.count("order.placed"); or a function, whose
 * root is "": lookup("stock", product.sku). */
struct cel_method {
    const char *root;           /* "customer" */
    const char *name;           /* "count" */
    int least, most;            /* arguments */
    bool literal;               /* the first argument must be a text that stands there */
    bool remote;                /* dear to answer: asked only where that makes a difference */
    uint32_t accepts[3], gives; /* bits 1 << enum value_kind; 0: of any kind */
};

/* What an expression may name. Static data of the host. */
struct cel_environment {
    const char *const *roots;         /* NULL-terminated; the index is the slot in cel_input */
    const struct cel_method *methods; /* ends with a row without a root; may be NULL */
    /* Other names are looked up in cel_input.members at run time (an event's own data). `members`
     * is a sample of them, or NULL: a name that is in neither is an error with "did you mean". */
    bool open;
    const struct value *members;
    const char *container; /* a namespace for names, as the specification has it; may be NULL */
    const struct value *samples; /* of the roots, by slot, null where unknown; may be NULL */
    uint32_t documents;          /* bits of the roots that are maps of JSON; then with samples */
    bool unchecked; /* names and types that are wrong fail at run time, not at compile time */
};

struct cel_input {
    /* By slot; an extension of length CEL_ABSENT: not bound; of CEL_LATE: `bind` makes it, once. */
    const struct value *roots;
    void (*bind)(void *context, int slot);
    void *bind_context;
    const struct value *members; /* a map, or NULL */
    int64_t now_ms;              /* what now() and the root `now` tell */
    const char *zone;            /* IANA, where none is given; NULL: of find_zone, or UTC */
    const char *(*find_zone)(void *bind_context);
    /* Answers methods[index]; false with a text in *fault (in the arena or static). */
    bool (*call)(void *context, int index, const struct value *arguments, int count,
                 struct arena *arena, struct value *result, const char **fault);
    void *context;
    /* What several runs may visit together: each takes what it visited, and one more. NULL: each
     * has CEL_COST_MOST, which none passes anyway. Below zero a run had to end. */
    int64_t *budget;
};

/* A run that failed: what and where in the expression. */
struct cel_fault {
    const char *text; /* "order.coupon: no such field"; in the arena or static */
    uint32_t offset;  /* bytes into the expression */
};

enum {
    CEL_ABSENT = 1,
    CEL_LATE = 0x7fffffff,
    CEL_TEXT_MOST = 16384,
    CEL_DEPTH_MOST = 64,
    CEL_COST_MOST = 1000000
};

/* Compiles into `arena`, which must outlive the program; `text` is copied. On an
 * error the diag's line and column count within `text`. Warnings (a constant
 * condition) go to `warnings` where it is not NULL. */
struct cel_program *cel_compile(struct arena *arena, const char *text, size_t length,
                                const struct cel_environment *environment, struct diags *warnings,
                                struct diag *diag);

/* Evaluates. The result may share memory with the input, the program and the arena. False: `fault`
 * says why. Bounded by CEL_COST_MOST visited elements, and by input->budget. */
bool cel_eval(const struct cel_program *program, const struct cel_input *input, struct arena *arena,
              struct value *result, struct cel_fault *fault);

/* One sub-expression that was evaluated: its bytes in the text, and its value or why it
 * failed. Inner ones come before outer ones; literals are left out. */
struct cel_step {
    uint32_t offset, length;
    const struct value *value; /* NULL: it failed */
    const char *fault;
};

struct cel_tracer {
    void (*visit)(void *context, const struct cel_step *step);
    void *context;
};

/* As cel_eval, telling the tracer every step. */
bool cel_eval_traced(const struct cel_program *program, const struct cel_input *input,
                     struct arena *arena, const struct cel_tracer *tracer, struct value *result,
                     struct cel_fault *fault);

/* Whether the result may be of that kind, as far as that is known without running: a
 * condition must be able to give a VALUE_BOOL. */
bool cel_may_give(const struct cel_program *program, enum value_kind kind);

/* Appends a value as an expression writes it: "gold", 1u, timestamp("…"), [1, {"a": null}].
 * False where the buffer is full. */
bool cel_print(struct buf *out, const struct value *value);

/* The expression as it was written. */
const char *cel_text(const struct cel_program *program);

/* A list of the string literals in the expression, in their order, each as often as it stands
 * there: what it may ask the host's methods about. It lives as long as the program. */
const struct value *cel_strings(const struct cel_program *program);

#endif
