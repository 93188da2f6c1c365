#include "store/members.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

struct members {
    struct scripts *scripts;
    char *name;
    members_on_heard *on_heard;
    void *context;
    struct connection_owner owner;
    struct event *timer;
    struct log_once told;
};

static void on_names(void *context, const struct reply *reply, const struct diag *fault)
{
    struct members *members = context;
    const struct timeval again = clock_timeval(clock_beat_ms());
    struct diag diag = {0};
    event_add(members->timer, &again);
    if (!reply)
        return; /* the connection tells why */
    (void)fault;
    if (reply->kind != REPLY_LIST) {
        reply_fault(reply, &diag);
        if (log_once_is_news(&members->told, diag.text))
            log_warning("the daemons that share the shards are not known now: %s", diag.text);
        return;
    }
    log_once_forget(&members->told);
    const char **names = mem_zero(reply->count + 1, sizeof *names);
    for (size_t i = 0; i < reply->count; i++)
        names[i] = reply_item(reply, i)->text;
    members->on_heard(members->context, names, reply->count);
    free(names);
}

static void say(struct members *members, int64_t lease_ms, connection_callback *callback)
{
    struct arena *arena = arena_new(512);
    struct arguments arguments = arguments_begin(arena, 2);
    arguments_text(&arguments, members->name);
    arguments_number(&arguments, lease_ms);
    const struct connection_request request =
        arguments_request(&arguments, callback ? &members->owner : NULL, callback, members);
    scripts_run(members->scripts, SCRIPT_MEMBERS, &request);
    arena_destroy(&arena);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    say(context, MEMBERS_LEASE_MS, on_names);
}

struct members *members_new(struct event_base *base, struct scripts *scripts, const char *name,
                            members_on_heard *on_heard, void *context)
{
    struct members *members = mem_zero(1, sizeof *members);
    members->scripts = scripts;
    members->name = mem_text(name);
    members->on_heard = on_heard;
    members->context = context;
    members->timer = evtimer_new(base, on_timer, members);
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
