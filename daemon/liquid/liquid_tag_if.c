#include "liquid/liquid_condition.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_variables.h"

struct branch {
    const struct liquid_condition *condition; /* NULL: else */
    struct liquid_body body;
    struct branch *next;
};

static bool render_if(struct liquid_run *run, const struct liquid_node *node)
{
    for (const struct branch *branch = node->data; branch; branch = branch->next) {
        bool holds = true;
        if (branch->condition && !liquid_condition_evaluate(run, branch->condition, &holds))
            return false;
        if (holds)
            return liquid_render_body(run, &branch->body);
    }
    return true;
}

static bool render_unless(struct liquid_run *run, const struct liquid_node *node)
{
    const struct branch *first = node->data;
    bool holds;
    if (!liquid_condition_evaluate(run, first->condition, &holds))
        return false;
    if (!holds)
        return liquid_render_body(run, &first->body);
    struct liquid_node rest = {.data = first->next};
    return render_if(run, &rest);
}

static void visit_branches(struct liquid_visit *visit, const struct liquid_node *node)
{
    for (const struct branch *branch = node->data; branch; branch = branch->next) {
        liquid_condition_visit(visit, branch->condition);
        liquid_variables_body(visit, &branch->body);
    }
}

static const struct liquid_kind if_kind = {"if", render_if, visit_branches};
static const struct liquid_kind unless_kind = {"unless", render_unless, visit_branches};

/* `else if` is what other languages write, and here the `if` is not asked. */
static void doubt_else(struct liquid_parser *parser, const struct liquid_tag *tag)
{
    struct slice rest = slice_trim(tag->markup, " \t\r\n");
    if (rest.length == 0)
        return;
    liquid_parser_fail(parser, rest.text, rest.length, "`else` takes no condition");
    diag_hint(parser->diag, "write `elsif`; it is passed over, as Shopify does");
    liquid_parser_forgive(parser);
}

/* What stands behind `else` is passed over, as is a branch behind it when it is
 * rendered: both occur in templates that work. */
static struct branch *parse_branch(struct liquid_parser *parser, const struct liquid_tag *tag)
{
    struct branch *branch = arena_zero(parser->arena, sizeof *branch);
    if (liquid_tag_is(tag, "else")) {
        doubt_else(parser, tag);
        return branch;
    }
    branch->condition = liquid_condition_parse(parser, &tag->markup);
    return branch->condition ? branch : NULL;
}

static bool parse_branches(struct liquid_parser *parser, const struct liquid_tag *tag,
                           struct liquid_node *node, bool *blank)
{
    struct liquid_tag stop = *tag;
    struct branch *first = NULL, **end = &first;
    *blank = true;
    do {
        struct branch *branch = *end = parse_branch(parser, &stop);
        if (!branch || !liquid_parse_body(parser, &branch->body, &stop))
            return false;
        end = &branch->next;
        *blank = *blank && branch->body.blank;
    } while (liquid_tag_is(&stop, "elsif") || liquid_tag_is(&stop, "else"));
    if (!liquid_tag_is_end(&stop, tag))
        return liquid_parse_stray(parser, tag, &stop);
    for (struct branch *branch = first; branch; branch = branch->next)
        liquid_parse_close(&branch->body, *blank);
    node->data = first;
    return true;
}

bool liquid_tag_if_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                         struct liquid_node *node, bool *blank)
{
    node->kind = &if_kind;
    return parse_branches(parser, tag, node, blank);
}

bool liquid_tag_if_unless(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, bool *blank)
{
    node->kind = &unless_kind;
    return parse_branches(parser, tag, node, blank);
}
