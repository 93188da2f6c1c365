/*
 * nudgectl uncertain: the messages that a gateway may have taken, its answer being lost, and
 * the operator's word on each: once more, or never.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/command.h"
#include "ctl/plain.h"
#include "store/uncertain_messages.h"

#define SHOWN_MOST "50"

enum { SHOWN_CEILING = 100000, PAGE = 100 };

struct desk {
    struct context *context;
    struct session *session;
    const char *prefix;
    enum uncertain_verb verb;
    uint64_t done, refused;
    size_t kept; /* of the refused, those that are still uncertain */
};

/* ---- The list ---- */

static void print_message(struct arena *arena, const struct uncertain_message *message)
{
    char since[CLOCK_TEXT_SIZE];
    struct value body = value_null();
    struct diag diag;
    if (message->body)
        json_read(arena, message->body, strlen(message->body), &json_file_limits, &body, &diag);
    plain_text(message->mid);
    printf("  %s  ", clock_format(message->since_ms, since));
    plain_text(value_to_text(arena, value_get(&body, "rule")));
    printf(" to ");
    plain_text(value_to_text(arena, value_get(&body, "to")));
    printf(" by ");
    plain_text(message->gateway);
    printf(" (");
    plain_text(message->customer);
    printf(")");
    if (message->mark) {
        printf(" withdrawn: ");
        plain_text(message->mark);
    }
    printf("\n");
}

static bool print_rest(struct desk *desk, size_t shown, struct diag *diag)
{
    int64_t count;
    if (!uncertain_messages_count(desk->session, desk->prefix, &count, diag))
        return false;
    if (count == 0)
        printf("no uncertain messages\n");
    else if (count > (int64_t)shown)
        printf("and %" PRId64 " more\n", count - (int64_t)shown);
    return true;
}

static bool list(struct desk *desk, size_t most, struct diag *diag)
{
    struct arena *arena = arena_new(64 * 1024);
    size_t shown = 0;
    bool good = true;
    while (good && shown < most) {
        struct uncertain_page page;
        arena_reset(arena);
        good =
            uncertain_messages_list(desk->session, desk->prefix, INT64_MAX, shown,
                                    most - shown < PAGE ? most - shown : PAGE, arena, &page, diag);
        if (!good || page.count == 0)
            break;
        for (size_t i = 0; i < page.count; i++)
            if (page.messages[i].body)
                print_message(arena, &page.messages[i]);
        shown += page.count;
    }
    arena_destroy(&arena);
    return good && print_rest(desk, shown, diag);
}

/* ---- The word on them ---- */

static bool is_configured(const struct config *config, const char *gateway)
{
    for (size_t i = 0; i < config->gateway_count; i++)
        if (strcmp(config->gateways[i].name, gateway) == 0)
            return true;
    return false;
}

static void refuse(struct desk *desk, const char *mid, const char *why, bool kept)
{
    desk->refused++;
    fprintf(stderr, "nudgectl: %s: %s\n", mid, why);
    if (!kept)
        return;
    desk->kept++;
    fprintf(stderr, "hint: `nudgectl uncertain drop %s`\n", mid);
}

static bool settle(struct desk *desk, const struct uncertain_message *message, struct diag *diag)
{
    const struct config *config = desk->context->config;
    enum uncertain_verdict verdict;
    if (desk->verb == UNCERTAIN_RESEND && message->gateway &&
        !is_configured(config, message->gateway)) {
        refuse(desk, message->mid, "its gateway is no longer configured, and no other may send it",
               true);
        return true;
    }
    if (!uncertain_messages_settle(desk->session, desk->prefix, desk->verb, message->mid,
                                   config->keys.customer.keep_ms, &verdict, diag))
        return false;
    if (verdict == UNCERTAIN_DONE)
        desk->done++;
    else if (verdict == UNCERTAIN_GONE)
        refuse(desk, message->mid, "it is not held", false);
    else if (verdict == UNCERTAIN_WITHDRAWN)
        refuse(desk, message->mid, "it was withdrawn, and has ended unsent", false);
    else
        refuse(desk, message->mid, "the customer has unsubscribed since", true);
    return true;
}

static bool settle_named(struct desk *desk, int count, char **mids, struct diag *diag)
{
    struct arena *arena = arena_new(4096);
    bool good = true;
    for (int i = 0; good && i < count; i++) {
        struct uncertain_message message;
        arena_reset(arena);
        good =
            uncertain_messages_find(desk->session, desk->prefix, mids[i], arena, &message, diag) &&
            settle(desk, &message, diag);
    }
    arena_destroy(&arena);
    return good;
}

/* Those that are uncertain now: what is resent may come back, and waits for the next word. */
static bool settle_all(struct desk *desk, struct diag *diag)
{
    struct arena *arena = arena_new(64 * 1024);
    int64_t seconds = 0;
    const struct reply *time = session_command(desk->session, diag, "TIME", NULL);
    bool good = time && reply_number(reply_item(time, 0), &seconds);
    for (size_t found = 1; good && found;) {
        struct uncertain_page page;
        arena_reset(arena);
        good = uncertain_messages_list(desk->session, desk->prefix, seconds * 1000 + 999,
                                       desk->kept, PAGE, arena, &page, diag);
        found = good ? page.count : 0;
        for (size_t i = 0; good && i < found; i++)
            good = settle(desk, &page.messages[i], diag);
    }
    arena_destroy(&arena);
    return good;
}

static int finish(const struct desk *desk)
{
    printf("%" PRIu64 " %s", desk->done, desk->verb == UNCERTAIN_RESEND ? "resent" : "dropped");
    if (desk->refused)
        printf(", %" PRIu64 " not", desk->refused);
    printf("\n");
    return desk->refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- The command line ---- */

static bool open_session(struct desk *desk)
{
    desk->session = context_session(desk->context);
    if (desk->session)
        desk->prefix = desk->context->config->keys.redis.prefix;
    return desk->session != NULL;
}

static int run_list(struct desk *desk, const char *digits)
{
    struct diag diag = {0};
    size_t most = strtoul(digits, NULL, 10);
    if (!open_session(desk))
        return EXIT_FAILURE;
    bool listed = list(desk, most < SHOWN_CEILING ? most : SHOWN_CEILING, &diag);
    int status = listed ? EXIT_SUCCESS : context_fail(&diag);
    session_close(&desk->session);
    return status;
}

static int run_settle(struct desk *desk, bool all, int count, char **argv)
{
    struct diag diag = {0};
    if (all != (count == 1))
        return command_usage(argv[0], "`%s` takes messages by their id, or --all", argv[1]);
    desk->verb = strcmp(argv[1], "resend") == 0 ? UNCERTAIN_RESEND : UNCERTAIN_DROP;
    if (!open_session(desk))
        return EXIT_FAILURE;
    bool settled = all ? settle_all(desk, &diag) : settle_named(desk, count - 1, argv + 2, &diag);
    int status = settled ? EXIT_SUCCESS : context_fail(&diag);
    session_close(&desk->session);
    return finish(desk) == EXIT_SUCCESS ? status : EXIT_FAILURE;
}

int command_uncertain(struct context *context, int argc, char **argv)
{
    bool all = false;
    struct desk desk = {.context = context};
    const struct command_option options[] = {{.name = "--all", .flag = &all}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count > 0 && (strcmp(argv[1], "resend") == 0 || strcmp(argv[1], "drop") == 0))
        return run_settle(&desk, all, count, argv);
    if (count > 0 && strcmp(argv[1], "ls") != 0)
        return command_usage(argv[0], "`ls`, `resend` or `drop` is expected, not `%s`", argv[1]);
    if (all)
        return command_usage(argv[0], "--all goes with `resend` or `drop`");
    const char *most = command_list_most(count, argv, SHOWN_MOST);
    return most ? run_list(&desk, most) : EX_USAGE;
}
