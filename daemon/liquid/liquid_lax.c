#include "liquid/liquid_lax.h"

#include "base/decimal.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_output.h"

/* Longer fragments name nothing; it also bounds the search for closing brackets. */
enum { PATH_MOST = 4096 };

static bool is_plain(char c)
{
    return !liquid_lex_space(c) && c != ',' && c != '|' && c != '"' && c != '\'';
}

static bool is_segment(char c)
{
    return liquid_lex_letter(c) || c == '-';
}

/* Behind the quoted string at `at`; `at` itself where there is none. */
static const char *skip_string(const char *at, const char *end)
{
    const char *close = NULL;
    if (at < end && (*at == '"' || *at == '\''))
        close = memchr(at + 1, *at, (size_t)(end - at - 1));
    return close ? close + 1 : at;
}

/* Behind the fragment at `at`; `at` itself where none begins there. */
static const char *skip_fragment(const char *at, const char *end)
{
    const char *next = skip_string(at, end);
    if (next > at)
        return next;
    while (at < end) {
        next = is_plain(*at) ? at + 1 : skip_string(at, end);
        if (next == at)
            break;
        at = next;
    }
    return at;
}

bool liquid_lax_fragment(const char **at, const char *end, struct slice *fragment)
{
    for (; *at < end; ++*at) {
        const char *stop = skip_fragment(*at, end);
        if (stop == *at)
            continue;
        *fragment = slice_between(*at, stop);
        *at = stop;
        return true;
    }
    return false;
}

bool liquid_lax_attribute(const char **at, const char *end, struct slice *name, struct slice *value)
{
    for (const char *start = *at; start < end; start++) {
        if (!liquid_lex_letter(*start))
            continue;
        const char *stop = start;
        while (stop < end && is_segment(*stop))
            stop++;
        const char *colon = liquid_lex_skip_space(stop, end);
        if (colon < end && *colon == ':') {
            const char *from = liquid_lex_skip_space(colon + 1, end),
                       *to = skip_fragment(from, end);
            if (to > from) {
                *name = slice_between(start, stop);
                *value = slice_between(from, to);
                *at = to;
                return true;
            }
        }
        start = stop - 1;
    }
    *at = end;
    return false;
}

/* Digits and points, with a dash before them: what stands behind a second point is
 * passed over. */
static const struct liquid_expression *lax_number(struct liquid_parser *parser, const char *text,
                                                  size_t length)
{
    size_t start = text[0] == '-', point = 0, end = length;
    if (start == length || text[start] < '0' || text[start] > '9')
        return NULL;
    for (size_t i = start; i < length; i++) {
        if (text[i] == '.' && !point)
            point = i;
        else if (text[i] == '.' && end == length)
            end = i;
        else if (text[i] != '.' && (text[i] < '0' || text[i] > '9'))
            return NULL;
    }
    if (point)
        return liquid_expression_constant(
            parser, text, value_double(decimal_read(text, point + 1 == end ? point : end)));
    struct liquid_number number = liquid_number_text(text, length);
    return liquid_expression_constant(parser, text, liquid_number_value(parser->arena, &number));
}

/* Behind the bracket that closes the one at `at`; NULL where there is none. */
static const char *close_bracket(const char *at, const char *end)
{
    uint32_t open = 0;
    for (; at < end; at++) {
        if (*at == '[')
            open++;
        else if (*at == ']' && --open == 0)
            return at + 1;
    }
    return NULL;
}

static const struct liquid_expression *lax_inner(struct liquid_parser *parser, const char *from,
                                                 const char *to)
{
    struct slice slice = slice_between(from, to);
    return liquid_lax_expression(parser, &slice);
}

/* The next [index] or word of a path, at or behind *at; false where there is none. */
static bool path_part(const char **at, const char *end, struct slice *part)
{
    for (const char *start = *at; start < end; start++) {
        const char *stop = start;
        if (*start == '[')
            stop = close_bracket(start, end);
        while (*start != '[' && stop < end && is_segment(*stop))
            stop++;
        if (!stop || stop == start)
            continue;
        if (*start != '[' && stop < end && *stop == '?')
            stop++;
        *part = slice_between(start, stop);
        *at = stop;
        return true;
    }
    return false;
}

static const struct liquid_expression *lax_path(struct liquid_parser *parser, const char *at,
                                                const char *end)
{
    struct liquid_expression *path = liquid_expression_new(parser, at);
    struct slice part;
    if (end - at > PATH_MOST || !path_part(&at, end, &part))
        return path;
    path->kind = LIQUID_PATH;
    if (*part.text == '[')
        path->root = lax_inner(parser, part.text + 1, part.text + part.length - 1);
    if (*part.text != '[')
        path->name = liquid_name_of(part.text, part.length);
    else if (path->root->kind == LIQUID_CONSTANT && path->root->constant.kind == VALUE_STRING)
        path->name = liquid_name_of(path->root->constant.string, path->root->constant.length);
    while (path_part(&at, end, &part))
        if (*part.text == '[')
            liquid_expression_index(parser, path,
                                    lax_inner(parser, part.text + 1, part.text + part.length - 1));
        else
            liquid_expression_member(parser, path, part.text, part.length);
    return path;
}

/* ( from .. to ), or NULL. */
static const struct liquid_expression *lax_range(struct liquid_parser *parser, const char *text,
                                                 const char *end)
{
    const char *dots = NULL;
    if (end - text < 2 || *text != '(' || end[-1] != ')')
        return NULL;
    for (const char *at = text; at + 1 < end; at++)
        if (at[0] == '.' && at[1] == '.')
            dots = at;
    if (!dots)
        return NULL;
    return liquid_expression_range(parser, text, lax_inner(parser, text + 1, dots),
                                   lax_inner(parser, dots + 2, end - 1));
}

const struct liquid_expression *liquid_lax_expression(struct liquid_parser *parser,
                                                      const struct slice *fragment)
{
    const char *text = fragment->text, *end = text + fragment->length;
    text = liquid_lex_skip_space(text, end);
    while (end > text && liquid_lex_space(end[-1]))
        end--;
    size_t length = (size_t)(end - text);
    if (length == 0 || parser->brackets >= LIQUID_BRACKETS_MOST)
        return liquid_expression_constant(parser, text, value_null());
    if (length >= 2 && (*text == '"' || *text == '\'') && end[-1] == *text)
        return liquid_expression_constant(parser, text, value_string(text + 1, length - 2));
    const struct liquid_expression *found = liquid_expression_word(parser, text, length);
    parser->brackets++;
    if (!found)
        found = lax_range(parser, text, end);
    if (!found)
        found = lax_number(parser, text, length);
    if (!found)
        found = lax_path(parser, text, end);
    parser->brackets--;
    return found;
}

/* The arguments of a filter: each fragment behind a colon or comma, perhaps `name: value`. */
static bool lax_arguments(struct liquid_parser *parser, struct liquid_use *use, const char *at,
                          const char *end)
{
    for (; at < end; at++) {
        const char *quoted = skip_string(at, end);
        if (quoted > at) {
            at = quoted - 1;
            continue;
        }
        if (*at != ':' && *at != ',')
            continue;
        const char *start = liquid_lex_skip_space(at + 1, end), *word = start;
        while (word < end && liquid_lex_letter(*word))
            word++;
        const char *colon = liquid_lex_skip_space(word, end), *value = start;
        bool keyword = word > start && colon < end && *colon == ':';
        if (keyword)
            value = liquid_lex_skip_space(colon + 1, end);
        const char *stop = skip_fragment(value, end);
        if (keyword && stop == value) {
            keyword = false;
            value = start;
            stop = skip_fragment(value, end);
        }
        if (stop == value)
            continue;
        struct slice slice = slice_between(value, stop);
        const struct liquid_expression *expression = liquid_lax_expression(parser, &slice);
        if (keyword)
            liquid_output_keyword(parser, use, start, (size_t)(word - start), expression);
        else if (!liquid_output_argument(parser, use, expression))
            return false;
        at = stop - 1;
    }
    return true;
}

/* The end of a filter: at the next bar outside of quotes. */
static const char *filter_end(const char *at, const char *end)
{
    while (at < end && *at != '|') {
        const char *next = skip_string(at, end);
        at = next > at ? next : at + 1;
    }
    return at;
}

static bool lax_filter(struct liquid_parser *parser, struct liquid_output *output, const char *at,
                       const char *end)
{
    while (at < end && !liquid_lex_letter(*at))
        at++;
    const char *name = at;
    /* Lax mode takes `money-x` for `money`; where it is to be told, it is an unknown filter. */
    while (at < end && (parser->forgives ? is_segment(*at) : liquid_lex_letter(*at)))
        at++;
    if (at == name)
        return true;
    struct liquid_use *use = liquid_output_add(parser, output, name, (size_t)(at - name));
    return lax_arguments(parser, use, at, end) && liquid_output_resolve(parser, use);
}

bool liquid_lax_output(struct liquid_parser *parser, const struct slice *markup,
                       struct liquid_output *output)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice fragment;
    *output = (struct liquid_output){0};
    if (!liquid_lax_fragment(&at, end, &fragment))
        return true;
    output->value = liquid_lax_expression(parser, &fragment);
    for (at = filter_end(at, end); at < end;) {
        const char *stop = filter_end(at + 1, end);
        if (!lax_filter(parser, output, at + 1, stop))
            return false;
        at = stop;
    }
    return true;
}

static bool is_joint(const struct slice *fragment)
{
    return slice_is(*fragment, "and") || slice_is(*fragment, "or");
}

/* `left`, then perhaps an operator and `right`; what else stands there is passed over. */
static struct liquid_condition *lax_comparison(struct liquid_parser *parser, const char *at,
                                               const char *end)
{
    struct slice left, right;
    if (!liquid_lax_fragment(&at, end, &left))
        return NULL;
    struct liquid_condition *condition = arena_zero(parser->arena, sizeof *condition);
    condition->left = liquid_lax_expression(parser, &left);
    const char *start = at = liquid_lex_skip_space(at, end);
    while (at < end && ((*at >= 'a' && *at <= 'z') || memchr("=!<>_", *at, 5)))
        at++;
    if (at == start)
        return condition;
    condition->relation = liquid_condition_operator(start, (size_t)(at - start));
    if (condition->relation == LIQUID_UNKNOWN && parser->forgives)
        return NULL;
    at = liquid_lex_skip_space(at, end);
    const char *stop = skip_fragment(at, end);
    right = slice_between(at, stop);
    condition->right = liquid_lax_expression(parser, &right);
    return condition;
}

const struct liquid_condition *liquid_lax_condition(struct liquid_parser *parser,
                                                    const struct slice *markup)
{
    const char *at = markup->text, *end = at + markup->length, *start = at;
    struct liquid_condition *first = NULL, *last = NULL;
    for (bool more = true; more;) {
        struct slice fragment;
        bool any = false;
        const char *stop = end;
        for (more = false; !more && liquid_lax_fragment(&at, end, &fragment);)
            if (is_joint(&fragment)) {
                more = true;
                any = *fragment.text == 'o';
                stop = fragment.text;
            }
        struct liquid_condition *next = lax_comparison(parser, start, stop);
        if (!next)
            return NULL;
        next->any = any;
        if (last)
            last->next = next;
        else
            first = next;
        last = next;
        start = at;
    }
    return first;
}
