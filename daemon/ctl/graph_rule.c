/*
 * graph_rule_put, at the end: what starts the rule (put_start), its steps within a frame of their
 * own, each a node with its edges (put_step, by kind), and what ends a journey at whatever step,
 * behind an edge from the frame (put_exits). Jumps are no nodes: an edge leads to where they go.
 */
#include "ctl/graph_rule.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/duration.h"
#include "base/share.h"
#include "ctl/graph_label.h"

enum { TEXT_MOST = 16 * 1024 };

struct drawing {
    struct buf *out;
    const struct ruleset *rules;
    const struct rule *rule;
    const char *prefix;
    int (*number)(void *context, const struct rule *rule);
    void *context;
};

/* ---- Nodes and edges ---- */

/* Shapes: what stands around a label. */
struct outline {
    const char *open, *close;
};

static const struct outline stadium = {"([", "])"}, box = {"[", "]"}, diamond = {"{", "}"},
                            hexagon = {"{{", "}}"}, message = {"[/", "/]"}, rule_box = {"[[", "]]"},
                            note = {"[", "]"};

/* A label is made of parts, each on a line of its own. */
struct label {
    struct buf text;
};

static struct label new_label(void)
{
    struct label label;
    buf_init(&label.text, TEXT_MOST);
    return label;
}

__attribute__((format(printf, 2, 3))) static void add_line(struct label *label, const char *format,
                                                           ...)
{
    struct buf line;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&line, TEXT_MOST);
    graph_label_put(&line, text);
    buf_printf(&label->text, "%s%s", label->text.length ? "<br/>" : "", buf_string(&line));
    buf_free(&line);
}

static void put_node(const struct drawing *drawing, const char *name, struct outline outline,
                     struct label *label)
{
    buf_printf(drawing->out, "    %s%s%s\"%s\"%s\n", drawing->prefix, name, outline.open,
               buf_string(&label->text), outline.close);
    buf_free(&label->text);
}

static const char *step_name(uint32_t step, char name[16])
{
    snprintf(name, 16, "s%" PRIu32, step);
    return name;
}

/* Where a journey is that goes on at that step. */
static const char *place_of(const struct rule *rule, uint32_t step, char name[16])
{
    while (step < rule->step_count && rule->steps[step].kind == RULE_STEP_JUMP)
        step = rule->steps[step].target;
    if (step >= rule->step_count || rule->steps[step].kind == RULE_STEP_STOP)
        return "over";
    return step_name(step, name);
}

static void put_edge(const struct drawing *drawing, const char *from, const char *label,
                     const char *to)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    graph_label_put(&text, label);
    buf_printf(drawing->out, "    %s%s -->", drawing->prefix, from);
    if (text.length)
        buf_printf(drawing->out, "|\"%s\"|", buf_string(&text));
    buf_printf(drawing->out, " %s%s\n", drawing->prefix, to);
    buf_free(&text);
}

static void put_way(const struct drawing *drawing, uint32_t step, const char *label, uint32_t to)
{
    char from[16], name[16];
    put_edge(drawing, step_name(step, from), label, place_of(drawing->rule, to, name));
}

/* "order.placed or order.paid", in at most `size` bytes. */
static const char *join_types(const char *const *types, char *text, size_t size)
{
    size_t length = 0;
    *text = '\0';
    for (size_t i = 0; types && types[i] && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " or " : "", types[i]);
    return text;
}

/* ---- Steps ---- */

static void put_send(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char name[16];
    struct label label = new_label();
    add_line(&label, "send %s", step->template);
    add_line(&label, "by %s", step->channel);
    if (step->to)
        add_line(&label, "to %s", cel_text(step->to));
    if (step->code)
        add_line(&label, "with a code of %s", step->code);
    put_node(drawing, step_name(number, name), message, &label);
    put_way(drawing, number, "", number + 1);
}

static void add_data(struct label *label, const struct rule_data *data)
{
    for (; data && data->name; data++)
        add_line(label, "%s = %s", data->name, cel_text(data->program));
}

static void put_set(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char name[16];
    struct label label = new_label();
    add_line(&label, "set");
    add_data(&label, step->data);
    put_node(drawing, step_name(number, name), box, &label);
    put_way(drawing, number, "", number + 1);
}

/* The rules that take the event. */
static void put_takers(const struct drawing *drawing, uint32_t number, const char *type)
{
    const struct rule *const *rule = ruleset_on(drawing->rules, type);
    char from[16];
    for (int i = 0; *rule; rule++) {
        if (!rule_list_has((*rule)->on, type))
            continue;
        int there = drawing->number ? drawing->number(drawing->context, *rule) : -1;
        step_name(number, from);
        if (there >= 0) {
            buf_printf(drawing->out, "    %s%s -.-> r%d_on\n", drawing->prefix, from, there);
            continue;
        }
        char name[32];
        struct label label = new_label();
        add_line(&label, "rule %s", (*rule)->name);
        snprintf(name, sizeof name, "%s_to%d", from, i++);
        put_node(drawing, name, rule_box, &label);
        buf_printf(drawing->out, "    %s%s -.-> %s%s\n", drawing->prefix, from, drawing->prefix,
                   name);
    }
}

static void put_emit(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char name[16];
    struct label label = new_label();
    add_line(&label, "emit %s", step->emits);
    if (step->for_whom)
        add_line(&label, "for %s", cel_text(step->for_whom));
    add_data(&label, step->data);
    put_node(drawing, step_name(number, name), stadium, &label);
    put_way(drawing, number, "", number + 1);
}

static void add_weekdays(struct label *label, unsigned days)
{
    static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    char text[64] = "on";
    if (!days)
        return;
    for (size_t i = 0, length = 2; i < 7; i++)
        if (days >> i & 1)
            length += (size_t)snprintf(text + length, sizeof text - length, " %s", names[i]);
    add_line(label, "%s", text);
}

static void put_wait_node(const struct drawing *drawing, uint32_t number,
                          const struct rule_step *step)
{
    char name[16], length[DURATION_TEXT_SIZE], types[512];
    struct label label = new_label();
    bool for_event = step->or_ && step->or_[0];
    if (step->wait == RULE_WAIT_FOR && for_event)
        add_line(&label, "wait for %s", join_types(step->or_, types, sizeof types));
    else if (step->wait == RULE_WAIT_FOR)
        add_line(&label, "wait %s", duration_format(step->wait_ms, length));
    else if (step->wait == RULE_WAIT_UNTIL)
        add_line(&label, "wait until %s", cel_text(step->wait_until));
    else
        add_line(&label, "wait until %02d:%02d", step->wait_clock.at / 60,
                 step->wait_clock.at % 60);
    if (step->wait == RULE_WAIT_CLOCK)
        add_weekdays(&label, step->wait_clock.weekdays);
    put_node(drawing, step_name(number, name), hexagon, &label);
}

static void put_wait(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char text[4096], length[DURATION_TEXT_SIZE];
    put_wait_node(drawing, number, step);
    if (!step->or_ || !step->or_[0]) {
        put_way(drawing, number, "", number + 1);
    } else {
        const char *condition = step->or_if ? cel_text(step->or_if) : "";
        snprintf(text, sizeof text, "it comes%s%s", *condition ? ", and " : "", condition);
        put_way(drawing, number, text, number + 1);
        snprintf(text, sizeof text, "after %s", duration_format(step->wait_ms, length));
        put_way(drawing, number, text, number + 1);
    }
    if (step->skips)
        put_way(drawing, number, "past", step->target);
}

static void put_branch(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char name[16];
    struct label label = new_label();
    add_line(&label, "%s", cel_text(step->condition));
    put_node(drawing, step_name(number, name), diamond, &label);
    put_way(drawing, number, "yes", number + 1);
    put_way(drawing, number, "no", step->target);
}

static void put_split(const struct drawing *drawing, uint32_t number, const struct rule_step *step)
{
    char name[16], text[256];
    uint32_t before = 0;
    struct label label = new_label();
    add_line(&label, "split %s", step->split);
    put_node(drawing, step_name(number, name), diamond, &label);
    for (const struct rule_share *share = step->shares; share->name; share++) {
        snprintf(text, sizeof text, "%s %g%%", share->name, share_percent(share->upto - before));
        put_way(drawing, number, text, share->target);
        before = share->upto;
    }
}

static void put_step(const struct drawing *drawing, uint32_t number)
{
    const struct rule_step *step = &drawing->rule->steps[number];
    switch (step->kind) {
    case RULE_STEP_SEND:
        put_send(drawing, number, step);
        break;
    case RULE_STEP_WAIT:
        put_wait(drawing, number, step);
        break;
    case RULE_STEP_UNLESS:
        put_branch(drawing, number, step);
        break;
    case RULE_STEP_SPLIT:
        put_split(drawing, number, step);
        break;
    case RULE_STEP_SET:
        put_set(drawing, number, step);
        break;
    case RULE_STEP_EMIT:
        put_emit(drawing, number, step);
        break;
    case RULE_STEP_JUMP:
    case RULE_STEP_STOP:
        break;
    }
}

/* ---- What starts it ---- */

static void put_trigger(const struct drawing *drawing)
{
    const struct rule *rule = drawing->rule;
    char types[2048], spread[DURATION_TEXT_SIZE];
    struct label label = new_label();
    if (rule->clock) {
        add_line(&label, "clock: %s", rule->clock->text);
        add_line(&label, "within %s", duration_format(rule->clock->spread_ms, spread));
    } else {
        add_line(&label, "%s", join_types(rule->on, types, sizeof types));
    }
    put_node(drawing, "on", stadium, &label);
}

/* What holds for the whole rule. */
static void put_note(const struct drawing *drawing)
{
    static const char *const agains[] = {[RULE_AGAIN_UNSET] = NULL,
                                         [RULE_RESTART] = "restart",
                                         [RULE_IGNORE] = "ignore",
                                         [RULE_PARALLEL] = "parallel",
                                         [RULE_COLLECT] = "collect"};
    const struct rule *rule = drawing->rule;
    char time[DURATION_TEXT_SIZE];
    struct label label = new_label();
    add_line(&label, "%s%s%s", rule_class_word(rule->class),
             rule->class == RULE_MARKETING ? ", topic " : "",
             rule->class == RULE_MARKETING ? rule->topic : "");
    if (!rule->enabled)
        add_line(&label, "enabled: false");
    if (rule->per)
        add_line(&label, "per %s", cel_text(rule->per));
    if (agains[rule->again])
        add_line(&label, "again: %s", agains[rule->again]);
    if (rule->limit.count)
        add_line(&label, "limit %" PRId64 " per %s", rule->limit.count,
                 duration_format(rule->limit.per_ms, time));
    put_node(drawing, "note", note, &label);
    buf_printf(drawing->out, "    %snote -.- %son\n", drawing->prefix, drawing->prefix);
}

static void put_start(const struct drawing *drawing)
{
    const struct rule *rule = drawing->rule;
    const char *from = "on";
    char name[16];
    put_trigger(drawing);
    put_note(drawing);
    if (rule->condition) {
        struct label condition = new_label(), nothing = new_label();
        add_line(&condition, "%s", cel_text(rule->condition));
        add_line(&nothing, "%s",
                 rule->again == RULE_RESTART ? "what runs ends: no-longer" : "nothing");
        put_node(drawing, "if", diamond, &condition);
        put_node(drawing, "nothing", stadium, &nothing);
        put_edge(drawing, "on", "", "if");
        put_edge(drawing, "if", "no", "nothing");
        from = "if";
    }
    put_edge(drawing, from, rule->condition ? "yes" : "", place_of(rule, 0, name));
}

/* ---- What ends it at any step ---- */

static void put_exits(const struct drawing *drawing)
{
    const struct rule *rule = drawing->rule;
    char types[2048];
    struct label label = new_label();
    if (rule->until[0])
        add_line(&label, "until %s%s%s", join_types(rule->until, types, sizeof types),
                 rule->until_condition ? ", if " : "",
                 rule->until_condition ? cel_text(rule->until_condition) : "");
    if (rule->while_condition)
        add_line(&label, "while no longer %s", cel_text(rule->while_condition));
    if (rule->holdout)
        add_line(&label, "holdout: %g%% of all customers", share_percent(rule->holdout));
    if (label.text.length == 0) {
        buf_free(&label.text);
        return;
    }
    put_node(drawing, "ends", stadium, &label);
    buf_printf(drawing->out, "    %sjourney -. ends .-> %sends\n", drawing->prefix,
               drawing->prefix);
}

void graph_rule_put(struct buf *out, const struct ruleset *rules, const struct rule *rule,
                    const char *prefix, int (*number)(void *context, const struct rule *rule),
                    void *context)
{
    const struct drawing drawing = {out, rules, rule, prefix, number, context};
    struct label over = new_label(), frame = new_label();
    put_start(&drawing);
    add_line(&frame, "%s", rule->name);
    buf_printf(out, "    subgraph %sjourney [\"%s\"]\n", prefix, buf_string(&frame.text));
    buf_free(&frame.text);
    for (uint32_t i = 0; i < rule->step_count; i++)
        put_step(&drawing, i);
    add_line(&over, "the end");
    put_node(&drawing, "over", stadium, &over);
    buf_text(out, "    end\n");
    for (uint32_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].kind == RULE_STEP_EMIT)
            put_takers(&drawing, i, rule->steps[i].emits);
    put_exits(&drawing);
}
