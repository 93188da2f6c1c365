#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_variables.h"

/* Groups are told apart by a name: the one given, or one made of the values' spelling.
 * Values that are variables have no spelling of their own: such a tag is its own group. */
struct cycle {
    const struct liquid_expression *group; /* NULL: `name` */
    struct liquid_name name;
    const struct liquid_expression **values;
    uint32_t count;
};

/* A group's name as a name among bindings; that of a string is not that of its spelling. */
static bool group_name(struct liquid_run *run, const struct cycle *cycle, struct liquid_name *name)
{
    struct value group;
    struct slice text;
    *name = cycle->name;
    if (!cycle->group)
        return true;
    if (!liquid_evaluate_plain(run, cycle->group, &group) || !liquid_text_of(run, &group, &text))
        return false;
    *name = liquid_name_of(text.text, text.length);
    name->hash += group.kind;
    return true;
}

static bool render_cycle(struct liquid_run *run, const struct liquid_node *node)
{
    const struct cycle *cycle = node->data;
    struct liquid_name name;
    if (!group_name(run, cycle, &name))
        return false;
    const struct value *found = liquid_scope_find(&run->scope->cycles, &name);
    int64_t place = found ? found->integer : 0;
    if (place < cycle->count) {
        const struct liquid_expression *value = cycle->values[place];
        struct value shown;
        bool escape = run->escape && value->kind == LIQUID_PATH;
        if (!liquid_evaluate(run, value, &shown) || !liquid_text_print(run, &shown, escape))
            return false;
    }
    place = place + 1 < cycle->count ? place + 1 : 0;
    return liquid_scope_set(run, &run->scope->cycles, &name, value_int(place));
}

static void visit_cycle(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct cycle *cycle = node->data;
    liquid_variables_expression(visit, cycle->group);
    for (uint32_t i = 0; i < cycle->count; i++)
        liquid_variables_expression(visit, cycle->values[i]);
}

static void add_value(struct liquid_parser *parser, struct cycle *cycle,
                      const struct liquid_expression *value)
{
    cycle->values = liquid_parser_grow(parser, cycle->values, cycle->count, sizeof *cycle->values);
    cycle->values[cycle->count++] = value;
}

/* [group:] value, value… */
static bool parse_strict(struct liquid_parser *parser, const struct slice *markup,
                         struct cycle *cycle)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    const struct liquid_expression *value = liquid_expression_parse(parser, &lex);
    if (value && liquid_lex_skip(&lex, ':')) {
        cycle->group = value;
        value = liquid_expression_parse(parser, &lex);
    }
    if (!value)
        return false;
    add_value(parser, cycle, value);
    while (liquid_lex_skip(&lex, ',') && lex.token != LIQUID_TOKEN_END) {
        if (!(value = liquid_expression_parse(parser, &lex)))
            return false;
        add_value(parser, cycle, value);
    }
    return liquid_parser_take_end(parser, &lex);
}

/* The first fragment of what stands between two commas. */
static bool parse_lax(struct liquid_parser *parser, const struct slice *markup, struct cycle *cycle)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice fragment;
    *cycle = (struct cycle){0};
    if (!liquid_lax_fragment(&at, end, &fragment) || fragment.text != markup->text)
        return false;
    const char *colon = memchr(fragment.text, ':', fragment.length);
    const char *behind = at;
    while (!colon && behind < end && liquid_lex_space(*behind))
        behind++;
    if (!colon && behind < end && *behind == ':')
        colon = behind;
    at = markup->text;
    if (colon && colon > fragment.text) {
        size_t length = (size_t)(colon - fragment.text);
        if (length < fragment.length)
            fragment.length = length;
        cycle->group = liquid_lax_expression(parser, &fragment);
        at = colon + 1;
    }
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        if (liquid_lax_fragment(&at, stop, &fragment))
            add_value(parser, cycle, liquid_lax_expression(parser, &fragment));
        at = comma ? comma + 1 : end;
    }
    return true;
}

/* The values' spelling, or the tag's place where one is a variable. */
static void name_group(struct liquid_parser *parser, const struct slice *markup,
                       struct cycle *cycle)
{
    bool own = false;
    for (uint32_t i = 0; i < cycle->count; i++)
        own = own || cycle->values[i]->kind == LIQUID_PATH;
    struct slice text = liquid_expression_text(parser, markup->text, markup->text + markup->length);
    char *name = arena_printf(parser->arena, "[%.*s]", (int)text.length, text.text);
    if (own)
        name = arena_printf(parser->arena, "[%s %u]", parser->template->name,
                            liquid_parser_offset(parser, markup->text));
    cycle->name = liquid_name_of(name, strlen(name));
}

bool liquid_tag_cycle_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                            struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"cycle", render_cycle, visit_cycle};
    struct cycle *cycle = arena_zero(parser->arena, sizeof *cycle);
    (void)blank;
    if (!parse_strict(parser, &tag->markup, cycle) &&
        (!parser->lax_tags || !parse_lax(parser, &tag->markup, cycle) ||
         !liquid_parser_forgive(parser)))
        return false;
    if (!cycle->group)
        name_group(parser, &tag->markup, cycle);
    node->kind = &kind;
    node->data = cycle;
    return true;
}

/* All tags of one scope share the text that was printed last. */
static bool render_ifchanged(struct liquid_run *run, const struct liquid_node *node)
{
    struct slice *last = &run->scope->changed;
    size_t start = run->out->length;
    if (!liquid_render_body(run, node->data))
        return false;
    size_t length = run->out->length - start;
    const char *text = buf_string(run->out) + start;
    if (last->text && last->length == length && memcmp(last->text, text, length) == 0) {
        buf_cut(run->out, start);
        return true;
    }
    char *copy = liquid_run_copy(run, text, length);
    if (!copy)
        return false;
    *last = (struct slice){copy, length};
    return true;
}

static void visit_ifchanged(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_variables_body(visit, node->data);
}

bool liquid_tag_cycle_ifchanged(struct liquid_parser *parser, const struct liquid_tag *tag,
                                struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"ifchanged", render_ifchanged, visit_ifchanged};
    struct liquid_body *body = arena_zero(parser->arena, sizeof *body);
    node->kind = &kind;
    node->data = body;
    if (!liquid_parse_block(parser, tag, body))
        return false;
    *blank = body->blank;
    return true;
}
