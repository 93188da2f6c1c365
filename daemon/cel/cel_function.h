/*
 * Functions as data: one row for each overload says how it is called, with what
 * types, and which C function answers. The checker, the evaluator, "did you mean"
 * and the reference page all read the same rows.
 */
#ifndef NUDGED_CEL_CEL_FUNCTION_H
#define NUDGED_CEL_CEL_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "cel/cel_run.h"

/* One call. The arguments have the types that the row asks for. */
struct cel_call {
    struct cel_run *run;
    const struct cel_node *node;
    const struct value *arguments; /* the receiver first */
    uint32_t count;
    struct value *result;
};

typedef bool cel_apply(struct cel_call *call);

/* `signature`: the arguments, a letter each, then ">" and the result:
 *   n null  b bool  i int  u uint  d double  s string  y bytes  l list  m map
 *   T timestamp  D duration  Y type  O optional  X decimal  N any number  A anything
 * "s.s>b": only as x.f(y); "ss>b": only as f(x, y); "s:s>b": either. A "+" behind
 * the last argument: one or more of it. "!" at the end: the answer depends on the run
 * (the present time, the zone), it is no constant. */
struct cel_function {
    const char *name; /* with its namespace: "math.abs" */
    const char *signature;
    cel_apply *apply;
    const char *help; /* one line */
};

/* Tables end with a row without a name. */
extern const struct cel_function cel_functions_core[], cel_functions_convert[],
    cel_functions_strings[], cel_functions_math[], cel_functions_time[], cel_functions_lists[],
    cel_functions_optional[], cel_functions_money[];

/* Walks all rows: start with *cursor = 0; NULL at the end. */
const struct cel_function *cel_function_next(uint32_t *cursor);

enum { CEL_ARGUMENTS_MOST = 4 }; /* of a row without "+" */

/* A row as the evaluator wants it. */
struct cel_overload {
    const struct cel_function *function;
    uint32_t accepts[CEL_ARGUMENTS_MOST]; /* bits 1 << enum cel_kind; the last one of a "+" row */
    uint32_t gives;
    uint32_t count; /* arguments, the receiver too; of a "+" row: the least */
    bool more;      /* a "+" row */
    bool input;     /* a "!" row */
    bool flexible;  /* numbers computed from a document's numbers stay flexible */
};

/* All rows that fit a call of `count` arguments (the receiver too). */
struct cel_overloads {
    uint32_t count;
    struct cel_overload items[];
};

enum cel_lookup { CEL_LOOKUP_FOUND, CEL_LOOKUP_COUNT, CEL_LOOKUP_STYLE, CEL_LOOKUP_UNKNOWN };

/* CEL_LOOKUP_COUNT: there is the function, with other numbers of arguments (`least` to
 * `most`); CEL_LOOKUP_STYLE: it is called the other way. */
enum cel_lookup cel_function_find(struct arena *arena, const char *name, size_t length,
                                  bool receiver, uint32_t count,
                                  const struct cel_overloads **overloads, uint32_t *least,
                                  uint32_t *most);

/* "did you mean": the name nearest to `word` among functions and macros. */
void cel_function_suggest(struct diag *diag, const char *word);

/* For functions: false, with the error text. */
static inline bool cel_call_fail(struct cel_call *call, const char *text)
{
    return cel_fail(call->run, call->node, text);
}

#endif
