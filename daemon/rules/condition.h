/* What an expression of a rule sees, and how it is asked: its roots, the event's own members, and
 * the customer's counters as methods. */
#ifndef NUDGED_RULES_CONDITION_H
#define NUDGED_RULES_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "cel/cel.h"
#include "customer/customer.h"
#include "rules/lookups.h"

/* A named condition of the configuration: customer.segment("vip"). */
struct condition_segment {
    const char *name;
    struct cel_program *program;
};

enum { CONDITION_NESTED_MOST = 8 }; /* segments within segments */

/* The scene of evaluations. */
struct condition_scene {
    const struct value *event; /* map type, id, time, source, data; NULL: at a timer */
    const struct value *start; /* the starting event likewise; NULL: none yet */
    int64_t started_ms;        /* and its time */
    bool waited;               /* the last `wait … or` met its event */
    struct value collected;    /* list of the data of all that joined; null: the start alone */
    const struct customer *customer;
    const struct value *shop; /* map, or NULL */
    const char *zone;         /* of the shop; the customer's own goes before it */
    int64_t now_ms;
    const struct condition_segment *segments; /* ends with a row without a name; NULL: none */
    uint32_t nested;                          /* within how many segments this is asked */
    struct lookups *lookups; /* what lookup() is answered from; NULL: it cannot be asked */
};

/* The names that every expression knows, by their slot. */
enum condition_root {
    CONDITION_ROOT_EVENT,
    CONDITION_ROOT_START,
    CONDITION_ROOT_CUSTOMER,
    CONDITION_ROOT_SHOP,
    CONDITION_ROOT_NOW,
    CONDITION_ROOT_STARTED,
    CONDITION_ROOT_WAITED,
    CONDITION_ROOT_COLLECTED,
    CONDITION_ROOTS,
};

/* Whether expressions know that name as a root, whatever the event has. */
bool condition_has_root(const char *name);

/* What customers are asked about by methods, as rows of cel_environment.methods. */
enum condition_method {
    CONDITION_COUNT,
    CONDITION_FIRST,
    CONDITION_LAST,
    CONDITION_SENT,
    CONDITION_SEGMENT,
    CONDITION_LOOKUP, /* a function: lookup("stock", product.sku, 0) */
};

/* Maps of what is known: the events' data members, those of the event that started the journey,
 * the customer's fields; each NULL where not all are known. */
struct condition_samples {
    const struct value *members, *start, *customer;
};

/* Compiles an expression. `samples` NULL: nothing is known. */
struct cel_program *condition_compile(struct arena *arena, const char *text, size_t length,
                                      const struct condition_samples *samples,
                                      struct diags *warnings, struct diag *diag);

/* Evaluates to any value; false with the reason in *fault (static or in the arena). */
bool condition_value(const struct cel_program *program, const struct condition_scene *scene,
                     struct arena *arena, struct value *result, const char **fault);

/* Likewise for people who look into an expression: tells the tracer (NULL: none) every step,
 * and *fault has the place within the expression. */
bool condition_trace(const struct cel_program *program, const struct condition_scene *scene,
                     const struct cel_tracer *tracer, struct arena *arena, struct value *result,
                     struct cel_fault *fault);

enum condition_answer { CONDITION_FALSE, CONDITION_TRUE, CONDITION_FAILED };

/* Evaluates to yes or no; anything but a boolean is a failure. A NULL program is true. */
enum condition_answer condition_ask(const struct cel_program *program,
                                    const struct condition_scene *scene, struct arena *arena,
                                    const char **fault);

/* Notes in scene->lookups all that the expression may look up, as far as that can be told before
 * anything is answered. */
void condition_foresee(const struct cel_program *program, const struct condition_scene *scene,
                       struct arena *arena);

/* A scene made ready to be asked many questions, as long as nothing in it changes. Neither may be
 * moved. */
struct condition_view {
    const struct condition_scene *scene;
    struct arena *arena;                 /* of what is made once it is asked for */
    struct value roots[CONDITION_ROOTS]; /* as struct cel_input has them */
    struct cel_input input;
};

void condition_view_open(struct condition_view *view, const struct condition_scene *scene,
                         struct arena *arena);
bool condition_view_value(const struct cel_program *program, const struct condition_view *view,
                          struct arena *arena, struct value *result, const char **fault);
enum condition_answer condition_view_ask(const struct cel_program *program,
                                         const struct condition_view *view, struct arena *arena,
                                         const char **fault);

/* The zone in which a customer's local times are: theirs where it is one, else `fallback`. */
const char *condition_zone(const struct customer *customer, const char *fallback,
                           struct arena *arena);

#endif
