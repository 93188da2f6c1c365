/*
 * hiredis' reader does the parsing; its callbacks build our own tree straight into one
 * arena, which is forgotten when the next reply begins.
 */
#include "redis/reply.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CHUNK = 16384 };

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct reply_reader {
    redisReader *reader;
    struct arena *arena; /* of the reply being read */
    size_t most;
    bool finished; /* the reply in the arena was handed out */
};

static const struct reply nil = {.kind = REPLY_NIL, .text = ""};

const struct reply *reply_item(const struct reply *list, size_t index)
{
    return list->kind == REPLY_LIST && index < list->count ? &list->items[index] : &nil;
}

const char *reply_text(const struct reply *reply)
{
    return reply->kind == REPLY_TEXT || reply->kind == REPLY_STATUS ? reply->text : NULL;
}

struct slice reply_slice(const struct reply *list, size_t index)
{
    const struct reply *item = reply_item(list, index);
    return (struct slice){.text = reply_text(item), .length = item->length};
}

const struct reply *reply_field(const struct reply *list, const char *name)
{
    for (size_t i = 0; i + 1 < list->count; i += 2)
        if (strcmp(reply_item(list, i)->text, name) == 0)
            return reply_item(list, i + 1);
    return &nil;
}

size_t reply_word(const struct reply *reply, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(reply->text, words[i]) != 0)
        i++;
    return i;
}

bool reply_number(const struct reply *reply, int64_t *number)
{
    if (reply->kind == REPLY_INTEGER) {
        *number = reply->integer;
        return true;
    }
    if (reply->kind != REPLY_TEXT || reply->length == 0)
        return false;
    char *end;
    errno = 0;
    intmax_t read = strtoimax(reply->text, &end, 10);
    if (errno || end != reply->text + reply->length)
        return false;
    *number = read;
    return true;
}

bool reply_is_error(const struct reply *reply, const char *code)
{
    size_t length = strlen(code);
    return reply->kind == REPLY_ERROR && strncmp(reply->text, code, length) == 0 &&
           (reply->text[length] == ' ' || reply->text[length] == '\0');
}

bool reply_fault(const struct reply *reply, struct diag *diag)
{
    if (reply->kind != REPLY_ERROR)
        return diag_error(diag, "Redis gave an answer of an unexpected form");
    diag_error(diag, "Redis said: %s", reply->text);
    char code[sizeof((struct diag){0}.code)] = "redis-";
    size_t at = strlen(code);
    for (const char *c = reply->text; *c && *c != ' ' && at < sizeof code - 1; c++)
        code[at++] = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    code[at] = '\0';
    diag_code(diag, code);
    return false;
}

bool reply_refused(const struct diag *fault)
{
    static const char *const codes[] = {"redis-noreplicas", "redis-misconf", "redis-oom",
                                        "redis-readonly"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    return false;
}

static void copy_into(struct arena *arena, const struct reply *from, struct reply *to)
{
    *to = *from;
    to->text = arena_copy(arena, from->text, from->length);
    if (from->kind != REPLY_LIST)
        return;
    to->items = arena_alloc(arena, (from->count + 1) * sizeof *to->items);
    for (size_t i = 0; i < from->count; i++)
        copy_into(arena, &from->items[i], &to->items[i]);
}

const struct reply *reply_copy(struct arena *arena, const struct reply *reply)
{
    struct reply *copy = arena_alloc(arena, sizeof *copy);
    copy_into(arena, reply, copy);
    return copy;
}

/* Where the reader wants this reply: a slot of its list, or the root. */
static struct reply *place(const redisReadTask *task)
{
    struct reply_reader *reader = task->privdata;
    if (!task->parent)
        return arena_alloc(reader->arena, sizeof(struct reply));
    struct reply *list = task->parent->obj;
    return &list->items[task->idx];
}

static void *create_text(const redisReadTask *task, char *text, size_t length)
{
    struct reply_reader *reader = task->privdata;
    struct reply *reply = place(task);
    *reply = (struct reply){
        .kind = task->type == REDIS_REPLY_ERROR    ? REPLY_ERROR
                : task->type == REDIS_REPLY_STATUS ? REPLY_STATUS
                                                   : REPLY_TEXT,
        .text = arena_copy(reader->arena, text, length),
        .length = length,
    };
    return reply;
}

static void *create_list(const redisReadTask *task, element_count count)
{
    struct reply_reader *reader = task->privdata;
    struct reply *reply = place(task);
    *reply = (struct reply){.kind = REPLY_LIST, .text = "", .count = (size_t)count};
    /* A count alone is cheap to send: it may not ask for more memory than a whole reply. */
    if (reply->count > reader->most / sizeof(struct reply))
        return NULL;
    reply->items = arena_zero(reader->arena, reply->count * sizeof(struct reply));
    return reply;
}

static void *create_integer(const redisReadTask *task, long long integer)
{
    struct reply *reply = place(task);
    *reply = (struct reply){.kind = REPLY_INTEGER, .text = "", .integer = integer};
    return reply;
}

static void *create_nil(const redisReadTask *task)
{
    struct reply *reply = place(task);
    *reply = nil;
    return reply;
}

#if HIREDIS_MAJOR >= 1
/* Of RESP3, which nobody has asked for: no answer of the Redis that we speak to. */
static void *refuse_double(const redisReadTask *task, double number, char *text, size_t length)
{
    (void)task, (void)number, (void)text, (void)length;
    return NULL;
}

static void *refuse_bool(const redisReadTask *task, int truth)
{
    (void)task, (void)truth;
    return NULL;
}
#endif

/* The arena frees. */
static void free_reply(void *reply)
{
    (void)reply;
}

static redisReplyObjectFunctions functions = {
    .createString = create_text,
    .createArray = create_list,
    .createInteger = create_integer,
#if HIREDIS_MAJOR >= 1
    .createDouble = refuse_double, /* without these hiredis makes a pointer of the type's number */
    .createBool = refuse_bool,
#endif
    .createNil = create_nil,
    .freeObject = free_reply,
};

struct reply_reader *reply_reader_new(size_t most)
{
    struct reply_reader *reader = mem_zero(1, sizeof *reader);
    reader->arena = arena_new(FIRST_CHUNK);
    reader->most = most;
    reader->reader = redisReaderCreateWithFunctions(&functions);
    if (!reader->reader)
        mem_exhausted();
    reader->reader->privdata = reader;
    return reader;
}

void reply_reader_destroy(struct reply_reader **reader)
{
    if (!*reader)
        return;
    redisReaderFree((*reader)->reader);
    arena_destroy(&(*reader)->arena);
    free(*reader);
    *reader = NULL;
}

void reply_reader_feed(struct reply_reader *reader, const void *bytes, size_t length)
{
    if (redisReaderFeed(reader->reader, bytes, length) != REDIS_OK &&
        reader->reader->err == REDIS_ERR_OOM)
        mem_exhausted();
}

enum reply_progress reply_reader_next(struct reply_reader *reader, const struct reply **reply,
                                      struct diag *diag)
{
    if (reader->finished) {
        arena_reset(reader->arena);
        reader->finished = false;
    }
    void *root = NULL;
    if (redisReaderGetReply(reader->reader, &root) != REDIS_OK) {
        diag_error(diag, "the answer is not the Redis protocol, or too big: %s",
                   reader->reader->errstr);
        return REPLY_BROKEN;
    }
    if (!root) {
        if (arena_used(reader->arena) + reader->reader->len <= reader->most)
            return REPLY_MORE;
        diag_error(diag, "an answer of Redis is bigger than %zu bytes", reader->most);
        return REPLY_BROKEN;
    }
    reader->finished = true;
    *reply = root;
    return REPLY_READY;
}
