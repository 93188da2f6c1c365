/* What people give to nudgectl: events in JSON, which are the same pieces however they are read,
 * and lists as comma-separated values. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/csv_reader.h"
#include "customer/event_splitter.h"

static void take(void *context, const struct event_splitter_piece *piece)
{
    if (!piece->line || !piece->column || (piece->text && strlen(piece->text) > piece->length))
        abort();
    buf_printf(context, "%d %u:%u ", piece->kind, piece->line, piece->column);
    buf_add(context, piece->text ? piece->text : "", piece->text ? piece->length : 0);
}

static void split(const char *bytes, size_t size, size_t piece, struct buf *out)
{
    struct event_splitter splitter;
    event_splitter_init(&splitter, take, out);
    for (size_t at = 0; at < size; at += piece)
        event_splitter_feed(&splitter, bytes + at, size - at < piece ? size - at : piece);
    event_splitter_end(&splitter);
    event_splitter_free(&splitter);
}

static void read_records(const uint8_t *data, size_t size)
{
    struct csv_reader reader;
    FILE *stream = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    if (!stream)
        return;
    csv_reader_open(&reader, stream);
    for (uint64_t line = 0; csv_reader_next(&reader); line = reader.line)
        if (reader.line <= line || reader.count > CSV_READER_FIELDS_MOST || !reader.fields[0] ||
            reader.fields[reader.count])
            abort();
    csv_reader_close(&reader);
    fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, pieces;
    buf_init(&whole, 64 << 20);
    buf_init(&pieces, 64 << 20);
    split((const char *)data, size, size + 1, &whole);
    split((const char *)data, size, 1, &pieces);
    if (whole.length != pieces.length ||
        memcmp(buf_string(&whole), buf_string(&pieces), whole.length) != 0)
        abort();
    buf_free(&whole);
    buf_free(&pieces);
    read_records(data, size);
    return 0;
}
