#include "store/customers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 65536 };

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

/* Reading: TIME and MGET in one pipeline. The answer to TIME comes first and is noted. */

struct read_call {
    struct customers *customers;
    size_t count;
    bool has_time;
    int64_t now_ms;
    customers_on_read *callback;
    void *context;
};

static void finish_read(struct read_call *call, const struct reply *reply, const struct diag *fault)
{
    struct slice *documents;
    struct diag diag;
    bool whole = reply && call->has_time &&
                 (call->count == 0 || (reply->kind == REPLY_LIST && reply->count == call->count));
    if (!whole) {
        if (reply)
            reply_fault(reply, &diag);
        call->callback(call->context, reply ? &diag : fault, NULL, 0, 0);
        return;
    }
    arena_reset(call->customers->answering);
    documents = arena_zero(call->customers->answering, (call->count + 1) * sizeof *documents);
    for (size_t i = 0; i < call->count; i++)
        documents[i] =
            (struct slice){reply_text(reply_item(reply, i)), reply_item(reply, i)->length};
    call->callback(call->context, NULL, documents, call->count, call->now_ms);
}

static void on_time(void *context, const struct reply *reply, const struct diag *fault)
{
    struct read_call *call = context;
    int64_t seconds, micros;
    if (reply && reply_number(reply_item(reply, 0), &seconds) &&
        reply_number(reply_item(reply, 1), &micros)) {
        call->has_time = true;
        call->now_ms = seconds * 1000 + micros / 1000;
    }
    if (call->count == 0)
        finish_read(call, reply, fault);
}

static void on_documents(void *context, const struct reply *reply, const struct diag *fault)
{
    finish_read(context, reply, fault);
}

void customers_read(struct customers *customers, const char *const *keys, size_t count,
                    customers_on_read *callback, void *context)
{
    struct connection *connection = scripts_connection(customers->scripts);
    struct read_call *call = mem_alloc(sizeof *call);
    struct connection_request time = {.argc = 1,
                                      .argv = (const char *const[]){"TIME"},
                                      .owner = &customers->owner,
                                      .callback = on_time,
                                      .context = call};
    *call = (struct read_call){
        .customers = customers, .count = count, .callback = callback, .context = context};
    if (count == 0)
        time.release = free;
    connection_send(connection, &time);
    if (count == 0)
        return;

    arena_reset(customers->asking);
    struct arguments arguments = arguments_begin(customers->asking, count + 1);
    arguments_text(&arguments, "MGET");
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, keys_spell(customers->asking, scripts_prefix(customers->scripts),
                                              KEY_CUSTOMER, keys[i], NULL));
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_documents, call);
    request.release = free;
    connection_send(connection, &request);
}

/* Committing. */

struct commit_call {
    struct customers *customers;
    commit_callback *callback;
    void *context;
};

static const char *const *texts_of(struct arena *arena, const struct reply *list, size_t *count)
{
    const char **texts = arena_alloc(arena, (list->count + 1) * sizeof *texts);
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *text = reply_text(reply_item(list, i));
        if (text)
            texts[(*count)++] = text;
    }
    return texts;
}

static bool read_result(const struct reply *reply, struct arena *arena,
                        struct commit_result *result)
{
    const char *outcome = reply_text(reply_item(reply, 0));
    const struct reply *first = reply_item(reply, 1);
    if (!outcome)
        return false;
    if (strcmp(outcome, "done") == 0) {
        result->outcome = COMMIT_DONE;
    } else if (strcmp(outcome, "stale") == 0) {
        result->outcome = COMMIT_STALE;
        result->document = (struct slice){reply_text(first), first->length};
    } else if (strcmp(outcome, "gone") == 0) {
        result->outcome = COMMIT_GONE;
        result->gone = texts_of(arena, first, &result->gone_count);
    } else if (strcmp(outcome, "facts") == 0) {
        result->outcome = COMMIT_FACTS;
        result->suppressed = texts_of(arena, first, &result->suppressed_count);
        result->taken = texts_of(arena, reply_item(reply, 2), &result->taken_count);
    } else {
        return false;
    }
    return true;
}

static void on_committed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct commit_call *call = context;
    struct commit_result result = {.outcome = COMMIT_FAILED, .fault = fault};
    struct diag diag;
    if (reply && failpoint("commit-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        result.fault = &diag;
    } else if (reply) {
        arena_reset(call->customers->answering);
        if (!read_result(reply, call->customers->answering, &result)) {
            reply_fault(reply, &diag);
            result.fault = &diag;
        }
    }
    call->callback(call->context, &result);
}

static void put_texts(struct arguments *arguments, const struct slice *texts, size_t count)
{
    arguments_number(arguments, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        arguments_bytes(arguments, texts[i].text, texts[i].length);
}

static void put_messages(struct arguments *arguments, const struct commit *commit)
{
    arguments_number(arguments, (int64_t)commit->message_count);
    for (size_t i = 0; i < commit->message_count; i++) {
        const struct commit_message *message = &commit->messages[i];
        arguments_text(arguments, message->mid);
        arguments_text(arguments, message->channel);
        arguments_text(arguments, message->class_);
        arguments_bytes(arguments, message->body, message->length);
        arguments_text(arguments, message->on_uncertain);
        arguments_number(arguments, message->give_up_ms);
    }
}

static void put_dead(struct arguments *arguments, const struct commit *commit)
{
    arguments_number(arguments, (int64_t)commit->dead_count);
    for (size_t i = 0; i < commit->dead_count; i++) {
        const struct commit_dead *letter = &commit->dead[i];
        arguments_text(arguments, letter->kind);
        arguments_text(arguments, letter->reason);
        arguments_text(arguments, letter->detail);
        arguments_bytes(arguments, letter->body, letter->length);
    }
}

/* In the order that commit.lua reads them. */
static struct arguments commit_arguments(struct customers *customers, const struct commit *commit)
{
    arena_reset(customers->asking);
    struct arguments arguments = arguments_begin(customers->asking, 64 + commit->id_count);
    arguments_text(&arguments, instance_consumer(customers->instance));
    arguments_text(&arguments, commit->customer);
    arguments_text(&arguments, commit->seen);
    arguments_text(&arguments, commit->version);
    arguments_bytes(&arguments, commit->document.text, commit->document.length);
    arguments_number(&arguments, commit->expire_ms);
    arguments_number(&arguments, commit->deadline_ms);
    arguments_texts(&arguments, commit->ids, commit->id_count);
    arguments_texts(&arguments, commit->free_hashes, commit->free_hash_count);
    arguments_texts(&arguments, commit->open_mids, commit->open_mid_count);
    put_messages(&arguments, commit);
    arguments_texts(&arguments, commit->cancels, commit->cancel_count);
    put_texts(&arguments, commit->emits, commit->emit_count);
    put_dead(&arguments, commit);
    put_texts(&arguments, commit->traces, commit->trace_count);
    return arguments;
}

void customers_commit(struct customers *customers, const struct commit *commit,
                      commit_callback *callback, void *context)
{
    struct commit_call *call = mem_alloc(sizeof *call);
    struct arguments arguments = commit_arguments(customers, commit);
    *call = (struct commit_call){.customers = customers, .callback = callback, .context = context};
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_committed, call);
    request.release = free;
    scripts_run(customers->scripts, SCRIPT_COMMIT, &request);
}
