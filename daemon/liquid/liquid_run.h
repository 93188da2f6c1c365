/*
 * The state of one render: where it is, what it may still spend, how it fails. Above it stand
 * what is in scope (liquid_scope), what values print (liquid_text) and what expressions are
 * worth (liquid_evaluate); liquid_render sets it up and walks the tree with it.
 */
#ifndef NUDGED_LIQUID_LIQUID_RUN_H
#define NUDGED_LIQUID_LIQUID_RUN_H

#include "base/buf.h"
#include "liquid/liquid_tree.h"

struct liquid_scope;

enum liquid_interrupt { LIQUID_NO_INTERRUPT, LIQUID_BREAK, LIQUID_CONTINUE };

struct liquid_run {
    const struct liquid_input *input;
    struct liquid_limits limits;            /* the input's; what is 0 there has its number here */
    const struct liquid_template *root;     /* its options hold for all */
    const struct liquid_template *template; /* the one being rendered */
    struct liquid_scope *scope;
    struct arena *arena;
    struct buf *out;
    struct buf scratch; /* for what does not know how much it will write */
    bool escape;
    enum liquid_interrupt interrupt;
    uint32_t renders, bodies; /* how deep it is in them */
    uint64_t steps, check_at; /* taken; and how many there are at the next check */
    size_t memory_start;      /* the arena's bytes when it began */
    int64_t deadline;         /* clock_thread_ms(); 0: it was not looked at yet */
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
void *liquid_run_room(struct liquid_run *run, size_t size);
/* Likewise with a text in them. */
char *liquid_run_copy(struct liquid_run *run, const char *text, size_t length);

/* Text for the output. */
bool liquid_run_full(struct liquid_run *run); /* fails: it has no room */
static inline bool liquid_run_add(struct liquid_run *run, const char *text, size_t length)
{
    return buf_add(run->out, text, length) || liquid_run_full(run);
}

/* How it fails is liquid_fail (liquid.h), and of a limit, which `format` shows, this. */
bool liquid_run_over(struct liquid_run *run, const char *format, unsigned long long limit)
    __attribute__((format(printf, 2, 0)));
/* Says where a failure was, if it is not known; always returns false. */
bool liquid_run_place(struct liquid_run *run, uint32_t offset);

#endif
