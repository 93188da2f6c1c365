/* How many cells of a terminal a text takes, and how many the terminal has. */
#ifndef NUDGED_CTL_CELLS_H
#define NUDGED_CTL_CELLS_H

#include <stddef.h>

/* Of UTF-8 without control characters (utf8_show): 2 for a wide character (UAX #11), 0 for a
 * combining one. */
size_t cells_width(const char *text);

/* Bytes of the beginning that fits into so many cells: whole characters with what is combined with
 * them. */
size_t cells_fit(const char *text, size_t cells);

/* Columns and lines of the terminal that standard output is; 0 and 0 where it is none. COLUMNS and
 * LINES, where they are set, say it for a terminal that does not know. */
void cells_of_terminal(size_t *columns, size_t *lines);

#endif
