/*
 * nudgectl preview: a message as it would leave, made by the daemon's own code.
 *
 * First whose message it is: the event that is given, else the first sample at which a rule sends
 * the template; that rule and its step, else one made up. The draft of it is then in the language
 * that is asked for, and preview_form shows it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "config/generation.h"
#include "ctl/browser.h"
#include "ctl/command.h"
#include "ctl/draft.h"
#include "ctl/json_line.h"
#include "ctl/preview_form.h"
#include "ctl/preview_send.h"
#include "rules/rule_channel.h"

enum { NAMES_MOST = 500, SHOWN_MOST = 2 * COMPOSE_WIRE_MOST };

struct preview {
    const char *template, *event, *locale, *as, *send_to, *gateway;
    bool open, json, sent;
    enum preview_form form;
    struct config *config;
    const struct generation *generation;
    struct scene scene;
    struct draft draft;
};

/* ---- Whose message it is ---- */

static bool is_there(const struct preview *preview, struct diag *diag)
{
    const struct templates *templates = preview->generation->templates;
    const char *names[NAMES_MOST + 1], *locale;
    size_t count = 0;
    if (templates_choose(templates, preview->template, NULL, &locale))
        return true;
    for (size_t i = 0; i < templates_count(templates) && count < NAMES_MOST; i++)
        names[count++] = templates_variant(templates, i)->name;
    names[count] = NULL;
    diag_error(diag, "there is no template `%s` in %s", preview->template,
               preview->config->keys.templates);
    diag_suggest(diag, preview->template, names);
    return false;
}

/* Takes the first of these rules that sends the template. */
static bool take_rule(struct preview *preview, const struct rule *const *rules)
{
    for (; *rules; rules++) {
        preview->draft.rule = *rules;
        preview->draft.step = draft_step(*rules, preview->template);
        if (preview->draft.step)
            return true;
    }
    return false;
}

/* The first event of events.yaml at which a rule sends the template. */
static bool take_sample(struct preview *preview, struct diag *diag)
{
    const struct ruleset *rules = preview->generation->rules;
    const struct value *events = ruleset_events(rules);
    struct arena *arena = preview->scene.arena;
    for (uint32_t i = 0; i < value_count(events); i++) {
        const char *type = value_to_text(arena, &events->map->members[i].key);
        struct input sample;
        if (take_rule(preview, ruleset_on(rules, type)) &&
            draft_sample(&preview->draft, rules, type, arena, &sample))
            return scene_event(&preview->scene, &sample, diag);
    }
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *const one[] = {ruleset_at(rules, i), NULL};
        struct input tick;
        if (one[0]->clock && take_rule(preview, one) &&
            draft_sample(&preview->draft, rules, "clock", arena, &tick))
            return scene_event(&preview->scene, &tick, diag);
    }
    diag_error(diag, "no rule sends `%s` at an event that %s/events.yaml has a sample of",
               preview->template, preview->config->keys.rules);
    diag_hint(diag, "give it one: --event FILE");
    return false;
}

/* Where no rule sends the template at this event: one that sends it at another, else one
 * that does nothing else. */
static void take_any_rule(struct preview *preview)
{
    const struct ruleset *rules = preview->generation->rules;
    struct arena *arena = preview->scene.arena;
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *const one[] = {ruleset_at(rules, i), NULL};
        if (take_rule(preview, one))
            return;
    }
    struct rule *rule = arena_alloc(arena, sizeof *rule);
    struct rule_step *step = arena_alloc(arena, sizeof *step);
    *rule = (struct rule){.name = "preview", .topic = "all", .file = ""};
    *step =
        (struct rule_step){.kind = RULE_STEP_SEND, .id = "preview", .template = preview->template};
    rule->steps = step;
    rule->step_count = 1;
    rule_channel_settle(preview->config->known_channels, rule);
    preview->draft.rule = rule;
    preview->draft.step = step;
}

static bool take_event(struct preview *preview, struct diag *diag)
{
    struct scene *scene = &preview->scene;
    struct input input;
    if (!preview->event)
        return take_sample(preview, diag);
    if (!input_read(scene->arena, preview->event, &input, diag) ||
        !scene_event(scene, &input, diag))
        return false;
    if (take_rule(preview, ruleset_on(preview->generation->rules, scene->event.type)))
        return true;
    take_any_rule(preview);
    fprintf(stderr, "nudgectl: no rule sends `%s` at `%s`: shown as of the rule `%s`\n",
            preview->template, scene->event.type, preview->draft.rule->name);
    return true;
}

/* The language that is asked for, and a word where the template does not speak it. */
static void take_locale(struct preview *preview)
{
    const char *locale;
    size_t language = strcspn(preview->locale, "-_");
    draft_set_locale(&preview->draft, preview->scene.arena, preview->locale);
    templates_choose(preview->generation->templates, preview->template, preview->locale, &locale);
    if (strncasecmp(locale, preview->locale, language) != 0 || strcspn(locale, "-") != language)
        fprintf(stderr, "nudgectl: `%s` is not there in `%s`: shown in `%s`\n", preview->template,
                preview->locale, locale);
}

/* ---- Showing it ---- */

/* Whose message it is, and what is shown of it. */
static void print_json(const struct preview *preview, const struct buf *shown)
{
    struct arena *arena = preview->scene.arena;
    struct value row = value_new_map(arena, 8);
    static const char *const names[] = {"template", "rule", "step", "channel", "locale", "to"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *value = value_get(&preview->draft.message, names[i]);
        if (value_is(value, VALUE_STRING))
            value_set(arena, row, names[i], *value);
    }
    value_set(arena, row, "form", value_text(preview_form_names[preview->form]));
    value_set(arena, row, "content", value_string(buf_string(shown), shown->length));
    json_line_print(&row);
}

static bool show(struct preview *preview, struct diag *diag)
{
    static const char *const endings[PREVIEW_FORMS] = {"txt", "html", "eml", "txt"};
    const struct preview_form_input input = {.templates = preview->generation->templates,
                                             .folder = preview->config->keys.templates,
                                             .draft = &preview->draft,
                                             .arena = preview->scene.arena};
    struct buf out;
    buf_init(&out, SHOWN_MOST);
    bool shown = preview_form_write(&input, preview->form, &out, diag);
    if (shown && preview->json)
        print_json(preview, &out);
    else if (shown && preview->open)
        shown = browser_open(buf_string(&out), out.length, endings[preview->form], diag);
    else if (shown)
        fwrite(buf_string(&out), 1, out.length, stdout);
    buf_free(&out);
    return shown;
}

static bool send_it(struct preview *preview, struct diag *diag)
{
    const struct preview_send send = {.config = preview->config,
                                      .templates = preview->generation->templates,
                                      .draft = &preview->draft,
                                      .arena = preview->scene.arena,
                                      .to = preview->send_to,
                                      .gateway = preview->gateway,
                                      .json = preview->json};
    return preview_send_run(&send, &preview->sent, diag);
}

static bool run(struct preview *preview, struct diag *diag)
{
    if (!is_there(preview, diag) || !take_event(preview, diag) ||
        !draft_make(&preview->draft, preview->config, &preview->scene, diag))
        return false;
    if (preview->locale)
        take_locale(preview);
    return preview->send_to ? send_it(preview, diag) : show(preview, diag);
}

static int load_and_run(struct context *context, struct preview *preview)
{
    struct diag diag = {0};
    struct diags diags = {0};
    struct generation *generation = generation_load(preview->config, &diags);
    context_print_errors(&diags);
    if (!generation) {
        context->trouble = EX_CONFIG;
        return EXIT_FAILURE;
    }
    struct arena *arena = arena_new(256 * 1024);
    preview->generation = generation;
    scene_begin(&preview->scene, preview->config, arena);
    int status = run(preview, &diag) ? EXIT_SUCCESS : context_fail(&diag);
    if (status == EXIT_SUCCESS && preview->send_to && !preview->sent)
        status = EXIT_FAILURE;
    arena_destroy(&arena);
    generation_release(&generation);
    return status;
}

static bool choose_form(struct preview *preview)
{
    preview->form = preview->open ? PREVIEW_FORM_HTML : PREVIEW_FORM_TEXT;
    for (int i = 0; preview->as && i < PREVIEW_FORMS; i++)
        if (strcmp(preview->as, preview_form_names[i]) == 0) {
            preview->form = (enum preview_form)i;
            return true;
        }
    return !preview->as;
}

int command_preview(struct context *context, int argc, char **argv)
{
    struct preview preview = {0};
    const struct command_option options[] = {
        {.name = "--event", .value = &preview.event},
        {.name = "--locale", .value = &preview.locale},
        {.name = "--as", .value = &preview.as},
        {.name = "--open", .flag = &preview.open},
        {.name = "--send-to", .value = &preview.send_to},
        {.name = "--gateway", .value = &preview.gateway},
        {.name = "--json", .flag = &preview.json},
        {0},
    };
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count != 1)
        return command_usage(argv[0], "one template is expected, such as `welcome`");
    if (!choose_form(&preview))
        return command_usage(argv[0], "`--as` takes text, html, eml or source, not `%s`",
                             preview.as);
    if (preview.send_to && (preview.as || preview.open))
        return command_usage(argv[0], "--send-to goes with neither --as nor --open");
    if (preview.gateway && !preview.send_to)
        return command_usage(argv[0], "--gateway goes with --send-to");
    if (preview.json && preview.open)
        return command_usage(argv[0], "--json does not go with --open");
    preview.template = argv[1];
    preview.config = context_config(context);
    int status = preview.config ? load_and_run(context, &preview) : EXIT_FAILURE;
    if (status != EXIT_SUCCESS)
        context_tell_defaults(context);
    return status;
}
