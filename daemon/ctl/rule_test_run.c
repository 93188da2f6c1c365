#include "ctl/rule_test_run.h"

#include <string.h>

#include "base/json.h"
#include "compose/compose.h"
#include "config/config.h"
#include "ctl/rule_test_check.h"
#include "decide/message_body.h"
#include "decide/replay.h"

enum { EVENT_MOST = 256 * 1024 };

struct run {
    const struct rule_test_runner *runner;
    const struct rule_test *test;
    struct rule_test_result *result;
    struct replay *replay;
};

/* ---- What happened ---- */

/* As it comes out of the store, where it is JSON. */
static bool as_stored(struct arena *arena, const struct value *body, struct value *stored,
                      struct diag *diag)
{
    const struct slice text = json_print_slice(arena, body, COMPOSE_WIRE_MOST);
    return json_read(arena, text.text, text.length, &json_file_limits, stored, diag);
}

static bool render(const struct run *run, const struct rule_step *step,
                   struct rule_test_message *message, struct diag *diag)
{
    const struct generation *generation = run->runner->generation;
    struct arena *arena = run->runner->arena;
    struct compose_settings settings = generation->compose;
    settings.now_ms = message->at_ms;
    if (!step->mail) {
        struct compose_text text;
        if (!compose_text(generation->templates, &settings, &message->body, arena, &text, diag))
            return false;
        message->subject = text.subject;
        message->text = text.text;
        return true;
    }
    struct compose_mail mail = {0};
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = compose_mail(generation->templates, &settings, &message->body, arena, &mail, diag);
    buf_free(&mail.wire);
    message->subject = mail.subject;
    message->text = mail.text;
    message->html = mail.html;
    return made;
}

static void add_message(const struct run *run, const struct replay_decided *decided,
                        const struct decision_message *sent)
{
    struct arena *arena = run->runner->arena;
    struct rule_test_result *result = run->result;
    struct rule_test_message message = {.at_ms = decided->now_ms,
                                        .customer = arena_text(arena, decided->customer),
                                        .rule = sent->rule->name,
                                        .template = sent->step->template,
                                        .channel = sent->step->channel};
    struct diag diag = {0};
    bool stored = as_stored(arena, &sent->body, &message.body, &diag);
    if (stored && sent->step->code)
        message_body_give(arena, message.body, arena_printf(arena, "%s-TEST", sent->step->code));
    if (!stored || !render(run, sent->step, &message, &diag)) {
        struct diag *kept = arena_alloc(arena, sizeof *kept);
        *kept = diag;
        message.fault = kept;
    }
    message.to = value_to_text(arena, value_get(&message.body, "to"));
    result->messages = arena_grow(arena, result->messages, result->message_count,
                                  &result->message_capacity, sizeof *result->messages);
    result->messages[result->message_count++] = message;
}

static void on_decided(void *context, const struct replay_decided *decided)
{
    const struct run *run = context;
    struct arena *arena = run->runner->arena;
    struct rule_test_result *result = run->result;
    const struct decision *decision = decided->decision;
    for (uint32_t i = 0; i < decision->trace_count; i++) {
        result->lines = arena_grow(arena, result->lines, result->line_count, &result->line_capacity,
                                   sizeof *result->lines);
        result->lines[result->line_count++] =
            (struct rule_test_line){.customer = arena_text(arena, decided->customer),
                                    .line = value_copy(arena, &decision->trace[i])};
    }
    for (uint32_t i = 0; i < decision->message_count; i++)
        add_message(run, decided, &decision->messages[i]);
}

static void on_dead(void *context, const struct replay_order *order, const struct diag *diag)
{
    const struct run *run = context;
    (void)order;
    rule_test_check_miss(run->result, run->runner->arena, NULL, diag->text);
}

/* ---- What is given ---- */

static void take(struct run *run, const struct rule_test_given *given)
{
    struct arena *arena = run->runner->arena;
    struct diag diag = {0};
    if (given->event.kind == VALUE_NULL) {
        replay_run(run->replay, given->at_ms);
        return;
    }
    const struct slice text = json_print_slice(arena, &given->event, EVENT_MOST);
    if (!replay_event(run->replay, text.text, text.length, given->at_ms, &diag))
        rule_test_check_miss(run->result, arena, NULL,
                             arena_printf(arena, "line %u: this is no event: %s",
                                          given->event.place.line, diag.text));
}

void rule_test_run(const struct rule_test_runner *runner, const struct rule_test *test,
                   struct rule_test_result *result)
{
    struct run run = {.runner = runner, .test = test, .result = result};
    const struct config *config = runner->generation->config;
    const struct replay_options options = {.rules = runner->generation->rules,
                                           .policy = &runner->generation->policy,
                                           .form = config_event_form(config),
                                           .keep_ms = config->keys.customer.keep_ms,
                                           .tables = test->tables.kind == VALUE_MAP ? &test->tables
                                                                                    : NULL,
                                           .on_decided = on_decided,
                                           .on_dead = on_dead,
                                           .context = &run};
    *result = (struct rule_test_result){.begin_ms = test->given[0].at_ms};
    run.replay = replay_new(&options);
    for (const char *const *address = test->suppressed; address && *address; address++)
        replay_suppress(run.replay, *address);
    for (uint32_t i = 0; i < test->given_count; i++)
        take(&run, &test->given[i]);
    replay_run(run.replay, test->given[test->given_count - 1].at_ms);
    rule_test_check(runner, test, run.replay, result);
    replay_destroy(&run.replay);
}
