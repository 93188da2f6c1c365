#include "store/returns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "store/keys.h"

/* As shared_returns.lua has them. */
enum {
    DAYS = 17, /* they expire 16 days after theirs */
    LEVEL = 128,
    LEVELS_MOST = 24,
    VALUE_HEAD = 17, /* bytes before the customer */
    FIRST_CHUNK = 64 * 1024,
};
static const int64_t day_ms = (int64_t)24 * 60 * 60 * 1000;

struct walk {
    struct session *session;
    const char *prefix;
    returns_on_customers *on_customers;
    void *context;
    struct arena *arena; /* of a hash */
    uint64_t forgotten;
    struct diag *diag;
};

/* The customer of a value; "" where it is none of ours. */
static const char *customer_of(struct arena *arena, const struct reply *value)
{
    if (!reply_text(value) || value->length <= VALUE_HEAD)
        return "";
    const char *customer = value->text + VALUE_HEAD, *end = value->text + value->length;
    const char *nul = memchr(customer, '\0', (size_t)(end - customer));
    return arena_copy(arena, customer, (size_t)((nul ? nul : end) - customer));
}

/* The address' hash stays: whoever is told of a bounce suppresses it still. */
static bool forget_customers(struct walk *walk, const char *key, const struct reply *rows,
                             const bool *forget)
{
    char value[VALUE_HEAD + 1];
    const char *argv[] = {"HSET", key, NULL, value};
    size_t lengths[] = {4, strlen(key), 0, sizeof value};
    for (size_t i = 0; i < rows->count / 2; i++) {
        const struct reply *field = reply_item(rows, 2 * i);
        if (!forget[i])
            continue;
        argv[2] = field->text;
        lengths[2] = field->length;
        memcpy(value, reply_item(rows, 2 * i + 1)->text, VALUE_HEAD);
        value[VALUE_HEAD] = RETURNS_ERASED;
        if (!session_call(walk->session, 4, argv, lengths, walk->diag))
            return false;
        walk->forgotten++;
    }
    return true;
}

static bool walk_hash(struct walk *walk, const char *name, int64_t before_ms)
{
    arena_reset(walk->arena);
    const char *key = keys_spell(walk->arena, walk->prefix, KEY_RETURNS, name, NULL);
    const struct reply *rows = session_command(walk->session, walk->diag, "HGETALL", key, NULL);
    if (!rows)
        return false;
    rows = reply_copy(walk->arena, rows);
    size_t count = rows->count / 2;
    const char **customers = arena_alloc(walk->arena, sizeof *customers * (count + 1));
    bool *forget = arena_zero(walk->arena, sizeof *forget * (count + 1));
    for (size_t i = 0; i < count; i++)
        customers[i] = customer_of(walk->arena, reply_item(rows, 2 * i + 1));
    if (count == 0)
        return true;
    return walk->on_customers(walk->context, customers, count, before_ms, forget) &&
           forget_customers(walk, key, rows, forget);
}

static bool walk_level(struct walk *walk, int64_t day, int level)
{
    char name[64];
    for (int64_t i = 0; i < (int64_t)1 << level; i++) {
        snprintf(name, sizeof name, "%" PRId64 ":%d:%" PRId64, day, level, i);
        if (!walk_hash(walk, name, (day + 1) * day_ms))
            return false;
    }
    return true;
}

static bool walk_day(struct walk *walk, int64_t day)
{
    char name[24];
    int64_t mails = 0, least = 0;
    snprintf(name, sizeof name, "%" PRId64, day);
    arena_reset(walk->arena);
    const struct reply *count =
        session_command(walk->session, walk->diag, "GET",
                        keys_spell(walk->arena, walk->prefix, KEY_MAILED, name, NULL), NULL);
    if (!count)
        return false;
    reply_number(count, &mails);
    for (int level = 0; level <= LEVELS_MOST && mails > least; level++) {
        if (!walk_level(walk, day, level))
            return false;
        least = (int64_t)LEVEL << level;
    }
    return true;
}

bool returns_walk(struct session *session, const char *prefix, int64_t now_ms,
                  returns_on_customers *on_customers, void *context, uint64_t *forgotten,
                  struct diag *diag)
{
    struct walk walk = {.session = session,
                        .prefix = prefix,
                        .on_customers = on_customers,
                        .context = context,
                        .arena = arena_new(FIRST_CHUNK),
                        .diag = diag};
    bool good = true;
    for (int64_t day = now_ms / day_ms; good && day > now_ms / day_ms - DAYS; day--)
        good = walk_day(&walk, day);
    *forgotten = walk.forgotten;
    arena_destroy(&walk.arena);
    return good;
}
