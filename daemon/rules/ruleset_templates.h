/* Whether what a rule sends is there: the template, and a channel to send it by. */
#ifndef NUDGED_RULES_RULESET_TEMPLATES_H
#define NUDGED_RULES_RULESET_TEMPLATES_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/settings.h"
#include "rules/rule.h"

/* What there is to send, as its owner knows. */
struct ruleset_templates {
    /* Whether a template exists for a channel that has mails, or texts; NULL: nothing is checked.
     */
    bool (*has)(void *context, const char *name, bool mail);
    void *context;
    /* NULL-terminated: for hints, and a warning about a channel that has no gateway. NULL:
     * unknown. */
    const char *const *names, *const *channels;
};

/* Adds an error for each template that is missing, and a warning for each channel that
 * is not configured. */
void ruleset_templates_check(const struct ruleset_templates *templates,
                             const struct settings_source *source, const struct rule *rule,
                             struct diags *diags);

#endif
