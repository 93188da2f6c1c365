#include "ctl/check_requests.h"

#include <string.h>

#include "delivery/prepare.h"

struct checking {
    const struct config *config;
    const struct generation *generation;
    struct diags *diags;
    struct arena *arena;
    const struct templates_variant *variant;
};

static void warn(struct checking *checking, const char *file, const char *code, struct diag *diag)
{
    diag_file(diag, arena_printf(checking->arena, "%s/%s", checking->config->keys.templates, file));
    diag_code(diag, code);
    diag->level = DIAG_WARNING;
    for (size_t i = 0; i < checking->diags->count; i++)
        if (strcmp(checking->diags->items[i].text, diag->text) == 0 &&
            strcmp(checking->diags->items[i].file, diag->file) == 0)
            return;
    diags_add(checking->diags, diag);
}

/* ---- What is attached ---- */

static bool has_pictures(const struct templates_variant *variant)
{
    for (size_t i = 0; i < variant->file_count; i++)
        if (variant->files[i].content_id)
            return true;
    return false;
}

/* What the body leaves out of the message, and what it would have to use; false: nothing. */
static bool leaves_out(const struct checking *checking, const struct templates_body *body,
                       bool mail, const char **what, const char **unused)
{
    if (mail && body->reads_mime)
        return false;
    *what = "something attached";
    *unused = "message.attachments or message.mime";
    if (!body->reads_files)
        return true;
    *what = "pictures of its own";
    *unused = "the `cid` of each of message.attachments, or message.mime";
    return !body->reads_inline && has_pictures(checking->variant);
}

/* What makes the gateway's bodies, and its file; NULL: it is of a kind without. */
static const struct templates_body *body_of(const struct checking *checking,
                                            const struct config_gateway *gateway, const char **file)
{
    const struct templates *templates = checking->generation->templates;
    *file = config_gateway_body(gateway, templates, checking->arena);
    return *file ? templates_body(templates, *file) : NULL;
}

/* The preset's own file, which nobody is asked to change. */
static bool is_built_in(const struct config_gateway *gateway, const char *file)
{
    return gateway->kind->built_in_body && strcmp(file, gateway->kind->built_in_body) == 0;
}

static void check_gateway(struct checking *checking, const struct config_channel *channel,
                          const struct config_gateway *gateway)
{
    const struct templates_variant *variant = checking->variant;
    const char *file, *what, *unused;
    const struct templates_body *body = body_of(checking, gateway, &file);
    bool mail = channel->mail;
    struct diag diag;
    if (!body || !leaves_out(checking, body, mail, &what, &unused))
        return;
    diag_error(&diag, "`%s` has %s, and gateway `%s` of channel `%s` %s", variant->name, what,
               gateway->name, channel->name,
               mail ? "has no place for it: it would be a dead letter, `lost-attachments`"
                    : "leaves it out");
    if (is_built_in(gateway, file))
        diag_hint(&diag, "the API of `%s` takes none: send it through another gateway",
                  gateway->kind->name);
    else
        diag_hint(&diag, "`%s` may use %s", file, unused);
    warn(checking, variant->html_file ? variant->html_file : variant->text_file, "lost-attachments",
         &diag);
}

static void check_channel(struct checking *checking, const char *name)
{
    const struct config_channel *channel = config_find_channel(checking->config, name);
    for (size_t k = 0; channel && channel->gateways[k]; k++)
        check_gateway(checking, channel, channel->gateways[k]);
}

/* On every channel that rules send it through. */
static void check_variant(struct checking *checking)
{
    const struct ruleset *rules = checking->generation->rules;
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_at(rules, i);
        for (uint32_t k = 0; k < rule->step_count; k++)
            if (rule->steps[k].kind == RULE_STEP_SEND &&
                strcmp(rule->steps[k].template, checking->variant->name) == 0)
                check_channel(checking, rule->steps[k].channel);
    }
}

/* ---- The whole mail ---- */

static void check_mime(const struct checking *checking, const struct config_channel *channel)
{
    for (size_t i = 0; channel->gateways[i]; i++) {
        const struct config_gateway *gateway = channel->gateways[i];
        const char *file;
        const struct templates_body *body = body_of(checking, gateway, &file);
        if (!body || !body->reads_mime || channel->mail)
            continue;
        diag_code(settings_fault(checking->diags, &checking->config->source, gateway->place,
                                 DIAG_WARNING,
                                 "gateway `%s` sends whole mails, and channel `%s` has none: each "
                                 "message would be a dead letter, `bad-message`",
                                 gateway->name, channel->name),
                  "bad-message");
    }
}

void check_requests(const struct config *config, const struct generation *generation,
                    struct diags *diags)
{
    struct checking checking = {
        .config = config, .generation = generation, .diags = diags, .arena = arena_new(16 * 1024)};
    for (size_t i = 0; i < templates_count(generation->templates); i++) {
        checking.variant = templates_variant(generation->templates, i);
        if (checking.variant->file_count)
            check_variant(&checking);
    }
    for (size_t i = 0; i < config->channel_count; i++)
        check_mime(&checking, &config->channels[i]);
    arena_destroy(&checking.arena);
}
