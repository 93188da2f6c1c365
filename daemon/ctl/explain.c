/*
 * nudgectl explain CUSTOMER: what was decided about one customer, oldest first, one line
 * for each outcome.
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
#include "ctl/who.h"
#include "store/find_customer.h"
#include "store/traces.h"

static void print_text(const struct value *item, const char *name, const char *before)
{
    const struct value *text = value_get(item, name);
    if (!value_is(text, VALUE_STRING))
        return;
    printf("%s", before);
    plain_print(text->string, text->length);
}

static void print_time(const struct value *item, const char *name, const char *before)
{
    char time[CLOCK_TEXT_SIZE];
    int64_t ms;
    if (value_to_int(value_get(item, name), &ms))
        printf("%s%s", before, clock_format(ms, time));
}

/* The rules that share the outcome. */
static void print_rules(const struct value *item)
{
    const struct value *rules = value_get(item, "rules");
    int64_t more;
    for (uint32_t i = 0; i < (value_is(rules, VALUE_LIST) ? value_count(rules) : 0); i++) {
        const struct value *rule = &rules->list->items[i];
        if (value_is(rule, VALUE_STRING)) {
            printf("%s", i ? ", " : ": ");
            plain_print(rule->string, rule->length);
        }
    }
    if (value_to_int(value_get(item, "more"), &more))
        printf(" and %" PRId64 " more", more);
}

/* Of a run of equal failures, which is told once. */
static void print_run(const struct value *item, const struct value *line)
{
    int64_t times;
    if (!value_to_int(value_get(item, "times"), &times))
        return;
    printf(" ×%" PRId64, times);
    print_time(item, "first", ", first ");
    print_time(line, "at", ", last ");
}

static void print_line(const struct value *line)
{
    const struct value *event = value_get(line, "event"), *did = value_get(line, "did");
    print_time(line, "at", "");
    if (event) {
        print_text(event, "type", "  ");
        print_text(event, "id", " ");
    }
    if (value_count(did) == 0)
        printf("  nothing to do");
    printf("\n");
    for (uint32_t i = 0; i < value_count(did); i++) {
        const struct value *item = &did->list->items[i];
        printf("   ");
        print_text(item, "rule", " ");
        print_text(item, "what", " ");
        print_run(item, line);
        print_text(item, "reason", ", ");
        print_text(item, "gateway", " by ");
        print_text(item, "why", ": ");
        print_text(item, "fault", ": ");
        print_rules(item);
        print_time(item, "until", " until ");
        print_text(item, "mid", " mid=");
        print_text(item, "gateway_id", " id=");
        printf("\n");
    }
}

static void print_raw(const struct reply *line)
{
    plain_json(line->text, line->length);
    printf("\n");
}

static void print_lines(const struct reply *lines, bool raw)
{
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = lines->count; i-- > 0;) {
        const struct reply *text = reply_item(lines, i);
        struct value line;
        struct diag diag;
        arena_reset(arena);
        if (raw || !json_read(arena, text->text, text->length, &json_file_limits, &line, &diag))
            print_raw(text);
        else
            print_line(&line);
    }
    arena_destroy(&arena);
}

static const struct reply *read_trace(struct context *context, struct session *session,
                                      const char *customer, struct diag *diag)
{
    return traces_read(session, context->config->keys.redis.prefix, customer, diag);
}

/* An address under which nothing is kept: most shops name customers by an id. */
static int look_for_address(struct context *context, struct session *session, const char *address,
                            bool raw)
{
    struct diag diag = {0};
    const char *keys[FIND_CUSTOMER_MOST];
    size_t count;
    if (!find_customer(session, context->config->keys.redis.prefix, address, context->config->arena,
                       keys, &count, &diag))
        return context_fail(&diag);
    if (count == 0) {
        fprintf(stderr, "nudgectl: no customer has the address %s\n",
                plain_of(context->config->arena, address));
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct reply *lines = read_trace(context, session, keys[i], &diag);
        if (!lines)
            return context_fail(&diag);
        if (!raw) {
            printf("%s", i ? "\n" : "");
            plain_text(keys[i]);
            printf("\n");
        }
        print_lines(lines, raw);
    }
    return EXIT_SUCCESS;
}

static int explain(struct context *context, struct session *session, const char *name, bool raw)
{
    struct diag diag = {0};
    const char *key = who_key(context, name);
    const char *customer = who_person(context, session, key);
    const struct reply *lines = read_trace(context, session, customer, &diag);
    if (!lines)
        return context_fail(&diag);
    if (lines->count == 0 && strchr(name, '@') && !strchr(name, ':'))
        return look_for_address(context, session, name, raw);
    if (lines->count == 0) {
        fprintf(stderr, "nudgectl: nothing is known of the customer %s\n",
                plain_of(context->config->arena, customer));
        return EXIT_FAILURE;
    }
    if (!raw && strcmp(customer, key) != 0) {
        plain_text(customer);
        printf("\n");
    }
    print_lines(lines, raw);
    return EXIT_SUCCESS;
}

int command_explain(struct context *context, int argc, char **argv)
{
    bool raw = false;
    const struct command_option options[] = {{.name = "--json", .flag = &raw}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count != 1)
        return command_usage(argv[0], "one customer is expected, such as id:7 or ana@example.com");
    struct session *session = context_session(context);
    if (!session)
        return EXIT_FAILURE;
    int status = explain(context, session, argv[1], raw);
    session_close(&session);
    return status;
}
