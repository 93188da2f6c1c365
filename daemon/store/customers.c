/*
 * Reading (customers_read) is one pipeline of up to three commands: TIME; HMGET of the records of
 * P:said; MGET of the documents and the redirects. Their answers come in that order, the first two
 * are kept, and the last one ends the call: it brings all of it, or tells what failed.
 *
 * Starts (customers_read_starts) are asked for when a decision needs some, and found by their
 * origin in the list of all that the customer has.
 *
 * Committing (customers_commit) is one run of commit.lua for many, whose arguments and answer are
 * store/commit's.
 */
#include "store/customers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 65536, FIRST_READ = 4096 };

struct customers {
    struct scripts *scripts;
    struct instance *instance;
    struct connection_owner owner;
    /* Two arenas: a callback may commit again while it reads its result. */
    struct arena *asking;    /* of the command being put together */
    struct arena *answering; /* of the result being handed out */
};

struct customers *customers_new(struct scripts *scripts, struct instance *instance)
{
    struct customers *customers = mem_zero(1, sizeof *customers);
    customers->scripts = scripts;
    customers->instance = instance;
    customers->asking = arena_new(FIRST_CHUNK);
    customers->answering = arena_new(FIRST_CHUNK);
    return customers;
}

void customers_destroy(struct customers **customers)
{
    struct customers *ended = *customers;
    if (!ended)
        return;
    *customers = NULL;
    connection_silence(&ended->owner);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->answering);
    free(ended);
}

/* ---- Reading: TIME, records and documents in one pipeline, whose last answer ends it ---- */

struct read_call {
    struct customers *customers;
    size_t count, hash_count;
    struct arena *arena;   /* of the records, which come before the documents */
    struct slice *records; /* NULL: they have not come */
    bool has_time;
    int64_t now_ms;
    struct diag fault; /* of the records */
    customers_on_read *callback;
    void *context;
};

static void release_read(void *context)
{
    struct read_call *call = context;
    arena_destroy(&call->arena);
    free(call);
}

static bool is_list_of(const struct reply *reply, size_t count)
{
    return reply && reply->kind == REPLY_LIST && reply->count == count;
}

/* A reply that is an error, or none of ours, is told by its own words. */
static void fail_read(struct read_call *call, const struct reply *reply, const struct diag *fault)
{
    struct diag diag;
    if (reply && !is_list_of(reply, call->count + call->hash_count)) {
        reply_fault(reply, &diag);
        fault = &diag;
    } else if (reply) {
        fault = &call->fault;
    }
    call->callback(call->context, fault, NULL);
}

static void finish_read(struct read_call *call, const struct reply *reply, const struct diag *fault)
{
    size_t all = call->count + call->hash_count;
    if (!call->has_time || !call->records || (all > 0 && !is_list_of(reply, all))) {
        fail_read(call, reply, fault);
        return;
    }
    arena_reset(call->customers->answering);
    struct slice *texts = arena_zero(call->customers->answering, (all + 1) * sizeof *texts);
    for (size_t i = 0; i < all; i++)
        texts[i] = reply_slice(reply, i);
    const struct customers_found found = {.documents = texts,
                                          .records = call->records,
                                          .targets = texts + call->count,
                                          .now_ms = call->now_ms};
    call->callback(call->context, NULL, &found);
}

static void on_time(void *context, const struct reply *reply, const struct diag *fault)
{
    struct read_call *call = context;
    int64_t seconds, micros;
    if (reply && reply_number(reply_item(reply, 0), &seconds) &&
        reply_number(reply_item(reply, 1), &micros)) {
        call->has_time = true;
        call->now_ms = seconds * 1000 + micros / 1000;
    } else if (reply) {
        reply_fault(reply, &call->fault);
    }
    if (call->count + call->hash_count == 0)
        finish_read(call, reply, fault);
}

static void on_records(void *context, const struct reply *reply, const struct diag *fault)
{
    struct read_call *call = context;
    (void)fault; /* what comes behind it has the same */
    if (!is_list_of(reply, call->count)) {
        if (reply)
            reply_fault(reply, &call->fault);
        return;
    }
    call->records = arena_zero(call->arena, (call->count + 1) * sizeof *call->records);
    for (size_t i = 0; i < call->count; i++)
        call->records[i] = slice_copy(call->arena, reply_slice(reply, i));
}

static void on_documents(void *context, const struct reply *reply, const struct diag *fault)
{
    finish_read(context, reply, fault);
}

static void send_time(struct read_call *call)
{
    const struct connection_request request = {
        .argc = 1,
        .argv = (const char *const[]){"TIME"},
        .owner = &call->customers->owner,
        .callback = on_time,
        .context = call,
        .release = call->count + call->hash_count ? NULL : release_read};
    connection_send(scripts_connection(call->customers->scripts), &request);
}

static void send_hmget(struct read_call *call, const struct customers_query *query)
{
    struct arena *arena = call->customers->asking;
    struct arguments arguments = arguments_begin(arena, query->count + 2);
    arguments_text(&arguments, "HMGET");
    arguments_text(&arguments,
                   keys_spell(arena, scripts_prefix(call->customers->scripts), KEY_SAID, NULL));
    for (size_t i = 0; i < query->count; i++)
        arguments_text(&arguments, query->names[i]);
    const struct connection_request request =
        arguments_request(&arguments, &call->customers->owner, on_records, call);
    connection_send(scripts_connection(call->customers->scripts), &request);
}

static void send_mget(struct read_call *call, const struct customers_query *query)
{
    struct arena *arena = call->customers->asking;
    const char *prefix = scripts_prefix(call->customers->scripts);
    struct arguments arguments = arguments_begin(arena, query->count + query->hash_count + 1);
    arguments_text(&arguments, "MGET");
    for (size_t i = 0; i < query->count; i++)
        arguments_text(&arguments, keys_spell(arena, prefix, KEY_CUSTOMER, query->keys[i], NULL));
    for (size_t i = 0; i < query->hash_count; i++)
        arguments_text(&arguments, keys_spell(arena, prefix, KEY_TO, query->hashes[i], NULL));
    struct connection_request request =
        arguments_request(&arguments, &call->customers->owner, on_documents, call);
    request.release = release_read;
    connection_send(scripts_connection(call->customers->scripts), &request);
}

void customers_read(struct customers *customers, const struct customers_query *query,
                    customers_on_read *callback, void *context)
{
    struct read_call *call = mem_zero(1, sizeof *call);
    *call = (struct read_call){.customers = customers,
                               .count = query->count,
                               .hash_count = query->hash_count,
                               .arena = arena_new(FIRST_READ),
                               .callback = callback,
                               .context = context};
    if (query->count == 0)
        call->records = arena_zero(call->arena, sizeof *call->records);
    send_time(call);
    if (query->count + query->hash_count == 0)
        return;
    arena_reset(customers->asking);
    if (query->count)
        send_hmget(call, query);
    send_mget(call, query);
}

/* ---- Reading starts ---- */

struct starts_call {
    struct customers *customers;
    const char *const *origins;
    size_t count;
    customers_on_starts *callback;
    void *context;
};

/* What stands behind "<origin> " in the list; text NULL: nothing does. */
static struct slice find_start(const struct reply *starts, const char *origin)
{
    size_t length = strlen(origin);
    for (size_t i = 0; i < starts->count; i++) {
        const struct reply *start = reply_item(starts, i);
        const char *text = reply_text(start);
        if (text && start->length > length && memcmp(text, origin, length) == 0 &&
            text[length] == ' ')
            return (struct slice){text + length + 1, start->length - length - 1};
    }
    return (struct slice){0};
}

static void on_starts(void *context, const struct reply *reply, const struct diag *fault)
{
    struct starts_call *call = context;
    struct slice *events;
    struct diag diag;
    bool none = reply && reply_is_error(reply, "WRONGTYPE"); /* no list has none of them */
    if (!none && !(reply && reply->kind == REPLY_LIST)) {
        if (reply)
            reply_fault(reply, &diag);
        call->callback(call->context, reply ? &diag : fault, NULL, 0);
        return;
    }
    arena_reset(call->customers->answering);
    events = arena_zero(call->customers->answering, call->count * sizeof *events);
    for (size_t i = 0; i < call->count && !none; i++)
        events[i] = find_start(reply, call->origins[i]);
    call->callback(call->context, NULL, events, call->count);
}

void customers_read_starts(struct customers *customers, const char *key, const char *const *origins,
                           size_t count, customers_on_starts *callback, void *context)
{
    struct starts_call *call = mem_alloc(sizeof *call);
    *call = (struct starts_call){.customers = customers,
                                 .origins = origins,
                                 .count = count,
                                 .callback = callback,
                                 .context = context};
    arena_reset(customers->asking);
    struct arguments arguments = arguments_begin(customers->asking, 4);
    arguments_text(&arguments, "LRANGE");
    arguments_text(&arguments, keys_spell(customers->asking, scripts_prefix(customers->scripts),
                                          KEY_STARTS, key, NULL));
    arguments_text(&arguments, "0");
    arguments_text(&arguments, "-1");
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_starts, call);
    request.release = free;
    connection_send(scripts_connection(customers->scripts), &request);
}

/* ---- Committing ---- */

struct commits {
    struct customers *customers;
    customers_on_commit *callback;
    size_t count;
    void *contexts[]; /* of each */
};

/* What is said of one; an error that only this one met is heard as one of the whole script is. */
static void read_commit(const struct customers *customers, const struct reply *answer,
                        struct commit_result *result, struct diag *diag)
{
    if (commit_read_result(customers->answering, answer, result))
        return;
    reply_fault(answer, diag);
    *result = (struct commit_result){.outcome = COMMIT_FAILED, .fault = diag};
    if (answer->kind == REPLY_ERROR)
        scripts_tell(customers->scripts, answer->text);
}

static void on_committed(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct commits *call = context;
    struct diag diag;
    bool answered = reply && reply->kind == REPLY_LIST && reply->count == call->count;
    if (reply && failpoint("commit-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        fault = &diag;
        answered = false;
    } else if (reply && !answered) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    arena_reset(call->customers->answering);
    for (size_t i = 0; i < call->count; i++) {
        struct commit_result result = {.outcome = COMMIT_FAILED, .fault = fault};
        if (answered)
            read_commit(call->customers, reply_item(reply, i), &result, &diag);
        call->callback(call->contexts[i], &result);
    }
}

void customers_commit(struct customers *customers, const struct commit_call *call,
                      customers_on_commit *callback, void *const *contexts)
{
    struct commits *commits = mem_alloc(sizeof *commits + call->count * sizeof *contexts);
    arena_reset(customers->asking);
    struct arguments arguments =
        commit_arguments(customers->asking, instance_consumer(customers->instance), call);
    *commits = (struct commits){.customers = customers, .callback = callback, .count = call->count};
    memcpy(commits->contexts, contexts, call->count * sizeof *contexts);
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_committed, commits);
    request.release = free;
    scripts_run(customers->scripts, SCRIPT_COMMIT, &request);
}
