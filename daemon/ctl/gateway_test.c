/*
 * One message through a gateway, made by the daemon's own code and sent by the gateway's:
 *
 *   make_folder   a template of its own, in a folder of its own, beside the shop's bodies of
 * requests make_draft    the message: a rule that is made up, to the address that was given send
 * the connection opened, the message sent, each line of the conversation shown tell          the
 * verdict, in words
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
#include "ctl/plain.h"
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
    bool said; /* something of the conversation was shown */
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

/* ---- Sending ---- */

/* > what goes out, < what comes in. */
static void on_line(void *context, bool out, const char *line, size_t length)
{
    struct testing *testing = context;
    while (length && (line[length - 1] == '\r' || line[length - 1] == '\n'))
        length--;
    printf("%s ", out ? ">" : "<");
    plain_print(line, length);
    printf("\n");
    fflush(stdout); /* it may take a while until the next one */
    testing->said = true;
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void send_to(struct testing *testing, const struct outgoing *outgoing,
                    struct outcome *outcome)
{
    const struct gateway_kind *kind = testing->gateway->kind;
    const struct gateway_hooks hooks = {
        .may_finish = always, .is_cut = never, .context = testing, .line = on_line};
    void *connection = kind->open(testing->gateway->settings, &hooks);
    kind->send(connection, outgoing, testing->arena, outcome);
    kind->close(connection);
}

/* ---- The verdict ---- */

/* What it is, and what the daemon would do then. */
static const struct verdict {
    const char *what, *then;
} verdicts[OUTCOME_KINDS + 1] = {
    [OUTCOME_SENT] = {"sent: the gateway took it", NULL},
    [OUTCOME_RETRY] = {"not taken now", "tries it again later, and counts the attempt"},
    [OUTCOME_UNAVAILABLE] = {"unavailable: it did not come as far as the message",
                             "tries the channel's next gateway at once, and charges nobody"},
    [OUTCOME_UNCERTAIN] = {"uncertain: it may have been taken, and its answer is lost",
                           "sends it again by this gateway, or holds it (`on_uncertain`)"},
    [OUTCOME_BOUNCED] = {"bounced: there is no such address", "suppresses the address"},
    [OUTCOME_DEAD] = {"refused for good", "makes it a dead letter"},
    [OUTCOME_GATEWAY_FAULT] = {"the gateway's own fault",
                               "opens its breaker; the channel's next gateway takes over"},
    [OUTCOME_CUT] = {"cut", NULL},
};

static void tell(const struct testing *testing, const struct outcome *outcome)
{
    if (testing->said)
        printf("\n");
    const struct verdict *verdict = &verdicts[outcome->kind];
    printf("%s\n", verdict->what);
    if (verdict->then)
        printf("  %-9s %s\n", "a daemon", verdict->then);
    if (outcome->code)
        printf("  %-9s %d%s%s\n", "code", outcome->code, *outcome->enhanced ? ", " : "",
               outcome->enhanced);
    if (*outcome->text) {
        printf("  %-9s ", "it says");
        plain_text(outcome->text);
        printf("\n");
    }
    if (*outcome->id) {
        printf("  %-9s ", "its id");
        plain_text(outcome->id);
        printf("\n");
    }
    if (outcome->retry_after_ms)
        printf("  %-9s %" PRId64 " s\n", "asks for", outcome->retry_after_ms / 1000);
    if (outcome->unhealthy)
        printf("  %-9s counts against its health\n", "and");
}

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
    send_to(testing, &outgoing, outcome);
    return true;
}

int gateway_test_run(struct context *context, const struct config_gateway *gateway,
                     const struct gateway_test *test)
{
    struct testing testing = {
        .config = context->config, .gateway = gateway, .arena = arena_new(64 * 1024)};
    struct outcome outcome = {.kind = OUTCOME_KINDS};
    struct diag diag = {0};
    bool sent = send_one(&testing, test, &outcome, &diag);
    if (sent)
        tell(&testing, &outcome);
    else
        context_fail(&diag);
    templates_destroy(&testing.templates);
    remove_folder(&testing);
    arena_destroy(&testing.arena);
    return sent && outcome.kind == OUTCOME_SENT ? EXIT_SUCCESS : EXIT_FAILURE;
}
