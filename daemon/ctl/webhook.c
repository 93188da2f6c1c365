/*
 * nudgectl webhook: what a mapping makes of a delivery, without a listener, a secret or Redis. The
 * delivery is a body, or a whole request as a provider's page of deliveries, or a log, shows it:
 * lines of its header, a blank line, its body.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/slice.h"
#include "ctl/command.h"
#include "ctl/input.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "web/mapping_file.h"

enum { PRINTED_MOST = 4 * 1024 * 1024 };

struct trial {
    struct arena *arena;
    const struct mapping *mapping;
    struct hook_delivery delivery;
    struct mapping_result result;
    bool json;
};

/* ---- The delivery ---- */

/* "X-Shopify-Topic: orders/create". False where it is no line of a header. */
static bool add_header(struct trial *trial, struct slice line)
{
    const char *colon = memchr(line.text, ':', line.length);
    if (!colon || colon == line.text || memchr(line.text, ' ', (size_t)(colon - line.text)))
        return false;
    char *name = arena_copy(trial->arena, line.text, (size_t)(colon - line.text));
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    const struct slice value =
        slice_trim(slice_between(colon + 1, line.text + line.length), " \t\r");
    value_set(trial->arena, trial->delivery.headers, name,
              value_text(arena_copy(trial->arena, value.text, value.length)));
    return true;
}

/* Passes over "POST /webhooks/shopify HTTP/1.1"; its parameters are not needed. */
static void read_request(struct trial *trial, const struct input *input)
{
    const char *at = input->text, *end = at + input->length;
    bool first = true;
    while (at < end && *at != '{' && *at != '[') {
        const char *feed = memchr(at, '\n', (size_t)(end - at)), *stop = feed ? feed : end;
        const struct slice line = slice_trim(slice_between(at, stop), "\r");
        if (line.length && !add_header(trial, line) && !first)
            break;
        at = feed ? feed + 1 : end;
        first = false;
        if (!line.length)
            break;
    }
    if (!value_count(&trial->delivery.headers))
        at = input->text;
    trial->delivery.body = slice_between(at, end);
}

/* EXIT_SUCCESS, or what the command ends with. */
static int read_delivery(struct trial *trial, const char *file, int count, char **headers)
{
    struct input input;
    struct diag diag = {0};
    trial->delivery.headers = value_new_map(trial->arena, 8);
    trial->delivery.query = value_new_map(trial->arena, 1);
    trial->delivery.received_ms = clock_wall_ms();
    if (!input_read(trial->arena, file, &input, &diag)) {
        context_fail(&diag);
        return EX_NOINPUT;
    }
    read_request(trial, &input);
    for (int i = 0; i < count; i++)
        if (!add_header(trial, slice_of(headers[i])))
            return command_usage("webhook", "`%s` is no header: 'X-Shopify-Topic: orders/create'",
                                 headers[i]);
    return EXIT_SUCCESS;
}

/* ---- What came of it ---- */

static struct value as_value(struct trial *trial, const struct mapping_event *event)
{
    struct arena *arena = trial->arena;
    if (event->type)
        return event->event;
    struct value told = value_new_map(arena, 5);
    value_set(arena, told, "feedback", value_text(hook_news_kinds[event->feedback.kind]));
    value_set(arena, told, "message", value_text(event->feedback.mid));
    if (event->feedback.code)
        value_set(arena, told, "code", value_int(event->feedback.code));
    if (*event->feedback.enhanced)
        value_set(arena, told, "enhanced", value_text(event->feedback.enhanced));
    if (*event->feedback.words)
        value_set(arena, told, "words", value_text(event->feedback.words));
    return told;
}

static void print_pretty(const struct value *value)
{
    struct buf out;
    buf_init(&out, PRINTED_MOST);
    json_print_pretty(&out, value);
    plain_json(buf_string(&out), out.length);
    printf("\n");
    buf_free(&out);
}

static void print_text(struct trial *trial)
{
    const struct mapping_result *result = &trial->result;
    for (uint32_t i = 0; i < result->count; i++) {
        const struct value value = as_value(trial, &result->events[i]);
        print_pretty(&value);
    }
    if (!result->count)
        printf("nothing comes of it\n");
    if (result->unknown) {
        printf("%u not let through: no topic `", result->unknown);
        plain_text(result->unknown_topic ? result->unknown_topic : "");
        printf("`\n");
    }
    for (uint32_t i = 0; i < result->left_count; i++) {
        printf("left out: ");
        plain_text(result->left[i].part);
        printf(": ");
        plain_text(result->left[i].why);
        printf("\n");
    }
}

static void print_json(struct trial *trial)
{
    const struct mapping_result *result = &trial->result;
    struct arena *arena = trial->arena;
    struct value row = value_new_map(arena, 4), events = value_new_list(arena, result->count),
                 left = value_new_list(arena, result->left_count);
    for (uint32_t i = 0; i < result->count; i++)
        value_push(arena, events, as_value(trial, &result->events[i]));
    for (uint32_t i = 0; i < result->left_count; i++) {
        struct value one = value_new_map(arena, 2);
        value_set(arena, one, "part", value_text(result->left[i].part));
        value_set(arena, one, "why", value_text(result->left[i].why));
        value_push(arena, left, one);
    }
    value_set(arena, row, "events", events);
    value_set(arena, row, "unknown_topics", value_int(result->unknown));
    value_set(arena, row, "left_out", left);
    json_line_print(&row);
}

/* ---- The command ---- */

static const struct mapping *find_mapping(struct context *context, struct arena *arena,
                                          const char *name)
{
    struct diags diags = {0};
    const struct mapping *mapping = strchr(name, '/') || strchr(name, '.')
                                        ? mapping_file_read_path(arena, name, &diags)
                                        : mapping_file_read(arena, "webhooks", name, &diags);
    (void)context;
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return mapping;
}

static int run(struct trial *trial, const char *file, int count, char **headers)
{
    struct diag diag = {0};
    const int status = read_delivery(trial, file, count, headers);
    if (status != EXIT_SUCCESS)
        return status;
    if (mapping_is_ping(trial->mapping, &trial->delivery, trial->arena)) {
        printf("it only asks whether somebody is there\n");
        return EXIT_SUCCESS;
    }
    if (!mapping_apply(trial->mapping, &trial->delivery, trial->arena, &trial->result, &diag)) {
        context_fail(&diag);
        return EX_DATAERR;
    }
    if (trial->json)
        print_json(trial);
    else
        print_text(trial);
    return trial->result.count ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_webhook(struct context *context, int argc, char **argv)
{
    struct trial trial = {0};
    const struct command_option options[] = {{.name = "--json", .flag = &trial.json}, {0}};
    int count = command_options(context, argc, argv, options), status = EX_CONFIG;
    if (count < 0)
        return EX_USAGE;
    if (count < 2)
        return command_usage(argv[0], "a mapping and a file are expected");
    trial.arena = arena_new(64 * 1024);
    trial.mapping = find_mapping(context, trial.arena, argv[1]);
    if (trial.mapping)
        status = run(&trial, argv[2], count - 2, argv + 3);
    arena_destroy(&trial.arena);
    return status;
}
