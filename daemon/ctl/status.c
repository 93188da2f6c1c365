/* nudgectl status: the figures of the daemon, asked at its admin socket. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/json.h"
#include "ctl/command.h"
#include "ctl/plain.h"

static int64_t number(const struct value *status, const char *name)
{
    int64_t count = 0;
    value_to_int(value_get(status, name), &count);
    return count;
}

static const char *text(struct arena *arena, const struct value *status, const char *name)
{
    const char *found = value_to_text(arena, value_get(status, name));
    return found ? plain_of(arena, found) : "?";
}

static void print_numbers(const struct value *status, const char *title, const char *const *names)
{
    printf("%-10s", title);
    for (; *names; names += 2)
        printf("%" PRId64 " %s%s", number(status, names[0]), names[1], names[2] ? ", " : "\n");
}

static void print_gateway(struct arena *arena, const struct value *gateway)
{
    const struct value *failure = value_get(gateway, "failure");
    const char *why = value_to_text(arena, value_get(gateway, "why"));
    printf("gateway   %s: %s, breaker %s%s%s%s, %" PRId64 " being sent\n",
           text(arena, gateway, "name"), text(arena, gateway, "kind"),
           text(arena, gateway, "breaker"), why ? " (" : "", why ? why : "", why ? ")" : "",
           number(gateway, "sending"));
    if (value_is(failure, VALUE_MAP))
        printf("          last failure %s: %s\n", text(arena, failure, "at"),
               plain_of(arena, text(arena, failure, "text")));
}

static void print_paused_rules(struct arena *arena, const struct value *rules)
{
    for (uint32_t i = 0; i < value_count(rules); i++) {
        const struct value *rule = &rules->list->items[i];
        bool brake = value_is_text(value_get(rule, "by"), "brake");
        printf("paused    rule %s by %s, see `nudgectl rule`\n",
               plain_of(arena, text(arena, rule, "rule")),
               brake ? "policy.brake" : plain_of(arena, text(arena, rule, "by")));
    }
}

static void print_clocks(const struct value *clocks)
{
    const struct value *scan = value_get(clocks, "scan");
    int64_t rules = number(clocks, "rules"), behind = number(clocks, "behind");
    if (!rules)
        return;
    printf("clocks    %" PRId64 " %s, ", rules, rules == 1 ? "rule" : "rules");
    if (value_is(scan, VALUE_MAP))
        printf("looking for customers: %" PRId64 " in %" PRId64 " keys\n",
               number(scan, "customers"), number(scan, "keys"));
    else if (behind)
        printf("customers of %" PRId64 " %s are being asked\n", behind,
               behind == 1 ? "rule and zone" : "rules and zones");
    else
        printf("nobody is due\n");
}

static void print_status(struct arena *arena, const struct value *status)
{
    static const char *const waiting[] = {"outbox", "in the outbox",  "later", "for another try",
                                          "held",   "held uncertain", "full",  "customers for room",
                                          NULL};
    static const char *const done[] = {"decided",   "events decided", "sent", "sent",
                                       "refused",   "held back",      "dead", "dead letters",
                                       "uncertain", "uncertain",      NULL};
    const struct value *redis = value_get(status, "redis"),
                       *gateways = value_get(status, "gateways"),
                       *wrong = value_get(status, "wrong_keys");
    printf("daemon    %s, as %s\n", text(arena, status, "state"), text(arena, status, "instance"));
    printf("redis     %s\n", value_is(redis, VALUE_BOOL) && redis->boolean ? "answers" : "is away");
    printf("rules     %" PRId64 "\n", number(status, "rules"));
    print_clocks(value_get(status, "clocks"));
    print_numbers(status, "waiting", waiting);
    if (number(status, "behind"))
        printf("behind    marketing waits for events that came before it\n");
    print_numbers(status, "so far", done);
    if (number(status, "paused"))
        printf("paused    %" PRId64 " gateways, see `nudgectl gateway`\n",
               number(status, "paused"));
    print_paused_rules(arena, value_get(status, "paused_rules"));
    for (uint32_t i = 0; i < value_count(gateways); i++) {
        print_gateway(arena, &gateways->list->items[i]);
    }
    if (value_is(value_get(status, "archive"), VALUE_STRING))
        printf("archive   events are not archived: %s\n", text(arena, status, "archive"));
    for (uint32_t i = 0; i < value_count(wrong); i++)
        printf("wrong     %s\n", plain_of(arena, value_to_text(arena, &wrong->list->items[i])));
}

int command_status(struct context *context, int argc, char **argv)
{
    bool raw = false;
    const struct command_option options[] = {{.name = "--json", .flag = &raw}, {0}};
    struct buf answer;
    struct value status;
    struct diag diag;
    int count = command_options(context, argc, argv, options);
    if (!command_no_arguments(count, argv))
        return EX_USAGE;
    if (!context_answer(context, "GET", "/status", &answer))
        return EXIT_FAILURE;
    struct arena *arena = arena_new(16 * 1024);
    if (raw ||
        !json_read(arena, buf_string(&answer), answer.length, &json_file_limits, &status, &diag))
        plain_json(buf_string(&answer), answer.length);
    else
        print_status(arena, &status);
    arena_destroy(&arena);
    buf_free(&answer);
    return EXIT_SUCCESS;
}
