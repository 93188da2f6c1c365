/*
 * The lines of a file, or of standard input, one after the other. A file is mapped: its lines stay
 * until the reader is closed. What was read of anything else stays in blocks of memory until the
 * last line in it is given back: so lines may wait for each other.
 */
#ifndef NUDGED_SIMULATE_LINE_READER_H
#define NUDGED_SIMULATE_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

enum { LINE_READER_MOST = 1024 * 1024 }; /* bytes of a line */

struct line_reader;
struct line_reader_block;

struct line {
    const char *text; /* without its end; not NUL-terminated. NULL: it is over LINE_READER_MOST */
    size_t length;
    bool ended;      /* else the file ends within it */
    uint64_t number; /* from 1 */
    struct line_reader_block *block;
};

/* `name` "-" is standard input. NULL where it cannot be opened. */
struct line_reader *line_reader_open(const char *name, struct diag *diag);
void line_reader_close(struct line_reader **reader);

/* Whether lines stay until the reader is closed. */
bool line_reader_lasts(const struct line_reader *reader);

/* Where they do: begins anew; and lets go of the memory that was looked at, which is read again. */
void line_reader_rewind(struct line_reader *reader);
void line_reader_forget(const struct line_reader *reader);

/* As it is to be shown. */
const char *line_reader_name(const struct line_reader *reader);

/* The next line, which may be empty; it is the caller's until line_reader_give_back. False at the
 * end, or where the file cannot be read on: then `diag` has a text. */
bool line_reader_next(struct line_reader *reader, struct line *line, struct diag *diag);
void line_reader_give_back(struct line_reader *reader, struct line *line);

/* Bytes that were read so far. */
uint64_t line_reader_bytes(const struct line_reader *reader);

#endif
