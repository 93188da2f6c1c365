/*
 * host_append_take, at the end: a frame is read into a `request`, each of its events looked at
 * (look_at), those that may pass put into the `part` of their shard (split), each part asked of
 * Redis (store/appending), and what became of each event answered in one frame, where it is asked
 * for only when replicas have it (store/replicated). A key that a client
 * has chosen is asked for first, where there are many shards (store/reserving). What Redis'
 * connection cannot take now is answered "unavailable" at once.
 */
#include "host/host_append.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/word.h"
#include "redis/connection.h"
#include "store/appending.h"
#include "store/replicated.h"
#include "store/reserving.h"
#include "store/routing.h"
#include "web/ask.h"
#include "web/outside_event.h"
#include "web/web_settings.h"

enum {
    FIRST_CHUNK = 8192,
    OPEN_MOST = ASK_OPEN_MOST,
    DIGEST_MOST = 64,
    DAY_MS = 24 * 60 * 60 * 1000,
    KEEP_MOST_MS = 7 * DAY_MS,
    TEXT_MOST = 1024, /* of why one is refused */
};

struct host_append {
    struct host_append_options options;
    struct connection_owner owner;
    struct replicated *replicated;
    struct request *waiting; /* for replicas */
    size_t open;
};

/* One frame of it. */
struct request {
    struct host_append *append;
    struct arena *arena;
    uint32_t serial;
    size_t count;
    struct ask_verdict *verdicts; /* REFUSED is said already; the others wait for Redis */
    struct slice *events;         /* those that are not refused */
    size_t *places;               /* which of `verdicts` is theirs */
    size_t event_count;
    struct slice names[ASK_ONCE_MOST];
    size_t name_count;
    struct slice digest;
    int64_t keep_ms;
    bool feedback;
    const char *login;      /* NULL: the source tells */
    const char **event_ids; /* of `events`; "" where one has none */
    struct part *parts;
    struct scripts *reserver; /* of the shard that knows the key; NULL: it is not asked for */
    size_t part_count, open;  /* parts that have no answer yet … */
    size_t held;              /* … and those that may still bring one */
    enum appending_state worst;
    bool behind;                  /* replicas are; what of the worst is said is said of that */
    struct request *next, **link; /* of those that wait for replicas */
};

/* What a shard has of it. */
struct part {
    struct request *request;
    struct scripts *scripts;
    struct replicated_write write;
    struct slice *events;
    size_t *which; /* of the request's events */
    size_t count;
};

/* ---- Reading ---- */

static struct slice kept(struct request *request, struct slice text)
{
    return slice_copy(request->arena, text);
}

static bool read_login(struct request *request, struct wire_frame *frame)
{
    const struct slice login = wire_read_text(frame);
    if (login.length)
        request->login = arena_copy(request->arena, login.text, login.length);
    return !login.length || word_is_plain(login.text, login.length);
}

static bool read_names(struct request *request, struct wire_frame *frame)
{
    request->digest = kept(request, wire_read_text(frame));
    request->name_count = wire_read_count(frame, 4);
    if (request->name_count > ASK_ONCE_MOST || request->digest.length > DIGEST_MOST ||
        memchr(request->digest.text, ' ', request->digest.length))
        return false;
    for (size_t i = 0; i < request->name_count; i++) {
        request->names[i] = kept(request, wire_read_text(frame));
        if (request->names[i].length == 0 || request->names[i].length > ASK_ONCE_BYTES)
            return false;
    }
    return true;
}

/* What the daemon would refuse later, or what only nudged may say, is refused now. */
static void look_at(struct request *request, struct slice text, size_t place)
{
    struct ask_verdict *verdict = &request->verdicts[place];
    const struct host_append_options *options = &request->append->options;
    const struct outside_caller caller = {.key_paths = options->key_paths(options->context),
                                          .now_ms = clock_wall_ms(),
                                          .rights = OUTSIDE_SUBSCRIPTIONS | OUTSIDE_ERASURE |
                                                    (request->feedback ? OUTSIDE_FEEDBACK : 0)};
    struct value root;
    struct diag diag = {0};
    struct outside_event event;
    text = kept(request, text);
    if (json_read(request->arena, text.text, text.length, &json_event_limits, &root, &diag) &&
        outside_event_make(request->arena, &root, text, &caller, &event, &diag)) {
        request->event_ids[request->event_count] = event.id;
        request->places[request->event_count] = place;
        request->events[request->event_count++] = event.json;
        return;
    }
    const char *why = arena_printf(request->arena, "%.*s", TEXT_MOST, diag.text);
    *verdict = (struct ask_verdict){ASK_REFUSED, slice_of(why)};
}

static bool read_events(struct request *request, struct wire_frame *frame)
{
    request->count = wire_read_count(frame, 4);
    if (request->count == 0 || request->count > ASK_EVENTS_MOST)
        return false;
    request->verdicts = arena_zero(request->arena, sizeof *request->verdicts * request->count);
    request->events = arena_zero(request->arena, sizeof *request->events * request->count);
    request->event_ids = arena_zero(request->arena, sizeof *request->event_ids * request->count);
    request->places = arena_zero(request->arena, sizeof *request->places * request->count);
    for (size_t i = 0; i < request->count; i++) {
        request->verdicts[i] = (struct ask_verdict){ASK_UNAVAILABLE, slice_of("")};
        struct slice text = wire_read_text(frame);
        if (frame->broken)
            return false;
        look_at(request, text, i);
    }
    return wire_read_all(frame);
}

static bool read_request(struct request *request, struct wire_frame *frame)
{
    request->serial = frame->serial;
    request->feedback = wire_read_number(frame) & WIRE_FEEDBACK;
    if (!read_login(request, frame))
        return false;
    request->keep_ms = wire_read_number(frame);
    if (request->keep_ms == 0)
        request->keep_ms = DAY_MS;
    if (request->keep_ms > KEEP_MOST_MS)
        request->keep_ms = KEEP_MOST_MS;
    return read_names(request, frame) && read_events(request, frame);
}

/* ---- The answer ---- */

static void answer(struct request *request)
{
    struct host_channel *channel = request->append->options.channel;
    struct buf *out = host_channel_out(channel);
    size_t begun = wire_begin(out, WIRE_APPENDED, request->serial);
    wire_number(out, request->count);
    for (size_t i = 0; i < request->count; i++) {
        wire_number(out, request->verdicts[i].status);
        wire_text(out, request->verdicts[i].text);
    }
    host_channel_send(channel, begun);
}

static void free_request(struct request *request)
{
    arena_destroy(&request->arena);
    free(request);
}

static void let_go(struct request *request)
{
    if (--request->held == 0)
        free_request(request);
}

static void release(void *context)
{
    struct part *part = context;
    let_go(part->request);
}

/* The first line of an event's way, for who follows it by its id. */
static void tell_taken(const struct part *part, const struct reply *reply)
{
    const struct request *request = part->request;
    char id[LOG_NAME_SIZE];
    for (size_t i = 0; log_wants(LOG_LEVEL_DEBUG) && i < part->count; i++)
        log_with(LOG_LEVEL_DEBUG,
                 LOG_FIELDS(LOG_TEXT("event", log_name(request->event_ids[part->which[i]], id)),
                            LOG_TEXT("entry", reply_text(reply_item(reply, i + 1))),
                            LOG_TEXT("login", request->login)),
                 "an event came over the web");
}

/* Of all parts what the client is to hear: it repeats the whole where one is missing. */
static void end(struct request *request)
{
    const enum ask_status status = request->worst == APPENDING_CONFLICT ? ASK_CONFLICT
                                   : request->behind                    ? ASK_BEHIND
                                                                        : ASK_UNAVAILABLE;
    for (size_t i = 0; i < request->event_count; i++)
        if (request->behind || request->worst >= APPENDING_CONFLICT)
            request->verdicts[request->places[i]] = (struct ask_verdict){status, slice_of("")};
    request->append->open--;
    answer(request);
}

/* ---- Replicas ---- */

static void wait_begun(struct request *request)
{
    struct request **first = &request->append->waiting;
    request->held++;
    request->next = *first;
    request->link = first;
    if (*first)
        (*first)->link = &request->next;
    *first = request;
}

static void wait_over(struct request *request)
{
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
    let_go(request);
}

static void on_word(void *context, bool safe)
{
    struct request *request = context;
    request->behind = !safe;
    end(request);
    wait_over(request);
}

/* What was there before too: it may have been said of it that it is not safe. */
static void end_when_safe(struct request *request)
{
    struct host_append *append = request->append;
    const struct web_settings *settings = append->options.settings(append->options.context);
    if (settings->wait_replicas == 0 || request->worst >= APPENDING_CONFLICT) {
        end(request);
        return;
    }
    struct replicated_write *writes =
        arena_alloc(request->arena, sizeof *writes * request->part_count);
    for (size_t i = 0; i < request->part_count; i++)
        writes[i] = request->parts[i].write;
    wait_begun(request);
    replicated_ask(append->replicated,
                   &(struct replicated_question){.writes = writes,
                                                 .count = request->part_count,
                                                 .replicas = (size_t)settings->wait_replicas,
                                                 .patience_ms = settings->wait_ms},
                   on_word, request);
}

static void on_done(void *context, enum appending_state state, const struct reply *reply,
                    const struct diag *fault)
{
    struct part *part = context;
    struct request *request = part->request;
    (void)fault;
    for (size_t i = 0; i < part->count && state < APPENDING_CONFLICT; i++) {
        const struct slice id = reply_slice(reply, i + 1);
        request->verdicts[request->places[part->which[i]]] =
            (struct ask_verdict){state == APPENDING_TAKEN ? ASK_TAKEN : ASK_DUPLICATE,
                                 id.text ? slice_copy(request->arena, id) : slice_of("")};
    }
    if (state > request->worst)
        request->worst = state;
    if (state == APPENDING_TAKEN) {
        metrics_add(METRIC_WEB_EVENTS, (int64_t)part->count);
        tell_taken(part, reply);
    }
    if (--request->open == 0)
        end_when_safe(request);
}

/* ---- Into Redis ---- */

static void add_to(struct request *request, size_t shard, size_t event, struct part **of_shard)
{
    const struct host_append_options *options = &request->append->options;
    struct part *part = of_shard[shard];
    if (!part) {
        part = of_shard[shard] = &request->parts[request->part_count++];
        *part = (struct part){.request = request,
                              .scripts = routes_scripts(&options->routes, shard),
                              .write = {.shard = shard}};
        part->events = arena_alloc(request->arena, sizeof *part->events * request->event_count);
        part->which = arena_alloc(request->arena, sizeof *part->which * request->event_count);
    }
    part->which[part->count] = event;
    part->events[part->count++] = request->events[event];
}

static void split(struct request *request)
{
    const struct host_append_options *options = &request->append->options;
    size_t shards = placement_count(&options->routes.placement);
    const struct shop_event_form form = {.key_paths = options->key_paths(options->context)};
    struct part **of_shard = arena_zero(request->arena, sizeof *of_shard * shards);
    request->parts = arena_zero(request->arena, sizeof *request->parts * shards);
    for (size_t i = 0; i < request->event_count; i++) {
        const struct routing routing =
            routing_of(&options->routes.placement, &form, request->events[i], request->arena);
        for (size_t k = routing.shard; k < (routing.every ? shards : routing.shard + 1); k++)
            add_to(request, k, i, of_shard);
    }
}

static bool is_there(struct scripts *scripts)
{
    return scripts && connection_ready(scripts_connection(scripts));
}

/* A key of who pushes: that of a webhook's delivery has its body, which goes to the same shards. */
static bool is_reserved(const struct request *request)
{
    return placement_count(&request->append->options.routes.placement) > 1 && request->login &&
           request->name_count == 1 && request->digest.length;
}

/* Whether each shard that is to have a part can be reached, and that which knows the key. */
static bool find_shards(struct request *request)
{
    const struct routes *routes = &request->append->options.routes;
    bool reserved = is_reserved(request), good = true;
    split(request);
    for (size_t i = 0; i < request->part_count; i++)
        good = good && is_there(request->parts[i].scripts);
    if (reserved)
        request->reserver = reserving_scripts(routes, request->names[0]);
    return good && (!reserved || is_there(request->reserver));
}

static void ask_redis(struct part *part)
{
    const struct request *request = part->request;
    part->write.times = replicated_times(request->append->replicated, part->write.shard);
    const struct appending appending = {.events = part->events,
                                        .count = part->count,
                                        .names = request->names,
                                        .name_count = request->name_count,
                                        .digest = request->digest,
                                        .login = request->login,
                                        .keep_ms = request->keep_ms};
    appending_run(part->scripts, &appending,
                  &(struct appending_call){&request->append->owner, on_done, part, release});
}

static void append_all(struct request *request)
{
    request->open = request->part_count;
    request->held += request->part_count;
    for (size_t i = 0; i < request->part_count; i++)
        ask_redis(&request->parts[i]);
}

/* Nothing was appended before; nor is it where the key is another request's. */
static void on_reserved(void *context, int64_t left_ms, const struct diag *fault)
{
    struct request *request = context;
    failpoint("reserved");
    if (left_ms > 0) {
        request->keep_ms = left_ms;
        append_all(request);
        return;
    }
    request->worst = fault ? APPENDING_UNAVAILABLE : APPENDING_CONFLICT;
    end(request);
}

static void let_reserved_go(void *context)
{
    let_go(context);
}

static void reserve(struct request *request)
{
    const struct reserving reserving = {
        .name = request->names[0], .digest = request->digest, .keep_ms = request->keep_ms};
    request->held = 1;
    reserving_run(
        request->reserver, &reserving,
        &(struct reserving_call){&request->append->owner, on_reserved, request, let_reserved_go});
}

/* ---- The outside ---- */

bool host_append_take(struct host_append *append, struct wire_frame *frame)
{
    struct request *request = mem_zero(1, sizeof *request);
    request->append = append;
    request->arena = arena_new(FIRST_CHUNK);
    if (!read_request(request, frame)) {
        free_request(request);
        return false;
    }
    if (request->event_count && append->open < OPEN_MOST && find_shards(request)) {
        append->open++;
        if (request->reserver)
            reserve(request);
        else
            append_all(request);
    } else {
        answer(request);
        free_request(request);
    }
    return true;
}

struct host_append *host_append_new(const struct host_append_options *options)
{
    struct host_append *append = mem_zero(1, sizeof *append);
    append->options = *options;
    append->replicated = replicated_new(options->base, &options->routes);
    return append;
}

void host_append_destroy(struct host_append **append)
{
    if (!*append)
        return;
    connection_silence(&(*append)->owner);
    replicated_destroy(&(*append)->replicated);
    while ((*append)->waiting)
        wait_over((*append)->waiting);
    free(*append);
    *append = NULL;
}
