/*
 * bench_decide without what its traces tell besides their words: the functions of decide/because
 * and decide/because_send stand here instead of the library's, and do nothing. A measure for
 * bench_because.
 */
#include "decide/because_send.h"

#include "bench_decide.c"

#define MUTE (void)d, (void)item

void because_condition(struct deciding *d, struct value item, const struct cel_program *condition,
                       const struct condition_scene *scene, bool answer)
{
    MUTE, (void)condition, (void)scene, (void)answer;
}

void because_view(struct deciding *d, struct value item, const struct cel_program *condition,
                  const struct condition_view *view, bool answer)
{
    MUTE, (void)condition, (void)view, (void)answer;
}

void because_found(struct deciding *d, struct value item, const struct condition_reason *reason,
                   bool answer)
{
    MUTE, (void)reason, (void)answer;
}

void because_expression(struct deciding *d, struct value item, const char *name,
                        const struct cel_program *program, const struct condition_scene *scene)
{
    MUTE, (void)name, (void)program, (void)scene;
}

void because_past(struct deciding *d, struct value item, const struct ends_past *past)
{
    MUTE, (void)past;
}

void because_field(struct deciding *d, struct value item, const char *field,
                   const struct customer *customer)
{
    MUTE, (void)field, (void)customer;
}

void because_text(struct deciding *d, struct value item, const char *name, const char *text)
{
    MUTE, (void)name, (void)text;
}

void because_texts(struct deciding *d, struct value item, const char *name,
                   const char *const *texts)
{
    MUTE, (void)name, (void)texts;
}

void because_number(struct deciding *d, struct value item, const char *name, int64_t number)
{
    MUTE, (void)name, (void)number;
}

void because_share(struct deciding *d, struct value item, const char *name, uint32_t places)
{
    MUTE, (void)name, (void)places;
}

void because_refused(struct deciding *d, struct value item, enum trace_why why,
                     const struct because_send *send)
{
    MUTE, (void)why, (void)send;
}

void because_limited(struct deciding *d, struct value item, const struct rule *rule,
                     const char *run)
{
    MUTE, (void)rule, (void)run;
}

void because_template(struct deciding *d, struct value item, const struct rule_step *step)
{
    MUTE, (void)step;
}

void because_quiet(struct deciding *d, struct value item)
{
    MUTE;
}

void because_paused(struct deciding *d, struct value item, const char *rule)
{
    MUTE, (void)rule;
}

void because_held_out(struct deciding *d, struct value item, const struct rule *rule)
{
    MUTE, (void)rule;
}
