#include "rules/condition_reason.h"

#include <string.h>

static const struct condition_segment *segment_of(const struct condition_scene *scene,
                                                  struct slice name)
{
    for (const struct condition_segment *segment = scene->segments; segment && segment->name;
         segment++)
        if (slice_is(name, segment->name))
            return segment;
    return NULL;
}

/* A segment is asked about by a word alone: what is behind the word is told. */
static void find(const struct cel_program *program, const struct condition_view *view, bool answer,
                 struct arena *arena, struct condition_reason *reason)
{
    const struct condition_segment *segment = NULL;
    cel_reason_find(program, &view->input, answer, arena, &reason->found);
    if (reason->found.method == CONDITION_SEGMENT)
        segment = segment_of(view->scene, reason->found.about);
    if (!segment || reason->within_count == CONDITION_REASON_SEGMENTS)
        return;
    reason->within[reason->within_count++] = reason->found.part;
    find(segment->program, view, answer, arena, reason);
}

void condition_reason_view(const struct cel_program *program, const struct condition_view *view,
                           bool answer, struct arena *arena, struct condition_reason *reason)
{
    struct condition_scene scene = *view->scene;
    struct condition_view asked = *view;
    struct lookups lookups;
    if (scene.lookups) {
        lookups = *scene.lookups;
        lookups.last = true; /* what is not known stays so */
        scene.lookups = &lookups;
    }
    asked.scene = &scene;
    asked.input.context = &scene;
    asked.input.roots = asked.roots;
    asked.input.bind_context = &asked;
    reason->within_count = 0;
    find(program, &asked, answer, arena, reason);
}

void condition_reason_find(const struct cel_program *program, const struct condition_scene *scene,
                           bool answer, struct arena *arena, struct condition_reason *reason)
{
    struct condition_view view;
    condition_view_open(&view, scene, arena);
    condition_reason_view(program, &view, answer, arena, reason);
}
