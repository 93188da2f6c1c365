/*
 * What is added is gathered, put in order, and is written as a run (write_run) when it is enough:
 * the file is one run after the other. Reading (sheet_read, at the end) has the first item of each
 * run in a heap.
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

enum { RUN = 1 << 20, WRITTEN = 256 * 1024, READ = 16 * 1024, NO_BOUND = 0x7fffffff };

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
    struct buf gathered; /* items of the next run … */
    struct buf places;   /* … and where they begin there: uint32_t each */
    struct buf written;  /* that is in order, and not in the file yet */
    uint64_t length;     /* of the file, with that */
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
    buf_init(&sheet->gathered, NO_BOUND);
    buf_init(&sheet->places, NO_BOUND);
    buf_init(&sheet->written, NO_BOUND);
    return sheet;
}

void sheet_destroy(struct sheet **sheet)
{
    struct sheet *gone = *sheet;
    if (!gone)
        return;
    close(gone->file);
    buf_free(&gone->gathered);
    buf_free(&gone->places);
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

/* The item that was gathered there. */
static struct sheet_item item_at(const char *place, size_t *bytes)
{
    struct head head;
    memcpy(&head, place, sizeof head);
    const char *due = place + sizeof head;
    *bytes = sizeof head + head.due + head.text;
    return (struct sheet_item){.order = {.at_ms = head.at_ms,
                                         .depth = head.depth,
                                         .number = head.number,
                                         .due = head.due ? due : NULL},
                               .kind = head.kind,
                               .text = {due + head.due, head.text}};
}

static int by_order(const void *a, const void *b, void *gathered)
{
    const uint32_t *one = a, *two = b;
    size_t bytes;
    const struct sheet_item first = item_at((const char *)gathered + *one, &bytes);
    const struct sheet_item second = item_at((const char *)gathered + *two, &bytes);
    int order = replay_order_compare(&first.order, &second.order);
    return order ? order : (*one > *two) - (*one < *two);
}

static void write_run(struct sheet *sheet)
{
    uint32_t *places = (uint32_t *)sheet->places.data;
    const size_t count = sheet->places.length / sizeof *places;
    if (!count)
        return;
    sheet->runs = mem_grow(sheet->runs, sheet->run_count, sizeof *sheet->runs);
    sheet->runs[sheet->run_count++] = (struct run){sheet->length};
    qsort_r(places, count, sizeof *places, by_order, sheet->gathered.data);
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        item_at(sheet->gathered.data + places[i], &bytes);
        buf_add(&sheet->written, sheet->gathered.data + places[i], bytes);
        if (sheet->written.length >= WRITTEN)
            write_out(sheet);
    }
    sheet->length += sheet->gathered.length;
    buf_clear(&sheet->gathered);
    buf_clear(&sheet->places);
}

void sheet_add(struct sheet *sheet, const struct sheet_item *item)
{
    const struct replay_order *order = &item->order;
    const uint32_t place = (uint32_t)sheet->gathered.length;
    const struct head head = {.at_ms = order->at_ms,
                              .number = order->number,
                              .depth = order->depth,
                              .kind = item->kind,
                              .due = order->due ? (uint32_t)strlen(order->due) + 1 : 0,
                              .text = (uint32_t)item->text.length};
    buf_add(&sheet->places, &place, sizeof place);
    buf_add(&sheet->gathered, &head, sizeof head);
    if (order->due)
        buf_add(&sheet->gathered, order->due, head.due);
    buf_add(&sheet->gathered, item->text.text, item->text.length);
    if (sheet->gathered.length >= RUN)
        write_run(sheet);
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
    size_t bytes;
    *any = reader->at < reader->end || reader->to > reader->from;
    if (!*any)
        return true;
    if (!fill(reader, sizeof head))
        return false;
    memcpy(&head, reader->bytes + reader->from, sizeof head);
    if (!fill(reader, sizeof head + head.due + head.text))
        return false;
    reader->item = item_at(reader->bytes + reader->from, &bytes);
    reader->from += bytes;
    return true;
}

struct heap {
    struct reader **items;
    uint32_t count;
};

/* Of two runs the older is read by the lower reader. */
static bool is_before(const struct heap *heap, uint32_t a, uint32_t b)
{
    const struct reader *one = heap->items[a], *two = heap->items[b];
    int order = replay_order_compare(&one->item.order, &two->item.order);
    return order ? order < 0 : one < two;
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
    for (size_t i = 0; i < count; i++) {
        write_run(sheets[i]);
        runs += sheets[i]->run_count;
    }
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
