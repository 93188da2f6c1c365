/*
 * WAITING (for the settings) -> SERVING -> DRAINING -> ENDED. What ends it: the daemon's word, the
 * daemon's end, SIGTERM.
 */
#include "web/service.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/ask.h"
#include "web/confine.h"
#include "web/listener.h"
#include "web/tls_front.h"
#include "web/web_site.h"

enum { LOOK_MS = 20 };
enum { DESCRIPTORS_BESIDES = 32 /* those that are no connections */, CONNECTIONS_LEAST = 8 };

enum service_state {
    SERVICE_WAITING, /* for the settings */
    SERVICE_SERVING,
    SERVICE_DRAINING, /* nobody new is taken; what was begun goes on */
    SERVICE_ENDED,
};

struct service {
    struct event_base *base;
    enum service_state state;
    int door, status;
    struct ask *ask;
    struct web_site *site;
    struct listener *listener;
    struct event *look, *signals[2];
};

static void end(struct service *service, int status)
{
    service->state = SERVICE_ENDED;
    service->status = status;
    event_base_loopbreak(service->base);
}

/* ---- The beginning ---- */

static void fail(struct service *service, const struct diags *diags)
{
    struct buf text;
    buf_init(&text, 16384);
    for (size_t i = 0; i < diags->count; i++) {
        if (i)
            buf_text(&text, "\n");
        diag_line(&diags->items[i], &text);
    }
    ask_fault(service->ask, buf_string(&text));
    buf_free(&text);
    end(service, EX_CONFIG);
}

/* Descriptors of one connection. */
static size_t descriptors_each(const struct service *service)
{
    return service->site->settings.tls.certificate_file ? TLS_FRONT_DESCRIPTORS : 1;
}

/* As many connections as there may be descriptors. */
static void fit_connections(struct service *service)
{
    struct web_limits *limits = &service->site->settings.limits;
    size_t each = descriptors_each(service);
    size_t wanted = (size_t)limits->connections * each + DESCRIPTORS_BESIDES;
    size_t had = confine_descriptors(wanted);
    if (had < wanted)
        limits->connections = had > DESCRIPTORS_BESIDES + CONNECTIONS_LEAST * each
                                  ? (int64_t)((had - DESCRIPTORS_BESIDES) / each)
                                  : CONNECTIONS_LEAST;
}

/* What it may ever need: bodies as they grow, libmicrohttpd's buffers and OpenSSL's, the program
 * itself. */
static bool confine_all(struct service *service, struct diags *diags)
{
    const struct web_limits *limits = &service->site->settings.limits;
    size_t each = descriptors_each(service);
    const struct confine_needs needs = {
        .descriptors = (size_t)limits->connections * each + DESCRIPTORS_BESIDES,
        .memory = ((uint64_t)1 << 30) + 8 * (uint64_t)limits->buffered +
                  (uint64_t)limits->connections * (4 * (uint64_t)limits->head + each * (64 << 10))};
    struct diag diag = {0};
    struct buf without;
    buf_init(&without, 1024);
    bool confined = confine(&needs, &without, &diag);
    if (confined)
        ask_ready(service->ask, buf_string(&without));
    else
        diags_add(diags, &diag);
    buf_free(&without);
    return confined;
}

static bool begin(struct service *service, struct slice settings, struct diags *diags)
{
    struct diag diag = {0};
    service->site = web_site_load(settings, service->ask, diags);
    if (!service->site)
        return false;
    fit_connections(service);
    const struct listener_options options = {
        .base = service->base, .fd = service->door, .site = service->site, .routes = web_routes};
    service->listener = listener_new(&options, &diag);
    if (!service->listener)
        diags_add(diags, &diag);
    return service->listener != NULL;
}

static void take_settings(struct service *service, struct slice settings)
{
    struct diags diags = {0};
    if (service->state != SERVICE_WAITING)
        return;
    if (begin(service, settings, &diags) && confine_all(service, &diags)) {
        service->state = SERVICE_SERVING;
        listener_start(service->listener);
    } else {
        fail(service, &diags);
    }
    diags_free(&diags);
}

/* ---- The end ---- */

static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct service *service = context;
    const struct timeval next = clock_timeval(LOOK_MS);
    if (listener_busy(service->listener) || ask_busy(service->ask))
        event_add(service->look, &next);
    else
        end(service, EXIT_SUCCESS);
}

static void drain(struct service *service)
{
    if (service->state == SERVICE_WAITING) {
        end(service, EXIT_SUCCESS);
    } else if (service->state == SERVICE_SERVING) {
        service->state = SERVICE_DRAINING;
        listener_drain(service->listener);
        event_active(service->look, EV_TIMEOUT, 0);
    }
}

static void on_news(void *context, enum ask_news news, struct slice text)
{
    struct service *service = context;
    if (news == ASK_NEWS_SETTINGS)
        take_settings(service, text);
    else if (news == ASK_NEWS_DRAIN || service->state == SERVICE_SERVING)
        drain(service);
    else if (service->state == SERVICE_WAITING)
        end(service, EX_UNAVAILABLE);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)number, (void)what;
    drain(context);
}

/* ---- The object ---- */

static void build(struct service *service, const struct service_options *options)
{
    const int numbers[] = {SIGTERM, SIGINT};
    service->base = event_base_new();
    if (!service->base)
        mem_exhausted();
    service->look = event_new(service->base, -1, 0, on_look, service);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        service->signals[i] =
            event_new(service->base, numbers[i], EV_SIGNAL | EV_PERSIST, on_signal, service);
        if (!service->look || !service->signals[i])
            mem_exhausted();
        event_add(service->signals[i], NULL);
    }
    service->ask = ask_new(&(struct ask_options){
        .base = service->base, .fd = options->daemon, .on_news = on_news, .context = service});
}

static void tear_down(struct service *service)
{
    ask_flush(service->ask);
    listener_destroy(&service->listener);
    web_site_destroy(&service->site);
    ask_destroy(&service->ask);
    for (size_t i = 0; i < sizeof service->signals / sizeof *service->signals; i++)
        event_free(service->signals[i]);
    event_free(service->look);
    event_base_free(service->base);
}

int service_run(const struct service_options *options)
{
    struct service service = {.door = options->door};
    signal(SIGPIPE, SIG_IGN);
    build(&service, options);
    event_base_dispatch(service.base);
    tear_down(&service);
    return service.status;
}
