/*
 * Two walks over Redis, in pages: of a stream (walk_stream) by the id behind which the next page
 * begins, of a zset (walk_set) by the score at which it does. Of each page the messages are read
 * together (messages_read), and told if they are where the page says.
 */
#include "store/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/keys.h"
#include "store/script_call.h"

enum { PAGE = 200, FIRST_CHUNK = 64 * 1024 };

const char *messages_field(const struct messages_item *item, const char *name)
{
    return reply_field(item->fields, name)->text;
}

/* ---- Reading ---- */

struct reading {
    struct arena *arena;
    struct diag *diag;
    bool failed;
};

struct wanted {
    struct reading *reading;
    const struct reply **into;
};

static const struct reply nothing = {.kind = REPLY_NIL, .text = ""};

/* What is of a wrong type is shown as nothing. */
static void on_read(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct wanted *wanted = context;
    struct reading *reading = wanted->reading;
    *wanted->into = &nothing;
    if (reply && reply->kind != REPLY_ERROR) {
        *wanted->into = reply_copy(reading->arena, reply);
    } else if (!reply && !reading->failed) {
        reading->failed = true;
        *reading->diag = *fault;
    }
}

static void ask(struct session *session, struct reading *reading, const char *command,
                const char *key, const char *member, const struct reply **into)
{
    const char *argv[] = {command, key, member};
    struct wanted *wanted = arena_alloc(reading->arena, sizeof *wanted);
    *wanted = (struct wanted){reading, into};
    session_push(session, 3, argv, NULL, on_read, wanted);
}

/* Whether those that ever waited for their domain do so now. */
static void ask_held(struct session *session, const char *prefix, struct reading *reading,
                     struct messages_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *channel = messages_field(&items[i], "channel");
        const char *gateway = messages_field(&items[i], "gateway");
        if (!*messages_field(&items[i], "held") ||
            strcmp(messages_field(&items[i], "state"), "later") != 0)
            continue;
        if (*messages_field(&items[i], "bound"))
            channel = arena_printf(reading->arena, "%s@%s", channel, gateway);
        ask(session, reading, "ZSCORE",
            keys_spell(reading->arena, prefix, KEY_HELD, channel,
                       messages_field(&items[i], "class"), messages_field(&items[i], "domain"),
                       NULL),
            items[i].mid, &items[i].held);
    }
    session_drain(session, 0);
}

bool messages_read(struct session *session, const char *prefix, struct arena *arena,
                   struct messages_item *items, size_t count, struct diag *diag)
{
    struct reading reading = {.arena = arena, .diag = diag};
    struct arguments arguments = script_call_begin(arena, SCRIPT_MESSAGES, prefix, 1 + count);
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, items[i].mid);
    const struct reply *rows = script_call(session, &arguments, diag);
    if (!rows)
        return false;
    rows = reply_copy(arena, rows);
    for (size_t i = 0; i < count; i++) {
        items[i].fields = reply_item(reply_item(rows, i), 0);
        items[i].body = reply_item(reply_item(rows, i), 1);
        items[i].held = &nothing;
    }
    ask_held(session, prefix, &reading, items, count);
    return !reading.failed;
}

/* ---- Walking ---- */

struct walk {
    struct session *session;
    const char *prefix;
    messages_on_item *on_item;
    void *context;
    struct diag *diag;
    struct arena *arena; /* of a page */
    const char *state, *or_state;
    bool enough;
};

static struct walk begin(struct session *session, const char *prefix, messages_on_item *on_item,
                         void *context, struct diag *diag)
{
    return (struct walk){.session = session,
                         .prefix = prefix,
                         .on_item = on_item,
                         .context = context,
                         .diag = diag,
                         .arena = arena_new(FIRST_CHUNK)};
}

/* Those of a page that are where it was found. */
static bool tell(struct walk *walk, struct messages_item *items, size_t count)
{
    if (!messages_read(walk->session, walk->prefix, walk->arena, items, count, walk->diag))
        return false;
    for (size_t i = 0; i < count && !walk->enough; i++) {
        const char *state = messages_field(&items[i], "state");
        if (strcmp(state, walk->state) == 0 ||
            (walk->or_state && strcmp(state, walk->or_state) == 0))
            walk->enough = !walk->on_item(walk->context, &items[i]);
    }
    return true;
}

static bool walk_stream(struct walk *walk, const char *key)
{
    char from[64] = "-";
    size_t count = PAGE;
    while (count == PAGE && !walk->enough) {
        arena_reset(walk->arena);
        const struct reply *rows = session_command(walk->session, walk->diag, "XRANGE", key, from,
                                                   "+", "COUNT", "200", NULL);
        if (!rows)
            return false;
        count = rows->count;
        struct messages_item *items = arena_zero(walk->arena, sizeof *items * (count + 1));
        for (size_t i = 0; i < count; i++) {
            const struct reply *row = reply_item(rows, i), *fields = reply_item(row, 1);
            items[i].mid = arena_text(walk->arena, reply_item(fields, 1)->text);
            items[i].at_ms = strtoll(reply_item(row, 0)->text, NULL, 10);
            snprintf(from, sizeof from, "(%s", reply_item(row, 0)->text);
        }
        if (!tell(walk, items, count))
            return false;
    }
    return true;
}

/* Of the members that share the score at which a page ends, the next one leaves out those that this
 * one had. */
static bool walk_set(struct walk *walk, const char *key)
{
    char from[64] = "-inf", skip[24] = "0";
    size_t count = PAGE, same = 0;
    while (count == PAGE && !walk->enough) {
        arena_reset(walk->arena);
        snprintf(skip, sizeof skip, "%zu", same);
        const struct reply *rows =
            session_command(walk->session, walk->diag, "ZRANGE", key, from, "+inf", "BYSCORE",
                            "LIMIT", skip, "200", "WITHSCORES", NULL);
        if (!rows)
            return false;
        count = rows->count / 2;
        struct messages_item *items = arena_zero(walk->arena, sizeof *items * (count + 1));
        for (size_t i = 0; i < count; i++) {
            const char *score = reply_item(rows, 2 * i + 1)->text;
            same = strcmp(score, from) == 0 ? same + 1 : 1;
            snprintf(from, sizeof from, "%s", score);
            items[i].mid = arena_text(walk->arena, reply_item(rows, 2 * i)->text);
            items[i].at_ms = (int64_t)strtod(score, NULL);
        }
        if (!tell(walk, items, count))
            return false;
    }
    return true;
}

/* Those that were begun at once, "<ms> <consumer>" each. */
static bool walk_begun(struct walk *walk, const char *key)
{
    arena_reset(walk->arena);
    const struct reply *rows = session_command(walk->session, walk->diag, "HGETALL", key, NULL);
    if (!rows)
        return false;
    const size_t count = rows->count / 2;
    struct messages_item *items = arena_zero(walk->arena, sizeof *items * (count + 1));
    for (size_t i = 0; i < count; i++) {
        items[i].mid = arena_text(walk->arena, reply_item(rows, 2 * i)->text);
        items[i].at_ms = strtoll(reply_item(rows, 2 * i + 1)->text, NULL, 10);
    }
    return tell(walk, items, count);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All queues, in the order of their names: those of the channels, and those of gateways. */
static bool read_queues(struct walk *walk, struct arena *arena, const char ***queues, size_t *count)
{
    const struct reply *found = session_command(
        walk->session, walk->diag, "SUNION", keys_spell(arena, walk->prefix, KEY_CHANNELS, NULL),
        keys_spell(arena, walk->prefix, KEY_QUEUES, NULL), NULL);
    if (!found)
        return false;
    *queues = arena_alloc(arena, sizeof **queues * (found->count + 1));
    for (size_t i = 0; i < found->count; i++)
        (*queues)[i] = arena_text(arena, reply_item(found, i)->text);
    *count = found->count;
    qsort(*queues, *count, sizeof **queues, by_name);
    return true;
}

static bool walk_streams(struct walk *walk)
{
    static const char *const classes[] = {"transactional", "marketing"};
    struct arena *arena = arena_new(4096);
    const char **queues;
    size_t count = 0;
    bool good = read_queues(walk, arena, &queues, &count);
    for (size_t i = 0; good && i < 2 * count && !walk->enough; i++) {
        const char *queue = queues[i / 2], *class = classes[i % 2];
        good = walk_begun(walk, keys_spell(arena, walk->prefix, KEY_BEGUN, queue, class, NULL)) &&
               (walk->enough ||
                walk_stream(walk, keys_spell(arena, walk->prefix, KEY_OUTBOX, queue, class, NULL)));
    }
    arena_destroy(&arena);
    return good;
}

bool messages_walk_outbox(struct session *session, const char *prefix, messages_on_item *on_item,
                          void *context, struct diag *diag)
{
    struct walk walk = begin(session, prefix, on_item, context, diag);
    struct arena *arena = arena_new(256);
    walk.state = "queued";
    walk.or_state = "taken";
    bool good = walk_streams(&walk);
    walk.state = "later";
    walk.or_state = NULL;
    good = good && (walk.enough || walk_set(&walk, keys_spell(arena, prefix, KEY_LATER, NULL)));
    arena_destroy(&walk.arena);
    arena_destroy(&arena);
    return good;
}

bool messages_walk_uncertain(struct session *session, const char *prefix, messages_on_item *on_item,
                             void *context, struct diag *diag)
{
    struct walk walk = begin(session, prefix, on_item, context, diag);
    struct arena *arena = arena_new(256);
    walk.state = "uncertain";
    bool good = walk_set(&walk, keys_spell(arena, prefix, KEY_UNCERTAIN, NULL));
    arena_destroy(&walk.arena);
    arena_destroy(&arena);
    return good;
}

/* ---- The word on them ---- */

static bool read_verdicts(const struct reply *reply, size_t count, enum messages_verdict *verdicts)
{
    static const char *const words[MESSAGES_VERDICTS] = {
        [MESSAGES_DONE] = "done",
        [MESSAGES_MARKED] = "marked",
        [MESSAGES_GONE] = "gone",
        [MESSAGES_QUEUED] = "queued",
        [MESSAGES_TAKEN] = "taken",
        [MESSAGES_WITHDRAWN] = "withdrawn",
        [MESSAGES_SUPPRESSED] = "suppressed",
        [MESSAGES_UNSUBSCRIBED] = "unsubscribed",
    };
    for (size_t i = 0; i < count; i++) {
        verdicts[i] =
            (enum messages_verdict)reply_word(reply_item(reply, i), words, MESSAGES_VERDICTS);
        if (verdicts[i] == MESSAGES_VERDICTS)
            return false;
    }
    return true;
}

bool messages_settle(struct session *session, const char *prefix, const struct messages_word *word,
                     const char *const *mids, size_t count, enum messages_verdict *verdicts,
                     struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = script_call_begin(arena, SCRIPT_BY_HAND, prefix, 4 + count);
    arguments_text(&arguments, word->is_held ? "uncertain" : "outbox");
    arguments_text(&arguments, word->drop ? "drop" : "retry");
    arguments_text(&arguments, word->dry ? "dry" : "");
    arguments_number(&arguments, word->trace_keep_ms);
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, mids[i]);
    const struct reply *reply = script_call(session, &arguments, diag);
    bool good = reply && (read_verdicts(reply, count, verdicts) ||
                          diag_error(diag, "an answer of Redis that cannot be read"));
    arena_destroy(&arena);
    return good;
}
