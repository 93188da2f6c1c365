/*
 * Nothing is written before a text comes that shows: line ends and spaces are only counted
 * (newlines, blanks), and begin_line() and add_visible() pay them out. That is why nothing hangs
 * at the ends of lines, and why a row can be made one line afterwards: where the text of each
 * cell and link began is marked when its first visible byte is written (mark_begin).
 */
#include "mail/text_writer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

enum {
    LEVELS_MOST = 16, /* lists and quotations whose indentation is shown */
    ROWS_MOST = 32,   /* tables within tables whose rows are joined */
    CELLS_MOST = 24,  /* of one row; one with more is not joined */
    LINKS_MOST = 500,
    OPEN_MOST = 16, /* links open at once: <a> in a table in an <a> */
    BLANKS_MOST = 64,
};

/* An indentation: what the first line under it begins with, and the others. */
struct level {
    char first[16], rest[16];
    bool used; /* `first` was written */
};

struct cell {
    size_t text, end; /* its text within the output; `text` SIZE_MAX: it has none so far */
};

struct row {
    struct cell cells[CELLS_MOST];
    size_t count; /* may pass CELLS_MOST: then the row is left as it is */
    bool in_cell;
};

struct open_link {
    const char *address;
    size_t start; /* of its text within the output */
};

struct text_writer {
    struct buf *out;
    size_t begin; /* where our output starts */
    struct arena *arena;
    unsigned newlines; /* to be written before the next text, at most 2 */
    unsigned blanks;   /* spaces, likewise; more than one only in <pre> */
    bool no_break;     /* the space is a no-break one */
    unsigned pre;
    /* How many are open, which may pass what there is room for; and links. */
    unsigned level_count, row_count, open_count, link_count;

    /* Each is written when it begins: all this is not zeroed for every text. */
    struct level levels[LEVELS_MOST];
    struct row rows[ROWS_MOST];
    struct open_link open[OPEN_MOST];
    const char *links[LINKS_MOST];
};

struct text_writer *text_writer_new(struct arena *arena, struct buf *out)
{
    struct text_writer *w = arena_alloc(arena, sizeof *w);
    memset(w, 0, offsetof(struct text_writer, levels));
    w->out = out;
    w->begin = out->length;
    w->arena = arena;
    w->newlines = 1;
    return w;
}

/* ---- Lines and words ---- */

void text_writer_lines(struct text_writer *w, unsigned lines)
{
    if (w->newlines < lines)
        w->newlines = lines;
    w->blanks = 0;
}

void text_writer_break(struct text_writer *w)
{
    text_writer_lines(w, w->newlines < 2 ? w->newlines + 1 : 2);
}

void text_writer_begin_pre(struct text_writer *w)
{
    text_writer_lines(w, 2);
    w->pre++;
}

void text_writer_end_pre(struct text_writer *w)
{
    w->pre--;
    text_writer_lines(w, 2);
}

/* The text now written is the first of the cells and links that have none yet. */
static void mark_begin(struct text_writer *w, size_t before)
{
    for (unsigned i = 0; i < w->row_count && i < ROWS_MOST; i++) {
        struct row *row = &w->rows[i];
        if (row->in_cell && row->count <= CELLS_MOST && row->cells[row->count - 1].text == SIZE_MAX)
            row->cells[row->count - 1].text = w->out->length;
    }
    for (unsigned i = 0; i < w->open_count && i < OPEN_MOST; i++)
        if (w->open[i].start >= before)
            w->open[i].start = w->out->length;
}

static void begin_line(struct text_writer *w)
{
    size_t before = w->out->length;
    for (; w->newlines > 0; w->newlines--)
        if (before > w->begin)
            buf_char(w->out, '\n');
    for (unsigned i = 0; i < w->level_count && i < LEVELS_MOST; i++) {
        struct level *level = &w->levels[i];
        buf_text(w->out, level->used ? level->rest : level->first);
        level->used = true;
    }
    mark_begin(w, before);
}

/* Bytes that are no white space. */
static void add_visible(struct text_writer *w, const char *bytes, size_t length)
{
    if (w->newlines > 0)
        begin_line(w);
    for (; w->blanks > 0; w->blanks--)
        buf_text(w->out, w->no_break ? "\u00a0" : " ");
    buf_add(w->out, bytes, length);
}

static void add_blank(struct text_writer *w, uint32_t c)
{
    if (w->pre && c == '\n') {
        text_writer_break(w);
    } else if (w->pre) {
        w->blanks += w->blanks < BLANKS_MOST;
    } else if (w->newlines == 0 && w->blanks == 0) {
        w->blanks = 1;
        w->no_break = c == 0xa0;
    } else if (w->blanks && c == 0xa0) {
        w->no_break = true;
    }
}

/* What only pads or tells a browser where it may break a word. */
static bool is_invisible(uint32_t c)
{
    return c == 0xad || c == 0x34f || c == 0x200b || c == 0x2060 || c == 0xfeff ||
           (utf8_is_control(c) && c != '\t' && c != '\n' && c != '\f' && c != '\r');
}

/* Eight bytes of ASCII that shows, or spaces, none of which has another one behind it. Unsure is
 * false, too. */
static bool are_words(const char *text)
{
    static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t eight, next;
    memcpy(&eight, text, sizeof eight);
    memcpy(&next, text + 1, sizeof next);
    uint64_t others = eight ^ ' ' * ones, behind = next ^ ' ' * ones; /* 0: a space */
    uint64_t double_space = (others - ones) & ~others & (behind - ones) & ~behind;
    return !(((eight - ' ' * ones) | (eight + ones) | double_space) & high);
}

/* How much of the text is words, with one space between two: it goes out as it is. In <pre> a word
 * alone. */
static size_t plain_run(const char *text, size_t length, bool pre)
{
    size_t at = 0;
    while (at < length && text[at] > ' ' && text[at] < 0x7f)
        at++;
    if (pre || !at)
        return at;
    while (length - at > sizeof(uint64_t) && are_words(text + at))
        at += sizeof(uint64_t);
    while (at < length && text[at] >= ' ' && text[at] < 0x7f &&
           (text[at] != ' ' || text[at - 1] != ' '))
        at++;
    return text[at - 1] == ' ' ? at - 1 : at;
}

void text_writer_text(struct text_writer *w, const char *text, size_t length)
{
    size_t run = 0;
    for (size_t at = 0, width; at < length; at += width) {
        width = plain_run(text + at, length - at, w->pre > 0);
        if (width) {
            run += width;
            continue;
        }
        uint32_t c = utf8_decode(text + at, length - at, &width);
        bool blank = c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
        bool broken = c == 0xfffd && width == 1; /* the parser makes such of "&#x1DDDDDDDD" */
        if (!blank && !broken && !is_invisible(c)) {
            run += width;
            continue;
        }
        if (run)
            add_visible(w, text + at - run, run);
        run = 0;
        if (blank)
            add_blank(w, c);
        else if (broken)
            add_visible(w, "\ufffd", 3);
    }
    if (run)
        add_visible(w, text + length - run, run);
}

/* ---- Links ---- */

static bool is_shown(const char *address)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:", "sms:"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncasecmp(address, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

static void trim(const char **text, size_t *length)
{
    while (*length && strchr(" \t\r\n", **text)) {
        ++*text;
        --*length;
    }
    while (*length && strchr(" \t\r\n/", (*text)[*length - 1]))
        --*length;
}

/* Does the text already say the address, with or without its scheme? */
static bool says(const char *text, size_t length, const char *address)
{
    bool mail = strncasecmp(address, "mailto:", 7) == 0; /* "?subject=…" is not said */
    size_t size = mail ? strcspn(address, "?") : strlen(address);
    trim(&text, &length);
    trim(&address, &size);
    const char *colon = memchr(address, ':', size);
    size_t scheme = colon ? (size_t)(colon - address) + 1 : 0;
    while (scheme < size && address[scheme] == '/')
        scheme++;
    return (length == size && memcmp(text, address, length) == 0) ||
           (length == size - scheme && memcmp(text, address + scheme, length) == 0);
}

static unsigned link_number(struct text_writer *w, const char *address)
{
    for (unsigned i = 0; i < w->link_count; i++)
        if (strcmp(w->links[i], address) == 0)
            return i + 1;
    if (w->link_count == LINKS_MOST)
        return 0;
    w->links[w->link_count++] = address;
    return w->link_count;
}

/* Without what is not UTF-8; a space within it, which would end it there, is as browsers ask for
 * it. */
static const char *clean_address(struct text_writer *w, const char *address)
{
    const struct slice bare = utf8_trim((struct slice){address, strlen(address)});
    char *clean = arena_alloc(w->arena, 3 * bare.length + 1), *to = clean;
    for (size_t at = 0, width; at < bare.length; at += width) {
        uint32_t c = utf8_decode(bare.text + at, bare.length - at, &width);
        bool broken = c == 0xfffd && width == 1;
        if (utf8_is_control(c) || broken)
            continue;
        if (c == ' ' || c == 0xa0)
            to = stpcpy(to, c == ' ' ? "%20" : "%C2%A0");
        else
            to = mempcpy(to, bare.text + at, width);
    }
    *to = '\0';
    return clean;
}

void text_writer_begin_link(struct text_writer *w, const char *address)
{
    if (w->open_count < OPEN_MOST) {
        const char *clean = address ? clean_address(w, address) : "";
        w->open[w->open_count] = (struct open_link){is_shown(clean) ? clean : NULL, w->out->length};
    }
    w->open_count++;
}

void text_writer_end_link(struct text_writer *w)
{
    if (--w->open_count >= OPEN_MOST)
        return;
    const struct open_link *link = &w->open[w->open_count];
    if (!link->address || w->out->length <= link->start)
        return;
    const char *text = buf_string(w->out) + link->start;
    if (says(text, w->out->length - link->start, link->address))
        return;
    unsigned number = link_number(w, link->address);
    if (number)
        buf_printf(w->out, " [%u]", number);
}

/* ---- Indentation and rows ---- */

void text_writer_begin_level(struct text_writer *w, const char *first, const char *rest)
{
    if (w->level_count < LEVELS_MOST) {
        struct level *level = &w->levels[w->level_count];
        *level = (struct level){.used = false};
        snprintf(level->first, sizeof level->first, "%s", first);
        snprintf(level->rest, sizeof level->rest, "%s", rest);
    }
    w->level_count++;
}

void text_writer_end_level(struct text_writer *w)
{
    w->level_count--;
}

bool text_writer_in_level(const struct text_writer *w)
{
    return w->level_count > 0;
}

void text_writer_begin_row(struct text_writer *w)
{
    text_writer_lines(w, 1);
    if (w->row_count < ROWS_MOST) {
        w->rows[w->row_count].count = 0;
        w->rows[w->row_count].in_cell = false;
    }
    w->row_count++;
}

void text_writer_begin_cell(struct text_writer *w)
{
    text_writer_lines(w, 1);
    if (w->row_count == 0 || w->row_count > ROWS_MOST)
        return;
    struct row *row = &w->rows[w->row_count - 1];
    row->in_cell = true;
    row->count++;
    if (row->count <= CELLS_MOST)
        row->cells[row->count - 1] = (struct cell){.text = SIZE_MAX};
}

void text_writer_end_cell(struct text_writer *w)
{
    text_writer_lines(w, 1);
    if (w->row_count == 0 || w->row_count > ROWS_MOST)
        return;
    struct row *row = &w->rows[w->row_count - 1];
    row->in_cell = false;
    if (row->count && row->count <= CELLS_MOST)
        row->cells[row->count - 1].end = w->out->length;
}

/* The first cell with text; count where a cell has several lines, or none has text. */
static size_t first_to_join(const struct row *row, const char *text)
{
    size_t first = row->count;
    for (size_t i = row->count; i-- > 0;) {
        const struct cell *cell = &row->cells[i];
        if (cell->text == SIZE_MAX)
            continue;
        if (memchr(text + cell->text, '\n', cell->end - cell->text))
            return row->count;
        first = i;
    }
    return first;
}

void text_writer_end_row(struct text_writer *w)
{
    text_writer_lines(w, 1);
    if (--w->row_count >= ROWS_MOST || w->out->full)
        return;
    const struct row *row = &w->rows[w->row_count];
    size_t first = row->count <= CELLS_MOST ? first_to_join(row, buf_string(w->out)) : row->count;
    if (first == row->count)
        return;
    size_t start = row->cells[first].end;
    const char *rest = arena_copy(w->arena, w->out->data + start, w->out->length - start);
    buf_cut(w->out, start);
    for (size_t i = first + 1; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];
        if (cell->text == SIZE_MAX)
            continue;
        buf_text(w->out, "  ");
        buf_add(w->out, rest + (cell->text - start), cell->end - cell->text);
    }
}

/* ---- The end ---- */

static void add_footnotes(struct text_writer *w)
{
    w->level_count = w->row_count = w->open_count = 0;
    text_writer_lines(w, 2);
    for (unsigned i = 0; i < w->link_count; i++) {
        char mark[16];
        add_visible(w, mark, (size_t)snprintf(mark, sizeof mark, "[%u] ", i + 1));
        add_visible(w, w->links[i], strlen(w->links[i]));
        text_writer_lines(w, 1);
    }
}

void text_writer_finish(struct text_writer *w)
{
    add_footnotes(w);
    if (w->out->length > w->begin)
        buf_char(w->out, '\n');
}
