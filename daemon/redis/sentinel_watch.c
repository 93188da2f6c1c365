#include "redis/sentinel_watch.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "redis/server_link.h"

enum {
    LISTENED_MOST = 16,
    AGAIN_MS = 10000, /* after one was lost: it may be there again */
};

/* A Sentinel that is listened to, or is about to be: its link is lost with it. */
struct listened {
    struct sentinel_watch *watch;
    struct endpoint_seed sentinel; /* its host is ours */
    struct server_link *link;
    struct server_link_holder holder;
    bool heard;
};

struct sentinel_watch {
    struct event_base *base;
    const struct endpoint *endpoint;
    sentinel_watch_on_news *on_news;
    void *context;
    struct event *again;
    struct listened *listened[LISTENED_MOST];
    size_t count;
};

static bool hears(const struct sentinel_watch *watch)
{
    size_t i = 0;
    while (i < watch->count && !watch->listened[i]->heard)
        i++;
    return i < watch->count;
}

static void end(struct listened *ended)
{
    server_link_destroy(&ended->link);
    free((char *)(uintptr_t)ended->sentinel.host);
    free(ended);
}

static void lose(struct listened *lost)
{
    const struct timeval later = clock_timeval(AGAIN_MS);
    struct sentinel_watch *watch = lost->watch;
    size_t at = 0;
    while (watch->listened[at] != lost)
        at++;
    watch->listened[at] = watch->listened[--watch->count];
    end(lost);
    if (hears(watch))
        evtimer_add(watch->again, &later);
    else
        watch->on_news(watch->context, false);
}

static void on_again(evutil_socket_t fd, short events, void *context)
{
    struct sentinel_watch *watch = context;
    (void)fd, (void)events;
    watch->on_news(watch->context, true);
}

/* Also when it is refused: what is not told is learnt as ever. */
static void on_subscribed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct listened *listened = context;
    struct sentinel_watch *watch = listened->watch;
    (void)fault;
    if (!reply)
        return;
    listened->heard = true;
    watch->on_news(watch->context, true);
}

static void on_state(void *context, bool ready, const char *reason)
{
    static const char *const argv[] = {"SUBSCRIBE", "+switch-master"};
    const struct connection_request request = {
        .argc = 2, .argv = argv, .callback = on_subscribed, .context = context};
    struct listened *listened = context;
    (void)reason; /* who asks next hears it */
    if (!ready) {
        lose(listened);
        return;
    }
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(listened->link, &request, call)) /* the first always fits */
        connection_call_free(call);
}

static void on_message(void *context, const struct reply *reply)
{
    const struct listened *listened = context;
    (void)reply;
    listened->watch->on_news(listened->watch->context, true);
}

struct sentinel_watch *sentinel_watch_new(struct event_base *base, const struct endpoint *endpoint,
                                          sentinel_watch_on_news *on_news, void *context)
{
    struct sentinel_watch *watch = mem_zero(1, sizeof *watch);
    watch->base = base;
    watch->endpoint = endpoint;
    watch->on_news = on_news;
    watch->context = context;
    watch->again = evtimer_new(base, on_again, watch);
    if (!watch->again)
        mem_exhausted();
    return watch;
}

void sentinel_watch_destroy(struct sentinel_watch **watch)
{
    if (!*watch)
        return;
    for (size_t i = 0; i < (*watch)->count; i++)
        end((*watch)->listened[i]);
    event_free((*watch)->again);
    free(*watch);
    *watch = NULL;
}

static bool is_listened_to(const struct sentinel_watch *watch, const struct endpoint_seed *sentinel)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct endpoint_seed *known = &watch->listened[i]->sentinel;
        if (known->port == sentinel->port && strcmp(known->host, sentinel->host) == 0)
            return true;
    }
    return false;
}

static void listen_to(struct sentinel_watch *watch, const struct endpoint_seed *sentinel)
{
    struct listened *listened = mem_zero(1, sizeof *listened);
    listened->watch = watch;
    listened->sentinel = (struct endpoint_seed){mem_text(sentinel->host), sentinel->port};
    listened->link = server_link_new(
        &(struct server_link_options){.base = watch->base,
                                      .endpoint = endpoint_asked(watch->endpoint, sentinel),
                                      .name = "nudged:switches",
                                      .on_message = on_message,
                                      .context = listened});
    listened->holder = (struct server_link_holder){.on_state = on_state, .context = listened};
    watch->listened[watch->count++] = listened;
    server_link_attach(listened->link, &listened->holder);
}

void sentinel_watch_listen(struct sentinel_watch *watch, const struct endpoint_seed *sentinels,
                           size_t count)
{
    for (size_t i = 0; i < count && watch->count < LISTENED_MOST; i++)
        if (!is_listened_to(watch, &sentinels[i]))
            listen_to(watch, &sentinels[i]);
}
