#include "host/host_channel.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/mem.h"

enum { OUTPUT_MOST = 64 << 20 };

struct host_channel {
    struct host_channel_options options;
    struct bufferevent *stream; /* NULL: it has ended */
    struct buf out;
};

/* Its owner may destroy the channel from within. */
static void end(struct host_channel *channel)
{
    if (!channel->stream)
        return;
    bufferevent_free(channel->stream);
    channel->stream = NULL;
    channel->options.on_end(channel->options.context);
}

static void on_read(struct bufferevent *stream, void *context)
{
    struct host_channel *channel = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct wire_frame frame;
    enum wire_progress progress;
    while ((progress = wire_next(input, WIRE_FRAME_MOST, &frame)) == WIRE_WHOLE) {
        if (!channel->options.on_frame(channel->options.context, &frame)) {
            progress = WIRE_BROKEN;
            break;
        }
        wire_drop(input);
    }
    if (progress == WIRE_BROKEN)
        end(channel);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        end(context);
}

struct buf *host_channel_out(struct host_channel *channel)
{
    buf_clear(&channel->out);
    return &channel->out;
}

bool host_channel_send(struct host_channel *channel, size_t begun)
{
    if (!wire_end(&channel->out, begun) || !channel->stream ||
        evbuffer_get_length(bufferevent_get_output(channel->stream)) > OUTPUT_MOST)
        return false;
    return bufferevent_write(channel->stream, channel->out.data, channel->out.length) == 0;
}

struct host_channel *host_channel_new(const struct host_channel_options *options)
{
    struct host_channel *channel = mem_zero(1, sizeof *channel);
    channel->options = *options;
    buf_init(&channel->out, WIRE_FRAME_MOST);
    evutil_make_socket_nonblocking(options->fd);
    channel->stream = bufferevent_socket_new(options->base, options->fd, BEV_OPT_CLOSE_ON_FREE);
    if (!channel->stream)
        mem_exhausted();
    bufferevent_setcb(channel->stream, on_read, NULL, on_event, channel);
    bufferevent_enable(channel->stream, EV_READ | EV_WRITE);
    return channel;
}

void host_channel_destroy(struct host_channel **channel)
{
    struct host_channel *ended = *channel;
    if (!ended)
        return;
    *channel = NULL;
    if (ended->stream)
        bufferevent_free(ended->stream);
    buf_free(&ended->out);
    free(ended);
}
