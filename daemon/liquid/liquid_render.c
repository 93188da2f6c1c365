#include "base/clock.h"
#include "base/mem.h"
#include "liquid/liquid_run.h"

enum { STEPS = 1000000, MILLISECONDS = 1000, MEMORY = 16 << 20 };

bool liquid_render(const struct liquid_template *template, const struct liquid_input *input,
                   struct arena *arena, struct buf *out, struct diag *diag)
{
    const struct liquid_limits *limits = &input->limits;
    struct diag unwanted;
    struct liquid_scope scope = {.data = input->data};
    struct liquid_run run = {
        .input = input,
        .root = template,
        .template = template,
        .scope = &scope,
        .arena = arena,
        .out = out,
        .escape = template->options->escape,
        .step_limit = limits->steps ? limits->steps : STEPS,
        .memory_start = arena_used(arena),
        .memory_limit = limits->memory ? limits->memory : MEMORY,
        .diag = diag ? diag : &unwanted,
    };
    run.deadline = clock_thread_ms() + (limits->ms ? limits->ms : MILLISECONDS);
    buf_init(&run.scratch, run.memory_limit);
    bool done = liquid_run_check(&run) && liquid_run_body(&run, &template->body);
    buf_free(&run.scratch);
    return done || liquid_run_place(&run, 0);
}
