#include "ctl/csv_reader.h"

#include <string.h>

void csv_reader_open(struct csv_reader *reader, FILE *stream)
{
    *reader = (struct csv_reader){.stream = stream, .next_line = 1};
    buf_init(&reader->record, CSV_READER_RECORD_MOST);
}

void csv_reader_close(struct csv_reader *reader)
{
    buf_free(&reader->record);
}

static int next_byte(struct csv_reader *reader)
{
    int byte = getc(reader->stream);
    if (byte == '\r') { /* CR LF is a line end, and so is CR alone */
        byte = getc(reader->stream);
        reader->bytes += byte == '\n';
        if (byte != '\n' && byte != EOF)
            ungetc(byte, reader->stream);
        byte = '\n';
    }
    reader->bytes += byte != EOF;
    reader->next_line += byte == '\n';
    return byte;
}

static void add_byte(struct csv_reader *reader, int byte)
{
    if (!buf_char(&reader->record, (char)byte))
        reader->broken = true;
}

/* What stands between quotes, up to what follows behind the last one. */
static int read_quoted(struct csv_reader *reader)
{
    int byte;
    while ((byte = next_byte(reader)) != EOF) {
        if (byte == '"' && (byte = next_byte(reader)) != '"')
            return byte;
        add_byte(reader, byte);
    }
    reader->broken = true; /* the quote has no end */
    return EOF;
}

static bool is_separator(struct csv_reader *reader, int byte)
{
    if (!reader->separator && (byte == ',' || byte == ';' || byte == '\t'))
        reader->separator = (char)byte;
    return reader->separator && byte == reader->separator;
}

/* Returns what it ends with: a separator, a line end or EOF. */
static int read_field(struct csv_reader *reader)
{
    int byte = next_byte(reader);
    if (byte == '"')
        byte = read_quoted(reader);
    while (byte != EOF && byte != '\n' && !is_separator(reader, byte)) {
        add_byte(reader, byte);
        byte = next_byte(reader);
    }
    add_byte(reader, '\0');
    return byte;
}

static void find_fields(struct csv_reader *reader, size_t count)
{
    const char *at = reader->record.data, *end = at + reader->record.length;
    reader->count = 0;
    for (size_t i = 0; i < count && at < end && reader->count < CSV_READER_FIELDS_MOST; i++) {
        reader->fields[reader->count++] = at;
        at += strlen(at) + 1;
    }
    reader->broken |= count > CSV_READER_FIELDS_MOST;
    reader->fields[reader->count] = NULL;
}

/* A byte order mark; no address begins with its first byte. */
static void skip_mark(struct csv_reader *reader)
{
    int byte = getc(reader->stream);
    if (byte != 0xef) {
        ungetc(byte, reader->stream);
        return;
    }
    for (int i = 0; i < 2; i++)
        reader->bytes += getc(reader->stream) != EOF;
    reader->bytes++;
}

bool csv_reader_next(struct csv_reader *reader)
{
    int end = '\n';
    size_t count = 0;
    do {
        if (reader->bytes == 0)
            skip_mark(reader);
        buf_clear(&reader->record);
        reader->broken = false;
        reader->line = reader->next_line;
        count = 0;
        do {
            end = read_field(reader);
            count++;
        } while (end != EOF && end != '\n');
    } while (end == '\n' && reader->record.length <= count); /* it is empty */
    find_fields(reader, count);
    return reader->record.length > count;
}

void csv_reader_print(FILE *stream, const char *text)
{
    if (!text[strcspn(text, ",;\t\"\r\n")]) {
        fputs(text, stream);
        return;
    }
    putc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', stream);
        putc(*text, stream);
    }
    putc('"', stream);
}
