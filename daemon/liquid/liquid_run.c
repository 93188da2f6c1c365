#include "liquid/liquid_run.h"

#include <stdarg.h>

#include "base/clock.h"

/* Steps between two looks at the clock: some microseconds. */
enum { CHECK_STEPS = 256 };

struct arena *liquid_arena(struct liquid_run *run)
{
    return run->arena;
}

void *liquid_context(struct liquid_run *run)
{
    return run->input->context;
}

bool liquid_fail(struct liquid_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(run->diag, format, args);
    va_end(args);
    diag_code(run->diag, "liquid-render");
    run->placed = false;
    return false;
}

bool liquid_run_place(struct liquid_run *run, uint32_t offset)
{
    if (run->placed)
        return false;
    run->placed = true;
    liquid_tree_place(run->template, offset, run->diag);
    return false;
}

bool liquid_run_over(struct liquid_run *run, const char *format, unsigned long long limit)
{
    liquid_fail(run, format, limit);
    diag_code(run->diag, "liquid-limit");
    run->over = true;
    return false;
}

static bool memory_over(struct liquid_run *run, size_t more)
{
    size_t used = arena_used(run->arena) - run->memory_start;
    return more > run->limits.memory || used > run->limits.memory - more;
}

/* The time begins with the second look: most renders are over before, and never ask the kernel. */
static bool in_time(struct liquid_run *run)
{
    int64_t now = clock_thread_ms();
    if (!run->deadline)
        run->deadline = now + run->limits.ms;
    return now <= run->deadline;
}

bool liquid_run_check(struct liquid_run *run)
{
    const struct liquid_limits *limits = &run->limits;
    if (run->steps > limits->steps)
        return liquid_run_over(run, "the render takes more than %llu steps", limits->steps);
    if (!liquid_run_fits(run, 0))
        return false;
    if (run->steps >= CHECK_STEPS && !in_time(run))
        return liquid_run_over(run, "the render takes more than %llu ms", limits->ms);
    run->check_at = run->steps + CHECK_STEPS;
    if (run->check_at > (uint64_t)limits->steps + 1)
        run->check_at = (uint64_t)limits->steps + 1;
    return true;
}

bool liquid_run_fits(struct liquid_run *run, size_t size)
{
    return !memory_over(run, size) ||
           liquid_run_over(run, "the render takes more than %llu bytes of memory",
                           run->limits.memory);
}

void *liquid_run_room(struct liquid_run *run, size_t size)
{
    return liquid_run_fits(run, size) ? arena_alloc(run->arena, size) : NULL;
}

char *liquid_run_copy(struct liquid_run *run, const char *text, size_t length)
{
    char *copy = liquid_run_room(run, length);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

bool liquid_run_full(struct liquid_run *run)
{
    return liquid_run_over(run, "the output takes more than %llu bytes", run->out->limit);
}
