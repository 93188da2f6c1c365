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

/* ---- Reading: TIME and MGET in one pipeline; the answer to TIME comes first, and is noted ---- */

struct read_call {
    struct customers *customers;
    size_t count, hash_count;
    bool has_time;
    int64_t now_ms;
    customers_on_read *callback;
    void *context;
};

static void finish_read(struct read_call *call, const struct reply *reply, const struct diag *fault)
{
    size_t all = call->count + call->hash_count;
    struct diag diag;
    bool whole =
        reply && call->has_time && (all == 0 || (reply->kind == REPLY_LIST && reply->count == all));
    if (!whole) {
        if (reply)
            reply_fault(reply, &diag);
        call->callback(call->context, reply ? &diag : fault, NULL);
        return;
    }
    arena_reset(call->customers->answering);
    struct slice *texts = arena_zero(call->customers->answering, (all + 1) * sizeof *texts);
    for (size_t i = 0; i < all; i++)
        texts[i] = (struct slice){reply_text(reply_item(reply, i)), reply_item(reply, i)->length};
    const struct customers_found found = {
        .documents = texts, .targets = texts + call->count, .now_ms = call->now_ms};
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
    }
    if (call->count + call->hash_count == 0)
        finish_read(call, reply, fault);
}

static void on_documents(void *context, const struct reply *reply, const struct diag *fault)
{
    finish_read(context, reply, fault);
}

static void send_mget(struct customers *customers, const struct customers_query *query,
                      struct read_call *call)
{
    const char *prefix = scripts_prefix(customers->scripts);
    arena_reset(customers->asking);
    struct arguments arguments =
        arguments_begin(customers->asking, query->count + query->hash_count + 1);
    arguments_text(&arguments, "MGET");
    for (size_t i = 0; i < query->count; i++)
        arguments_text(&arguments,
                       keys_spell(customers->asking, prefix, KEY_CUSTOMER, query->keys[i], NULL));
    for (size_t i = 0; i < query->hash_count; i++)
        arguments_text(&arguments,
                       keys_spell(customers->asking, prefix, KEY_TO, query->hashes[i], NULL));
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_documents, call);
    request.release = free;
    connection_send(scripts_connection(customers->scripts), &request);
}

void customers_read(struct customers *customers, const struct customers_query *query,
                    customers_on_read *callback, void *context)
{
    struct read_call *call = mem_alloc(sizeof *call);
    bool time_alone = query->count + query->hash_count == 0;
    struct connection_request time = {.argc = 1,
                                      .argv = (const char *const[]){"TIME"},
                                      .owner = &customers->owner,
                                      .callback = on_time,
                                      .context = call};
    *call = (struct read_call){.customers = customers,
                               .count = query->count,
                               .hash_count = query->hash_count,
                               .callback = callback,
                               .context = context};
    if (time_alone)
        time.release = free;
    connection_send(scripts_connection(customers->scripts), &time);
    if (!time_alone)
        send_mget(customers, query, call);
}

/* ---- Committing ---- */

struct commit_call {
    struct customers *customers;
    customers_on_commit *callback;
    void *context;
};

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
        if (!commit_read_result(call->customers->answering, reply, &result)) {
            reply_fault(reply, &diag);
            result.fault = &diag;
        }
    }
    call->callback(call->context, &result);
}

void customers_commit(struct customers *customers, const struct commit *commit,
                      customers_on_commit *callback, void *context)
{
    struct commit_call *call = mem_alloc(sizeof *call);
    arena_reset(customers->asking);
    struct arguments arguments =
        commit_arguments(customers->asking, instance_consumer(customers->instance), commit);
    *call = (struct commit_call){.customers = customers, .callback = callback, .context = context};
    struct connection_request request =
        arguments_request(&arguments, &customers->owner, on_committed, call);
    request.release = free;
    scripts_run(customers->scripts, SCRIPT_COMMIT, &request);
}
