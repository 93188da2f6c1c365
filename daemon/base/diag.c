/*
 * In this order: the fields, into which every text goes through put_text(), since it will be
 * shown by terminals and kept in logs; the excerpt, for which the line is found in the source and
 * cut around the fault; the name that was perhaps meant; the two forms in which a diag is shown;
 * the collection of them.
 */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/mem.h"
#include "base/other_words.h"
#include "base/utf8.h"

/* EXCERPT_BEFORE, _AFTER: characters shown around the fault, as far as they fit. */
enum {
    EXCERPT_BEFORE = 60,
    EXCERPT_AFTER = 50,
    EXCERPT_BYTES_BEFORE = 100,
    WORD_MOST = 64,
    PART_LEAST = 3
};

/* As it may be shown, NUL-terminated. */
static void put_text(char *to, size_t size, const char *from, size_t length)
{
    to[utf8_show(from, length, to, size - 1)] = '\0';
}

static void put_format(char *to, size_t size, const char *format, va_list args)
{
    char text[1024];
    int length = vsnprintf(text, sizeof text, format, args);
    if (length < 0)
        length = 0;
    put_text(to, size, text, strlen(text));
}

void diag_clear(struct diag *diag)
{
    if (diag)
        memset(diag, 0, sizeof *diag);
}

bool diag_verror(struct diag *diag, const char *format, va_list args)
{
    if (!diag)
        return false;
    diag_clear(diag);
    put_format(diag->text, sizeof diag->text, format, args);
    return false;
}

bool diag_error(struct diag *diag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(diag, format, args);
    va_end(args);
    return false;
}

bool diag_fault(struct diag *diag, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(diag, format, args);
    va_end(args);
    diag_code(diag, code);
    return false;
}

void diag_code(struct diag *diag, const char *code)
{
    if (diag)
        put_text(diag->code, sizeof diag->code, code, strlen(code));
}

void diag_file(struct diag *diag, const char *file)
{
    if (diag)
        put_text(diag->file, sizeof diag->file, file, strlen(file));
}

void diag_place(struct diag *diag, uint32_t line, uint32_t column, uint32_t width)
{
    if (!diag)
        return;
    diag->line = line;
    diag->column = column;
    diag->width = width;
}

void diag_hint(struct diag *diag, const char *format, ...)
{
    if (!diag)
        return;
    va_list args;
    va_start(args, format);
    put_format(diag->hint, sizeof diag->hint, format, args);
    va_end(args);
}

/* ---- The excerpt ---- */

const char *diag_source_line(const char *source, size_t length, uint32_t number, size_t *size)
{
    const char *at = source, *end = source + length;
    for (uint32_t line = 1; line < number; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return NULL;
        at = newline + 1;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    *size = (size_t)((newline ? newline : end) - at);
    if (*size && at[*size - 1] == '\r')
        --*size;
    return at;
}

/* The bytes of the first `count` characters. */
static size_t skip_characters(const char *text, size_t length, size_t count)
{
    size_t at = 0;
    while (count-- > 0 && at < length)
        at += utf8_width(text + at, length - at);
    return at;
}

void diag_excerpt(struct diag *diag, const char *source, size_t length)
{
    size_t size = 0;
    if (!diag || !diag->line || !source)
        return;
    const char *line = diag_source_line(source, length, diag->line, &size);
    if (!line)
        return;
    size_t fault = skip_characters(line, size, diag->column ? diag->column - 1 : 0);
    size_t before = utf8_count(line, fault);
    size_t from =
        skip_characters(line, size, before > EXCERPT_BEFORE ? before - EXCERPT_BEFORE : 0);
    while (fault - from > EXCERPT_BYTES_BEFORE) /* wide characters: fewer of them */
        from += utf8_width(line + from, size - from);
    size_t shown = skip_characters(line + fault, size - fault, EXCERPT_AFTER);
    put_text(diag->excerpt, sizeof diag->excerpt, line + from, fault - from + shown);
    diag->caret = (uint32_t)utf8_count(line + from, fault - from) + 1;
}

void diag_offset(struct diag *diag, const char *source, size_t length, size_t offset)
{
    if (!diag)
        return;
    if (offset > length)
        offset = length;
    uint32_t line = 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++)
        if (source[i] == '\n') {
            line++;
            start = i + 1;
        }
    uint32_t column = 1;
    for (size_t at = start; at < offset; at += utf8_width(source + at, offset - at))
        column++;
    diag_place(diag, line, column, diag->width);
    diag_excerpt(diag, source, length);
}

/* ---- The name that was meant ---- */

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment: Levenshtein, with swapped neighbours as one edit. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MOST + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            now[j] =
                smallest(before[j] + 1, now[j - 1] + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                earlier[j - 2] + 1 < now[j])
                now[j] = earlier[j - 2] + 1;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *diag_nearest(const char *word, const char *const *names)
{
    size_t length = strlen(word);
    if (length == 0 || length > WORD_MOST)
        return NULL;
    const char *nearest = NULL;
    size_t best = length <= 3 ? 2 : length <= 8 ? 3 : 4;
    for (; *names; names++) {
        size_t other = strlen(*names);
        if (other == 0 || other > WORD_MOST)
            continue;
        size_t far = distance(word, length, *names, other);
        if (far < best && far < other) {
            best = far;
            nearest = *names;
        }
    }
    return nearest;
}

/* Whether the shorter of the two is the first words of the longer. */
static bool shares_words(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    size_t least = a_length < b_length ? a_length : b_length;
    const char *longer = a_length < b_length ? b : a;
    return least >= PART_LEAST && strncmp(a, b, least) == 0 && longer[least] &&
           strchr("_-.", longer[least]);
}

/* The only one that shares its first words; NULL: none, or several. */
static const char *only_kin(const char *word, const char *const *names)
{
    const char *found = NULL;
    for (; *names; names++) {
        if (!shares_words(word, *names))
            continue;
        if (found)
            return NULL;
        found = *names;
    }
    return found;
}

const char *diag_meant(const char *word, const char *const *names)
{
    if (other_words_advice(word, names))
        return NULL;
    const char *nearest = other_words_find(word, names);
    if (!nearest)
        nearest = diag_nearest(word, names);
    return nearest ? nearest : only_kin(word, names);
}

void diag_suggest(struct diag *diag, const char *word, const char *const *names)
{
    const char *advice = other_words_advice(word, names), *meant = diag_meant(word, names);
    if (advice)
        diag_hint(diag, "%s", advice);
    else if (meant)
        diag_hint(diag, "did you mean `%s`?", meant);
}

/* ---- As it is shown ---- */

static void format_head(const struct diag *diag, struct buf *out)
{
    if (diag->file[0])
        buf_printf(out, "%s:", diag->file);
    if (diag->line)
        buf_printf(out, "%u:", diag->line);
    if (diag->line && diag->column)
        buf_printf(out, "%u:", diag->column);
    if (diag->file[0] || diag->line)
        buf_char(out, ' ');
}

void diag_line(const struct diag *diag, struct buf *out)
{
    format_head(diag, out);
    mask_text(diag->text, strlen(diag->text), out);
    if (diag->hint[0])
        buf_printf(out, " (%s)", diag->hint);
}

/* The offset of a character, or the end. */
static size_t offset_of(const char *text, size_t length, size_t characters)
{
    size_t at = 0;
    while (characters-- > 0 && at < length)
        at += utf8_width(text + at, length - at);
    return at;
}

/* Without passwords; what was underlined still is. */
static void format_excerpt(const struct diag *diag, struct buf *out)
{
    size_t length = strlen(diag->excerpt), from = diag->caret - 1;
    size_t places[] = {offset_of(diag->excerpt, length, from),
                       offset_of(diag->excerpt, length, from + diag->width)};
    struct buf line;
    buf_init(&line, 2 * sizeof diag->excerpt);
    mask_line(diag->excerpt, length, &line, places, 2);
    const char *shown = buf_string(&line);
    buf_printf(out, "    %s\n    %*s^", shown, (int)utf8_count(shown, places[0]), "");
    if (places[1] > places[0])
        for (size_t i = utf8_count(shown + places[0], places[1] - places[0]); i > 1; i--)
            buf_char(out, '~');
    buf_char(out, '\n');
    buf_free(&line);
}

void diag_format(const struct diag *diag, struct buf *out)
{
    format_head(diag, out);
    buf_printf(out, "%s: ", diag->level == DIAG_WARNING ? "warning" : "error");
    mask_text(diag->text, strlen(diag->text), out);
    buf_char(out, '\n');
    if (diag->excerpt[0])
        format_excerpt(diag, out);
    if (diag->hint[0])
        buf_printf(out, "hint: %s\n", diag->hint);
}

void diag_print(const struct diag *diag, FILE *stream)
{
    struct buf out;
    buf_init(&out, 8192);
    diag_format(diag, &out);
    fwrite(buf_string(&out), 1, out.length, stream);
    buf_free(&out);
}

/* ---- Many ---- */

void diags_free(struct diags *diags)
{
    free(diags->items);
    *diags = (struct diags){0};
}

void diags_add(struct diags *diags, const struct diag *diag)
{
    if (diag->level == DIAG_ERROR)
        diags->errors++;
    else
        diags->warnings++;
    if (diags->count == DIAGS_MOST) {
        struct diag *last = &diags->items[DIAGS_MOST - 1];
        if (diag->level == DIAG_ERROR && last->level == DIAG_WARNING)
            *last = *diag;
        return;
    }
    diags->items = mem_grow(diags->items, diags->count, sizeof *diags->items);
    diags->items[diags->count++] = *diag;
}
