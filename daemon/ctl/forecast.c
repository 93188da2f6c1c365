/*
 * The event is decided by events/at_once, which asks Redis all that a daemon's commit would, and
 * writes nothing. The codes that messages would be given are not known: LIST-CODE stands for them.
 */
#include "ctl/forecast.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "compose/compose.h"
#include "ctl/colour.h"
#include "ctl/exit_codes.h"
#include "ctl/input.h"
#include "ctl/json_line.h"
#include "ctl/loading.h"
#include "ctl/plain.h"
#include "ctl/rule_test_time.h"
#include "ctl/who.h"
#include "decide/message_body.h"
#include "decide/room.h"
#include "events/at_once.h"
#include "store/customers_now.h"
#include "store/survey.h"

struct trying {
    const struct forecast *of;
    struct generation *generation;
    struct arena *arena;
    int64_t now_ms;
    struct room rooms[ROOM_CLASSES];
};

/* ---- Messages ---- */

/* As it is stored, and read again. */
static bool store(struct arena *arena, const struct value *body, struct value *stored,
                  struct diag *diag)
{
    const struct slice text = json_print_slice(arena, body, COMPOSE_WIRE_MOST);
    return json_read(arena, text.text, text.length, &json_file_limits, stored, diag);
}

static bool render(const struct trying *trying, const struct decision_message *message,
                   const char **subject, struct diag *diag)
{
    struct compose_settings settings = trying->generation->compose;
    struct value body;
    settings.now_ms = trying->now_ms;
    if (!store(trying->arena, &message->body, &body, diag))
        return false;
    if (message->step->code)
        message_body_give(trying->arena, body,
                          arena_printf(trying->arena, "%s-CODE", message->step->code));
    if (!message->step->mail) {
        struct compose_text text;
        bool made = compose_text(trying->generation->templates, &settings, &body, trying->arena,
                                 &text, diag);
        *subject = made ? text.text : NULL;
        return made;
    }
    struct compose_mail mail = {0};
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made =
        compose_mail(trying->generation->templates, &settings, &body, trying->arena, &mail, diag);
    *subject = mail.subject;
    buf_free(&mail.wire);
    return made;
}

static struct value told_of(const struct trying *trying, const struct decision_message *message)
{
    struct value told = value_new_map(trying->arena, 6);
    struct diag diag = {0};
    const char *subject = NULL;
    bool made = render(trying, message, &subject, &diag);
    value_add(trying->arena, told, value_text("message"), value_text(message->rule->name));
    value_add(trying->arena, told, value_text("template"), value_text(message->step->template));
    value_add(trying->arena, told, value_text("channel"), value_text(message->step->channel));
    value_add(trying->arena, told, value_text("to"), value_text(message->address.text));
    if (made && subject)
        value_add(trying->arena, told, value_text("subject"), value_text(subject));
    if (!made)
        value_add(trying->arena, told, value_text("fault"),
                  value_text(arena_printf(trying->arena, "%s: %s", diag.code, diag.text)));
    return told;
}

static void print_member(const struct value *told, const char *name, const char *before)
{
    const struct value *text = value_get(told, name);
    if (!value_is(text, VALUE_STRING))
        return;
    printf("%s", before);
    plain_print(text->string, text->length);
}

static void print_message(const struct value *told)
{
    printf("\n%s", colour_begin(COLOUR_GOOD));
    printf("would send%s ", colour_end(COLOUR_GOOD));
    print_member(told, "template", "");
    print_member(told, "message", " of ");
    print_member(told, "to", "\n    to ");
    print_member(told, "channel", " by ");
    print_member(told, "subject", "\n    ");
    print_member(told, "fault", "\n    cannot be made: ");
    printf("\n");
}

/* ---- What was decided ---- */

/* Of what leaves no line in a trace: an erasure, and what is older than one. */
static void tell_erasure(const struct trying *trying, const struct decision *decision)
{
    struct value told = value_new_map(trying->arena, 1);
    struct value keys = value_new_list(trying->arena, decision->erased_count);
    for (uint32_t i = 0; i < decision->erased_count; i++)
        value_push(trying->arena, keys, value_text(decision->erased[i]));
    if (decision->erased_count)
        value_add(trying->arena, told, value_text("erases"), keys);
    else
        value_add(trying->arena, told, value_text("passed_over"), value_text("erased"));
    if (trying->of->json)
        json_line_print(&told);
    else if (decision->erased_count)
        printf("would erase all that is known of them\n");
    else
        printf("passed over: they were erased, and it is of before\n");
}

static void on_tried(void *context, const char *key, const struct decision *decision)
{
    const struct trying *trying = context;
    struct value lines = value_new_list(trying->arena, decision->trace_count);
    for (uint32_t i = 0; i < decision->trace_count; i++) {
        struct value line = decision->trace[i];
        if (explain_lines_filter(&trying->of->filter, trying->arena, &line))
            value_push(trying->arena, lines, line);
    }
    if (trying->of->json)
        for (uint32_t i = 0; i < value_count(&lines); i++)
            json_line_print(&lines.list->items[i]);
    else {
        printf("%s", colour_begin(COLOUR_STRONG));
        plain_text(key);
        printf("%s, if it came; nothing is written, nothing sent\n\n", colour_end(COLOUR_STRONG));
        explain_lines_print(&lines, zone_or_utc(trying->of->context->config->zone), trying->arena);
    }
    if (decision->erased_count || decision->counts.erased)
        tell_erasure(trying, decision);
    for (uint32_t i = 0; i < decision->message_count; i++) {
        const struct value told = told_of(trying, &decision->messages[i]);
        if (trying->of->json)
            json_line_print(&told);
        else
            print_message(&told);
    }
}

/* ---- The event ---- */

/* Puts the customer's key where the paths look for it: customer.id of id:7. */
static void put_customer(const struct trying *trying, struct value event,
                         const char *const *key_paths)
{
    const char *key = who_key(trying->of->context, trying->of->customer);
    size_t length = strcspn(key, ":");
    for (const char *const *path = key_paths; *path; path++) {
        const char *name = strncmp(*path, "customer.", 9) == 0 ? *path + 9 : NULL;
        if (!name || strlen(name) != length || strncmp(name, key, length) != 0)
            continue;
        struct value customer = value_new_map(trying->arena, 1);
        value_add(trying->arena, customer, value_text(name), value_text(key + length + 1));
        value_set(trying->arena, event, "customer", customer);
    }
}

/* The exit status; 0: it is read. */
static int read_event(struct trying *trying, struct shop_event *event, struct diag *diag)
{
    const struct shop_event_form form = config_event_form(trying->of->context->config);
    struct input input;
    struct value object;
    if (!input_read(trying->arena, trying->of->event, &input, diag))
        return EX_NOINPUT;
    if (!input_object(trying->arena, &input, &object, diag))
        return EX_DATAERR;
    struct slice text = {input.text, input.length};
    if (trying->of->customer && !value_get(&object, "customer") &&
        !value_get(&object, "specversion")) {
        put_customer(trying, object, form.key_paths);
        text = json_print_slice(trying->arena, &object, INPUT_MOST);
    }
    const char *entry = arena_printf(trying->arena, "%" PRId64 "-0", trying->now_ms);
    if (shop_event_read(trying->arena, text.text, text.length, entry, &form, event, diag))
        return EXIT_SUCCESS;
    diag_file(diag, input.name);
    return EX_DATAERR;
}

/* An event that names somebody else would be told of as theirs. One of several keys may be
 * anybody's who becomes one with them. */
static int check_customer(const struct trying *trying, const struct shop_event *event,
                          struct diag *diag)
{
    const struct forecast *of = trying->of;
    if (!of->customer)
        return EXIT_SUCCESS;
    const char *person = who_person(of->context, of->shards, who_key(of->context, of->customer));
    for (uint32_t i = 0; i < event->key_count; i++)
        if (strcmp(who_person(of->context, of->shards, event->keys[i].text), person) == 0)
            return EXIT_SUCCESS;
    diag_error(diag, "the event is of %s, not of %s", event->key, of->customer);
    diag_hint(diag, "leave its `customer` out, and it is about the one of the command line");
    return EX_DATAERR;
}

static int set_time(struct trying *trying, struct diag *diag)
{
    const char *at = trying->of->at;
    const struct value time = value_text(at ? at : "");
    if (!at)
        return customers_now_time(shards_there(trying->of->shards)->session, &trying->now_ms, diag)
                   ? EXIT_SUCCESS
                   : EX_UNAVAILABLE;
    if (rule_test_time_read(&time, trying->of->context->config->zone, &trying->now_ms))
        return EXIT_SUCCESS;
    diag_error(diag, "--at: %s is no time", at);
    diag_hint(diag, "such as 2026-12-24, 2026-12-24T10:00 (the shop's), 2026-12-24T10:00:00+02:00");
    return EX_USAGE;
}

/* As app/backpressure counts it: what waits for another try is in the way too. */
static int ask_room(struct trying *trying, const struct shards_item *shard, struct diag *diag)
{
    const struct config *config = trying->of->context->config;
    const struct config_keys *keys = &config->keys;
    const struct placement placement = config_placement(config);
    const int64_t most = placement_part(&placement, keys->outbox_most);
    struct survey survey;
    if (!survey_read(shard->session, shard->prefix, "", trying->arena, &survey, diag))
        return EX_UNAVAILABLE;
    int64_t messages = survey.later;
    for (size_t i = 0; i < survey.queue_count; i++)
        messages += survey.queues[i].count;
    trying->rooms[RULE_MARKETING] =
        (struct room){.left = most - messages, .queued = survey.full_marketing > 0};
    trying->rooms[RULE_TRANSACTIONAL] =
        (struct room){.left = 2 * most - messages, .queued = survey.full_transactional > 0};
    return EXIT_SUCCESS;
}

static int try(struct trying *trying, struct diag *diag)
{
    struct shop_event event;
    struct at_once_done done;
    int status = set_time(trying, diag);
    status = status ? status : read_event(trying, &event, diag);
    status = status ? status : check_customer(trying, &event, diag);
    if (status)
        return status;
    const struct shards_item *shard = shards_of(trying->of->shards, event.key);
    status = ask_room(trying, shard, diag);
    if (status)
        return status;
    const struct at_once at_once = {.session = shard->session,
                                    .prefix = shard->prefix,
                                    .shard = shard->number,
                                    .config = trying->of->context->config,
                                    .generation = trying->generation,
                                    .event = &event,
                                    .on_tried = on_tried,
                                    .context = trying,
                                    .rooms = trying->rooms,
                                    .now_ms = trying->now_ms};
    return at_once_decide(&at_once, trying->arena, &done, diag) ? EXIT_SUCCESS : EX_UNAVAILABLE;
}

int forecast_event(const struct forecast *forecast)
{
    struct trying trying = {.of = forecast};
    struct diag diag = {0};
    trying.generation = loading_generation(forecast->context, forecast->rules);
    if (!trying.generation)
        return EX_CONFIG;
    trying.arena = arena_new(256 * 1024);
    int status = try(&trying, &diag);
    if (status)
        context_fail(&diag);
    arena_destroy(&trying.arena);
    generation_release(&trying.generation);
    return status;
}
