#include "ctl/preview_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "ctl/trial.h"
#include "decide/only.h"

enum { NAMES_MOST = 500 };

static bool lists(const struct config_channel *channel, const struct config_gateway *gateway)
{
    const struct config_gateway *const *one = channel->gateways;
    while (*one && *one != gateway)
        one++;
    return *one != NULL;
}

/* One that is in no list may be tried before it is put into one; one of another channel would get
 * what it cannot read. */
static bool check_channel(const struct preview_send *send, const struct config_gateway *gateway,
                          struct diag *diag)
{
    const char *wanted = send->draft->step->channel;
    const struct config_channel *other = NULL;
    for (const struct config_channel *channel = send->config->channels; channel->name; channel++) {
        if (!lists(channel, gateway))
            continue;
        if (strcmp(channel->name, wanted) == 0)
            return true;
        other = channel;
    }
    return !other || diag_error(diag, "the gateway `%s` is of the channel `%s`; `%s` goes by `%s`",
                                gateway->name, other->name, send->draft->step->template, wanted);
}

static const struct config_gateway *choose_gateway(const struct preview_send *send,
                                                   struct diag *diag)
{
    const char *names[NAMES_MOST + 1];
    size_t count = 0;
    if (!send->gateway)
        return send->draft->gateway;
    for (const struct config_gateway *one = send->config->gateways; one->name; one++) {
        if (strcmp(one->name, send->gateway) == 0)
            return check_channel(send, one, diag) ? one : NULL;
        if (count < NAMES_MOST)
            names[count++] = one->name;
    }
    names[count] = NULL;
    diag_error(diag, "there is no gateway `%s` in the configuration", send->gateway);
    diag_suggest(diag, send->gateway, names);
    return NULL;
}

/* Another message each time: a provider would drop what it has seen. */
static void address_it(const struct preview_send *send)
{
    struct value message = send->draft->message;
    int64_t now_ms = clock_wall_ms();
    const char *mid = arena_printf(send->arena, "test-%" PRId64 "-%d", now_ms, (int)getpid());
    value_set(send->arena, message, "mid", value_text(mid));
    value_set(send->arena, message, "decided", value_int(now_ms));
    value_set(send->arena, message, "to", value_text(send->to));
    value_remove(message, "name");
}

static bool prepare(const struct preview_send *send, const struct config_gateway *gateway,
                    struct outgoing *outgoing, struct diag *diag)
{
    struct compose_settings settings = send->draft->compose;
    const struct prepare with = {
        .compose = &settings, .templates = send->templates, .gateway = gateway};
    settings.test = true;
    settings.bounce_domain = NULL; /* a sender of its own would lead a bounce to somebody */
    address_it(send);
    return prepare_outgoing(&with, &send->draft->message, send->arena, outgoing, diag);
}

static void tell(const struct preview_send *send, const struct config_gateway *gateway,
                 const struct outcome *outcome)
{
    if (!send->json) {
        printf("%s to ", send->draft->step->template);
        plain_text(send->to);
        printf(" through %s, marked as a test\n", gateway->name);
        trial_tell(outcome);
        return;
    }
    struct value row = value_new_map(send->arena, 10);
    value_set(send->arena, row, "template", value_text(send->draft->step->template));
    value_set(send->arena, row, "channel", value_text(send->draft->step->channel));
    value_set(send->arena, row, "gateway", value_text(gateway->name));
    value_set(send->arena, row, "to", value_text(send->to));
    trial_put(outcome, send->arena, row);
    json_line_print(&row);
}

bool preview_send_run(const struct preview_send *send, bool *sent, struct diag *diag)
{
    struct outgoing outgoing;
    struct outcome outcome;
    const struct config_gateway *gateway = choose_gateway(send, diag);
    if (!gateway)
        return false;
    if (!only_admits(send->config->only, send->to, send->arena))
        return diag_error(diag, "`deliver.only` lets nothing through to %s", send->to);
    if (!prepare(send, gateway, &outgoing, diag))
        return false;
    const struct trial trial = {.gateway = gateway, .arena = send->arena};
    outcome_set(&outcome, OUTCOME_UNAVAILABLE);
    trial_send(&trial, &outgoing, &outcome);
    tell(send, gateway, &outcome);
    *sent = outcome.kind == OUTCOME_SENT;
    return true;
}
