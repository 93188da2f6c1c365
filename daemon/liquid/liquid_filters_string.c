/*
 * Filters of strings: case, joining, white space at the sides and within, slices, cutting to a
 * length, splitting. Characters are counted as UTF-8 has them. Results share the input's bytes
 * where they are a part of it, and are else written into the arena at their full length at once.
 * Each filter is a function of the call; the table at the end names them with how many arguments
 * they take.
 */
#include "base/utf8.h"
#include "liquid/liquid_case.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_lex.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

static bool change_case(struct liquid_call *call, enum liquid_case way)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t length = liquid_case_length(way, &text);
    char *to = liquid_run_room(call->run, length);
    if (!to)
        return false;
    liquid_case_convert(way, &text, to, length);
    return liquid_filters_give(call, to, length, false);
}

static bool downcase(struct liquid_call *call)
{
    return change_case(call, LIQUID_LOWER);
}

static bool upcase(struct liquid_call *call)
{
    return change_case(call, LIQUID_UPPER);
}

/* The first character in upper case, all others in lower case. */
static bool capitalize(struct liquid_call *call)
{
    struct slice text;
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    size_t width = text.length ? utf8_width(text.text, text.length) : 0;
    struct slice first = {text.text, width};
    struct slice rest = {text.text + width, text.length - width};
    size_t head = liquid_case_length(LIQUID_UPPER, &first);
    size_t tail = liquid_case_length(LIQUID_LOWER, &rest);
    char *to = liquid_run_room(call->run, head + tail);
    if (!to)
        return false;
    liquid_case_convert(LIQUID_UPPER, &first, to, head);
    liquid_case_convert(LIQUID_LOWER, &rest, to + head, tail);
    return liquid_filters_give(call, to, head + tail, false);
}

static bool join_two(struct liquid_call *call, const struct value *a, const struct value *b)
{
    struct liquid_part parts[2];
    return liquid_text_markup(call->run, a, &parts[0].text, &parts[0].safe) &&
           liquid_text_markup(call->run, b, &parts[1].text, &parts[1].safe) &&
           liquid_filters_join(call, parts, 2, NULL);
}

static bool append(struct liquid_call *call)
{
    return join_two(call, &call->input, &call->arguments[0]);
}

static bool prepend(struct liquid_call *call)
{
    return join_two(call, &call->arguments[0], &call->input);
}

static bool is_stripped(char c)
{
    return c == '\0' || liquid_lex_space(c);
}

static bool strip_sides(struct liquid_call *call, bool left, bool right)
{
    struct slice text;
    bool safe;
    if (!liquid_text_markup(call->run, &call->input, &text, &safe))
        return false;
    const char *start = text.text, *end = start + text.length;
    while (left && start < end && is_stripped(*start))
        start++;
    while (right && end > start && is_stripped(end[-1]))
        end--;
    return liquid_filters_give(call, start, (size_t)(end - start), safe);
}

static bool strip(struct liquid_call *call)
{
    return strip_sides(call, true, true);
}

static bool lstrip(struct liquid_call *call)
{
    return strip_sides(call, true, false);
}

static bool rstrip(struct liquid_call *call)
{
    return strip_sides(call, false, true);
}

/* Runs of white space become one blank. */
static bool squish(struct liquid_call *call)
{
    if (call->input.kind == VALUE_NULL)
        return true;
    if (!strip_sides(call, true, true))
        return false;
    const char *text = call->result.string, *end = text + call->result.length;
    char *to = liquid_run_room(call->run, call->result.length), *start = to;
    if (!to)
        return false;
    for (; text < end; text++)
        if (!liquid_lex_space(*text))
            *to++ = *text;
        else if (!liquid_lex_space(text[-1]))
            *to++ = ' ';
    return liquid_filters_give(call, start, (size_t)(to - start), call->safe);
}

static bool strip_newlines(struct liquid_call *call)
{
    struct slice text;
    bool safe;
    if (!liquid_text_markup(call->run, &call->input, &text, &safe))
        return false;
    char *start = liquid_run_room(call->run, text.length), *to = start;
    if (!start)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        bool pair = text.text[i] == '\r' && i + 1 < text.length && text.text[i + 1] == '\n';
        if (!pair && text.text[i] != '\n')
            *to++ = text.text[i];
    }
    return liquid_filters_give(call, start, (size_t)(to - start), safe);
}

/* The byte behind `count` characters. */
static const char *skip_characters(const char *at, const char *end, int64_t count)
{
    while (count-- > 0 && at < end)
        at += utf8_width(at, (size_t)(end - at));
    return at;
}

/* Where a slice begins and how long it is; false where it is outside. */
static bool slice_bounds(int64_t size, int64_t *offset, int64_t *length)
{
    if (*offset < 0)
        *offset += size;
    if (*offset < 0 || *offset > size || *length < 0)
        return false;
    if (*length > size - *offset)
        *length = size - *offset;
    return true;
}

static bool slice_list(struct liquid_call *call, int64_t offset, int64_t length)
{
    bool inside = slice_bounds(call->input.list->count, &offset, &length);
    if (!liquid_filters_list(call, inside ? (uint32_t)length : 0, &call->result))
        return false;
    for (int64_t i = 0; inside && i < length; i++)
        value_push(call->run->arena, call->result, call->input.list->items[offset + i]);
    return liquid_run_step(call->run, inside ? (uint64_t)length / 8 : 0);
}

static bool slice(struct liquid_call *call)
{
    int64_t offset, length = 1;
    struct slice text;
    const struct value *count = liquid_filters_argument(call, 1);
    if (!liquid_filters_integer(call, &call->arguments[0], &offset) ||
        (count && liquid_value_true(count) && !liquid_filters_integer(call, count, &length)))
        return false;
    if (call->input.kind == VALUE_LIST)
        return slice_list(call, offset, length);
    if (!liquid_text_of(call->run, &call->input, &text))
        return false;
    if (!slice_bounds((int64_t)utf8_count(text.text, text.length), &offset, &length))
        return liquid_filters_give(call, "", 0, false);
    const char *end = text.text + text.length;
    const char *start = skip_characters(text.text, end, offset);
    const char *stop = skip_characters(start, end, length);
    return liquid_filters_give(call, start, (size_t)(stop - start), false);
}

static bool give_shortened(struct liquid_call *call, const char *text, size_t length,
                           const struct slice *end)
{
    char *to = liquid_run_room(call->run, length + end->length);
    if (!to)
        return false;
    memcpy(to, text, length);
    memcpy(to + length, end->text, end->length);
    return liquid_filters_give(call, to, length + end->length, false);
}

/* What both read: the text, how much of it is kept, and what then stands at its end. */
static bool read_shortening(struct liquid_call *call, struct slice *text, int64_t *most,
                            struct slice *end)
{
    return liquid_text_of(call->run, &call->input, text) &&
           (call->count == 0 || liquid_filters_integer(call, &call->arguments[0], most)) &&
           liquid_filters_text(call, liquid_filters_argument(call, 1), "...", end);
}

static bool truncate_text(struct liquid_call *call)
{
    struct slice text, end;
    int64_t most = 50;
    if (call->input.kind == VALUE_NULL)
        return true;
    if (!read_shortening(call, &text, &most, &end))
        return false;
    if ((int64_t)utf8_count(text.text, text.length) <= most)
        return liquid_filters_give(call, text.text, text.length, false);
    int64_t kept = most < INT32_MIN ? 0 : most - (int64_t)utf8_count(end.text, end.length);
    const char *stop = skip_characters(text.text, text.text + text.length, kept);
    return give_shortened(call, text.text, (size_t)(stop - text.text), &end);
}

/* Copies the first `most` words with single blanks between; false where the text has
 * no more than those, so that nothing is to be cut. */
static bool first_words(const struct slice *text, int64_t most, char *to, size_t *length)
{
    const char *at = text->text, *end = at + text->length;
    char *start = to;
    for (int64_t words = 0; words < most; words++) {
        while (at < end && liquid_lex_space(*at))
            at++;
        if (at == end)
            return false;
        if (words)
            *to++ = ' ';
        while (at < end && !liquid_lex_space(*at))
            *to++ = *at++;
    }
    *length = (size_t)(to - start);
    return at < end;
}

static bool truncatewords(struct liquid_call *call)
{
    struct slice text, end;
    int64_t most = 15;
    size_t length;
    if (call->input.kind == VALUE_NULL)
        return true;
    if (!read_shortening(call, &text, &most, &end))
        return false;
    char *words = liquid_run_room(call->run, text.length);
    if (!words)
        return false;
    if (!first_words(&text, most < 1 ? 1 : most, words, &length))
        return liquid_filters_give(call, text.text, text.length, false);
    return give_shortened(call, words, length, &end);
}

static bool push_text(struct liquid_call *call, const char *from, const char *to)
{
    return liquid_filters_push(call, call->result, value_string(from, (size_t)(to - from)));
}

/* By one blank: words between runs of white space. */
static bool split_words(struct liquid_call *call, const char *at, const char *end)
{
    while (at < end) {
        while (at < end && liquid_lex_space(*at))
            at++;
        const char *start = at;
        while (at < end && !liquid_lex_space(*at))
            at++;
        if (at > start && !push_text(call, start, at))
            return false;
    }
    return true;
}

static bool split_characters(struct liquid_call *call, const char *at, const char *end)
{
    while (at < end) {
        const char *next = at + utf8_width(at, (size_t)(end - at));
        if (!push_text(call, at, next))
            return false;
        at = next;
    }
    return true;
}

static bool split_pattern(struct liquid_call *call, const char *at, const char *end,
                          const struct slice *pattern)
{
    const char *found;
    while ((found = memmem(at, (size_t)(end - at), pattern->text, pattern->length))) {
        if (!push_text(call, at, found))
            return false;
        at = found + pattern->length;
    }
    return push_text(call, at, end);
}

/* Empty texts at the end are dropped. */
static bool split(struct liquid_call *call)
{
    struct slice text, pattern;
    if (!liquid_text_of(call->run, &call->input, &text) ||
        !liquid_text_of(call->run, &call->arguments[0], &pattern) ||
        !liquid_filters_list(call, 0, &call->result))
        return false;
    const char *at = text.text, *end = at + text.length;
    bool words = pattern.length == 1 && *pattern.text == ' ';
    bool done = words                 ? split_words(call, at, end)
                : pattern.length == 0 ? split_characters(call, at, end)
                                      : split_pattern(call, at, end, &pattern);
    struct value_list *list = call->result.list;
    while (list->count > 0 && list->items[list->count - 1].length == 0)
        list->count--;
    return done && liquid_run_step(call->run, list->count / 8);
}

const struct liquid_filter liquid_filters_string[] = {
    {"append", append, 1, 1},
    {"capitalize", capitalize, 0, 0},
    {"downcase", downcase, 0, 0},
    {"lstrip", lstrip, 0, 0},
    {"prepend", prepend, 1, 1},
    {"rstrip", rstrip, 0, 0},
    {"slice", slice, 1, 2},
    {"split", split, 1, 1},
    {"squish", squish, 0, 0},
    {"strip", strip, 0, 0},
    {"strip_newlines", strip_newlines, 0, 0},
    {"truncate", truncate_text, 0, 2},
    {"truncatewords", truncatewords, 0, 2},
    {"upcase", upcase, 0, 0},
    {NULL, NULL, 0, 0},
};
