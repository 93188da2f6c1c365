/*
 * Liquid (shopify.github.io/liquid): compiled to a program once, rendered often. Templates are
 * immutable: any number of threads may render one, each with its own arena and buffer.
 */
#ifndef NUDGED_LIQUID_LIQUID_H
#define NUDGED_LIQUID_LIQUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"

struct liquid_template;
struct liquid_run; /* one render under way */

/* A flag (struct value) of strings that are markup and are not escaped again: captured
 * text, what a safe filter made. Only templates in escape mode have such strings. */
enum { LIQUID_SAFE = 64 };

/* A call of a filter. `keywords` is a map, or NULL when there are none. */
struct liquid_call {
    struct liquid_run *run;
    struct value input;
    const struct value *arguments;
    int count;
    const struct value *keywords;
    struct value result;
    bool safe; /* set by a filter whose result is markup: not escaped again */
};

struct liquid_filter {
    const char *name;
    /* False: liquid_fail() has said why, and the render ends. */
    bool (*apply)(struct liquid_call *call);
    int least, most; /* positional arguments beside the input */
};

/* For filters: where they may allocate, what the host passed, how they fail. */
struct arena *liquid_arena(struct liquid_run *run);
void *liquid_context(struct liquid_run *run);
bool liquid_fail(struct liquid_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A value as a template prints it: "", "1.0", "true", lists joined. Bytes in the arena. Text,
 * never LIQUID_SAFE: of markup without tags what it shows. */
struct value liquid_string(struct liquid_run *run, const struct value *value);
/* The instant that `date` would take a value for, and its offset in minutes east of UTC
 * (that of the render's zone where the value has none). False for what is no date. */
bool liquid_time(struct liquid_run *run, const struct value *value, int64_t *ms, int *offset);

/* A standard filter, for a host's own of the same name that leaves some calls to it; or
 * NULL. Keywords come to it as a map, the last of `arguments`. */
const struct liquid_filter *liquid_filter_standard(const char *name, size_t length);

/* How strict the parser is: the modes of the reference implementation. */
enum liquid_syntax {
    LIQUID_STRICT,        /* all markup must be right ("strict2") */
    LIQUID_STRICT_VALUES, /* in tags other than `if` and `for` it need not be ("strict") */
    LIQUID_LAX,           /* what makes no sense is passed over everywhere */
    LIQUID_FORGIVING,     /* likewise, but told ("warn"); unknown operators stay faults */
};

/* What all templates of a set share. Static or owned by the host; must outlive them. */
struct liquid_options {
    const struct liquid_filter *filters; /* before the standard ones; last has no name; or NULL */
    /* Finds what `render` and `include` name, at render time; NULL: there is none. */
    const struct liquid_template *(*find)(void *context, const char *name, size_t length);
    bool escape; /* output is HTML: every {{ }} is escaped unless `raw` or a safe filter ends it */
    enum liquid_syntax syntax;
    struct diags *slips;   /* gets LIQUID_FORGIVING's warnings, while parsing alone; or NULL */
    bool strict_filters;   /* an unknown filter is a syntax error (else it is passed over) */
    uint32_t first_line;   /* line of the file at which the text begins; 0: 1 */
    uint32_t first_column; /* column of the file at which each of its lines begins; 0: 1 */
};

struct liquid_limits {
    uint32_t steps; /* tags, outputs and iterations: 0: 1,000,000 */
    uint32_t depth; /* nested renders: 0: 32 */
    uint32_t ms;    /* of the thread's own work, from its first few hundred steps on: 0: 1,000 */
    size_t memory;  /* of the arena: 0: 16 MiB; output is bounded by the buffer */
};

struct liquid_input {
    const struct value *data;   /* the map of global names */
    const struct value *shared; /* names that `render`ed templates see too; a map, or NULL */
    void *context;              /* given to filters and to find() */
    struct liquid_limits limits;
    int64_t now_ms;   /* what "now" | date says */
    const char *zone; /* IANA; NULL: UTC */
    /* For previews: what fails is printed in its place ("Liquid error (line 3): …"), and
     * the render goes on, unless a limit was passed. */
    bool go_on;
};

/* Compiles into `arena`, which must outlive the template; `text` is copied. `name` is for
 * diagnostics, whose line and column count within the file. NULL after an error. */
struct liquid_template *liquid_parse(struct arena *arena, const char *name, const char *text,
                                     size_t length, const struct liquid_options *options,
                                     struct diag *diag);

/* Appends to `out`. On an error what was appended is of no use; `diag` (or NULL, as above) has
 * the template's name, line and column. */
bool liquid_render(const struct liquid_template *template, const struct liquid_input *input,
                   struct arena *arena, struct buf *out, struct diag *diag);

/* Says in `diag` (NULL: nowhere) where the template begins: of a fault in what it made. */
void liquid_place(const struct liquid_template *template, struct diag *diag);

/* Calls `visit` for each global variable path that the template reads, with its place:
 * "order.total", up to the first index that is not constant; "order.items[].title" of a list's
 * item, also in a loop. Includes literal `render`ed names as "render:NAME". */
void liquid_variables(const struct liquid_template *template,
                      void (*visit)(void *context, const char *path, uint32_t line,
                                    uint32_t column),
                      void *context);

#endif
