/*
 * Writes plain text piece by piece, as html_text reads it from a document: runs of
 * white space become one, lines and empty lines are asked for and written only when
 * more text follows, so nothing hangs at the ends of lines. Knows indentations (lists,
 * quotations), rows of cells, and links, whose addresses become footnotes.
 */
#ifndef NUDGED_MAIL_TEXT_WRITER_H
#define NUDGED_MAIL_TEXT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct text_writer;

/* In the arena, which also keeps the addresses; writes to the end of `out`. */
struct text_writer *text_writer_new(struct arena *arena, struct buf *out);

/* UTF-8 text as it stands in the document, in pieces of any length. What does not show (soft
 * hyphens, zero-width spaces, control characters) is dropped; a no-break space stays one. */
void text_writer_text(struct text_writer *w, const char *text, size_t length);
/* The next text begins on a new line (1) or after an empty one (2). */
void text_writer_lines(struct text_writer *w, unsigned lines);
/* A line break; two make an empty line, more do not. */
void text_writer_break(struct text_writer *w);
/* In between white space counts: <pre>. */
void text_writer_begin_pre(struct text_writer *w);
void text_writer_end_pre(struct text_writer *w);

/* What is written in between is indented: the first line begins with `first`, others
 * with `rest` (both under 16 bytes). Deeper than 16 levels nothing is added. */
void text_writer_begin_level(struct text_writer *w, const char *first, const char *rest);
void text_writer_end_level(struct text_writer *w);
bool text_writer_in_level(const struct text_writer *w);

/* A row whose cells hold one line each becomes one line, the cells two spaces apart. */
void text_writer_begin_row(struct text_writer *w);
void text_writer_end_row(struct text_writer *w);
void text_writer_begin_cell(struct text_writer *w);
void text_writer_end_cell(struct text_writer *w);

/* A link: " [1]" is put after its text, unless that is the address itself, it has none,
 * or the address leads nowhere outside the mail ("#top"). NULL is such an address. */
void text_writer_begin_link(struct text_writer *w, const char *address);
void text_writer_end_link(struct text_writer *w);

/* Writes the footnotes and the last line end. */
void text_writer_finish(struct text_writer *w);

#endif
