/* What goes over a transport in one turn of the loop, in each direction. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis/transport.h"

enum { MUCH = 100 * 1024 }; /* a batch of events, or what is decided of one */

struct scene {
    char folder[sizeof "/tmp/nudged-transport-XXXXXX"], path[64];
    struct event_base *base;
    struct endpoint endpoint;
    struct transport *transport;
    struct bufferevent *stream;
    int server;
    size_t taken, turns;
};

static void take(void *context, const char *bytes, size_t length)
{
    struct scene *scene = context;
    assert_true(length > 0 && bytes[0] == 'x');
    scene->taken += length;
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct scene *scene = context;
    scene->turns++;
    transport_read(scene->transport, stream, take, scene);
}

static void on_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    (void)context;
    assert_true(events & BEV_EVENT_CONNECTED);
}

static void open_scene(struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct diag diag;
    *scene = (struct scene){.folder = "/tmp/nudged-transport-XXXXXX"};
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof scene->path, "%s/socket", scene->folder);
    memcpy(address.sun_path, scene->path, strlen(scene->path));
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    scene->endpoint = (struct endpoint){.kind = ENDPOINT_UNIX, .path = scene->path};
    scene->base = event_base_new();
    scene->transport = transport_new(scene->base, &scene->endpoint);
    scene->stream = transport_open(scene->transport, &diag);
    bufferevent_setcb(scene->stream, on_readable, NULL, on_event, scene);
    assert_true(transport_connect(scene->transport, scene->stream, &diag));
    bufferevent_enable(scene->stream, EV_READ | EV_WRITE);
    event_base_loop(scene->base, EVLOOP_NONBLOCK);
    scene->server = accept(listener, NULL, NULL);
    assert_true(scene->server >= 0);
    close(listener);
}

static void close_scene(struct scene *scene)
{
    close(scene->server);
    bufferevent_free(scene->stream);
    transport_destroy(&scene->transport);
    event_base_free(scene->base);
    unlink(scene->path);
    rmdir(scene->folder);
}

static void much_is_read_in_one_turn(void **state)
{
    static char much[MUCH];
    struct scene scene;
    (void)state;
    memset(much, 'x', sizeof much);
    open_scene(&scene);
    assert_int_equal(send(scene.server, much, sizeof much, 0), sizeof much);
    while (scene.taken < sizeof much)
        event_base_loop(scene.base, EVLOOP_ONCE);
    assert_int_equal(scene.taken, sizeof much);
    assert_int_equal(scene.turns, 1);
    close_scene(&scene);
}

static void much_is_written_in_one_turn(void **state)
{
    static char much[MUCH];
    struct scene scene;
    (void)state;
    open_scene(&scene);
    bufferevent_write(scene.stream, much, sizeof much);
    event_base_loop(scene.base, EVLOOP_ONCE);
    assert_int_equal(recv(scene.server, much, sizeof much, MSG_WAITALL | MSG_DONTWAIT),
                     sizeof much);
    close_scene(&scene);
}

/* What came before the end is taken, and the bufferevent still sees the end. */
static void on_end(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    *(short *)context = events;
}

static void the_end_is_left_to_be_seen(void **state)
{
    static const char last[] = "xx";
    struct scene scene;
    short seen = 0;
    (void)state;
    open_scene(&scene);
    assert_int_equal(send(scene.server, last, 2, 0), 2);
    assert_int_equal(shutdown(scene.server, SHUT_WR), 0);
    event_base_loop(scene.base, EVLOOP_ONCE);
    assert_int_equal(scene.taken, 2);
    bufferevent_setcb(scene.stream, NULL, NULL, on_end, &seen);
    while (!seen)
        event_base_loop(scene.base, EVLOOP_ONCE);
    assert_int_equal(seen, BEV_EVENT_READING | BEV_EVENT_EOF);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(much_is_read_in_one_turn),
        cmocka_unit_test(much_is_written_in_one_turn),
        cmocka_unit_test(the_end_is_left_to_be_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
