#include "config/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/settings_fault.h"
#include "config/config_reload.h"
#include "config/rule_files.h"
#include "rules/other_sets.h"
#include "send/preset.h"

static bool has_template(void *context, const char *name, bool mail)
{
    return templates_has(context, name, mail);
}

/* What rules may name, for the hints of their faults. */
static void list_names(const struct config *config, const struct templates *templates,
                       struct arena *arena, struct ruleset_templates *rules)
{
    size_t count = templates_count(templates);
    const char **names = arena_zero(arena, sizeof *names * (count + 1));
    const char **channels = arena_zero(arena, sizeof *channels * (config->channel_count + 1));
    for (size_t i = 0; i < count; i++)
        names[i] = templates_variant(templates, i)->name;
    for (size_t i = 0; i < config->channel_count; i++)
        channels[i] = config->channels[i].name;
    rules->names = names;
    rules->channels = channels;
}

/* A gateway of requests cannot send without the template of their bodies. */
static void check_bodies(const struct config *config, const struct templates *templates,
                         struct arena *arena, struct diags *diags)
{
    for (size_t i = 0; i < config->gateway_count; i++) {
        const struct config_gateway *gateway = &config->gateways[i];
        const char *file = config_gateway_body(gateway, templates, arena);
        if (!file || templates_body(templates, file))
            continue;
        struct diag *diag =
            settings_fault(diags, &config->source, gateway->place, DIAG_ERROR,
                           "there is no template `%s` for gateway `%s`", file, gateway->name);
        diag_code(diag, "no-template");
        diag_hint(diag, "it makes the body of each request: {\"text\": {{ message.text | json }}}");
    }
}

/* ---- Topics ---- */

static bool is_used(const struct ruleset *rules, const char *topic)
{
    for (size_t i = 0; i < ruleset_count(rules); i++)
        if (strcmp(ruleset_at(rules, i)->topic, topic) == 0)
            return true;
    return false;
}

static void check_topics(const struct config *config, const struct ruleset *rules,
                         struct diags *diags)
{
    for (uint32_t i = 0; config->topics && config->topics[i].name; i++)
        if (!is_used(rules, config->topics[i].name))
            settings_fault(diags, &config->source, &config->keys.topics.map->members[i].key,
                           DIAG_WARNING, "no rule has the topic `%s`", config->topics[i].name);
}

/* What the configuration names as a folder is none: told at its place. Of one that it does not name
 * who reads it tells. */
static bool is_folder(const struct config *config, const char *key, const char *folder,
                      struct diags *diags)
{
    const struct value *place = value_get(&config->root, key);
    int fd = place ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (place && fd < 0)
        settings_fault(diags, &config->source, place, DIAG_ERROR,
                       "`%s` must be a folder, and this one cannot be listed: %s", key,
                       strerror(errno));
    if (fd >= 0)
        close(fd);
    return !place || fd >= 0;
}

struct generation *generation_load(const struct config *config, struct diags *diags)
{
    struct generation *generation = mem_zero(1, sizeof *generation);
    struct arena *arena = arena_new(4096);
    generation->references = 1;
    generation->config = config;
    config_policy(config, &generation->policy);
    config_compose(config, &generation->compose);
    const struct templates_settings templates = {.folder = config->keys.templates,
                                                 .default_locale = config->locale,
                                                 .built_in = preset_files};
    if (is_folder(config, "templates", templates.folder, diags))
        generation->templates = templates_load(&templates, diags);
    /* Rules are read even where templates are broken, so that one run tells of all faults. */
    struct ruleset_settings rules = {.conditions = config->conditions,
                                     .references = &config->references,
                                     .topics = config_topic_names(config, arena),
                                     .channels = config->known_channels,
                                     .segments = config->segments,
                                     .cap = config->keys.policy.cap,
                                     .fields = config->fields,
                                     .now_ms = clock_wall_ms(),
                                     .config_source = &config->source};
    size_t errors = diags->errors;
    if (generation->templates) {
        check_bodies(config, generation->templates, arena, diags);
        rules.templates.has = has_template;
        rules.templates.context = generation->templates;
        list_names(config, generation->templates, arena, &rules.templates);
    }
    if (is_folder(config, "rules", config->keys.rules, diags))
        generation->rules = rule_files_load(config->keys.rules, &rules, diags);
    arena_destroy(&arena);
    if (!generation->rules || !generation->templates || diags->errors != errors) {
        generation_release(&generation);
        return NULL;
    }
    check_topics(config, generation->rules, diags);
    set_digest(config, generation->rules, generation->digest);
    generation->arena = arena_new(4096);
    generation->entries = other_sets_entries(generation->rules, generation->arena);
    return generation;
}

struct generation *generation_reload(const struct config *started, struct buf *changed,
                                     struct diags *diags)
{
    struct config *config = config_reload(started, changed, diags);
    struct generation *generation = config ? generation_load(config, diags) : NULL;
    if (generation)
        generation->reloaded = config;
    else
        config_destroy(&config);
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
    config_destroy(&held->reloaded);
    arena_destroy(&held->arena);
    free(held);
}
