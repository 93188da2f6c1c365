#include "liquid/liquid_output.h"

#include <stdio.h>

#include "base/utf8.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_variables.h"

struct liquid_use *liquid_output_add(struct liquid_parser *parser, struct liquid_output *output,
                                     const char *name, size_t length)
{
    struct liquid_use *uses =
        liquid_parser_grow(parser, (void *)output->uses, output->use_count, sizeof *uses);
    output->uses = uses;
    uses[output->use_count] = (struct liquid_use){
        .name = {name, length},
        .offset = liquid_parser_offset(parser, name),
    };
    return &uses[output->use_count++];
}

bool liquid_output_argument(struct liquid_parser *parser, struct liquid_use *use,
                            const struct liquid_expression *value)
{
    if (use->count == LIQUID_ARGUMENTS_MOST)
        return liquid_parser_fail(parser, parser->template->text + value->offset, 1,
                                  "a filter takes at most %d arguments", LIQUID_ARGUMENTS_MOST);
    if (!use->arguments)
        use->arguments = arena_alloc(parser->arena, sizeof *use->arguments * LIQUID_ARGUMENTS_MOST);
    use->arguments[use->count++] = value;
    return true;
}

/* Of two with one name the last one counts. */
void liquid_output_keyword(struct liquid_parser *parser, struct liquid_use *use, const char *name,
                           size_t length, const struct liquid_expression *value)
{
    struct liquid_keyword *keywords =
        liquid_parser_grow(parser, (void *)use->keywords, use->keyword_count, sizeof *keywords);
    struct liquid_name key = liquid_name_of(name, length);
    use->keywords = keywords;
    for (uint32_t i = 0; i < use->keyword_count; i++)
        if (liquid_name_is(&keywords[i].name, &key)) {
            keywords[i].value = value;
            return;
        }
    keywords[use->keyword_count++] = (struct liquid_keyword){key, value};
}

static const struct liquid_filter *find_host_filter(const struct liquid_filter *filters,
                                                    const struct slice *name)
{
    for (; filters && filters->name; filters++)
        if (slice_is(*name, filters->name))
            return filters;
    return NULL;
}

static bool fail_unknown(struct liquid_parser *parser, const struct liquid_use *use)
{
    const char *names[LIQUID_FILTER_NAMES_MOST];
    liquid_parser_fail(parser, use->name.text, use->name.length, "unknown filter `%.*s`",
                       (int)use->name.length, use->name.text);
    liquid_filters_names(parser->template->options->filters, names);
    diag_suggest(parser->diag, arena_copy(parser->arena, use->name.text, use->name.length), names);
    return false;
}

enum { WANTED_SIZE = 48, SHOWN_MOST = 40 };

/* "no argument", "1 argument", "1 to 2 arguments". */
static const char *describe_count(const struct liquid_filter *filter, char out[WANTED_SIZE])
{
    if (filter->most == 0)
        return "no argument";
    if (filter->least == filter->most)
        snprintf(out, WANTED_SIZE, "%d argument%s", filter->most, filter->most > 1 ? "s" : "");
    else
        snprintf(out, WANTED_SIZE, "%d to %d arguments", filter->least, filter->most);
    return out;
}

static bool find_filter(struct liquid_parser *parser, struct liquid_use *use)
{
    use->filter = find_host_filter(parser->template->options->filters, &use->name);
    use->standard = !use->filter;
    if (!use->filter)
        use->filter = liquid_filter_standard(use->name.text, use->name.length);
    return use->filter;
}

bool liquid_output_resolve(struct liquid_parser *parser, struct liquid_use *use)
{
    const struct liquid_options *options = parser->template->options;
    if (!find_filter(parser, use))
        return !options->strict_filters || fail_unknown(parser, use);
    int count = (int)use->count + (use->standard && use->keyword_count > 0);
    if ((parser->lax && !parser->forgives) ||
        (count >= use->filter->least && count <= use->filter->most))
        return true;
    char wanted[WANTED_SIZE];
    return liquid_parser_fail(parser, use->name.text, use->name.length, "`%s` takes %s, not %d",
                              use->filter->name, describe_count(use->filter, wanted), count);
}

static bool parse_argument(struct liquid_parser *parser, struct liquid_lex *lex,
                           struct liquid_use *use)
{
    const char *name = NULL;
    uint32_t length = lex->length;
    if (liquid_lex_is_keyword(lex)) {
        name = lex->text;
        liquid_lex_next(lex);
        liquid_lex_next(lex);
    }
    const struct liquid_expression *value = liquid_expression_parse(parser, lex);
    if (!value)
        return false;
    if (!name)
        return liquid_output_argument(parser, use, value);
    liquid_output_keyword(parser, use, name, length, value);
    return true;
}

static bool may_be_value(const struct liquid_lex *lex)
{
    return lex->token == LIQUID_TOKEN_NAME || lex->token == LIQUID_TOKEN_STRING ||
           lex->token == LIQUID_TOKEN_NUMBER || liquid_lex_is(lex, '(');
}

/* `| default "y"`: what is given to a filter stands behind a colon. */
static bool fail_colon(struct liquid_parser *parser, const struct liquid_lex *lex,
                       const struct liquid_use *use)
{
    int length = (int)use->name.length;
    liquid_parser_fail(parser, lex->text, lex->length, "a `:` is missing behind `%.*s`", length,
                       use->name.text);
    diag_hint(parser->diag, "write `%.*s: %.*s`", length, use->name.text,
              (int)(lex->length < SHOWN_MOST ? lex->length : utf8_floor(lex->text, SHOWN_MOST)),
              lex->text);
    return false;
}

/* A comma may end the arguments. */
static bool parse_use(struct liquid_parser *parser, struct liquid_lex *lex,
                      struct liquid_output *output)
{
    if (lex->token != LIQUID_TOKEN_NAME)
        return liquid_parser_expected(parser, lex, "a filter");
    struct liquid_use *use = liquid_output_add(parser, output, lex->text, lex->length);
    liquid_lex_next(lex);
    if (liquid_lex_skip(lex, ':'))
        do {
            if (liquid_lex_is(lex, '|') || lex->token == LIQUID_TOKEN_END)
                break;
            if (!parse_argument(parser, lex, use))
                return false;
        } while (liquid_lex_skip(lex, ','));
    else if (may_be_value(lex) && find_filter(parser, use))
        return fail_colon(parser, lex, use);
    return liquid_output_resolve(parser, use);
}

/* `{{ total * 2 }}`: Liquid has filters for that. Returns false. */
static bool hint_sum(struct liquid_parser *parser, const struct liquid_lex *lex)
{
    static const struct {
        char sign;
        const char *filter;
    } sums[] = {{'*', "times"}, {'+', "plus"}, {'-', "minus"}, {'/', "divided_by"}};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (lex->token != LIQUID_TOKEN_END && *lex->text == sums[i].sign)
            diag_hint(parser->diag, "filters do sums: `| %s: …`", sums[i].filter);
    return false;
}

static bool parse_strict(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output)
{
    struct liquid_lex lex;
    *output = (struct liquid_output){0};
    liquid_lex_open(&lex, markup->text, markup->length);
    if (lex.token == LIQUID_TOKEN_END)
        return true;
    output->value = liquid_expression_parse(parser, &lex);
    if (!output->value)
        return false;
    while (liquid_lex_skip(&lex, '|'))
        if (!parse_use(parser, &lex, output))
            return false;
    return liquid_parser_take_end(parser, &lex) || hint_sum(parser, &lex);
}

bool liquid_output_parse(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output)
{
    return parse_strict(parser, markup, output) ||
           (parser->lax && liquid_lax_output(parser, markup, output) &&
            liquid_parser_forgive(parser));
}

static bool make_keywords(struct liquid_run *run, const struct liquid_use *use, struct value *map)
{
    if (!liquid_run_fits(run, 0))
        return false;
    *map = value_new_map(run->arena, use->keyword_count);
    for (uint32_t i = 0; i < use->keyword_count; i++) {
        struct value value;
        const struct liquid_name *name = &use->keywords[i].name;
        if (!liquid_run_evaluate(run, use->keywords[i].value, &value))
            return false;
        value_add(run->arena, *map, value_string(name->text, name->length), value);
    }
    return true;
}

static bool check_count(struct liquid_run *run, const struct liquid_filter *filter, int count)
{
    if (count >= filter->least && count <= filter->most)
        return true;
    char wanted[WANTED_SIZE];
    return liquid_fail(run, "`%s` takes %s, not %d", filter->name, describe_count(filter, wanted),
                       count);
}

static bool apply(struct liquid_run *run, const struct liquid_use *use, struct value *value,
                  bool *safe)
{
    struct value arguments[LIQUID_ARGUMENTS_MOST + 1], keywords;
    struct liquid_call call = {.run = run, .input = *value, .arguments = arguments};
    for (; call.count < (int)use->count; call.count++)
        if (!liquid_run_evaluate(run, use->arguments[call.count], &arguments[call.count]))
            return false;
    if (use->keyword_count) {
        if (!make_keywords(run, use, &keywords))
            return false;
        if (use->standard)
            arguments[call.count++] = keywords;
        else
            call.keywords = &keywords;
    }
    if (!check_count(run, use->filter, call.count) || !liquid_run_step(run, 1) ||
        !use->filter->apply(&call) || run->over)
        return false;
    *value = call.result;
    *safe = call.safe;
    if (run->escape && call.safe && value->kind == VALUE_STRING)
        value->flags |= LIQUID_SAFE;
    return true;
}

bool liquid_output_value(struct liquid_run *run, const struct liquid_output *output,
                         struct value *value, bool *safe)
{
    *safe = false;
    *value = value_null();
    if (output->value && !liquid_run_evaluate(run, output->value, value))
        return false;
    for (uint32_t i = 0; i < output->use_count; i++) {
        const struct liquid_use *use = &output->uses[i];
        if (use->filter && !apply(run, use, value, safe))
            return liquid_run_place(run, use->offset);
    }
    return true;
}

static bool render_path(struct liquid_run *run, const struct liquid_node *node)
{
    struct value value;
    return liquid_run_evaluate(run, node->data, &value) &&
           liquid_text_print(run, &value, run->escape);
}

static bool render_filtered(struct liquid_run *run, const struct liquid_node *node)
{
    struct value value;
    bool safe;
    return liquid_output_value(run, node->data, &value, &safe) &&
           liquid_text_print(run, &value, run->escape && !safe);
}

static void visit_path(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_variables_expression(visit, node->data);
}

static void visit_filtered(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_variables_output(visit, node->data);
}

bool liquid_output_node(struct liquid_parser *parser, const struct slice *markup,
                        struct liquid_node *node)
{
    static const struct liquid_kind path = {"output", render_path, visit_path};
    static const struct liquid_kind filtered = {"output", render_filtered, visit_filtered};
    struct liquid_output output;
    if (!liquid_output_parse(parser, markup, &output))
        return false;
    if (output.value && output.use_count == 0) {
        node->kind = &path;
        node->data = output.value;
        return true;
    }
    struct liquid_output *kept = arena_alloc(parser->arena, sizeof *kept);
    *kept = output;
    node->kind = &filtered;
    node->data = kept;
    return true;
}
