#include "rules/ruleset_templates.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 200 }; /* bytes of a template's name that a hint shows */

/* A template is named without the endings of its files. */
static void hint_template(const struct ruleset_templates *templates, const struct rule_step *step,
                          struct diag *diag)
{
    const char *const *names = templates->names;
    if (names && rule_list_has(names, step->template) && step->mail) {
        diag_hint(diag, "an e-mail needs a `subject` in the front matter, in every language");
        return;
    }
    char name[NAME_MOST + 1];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(step->template, "."), step->template);
    if (names)
        diag_suggest(diag, name, names);
    if (!diag->hint[0])
        diag_hint(diag, "a template is a file such as %s.html.liquid", name);
}

static void check_channel(const struct ruleset_templates *templates,
                          const struct settings_source *source, const struct rule_step *step,
                          struct diags *diags)
{
    if (!templates->channels || rule_list_has(templates->channels, step->channel))
        return;
    const struct value *at = step->channel_at ? step->channel_at : step->template_at;
    struct diag *diag =
        settings_fault(diags, source, at, DIAG_WARNING,
                       "the channel `%s` is not in the configuration", step->channel);
    diag_code(diag, "unknown-channel");
    diag_suggest(diag, step->channel, templates->channels);
    if (!diag->hint[0])
        diag_hint(diag, "its messages wait for a daemon that has it under `channels`");
}

void ruleset_templates_check(const struct ruleset_templates *templates,
                             const struct settings_source *source, const struct rule *rule,
                             struct diags *diags)
{
    for (uint32_t i = 0; templates->has && i < rule->step_count; i++) {
        const struct rule_step *step = &rule->steps[i];
        if (step->kind != RULE_STEP_SEND)
            continue;
        check_channel(templates, source, step, diags);
        if (templates->has(templates->context, step->template, step->mail))
            continue;
        struct diag *diag =
            settings_fault(diags, source, step->template_at, DIAG_ERROR,
                           "rule `%s` sends `%s`, and there is no such template for the channel "
                           "`%s`",
                           rule->name, step->template, step->channel);
        diag_code(diag, "unknown-template");
        hint_template(templates, step, diag);
    }
}
