#include "redis/sentinel_watch.h"

#include <stdlib.h>

#include "base/mem.h"
#include "redis/server_link.h"

struct sentinel_watch {
    struct event_base *base;
    const struct endpoint *endpoint;
    sentinel_watch_on_news *on_news;
    void *context;
    struct server_link *link; /* NULL: it was lost */
    struct server_link_holder holder;
};

/* Also when it is refused: what is not told is learnt as ever. */
static void on_subscribed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct sentinel_watch *watch = context;
    (void)fault;
    if (reply)
        watch->on_news(watch->context, true);
}

static void on_state(void *context, bool ready, const char *reason)
{
    static const char *const argv[] = {"SUBSCRIBE", "+switch-master"};
    const struct connection_request request = {
        .argc = 2, .argv = argv, .callback = on_subscribed, .context = context};
    struct sentinel_watch *watch = context;
    (void)reason; /* who asks next hears it */
    if (!ready) {
        server_link_destroy(&watch->link);
        watch->on_news(watch->context, false);
        return;
    }
    struct connection_call *call = connection_call_new(&request);
    if (!server_link_send(watch->link, &request, call)) /* the first always fits */
        connection_call_free(call);
}

static void on_message(void *context, const struct reply *reply)
{
    struct sentinel_watch *watch = context;
    (void)reply;
    watch->on_news(watch->context, true);
}

struct sentinel_watch *sentinel_watch_new(struct event_base *base, const struct endpoint *endpoint,
                                          sentinel_watch_on_news *on_news, void *context)
{
    struct sentinel_watch *watch = mem_zero(1, sizeof *watch);
    watch->base = base;
    watch->endpoint = endpoint;
    watch->on_news = on_news;
    watch->context = context;
    return watch;
}

void sentinel_watch_destroy(struct sentinel_watch **watch)
{
    if (!*watch)
        return;
    server_link_destroy(&(*watch)->link);
    free(*watch);
    *watch = NULL;
}

void sentinel_watch_listen(struct sentinel_watch *watch, const struct endpoint_seed *sentinel)
{
    if (watch->link)
        return;
    watch->link = server_link_new(
        &(struct server_link_options){.base = watch->base,
                                      .endpoint = endpoint_asked(watch->endpoint, sentinel),
                                      .name = "nudged:switches",
                                      .on_message = on_message,
                                      .context = watch});
    watch->holder = (struct server_link_holder){.on_state = on_state, .context = watch};
    server_link_attach(watch->link, &watch->holder);
}
