#include "rules/ruleset_templates.h"

#include <string.h>

static void hint_template(const struct ruleset_templates *templates, const struct rule_step *step,
                          struct diag *diag)
{
    const char *const *names = templates->names;
    if (names && rule_list_has(names, step->template) && step->mail) {
        diag_hint(diag, "an e-mail needs a `subject` in the front matter, in every language");
        return;
    }
    if (names)
        diag_suggest(diag, step->template, names);
    if (!diag->hint[0])
        diag_hint(diag, "a template is a file such as %s.html.liquid", step->template);
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
