#include "ctl/eval_trace.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ctl/plain.h"

enum { TEXT_WIDTH_MOST = 60, VALUE_WIDTH_MOST = 100, INDENT = 2 };

struct eval_trace_step {
    uint32_t offset, length;
    uint32_t index; /* in the order of evaluation */
    uint32_t first; /* index of the first step within this one */
    uint32_t depth;
    const char *text, *value; /* on one line, cut to what is shown */
};

/* A copy on one line: each run of white space is a space; what is past the width, "…". */
static const char *one_line(struct arena *arena, const char *text, size_t length, size_t most)
{
    char *line = arena_alloc(arena, length + sizeof "…"), *to = line;
    size_t shown = 0, width;
    for (size_t at = 0; at < length; at += width, shown++) {
        if (shown == most) {
            to += sprintf(to, "…");
            break;
        }
        width = isspace((unsigned char)text[at]) ? 1 : utf8_width(text + at, length - at);
        if (isspace((unsigned char)text[at])) {
            while (at + width < length && isspace((unsigned char)text[at + width]))
                width++;
            *to++ = ' ';
        } else {
            memcpy(to, text + at, width);
            to += width;
        }
    }
    *to = '\0';
    return plain_of(arena, line);
}

static const char *outcome(struct arena *arena, const struct cel_step *step)
{
    if (!step->value)
        return arena_printf(arena, "error: %s", step->fault);
    struct buf out;
    buf_init(&out, 64 * 1024);
    bool printed = cel_print(&out, step->value);
    const char *text =
        printed ? one_line(arena, buf_string(&out), out.length, VALUE_WIDTH_MOST) : "(large)";
    buf_free(&out);
    return text;
}

static bool is_within(const struct eval_trace_step *inner, const struct eval_trace_step *outer)
{
    return inner->offset >= outer->offset &&
           inner->offset + inner->length <= outer->offset + outer->length &&
           inner->length < outer->length;
}

void eval_trace_visit(void *context, const struct cel_step *step)
{
    struct eval_trace *trace = context;
    if (trace->count == EVAL_TRACE_MOST) {
        trace->passed_over++;
        return;
    }
    trace->steps = arena_grow(trace->arena, trace->steps, trace->count, &trace->capacity,
                              sizeof *trace->steps);
    struct eval_trace_step *kept = &trace->steps[trace->count];
    *kept = (struct eval_trace_step){.offset = step->offset,
                                     .length = step->length,
                                     .index = trace->count,
                                     .first = trace->count,
                                     .value = outcome(trace->arena, step)};
    /* What was evaluated for this step stands right before it, each with its own. */
    while (kept->first > 0 && is_within(&trace->steps[kept->first - 1], kept))
        kept->first = trace->steps[kept->first - 1].first;
    trace->count++;
}

/* Outer before inner, else as evaluated. */
static int by_tree(const void *a, const void *b)
{
    const struct eval_trace_step *one = a, *two = b;
    if (one->first != two->first)
        return one->first < two->first ? -1 : 1;
    return one->index > two->index ? -1 : 1;
}

/* Sorts, and sets the depths: the nearest before a step that was evaluated after it is the
 * one that it belongs to. */
static void make_tree(struct eval_trace *trace)
{
    struct eval_trace_step *steps = trace->steps;
    if (trace->count)
        qsort(steps, trace->count, sizeof *steps, by_tree);
    for (uint32_t i = 0; i < trace->count; i++) {
        uint32_t above = i;
        while (above > 0 && steps[above - 1].index < steps[i].index)
            above--;
        steps[i].depth = above ? steps[above - 1].depth + 1 : 0;
    }
}

void eval_trace_print(struct eval_trace *trace, const char *expression, FILE *stream)
{
    size_t widest = 0;
    make_tree(trace);
    for (uint32_t i = 0; i < trace->count; i++) {
        struct eval_trace_step *step = &trace->steps[i];
        step->text =
            one_line(trace->arena, expression + step->offset, step->length, TEXT_WIDTH_MOST);
        size_t width = INDENT * step->depth + utf8_count(step->text, strlen(step->text));
        widest = width > widest ? width : widest;
    }
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct eval_trace_step *step = &trace->steps[i];
        size_t indent = INDENT * step->depth;
        size_t gap = widest + INDENT - indent - utf8_count(step->text, strlen(step->text));
        fprintf(stream, "%*s%s%*s%s\n", (int)indent, "", step->text, (int)gap, "", step->value);
    }
    if (trace->passed_over)
        fprintf(stream, "… and %" PRIu64 " more steps\n", trace->passed_over);
}
