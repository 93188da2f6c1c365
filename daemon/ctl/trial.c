/*
 * A message is sent by its gateway's own code (trial_send), and what came of it is told, with what
 * a daemon would do then (trial_tell).
 */
#include "ctl/trial.h"

#include <inttypes.h>
#include <stdio.h>

#include "ctl/plain.h"
#include "decide/trace_words.h"
#include "delivery/settlement.h"

struct talk {
    const struct trial *trial;
    bool shown; /* something of the conversation was */
};

/* ---- Sending ---- */

/* > what goes out, < what comes in. */
static void on_line(void *context, bool out, const char *line, size_t length)
{
    struct talk *talk = context;
    while (length && (line[length - 1] == '\r' || line[length - 1] == '\n'))
        length--;
    const struct trial *trial = talk->trial;
    if (trial->said)
        value_push(
            trial->arena, *trial->said,
            value_text(arena_printf(trial->arena, "%s %.*s", out ? ">" : "<", (int)length, line)));
    if (!trial->shows)
        return;
    printf("%s ", out ? ">" : "<");
    plain_print(line, length);
    printf("\n");
    fflush(stdout); /* it may take a while until the next one */
    talk->shown = true;
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

void trial_send(const struct trial *trial, const struct outgoing *outgoing, struct outcome *outcome)
{
    const struct config_gateway *gateway = trial->gateway;
    struct talk talk = {.trial = trial};
    const struct gateway_hooks hooks = {.may_finish = always,
                                        .is_cut = never,
                                        .context = &talk,
                                        .line = trial->shows || trial->said ? on_line : NULL};
    void *connection = gateway->kind->open(gateway->settings, &hooks);
    gateway->kind->send(connection, outgoing, trial->arena, outcome);
    gateway->kind->close(connection);
    if (talk.shown)
        printf("\n");
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

void trial_tell(const struct outcome *outcome)
{
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

void trial_put(const struct outcome *outcome, struct arena *arena, struct value row)
{
    const char *result = trace_what_word(settlement_what(outcome->kind));
    value_set(arena, row, "result", value_text(result));
    if (outcome->code)
        value_set(arena, row, "code", value_int(outcome->code));
    if (*outcome->enhanced)
        value_set(arena, row, "enhanced", value_text(arena_text(arena, outcome->enhanced)));
    if (*outcome->text)
        value_set(arena, row, "text", value_text(arena_text(arena, outcome->text)));
    if (*outcome->id)
        value_set(arena, row, "id", value_text(arena_text(arena, outcome->id)));
    if (outcome->retry_after_ms)
        value_set(arena, row, "retry_after_ms", value_int(outcome->retry_after_ms));
    value_set(arena, row, "unhealthy", value_bool(outcome->unhealthy));
}
