#include "liquid/liquid_use.h"

#include <stdio.h>

#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_filters.h"

bool liquid_use_argument(struct liquid_parser *parser, struct liquid_use *use,
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

void liquid_use_keyword(struct liquid_parser *parser, struct liquid_use *use, const char *name,
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

enum { WANTED_SIZE = 48 };

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

bool liquid_use_find(struct liquid_parser *parser, struct liquid_use *use)
{
    use->filter = find_host_filter(parser->template->options->filters, &use->name);
    use->standard = !use->filter;
    if (!use->filter)
        use->filter = liquid_filter_standard(use->name.text, use->name.length);
    return use->filter;
}

bool liquid_use_resolve(struct liquid_parser *parser, struct liquid_use *use)
{
    const struct liquid_options *options = parser->template->options;
    if (!liquid_use_find(parser, use))
        return !options->strict_filters || fail_unknown(parser, use);
    int count = (int)use->count + (use->standard && use->keyword_count > 0);
    /* Lax mode leaves the count to the render. */
    if ((parser->lax && !parser->forgives) ||
        (count >= use->filter->least && count <= use->filter->most))
        return true;
    char wanted[WANTED_SIZE];
    return liquid_parser_fail(parser, use->name.text, use->name.length, "`%s` takes %s, not %d",
                              use->filter->name, describe_count(use->filter, wanted), count);
}

static bool make_keywords(struct liquid_run *run, const struct liquid_use *use, struct value *map)
{
    if (!liquid_run_fits(run, 0))
        return false;
    *map = value_new_map(run->arena, use->keyword_count);
    for (uint32_t i = 0; i < use->keyword_count; i++) {
        struct value value;
        const struct liquid_name *name = &use->keywords[i].name;
        if (!liquid_evaluate(run, use->keywords[i].value, &value))
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

bool liquid_use_apply(struct liquid_run *run, const struct liquid_use *use, struct value *value,
                      bool *safe)
{
    struct value arguments[LIQUID_ARGUMENTS_MOST + 1], keywords;
    struct liquid_call call = {.run = run, .input = *value, .arguments = arguments};
    for (; call.count < (int)use->count; call.count++)
        if (!liquid_evaluate(run, use->arguments[call.count], &arguments[call.count]))
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
