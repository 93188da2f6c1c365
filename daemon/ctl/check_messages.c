/*
 * check_variant is asked of each template: the links that its class needs (check_link,
 * check_address, check_confirmation), then the message itself, with the sample of an event of its
 * rule (check_rule, check_draft): what cannot be made, or would be clipped, is a warning.
 */
#include "ctl/check_messages.h"

#include <string.h>

#include "ctl/draft.h"

struct checking {
    struct config *config;
    const struct generation *generation;
    struct diags *diags;
    struct arena *arena; /* of one message */
    const struct templates_variant *variant;
    bool told; /* that there is no address to unsubscribe at */
};

/* A warning about the template as a whole. */
static void add_warning(struct checking *checking, struct diag *diag)
{
    const struct templates_variant *variant = checking->variant;
    if (!diag->file[0])
        diag_file(diag, arena_printf(checking->arena, "%s/%s", checking->config->keys.templates,
                                     variant->html_file ? variant->html_file : variant->text_file));
    diag->level = DIAG_WARNING;
    diags_add(checking->diags, diag);
}

/* ---- The way out, and the way in ---- */

struct link {
    const char *name; /* the variable that is looked for */
    bool found;
};

static void note_link(void *context, const char *file, const char *path, uint32_t line,
                      uint32_t column)
{
    struct link *link = context;
    (void)file, (void)line, (void)column;
    link->found |= strcmp(path, link->name) == 0;
}

static bool shows_link(const struct checking *checking, const char *name)
{
    struct link link = {.name = name};
    templates_variables(checking->generation->templates, checking->variant, note_link, &link);
    return link.found;
}

/* Gmail and Yahoo want one click of who sends marketing, and that works over HTTPS alone. */
static void check_address(struct checking *checking, const struct rule *rule)
{
    struct diag diag;
    if (checking->told || checking->config->links.unsubscribe)
        return;
    checking->told = true;
    diag_error(&diag,
               "marketing is sent (rule `%s`), and there is no HTTPS address to unsubscribe at",
               rule->name);
    diag.level = DIAG_WARNING;
    diag_code(&diag, "no-unsubscribe");
    diag_file(&diag, checking->config->file);
    diag_hint(&diag, "set `public_url` under `web`, or `unsubscribe_url` under `mail`: "
                     "https://shop.example/u/{token}");
    diags_add(checking->diags, &diag);
}

static void check_link(struct checking *checking, const struct rule *rule)
{
    struct diag diag;
    if (shows_link(checking, "unsubscribe_url"))
        return;
    diag_error(&diag, "`%s` is marketing (rule `%s`) without a link to unsubscribe",
               checking->variant->name, rule->name);
    diag_code(&diag, "no-unsubscribe");
    diag_hint(&diag,
              "put {{ unsubscribe_url }} in it or its layout, or set `class: transactional`");
    add_warning(checking, &diag);
}

static void check_confirmation(struct checking *checking, const struct rule *rule)
{
    struct diag diag;
    if (checking->config->links.confirm || !shows_link(checking, "confirm_url"))
        return;
    diag_error(&diag, "`%s` (rule `%s`) shows {{ confirm_url }}, and there is no address for it",
               checking->variant->name, rule->name);
    diag_code(&diag, "no-confirm-url");
    diag_hint(&diag, "set `public_url` under `web`, or `confirm_url` under `mail`: "
                     "https://shop.example/confirm/{token}");
    add_warning(checking, &diag);
}

/* A code that nobody sees is lost; one that nobody gives is an empty place. */
static void check_code(struct checking *checking, const struct rule *rule,
                       const struct rule_step *step)
{
    struct diag diag;
    bool shown = shows_link(checking, "given.code");
    if (shown == (step->code != NULL))
        return;
    if (shown)
        diag_error(&diag, "`%s` shows {{ given.code }}, and the send of rule `%s` takes no code",
                   checking->variant->name, rule->name);
    else
        diag_error(&diag, "`%s` (rule `%s`) takes a code of `%s`, and does not show it",
                   checking->variant->name, rule->name, step->code);
    diag_code(&diag, "no-code");
    if (shown)
        diag_hint(&diag, "write `send: {template: %s, code: LIST}`", checking->variant->name);
    else
        diag_hint(&diag, "put {{ given.code }} in it");
    add_warning(checking, &diag);
}

/* ---- The message itself ---- */

/* Its HTML, "" where it has none; NULL where it cannot be made. */
static const char *compose(struct checking *checking, const struct draft *draft, struct diag *diag)
{
    const struct templates *templates = checking->generation->templates;
    const struct compose_settings *settings = &draft->compose;
    struct compose_text text;
    struct compose_mail mail = {0};
    if (!draft->step->mail)
        return compose_text(templates, settings, &draft->message, checking->arena, &text, diag)
                   ? ""
                   : NULL;
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = compose_mail(templates, settings, &draft->message, checking->arena, &mail, diag);
    buf_free(&mail.wire);
    return !made ? NULL : mail.html ? mail.html : "";
}

/* What failed was seen in the same line when the template was read. */
static bool is_told(const struct checking *checking, const struct diag *diag)
{
    const struct diags *diags = checking->diags;
    for (size_t i = 0; diag->line && i < diags->count; i++)
        if (diags->items[i].line == diag->line && strcmp(diags->items[i].file, diag->file) == 0)
            return true;
    return false;
}

static void check_draft(struct checking *checking, struct draft *draft, const struct input *sample)
{
    struct diag diag = {0};
    struct scene scene;
    const char *html = NULL;
    const struct templates_variant *variant = checking->variant;
    const char *locale = variant->locale[0]
                             ? variant->locale
                             : templates_default_locale(checking->generation->templates);
    scene_begin(&scene, checking->config, checking->arena);
    if (scene_event(&scene, sample, &diag) && draft_make(draft, checking->config, &scene, &diag)) {
        draft_set_locale(draft, checking->arena, locale);
        html = compose(checking, draft, &diag);
    }
    if (!html) {
        if (!diag.hint[0])
            diag_hint(&diag, "seen with %s", sample->name);
        if (!is_told(checking, &diag))
            add_warning(checking, &diag);
    } else if (strlen(html) > CHECK_MESSAGES_HTML_MOST) {
        diag_error(&diag, "%.1f KB of HTML: Gmail clips a message at %d KB",
                   (double)strlen(html) / 1024, CHECK_MESSAGES_HTML_MOST / 1024);
        diag_code(&diag, "html-clipped");
        diag_hint(&diag, "seen with %s", sample->name);
        add_warning(checking, &diag);
    }
}

/* With the first event of the rule that has a sample. */
static void check_rule(struct checking *checking, const struct rule *rule,
                       const struct rule_step *step)
{
    struct draft draft = {.rule = rule, .step = step};
    struct input sample;
    if (rule->clock &&
        draft_sample(&draft, checking->generation->rules, "clock", checking->arena, &sample))
        check_draft(checking, &draft, &sample);
    for (const char *const *type = rule->on; *type; type++)
        if (draft_sample(&draft, checking->generation->rules, *type, checking->arena, &sample)) {
            check_draft(checking, &draft, &sample);
            return;
        }
}

static void check_variant(struct checking *checking)
{
    const struct ruleset *rules = checking->generation->rules;
    bool linked = false, made = false;
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_at(rules, i);
        const struct rule_step *step = draft_step(rule, checking->variant->name);
        if (!step)
            continue;
        if (!linked && rule->class == RULE_MARKETING && step->mail && !step->to) {
            check_link(checking, rule);
            check_address(checking, rule);
            linked = true;
        }
        if (!made) {
            check_confirmation(checking, rule);
            check_code(checking, rule, step);
            check_rule(checking, rule, step);
        }
        made = true;
    }
}

void check_messages(struct config *config, const struct generation *generation, struct diags *diags)
{
    struct checking checking = {
        .config = config, .generation = generation, .diags = diags, .arena = arena_new(256 * 1024)};
    for (size_t i = 0; i < templates_count(generation->templates); i++) {
        arena_reset(checking.arena);
        checking.variant = templates_variant(generation->templates, i);
        check_variant(&checking);
    }
    arena_destroy(&checking.arena);
}
