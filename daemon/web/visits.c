/*
 * A socket is watched for edges from its first byte to its end; what comes while the request is
 * inside is noted only. Looking is MSG_PEEK: the bytes stay for who is let in. Deadlines are looked
 * at by one tick, so that a request costs no timer.
 */
#include "web/visits.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "web/head_rules.h"

enum { TICK_MS = 200, LEAVE_MS = 1000, HEAD_MOST = 64 << 10 };

struct visits {
    struct visits_options options;
    struct web_clients *clients;
    struct visit *first;
    size_t count;
    struct event *tick;
    bool draining;
    char head[HEAD_MOST + 1];
};

/* ---- Saying no ---- */

static void tell(int fd, enum web_refusal refusal)
{
    const struct web_refusal_row *row = web_refusal_row(refusal);
    const char *more = row->status == 429 || row->status == 503 ? "Retry-After: 5\r\n"
                       : row->status == 415                     ? "Accept-Encoding: identity\r\n"
                                                                : "";
    char body[256], text[768];
    int size = snprintf(body, sizeof body, "{\"title\":\"%s\",\"status\":%d,\"reason\":\"%s\"}",
                        row->sentence, row->status, row->word);
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d %s\r\nConnection: close\r\n"
                          "Content-Type: application/problem+json\r\n%s"
                          "Content-Length: %d\r\n\r\n%s",
                          row->status, row->word, more, size, body);
    ssize_t sent = send(fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent; /* who does not take it hears nothing */
    shutdown(fd, SHUT_WR);
}

void visits_end(struct visit *visit)
{
    struct visits *visits = visit->visits;
    visit->state = VISIT_LEAVING;
    visit->until_ms = INT64_MAX;
    visits->options.on_over(visits->options.context, visit);
}

void visits_refuse(struct visit *visit, enum web_refusal refusal)
{
    struct visits *visits = visit->visits;
    visits->options.on_refused(visits->options.context, refusal);
    tell(visit->fd, refusal);
    visit->state = VISIT_LEAVING;
    visit->until_ms = clock_monotonic_ms() + LEAVE_MS;
}

/* ---- Looking ---- */

/* What the request is known by when it is read. */
static void note(struct visit *visit, const char *head)
{
    const struct slice method = head_syntax_method(&visit->syntax, head);
    const struct slice target = head_syntax_target(&visit->syntax, head);
    memcpy(visit->method, method.text, method.length);
    visit->method[method.length] = '\0';
    visit->target = digest_spread(target.text, target.length);
}

static void let_in(struct visit *visit)
{
    struct visits *visits = visit->visits;
    visit->pass = true;
    visit->state = VISIT_INSIDE;
    visit->requests++;
    visit->until_ms = clock_monotonic_ms() + visits->options.limits->request_ms;
    visits->options.on_pass(visits->options.context, visit);
}

static void look(struct visit *visit)
{
    struct visits *visits = visit->visits;
    const struct web_limits *limits = visits->options.limits;
    enum web_refusal refusal;
    ssize_t got = recv(visit->fd, visits->head, (size_t)limits->head + 1, MSG_PEEK | MSG_DONTWAIT);
    visit->seen = false;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0) {
        visits_end(visit);
        return;
    }
    if (visit->state == VISIT_WAITING) {
        visit->state = VISIT_HEADING;
        visit->until_ms = clock_monotonic_ms() + limits->head_ms;
    }
    enum head_progress progress =
        head_syntax_look(&visit->syntax, visits->head, (size_t)got, (size_t)limits->head, &refusal);
    visit->seen = (size_t)got > visit->syntax.at; /* of the body, or of the next request */
    if (progress == HEAD_WHOLE) {
        struct head_rules rules;
        note(visit, visits->head);
        refusal = head_rules_read_bytes(visits->head, visit->syntax.at, &rules);
    }
    if (progress == HEAD_WHOLE && !refusal)
        let_in(visit);
    else if (progress != HEAD_MORE)
        visits_refuse(visit, refusal);
}

/* It was told no: what it still sends is of no interest, and its end is the end. */
static void see_out(struct visit *visit)
{
    struct visits *visits = visit->visits;
    ssize_t got = recv(visit->fd, visits->head, sizeof visits->head, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        visits_end(visit);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct visit *visit = context;
    if (visit->state == VISIT_WAITING || visit->state == VISIT_HEADING)
        look(visit);
    else if (visit->state == VISIT_INSIDE)
        visit->seen = true;
    else if (visit->until_ms != INT64_MAX)
        see_out(visit);
}

/* ---- Time ---- */

static void expire(struct visit *visit)
{
    struct visits *visits = visit->visits;
    if (visit->state == VISIT_INSIDE) {
        visit->until_ms = INT64_MAX;
        visits->options.on_late(visits->options.context, visit);
    } else if (visit->state == VISIT_HEADING ||
               (visit->state == VISIT_WAITING && visit->requests == 0 && !visits->draining)) {
        visits_refuse(visit, WEB_REFUSAL_HEAD_TIME);
    } else {
        visits_end(visit);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct visits *visits = context;
    int64_t now_ms = clock_monotonic_ms();
    struct visit *visit = visits->first;
    while (visit) {
        struct visit *next = visit->next;
        if (visit->until_ms <= now_ms)
            expire(visit);
        visit = next;
    }
}

/* ---- One visit ---- */

/* WEB_REFUSAL_NONE: there is room. */
static enum web_refusal find_room(const struct visits *visits, const struct web_client *client,
                                  const struct web_address *peer)
{
    const struct web_limits *limits = visits->options.limits;
    if (visits->draining)
        return WEB_REFUSAL_STOPPING;
    if (visits->count >= (size_t)limits->connections)
        return WEB_REFUSAL_CONNECTIONS;
    if (client->connections >= (size_t)limits->per_client &&
        !web_proxies_has(visits->options.proxies, peer))
        return WEB_REFUSAL_CLIENT_CONNECTIONS;
    return WEB_REFUSAL_NONE;
}

/* What was sent already is read: else the kernel would take the answer back. */
static void turn_away(struct visits *visits, int fd, enum web_refusal refusal)
{
    visits->options.on_refused(visits->options.context, refusal);
    tell(fd, refusal);
    ssize_t got = recv(fd, visits->head, sizeof visits->head, MSG_DONTWAIT);
    (void)got;
    close(fd);
}

static struct visit *new_visit(struct visits *visits, int fd, struct web_client *client)
{
    struct visit *visit = mem_zero(1, sizeof *visit);
    visit->visits = visits;
    visit->fd = fd;
    visit->client = client;
    visit->until_ms = clock_monotonic_ms() + visits->options.limits->head_ms;
    client->connections++;
    visit->next = visits->first;
    if (visits->first)
        visits->first->before = visit;
    visits->first = visit;
    visits->count++;
    return visit;
}

struct visit *visits_begin(struct visits *visits, int fd, const struct web_address *peer)
{
    struct web_client *client = web_clients_hold(visits->clients, peer, clock_monotonic_ms());
    enum web_refusal refusal = find_room(visits, client, peer);
    if (refusal) {
        web_clients_release(client);
        turn_away(visits, fd, refusal);
        return NULL;
    }
    struct visit *visit = new_visit(visits, fd, client);
    visit->peer = *peer;
    visit->seen = true;
    visit->readable =
        event_new(visits->options.base, fd, EV_READ | EV_ET | EV_PERSIST, on_readable, visit);
    if (!visit->readable)
        mem_exhausted();
    event_add(visit->readable, NULL);
    return visit;
}

void visits_wait(struct visit *visit)
{
    struct visits *visits = visit->visits;
    const struct web_limits *limits = visits->options.limits;
    if (visits->draining && visit->requests > 0) {
        visits_end(visit);
        return;
    }
    visit->state = VISIT_WAITING;
    visit->syntax = (struct head_syntax){0};
    int64_t most_ms = visit->requests == 0 ? limits->head_ms : limits->idle_ms;
    visit->until_ms = clock_monotonic_ms() + most_ms;
    if (visit->seen)
        look(visit);
}

void visits_forget(struct visit *visit)
{
    struct visits *visits = visit->visits;
    if (visit->before)
        visit->before->next = visit->next;
    else
        visits->first = visit->next;
    if (visit->next)
        visit->next->before = visit->before;
    visits->count--;
    visit->client->connections--;
    web_clients_release(visit->client);
    if (visit->readable)
        event_free(visit->readable);
    free(visit);
}

/* ---- All of them ---- */

void visits_drain(struct visits *visits)
{
    int64_t soon_ms = clock_monotonic_ms() + LEAVE_MS;
    visits->draining = true;
    struct visit *visit = visits->first;
    while (visit) {
        struct visit *next = visit->next;
        if (visit->state == VISIT_WAITING && visit->requests > 0)
            visits_end(visit);
        else if (visit->state == VISIT_WAITING && visit->until_ms > soon_ms)
            visit->until_ms = soon_ms; /* its first request may be on the way */
        visit = next;
    }
}

bool visits_busy(const struct visits *visits)
{
    for (const struct visit *visit = visits->first; visit; visit = visit->next)
        if (visit->state == VISIT_HEADING || visit->state == VISIT_INSIDE ||
            (visit->state == VISIT_WAITING && visit->requests == 0))
            return true;
    return false;
}

size_t visits_count(const struct visits *visits)
{
    return visits->count;
}

struct visit *visits_first(const struct visits *visits)
{
    return visits->first;
}

struct web_clients *visits_clients(const struct visits *visits)
{
    return visits->clients;
}

struct visits *visits_new(const struct visits_options *options)
{
    struct visits *visits = mem_zero(1, sizeof *visits);
    const struct timeval tick = clock_timeval(TICK_MS);
    visits->options = *options;
    visits->clients = web_clients_new(options->limits->rate);
    visits->tick = event_new(options->base, -1, EV_PERSIST, on_tick, visits);
    if (!visits->tick)
        mem_exhausted();
    event_add(visits->tick, &tick);
    return visits;
}

void visits_destroy(struct visits **visits)
{
    struct visits *ended = *visits;
    if (!ended)
        return;
    *visits = NULL;
    event_free(ended->tick);
    web_clients_destroy(&ended->clients);
    free(ended);
}
