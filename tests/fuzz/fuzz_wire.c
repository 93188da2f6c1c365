/*
 * What comes over the socket between nudged-web and the daemon, at both of its ends: any bytes,
 * from a program that somebody has taken over.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utf8.h"
#include "host/host_channel.h"
#include "web/ask.h"

struct end {
    int heard;
    bool gone;
};

/* As the daemon reads WIRE_APPEND, but with the numbers and texts of any frame. */
static bool on_frame(void *context, struct wire_frame *frame)
{
    struct end *end = context;
    end->heard++;
    wire_read_number(frame);
    uint32_t count = wire_read_count(frame, 4);
    for (uint32_t i = 0; i < count && !frame->broken; i++)
        utf8_valid(wire_read_text(frame).text, 0);
    return wire_read_all(frame) || !frame->broken;
}

static void on_end(void *context)
{
    ((struct end *)context)->gone = true;
}

static void on_news(void *context, enum ask_news news, struct slice text)
{
    (void)text;
    ((struct end *)context)->gone |= news == ASK_NEWS_GONE;
}

static void on_answer(void *arg, enum ask_status status, struct slice text)
{
    (void)status, (void)text;
    ++*(int *)arg;
}

static void on_appended(void *arg, const struct ask_verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].text.length && !verdicts[i].text.text)
            abort();
    ++*(int *)arg;
}

static void give(struct event_base *base, int fd, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t sent = send(fd, data + at, size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        at += sent > 0 ? (size_t)sent : size;
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 4; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void as_daemon(struct event_base *base, const uint8_t *data, size_t size)
{
    int ends[2];
    struct end end = {0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        abort();
    struct host_channel *channel = host_channel_new(&(struct host_channel_options){
        .base = base, .fd = ends[0], .on_frame = on_frame, .on_end = on_end, .context = &end});
    give(base, ends[1], data, size);
    host_channel_destroy(&channel);
    close(ends[1]);
}

/* Each question is answered exactly once, whatever the daemon says. */
static void as_nudged_web(struct event_base *base, const uint8_t *data, size_t size)
{
    int ends[2], answers = 0;
    struct end end = {0};
    const struct slice event = slice_of("{}");
    const struct ask_append append = {.events = &event, .count = 1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        abort();
    struct ask *ask = ask_new(
        &(struct ask_options){.base = base, .fd = ends[0], .on_news = on_news, .context = &end});
    ask_append(ask, &append, on_appended, &answers);
    ask_question(ask, "person", slice_of("{}"), on_answer, &answers);
    give(base, ends[1], data, size);
    if (answers > 2 || (end.gone && answers != 2))
        abort();
    ask_destroy(&ask);
    close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signal(SIGPIPE, SIG_IGN);
    struct event_base *base = event_base_new();
    as_daemon(base, data, size);
    as_nudged_web(base, data, size);
    event_base_free(base);
    return 0;
}
