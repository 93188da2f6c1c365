#include "liquid/liquid_compare.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_variables.h"

/* One `when` or `else`. A `when` of many values prints once for each that is equal; an
 * `else` prints where nothing before it did. */
struct branch {
    const struct liquid_expression **values;
    uint32_t count;
    bool otherwise;
    struct liquid_body body;
    struct branch *next;
};

struct choice {
    const struct liquid_expression *subject;
    struct branch *branches;
};

static bool render_case(struct liquid_run *run, const struct liquid_node *node)
{
    const struct choice *choice = node->data;
    bool found = false;
    for (const struct branch *branch = choice->branches; branch; branch = branch->next) {
        if (branch->otherwise && !found && !liquid_render_body(run, &branch->body))
            return false;
        for (uint32_t i = 0; i < branch->count; i++) {
            bool equal;
            if (!liquid_compare_equal(run, choice->subject, branch->values[i], &equal))
                return false;
            if (equal && !liquid_render_body(run, &branch->body))
                return false;
            found = found || equal;
        }
    }
    return true;
}

static void visit_case(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct choice *choice = node->data;
    liquid_variables_expression(visit, choice->subject);
    for (const struct branch *branch = choice->branches; branch; branch = branch->next) {
        for (uint32_t i = 0; i < branch->count; i++)
            liquid_variables_expression(visit, branch->values[i]);
        liquid_variables_body(visit, &branch->body);
    }
}

static void add_value(struct liquid_parser *parser, struct branch *branch,
                      const struct liquid_expression *value)
{
    branch->values =
        liquid_parser_grow(parser, branch->values, branch->count, sizeof *branch->values);
    branch->values[branch->count++] = value;
}

static bool parse_values(struct liquid_parser *parser, const struct slice *markup,
                         struct branch *branch)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    do {
        const struct liquid_expression *value = liquid_expression_parse(parser, &lex);
        if (!value)
            return false;
        add_value(parser, branch, value);
    } while (liquid_lex_skip(&lex, ',') || liquid_lex_word(&lex, "or"));
    return liquid_parser_take_end(parser, &lex);
}

/* Fragments with commas or `or` between them; the first other word ends them. */
static bool lax_values(struct liquid_parser *parser, const struct slice *markup,
                       struct branch *branch)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice fragment;
    branch->count = 0;
    while (liquid_lax_fragment(&at, end, &fragment)) {
        add_value(parser, branch, liquid_lax_expression(parser, &fragment));
        const char *behind = at;
        at = liquid_lex_skip_space(at, end);
        if (at < end && *at == ',')
            at++;
        else if (end - at > 2 && at > behind && at[0] == 'o' && at[1] == 'r' &&
                 liquid_lex_space(at[2]))
            at += 2;
        else
            break;
    }
    return branch->count > 0;
}

static struct branch *parse_branch(struct liquid_parser *parser, const struct liquid_tag *tag)
{
    struct branch *branch = arena_zero(parser->arena, sizeof *branch);
    branch->otherwise = liquid_tag_is(tag, "else");
    if (!branch->otherwise)
        return parse_values(parser, &tag->markup, branch) ||
                       (parser->lax_tags && lax_values(parser, &tag->markup, branch) &&
                        liquid_parser_forgive(parser))
                   ? branch
                   : NULL;
    if (tag->markup.length == 0)
        return branch;
    liquid_parser_fail(parser, tag->markup.text, tag->markup.length,
                       "`else` of a `case` takes nothing");
    return NULL;
}

static const struct liquid_expression *parse_subject(struct liquid_parser *parser,
                                                     const struct slice *markup)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    const struct liquid_expression *subject = liquid_expression_parse(parser, &lex);
    if (subject && !liquid_parser_take_end(parser, &lex))
        subject = NULL;
    const char *at = markup->text;
    struct slice fragment;
    if (!subject && parser->lax_tags && liquid_lax_fragment(&at, at + markup->length, &fragment) &&
        liquid_parser_forgive(parser))
        subject = liquid_lax_expression(parser, &fragment);
    if (!subject || (subject->kind != LIQUID_EMPTY && subject->kind != LIQUID_BLANK))
        return subject;
    /* Here the words are no tests. */
    return liquid_expression_constant(parser, markup->text, value_string("", 0));
}

static void close_branches(struct choice *choice, bool blank)
{
    for (struct branch *branch = choice->branches; branch; branch = branch->next)
        liquid_parse_close(&branch->body, blank);
}

bool liquid_tag_case_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                           struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"case", render_case, visit_case};
    struct choice *choice = arena_zero(parser->arena, sizeof *choice);
    struct branch **end = &choice->branches;
    struct liquid_body before = {0}; /* never rendered */
    struct liquid_tag stop;
    choice->subject = parse_subject(parser, &tag->markup);
    if (!choice->subject || !liquid_parse_body(parser, &before, &stop))
        return false;
    *blank = before.blank;
    while (liquid_tag_is(&stop, "when") || liquid_tag_is(&stop, "else")) {
        struct branch *branch = *end = parse_branch(parser, &stop);
        if (!branch || !liquid_parse_body(parser, &branch->body, &stop))
            return false;
        end = &branch->next;
        *blank = *blank && branch->body.blank;
    }
    if (!liquid_tag_is_end(&stop, tag))
        return liquid_parse_stray(parser, tag, &stop);
    close_branches(choice, *blank);
    node->kind = &kind;
    node->data = choice;
    return true;
}
