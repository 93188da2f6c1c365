#include "app/generation.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

static bool has_template(void *context, const char *name, const char *channel)
{
    return templates_has(context, name, channel);
}

struct generation *generation_load(const struct config *config, struct diags *diags)
{
    struct generation *generation = mem_zero(1, sizeof *generation);
    generation->references = 1;
    const struct templates_settings templates = {.folder = config->keys.templates,
                                                 .default_locale = config->locale};
    generation->templates = templates_load(&templates, diags);
    /* Rules are read even where templates are broken, so that one run tells of all faults. */
    struct ruleset_settings rules = {.folder = config->keys.rules,
                                     .since_ms = clock_wall_ms(),
                                     .conditions = config->conditions};
    if (generation->templates) {
        rules.has_template = has_template;
        rules.context = generation->templates;
    }
    generation->rules = ruleset_load(&rules, diags);
    if (!generation->rules || !generation->templates)
        generation_release(&generation);
    return generation;
}

struct generation *generation_hold(struct generation *generation)
{
    __atomic_add_fetch(&generation->references, 1, __ATOMIC_RELAXED);
    return generation;
}

void generation_release(struct generation **generation)
{
    struct generation *held = *generation;
    *generation = NULL;
    if (!held || __atomic_sub_fetch(&held->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    ruleset_destroy(&held->rules);
    templates_destroy(&held->templates);
    free(held);
}
