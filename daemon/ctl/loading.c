#include "ctl/loading.h"

#include "config/config_token_keys.h"

struct generation *loading_generation(struct context *context, const char *rules)
{
    static const unsigned char another[] = "tests of rules, not the installation's own";
    struct diags diags = {0};
    struct diag ignored;
    struct config *config = context_config(context);
    if (!config)
        return NULL;
    if (rules && rules != config->keys.rules) {
        config->keys.rules = rules;
        config->root = value_null(); /* which names another folder */
    }
    if (!config_secret(config, false, &ignored)) {
        config->secret = another;
        config->secret_length = sizeof another - 1;
    }
    config_token_keys(config, false, &ignored);
    struct generation *generation = generation_load(config, &diags);
    context_print_errors(&diags);
    return generation;
}
