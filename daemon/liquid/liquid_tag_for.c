/*
 * `for`, with its `else`, and `break` and `continue`. When it is rendered, the collection becomes
 * a series, of which offset and limit cut a part, and the body is rendered for each item of that,
 * with `forloop` and the variable as the innermost names. Loops of one name and collection
 * remember where they ended, for `offset: continue`. Behind the rendering stand the parsers: the
 * head and the attributes strictly or as lax mode does, then the one or two bodies.
 *
 * A break or continue is only noted in the run: bodies stop when they see it, the loop clears it.
 */
#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_head.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_loop.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_value.h"
#include "liquid/liquid_variables.h"

struct repeat {
    struct liquid_head head;
    struct liquid_name name; /* "item-order.items": of the loop, and of where it ended */
    const struct liquid_expression *limit, *offset; /* or NULL */
    bool go_on;                                     /* offset: continue */
    bool reversed;
    bool has_else;
    struct liquid_body body, otherwise;
};

/* A limit or an offset; `none` where it is not there or nil. */
static bool evaluate_bound(struct liquid_run *run, const struct liquid_expression *expression,
                           int64_t none, int64_t *bound)
{
    struct value value;
    *bound = none;
    if (!expression)
        return true;
    if (!liquid_evaluate_plain(run, expression, &value))
        return false;
    if (value.kind == VALUE_NULL || liquid_value_integer(&value, bound))
        return true;
    liquid_fail(run, "a loop's limit and offset must be integers");
    return liquid_run_place(run, expression->offset);
}

/* The part of the series that is gone through; remembers where it ends. */
static bool cut_series(struct liquid_run *run, const struct repeat *repeat,
                       const struct liquid_series *series, int64_t *from, int64_t *count)
{
    int64_t limit;
    if (repeat->go_on) {
        const struct value *last = liquid_scope_find(&run->scope->offsets, &repeat->name);
        *from = last ? last->integer : 0;
    } else if (!evaluate_bound(run, repeat->offset, 0, from)) {
        return false;
    }
    if (!evaluate_bound(run, repeat->limit, INT64_MAX, &limit))
        return false;
    int64_t wanted = *from, place;
    *count = liquid_loop_cut(series, limit, from);
    /* As the reference has it: counted from where the loop was to begin. */
    if (__builtin_add_overflow(wanted, *count, &place))
        place = INT64_MAX;
    return liquid_scope_set(run, &run->scope->offsets, &repeat->name, value_int(place));
}

static bool render_items(struct liquid_run *run, const struct repeat *repeat,
                         const struct liquid_series *series, int64_t from, struct liquid_loop *loop)
{
    struct liquid_name name = liquid_name_of("forloop", 7);
    struct liquid_bindings *inner = &run->scope->inner;
    if (!liquid_scope_push(run, inner, &name, liquid_loop_value(loop)) ||
        !liquid_scope_push(run, inner, &repeat->head.variable, value_null()))
        return false;
    uint32_t place = inner->count - 1;
    for (; loop->index < loop->length; loop->index++) {
        int64_t at = repeat->reversed ? from + loop->length - 1 - loop->index : from + loop->index;
        struct value item;
        if (!liquid_loop_item(run, series, at, &item))
            return false;
        inner->items[place].value = item;
        if (!liquid_render_body(run, &repeat->body))
            return false;
        enum liquid_interrupt interrupt = run->interrupt;
        run->interrupt = LIQUID_NO_INTERRUPT;
        if (interrupt == LIQUID_BREAK)
            break;
    }
    return true;
}

static bool render_for(struct liquid_run *run, const struct liquid_node *node)
{
    const struct repeat *repeat = node->data;
    struct value collection;
    int64_t from, count;
    if (!liquid_evaluate(run, repeat->head.collection, &collection))
        return false;
    struct liquid_series series = liquid_loop_series(&collection);
    if (!cut_series(run, repeat, &series, &from, &count))
        return false;
    if (count == 0)
        return !repeat->has_else || liquid_render_body(run, &repeat->otherwise);
    /* In the arena, because `forloop` may be assigned and outlive the loop. */
    struct liquid_loop *loop = liquid_run_room(run, sizeof *loop);
    if (!loop)
        return false;
    struct liquid_scope *scope = run->scope;
    *loop = (struct liquid_loop){
        .name = {repeat->name.text, repeat->name.length},
        .length = count,
        .parent = scope->loop,
    };
    uint32_t mark = scope->inner.count;
    scope->loop = loop;
    bool done = render_items(run, repeat, &series, from, loop);
    scope->loop = loop->parent;
    scope->inner.count = mark;
    return done;
}

static void visit_for(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct repeat *repeat = node->data;
    liquid_variables_expression(visit, repeat->head.collection);
    liquid_variables_expression(visit, repeat->limit);
    liquid_variables_expression(visit, repeat->offset);
    liquid_variables_loop(visit, "forloop", &repeat->head.variable, repeat->head.collection,
                          &repeat->body);
    liquid_variables_body(visit, &repeat->otherwise);
}

static void set_name(struct liquid_parser *parser, struct repeat *repeat)
{
    const struct liquid_head *head = &repeat->head;
    char *name = arena_printf(parser->arena, "%.*s-%.*s", (int)head->variable.length,
                              head->variable.text, (int)head->text.length, head->text.text);
    repeat->name = liquid_name_of(name, strlen(name));
}

static bool parse_attribute(struct liquid_parser *parser, struct liquid_lex *lex,
                            struct repeat *repeat)
{
    bool limit = liquid_lex_word(lex, "limit");
    if (!limit && !liquid_lex_word(lex, "offset"))
        return liquid_parser_expected(parser, lex, "`limit`, `offset` or the end");
    if (!liquid_lex_skip(lex, ':'))
        return liquid_parser_expected(parser, lex, "`:`");
    struct liquid_lex ahead = *lex;
    if (!limit && liquid_lex_word(&ahead, "continue") && !liquid_lex_is(&ahead, '.') &&
        !liquid_lex_is(&ahead, '[')) {
        repeat->go_on = true;
        *lex = ahead;
        return true;
    }
    const struct liquid_expression *value = liquid_expression_parse(parser, lex);
    if (limit) {
        repeat->limit = value;
    } else {
        repeat->offset = value;
        repeat->go_on = false;
    }
    return value;
}

/* item in collection [reversed] [limit: n] [offset: n], with commas between or not. */
static bool parse_strict(struct liquid_parser *parser, const struct slice *markup,
                         struct repeat *repeat)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    if (!liquid_head_parse(parser, &lex, &repeat->head))
        return false;
    repeat->reversed = liquid_lex_word(&lex, "reversed");
    while (lex.token != LIQUID_TOKEN_END) {
        liquid_lex_skip(&lex, ',');
        if (!parse_attribute(parser, &lex, repeat))
            return false;
    }
    return true;
}

static void lax_attributes(struct liquid_parser *parser, const struct slice *markup,
                           struct repeat *repeat)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice name, value;
    while (liquid_lax_attribute(&at, end, &name, &value)) {
        if (slice_is(name, "limit"))
            repeat->limit = liquid_lax_expression(parser, &value);
        if (!slice_is(name, "offset"))
            continue;
        repeat->go_on = slice_is(value, "continue");
        repeat->offset = repeat->go_on ? NULL : liquid_lax_expression(parser, &value);
    }
}

/* What the strict grammar refused: item in fragment, and attributes anywhere. */
static bool parse_lax(struct liquid_parser *parser, const struct slice *markup,
                      struct repeat *repeat)
{
    const char *behind, *end = markup->text + markup->length;
    *repeat = (struct repeat){0};
    if (!liquid_head_lax(parser, markup, &repeat->head, &behind))
        return false;
    repeat->reversed = end - behind >= 8 && memcmp(behind, "reversed", 8) == 0;
    lax_attributes(parser, markup, repeat);
    return true;
}

static bool parse_bodies(struct liquid_parser *parser, const struct liquid_tag *tag,
                         struct repeat *repeat, bool *blank)
{
    struct liquid_tag stop;
    if (!liquid_parse_body(parser, &repeat->body, &stop))
        return false;
    *blank = repeat->body.blank;
    repeat->has_else = liquid_tag_is(&stop, "else");
    if (repeat->has_else) {
        if (!liquid_parse_body(parser, &repeat->otherwise, &stop))
            return false;
        *blank = *blank && repeat->otherwise.blank;
    }
    if (!liquid_tag_is_end(&stop, tag))
        return liquid_parse_stray(parser, tag, &stop);
    liquid_parse_close(&repeat->body, *blank);
    liquid_parse_close(&repeat->otherwise, *blank);
    return true;
}

bool liquid_tag_for_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"for", render_for, visit_for};
    struct repeat *repeat = arena_zero(parser->arena, sizeof *repeat);
    if (!parse_strict(parser, &tag->markup, repeat) &&
        (!parser->lax || !parse_lax(parser, &tag->markup, repeat) ||
         !liquid_parser_forgive(parser)))
        return false;
    set_name(parser, repeat);
    node->kind = &kind;
    node->data = repeat;
    return parse_bodies(parser, tag, repeat, blank);
}

static bool render_break(struct liquid_run *run, const struct liquid_node *node)
{
    (void)node;
    run->interrupt = LIQUID_BREAK;
    return true;
}

static bool render_continue(struct liquid_run *run, const struct liquid_node *node)
{
    (void)node;
    run->interrupt = LIQUID_CONTINUE;
    return true;
}

bool liquid_tag_for_break(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"break", render_break, NULL};
    (void)parser, (void)tag, (void)blank;
    node->kind = &kind;
    return true;
}

bool liquid_tag_for_continue(struct liquid_parser *parser, const struct liquid_tag *tag,
                             struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"continue", render_continue, NULL};
    (void)parser, (void)tag, (void)blank;
    node->kind = &kind;
    return true;
}
