/*
 * One message through a gateway, made by the daemon's own code and sent by the gateway's:
 *
 *   make_folder   a template of its own, in a folder of its own, beside the shop's bodies of
 * requests make_draft    the message: a rule that is made up, to the address that was given
 *   send_one      both, and the sending (ctl/trial)
 *
 * Nothing of it is in Redis: no rate, no breaker, no trace. A test is for when these are in doubt.
 */
#include "ctl/gateway_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "ctl/draft.h"
#include "ctl/json_line.h"
#include "ctl/trial.h"
#include "delivery/prepare.h"
#include "rules/rule_channel.h"
#include "send/preset.h"

#define TEMPLATE "nudgectl-gateway-test"

static const char text[] =
    "---\nsubject: \"nudged: a test of the gateway {{ gateway }}\"\n---\n"
    "This is a test of the gateway {{ gateway }}, sent by `nudgectl gateway test`.\n";

struct testing {
    struct config *config;
    const struct config_gateway *gateway;
    const struct config_channel *channel; /* the first that lists it */
    struct arena *arena;
    char folder[64];
    struct templates *templates;
    struct scene scene;
    struct rule rule;
    struct rule_step step;
    struct draft draft;
    struct value said; /* the conversation, where it is to be JSON */
};

/* ---- Its templates ---- */

static bool fail(struct diag *diag, const char *what)
{
    return diag_error(diag, "%s: %s", what, strerror(errno));
}

static bool write_template(const struct testing *testing, struct diag *diag)
{
    const char *path = arena_printf(testing->arena, "%s/" TEMPLATE ".text.liquid", testing->folder);
    FILE *file = fopen(path, "wex");
    bool written = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        written = false;
    return written || fail(diag, path);
}

/* What the body of a request may need: itself, and what it includes. */
static void link_to(const struct testing *testing, const char *name)
{
    const char *from = arena_printf(testing->arena, "%s/%s", testing->config->keys.templates, name);
    char *real = realpath(from, NULL);
    int ignored =
        real ? symlink(real, arena_printf(testing->arena, "%s/%s", testing->folder, name)) : 0;
    (void)ignored; /* then the template says what it lacks */
    free(real);
}

static void link_bodies(const struct testing *testing)
{
    const char *const *names;
    size_t count;
    struct diag ignored;
    if (!file_list(testing->arena, testing->config->keys.templates, ".liquid", false, &names,
                   &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++)
        if (!strstr(names[i], ".html.liquid") && !strstr(names[i], ".text.liquid"))
            link_to(testing, names[i]);
    link_to(testing, "snippets");
    link_to(testing, "locales");
}

static bool make_folder(struct testing *testing, struct diag *diag)
{
    const char *parent = getenv("TMPDIR");
    snprintf(testing->folder, sizeof testing->folder, "%s/nudgectl-XXXXXX",
             parent && strlen(parent) < 40 ? parent : "/tmp");
    if (!mkdtemp(testing->folder)) {
        testing->folder[0] = '\0';
        return fail(diag, "the temporary folder");
    }
    if (!write_template(testing, diag))
        return false;
    if (testing->gateway->kind->form == GATEWAY_REQUEST)
        link_bodies(testing);
    return true;
}

static void remove_folder(const struct testing *testing)
{
    const char *const *names;
    size_t count = 0;
    struct diag ignored;
    if (!testing->folder[0])
        return;
    if (file_list(testing->arena, testing->folder, ".liquid", false, &names, &count, &ignored))
        for (size_t i = 0; i < count; i++)
            unlink(arena_printf(testing->arena, "%s/%s", testing->folder, names[i]));
    unlink(arena_printf(testing->arena, "%s/snippets", testing->folder));
    unlink(arena_printf(testing->arena, "%s/locales", testing->folder));
    rmdir(testing->folder);
}

static bool load_templates(struct testing *testing, struct diag *diag)
{
    struct diags diags = {0};
    const struct templates_settings settings = {.folder = testing->folder,
                                                .default_locale = testing->config->locale,
                                                .built_in = preset_files};
    testing->templates = templates_load(&settings, &diags);
    for (size_t i = 0; i < diags.count && !testing->templates; i++)
        if (diags.items[i].level == DIAG_ERROR) {
            *diag = diags.items[i];
            break;
        }
    diags_free(&diags);
    return testing->templates != NULL;
}

/* ---- The message ---- */

static bool make_scene(struct testing *testing, struct diag *diag)
{
    struct value event = value_new_map(testing->arena, 4),
                 customer = value_new_map(testing->arena, 2);
    struct buf out;
    value_set(testing->arena, customer, "id", value_text("test"));
    value_set(testing->arena, event, "type", value_text("gateway.test"));
    value_set(
        testing->arena, event, "id",
        value_text(arena_printf(testing->arena, "%" PRId64 ".%d", clock_wall_ms(), (int)getpid())));
    value_set(testing->arena, event, "gateway", value_text(testing->gateway->name));
    value_set(testing->arena, event, "customer", customer);
    buf_init(&out, INPUT_MOST);
    json_print(&out, &event);
    const struct input input = {.name = "(test)",
                                .text = arena_text(testing->arena, buf_string(&out)),
                                .length = out.length};
    buf_free(&out);
    scene_begin(&testing->scene, testing->config, testing->arena);
    return scene_event(&testing->scene, &input, diag);
}

static const struct config_channel *channel_of(const struct config *config,
                                               const struct config_gateway *gateway)
{
    for (const struct config_channel *channel = config->channels; channel->name; channel++)
        for (const struct config_gateway *const *one = channel->gateways; *one; one++)
            if (*one == gateway)
                return channel;
    return &config->channels[0];
}

/* A receipt, so that nothing asks for a link to unsubscribe. */
static bool make_draft(struct testing *testing, const struct gateway_test *test, struct diag *diag)
{
    testing->channel = channel_of(testing->config, testing->gateway);
    testing->step = (struct rule_step){.kind = RULE_STEP_SEND,
                                       .id = "test",
                                       .template = TEMPLATE,
                                       .channel = testing->channel->name};
    testing->rule = (struct rule){.name = "gateway-test",
                                  .class = RULE_TRANSACTIONAL,
                                  .topic = "all",
                                  .file = "",
                                  .give_up_ms = 60 * 60 * 1000,
                                  .steps = &testing->step,
                                  .step_count = 1};
    rule_channel_settle(testing->config->known_channels, &testing->rule);
    testing->draft.rule = &testing->rule;
    testing->draft.step = &testing->step;
    if (!draft_make(&testing->draft, testing->config, &testing->scene, diag))
        return false;
    value_set(testing->arena, testing->draft.message, "to", value_text(test->to));
    return true;
}

/* ---- The command ---- */

static bool send_one(struct testing *testing, const struct gateway_test *test,
                     struct outcome *outcome, struct diag *diag)
{
    struct outgoing outgoing;
    if (!make_folder(testing, diag) || !load_templates(testing, diag) ||
        !make_scene(testing, diag) || !make_draft(testing, test, diag))
        return false;
    const struct prepare prepare = {.compose = &testing->draft.compose,
                                    .templates = testing->templates,
                                    .gateway = testing->gateway};
    if (!prepare_outgoing(&prepare, &testing->draft.message, testing->arena, &outgoing, diag))
        return false;
    const struct trial trial = {.gateway = testing->gateway,
                                .arena = testing->arena,
                                .shows = !test->json,
                                .said = test->json ? &testing->said : NULL};
    trial_send(&trial, &outgoing, outcome);
    return true;
}

static void print_json(struct testing *testing, const struct gateway_test *test,
                       const struct outcome *outcome)
{
    struct value row = value_new_map(testing->arena, 10);
    value_set(testing->arena, row, "gateway", value_text(testing->gateway->name));
    value_set(testing->arena, row, "to", value_text(test->to));
    trial_put(outcome, testing->arena, row);
    value_set(testing->arena, row, "conversation", testing->said);
    json_line_print(&row);
}

int gateway_test_run(struct context *context, const struct config_gateway *gateway,
                     const struct gateway_test *test)
{
    struct testing testing = {
        .config = context->config, .gateway = gateway, .arena = arena_new(64 * 1024)};
    struct outcome outcome = {.kind = OUTCOME_KINDS};
    testing.said = value_new_list(testing.arena, 16);
    struct diag diag = {0};
    bool sent = send_one(&testing, test, &outcome, &diag);
    if (sent && test->json)
        print_json(&testing, test, &outcome);
    else if (sent)
        trial_tell(&outcome);
    else
        context_fail(&diag);
    templates_destroy(&testing.templates);
    remove_folder(&testing);
    arena_destroy(&testing.arena);
    return sent && outcome.kind == OUTCOME_SENT ? EXIT_SUCCESS : EXIT_FAILURE;
}
