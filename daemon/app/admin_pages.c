/*
 * A page is a serve_… function and its row in `routes`, or in `port_routes` for the port of
 * figures, which says less. What the daemon is like it asks of the app each time (look).
 */
#include "app/admin_pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/figures.h"
#include "app/rule_counts.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "serve/admin.h"
#include "serve/admin_http.h"
#include "serve/loopback.h"

struct admin_pages {
    struct admin_pages_options options;
    struct admin *admin;
    struct admin_http *port;         /* NULL: none */
    char listens[SOCKET_PLACE_SIZE]; /* where; "": nowhere */
};

static struct admin_pages_view look(const struct admin_pages *pages)
{
    return pages->options.look(pages->options.context);
}

/* Why there is no lease, or nothing new comes in. */
static void tell_refusal(const struct admin_pages_view *view, struct buf *out)
{
    if (view->workers.refused)
        buf_printf(out, "degraded: Redis refuses: %s\n", view->workers.refused);
}

static void serve_health(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    (void)request;
    const struct admin_pages_view view = look(context);
    int64_t now_ms = clock_monotonic_ms();
    size_t count;
    const struct wrong_key *key = workers_wrong_key(view.all, now_ms, 0);
    reply->status = view.working ? 200 : 503;
    bool degraded = key || view.archive_lost.count || view.workers.refused;
    if (!view.working || !degraded)
        buf_printf(&reply->body, "%s\n", view.working ? "ok" : view.state);
    if (view.workers.denied)
        buf_printf(&reply->body, "degraded: Redis denies this daemon's user %s\n",
                   view.workers.denied);
    tell_refusal(&view, &reply->body);
    for (size_t i = 1; view.working && key; i++) {
        buf_printf(&reply->body, "degraded: %s %s\n", key->name, key->what);
        key = workers_wrong_key(view.all, now_ms, i);
    }
    if (view.working && view.archive_lost.count) {
        buf_text(&reply->body, "degraded: ");
        archive_lost_text(&view.archive_lost, &reply->body);
        buf_char(&reply->body, '\n');
    }
    if (view.working && view.workers.sum.full)
        buf_printf(&reply->body, "outbox-full: sends of %" PRId64 " customers wait for room\n",
                   view.workers.sum.full);
    const struct paused *halted = halted_rules(view.workers.halted, &count);
    for (size_t i = 0; view.working && i < count; i++)
        if (strcmp(halted[i].by, "brake") == 0)
            buf_printf(&reply->body, "brake: policy.brake has paused the rule %s\n",
                       halted[i].name);
    if (view.working && view.workers.sum.behind)
        buf_text(&reply->body, "behind: marketing waits for events that came before it\n");
}

/* [{"rule":"news","by":"brake"}] */
static void put_halted(const struct admin_pages_view *view, struct buf *out)
{
    size_t count;
    const struct paused *rules = halted_rules(view->workers.halted, &count);
    buf_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i ? ",{\"rule\":" : "{\"rule\":");
        json_print_string(out, rules[i].name, strlen(rules[i].name));
        buf_text(out, ",\"by\":");
        json_print_string(out, rules[i].by, strlen(rules[i].by));
        buf_text(out, "}");
    }
    buf_text(out, "]");
}

/* ["nudged:due is a string, not a zset"] */
static void put_wrong_keys(const struct admin_pages_view *view, struct buf *out)
{
    int64_t now_ms = clock_monotonic_ms();
    const struct wrong_key *key;
    buf_text(out, "[");
    for (size_t i = 0; (key = workers_wrong_key(view->all, now_ms, i)); i++) {
        char text[sizeof key->name + sizeof key->what + 1];
        int length = snprintf(text, sizeof text, "%s %s", key->name, key->what);
        buf_text(out, i ? "," : "");
        json_print_string(out, text, (size_t)length);
    }
    buf_text(out, "]");
}

/* ,"redis_refuses":"OOM command not allowed …"; nothing where it takes writes. */
static void put_refusal(const struct admin_pages_view *view, struct buf *out)
{
    const char *refused = view->workers.refused;
    if (!refused)
        return;
    buf_text(out, ",\"redis_refuses\":");
    json_print_string(out, refused, strlen(refused));
}

/* ,"config":"/etc/nudged/nudged.yaml"; nothing where there is no file. */
static void put_config(const struct admin_pages_view *view, struct buf *out)
{
    char *whole = realpath(view->generation->config->file, NULL);
    if (whole) {
        buf_text(out, ",\"config\":");
        json_print_string(out, whole, strlen(whole));
    }
    free(whole);
}

/* {"rules":2,"behind":0,"scan":{"keys":52000,"customers":40000}}; `scan` where it goes on. */
static void put_clocks(const struct sweeper_view *clocks, struct buf *out)
{
    buf_printf(out, "{\"rules\":%zu,\"behind\":%zu", clocks->rules, clocks->behind);
    if (clocks->state == CLOCKS_SCAN)
        buf_printf(out, ",\"scan\":{\"keys\":%" PRId64 ",\"customers\":%" PRId64 "}", clocks->keys,
                   clocks->customers);
    buf_text(out, "}");
}

static void serve_status(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    (void)request;
    const struct admin_pages_view view = look(context);
    int64_t dead = metrics_read(METRIC_EVENTS_DEAD) + metrics_read(METRIC_TIMERS_DEAD) +
                   metrics_read(METRIC_MESSAGES_DEAD);
    reply->type = "application/json";
    buf_printf(
        &reply->body,
        "{\"state\":\"%s\",\"instance\":\"%s\",\"redis\":%s,\"rules\":%zu,"
        "\"outbox\":%" PRId64 ",\"later\":%" PRId64 ",\"full\":%" PRId64 ",\"held\":%" PRId64
        ",\"decided\":%" PRId64 ",\"sent\":%" PRId64 ",\"refused\":%" PRId64 ",\"dead\":%" PRId64
        ",\"uncertain\":%" PRId64 ",\"paused\":%" PRId64 ",\"behind\":%zu,\"gateways\":[",
        view.state, view.workers.instance, view.workers.redis ? "true" : "false", view.rules,
        view.workers.sum.outbox, view.workers.sum.later, view.workers.sum.full,
        view.workers.sum.uncertain, metrics_read(METRIC_EVENTS_DECIDED),
        metrics_read(METRIC_MESSAGES_SENT), metrics_read(METRIC_MESSAGES_REFUSED), dead,
        metrics_read(METRIC_MESSAGES_UNCERTAIN), view.workers.sum.paused, view.workers.sum.behind);
    gateways_status(view.gateways, &reply->body);
    buf_text(&reply->body, "],\"paused_rules\":");
    put_halted(&view, &reply->body);
    buf_text(&reply->body, ",\"clocks\":");
    put_clocks(&view.workers.sum.clocks, &reply->body);
    buf_text(&reply->body, ",\"wrong_keys\":");
    put_wrong_keys(&view, &reply->body);
    put_refusal(&view, &reply->body);
    put_config(&view, &reply->body);
    buf_printf(&reply->body, ",\"metrics\":\"%s\"", ((const struct admin_pages *)context)->listens);
    buf_text(&reply->body, ",");
    archive_lost_write(&view.archive_lost, &reply->body);
    buf_text(&reply->body, ",");
    rule_counts_write(&reply->body);
    buf_text(&reply->body, ",");
    pulse_write(view.pulse, &reply->body);
    buf_text(&reply->body, "}\n");
}

struct reload_asker {
    const struct admin_pages *pages;
    struct admin_later *later;
};

static void on_reloaded(void *context, bool good, const struct buf *told)
{
    struct reload_asker *asker = context;
    struct admin_reply *reply = admin_later_reply(asker->later);
    buf_add(&reply->body, told->data, told->length);
    if (good) {
        size_t rules = look(asker->pages).rules;
        buf_printf(&reply->body, "reloaded, %zu rule%s\n", rules, rules == 1 ? "" : "s");
    } else {
        reply->status = 409;
    }
    admin_later_send(asker->later);
    free(asker);
}

static void serve_reload(void *context, const struct admin_request *request,
                         struct admin_reply *reply)
{
    const struct admin_pages *pages = context;
    struct reload_asker *asker = mem_alloc(sizeof *asker);
    (void)request;
    *asker = (struct reload_asker){pages, admin_later(reply)};
    pages->options.reload(pages->options.context, on_reloaded, asker);
}

static void serve_stop(void *context, const struct admin_request *request,
                       struct admin_reply *reply)
{
    (void)request;
    const struct admin_pages *pages = context;
    buf_text(&reply->body, "stopping\n");
    pages->options.stop(pages->options.context);
}

static void serve_metrics(void *context, const struct admin_request *request,
                          struct admin_reply *reply)
{
    const struct admin_pages_view view = look(context);
    figures_look(&view);
    admin_metrics(NULL, request, reply);
}

/* Whether it is of use to wait for it: a load balancer, a rolling change. */
static void serve_ready(void *context, const struct admin_request *request,
                        struct admin_reply *reply)
{
    (void)request;
    const struct admin_pages_view view = look(context);
    reply->status = view.working ? 200 : 503;
    buf_printf(&reply->body, "%s\n",
               view.working                         ? "ok"
               : strcmp(view.state, "running") != 0 ? view.state
               : view.workers.redis                 ? "no lease"
                                                    : "no Redis");
    if (!view.working)
        tell_refusal(&view, &reply->body);
}

/* Whether it is of use to start it again: not while Redis is away. */
static void serve_live(void *context, const struct admin_request *request,
                       struct admin_reply *reply)
{
    (void)context;
    (void)request;
    buf_text(&reply->body, "ok\n");
}

static const struct admin_route routes[] = {
    {"GET", "/health", serve_health}, {"GET", "/metrics", serve_metrics},
    {"GET", "/ready", serve_ready},   {"GET", "/live", serve_live},
    {"GET", "/status", serve_status}, {"POST", "/reload", serve_reload},
    {"POST", "/stop", serve_stop},    {0},
};

/* Who may only look: nothing is changed over TCP, and no JSON tells of the inside. */
static const struct admin_route port_routes[] = {
    {"GET", "/health", serve_health},
    {"GET", "/metrics", serve_metrics},
    {"GET", "/ready", serve_ready},
    {"GET", "/live", serve_live},
    {0},
};

static bool open_port(struct admin_pages *pages, struct diag *diag)
{
    struct loopback loopback;
    if (!loopback_parse(pages->options.listen, &loopback, diag))
        return false;
    int fd = loopback_listen(&loopback, pages->listens, diag);
    if (fd < 0)
        return false;
    pages->port = admin_http_open(&(struct admin_http_options){.base = pages->options.base,
                                                               .fd = fd,
                                                               .is_port = true,
                                                               .routes = port_routes,
                                                               .context = pages});
    log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_TEXT("listen", pages->listens)), "figures are served");
    return true;
}

struct admin_pages *admin_pages_open(const struct admin_pages_options *options, struct diag *diag)
{
    struct admin_pages *pages = mem_zero(1, sizeof *pages);
    pages->options = *options;
    pages->admin = admin_open(options->base, options->socket, routes, pages, diag);
    if (!pages->admin || (options->listen && !open_port(pages, diag)))
        admin_pages_close(&pages);
    return pages;
}

void admin_pages_close(struct admin_pages **pages)
{
    if (!*pages)
        return;
    admin_http_close(&(*pages)->port);
    admin_destroy(&(*pages)->admin);
    free(*pages);
    *pages = NULL;
}
