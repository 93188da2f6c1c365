/*
 * Carrying is a round, again and again: on_timer() reads the oldest words, tell_shard() tells each
 * shard its own in one call, drop() deletes what was learnt, once that outlives the loss of a
 * server (store/replicated). Where a shard could not be told, or may lose it, its words stay, and
 * those behind them may be told before: the next round begins there.
 */
#include "store/address_words.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "redis/backoff.h"
#include "store/instance.h"
#include "store/keys.h"
#include "store/replicated.h"
#include "store/script_table.h"

enum {
    BATCH = 500,
    FIELDS = 4, /* of an entry, and arguments of a word in words.lua */
    FIRST_CHUNK = 65536,
};

/* In the order in which words.lua takes them. */
static const char *const fields[FIELDS] = {"word", "name", "what", "at"};

struct word {
    const char *id;
    struct slice values[FIELDS];
    size_t shard;
    bool learnt;
};

struct round_call {
    struct address_words *words;
    struct replicated_write write;
};

struct address_words {
    struct scripts *scripts;
    struct routes routes;
    struct connection_owner owner;
    struct event *timer;
    struct backoff backoff;
    struct log_once told;
    bool on, busy;

    struct arena *arena; /* of a round */
    struct word *round;
    size_t count;
    size_t open; /* calls under way */
    char *after; /* the round reads behind this entry; "": from the first */
    struct replicated *replicated;
    struct replicated_write *writes; /* of those that have learnt */
    size_t write_count;
};

/* ---- The end of a round ---- */

static void rest(struct address_words *words, int64_t ms)
{
    const struct timeval wait = clock_timeval(ms);
    words->busy = false;
    if (words->on)
        event_add(words->timer, &wait);
}

static void fail(struct address_words *words, const struct diag *fault)
{
    if (!instance_tells(fault) && log_once_is_news(&words->told, fault->text))
        log_warning("what was said of addresses does not come to their shards, trying again: %s",
                    fault->text);
}

static void on_dropped(void *context, const struct reply *reply, const struct diag *fault)
{
    struct address_words *words = context;
    const bool full = words->count == BATCH;
    bool all = !fault;
    (void)reply;
    for (size_t i = 0; i < words->count; i++)
        all = all && words->round[i].learnt;
    free(words->after);
    words->after = mem_text(full && !all ? words->round[words->count - 1].id : "");
    if (!all && !full) {
        rest(words, backoff_next(&words->backoff));
        return;
    }
    if (all)
        backoff_reset(&words->backoff);
    if (all)
        log_once_forget(&words->told);
    rest(words, full ? 0 : clock_beat_ms());
}

static void drop(struct address_words *words)
{
    struct arguments arguments = arguments_begin(words->arena, 2 + words->count);
    failpoint("words-learnt");
    arguments_text(&arguments, "XDEL");
    arguments_text(&arguments,
                   keys_spell(words->arena, scripts_prefix(words->scripts), KEY_WORDS, NULL));
    for (size_t i = 0; i < words->count; i++)
        if (words->round[i].learnt)
            arguments_text(&arguments, words->round[i].id);
    if (arguments.argc == 2) {
        on_dropped(words, NULL, NULL);
        return;
    }
    const struct connection_request request =
        arguments_request(&arguments, &words->owner, on_dropped, words);
    connection_send(scripts_connection(words->scripts), &request);
}

static void on_safe(void *context, bool safe)
{
    struct address_words *words = context;
    for (size_t i = 0; i < words->count; i++)
        words->round[i].learnt = words->round[i].learnt && safe;
    drop(words);
}

/* ---- Telling ---- */

static void on_learnt(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct round_call *call = context;
    struct address_words *words = call->words;
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (fault)
        fail(words, fault);
    for (size_t i = 0; i < words->count; i++)
        if (words->round[i].shard == call->write.shard)
            words->round[i].learnt = !fault;
    if (!fault)
        words->writes[words->write_count++] = call->write;
    if (--words->open > 0)
        return;
    if (words->write_count)
        replicated_ask(words->replicated,
                       &(struct replicated_question){.writes = words->writes,
                                                     .count = words->write_count,
                                                     .patience_ms = REPLICATED_PATIENCE_MS},
                       on_safe, words);
    else
        drop(words);
}

static void tell_shard(struct address_words *words, size_t shard)
{
    struct scripts *scripts = routes_scripts(&words->routes, shard);
    struct round_call *call = arena_alloc(words->arena, sizeof *call);
    struct arguments arguments = arguments_begin(words->arena, 1 + FIELDS * words->count);
    *call = (struct round_call){words, {shard, replicated_times(words->replicated, shard)}};
    for (size_t i = 0; i < words->count; i++)
        for (size_t f = 0; f < FIELDS && words->round[i].shard == shard; f++)
            arguments_bytes(&arguments, words->round[i].values[f].text,
                            words->round[i].values[f].length);
    words->open++;
    const struct connection_request request =
        arguments_request(&arguments, &words->owner, on_learnt, call);
    scripts_run(scripts, SCRIPT_WORDS, &request);
}

static bool is_first_of_shard(const struct address_words *words, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (words->round[i].shard == words->round[index].shard)
            return false;
    return true;
}

/* ---- Reading ---- */

/* That of the name, unless another one is told. */
static size_t shard_of(const struct address_words *words, const struct reply *entry,
                       const char *name)
{
    const struct placement *placement = &words->routes.placement;
    int64_t shard = 0;
    bool told = reply_number(reply_field(entry, "shard"), &shard) && shard >= 0 &&
                (size_t)shard < placement_count(placement);
    return told ? (size_t)shard : placement_of_name(placement, name);
}

static bool read_word(struct address_words *words, const struct reply *entry, struct word *word)
{
    const char *id = reply_text(reply_item(entry, 0));
    *word = (struct word){.id = id ? arena_text(words->arena, id) : NULL};
    for (size_t i = 0; i < FIELDS; i++) {
        const struct reply *value = reply_field(reply_item(entry, 1), fields[i]);
        word->values[i] = slice_copy(words->arena, (struct slice){value->text, value->length});
    }
    word->shard = shard_of(words, reply_item(entry, 1), word->values[1].text);
    return word->id != NULL;
}

static void on_read(void *context, const struct reply *reply, const struct diag *fault)
{
    struct address_words *words = context;
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_LIST) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (fault) {
        fail(words, fault);
        rest(words, backoff_next(&words->backoff));
        return;
    }
    words->round = arena_zero(words->arena, (reply->count + 1) * sizeof *words->round);
    words->count = 0;
    for (size_t i = 0; i < reply->count; i++)
        words->count += read_word(words, reply_item(reply, i), &words->round[words->count]);
    if (!words->count) {
        on_dropped(words, NULL, NULL);
        return;
    }
    failpoint("words-read");
    words->writes = arena_alloc(words->arena, words->count * sizeof *words->writes);
    words->write_count = 0;
    for (size_t i = 0; i < words->count; i++)
        if (is_first_of_shard(words, i))
            tell_shard(words, words->round[i].shard);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct address_words *words = context;
    arena_reset(words->arena);
    words->busy = true;
    struct arguments arguments = arguments_begin(words->arena, 6);
    arguments_text(&arguments, "XRANGE");
    arguments_text(&arguments,
                   keys_spell(words->arena, scripts_prefix(words->scripts), KEY_WORDS, NULL));
    arguments_text(&arguments,
                   *words->after ? arena_printf(words->arena, "(%s", words->after) : "-");
    arguments_text(&arguments, "+");
    arguments_text(&arguments, "COUNT");
    arguments_number(&arguments, BATCH);
    const struct connection_request request =
        arguments_request(&arguments, &words->owner, on_read, words);
    connection_send(scripts_connection(words->scripts), &request);
}

/* ---- The object ---- */

struct address_words *address_words_new(struct event_base *base, struct scripts *scripts,
                                        const struct routes *routes)
{
    struct address_words *words = mem_zero(1, sizeof *words);
    words->scripts = scripts;
    words->routes = *routes;
    words->arena = arena_new(FIRST_CHUNK);
    words->after = mem_text("");
    words->replicated = replicated_new(base, routes);
    words->timer = evtimer_new(base, on_timer, words);
    if (!words->timer)
        mem_exhausted();
    return words;
}

void address_words_destroy(struct address_words **words)
{
    struct address_words *ended = *words;
    if (!ended)
        return;
    *words = NULL;
    connection_silence(&ended->owner);
    replicated_destroy(&ended->replicated);
    event_free(ended->timer);
    free(ended->after);
    arena_destroy(&ended->arena);
    free(ended);
}

void address_words_start(struct address_words *words)
{
    words->on = true;
    rest(words, 0);
}

void address_words_stop(struct address_words *words)
{
    words->on = false;
    event_del(words->timer);
}

bool address_words_busy(const struct address_words *words)
{
    return words->busy;
}

/* ---- Asking ---- */

struct asked {
    struct address_call call;
    size_t count;
    struct scripts *scripts;
    struct arguments arguments; /* of the script, where something may stand against one of them */
    size_t open;                /* commands that were not released yet, */
    size_t looks;               /* … of which so many look and have no answer */
    bool doubt, told;
};

static void release_asked(void *context)
{
    struct asked *asked = context;
    if (--asked->open)
        return;
    if (asked->call.release)
        asked->call.release(asked->call.context);
    arena_destroy(&asked->arguments.arena);
    free(asked);
}

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct asked *asked = context;
    struct diag diag = {0};
    if (reply && (reply->kind != REPLY_LIST || reply->count != asked->count)) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (fault) {
        asked->call.callback(asked->call.context, fault, NULL, 0);
        return;
    }
    struct address_objection *objections = mem_zero(asked->count, sizeof *objections);
    for (size_t i = 0; i < asked->count; i++) {
        const struct reply *against = reply_item(reply, i);
        objections[i] = (struct address_objection){.objects = against->count > 0,
                                                   .suppressed = reply_slice(against, 0),
                                                   .said = reply_slice(against, 1)};
    }
    asked->call.callback(asked->call.context, NULL, objections, asked->count);
    free(objections);
}

static struct asked *asked_new(struct scripts *scripts, const struct address_call *call,
                               size_t count)
{
    struct asked *asked = mem_zero(1, sizeof *asked);
    asked->call = *call;
    asked->count = count;
    asked->scripts = scripts;
    asked->arguments = arguments_begin(arena_new(1024), 1 + FIELDS * (count + 1));
    return asked;
}

static void run(struct asked *asked, enum script script, connection_callback *callback)
{
    struct connection_request request =
        arguments_request(&asked->arguments, asked->call.owner, callback, asked);
    request.release = release_asked;
    asked->open++;
    scripts_run(asked->scripts, script, &request);
}

/* Nothing stands anywhere, mostly. Else, or where it is an error, the script tells. */
static void on_looked(void *context, const struct reply *reply, const struct diag *fault)
{
    struct asked *asked = context;
    asked->looks--;
    if (asked->told)
        return;
    asked->doubt = asked->doubt || !reply || reply->kind != REPLY_INTEGER || reply->integer != 0;
    asked->told = fault || asked->looks == 0;
    if (fault) {
        asked->call.callback(asked->call.context, fault, NULL, 0);
    } else if (asked->told && asked->doubt) {
        run(asked, SCRIPT_OBJECTIONS, on_answer);
    } else if (asked->told) {
        struct address_objection *none = mem_zero(asked->count, sizeof *none);
        asked->call.callback(asked->call.context, NULL, none, asked->count);
        free(none);
    }
}

static void look(struct asked *asked, enum key key, const char *name, size_t length)
{
    struct arena *arena = asked->arguments.arena;
    struct arguments arguments = arguments_begin(arena, 3);
    arguments_text(&arguments, "HEXISTS");
    arguments_text(&arguments, keys_spell(arena, scripts_prefix(asked->scripts), key, NULL));
    arguments_bytes(&arguments, name, length);
    struct connection_request request =
        arguments_request(&arguments, asked->call.owner, on_looked, asked);
    request.release = release_asked;
    asked->open++;
    asked->looks++;
    connection_send(scripts_connection(asked->scripts), &request);
}

void address_words_ask(struct scripts *scripts, const struct address_question *questions,
                       size_t count, const struct address_call *call)
{
    struct asked *asked = asked_new(scripts, call, count);
    for (size_t i = 0; i < count; i++) {
        const char *hash = questions[i].hash;
        const size_t said = strnlen(hash, PLACEMENT_NAME_SIZE);
        arguments_text(&asked->arguments, questions[i].class_);
        arguments_text(&asked->arguments, hash);
        arguments_bytes(&asked->arguments, hash, said);
        arguments_text(&asked->arguments, questions[i].topic);
        look(asked, KEY_SUPPRESSED, hash, strlen(hash));
        if (strcmp(questions[i].class_, "marketing") == 0)
            look(asked, KEY_SAID, hash, said);
    }
}

static void on_learnt_here(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct asked *asked = context;
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    asked->call.callback(asked->call.context, fault, NULL, 0);
}

/* Of a suppression the reason and the time; what cannot be read is one all the same. */
static void put_suppression(struct arguments *arguments, const char *hash, struct slice row)
{
    struct value value = value_null();
    struct diag diag;
    int64_t at_ms = 0;
    json_read(arguments->arena, row.text, row.length, &json_event_limits, &value, &diag);
    const char *reason = value_to_text(arguments->arena, value_get(&value, "reason"));
    value_to_int(value_get(&value, "at"), &at_ms);
    arguments_text(arguments, "suppress");
    arguments_text(arguments, hash);
    arguments_text(arguments, reason ? reason : "bounced");
    arguments_number(arguments, at_ms);
}

void address_words_learn(struct scripts *scripts, const struct address_question *question,
                         const struct address_objection *objection, const struct address_call *call)
{
    struct asked *asked = asked_new(scripts, call, 1);
    struct arguments *arguments = &asked->arguments;
    if (objection->suppressed.length)
        put_suppression(arguments, question->hash, objection->suppressed);
    if (objection->said.length) {
        arguments_text(arguments, "record");
        arguments_bytes(arguments, question->hash, strnlen(question->hash, PLACEMENT_NAME_SIZE));
        arguments_bytes(arguments, objection->said.text, objection->said.length);
        arguments_text(arguments, "");
    }
    run(asked, SCRIPT_WORDS, on_learnt_here);
}
