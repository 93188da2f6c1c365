#include "redis/witness.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "redis/server_link.h"

enum { WORD_MOST_MS = 2000 /* connecting included */ };

struct witness {
    struct server_link *link;
    struct server_link_holder holder;
    struct event *late;
    char slot[8];
    witness_on_word *on_word; /* NULL: it came */
    void *context;
};

static void say(struct witness *witness, int64_t count, const char *reason)
{
    witness_on_word *on_word = witness->on_word;
    witness->on_word = NULL;
    if (on_word)
        on_word(witness->context, count, reason);
}

static void on_count(void *context, const struct reply *reply, const struct diag *fault)
{
    (void)fault;
    if (reply && reply->kind == REPLY_INTEGER)
        say(context, reply->integer, NULL);
    else if (reply)
        say(context, -1, reply->text);
}

static void on_state(void *context, bool ready, const char *reason)
{
    struct witness *witness = context;
    const char *const argv[] = {"CLUSTER", "COUNTKEYSINSLOT", witness->slot};
    const struct connection_request request = {
        .argc = 3, .argv = argv, .callback = on_count, .context = witness};
    if (!ready) {
        say(witness, -1, reason);
        return;
    }
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(witness->link, &request, call)) /* the first always fits */
        connection_call_free(call);
}

static void on_late(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    say(context, -1, "it does not answer");
}

struct witness *witness_new(const struct witness_options *options)
{
    struct witness *witness = mem_zero(1, sizeof *witness);
    struct timeval after = clock_timeval(WORD_MOST_MS);
    snprintf(witness->slot, sizeof witness->slot, "%d", options->slot);
    witness->on_word = options->on_word;
    witness->context = options->context;
    witness->late = evtimer_new(options->base, on_late, witness);
    if (!witness->late)
        mem_exhausted();
    evtimer_add(witness->late, &after);
    witness->link = server_link_new(
        &(struct server_link_options){.base = options->base,
                                      .endpoint = endpoint_asked(options->endpoint, options->where),
                                      .name = "nudged:topology"});
    witness->holder = (struct server_link_holder){.on_state = on_state, .context = witness};
    server_link_attach(witness->link, &witness->holder);
    return witness;
}

void witness_destroy(struct witness **witness)
{
    struct witness *ended = *witness;
    if (!ended)
        return;
    *witness = NULL;
    server_link_destroy(&ended->link);
    event_free(ended->late);
    free(ended);
}
