#include "store/members.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

struct members {
    struct members_options options;
    char *name;
    struct connection_owner owner;
    struct event *timer;
    struct log_once told;
};

static void refuse(const struct members *members, int64_t there)
{
    struct diag diag;
    diag_error(&diag, "this installation has %" PRId64 " shards, `redis.shards` is %zu", there,
               members->options.shards);
    diag_hint(&diag, "the number of shards never changes");
    members->options.on_refused(members->options.context, &diag);
}

static void hear(const struct members *members, const struct reply *reply)
{
    const char **names = mem_zero(reply->count + 1, sizeof *names);
    for (size_t i = 0; i < reply->count; i++)
        names[i] = reply_item(reply, i)->text;
    members->options.on_heard(members->options.context, names, reply->count);
    free(names);
}

static void on_names(void *context, const struct reply *reply, const struct diag *fault)
{
    struct members *members = context;
    const struct timeval again = clock_timeval(clock_beat_ms());
    struct diag diag = {0};
    int64_t there;
    (void)fault; /* the connection tells why there is no answer */
    if (reply && reply_number(reply, &there)) {
        refuse(members, there);
        return;
    }
    event_add(members->timer, &again);
    if (reply && reply->kind == REPLY_LIST) {
        log_once_forget(&members->told);
        hear(members, reply);
    } else if (reply) {
        reply_fault(reply, &diag);
        if (log_once_is_news(&members->told, diag.text))
            log_warning("the daemons that share the shards are not known now: %s", diag.text);
    }
}

static void say(struct members *members, int64_t lease_ms, connection_callback *callback)
{
    struct arena *arena = arena_new(512);
    struct arguments arguments = arguments_begin(arena, 3);
    arguments_text(&arguments, members->name);
    arguments_number(&arguments, lease_ms);
    arguments_number(&arguments, (int64_t)members->options.shards);
    const struct connection_request request =
        arguments_request(&arguments, callback ? &members->owner : NULL, callback, members);
    scripts_run(members->options.scripts, SCRIPT_MEMBERS, &request);
    arena_destroy(&arena);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    say(context, MEMBERS_LEASE_MS, on_names);
}

struct members *members_new(const struct members_options *options)
{
    struct members *members = mem_zero(1, sizeof *members);
    members->options = *options;
    members->name = mem_text(options->name);
    members->timer = evtimer_new(options->base, on_timer, members);
    if (!members->timer)
        mem_exhausted();
    event_active(members->timer, EV_TIMEOUT, 0);
    return members;
}

void members_destroy(struct members **members)
{
    struct members *ended = *members;
    if (!ended)
        return;
    *members = NULL;
    connection_silence(&ended->owner);
    event_free(ended->timer);
    free(ended->name);
    free(ended);
}

void members_leave(struct members *members)
{
    connection_silence(&members->owner);
    event_del(members->timer);
    say(members, 0, NULL);
}
