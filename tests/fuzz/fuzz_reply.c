/* Replies of Redis: the same whole or byte by byte, and a copy is the same as what was copied. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "redis/reply.h"

enum { MOST = 1 << 20 };

static void show(const struct reply *reply, struct buf *out)
{
    int64_t number;
    struct diag diag;
    if (reply->text && reply->text[reply->length] != '\0')
        abort();
    buf_printf(out, "%d %zu ", reply->kind, reply->count);
    buf_add(out, reply->text ? reply->text : "", reply->length);
    if (reply_number(reply, &number))
        buf_printf(out, "%lld", (long long)number);
    if (reply->kind == REPLY_ERROR && (reply_fault(reply, &diag) || !diag.code[0]))
        abort();
    for (size_t i = 0; i <= reply->count; i++) /* one more than there is */
        if (reply_item(reply, i)->kind != REPLY_NIL || i < reply->count)
            show(reply_item(reply, i), out);
}

static void read_all(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
    struct reply_reader *reader = reply_reader_new(MOST);
    struct arena *arena = arena_new(4096);
    const struct reply *reply;
    struct diag diag;
    enum reply_progress progress = REPLY_MORE;
    for (size_t at = 0; at < size && progress != REPLY_BROKEN; at += piece) {
        reply_reader_feed(reader, data + at, size - at < piece ? size - at : piece);
        while ((progress = reply_reader_next(reader, &reply, &diag)) == REPLY_READY)
            show(reply_copy(arena, reply), out);
    }
    arena_destroy(&arena);
    reply_reader_destroy(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, pieces;
    buf_init(&whole, 64 * MOST);
    buf_init(&pieces, 64 * MOST);
    read_all(data, size, size + 1, &whole);
    read_all(data, size, 1, &pieces);
    if (strcmp(buf_string(&whole), buf_string(&pieces)) != 0)
        abort();
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
