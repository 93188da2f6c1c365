/*
 * A gateway that takes everything and answers each message after a time, in ms: what smtp-sink -w
 * does in seconds. One thread has all connections, and takes as little of the processors from who
 * is measured as it can: in the world a gateway has its own.
 *
 *   slow_sink smtp|http|dead MS [FILE]
 *
 * Prints its port, and for each line of standard input how many messages it took so far; `dead`
 * takes connections and never says a word. Into FILE comes a line for each mail: when its last byte
 * was there (CLOCK_MONOTONIC, ns), and its recipient. Ends when standard input does.
 *
 * A stream whose message is whole waits in a queue, in the order in which they are due, as all wait
 * for the same time; what comes meanwhile is read afterwards.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, BACKLOG = 1024, EVENTS = 64, NS_MS = 1000000 };

struct stream {
    int fd;
    bool in_mail; /* SMTP: behind DATA */
    bool waits;   /* for its time */
    bool ready;   /* something came meanwhile */
    bool closing; /* the other side says no more */
    bool ended;
    int64_t due_ns;
    struct stream *next; /* that is due */
    char recipient[100]; /* as RCPT spelled it */
    size_t length;
    char data[ROOM]; /* and a NUL behind what is there */
};

/* What a protocol does with what came: false where more must come first. */
static bool (*take)(struct stream *in);
static const char *greeting, *answer;
static int64_t delay_ns;
static long taken;
static FILE *arrivals;
static int watched;
static struct stream *first, *last;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)1000 * NS_MS + now.tv_nsec;
}

/* ---- A stream ---- */

static void say(struct stream *in, const char *text)
{
    if (write(in->fd, text, strlen(text)) < 0)
        in->ended = true;
}

static void drop(struct stream *in, size_t count)
{
    in->length -= count;
    memmove(in->data, in->data + count, in->length + 1);
}

static void answer_message(struct stream *in)
{
    taken++;
    say(in, answer);
}

static void message_is_whole(struct stream *in)
{
    if (!delay_ns) {
        answer_message(in);
        return;
    }
    in->waits = true;
    in->due_ns = now_ns() + delay_ns;
    in->next = NULL;
    *(first ? &last->next : &first) = in;
    last = in;
}

/* Reads what is there: a read that does not fill the room was all, and more is told of. */
static void read_more(struct stream *in)
{
    ssize_t got;
    do {
        const size_t room = ROOM - 1 - in->length;
        got = room ? read(in->fd, in->data + in->length, room) : 0;
        if (got > 0)
            in->length += (size_t)got;
        in->ended |= got == 0 || (got < 0 && errno != EAGAIN);
    } while (got > 0 && in->closing);
    in->data[in->length] = '\0';
}

static void go_on(struct stream *in)
{
    read_more(in);
    while (!in->waits && take(in))
        continue;
    in->ready = in->waits && in->length;
    if (in->ended && !in->waits) {
        close(in->fd);
        free(in);
    }
}

/* ---- Protocols ---- */

static void note_arrival(const struct stream *in)
{
    fprintf(arrivals, "%lld %s\n", (long long)now_ns(), in->recipient);
    fflush(arrivals);
}

static bool take_mail(struct stream *in)
{
    const char *end = strstr(in->data, "\r\n.\r\n");
    if (!end)
        return false;
    if (arrivals)
        note_arrival(in);
    drop(in, (size_t)(end - in->data) + 5);
    in->in_mail = false;
    message_is_whole(in);
    return true;
}

static bool take_smtp(struct stream *in)
{
    if (in->in_mail)
        return take_mail(in);
    const char *end = strstr(in->data, "\r\n");
    if (!end)
        return false;
    const size_t length = (size_t)(end - in->data);
    const bool hello = strncasecmp(in->data, "EHLO", 4) == 0;
    in->in_mail = strncasecmp(in->data, "DATA", 4) == 0;
    if (strncasecmp(in->data, "RCPT TO:", 8) == 0)
        snprintf(in->recipient, sizeof in->recipient, "%.*s", (int)length - 8, in->data + 8);
    drop(in, length + 2);
    say(in, in->in_mail ? "354 go\r\n"
            : hello     ? "250-sink.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 "
                          "8BITMIME\r\n"
                        : "250 2.0.0 well\r\n");
    return true;
}

static bool take_http(struct stream *in)
{
    const char *head = strstr(in->data, "\r\n\r\n");
    if (!head)
        return false;
    const char *field = strcasestr(in->data, "\r\ncontent-length:");
    const size_t whole =
        (size_t)(head - in->data) + 4 + (field ? strtoul(field + 17, NULL, 10) : 0);
    if (in->length < whole)
        return false;
    drop(in, whole);
    message_is_whole(in);
    return true;
}

static bool take_nothing(struct stream *in)
{
    drop(in, in->length);
    return false;
}

/* ---- All of them ---- */

static void watch(int fd, uint32_t events, void *of)
{
    struct epoll_event event = {.events = events, .data.ptr = of};
    if (epoll_ctl(watched, EPOLL_CTL_ADD, fd, &event) != 0)
        die("slow_sink");
}

static void accept_one(int from)
{
    int on = 1, fd = accept4(from, NULL, NULL, SOCK_NONBLOCK);
    struct stream *in = fd < 0 ? NULL : malloc(sizeof *in);
    if (!in)
        die("slow_sink");
    memset(in, 0, offsetof(struct stream, data) + 1);
    in->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET, in);
    if (greeting)
        say(in, greeting);
}

static void tell_taken(void)
{
    char asked[256];
    ssize_t got = read(STDIN_FILENO, asked, sizeof asked);
    if (got <= 0)
        exit(0);
    for (ssize_t i = 0; i < got; i++)
        if (asked[i] == '\n')
            printf("%ld\n", taken);
    fflush(stdout);
}

static void answer_who_is_due(void)
{
    while (first && first->due_ns <= now_ns()) {
        struct stream *in = first;
        first = in->next;
        in->waits = false;
        answer_message(in);
        if (in->ready || in->ended)
            go_on(in);
    }
}

static void hear(struct stream *in, uint32_t events)
{
    in->closing |= (events & ~(uint32_t)EPOLLIN) != 0;
    in->ready = true;
    if (!in->waits)
        go_on(in);
}

static int wait_for(struct epoll_event *events)
{
    int64_t left_ns = first ? first->due_ns - now_ns() : 0;
    left_ns = left_ns < 0 ? 0 : left_ns;
    const struct timespec time = {.tv_sec = left_ns / NS_MS / 1000,
                                  .tv_nsec = left_ns % ((int64_t)1000 * NS_MS)};
    return epoll_pwait2(watched, events, EVENTS, first ? &time : NULL, NULL);
}

static void serve(int listening)
{
    static char input; /* stands for standard input, as NULL does for who comes */
    struct epoll_event events[EVENTS];
    watched = epoll_create1(0);
    watch(listening, EPOLLIN, NULL);
    watch(STDIN_FILENO, EPOLLIN, &input);
    for (;;) {
        int count = wait_for(events);
        for (int i = 0; i < count; i++) {
            struct stream *in = events[i].data.ptr;
            if (!in)
                accept_one(listening);
            else if ((void *)in == (void *)&input)
                tell_taken();
            else
                hear(in, events[i].events);
        }
        answer_who_is_due();
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("slow_sink");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: slow_sink smtp|http|dead MS [FILE]\n");
        return 64;
    }
    if (argc == 4 && !(arrivals = fopen(argv[3], "w")))
        die(argv[3]);
    const bool smtp = strcmp(argv[1], "smtp") == 0, http = strcmp(argv[1], "http") == 0;
    take = smtp ? take_smtp : http ? take_http : take_nothing;
    greeting = smtp ? "220 sink.example ESMTP\r\n" : NULL;
    answer = smtp ? "250 2.0.0 taken\r\n" : "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    delay_ns = strtol(argv[2], NULL, 10) * NS_MS;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL);
    serve(listen_somewhere());
}
