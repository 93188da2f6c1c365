/*
 * The tags that give a name a value: assign (of an output), capture (of what its body prints),
 * increment and decrement (which count, and print). For each of them the rendering stands first,
 * then what it tells the walk for variables, then its parser. `echo` is an output in a tag's
 * clothes.
 *
 * Names of assign and capture may be odder than those that an expression can read again:
 * templates with such names are in use, so only the strictest mode refuses them.
 */
#include "liquid/liquid_output.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"
#include "liquid/liquid_variables.h"

struct assignment {
    struct liquid_name name;
    union {
        struct liquid_output value;
        struct liquid_body body;
        int step; /* of a counter: 1 or -1 */
    };
};

static bool render_assign(struct liquid_run *run, const struct liquid_node *node)
{
    const struct assignment *assignment = node->data;
    struct value value;
    bool safe;
    return liquid_output_value(run, &assignment->value, &value, &safe) &&
           liquid_scope_set(run, &run->scope->locals, &assignment->name, value);
}

static void visit_assign(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct assignment *assignment = node->data;
    liquid_output_visit(visit, &assignment->value);
    liquid_variables_own(visit, &assignment->name);
}

/* Letters, digits, '_', '-', '.', brackets: more than a name has, but such templates occur. */
static size_t target_length(const char *text, const char *end)
{
    const char *at = text;
    while (at < end && (liquid_lex_letter(*at) || memchr("-.[]()", *at, 6)))
        at++;
    return (size_t)(at - text);
}

/* What can be read again by its name. */
static bool is_name(const char *text, size_t length)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, text, length);
    return lex.token == LIQUID_TOKEN_NAME && lex.length == length;
}

static bool fail_target(struct liquid_parser *parser, const struct slice *markup)
{
    return liquid_parser_fail(parser, markup->text, markup->length,
                              "`assign` needs a name, `=` and a value");
}

static bool parse_target(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_name *name, struct slice *value)
{
    const char *text = markup->text, *end = text + markup->length;
    const char *equals = memchr(text, '=', markup->length);
    if (!equals)
        return fail_target(parser, markup);
    const char *stop = liquid_lex_cut_space(text, equals);
    size_t length = target_length(text, stop);
    bool right = text + length == stop && is_name(text, length);
    if (!right)
        fail_target(parser, markup);
    if (!right && !parser->lax_tags)
        return false;
    while (text + length < stop) {
        text += length + 1; /* the words before the last one are passed over */
        length = target_length(text, stop);
    }
    if (length == 0)
        return false;
    if (!right)
        liquid_parser_forgive(parser);
    *name = liquid_name_of(text, length);
    *value = slice_between(equals + 1, end);
    return true;
}

bool liquid_tag_assign_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                             struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"assign", render_assign, visit_assign};
    struct assignment *assignment = arena_zero(parser->arena, sizeof *assignment);
    struct slice value;
    if (!parse_target(parser, &tag->markup, &assignment->name, &value) ||
        !liquid_output_parse(parser, &value, &assignment->value))
        return false;
    node->kind = &kind;
    node->data = assignment;
    *blank = true;
    return true;
}

/* Captured text is what the output would have been: in escape mode it is markup. */
static bool render_capture(struct liquid_run *run, const struct liquid_node *node)
{
    const struct assignment *assignment = node->data;
    size_t start = run->out->length;
    if (!liquid_render_body(run, &assignment->body))
        return false;
    size_t length = run->out->length - start;
    char *copy = liquid_run_copy(run, buf_string(run->out) + start, length);
    if (!copy)
        return false;
    buf_cut(run->out, start);
    struct value text = value_string(copy, length);
    if (run->escape)
        text.flags |= LIQUID_SAFE;
    return liquid_scope_set(run, &run->scope->locals, &assignment->name, text);
}

static void visit_capture(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct assignment *assignment = node->data;
    liquid_variables_body(visit, &assignment->body);
    liquid_variables_own(visit, &assignment->name);
}

/* The name between `text` and `end`; in lax mode the first thing there that could be one. */
static bool parse_captured(struct liquid_parser *parser, const struct slice *markup,
                           const char *text, const char *end, struct liquid_name *name)
{
    size_t length = target_length(text, end);
    if (text + length != end || !is_name(text, length)) {
        liquid_parser_fail(parser, markup->text, markup->length, "`capture` needs a name");
        while (text < end && (length = target_length(text, end)) == 0)
            text++;
        if (!parser->lax_tags || length == 0)
            return false;
        liquid_parser_forgive(parser);
    }
    *name = liquid_name_of(text, length);
    return true;
}

/* The name may stand in quotes. */
bool liquid_tag_assign_capture(struct liquid_parser *parser, const struct liquid_tag *tag,
                               struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"capture", render_capture, visit_capture};
    struct assignment *assignment = arena_zero(parser->arena, sizeof *assignment);
    const char *text = tag->markup.text;
    const char *end = liquid_lex_cut_space(text, text + tag->markup.length);
    if (end - text > 2 && (*text == '"' || *text == '\'') && end[-1] == *text) {
        text++;
        end--;
    }
    if (!parse_captured(parser, &tag->markup, text, end, &assignment->name) ||
        !liquid_parse_block(parser, tag, &assignment->body))
        return false;
    node->kind = &kind;
    node->data = assignment;
    *blank = true;
    return true;
}

/* Counters stand before the data, and go on from a number there. */
static bool count(struct liquid_run *run, const struct assignment *assignment, int64_t *number)
{
    const struct value *found = liquid_scope_find(&run->scope->counters, &assignment->name);
    if (!found)
        found = value_find(run->scope->data, assignment->name.text, assignment->name.length);
    *number = 0;
    if (found && liquid_value_true(found) && !value_to_int(found, number))
        return liquid_fail(run, "`%.*s` is %s and cannot be counted", (int)assignment->name.length,
                           assignment->name.text, value_kind_name(found->kind));
    return true;
}

static bool render_counter(struct liquid_run *run, const struct liquid_node *node)
{
    const struct assignment *assignment = node->data;
    int64_t number, next;
    if (!count(run, assignment, &number))
        return false;
    if (__builtin_add_overflow(number, assignment->step, &next))
        next = number;
    struct value shown = value_int(assignment->step > 0 ? number : next);
    return liquid_scope_set(run, &run->scope->counters, &assignment->name, value_int(next)) &&
           liquid_text_print(run, &shown, false);
}

static void visit_counter(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_variables_own(visit, &((const struct assignment *)node->data)->name);
}

static bool parse_counter(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, int step)
{
    static const struct liquid_kind kind = {"counter", render_counter, visit_counter};
    struct assignment *assignment = arena_zero(parser->arena, sizeof *assignment);
    struct liquid_lex lex;
    liquid_lex_open(&lex, tag->markup.text, tag->markup.length);
    if (!liquid_parser_take_name(parser, &lex, "a name", &assignment->name) ||
        !liquid_parser_take_end(parser, &lex)) {
        const char *text = tag->markup.text;
        const char *end = liquid_lex_cut_space(text, text + tag->markup.length);
        assignment->name = liquid_name_of(text, (size_t)(end - text));
        if (!parser->lax_tags)
            return false;
        liquid_parser_forgive(parser);
    }
    assignment->step = step;
    node->kind = &kind;
    node->data = assignment;
    return true;
}

bool liquid_tag_assign_increment(struct liquid_parser *parser, const struct liquid_tag *tag,
                                 struct liquid_node *node, bool *blank)
{
    (void)blank;
    return parse_counter(parser, tag, node, 1);
}

bool liquid_tag_assign_decrement(struct liquid_parser *parser, const struct liquid_tag *tag,
                                 struct liquid_node *node, bool *blank)
{
    (void)blank;
    return parse_counter(parser, tag, node, -1);
}

bool liquid_tag_assign_echo(struct liquid_parser *parser, const struct liquid_tag *tag,
                            struct liquid_node *node, bool *blank)
{
    (void)blank;
    return liquid_output_node(parser, &tag->markup, node);
}
