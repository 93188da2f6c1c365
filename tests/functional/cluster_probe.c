/*
 * cluster_probe URL [CA_FILE [SENTINEL_PASSWORD_FILE [SENTINEL_USER]]]: connections to slots of a
 * cluster, or to the master that Sentinels watch, as lines of standard input say:
 *   open NAME P{k}:KEY [blocking]   a connection to the slot of a key that is not there
 *   close NAME
 *   send NAME TAG WORD…        a command
 *   write NAME TAG VALUE       a script that sets P{k}:one and P{k}:two, and answers what one was
 *   session KEY TAG WORD…      a command over a session, beside the one before
 * and prints "TAG answer" for each command, "NAME ready" and "NAME lost: reason" for each change.
 * It ends with its input.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "redis/cluster.h"
#include "redis/connection.h"
#include "redis/scripts.h"
#include "redis/session.h"

enum { NAMED_MOST = 256, WORDS_MOST = 32, SESSION_MS = 4000 };

static const char *const sources[] = {
    "local was = redis.call('GET', ARGV[1] .. ':one')\n"
    "redis.call('SET', ARGV[1] .. ':one', ARGV[2])\n"
    "redis.call('SET', ARGV[1] .. ':two', ARGV[2])\n"
    "return was\n",
};

struct named {
    char *name;
    struct connection *connection;
    struct scripts *scripts;
};

static struct event_base *base;
static struct cluster *cluster;
static struct named named[NAMED_MOST];
static struct endpoint endpoint;
static struct session *before;

static void on_state(void *context, bool ready, const char *reason)
{
    const struct named *one = context;
    if (ready)
        printf("%s ready\n", one->name);
    else
        printf("%s lost: %s\n", one->name, reason);
}

static void show(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_NIL:
        printf("(nil)");
        break;
    case REPLY_INTEGER:
        printf("%" PRId64, reply->integer);
        break;
    case REPLY_ERROR:
        printf("(error) %s", reply->text);
        break;
    case REPLY_LIST:
        printf("[");
        for (size_t i = 0; i < reply->count; i++) {
            printf(i ? " " : "");
            show(&reply->items[i]);
        }
        printf("]");
        break;
    case REPLY_TEXT:
    case REPLY_STATUS:
        printf("%s", reply->text);
        break;
    }
}

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    printf("%s ", (const char *)context);
    if (reply)
        show(reply);
    else
        printf("(%s) %s", fault->code, fault->text);
    printf("\n");
}

static struct named *find(const char *name)
{
    for (size_t i = 0; i < NAMED_MOST; i++)
        if (named[i].name && strcmp(named[i].name, name) == 0)
            return &named[i];
    fprintf(stderr, "cluster_probe: nothing is called %s\n", name);
    exit(2);
}

static void open_one(char **words, size_t count)
{
    struct named *one = named;
    while (one->name)
        one++;
    one->name = mem_text(words[1]);
    one->connection = connection_new(&(struct connection_options){.base = base,
                                                                  .cluster = cluster,
                                                                  .key = words[2],
                                                                  .blocking = count > 3,
                                                                  .name = "probe:blocking",
                                                                  .on_state = on_state,
                                                                  .context = one});
    char *end = strchr(words[2], '}');
    char *prefix = mem_text(words[2]);
    prefix[end ? end + 1 - words[2] : 0] = '\0';
    one->scripts = scripts_new(one->connection, prefix, sources, 1);
    free(prefix);
}

static void close_one(struct named *one)
{
    connection_destroy(&one->connection);
    scripts_destroy(&one->scripts);
    free(one->name);
    one->name = NULL;
}

static struct connection_request request_of(char **words, size_t count, char *tag)
{
    return (struct connection_request){.argc = count,
                                       .argv = (const char *const *)words,
                                       .callback = on_answer,
                                       .context = mem_text(tag),
                                       .release = free};
}

static void ask_session(char **words, size_t count)
{
    struct diag diag = {0};
    struct session *session = session_open_slot(&endpoint, words[1], before, SESSION_MS, &diag);
    const struct reply *reply =
        session ? session_call(session, count - 3, (const char *const *)&words[3], NULL, &diag)
                : NULL;
    on_answer(words[2], reply, &diag);
    if (session) {
        session_close(&before);
        before = session;
    }
}

static void obey(char **words, size_t count)
{
    if (strcmp(words[0], "open") == 0) {
        open_one(words, count);
    } else if (strcmp(words[0], "close") == 0) {
        close_one(find(words[1]));
    } else if (strcmp(words[0], "session") == 0) {
        ask_session(words, count);
    } else if (strcmp(words[0], "write") == 0) {
        struct connection_request request = request_of(&words[3], 1, words[2]);
        scripts_run(find(words[1])->scripts, 0, &request);
    } else {
        struct connection_request request = request_of(&words[3], count - 3, words[2]);
        connection_send(find(words[1])->connection, &request);
    }
}

static void on_lines(struct bufferevent *input, void *context)
{
    char *line;
    (void)context;
    while ((line = evbuffer_readln(bufferevent_get_input(input), NULL, EVBUFFER_EOL_LF))) {
        char *words[WORDS_MOST], *rest = line;
        size_t count = 0;
        while (count < WORDS_MOST && (words[count] = strsep(&rest, " ")))
            count++;
        obey(words, count);
        free(line);
    }
}

static void on_end(struct bufferevent *input, short events, void *context)
{
    (void)input, (void)events, (void)context;
    event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(1024);
    struct diag diag;
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2 || !endpoint_parse(arena, argv[1], &endpoint, &diag)) {
        fprintf(stderr, "cluster_probe: %s\n", argc < 2 ? "a URL" : diag.text);
        return 2;
    }
    endpoint.ca_file = argc > 2 && *argv[2] ? argv[2] : NULL;
    endpoint.sentinel_password_file = argc > 3 ? argv[3] : NULL;
    endpoint.sentinel_user = argc > 4 ? argv[4] : NULL;
    base = event_base_new();
    cluster =
        cluster_new(&(struct cluster_options){.base = base, .endpoint = endpoint, .name = "probe"});
    struct bufferevent *input = bufferevent_socket_new(base, 0, 0);
    bufferevent_setcb(input, on_lines, NULL, on_end, NULL);
    bufferevent_enable(input, EV_READ);
    event_base_dispatch(base);
    for (size_t i = 0; i < NAMED_MOST; i++)
        if (named[i].name)
            close_one(&named[i]);
    session_close(&before);
    cluster_destroy(&cluster);
    bufferevent_free(input);
    event_base_free(base);
    arena_destroy(&arena);
    return 0;
}
