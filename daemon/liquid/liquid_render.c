#include "liquid/liquid_render.h"

#include "liquid/liquid_scope.h"
#include "liquid/liquid_text.h"

enum { BODIES_MOST = 1000 }; /* bodies within bodies, over all templates */

/* Where the caller wants it, a failure is printed in its place, and the render goes on. */
static bool go_on(struct liquid_run *run, const struct liquid_node *node)
{
    liquid_run_place(run, node->offset);
    if (run->over || !run->input->go_on)
        return false;
    if (node->blank)
        return true;
    char *text =
        arena_printf(run->arena, "Liquid error (line %u): %s", run->diag->line, run->diag->text);
    struct value shown = value_text(text);
    return liquid_text_print(run, &shown, run->escape);
}

bool liquid_render_body(struct liquid_run *run, const struct liquid_body *body)
{
    if (run->bodies >= BODIES_MOST)
        return liquid_run_over(run, "blocks are nested more than %llu deep", BODIES_MOST);
    if (!liquid_run_step(run, body->count + 1))
        return false;
    uint32_t depth = ++run->bodies;
    for (uint32_t i = 0; i < body->count; i++) {
        const struct liquid_node *node = &body->nodes[i];
        if (!node->kind) {
            if (!liquid_run_add(run, node->text, node->length))
                return liquid_run_place(run, node->offset);
            continue;
        }
        if (!node->kind->render(run, node) && !go_on(run, node))
            return false;
        if (run->interrupt)
            break;
    }
    run->bodies = depth - 1;
    return true;
}

static struct liquid_limits with_defaults(struct liquid_limits limits)
{
    return (struct liquid_limits){
        .steps = limits.steps ? limits.steps : 1000000,
        .depth = limits.depth ? limits.depth : 32,
        .ms = limits.ms ? limits.ms : 1000,
        .memory = limits.memory ? limits.memory : 16 << 20,
    };
}

bool liquid_render(const struct liquid_template *template, const struct liquid_input *input,
                   struct arena *arena, struct buf *out, struct diag *diag)
{
    struct diag unwanted;
    struct liquid_scope scope = {.data = input->data};
    struct liquid_run run = {
        .input = input,
        .limits = with_defaults(input->limits),
        .root = template,
        .template = template,
        .scope = &scope,
        .arena = arena,
        .out = out,
        .escape = template->options->escape,
        .memory_start = arena_used(arena),
        .diag = diag ? diag : &unwanted,
    };
    buf_init(&run.scratch, run.limits.memory);
    bool done = liquid_run_check(&run) && liquid_render_body(&run, &template->body);
    buf_free(&run.scratch);
    return done || liquid_run_place(&run, 0);
}
