/*
 * A question has a serial, by which its answer finds it. They stand in a list in the order of their
 * deadlines, which is that in which they were asked. What is counted waits in a table for the tick
 * of each second.
 */
#include "web/ask.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/map.h"
#include "base/mem.h"
#include "web/wire.h"

enum {
    TICK_MS = 1000,
    SOON_MS = 1000,
    FLUSH_MS = 1000,
    OUTPUT_MOST = 128 << 20,
    TALLIES_MOST = 1024
};

struct question {
    struct question *next;
    uint32_t serial;
    int64_t until_ms;
    size_t count; /* of events; 0: it is none of events */
    ask_on_appended *on_appended;
    ask_on_answer *on_answer;
    void *arg;
};

struct tally {
    enum wire_kind kind; /* WIRE_REQUESTS, WIRE_REFUSED */
    char route[32];
    uint32_t what, status, count; /* `status`: of WIRE_REFUSED */
};

struct ask {
    struct ask_options options;
    struct bufferevent *stream; /* NULL: the daemon is gone */
    struct question *first, *last;
    size_t open_count;
    uint32_t serial;
    struct event *tick, *away; /* `away`: answers those that were asked in vain, from the loop */
    struct tally tallies[TALLIES_MOST];
    size_t tally_count, connections;
    struct buf out;
};

/* ---- Sending ---- */

static bool send_frame(struct ask *ask, size_t begun)
{
    bool whole = wire_end(&ask->out, begun);
    if (whole && ask->stream)
        bufferevent_write(ask->stream, ask->out.data, ask->out.length);
    buf_clear(&ask->out);
    return whole && ask->stream;
}

static void send_text(struct ask *ask, enum wire_kind kind, struct slice text)
{
    size_t begun = wire_begin(&ask->out, kind, 0);
    wire_text(&ask->out, text);
    send_frame(ask, begun);
}

/* Whether one more may be asked. */
static bool may_ask(const struct ask *ask)
{
    return ask->stream && ask->open_count < ASK_OPEN_MOST &&
           evbuffer_get_length(bufferevent_get_output(ask->stream)) < OUTPUT_MOST;
}

static struct question *new_question(struct ask *ask, void *arg)
{
    struct question *question = mem_zero(1, sizeof *question);
    question->serial = ++ask->serial;
    question->until_ms = clock_monotonic_ms() + (failpoint("ask-late") ? SOON_MS : ASK_MS);
    question->arg = arg;
    if (ask->last)
        ask->last->next = question;
    else
        ask->first = question;
    ask->last = question;
    ask->open_count++;
    return question;
}

/* It was not sent: the loop answers it at once. */
static void give_up_soon(struct ask *ask, struct question *question)
{
    question->until_ms = 0;
    event_active(ask->away, EV_TIMEOUT, 0);
}

void ask_append(struct ask *ask, const struct ask_append *append, ask_on_appended *callback,
                void *arg)
{
    bool may = may_ask(ask);
    struct question *question = new_question(ask, arg);
    question->on_appended = callback;
    question->count = append->count;
    if (may) {
        size_t begun = wire_begin(&ask->out, WIRE_APPEND, question->serial);
        wire_number(&ask->out, append->feedback ? WIRE_FEEDBACK : 0);
        wire_text(&ask->out, slice_of(append->login ? append->login : ""));
        wire_number(&ask->out, (uint64_t)append->keep_ms);
        wire_text(&ask->out, append->digest);
        wire_number(&ask->out, append->once_count);
        for (size_t i = 0; i < append->once_count; i++)
            wire_text(&ask->out, append->once[i]);
        wire_number(&ask->out, append->count);
        for (size_t i = 0; i < append->count; i++)
            wire_text(&ask->out, append->events[i]);
        may = send_frame(ask, begun);
    }
    if (!may)
        give_up_soon(ask, question);
}

void ask_question(struct ask *ask, const char *word, struct slice text, ask_on_answer *callback,
                  void *arg)
{
    bool may = may_ask(ask);
    struct question *question = new_question(ask, arg);
    question->on_answer = callback;
    if (may) {
        size_t begun = wire_begin(&ask->out, WIRE_QUESTION, question->serial);
        wire_text(&ask->out, slice_of(word));
        wire_text(&ask->out, text);
        may = send_frame(ask, begun);
    }
    if (!may)
        give_up_soon(ask, question);
}

void ask_ready(struct ask *ask, const char *without)
{
    send_text(ask, WIRE_READY, slice_of(without));
}

void ask_fault(struct ask *ask, const char *text)
{
    send_text(ask, WIRE_FAULT, slice_of(text));
}

/* ---- Answers ---- */

/* Takes it out of the list; NULL: there is none, any more. */
static struct question *take_question(struct ask *ask, uint32_t serial)
{
    struct question *before = NULL, *question = ask->first;
    while (question && question->serial != serial) {
        before = question;
        question = question->next;
    }
    if (!question)
        return NULL;
    if (before)
        before->next = question->next;
    else
        ask->first = question->next;
    if (ask->last == question)
        ask->last = before;
    ask->open_count--;
    return question;
}

enum web_refusal ask_refusal(enum ask_status status)
{
    return status == ASK_BEHIND ? WEB_REFUSAL_REPLICAS_BEHIND : WEB_REFUSAL_DAEMON;
}

static void answer_unavailable(struct question *question)
{
    if (question->on_answer) {
        question->on_answer(question->arg, ASK_UNAVAILABLE, slice_of(""));
        return;
    }
    struct ask_verdict *verdicts = mem_zero(question->count + 1, sizeof *verdicts);
    for (size_t i = 0; i < question->count; i++)
        verdicts[i] = (struct ask_verdict){ASK_UNAVAILABLE, slice_of("")};
    question->on_appended(question->arg, verdicts, question->count);
    free(verdicts);
}

/* Those whose time is over are the first of the list, but for what was asked in vain. */
static void answer_late(struct ask *ask, int64_t now_ms)
{
    struct question *question = ask->first;
    while (question) {
        struct question *next = question->next;
        if (question->until_ms <= now_ms) {
            take_question(ask, question->serial);
            answer_unavailable(question);
            free(question);
        }
        question = next;
    }
}

static bool read_appended(struct ask *ask, struct wire_frame *frame)
{
    struct question *question = take_question(ask, frame->serial);
    uint32_t count = wire_read_count(frame, 8);
    struct ask_verdict *verdicts = mem_zero(count + 1, sizeof *verdicts);
    for (uint32_t i = 0; i < count; i++) {
        verdicts[i].status = (enum ask_status)wire_read_number(frame);
        verdicts[i].text = wire_read_text(frame);
        frame->broken |= verdicts[i].status > ASK_BEHIND;
    }
    bool right =
        wire_read_all(frame) && (!question || (question->on_appended && question->count == count));
    if (question && right)
        question->on_appended(question->arg, verdicts, count);
    else if (question)
        answer_unavailable(question);
    free(verdicts);
    free(question);
    return right;
}

static bool read_answer(struct ask *ask, struct wire_frame *frame)
{
    struct question *question = take_question(ask, frame->serial);
    enum ask_status status = (enum ask_status)wire_read_number(frame);
    struct slice text = wire_read_text(frame);
    bool right =
        wire_read_all(frame) && status <= ASK_UNAVAILABLE && (!question || question->on_answer);
    if (question && right)
        question->on_answer(question->arg, status, text);
    else if (question)
        answer_unavailable(question);
    free(question);
    return right;
}

static bool read_frame(struct ask *ask, struct wire_frame *frame)
{
    struct slice text;
    switch (frame->kind) {
    case WIRE_SETTINGS:
        text = wire_read_text(frame);
        if (!wire_read_all(frame))
            return false;
        ask->options.on_news(ask->options.context, ASK_NEWS_SETTINGS, text);
        return true;
    case WIRE_DRAIN:
        ask->options.on_news(ask->options.context, ASK_NEWS_DRAIN, slice_of(""));
        return true;
    case WIRE_APPENDED:
        return read_appended(ask, frame);
    case WIRE_ANSWER:
        return read_answer(ask, frame);
    default:
        return false;
    }
}

/* The daemon is gone, or says what nobody understands. */
static void lose(struct ask *ask)
{
    if (!ask->stream)
        return;
    bufferevent_free(ask->stream);
    ask->stream = NULL;
    answer_late(ask, INT64_MAX);
    ask->options.on_news(ask->options.context, ASK_NEWS_GONE, slice_of(""));
}

static void on_read(struct bufferevent *stream, void *context)
{
    struct ask *ask = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct wire_frame frame;
    enum wire_progress progress;
    while ((progress = wire_next(input, WIRE_FRAME_MOST, &frame)) == WIRE_WHOLE) {
        if (!read_frame(ask, &frame)) {
            progress = WIRE_BROKEN;
            break;
        }
        wire_drop(input);
    }
    if (progress == WIRE_BROKEN)
        lose(ask);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        lose(context);
}

/* ---- Figures ---- */

static void count(struct ask *ask, enum wire_kind kind, const char *route, uint32_t what,
                  uint32_t status)
{
    for (size_t i = 0; i < ask->tally_count; i++) {
        struct tally *tally = &ask->tallies[i];
        if (tally->kind == kind && tally->what == what && tally->status == status &&
            strcmp(tally->route, route) == 0) {
            tally->count++;
            return;
        }
    }
    if (ask->tally_count == TALLIES_MOST)
        return;
    struct tally *tally = &ask->tallies[ask->tally_count++];
    *tally = (struct tally){.kind = kind, .what = what, .status = status, .count = 1};
    strncpy(tally->route, route, sizeof tally->route - 1);
}

void ask_count_answer(struct ask *ask, const char *route, int status)
{
    count(ask, WIRE_REQUESTS, route, (uint32_t)status, 0);
}

void ask_count_refusal(struct ask *ask, const char *route, enum web_refusal refusal, int status)
{
    count(ask, WIRE_REFUSED, route, refusal, (uint32_t)status);
}

void ask_set_open(struct ask *ask, size_t connections)
{
    ask->connections = connections;
}

static void tell_figures(struct ask *ask)
{
    for (size_t i = 0; i < ask->tally_count; i++) {
        const struct tally *tally = &ask->tallies[i];
        size_t begun = wire_begin(&ask->out, tally->kind, 0);
        wire_text(&ask->out, slice_of(tally->route));
        wire_number(&ask->out, tally->what);
        if (tally->kind == WIRE_REFUSED)
            wire_number(&ask->out, tally->status);
        wire_number(&ask->out, tally->count);
        send_frame(ask, begun);
    }
    ask->tally_count = 0;
    size_t begun = wire_begin(&ask->out, WIRE_OPEN, 0);
    wire_number(&ask->out, ask->connections);
    send_frame(ask, begun);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct ask *ask = context;
    tell_figures(ask);
    answer_late(ask, clock_monotonic_ms());
}

static void on_away(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    answer_late(context, 0);
}

/* ---- The outside ---- */

static void make_timers(struct ask *ask)
{
    const struct timeval tick = clock_timeval(TICK_MS);
    ask->tick = event_new(ask->options.base, -1, EV_PERSIST, on_tick, ask);
    ask->away = event_new(ask->options.base, -1, 0, on_away, ask);
    if (!ask->tick || !ask->away)
        mem_exhausted();
    event_add(ask->tick, &tick);
}

struct ask *ask_new(const struct ask_options *options)
{
    struct ask *ask = mem_zero(1, sizeof *ask);
    ask->options = *options;
    buf_init(&ask->out, WIRE_FRAME_MOST);
    evutil_make_socket_nonblocking(options->fd);
    ask->stream = bufferevent_socket_new(options->base, options->fd, BEV_OPT_CLOSE_ON_FREE);
    if (!ask->stream)
        mem_exhausted();
    bufferevent_setcb(ask->stream, on_read, NULL, on_event, ask);
    bufferevent_enable(ask->stream, EV_READ | EV_WRITE);
    make_timers(ask);
    size_t begun = wire_begin(&ask->out, WIRE_HELLO, 0);
    wire_number(&ask->out, WIRE_PROTOCOL);
    send_frame(ask, begun);
    return ask;
}

void ask_destroy(struct ask **ask)
{
    struct ask *ended = *ask;
    if (!ended)
        return;
    *ask = NULL;
    while (ended->first) {
        struct question *next = ended->first->next;
        free(ended->first);
        ended->first = next;
    }
    if (ended->stream)
        bufferevent_free(ended->stream);
    event_free(ended->tick);
    event_free(ended->away);
    buf_free(&ended->out);
    free(ended);
}

bool ask_busy(const struct ask *ask)
{
    return ask->open_count > 0;
}

void ask_flush(struct ask *ask)
{
    int64_t until_ms = clock_monotonic_ms() + FLUSH_MS;
    if (!ask->stream)
        return;
    tell_figures(ask);
    struct evbuffer *output = bufferevent_get_output(ask->stream);
    struct pollfd ready = {.fd = bufferevent_getfd(ask->stream), .events = POLLOUT};
    evbuffer_unfreeze(output, 1); /* a bufferevent keeps others from writing what is its */
    while (evbuffer_get_length(output) > 0) {
        int64_t left = until_ms - clock_monotonic_ms();
        if (left <= 0 || poll(&ready, 1, (int)left) <= 0 || evbuffer_write(output, ready.fd) <= 0)
            break;
    }
    evbuffer_freeze(output, 1);
}
