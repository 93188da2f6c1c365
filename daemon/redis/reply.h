/*
 * A reply from Redis (RESP2) as a tree of plain values. Replies belong to the
 * connection that read them and live until the callback that got them returns.
 */
#ifndef NUDGED_REDIS_REPLY_H
#define NUDGED_REDIS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"

enum reply_kind {
    REPLY_NIL,
    REPLY_INTEGER, /* `integer` */
    REPLY_TEXT,    /* a bulk string: any bytes */
    REPLY_STATUS,  /* "OK" */
    REPLY_ERROR,   /* "NOSCRIPT No matching script…" */
    REPLY_LIST,    /* `items`, `count` of them; an empty list has 0 */
};

struct reply {
    enum reply_kind kind;
    int64_t integer;
    const char *text; /* NUL-terminated, `length` bytes; "" for kinds without text */
    size_t length;
    struct reply *items;
    size_t count;
};

/* The item of a list; a nil reply where `list` is no list or is shorter, so that a
 * reader of nested replies needs one check at the end. Never NULL. */
const struct reply *reply_item(const struct reply *list, size_t index);

/* The text of a bulk string or status; NULL for anything else, nil above all. */
const char *reply_text(const struct reply *reply);

/* Likewise of an item of a list, with its length. */
struct slice reply_slice(const struct reply *list, size_t index);

/* The value of a name in a list of names and values ({name, value, …}), as HGETALL and the entry of
 * a stream have them; nil, whose text is "", where the name is not there. */
const struct reply *reply_field(const struct reply *list, const char *name);

/* Which of `count` words the reply's text is; `count` where it is none. */
size_t reply_word(const struct reply *reply, const char *const *words, size_t count);

/* The number of an integer reply, or of a text that is all one; false else. */
bool reply_number(const struct reply *reply, int64_t *number);

/* An error reply whose first word is `code` ("NOSCRIPT"). */
bool reply_is_error(const struct reply *reply, const char *code);

/* A copy that lives as long as the arena. */
const struct reply *reply_copy(struct arena *arena, const struct reply *reply);

/* What went wrong, into `diag` (which may be NULL): the server's own words, with the
 * first word in small letters as the code ("redis-noscript"). Returns false. */
bool reply_fault(const struct reply *reply, struct diag *diag);

/* Whether that fault says that Redis takes no writes now (NOREPLICAS, MISCONF, OOM, READONLY). It
 * comes before a script does anything: nothing of it was carried out. */
bool reply_refused(const struct diag *fault);

/* The reader: bytes in, replies out. Opaque: hiredis' reader is behind it. */
struct reply_reader;

/* `most`: bytes of one reply above which it is refused. */
struct reply_reader *reply_reader_new(size_t most);
void reply_reader_destroy(struct reply_reader **reader);
void reply_reader_feed(struct reply_reader *reader, const void *bytes, size_t length);

enum reply_progress { REPLY_MORE, REPLY_READY, REPLY_BROKEN };

/* REPLY_READY: `*reply` is one whole reply, good until the next call. REPLY_MORE: it is
 * not all here. REPLY_BROKEN: no RESP, or too big; `diag` says which, and the reader is
 * of no more use. */
enum reply_progress reply_reader_next(struct reply_reader *reader, const struct reply **reply,
                                      struct diag *diag);

#endif
