/*
 * A nudged-web is a `guest`:
 *
 *   STARTING -> SERVING -> DRAINING -> GONE
 *           \-> GONE
 *
 * There is one that serves, at a reload one that starts beside it, and former ones that drain; when
 * the one that starts is ready, the one that served drains. A guest without a process came over
 * `web.socket`: systemd started it, and will do so again when it has ended.
 */
#include "host/host.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "host/host_append.h"
#include "host/host_door.h"
#include "host/host_figures.h"
#include "host/host_process.h"
#include "host/host_questions.h"
#include "redis/backoff.h"
#include "web/web_site.h"

enum {
    LONG_LIFE_MS = 60000,
    GUESTS_MOST = 8,
    WATCH_MS = 1000,
    START_MS = 30000,  /* until it must be ready */
    SILENT_MS = 30000, /* it says something each second */
    SOON_MS = 3000,
    DRAIN_MS = 30000, /* above what a request may take */
};

enum guest_state {
    GUEST_STARTING, /* it reads what it was told, and confines itself */
    GUEST_SERVING,
    GUEST_DRAINING, /* it takes nobody any more */
    GUEST_GONE,     /* to be freed */
};

struct guest {
    struct guest *next;
    struct host *host;
    enum guest_state state;
    int64_t begun_ms, heard_ms, drained_ms;
    bool suspect;                 /* it hung at the last look */
    struct host_process *process; /* NULL: systemd's */
    struct host_channel *channel;
    struct host_append *append;
    struct host_questions *questions;
};

struct host {
    struct host_options options;
    struct guest *first;
    int door;                      /* the public socket; -1: systemd has it */
    struct evconnlistener *socket; /* web.socket */
    struct event *again, *sweep;   /* the next start; frees who is gone */
    struct event *watch;           /* ends who hangs */
    struct backoff backoff;
    bool draining;
};

static const struct config *config_now(const struct host *host)
{
    return host->options.generation(host->options.context)->config;
}

/* ---- Guests ---- */

static struct guest *find(const struct host *host, enum guest_state state)
{
    struct guest *guest = host->first;
    while (guest && guest->state != state)
        guest = guest->next;
    return guest;
}

static void free_guest(struct guest *guest)
{
    host_append_destroy(&guest->append);
    host_questions_destroy(&guest->questions);
    host_channel_destroy(&guest->channel);
    host_process_destroy(&guest->process);
    free(guest);
}

static void start_again(struct host *host, int64_t ms)
{
    const struct timeval after = clock_timeval(ms);
    if (!host->draining && host->door >= 0)
        event_add(host->again, &after);
}

static void tell_serving(const struct host *host)
{
    metrics_set(METRIC_WEB_UP, find(host, GUEST_SERVING) != NULL);
}

static void send_word(struct guest *guest, enum wire_kind kind)
{
    host_channel_send(guest->channel, wire_begin(host_channel_out(guest->channel), kind, 0));
}

static void drain(struct guest *guest)
{
    if (guest->state == GUEST_STARTING || guest->state == GUEST_SERVING) {
        guest->state = GUEST_DRAINING;
        guest->drained_ms = clock_monotonic_ms();
        send_word(guest, WIRE_DRAIN);
    }
}

/* One that was started and is not wanted any more ends quietly; any other is missed. */
static void lose(struct guest *guest, const struct diag *how)
{
    struct host *host = guest->host;
    bool wanted = guest->state == GUEST_STARTING || guest->state == GUEST_SERVING;
    if (guest->state == GUEST_GONE)
        return;
    guest->state = GUEST_GONE;
    event_active(host->sweep, EV_TIMEOUT, 0);
    tell_serving(host);
    if (!wanted)
        return;
    if (how)
        log_diag(how);
    else
        log_warning("nudged-web has left");
    if (clock_monotonic_ms() - guest->begun_ms >= LONG_LIFE_MS)
        backoff_reset(&host->backoff);
    if (guest->process)
        start_again(host, backoff_next(&host->backoff));
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct host *host = context;
    struct guest **at = &host->first;
    while (*at) {
        struct guest *guest = *at;
        if (guest->state == GUEST_GONE) {
            *at = guest->next;
            free_guest(guest);
        } else {
            at = &guest->next;
        }
    }
}

/* What it hangs in; NULL: nothing. */
static const char *find_trouble(const struct guest *guest, int64_t now_ms)
{
    int64_t request_ms = config_now(guest->host)->keys.web.limits.request_ms;
    if (guest->state == GUEST_STARTING && now_ms - guest->begun_ms > START_MS)
        return "does not come up";
    if (guest->state == GUEST_DRAINING && now_ms - guest->drained_ms > request_ms + DRAIN_MS)
        return "does not end";
    int64_t silent_ms = failpoint("web-silent") ? SOON_MS : SILENT_MS;
    return now_ms - guest->heard_ms > silent_ms ? "says nothing any more" : NULL;
}

/* Twice in a row: what this very loop was late to read counts as heard. */
static void on_watch(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct host *host = context;
    for (struct guest *guest = host->first; guest; guest = guest->next) {
        const char *trouble =
            guest->state == GUEST_GONE ? NULL : find_trouble(guest, clock_monotonic_ms());
        if (trouble && guest->suspect) {
            struct diag diag;
            diag_error(&diag, "nudged-web %s, and is ended", trouble);
            lose(guest, &diag);
        }
        guest->suspect = trouble != NULL;
    }
}

/* ---- What a guest says ---- */

static bool greet(struct guest *guest, struct wire_frame *frame)
{
    if (wire_read_number(frame) != WIRE_PROTOCOL || !wire_read_all(frame)) {
        log_error("nudged-web is of another release than nudged");
        return false;
    }
    struct buf *out = host_channel_out(guest->channel);
    size_t begun = wire_begin(out, WIRE_SETTINGS, 0);
    wire_text(out, slice_of(config_now(guest->host)->web_text));
    return host_channel_send(guest->channel, begun);
}

/* It serves: whoever did so before ends. */
static bool take_ready(struct guest *guest, struct wire_frame *frame)
{
    struct host *host = guest->host;
    const struct slice without = wire_read_text(frame);
    if (!wire_read_all(frame))
        return false;
    if (guest->state != GUEST_STARTING)
        return guest->state == GUEST_DRAINING;
    for (struct guest *other = host->first; other; other = other->next)
        if (other != guest && other->process)
            drain(other);
    guest->state = GUEST_SERVING;
    tell_serving(host);
    log_info("nudged-web takes requests");
    if (without.length)
        log_warning("nudged-web is not confined by all that it should be; this kernel lacks %.*s",
                    (int)without.length, without.text);
    return true;
}

static bool take_fault(struct wire_frame *frame)
{
    const struct slice text = wire_read_text(frame);
    log_error("nudged-web cannot serve: %.*s", (int)text.length, text.text);
    return wire_read_all(frame);
}

static bool on_frame(void *context, struct wire_frame *frame)
{
    struct guest *guest = context;
    guest->heard_ms = clock_monotonic_ms();
    switch (frame->kind) {
    case WIRE_HELLO:
        return greet(guest, frame);
    case WIRE_READY:
        return take_ready(guest, frame);
    case WIRE_FAULT:
        return take_fault(frame);
    case WIRE_APPEND:
        return host_append_take(guest->append, frame);
    case WIRE_QUESTION:
        return host_questions_take(guest->questions, frame);
    case WIRE_REQUESTS:
    case WIRE_REFUSED:
    case WIRE_OPEN:
        return host_figures_take(frame, guest->host->options.log_group);
    default:
        return false;
    }
}

static void on_channel_end(void *context)
{
    struct guest *guest = context;
    if (!guest->process)
        lose(guest, NULL);
}

static void on_process_end(void *context, const struct diag *how)
{
    lose(context, how);
}

/* ---- A new guest ---- */

static const char *const *key_paths(void *context)
{
    return config_now(context)->customer_keys;
}

static const struct web_settings *web_settings_now(void *context)
{
    return &config_now(context)->keys.web;
}

static struct routes routes_of(const struct host *host)
{
    struct routes routes = host->options.routes;
    routes.only = host->options.scripts;
    return routes;
}

static void seat(struct guest *guest, int channel)
{
    struct host *host = guest->host;
    const struct host_options *options = &host->options;
    guest->channel = host_channel_new(&(struct host_channel_options){.base = options->base,
                                                                     .fd = channel,
                                                                     .on_frame = on_frame,
                                                                     .on_end = on_channel_end,
                                                                     .context = guest});
    guest->append = host_append_new(&(struct host_append_options){.base = host->options.base,
                                                                  .routes = routes_of(host),
                                                                  .channel = guest->channel,
                                                                  .key_paths = key_paths,
                                                                  .settings = web_settings_now,
                                                                  .context = host});
    guest->questions =
        host_questions_new(&(struct host_question_options){.base = options->base,
                                                           .scripts = options->scripts,
                                                           .routes = routes_of(host),
                                                           .channel = guest->channel,
                                                           .generation = options->generation,
                                                           .context = options->context});
    guest->next = host->first;
    host->first = guest;
}

static struct guest *new_guest(struct host *host)
{
    struct guest *guest = mem_zero(1, sizeof *guest);
    guest->host = host;
    guest->begun_ms = guest->heard_ms = clock_monotonic_ms();
    return guest;
}

static size_t count_guests(const struct host *host)
{
    size_t count = 0;
    for (const struct guest *guest = host->first; guest; guest = guest->next)
        count += guest->state != GUEST_GONE;
    return count;
}

static void start(struct host *host)
{
    struct guest *guest = new_guest(host);
    struct diag diag;
    int channel;
    guest->process =
        host_process_start(host->options.base, host->door, &channel, on_process_end, guest, &diag);
    if (guest->process) {
        seat(guest, channel);
        return;
    }
    log_diag(&diag);
    free(guest);
    start_again(host, backoff_next(&host->backoff));
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct host *host = context;
    if (count_guests(host) < GUESTS_MOST)
        start(host);
    else
        start_again(host, backoff_next(&host->backoff));
}

static void on_visitor(struct evconnlistener *socket, evutil_socket_t fd, struct sockaddr *address,
                       int length, void *context)
{
    (void)socket, (void)address, (void)length;
    struct host *host = context;
    if (count_guests(host) < GUESTS_MOST)
        seat(new_guest(host), fd);
    else
        close(fd);
}

/* ---- The outside ---- */

bool host_check(const struct config *config, struct diags *diags)
{
    if (!config->keys.web.listen)
        return true; /* of a unit of its own only that can read them */
    struct web_site *site = web_site_load(slice_of(config->web_text), NULL, diags);
    bool right = site != NULL;
    web_site_destroy(&site);
    return right;
}

void host_reload(struct host *host)
{
    struct guest *starting;
    if (!host || host->draining)
        return;
    while ((starting = find(host, GUEST_STARTING)))
        drain(starting);
    for (struct guest *guest = host->first; guest; guest = guest->next)
        if (!guest->process)
            drain(guest);
    start_again(host, 0);
}

void host_drain(struct host *host)
{
    if (!host || host->draining)
        return;
    host->draining = true;
    event_del(host->again);
    if (host->socket)
        evconnlistener_disable(host->socket);
    for (struct guest *guest = host->first; guest; guest = guest->next)
        drain(guest);
}

void host_cut(struct host *host)
{
    for (struct guest *guest = host ? host->first : NULL; guest; guest = guest->next)
        guest->state = GUEST_GONE;
    if (host)
        on_sweep(-1, 0, host);
}

bool host_busy(const struct host *host)
{
    return host && count_guests(host) > 0;
}

static bool open_doors(struct host *host, struct diag *diag)
{
    const struct web_settings *web = &config_now(host)->keys.web;
    char where[SOCKET_PLACE_SIZE];
    if (web->listen) {
        host->door = host_door_open(web->listen, where, diag);
        if (host->door >= 0)
            log_info("the web is listened to at %s", where);
        return host->door >= 0;
    }
    int fd = host_door_open_path(web->socket, diag);
    if (fd < 0)
        return false;
    host->socket = evconnlistener_new(host->options.base, on_visitor, host,
                                      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!host->socket)
        mem_exhausted();
    return true;
}

struct host *host_new(const struct host_options *options, bool *failed, struct diag *diag)
{
    struct host *host = mem_zero(1, sizeof *host);
    host->options = *options;
    host->door = -1;
    const struct web_settings *web = &config_now(host)->keys.web;
    *failed = false;
    if (!web->listen && !web->socket) {
        free(host);
        return NULL;
    }
    metrics_set(METRIC_WEB_CONFIGURED, 1);
    host->again = event_new(options->base, -1, 0, on_again, host);
    host->sweep = event_new(options->base, -1, 0, on_sweep, host);
    host->watch = event_new(options->base, -1, EV_PERSIST, on_watch, host);
    if (!host->again || !host->sweep || !host->watch)
        mem_exhausted();
    const struct timeval watch = clock_timeval(WATCH_MS);
    event_add(host->watch, &watch);
    if (!open_doors(host, diag)) {
        *failed = true;
        host_destroy(&host);
        return NULL;
    }
    start_again(host, 0);
    return host;
}

void host_destroy(struct host **host)
{
    struct host *ended = *host;
    if (!ended)
        return;
    host_cut(ended);
    *host = NULL;
    if (ended->socket) {
        unlink(config_now(ended)->keys.web.socket);
        evconnlistener_free(ended->socket);
    }
    if (ended->door >= 0)
        close(ended->door);
    event_free(ended->again);
    event_free(ended->sweep);
    event_free(ended->watch);
    free(ended);
}
