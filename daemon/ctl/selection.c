#include "ctl/selection.h"

#include <string.h>

#include "base/duration.h"
#include "ctl/rule_test_time.h"

void selection_add_options(struct selection *selection, struct command_option *options)
{
    const struct command_option rows[] = {
        {.name = "--rule", .value = &selection->rule},
        {.name = "--reason", .value = &selection->reason},
        {.name = "--template", .value = &selection->template},
        {.name = "--channel", .value = &selection->channel},
        {.name = "--gateway", .value = &selection->gateway},
        {.name = "--customer", .value = &selection->customer},
        {.name = "--before", .value = &selection->before},
        {.name = "--after", .value = &selection->after},
        {.name = "--older-than", .value = &selection->older_than},
        {.name = "--all", .flag = &selection->all},
        {0},
    };
    _Static_assert(sizeof rows / sizeof *rows == SELECTION_OPTIONS, "as the header says");
    while (options->name)
        options++;
    memcpy(options, rows, sizeof rows);
}

/* A time, or so long ago. */
static bool read_time(const char *text, const char *zone, int64_t now_ms, int64_t *ms)
{
    const struct value time = value_text(text);
    int64_t ago_ms;
    if (rule_test_time_read(&time, zone, ms))
        return true;
    if (!duration_parse(text, strlen(text), &ago_ms))
        return false;
    *ms = now_ms - ago_ms;
    return true;
}

static bool refuse(struct diag *diag, const char *option, const char *text)
{
    diag_error(diag, "`%s %s`: that is no time", option, text);
    diag_hint(diag, "such as 2026-03-01, 2026-03-01T08:00:00Z, or 2h, 30m, 7d: so long ago");
    return false;
}

bool selection_read(struct selection *selection, const char *zone, int64_t now_ms,
                    struct diag *diag)
{
    int64_t older_ms;
    selection->from_ms = INT64_MIN;
    selection->to_ms = INT64_MAX;
    if (selection->after && !read_time(selection->after, zone, now_ms, &selection->from_ms))
        return refuse(diag, "--after", selection->after);
    if (selection->before && !read_time(selection->before, zone, now_ms, &selection->to_ms))
        return refuse(diag, "--before", selection->before);
    if (!selection->older_than)
        return true;
    if (!read_time(selection->older_than, zone, now_ms, &older_ms))
        return refuse(diag, "--older-than", selection->older_than);
    if (older_ms < selection->to_ms)
        selection->to_ms = older_ms;
    return true;
}

bool selection_is_narrow(const struct selection *selection)
{
    return selection->rule || selection->reason || selection->template || selection->channel ||
           selection->gateway || selection->customer || selection->before || selection->after ||
           selection->older_than;
}

static bool is(const char *wanted, const char *text)
{
    return !wanted || (text && strcmp(wanted, text) == 0);
}

bool selection_has(const struct selection *selection, const char *customer,
                   const struct pile_item *item)
{
    return item->since_ms >= selection->from_ms && item->since_ms <= selection->to_ms &&
           is(selection->reason, item->reason) &&
           is(selection->channel, pile_item_field(item, "channel")) &&
           is(selection->gateway, pile_item_field(item, "gateway")) &&
           is(selection->customer ? customer : NULL, pile_item_field(item, "customer")) &&
           is(selection->rule, pile_item_body(item, "rule")) &&
           is(selection->template, pile_item_body(item, "template"));
}
