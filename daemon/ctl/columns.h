/*
 * A table for people: columns that are as wide as what stands in them, aligned by the cells of a
 * terminal that a text takes (wide and combining characters count as they are shown). Where the
 * table is wider than the terminal, the columns that may be cut are, from the widest on, and end
 * with "…"; elsewhere than on a terminal nothing is.
 */
#ifndef NUDGED_CTL_COLUMNS_H
#define NUDGED_CTL_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ctl/colour.h"

enum columns_kind {
    COLUMNS_TEXT,   /* never cut: names, states */
    COLUMNS_CUT,    /* text that may be cut: reasons, answers */
    COLUMNS_NUMBER, /* at the right */
};

struct columns_head {
    const char *title; /* "" for all: no heading is printed */
    enum columns_kind kind;
};

enum { COLUMNS_MOST = 16 };

struct columns;

/* The heads end with a row without a title, at most COLUMNS_MOST; they outlive the table. */
struct columns *columns_new(const struct columns_head *heads);
void columns_destroy(struct columns **columns);

/* The next cell, left to right; a row ends where the columns end. The text is copied, as it may be
 * shown (utf8_show); NULL is an empty cell. */
void columns_text(struct columns *columns, const char *text);
void columns_coloured(struct columns *columns, enum colour colour, const char *text);
void columns_number(struct columns *columns, int64_t number);
void columns_printf(struct columns *columns, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

size_t columns_rows(const struct columns *columns);

/* Appends all of it, a line for each row, none with trailing spaces. `width` in cells; 0: as wide
 * as it is. The heading is left out where there is no row. */
void columns_write(const struct columns *columns, size_t width, struct buf *out);
/* The same on standard output, as wide as the terminal. */
void columns_print(const struct columns *columns);

#endif
