#include "decide/because.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/share.h"
#include "base/utf8.h"
#include "cel/cel_text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* On one line, cut to the bound. */
static struct value text_of(struct arena *arena, struct slice text, size_t most)
{
    size_t looked = text.length < 4 * most ? text.length : 4 * most;
    char *line = arena_alloc(arena, looked + sizeof "…"), *to = line;
    for (size_t i = 0; i < looked; i++)
        if (!is_blank(text.text[i]))
            *to++ = text.text[i];
        else if (to > line && to[-1] != ' ')
            *to++ = ' ';
    size_t length = (size_t)(to - line);
    if (length > most) {
        length = utf8_floor(line, most - strlen("…"));
        memcpy(line + length, "…", strlen("…"));
        length += strlen("…");
    }
    return value_string(line, length);
}

/* As JSON has it, where that is short; else as an expression writes it. */
static struct value value_of(struct arena *arena, const struct value *value)
{
    struct buf text;
    struct value shown = *value;
    if (value->kind < VALUE_DOUBLE || (value->kind == VALUE_DOUBLE && isfinite(value->real)))
        return shown;
    if (value->kind == VALUE_STRING)
        return text_of(arena, (struct slice){value->string, value->length}, BECAUSE_VALUE_MOST);
    buf_init(&text, 4 * BECAUSE_VALUE_MOST);
    if (!cel_text_add(&text, value)) {
        buf_clear(&text);
        if (!cel_print(&text, value) && text.length == 0)
            buf_text(&text, "…");
    }
    shown = text_of(arena, (struct slice){buf_string(&text), text.length}, BECAUSE_VALUE_MOST);
    buf_free(&text);
    return shown;
}

static void add_seen(struct arena *arena, struct value item, const struct cel_reason *reason)
{
    struct value saw = value_new_map(arena, reason->count), lacks = value_new_list(arena, 1);
    for (uint32_t i = 0; i < reason->count; i++) {
        const struct cel_seen *seen = &reason->seen[i];
        const struct value name = text_of(arena, seen->text, BECAUSE_TEXT_MOST);
        if (seen->fault)
            value_push(arena, lacks, name);
        else
            value_add(arena, saw, name, value_of(arena, &seen->value));
    }
    if (value_count(&saw))
        value_add(arena, item, value_text("saw"), saw);
    if (value_count(&lacks))
        value_add(arena, item, value_text("lacks"), lacks);
}

static void add_within(struct arena *arena, struct value item,
                       const struct condition_reason *reason)
{
    struct value within = value_new_list(arena, reason->within_count);
    for (uint32_t i = 0; i < reason->within_count; i++)
        value_push(arena, within, text_of(arena, reason->within[i], BECAUSE_TEXT_MOST));
    if (reason->within_count)
        value_add(arena, item, value_text("in"), within);
}

static void add_reason(struct arena *arena, struct value item,
                       const struct condition_reason *reason, const char *name)
{
    value_add(arena, item, value_text(name), text_of(arena, reason->found.part, BECAUSE_TEXT_MOST));
    add_within(arena, item, reason);
    add_seen(arena, item, &reason->found);
}

/* ---- Conditions ---- */

void because_found(struct deciding *d, struct value item, const struct condition_reason *reason,
                   bool answer)
{
    if (item.kind == VALUE_MAP)
        add_reason(d->arena, item, reason, answer ? "yes" : "no");
}

void because_view(struct deciding *d, struct value item, const struct cel_program *condition,
                  const struct condition_view *view, bool answer)
{
    struct condition_reason reason;
    if (item.kind != VALUE_MAP || !condition)
        return;
    condition_reason_view(condition, view, answer, d->arena, &reason);
    because_found(d, item, &reason, answer);
}

void because_condition(struct deciding *d, struct value item, const struct cel_program *condition,
                       const struct condition_scene *scene, bool answer)
{
    struct condition_view view;
    if (item.kind != VALUE_MAP || !condition)
        return;
    condition_view_open(&view, scene, d->arena);
    because_view(d, item, condition, &view, answer);
}

void because_expression(struct deciding *d, struct value item, const char *name,
                        const struct cel_program *program, const struct condition_scene *scene)
{
    struct condition_reason reason;
    if (item.kind != VALUE_MAP)
        return;
    condition_reason_find(program, scene, true, d->arena, &reason);
    add_reason(d->arena, item, &reason, name);
}

/* ---- Single values ---- */

void because_past(struct deciding *d, struct value item, const struct ends_past *past)
{
    if (past->type)
        because_text(d, item, "by", past->type);
    if (past->at_ms)
        because_number(d, item, "since", past->at_ms);
}

void because_field(struct deciding *d, struct value item, const char *field,
                   const struct customer *customer)
{
    const struct value known = customer_value(d->arena, customer);
    const struct value *value = value_get(&known, field);
    const char *name = arena_printf(d->arena, "customer.%s", field);
    struct cel_reason seen = {
        .seen = {{.text = slice_of(name), .fault = value ? NULL : "no such field"}}, .count = 1};
    if (value)
        seen.seen[0].value = *value;
    if (item.kind == VALUE_MAP)
        add_seen(d->arena, item, &seen);
}

void because_text(struct deciding *d, struct value item, const char *name, const char *text)
{
    if (item.kind == VALUE_MAP)
        value_add(d->arena, item, value_text(name),
                  text_of(d->arena, slice_of(text), BECAUSE_TEXT_MOST));
}

void because_texts(struct deciding *d, struct value item, const char *name,
                   const char *const *texts)
{
    struct value list = value_new_list(d->arena, 2);
    for (uint32_t i = 0; texts[i] && i < BECAUSE_TEXTS_MOST; i++)
        value_push(d->arena, list, text_of(d->arena, slice_of(texts[i]), BECAUSE_TEXT_MOST));
    trace_note(&d->trace, item, name, list);
}

void because_number(struct deciding *d, struct value item, const char *name, int64_t number)
{
    trace_note(&d->trace, item, name, value_int(number));
}

void because_share(struct deciding *d, struct value item, const char *name, uint32_t places)
{
    trace_note(&d->trace, item, name, value_double(share_percent(places)));
}
