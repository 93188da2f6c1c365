#include "peer_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/utf8.h"
#include "send/gateway_kinds.h"

/* Each silence takes as long, whatever is said: so there are few. */
enum { SILENCE_MS = 1, SILENCES_MOST = 32, FAREWELL_MS = 1000 };

static struct {
    int listener, port;
    pthread_mutex_t saying; /* held while a connection hears them */
    const char *pieces;
    size_t length;
} peer = {.saying = PTHREAD_MUTEX_INITIALIZER};

/* False: the other side has ended. */
static bool hear(int fd, int patience_ms)
{
    char heard[65536];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, patience_ms) <= 0 || recv(fd, heard, sizeof heard, 0) > 0;
}

/* A request goes out in parts. */
static void hear_whole(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, SILENCE_MS) > 0 && hear(fd, 0))
        ;
}

static void say(int fd)
{
    const char *at = peer.pieces, *end = at + peer.length;
    if (at < end && *at)
        hear_whole(fd);
    for (int silences = 1; at < end && hear(fd, silences > 1 ? SILENCE_MS : 0); silences++) {
        size_t left = (size_t)(end - at);
        size_t length = silences < SILENCES_MOST ? strnlen(at, left) : left;
        if (length && send(fd, at, length, MSG_NOSIGNAL) < 0)
            return;
        for (at += length; at < end && !*at;)
            at++;
    }
    hear(fd, SILENCE_MS);
    shutdown(fd, SHUT_WR);
    while (hear(fd, FAREWELL_MS))
        ;
}

static void *serve(void *context)
{
    (void)context;
    for (;;) {
        int fd = accept4(peer.listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock(&peer.saying);
        if (peer.pieces)
            say(fd);
        pthread_mutex_unlock(&peer.saying);
        close(fd);
    }
    return NULL;
}

int peer_fixture_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    pthread_t thread;
    peer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(peer.listener, (struct sockaddr *)&address, length) || listen(peer.listener, 64) ||
        getsockname(peer.listener, (struct sockaddr *)&address, &length) ||
        pthread_create(&thread, NULL, serve, NULL) || pthread_detach(thread))
        abort();
    signal(SIGPIPE, SIG_IGN);
    return peer.port = ntohs(address.sin_port);
}

void peer_fixture_say(const uint8_t *data, size_t size)
{
    pthread_mutex_lock(&peer.saying);
    peer.pieces = (const char *)data;
    peer.length = size;
    pthread_mutex_unlock(&peer.saying);
}

void peer_fixture_silence(void)
{
    peer_fixture_say(NULL, 0);
}

/* ---- Gateways ---- */

static void check(const struct outcome *outcome)
{
    const char *texts[] = {outcome->text, outcome->id, outcome->enhanced};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!utf8_valid(texts[i], strlen(texts[i])) || utf8_has_control(texts[i], strlen(texts[i])))
            abort();
    if (outcome->kind >= OUTCOME_KINDS || outcome->code < 0 || outcome->code > 999 ||
        outcome->retry_after_ms < 0 || outcome->retry_after_ms > 3600000)
        abort();
}

static const struct gateway_kind *read_settings(struct arena *arena, const char *format,
                                                const void **settings)
{
    struct value map;
    struct diag diag;
    struct diags diags = {0};
    char *text = arena_alloc(arena, strlen(format) + 8);
    const char *place = strstr(format, "PORT");
    int length = sprintf(text, "%.*s%d%s", (int)(place - format), format, peer.port, place + 4);
    const struct gateway_kind *kind = NULL;
    if (json_read(arena, text, (size_t)length, &json_file_limits, &map, &diag))
        kind = gateway_kinds_read(&map, NULL, arena, settings, &diags);
    if (!kind)
        abort();
    diags_free(&diags);
    return kind;
}

void peer_fixture_send(const char *format, const struct outgoing *outgoing, const uint8_t *data,
                       size_t size)
{
    struct arena *arena = arena_new(16 * 1024);
    const void *settings;
    const struct gateway_kind *kind = read_settings(arena, format, &settings);
    const struct gateway_hooks hooks = {0};
    peer_fixture_say(data, size);
    void *connection = kind->open(settings, &hooks);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome;
        memset(&outcome, 0xee, sizeof outcome);
        kind->send(connection, outgoing, arena, &outcome);
        check(&outcome);
    }
    kind->close(connection);
    peer_fixture_silence();
    arena_destroy(&arena);
}
