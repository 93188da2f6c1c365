#include "ctl/rule_test_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "ctl/plain.h"
#include "ctl/rule_test_time.h"

struct report {
    FILE *stream;
    const char *indent, *zone;
    const struct rule_test_result *result;
    struct arena *arena;
};

/* ---- What happened ---- */

static const char *text_of(const struct report *report, const struct value *item, const char *name)
{
    const char *text = value_to_text(report->arena, value_get(item, name));
    return text ? plain_of(report->arena, text) : NULL;
}

static const char *to_whom(const struct report *report, const char *mid)
{
    for (uint32_t i = 0; mid && i < report->result->message_count; i++) {
        const struct rule_test_message *message = &report->result->messages[i];
        if (message->to && value_is_text(value_get(&message->body, "mid"), mid))
            return plain_of(report->arena, message->to);
    }
    return NULL;
}

static void print_rule(const struct report *report, const char *rule, const struct value *item)
{
    const char *what = text_of(report, item, "what"), *why = text_of(report, item, "why");
    const char *fault = text_of(report, item, "fault");
    const char *to = to_whom(report, text_of(report, item, "mid"));
    bool sends = what && strcmp(what, "sends") == 0;
    int64_t until_ms;
    fprintf(report->stream, "%s    %s%s%s", report->indent, rule ? rule : "", rule ? " " : "",
            what ? what : "");
    if (why)
        fprintf(report->stream, "%s %s", sends ? "" : ":", why);
    if (sends && to)
        fprintf(report->stream, " to %s", to);
    if (fault)
        fprintf(report->stream, ": %s", fault);
    if (value_to_int(value_get(item, "until"), &until_ms))
        fprintf(report->stream, " until %s",
                rule_test_time_text(report->arena, until_ms, report->zone));
    fprintf(report->stream, "\n");
}

static void print_item(const struct report *report, const struct value *item)
{
    const struct value *rules = value_get(item, "rules");
    if (!rules)
        print_rule(report, text_of(report, item, "rule"), item);
    for (uint32_t i = 0; i < value_count(rules); i++)
        print_rule(report,
                   plain_of(report->arena, value_to_text(report->arena, &rules->list->items[i])),
                   item);
}

static void print_line(const struct report *report, const struct rule_test_line *line)
{
    const struct value *event = value_get(&line->line, "event"),
                       *did = value_get(&line->line, "did");
    const char *type = event ? text_of(report, event, "type") : NULL;
    int64_t at_ms = 0;
    value_to_int(value_get(&line->line, "at"), &at_ms);
    fprintf(report->stream, "%s  %s  %s of %s\n", report->indent,
            rule_test_time_text(report->arena, at_ms, report->zone), type ? type : "deadline",
            plain_of(report->arena, line->customer));
    for (uint32_t i = 0; i < value_count(did); i++)
        print_item(report, &did->list->items[i]);
}

void rule_test_report_life(FILE *stream, const char *indent, const struct rule_test_result *result,
                           const char *zone, struct arena *arena)
{
    const struct report report = {stream, indent, zone, result, arena};
    for (uint32_t i = 0; i < result->line_count; i++)
        print_line(&report, &result->lines[i]);
    if (result->line_count == 0)
        fprintf(stream, "%s  nothing\n", indent);
}

/* ---- What was expected ---- */

static void print_miss(const struct report *report, const struct rule_test *test,
                       const struct rule_test_miss *miss)
{
    size_t size;
    const char *text = plain_of(report->arena, miss->text);
    if (!miss->expect) {
        fprintf(report->stream, "%s%s\n", report->indent, text);
        return;
    }
    const struct value *item = miss->expect->item;
    const char *line =
        diag_source_line(test->source->text, test->source->length, item->place.line, &size);
    while (line && size && *line == ' ')
        line++, size--;
    fprintf(report->stream, "%s%s:%u: expected\n", report->indent, test->source->file,
            item->place.line);
    if (line)
        fprintf(report->stream, "%s    %s\n", report->indent,
                plain_of(report->arena, arena_copy(report->arena, line, size)));
    fprintf(report->stream, "%sbut %s\n", report->indent, text);
}

void rule_test_report_failure(FILE *stream, const char *indent, const struct rule_test *test,
                              const struct rule_test_result *result, const char *zone,
                              struct arena *arena)
{
    const struct report report = {stream, indent, zone, result, arena};
    for (uint32_t i = 0; i < result->miss_count; i++)
        print_miss(&report, test, &result->misses[i]);
    fprintf(stream, "%swhat happened:\n", indent);
    rule_test_report_life(stream, indent, result, zone, arena);
}

/* ---- XML ---- */

static const char *entity(char letter)
{
    switch (letter) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void rule_test_report_xml(FILE *stream, const char *text)
{
    for (; *text; text++) {
        const char *name = entity(*text);
        bool control = (unsigned char)*text < ' ' && *text != '\n' && *text != '\t';
        if (name)
            fputs(name, stream);
        else
            fputc(control ? '?' : *text, stream);
    }
}
