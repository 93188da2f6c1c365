/*
 * The file is one run after the other, each a part's items in order. Reading (sheet_read, at the
 * end) has the first item of each run in a heap.
 *
 * An item is a struct head, the key of what was due with its NUL where there is one, and the text.
 */
#include "simulate/sheet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "simulate/temporary.h"

enum { WRITTEN = 256 * 1024, READ = 16 * 1024, NO_BOUND = 0x7fffffff };

struct head {
    int64_t at_ms;
    uint64_t number;
    uint32_t depth, kind, due, text; /* the last two: bytes behind it */
};

struct run {
    uint64_t begin;
};

struct sheet {
    int file;
    struct buf written; /* that is not in the file yet */
    uint64_t length;    /* of the file, with that */
    struct run *runs;
    uint32_t run_count;
    int fault; /* an errno; 0: none */
};

struct sheet *sheet_new(void)
{
    int file = temporary_file();
    if (file < 0)
        return NULL;
    struct sheet *sheet = mem_zero(1, sizeof *sheet);
    sheet->file = file;
    buf_init(&sheet->written, NO_BOUND);
    return sheet;
}

void sheet_destroy(struct sheet **sheet)
{
    struct sheet *gone = *sheet;
    if (!gone)
        return;
    close(gone->file);
    buf_free(&gone->written);
    free(gone->runs);
    free(gone);
    *sheet = NULL;
}

/* ---- Writing ---- */

static void write_out(struct sheet *sheet)
{
    const char *at = sheet->written.data;
    size_t left = sheet->written.length;
    while (left && !sheet->fault) {
        ssize_t put = write(sheet->file, at, left);
        if (put < 0 && errno != EINTR)
            sheet->fault = errno;
        at += put > 0 ? put : 0;
        left -= put > 0 ? (size_t)put : 0;
    }
    buf_clear(&sheet->written);
}

void sheet_begin(struct sheet *sheet)
{
    if (sheet->run_count && sheet->runs[sheet->run_count - 1].begin == sheet->length)
        return; /* the one before has nothing */
    sheet->runs = mem_grow(sheet->runs, sheet->run_count, sizeof *sheet->runs);
    sheet->runs[sheet->run_count++] = (struct run){sheet->length};
}

void sheet_add(struct sheet *sheet, const struct sheet_item *item)
{
    const struct replay_order *order = &item->order;
    const struct head head = {.at_ms = order->at_ms,
                              .number = order->number,
                              .depth = order->depth,
                              .kind = item->kind,
                              .due = order->due ? (uint32_t)strlen(order->due) + 1 : 0,
                              .text = (uint32_t)item->text.length};
    buf_add(&sheet->written, &head, sizeof head);
    if (order->due)
        buf_add(&sheet->written, order->due, head.due);
    buf_add(&sheet->written, item->text.text, item->text.length);
    sheet->length += sizeof head + head.due + head.text;
    if (sheet->written.length >= WRITTEN)
        write_out(sheet);
}

/* ---- Reading ---- */

/* A run that is read, and its first item. */
struct reader {
    struct sheet *sheet;
    uint64_t at, end;          /* in the file: what is not read yet */
    char *bytes;               /* owned */
    size_t capacity, from, to; /* what of them is read and not given */
    struct sheet_item item;
};

/* Makes so many bytes be at hand; false: the file has a fault. */
static bool fill(struct reader *reader, size_t wanted)
{
    if (reader->to - reader->from >= wanted)
        return true;
    memmove(reader->bytes, reader->bytes + reader->from, reader->to - reader->from);
    reader->to -= reader->from;
    reader->from = 0;
    if (wanted > reader->capacity) {
        reader->capacity = 2 * wanted;
        reader->bytes = mem_resize(reader->bytes, reader->capacity);
    }
    while (reader->to < wanted) {
        size_t room = reader->capacity - reader->to;
        if (room > reader->end - reader->at)
            room = reader->end - reader->at;
        ssize_t got =
            pread(reader->sheet->file, reader->bytes + reader->to, room, (off_t)reader->at);
        if (got == 0)
            errno = EIO;
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        reader->to += got > 0 ? (size_t)got : 0;
        reader->at += got > 0 ? (uint64_t)got : 0;
    }
    return true;
}

/* The next item of the run; `*any` false: there is none. */
static bool next(struct reader *reader, bool *any)
{
    struct head head;
    *any = reader->at < reader->end || reader->to > reader->from;
    if (!*any)
        return true;
    if (!fill(reader, sizeof head))
        return false;
    memcpy(&head, reader->bytes + reader->from, sizeof head);
    if (!fill(reader, sizeof head + head.due + head.text))
        return false;
    const char *due = reader->bytes + reader->from + sizeof head;
    reader->item = (struct sheet_item){.order = {.at_ms = head.at_ms,
                                                 .depth = head.depth,
                                                 .number = head.number,
                                                 .due = head.due ? due : NULL},
                                       .kind = head.kind,
                                       .text = {due + head.due, head.text}};
    reader->from += sizeof head + head.due + head.text;
    return true;
}

struct heap {
    struct reader **items;
    uint32_t count;
};

static bool is_before(const struct heap *heap, uint32_t a, uint32_t b)
{
    return replay_order_compare(&heap->items[a]->item.order, &heap->items[b]->item.order) < 0;
}

static void sink(struct heap *heap, uint32_t place)
{
    for (uint32_t least = place;; place = least) {
        for (uint32_t child = 2 * place + 1; child <= 2 * place + 2; child++)
            if (child < heap->count && is_before(heap, child, least))
                least = child;
        if (least == place)
            return;
        struct reader *moved = heap->items[place];
        heap->items[place] = heap->items[least];
        heap->items[least] = moved;
    }
}

static bool give_all(struct heap *heap, bool (*see)(void *context, const struct sheet_item *item),
                     void *context)
{
    for (uint32_t i = heap->count / 2 + 1; i-- > 0;)
        sink(heap, i);
    while (heap->count) {
        bool any;
        if (!see(context, &heap->items[0]->item))
            return true;
        if (!next(heap->items[0], &any))
            return false;
        if (!any)
            heap->items[0] = heap->items[--heap->count];
        sink(heap, 0);
    }
    return true;
}

/* False: a file has a fault. */
static bool open_runs(struct sheet *sheet, struct reader *readers, struct heap *heap)
{
    bool any;
    write_out(sheet);
    errno = sheet->fault;
    for (uint32_t i = 0; i < sheet->run_count && !sheet->fault; i++) {
        struct reader *reader = &readers[i];
        reader->sheet = sheet;
        reader->at = sheet->runs[i].begin;
        reader->end = i + 1 < sheet->run_count ? sheet->runs[i + 1].begin : sheet->length;
        reader->capacity = READ;
        reader->bytes = mem_alloc(reader->capacity);
        if (!next(reader, &any))
            return false;
        if (any)
            heap->items[heap->count++] = reader;
    }
    return !sheet->fault;
}

bool sheet_read(struct sheet *const *sheets, size_t count,
                bool (*see)(void *context, const struct sheet_item *item), void *context)
{
    uint32_t runs = 0, opened = 0;
    for (size_t i = 0; i < count; i++)
        runs += sheets[i]->run_count;
    struct reader *readers = mem_zero(runs + 1, sizeof *readers);
    struct heap heap = {.items = mem_zero(runs + 1, sizeof *heap.items)};
    bool done = true;
    for (size_t i = 0; i < count && done; i++) {
        done = open_runs(sheets[i], &readers[opened], &heap);
        opened += sheets[i]->run_count;
    }
    done = done && give_all(&heap, see, context);
    for (uint32_t i = 0; i < runs; i++)
        free(readers[i].bytes);
    free(readers);
    free(heap.items);
    return done;
}
