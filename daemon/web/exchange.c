/*
 * exchange_begin looks at the head, in the order of docs/web.md; exchange_add gathers the body;
 * exchange_serve asks the route, whose answer may come later (on_done). exchange_sent counts, and
 * takes from the bucket of who tried what is not theirs. An exchange that its client has left is
 * freed when its route has answered.
 */
#include "web/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/ask.h"
#include "web/web_path.h"
#include "web/web_site.h"

enum { FIRST_CHUNK = 4096 };

struct exchange *exchange_new(struct exchange_world *world, struct visit *visit, void *own)
{
    struct exchange *exchange = mem_zero(1, sizeof *exchange);
    exchange->world = world;
    exchange->visit = visit;
    exchange->own = own;
    exchange->request.arena = arena_new(FIRST_CHUNK);
    exchange->request.site = world->site;
    exchange->request.route = NULL;
    return exchange;
}

static void release(struct exchange *exchange)
{
    struct exchange_world *world = exchange->world;
    world->buffered -= exchange->body.length;
    if (exchange->client)
        web_clients_release(exchange->client);
    buf_free(&exchange->body);
    arena_destroy(&exchange->request.arena);
    free(exchange);
}

void exchange_free(struct exchange **exchange)
{
    struct exchange *ended = *exchange;
    if (!ended)
        return;
    *exchange = NULL;
    ended->visit = NULL;
    ended->own = NULL;
    if (ended->state != EXCHANGE_SERVING)
        release(ended);
}

/* ---- Answers ---- */

const struct web_answer *exchange_refuse(struct exchange *exchange, enum web_refusal refusal)
{
    return web_answer_refuse(exchange->request.arena, refusal, NULL);
}

/* Who breaks the rules of HTTP is not listened to any further. */
static const struct web_answer *break_off(struct exchange *exchange, enum web_refusal refusal)
{
    struct web_answer *answer = web_answer_refuse(exchange->request.arena, refusal, NULL);
    answer->close = true;
    if (refusal == WEB_REFUSAL_MEDIA_TYPE)
        web_answer_header(answer, "Accept-Encoding", "identity");
    return answer;
}

/* Whether a no shows that somebody tries what is not theirs: a shop that errs in its events does
 * not.
 */
static bool is_trespass(const struct web_answer *answer)
{
    return answer->refusal && (answer->close || answer->status == 401 || answer->status == 403 ||
                               answer->status == 404 || answer->status == 405);
}

void exchange_sent(struct exchange *exchange, const struct web_answer *answer)
{
    struct exchange_world *world = exchange->world;
    const struct web_route *route = exchange->request.route;
    const char *name = route ? route->name : "none";
    exchange->state = EXCHANGE_SENT;
    ask_count_answer(world->site->ask, name, answer->status);
    if (answer->refusal)
        ask_count_refusal(world->site->ask, name, answer->refusal, answer->status);
    if (is_trespass(answer) && exchange->client && (!route || route->proof != WEB_PROOF_NONE))
        web_clients_take(visits_clients(world->visits), exchange->client, clock_monotonic_ms());
}

/* ---- The head ---- */

static enum web_method method_of(struct slice method)
{
    return slice_is(method, "POST")   ? WEB_POST
           : slice_is(method, "GET")  ? WEB_GET
           : slice_is(method, "HEAD") ? WEB_HEAD
                                      : 0;
}

static void find_client(struct exchange *exchange)
{
    struct web_request *request = &exchange->request;
    struct exchange_world *world = exchange->world;
    const struct web_proxies *proxies = &world->site->proxies;
    const struct web_address *peer = &exchange->visit->peer;
    const struct web_address address = web_proxies_client(proxies, peer, &request->headers);
    web_network_print(&address, request->client);
    request->secure = world->site->settings.tls.certificate_file ||
                      web_proxies_secure(proxies, peer, &request->headers);
    exchange->client =
        web_clients_hold(visits_clients(world->visits), &address, clock_monotonic_ms());
}

static const struct web_answer *refuse_rate(struct exchange *exchange)
{
    struct web_answer *answer = web_answer_refuse(exchange->request.arena, WEB_REFUSAL_RATE, NULL);
    answer->retry_after_s =
        web_clients_wait_s(visits_clients(exchange->world->visits), exchange->client);
    answer->close = true;
    return answer;
}

/* Who proves nothing, or has proved nothing so far, is slowed down. */
static const struct web_answer *check_rate(struct exchange *exchange)
{
    struct web_clients *clients = visits_clients(exchange->world->visits);
    const struct web_route *route = exchange->request.route;
    int64_t now_ms = clock_monotonic_ms();
    if (route && route->proof == WEB_PROOF_HEAD)
        return NULL;
    if (!web_clients_may(clients, exchange->client, now_ms))
        return refuse_rate(exchange);
    if (route && route->proof == WEB_PROOF_NONE)
        web_clients_take(clients, exchange->client, now_ms);
    return NULL;
}

static const struct web_answer *refuse_method(struct exchange *exchange)
{
    int methods = exchange->request.route->methods;
    struct web_answer *answer =
        web_answer_refuse(exchange->request.arena, WEB_REFUSAL_METHOD, NULL);
    web_answer_header(answer, "Allow",
                      methods & WEB_GET && methods & WEB_POST ? "GET, HEAD, POST"
                      : methods & WEB_GET                     ? "GET, HEAD"
                                                              : "POST");
    return answer;
}

static bool takes_method(const struct web_route *route, enum web_method method)
{
    int methods = route->methods | (route->methods & WEB_GET ? WEB_HEAD : 0);
    return methods & (int)method;
}

static size_t body_most(const struct exchange *exchange)
{
    size_t most = (size_t)exchange->world->site->settings.limits.body;
    size_t own = exchange->request.route->body_most;
    return own && own < most ? own : most;
}

/* Its answer, where the head alone brings one. */
static const struct web_answer *admit(struct exchange *exchange)
{
    struct web_request *request = &exchange->request;
    struct exchange_world *world = exchange->world;
    const struct web_route *route = request->route;
    if (!takes_method(route, request->method))
        return refuse_method(exchange);
    const struct web_answer *no = route->admit ? route->admit(request) : NULL;
    if (no && no->refusal && route->proof == WEB_PROOF_HEAD &&
        !web_clients_may(visits_clients(world->visits), exchange->client, clock_monotonic_ms()))
        return refuse_rate(exchange);
    if (no)
        return no;
    if (exchange->head.length > body_most(exchange))
        return exchange_refuse(exchange, WEB_REFUSAL_BODY_SIZE);
    if (world->buffered + exchange->head.length > (size_t)world->site->settings.limits.buffered)
        return exchange_refuse(exchange, WEB_REFUSAL_BUFFERED);
    return NULL;
}

const struct web_answer *exchange_begin(struct exchange *exchange, const struct exchange_head *head)
{
    struct web_request *request = &exchange->request;
    struct exchange_world *world = exchange->world;
    request->headers = head->headers;
    request->method = method_of(head->method);
    find_client(exchange);
    enum web_refusal refusal =
        head_rules_read(&request->headers, head->version_1_1, &exchange->head);
    if (!refusal && request->method != WEB_POST &&
        (exchange->head.length || exchange->head.chunked))
        refusal = WEB_REFUSAL_BAD_LENGTH; /* a body where others expect none */
    if (refusal)
        return break_off(exchange, refusal);
    if (!web_path_read(request->arena, head->target, &request->path, &request->query))
        return break_off(exchange, WEB_REFUSAL_BAD_PATH);
    request->route = web_route_find(world->routes, request->path, &request->rest);
    const struct web_answer *no = check_rate(exchange);
    if (no)
        return no;
    if (!request->route)
        return exchange_refuse(exchange, WEB_REFUSAL_NOT_FOUND);
    buf_init(&exchange->body, body_most(exchange));
    return admit(exchange);
}

/* ---- The body ---- */

const struct web_answer *exchange_add(struct exchange *exchange, const char *bytes, size_t length)
{
    struct exchange_world *world = exchange->world;
    if (world->buffered + length > (size_t)world->site->settings.limits.buffered)
        return exchange_refuse(exchange, WEB_REFUSAL_BUFFERED);
    if (!buf_add(&exchange->body, bytes, length))
        return exchange_refuse(exchange, WEB_REFUSAL_BODY_SIZE);
    world->buffered += length;
    return NULL;
}

static void on_done(void *arg, const struct web_answer *answer)
{
    struct exchange *exchange = arg;
    exchange->answer = answer;
    exchange->state = EXCHANGE_ANSWERED;
    if (exchange->in_serve)
        return;
    if (exchange->own)
        exchange->world->on_answer(exchange->own);
    else
        release(exchange); /* who asked has left */
}

const struct web_answer *exchange_serve(struct exchange *exchange)
{
    struct web_request *request = &exchange->request;
    request->body = (struct slice){buf_string(&exchange->body), exchange->body.length};
    exchange->state = EXCHANGE_SERVING;
    exchange->in_serve = true;
    request->route->serve(request, on_done, exchange);
    exchange->in_serve = false;
    return exchange->state == EXCHANGE_ANSWERED ? exchange->answer : NULL;
}
