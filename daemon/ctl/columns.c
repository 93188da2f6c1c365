/*
 * Cells are kept row after row in one array. columns_write measures them (widths_of), takes from
 * the widest of those that may be cut what the terminal does not have (narrow), and prints.
 */
#include "ctl/columns.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "ctl/cells.h"
#include "ctl/plain.h"

enum { GAP = 2, CUT_LEAST = 8, PRINTED_MOST = 1 << 24 };

struct cell {
    const char *text;
    size_t width;
    enum colour colour;
};

struct columns {
    const struct columns_head *heads;
    size_t count; /* of columns */
    struct arena *arena;
    struct cell *cells;
    uint32_t cell_count, capacity;
};

struct columns *columns_new(const struct columns_head *heads)
{
    struct columns *columns = mem_zero(1, sizeof *columns);
    columns->heads = heads;
    while (columns->count < COLUMNS_MOST && heads[columns->count].title)
        columns->count++;
    columns->arena = arena_new(8192);
    return columns;
}

void columns_destroy(struct columns **columns)
{
    if (!*columns)
        return;
    arena_destroy(&(*columns)->arena);
    free(*columns);
    *columns = NULL;
}

/* ---- Filling it ---- */

void columns_coloured(struct columns *columns, enum colour colour, const char *text)
{
    const char *shown = plain_of(columns->arena, text);
    columns->cells = arena_grow(columns->arena, columns->cells, columns->cell_count,
                                &columns->capacity, sizeof *columns->cells);
    columns->cells[columns->cell_count++] =
        (struct cell){.text = shown, .width = cells_width(shown), .colour = colour};
}

void columns_text(struct columns *columns, const char *text)
{
    columns_coloured(columns, COLOUR_PLAIN, text);
}

void columns_number(struct columns *columns, int64_t number)
{
    columns_printf(columns, "%" PRId64, number);
}

void columns_printf(struct columns *columns, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        mem_exhausted();
    va_end(args);
    columns_text(columns, text);
    free(text);
}

size_t columns_rows(const struct columns *columns)
{
    return columns->count ? columns->cell_count / columns->count : 0;
}

/* ---- Widths ---- */

static bool has_heading(const struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        if (*columns->heads[i].title)
            return true;
    return false;
}

static size_t widths_of(const struct columns *columns, size_t widths[COLUMNS_MOST])
{
    size_t all = 0;
    for (size_t i = 0; i < columns->count; i++) {
        widths[i] = cells_width(columns->heads[i].title);
        for (size_t at = i; at < columns->cell_count; at += columns->count)
            if (columns->cells[at].width > widths[i])
                widths[i] = columns->cells[at].width;
        all += widths[i] + (i ? GAP : 0);
    }
    return all;
}

/* A cell at a time from the widest; below CUT_LEAST nothing could be told from another. */
static void narrow(const struct columns *columns, size_t widths[COLUMNS_MOST], size_t over)
{
    for (; over; over--) {
        size_t widest = columns->count;
        for (size_t i = 0; i < columns->count; i++)
            if (columns->heads[i].kind == COLUMNS_CUT && widths[i] > CUT_LEAST &&
                (widest == columns->count || widths[i] > widths[widest]))
                widest = i;
        if (widest == columns->count)
            return;
        widths[widest]--;
    }
}

/* ---- Printing ---- */

static void put_spaces(struct buf *out, size_t count)
{
    while (count--)
        buf_char(out, ' ');
}

static size_t put_cut(struct buf *out, const char *text, size_t width, size_t room)
{
    if (width <= room) {
        buf_text(out, text);
        return width;
    }
    size_t bytes = cells_fit(text, room - 1);
    char *fits = mem_copy(text, bytes);
    buf_text(out, fits);
    buf_text(out, "…");
    width = cells_width(fits) + 1;
    free(fits);
    return width;
}

/* `owed`: spaces before it, which are printed only where something follows. */
static void put_cell(struct buf *out, const struct cell *cell, enum columns_kind kind, size_t width,
                     size_t *owed)
{
    size_t rest = cell->width < width ? width - cell->width : 0;
    if (!*cell->text) {
        *owed += width;
        return;
    }
    put_spaces(out, *owed + (kind == COLUMNS_NUMBER ? rest : 0));
    buf_text(out, colour_begin(cell->colour));
    size_t used = put_cut(out, cell->text, cell->width, width);
    buf_text(out, colour_end(cell->colour));
    *owed = kind == COLUMNS_NUMBER ? 0 : width - used;
}

static void put_row(const struct columns *columns, const struct cell *cells, const size_t *widths,
                    struct buf *out)
{
    size_t owed = 0;
    for (size_t i = 0; i < columns->count; i++) {
        put_cell(out, &cells[i], columns->heads[i].kind, widths[i], &owed);
        owed += GAP;
    }
    buf_char(out, '\n');
}

static void put_heading(const struct columns *columns, const size_t *widths, struct buf *out)
{
    struct cell titles[COLUMNS_MOST];
    for (size_t i = 0; i < columns->count; i++)
        titles[i] = (struct cell){.text = columns->heads[i].title,
                                  .width = cells_width(columns->heads[i].title),
                                  .colour = COLOUR_STRONG};
    put_row(columns, titles, widths, out);
}

void columns_write(const struct columns *columns, size_t width, struct buf *out)
{
    size_t widths[COLUMNS_MOST], all = widths_of(columns, widths);
    if (!columns_rows(columns))
        return;
    if (width && all > width)
        narrow(columns, widths, all - width);
    if (has_heading(columns))
        put_heading(columns, widths, out);
    for (size_t at = 0; at + columns->count <= columns->cell_count; at += columns->count)
        put_row(columns, columns->cells + at, widths, out);
}

void columns_print(const struct columns *columns)
{
    size_t width, lines;
    struct buf out;
    cells_of_terminal(&width, &lines);
    buf_init(&out, PRINTED_MOST);
    columns_write(columns, width, &out);
    fwrite(buf_string(&out), 1, out.length, stdout);
    buf_free(&out);
}
