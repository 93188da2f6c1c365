#include "liquid/liquid_scan.h"

#include <string.h>

#include "liquid/liquid_lex.h"

static const char *skip_letters(const char *at, const char *end)
{
    while (at < end && liquid_lex_letter(*at))
        at++;
    return at;
}

/* Splits what stands between the braces of a tag, or a line, into name and rest. */
static void read_name(struct liquid_piece *piece, const char *at, const char *end)
{
    const char *start = liquid_lex_skip_space(at, end);
    const char *stop = start < end && *start == '#' ? start + 1 : skip_letters(start, end);
    piece->name = slice_between(start, stop);
    piece->markup = slice_between(liquid_lex_skip_space(stop, end), end);
}

/* The end of a tag that began before `at`: behind its %}, or NULL. */
static const char *tag_end(const char *at, const char *end)
{
    const char *close = at < end ? memmem(at, (size_t)(end - at), "%}", 2) : NULL;
    return close ? close + 2 : NULL;
}

/* The end of an output whose {{ stands before `at`. A single } ends it too, and
 * a {% within makes it a tag's; then it is not closed, and refused by the parser. */
static const char *output_end(const char *at, const char *end)
{
    while (at < end) {
        if (*at == '}')
            return at + 1 < end && at[1] == '}' ? at + 2 : at + 1;
        if (*at == '{' && at + 1 < end && at[1] == '%')
            return tag_end(at + 2, end);
        at++;
    }
    return NULL;
}

static void cut_braces(struct liquid_piece *piece, const char **from, const char **to)
{
    *from = piece->all.text + 2;
    *to = piece->all.text + piece->all.length - 2;
    piece->trim_before = *from < piece->all.text + piece->all.length && **from == '-';
    piece->trim_after = *to > piece->all.text + 2 && (*to)[-1] == '-';
    if (piece->trim_before)
        ++*from;
    if (piece->trim_after)
        --*to;
    if (*from > *to)
        *from = *to;
}

static void scan_markup(struct liquid_scan *scan, struct liquid_piece *piece)
{
    bool tag = scan->at[1] == '%';
    const char *start = scan->at, *from, *to;
    const char *stop = tag ? tag_end(start + 2, scan->end) : output_end(start + 2, scan->end);
    piece->kind = tag ? LIQUID_PIECE_TAG : LIQUID_PIECE_OUTPUT;
    scan->at = stop ? stop : scan->end;
    piece->all = slice_between(start, scan->at);
    piece->closed = stop && stop - start >= 4 && stop[-2] == (tag ? '%' : '}') && stop[-1] == '}';
    if (!piece->closed)
        return;
    cut_braces(piece, &from, &to);
    if (tag)
        read_name(piece, from, to);
    else
        piece->markup = slice_between(from, to);
}

/* Empty lines are passed over. */
static void scan_line(struct liquid_scan *scan, struct liquid_piece *piece)
{
    const char *start, *stop;
    do {
        if (scan->at == scan->end)
            return;
        const char *newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
        start = scan->at;
        stop = newline ? newline : scan->end;
        scan->at = newline ? newline + 1 : scan->end;
    } while (liquid_lex_skip_space(start, stop) == stop);
    piece->kind = LIQUID_PIECE_TAG;
    piece->line = true;
    piece->all = slice_between(start, stop);
    read_name(piece, start, stop);
}

static const char *text_end(const char *at, const char *end)
{
    while ((at = memchr(at, '{', (size_t)(end - at)))) {
        if (at + 1 < end && (at[1] == '{' || at[1] == '%'))
            return at;
        at++;
    }
    return end;
}

void liquid_scan_next(struct liquid_scan *scan, struct liquid_piece *piece)
{
    *piece = (struct liquid_piece){.kind = LIQUID_PIECE_END, .closed = true};
    if (scan->lines) {
        scan_line(scan, piece);
        return;
    }
    if (scan->at == scan->end)
        return;
    const char *stop = text_end(scan->at, scan->end);
    if (stop == scan->at) {
        scan_markup(scan, piece);
        return;
    }
    piece->kind = LIQUID_PIECE_TEXT;
    piece->all = slice_between(scan->at, stop);
    scan->at = stop;
}

bool liquid_scan_ends(const struct liquid_piece *piece, const char *name, size_t *before)
{
    const char *start = piece->all.text, *end = start + piece->all.length;
    if (piece->all.length < 4 || end[-2] != '%' || end[-1] != '}')
        return false;
    for (const char *open = end - 4; open >= start; open--) {
        if (open[0] != '{' || open[1] != '%')
            continue;
        const char *at = open + 2;
        at = liquid_lex_skip_space(at + (*at == '-'), end - 2);
        const char *stop = skip_letters(at, end - 2);
        if (stop == at)
            continue;
        *before = (size_t)(open - start);
        return (size_t)(stop - at) == strlen(name) && memcmp(at, name, strlen(name)) == 0;
    }
    return false;
}
