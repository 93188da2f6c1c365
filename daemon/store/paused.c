#include "store/paused.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

enum { FIRST_CHUNK = 256, RECORD_MOST = 4096 };

/* An answer of Redis that is a number of fields: whether it was one. */
static bool read_done(const struct reply *reply, bool *done, struct diag *diag)
{
    int64_t count = 0;
    if (!reply || !(reply_number(reply, &count) || reply_fault(reply, diag)))
        return false;
    *done = count > 0;
    return true;
}

static const char *record_of(struct arena *arena, int64_t at_ms, const char *by)
{
    struct buf out;
    buf_init(&out, RECORD_MOST);
    buf_printf(&out, "{\"at\":%" PRId64, at_ms);
    if (by) {
        buf_text(&out, ",\"by\":");
        json_print_string(&out, by, strlen(by));
    }
    buf_text(&out, "}");
    const char *record = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return record;
}

bool paused_set(struct session *session, const char *prefix, enum key of, const char *name,
                const char *by, bool *done, struct diag *diag)
{
    int64_t seconds;
    const struct reply *time = session_command(session, diag, "TIME", NULL);
    if (!time || !reply_number(reply_item(time, 0), &seconds))
        return false;
    struct arena *arena = arena_new(FIRST_CHUNK);
    const bool good =
        read_done(session_command(session, diag, "HSETNX", keys_spell(arena, prefix, of, NULL),
                                  name, record_of(arena, seconds * 1000, by), NULL),
                  done, diag);
    arena_destroy(&arena);
    return good;
}

bool paused_clear(struct session *session, const char *prefix, enum key of, const char *name,
                  bool *done, struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    const bool good = read_done(
        session_command(session, diag, "HDEL", keys_spell(arena, prefix, of, NULL), name, NULL),
        done, diag);
    arena_destroy(&arena);
    return good;
}

static int by_name(const void *one, const void *other)
{
    const struct paused *a = one, *b = other;
    return strcmp(a->name, b->name);
}

/* What somebody wrote by hand pauses it too. */
static struct paused read_one(struct arena *arena, const struct reply *name,
                              const struct reply *record)
{
    struct paused paused = {.name = arena_text(arena, name->text)};
    struct value value;
    struct diag diag;
    const char *text = arena_copy(arena, record->text, record->length);
    if (!json_read(arena, text, record->length, &json_file_limits, &value, &diag))
        return paused;
    const struct value *at = value_get(&value, "at"), *by = value_get(&value, "by");
    if (value_is(at, VALUE_INT))
        paused.at_ms = at->integer;
    if (value_is(by, VALUE_STRING) && by->length)
        paused.by = arena_copy(arena, by->string, by->length);
    return paused;
}

struct paused *paused_read(struct arena *arena, const struct reply *rows, size_t *count)
{
    *count = rows->count / 2;
    struct paused *paused = arena_zero(arena, (*count + 1) * sizeof *paused);
    for (size_t i = 0; i < *count; i++)
        paused[i] = read_one(arena, reply_item(rows, 2 * i), reply_item(rows, 2 * i + 1));
    qsort(paused, *count, sizeof *paused, by_name);
    return paused;
}

bool paused_list(struct session *session, const char *prefix, enum key of, struct arena *arena,
                 struct paused **paused, size_t *count, struct diag *diag)
{
    const struct reply *rows =
        session_command(session, diag, "HGETALL", keys_spell(arena, prefix, of, NULL), NULL);
    if (rows)
        *paused = paused_read(arena, rows, count);
    return rows;
}
