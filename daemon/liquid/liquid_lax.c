/*
 * What lax mode is made of. It knows no tokens: liquid_lax_skip() finds where a fragment ends, be
 * it a word or a string in quotes, and whatever no fragment begins with is passed over. A
 * fragment is then looked at from outside: quotes make it a string, a word of the language its
 * value, parentheses a range, digits a number, and anything else is a path, of which the parts
 * that make sense are taken. liquid_lax_expression() is where these are tried, one after the
 * other.
 */
#include "liquid/liquid_lax.h"

#include "base/decimal.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_number.h"

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

const char *liquid_lax_skip_string(const char *at, const char *end)
{
    const char *close = NULL;
    if (at < end && (*at == '"' || *at == '\''))
        close = memchr(at + 1, *at, (size_t)(end - at - 1));
    return close ? close + 1 : at;
}

const char *liquid_lax_skip(const char *at, const char *end)
{
    const char *next = liquid_lax_skip_string(at, end);
    if (next > at)
        return next;
    while (at < end) {
        next = is_plain(*at) ? at + 1 : liquid_lax_skip_string(at, end);
        if (next == at)
            break;
        at = next;
    }
    return at;
}

bool liquid_lax_fragment(const char **at, const char *end, struct slice *fragment)
{
    for (; *at < end; ++*at) {
        const char *stop = liquid_lax_skip(*at, end);
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
                       *to = liquid_lax_skip(from, end);
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
    end = liquid_lex_cut_space(text, end);
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
