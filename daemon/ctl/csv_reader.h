/*
 * Comma-separated values (RFC 4180) from a file, record by record: quoted fields may hold commas,
 * quotes ("") and line ends. A line without any of these is a record of one field, so plain lists
 * are read by the same. `;` and tabs separate as well where the first line says so.
 */
#ifndef NUDGED_CTL_CSV_READER_H
#define NUDGED_CTL_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

enum { CSV_READER_FIELDS_MOST = 64, CSV_READER_RECORD_MOST = 64 * 1024 };

struct csv_reader {
    FILE *stream;
    char separator; /* 0: the first record tells */
    uint64_t line;  /* of the last record's first character; the first line is 1 */
    uint64_t next_line, bytes;
    struct buf record; /* fields, each with its NUL */
    const char
        *fields[CSV_READER_FIELDS_MOST + 1]; /* NULL-terminated; good until the next record */
    size_t count;
    bool broken; /* the record was too large, or had too many fields: what is here is its beginning
                  */
};

/* The stream is the caller's. A byte order mark at its beginning does not matter. */
void csv_reader_open(struct csv_reader *reader, FILE *stream);
void csv_reader_close(struct csv_reader *reader);

/* The next record that is not empty; false at the end, or where the stream cannot be read
 * (ferror). */
bool csv_reader_next(struct csv_reader *reader);

/* Prints a text as a field, quoted where it must be. */
void csv_reader_print(FILE *stream, const char *text);

#endif
