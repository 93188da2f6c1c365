/*
 * A gateway that takes everything and answers each message after a time, in ms: what smtp-sink -w
 * does in seconds. A thread for each connection, so that one's wait is no other's.
 *
 *   slow_sink smtp|http|dead MS [FILE]
 *
 * Prints its port, and for each line of standard input how many messages it took so far; `dead`
 * takes connections and never says a word. Into FILE comes a line for each mail: when its last byte
 * was there (CLOCK_MONOTONIC, ns), and its recipient. Ends when standard input does.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, STACK = 1 << 16, BACKLOG = 1024 };

static void (*serve)(int fd);
static struct timespec delay;
static atomic_long taken;
static FILE *arrivals;

struct stream {
    int fd;
    char *data; /* of ROOM bytes, and a NUL behind what is there */
    size_t length;
    char recipient[100]; /* as RCPT spelled it */
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- Bytes ---- */

/* More of them; false at the end. */
static bool more(struct stream *in)
{
    ssize_t got =
        in->length < ROOM - 1 ? read(in->fd, in->data + in->length, ROOM - 1 - in->length) : 0;
    if (got <= 0)
        return false;
    in->length += (size_t)got;
    in->data[in->length] = '\0';
    return true;
}

static void drop(struct stream *in, size_t count)
{
    in->length -= count;
    memmove(in->data, in->data + count, in->length + 1);
}

/* Reads up to and with `end`; the bytes before it, or -1. */
static ssize_t until(struct stream *in, const char *end)
{
    char *at;
    while (!(at = strstr(in->data, end)))
        if (!more(in))
            return -1;
    return at - in->data;
}

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        return;
}

static void take_time(void)
{
    if (delay.tv_sec || delay.tv_nsec)
        nanosleep(&delay, NULL);
    taken++;
}

/* ---- Protocols ---- */

/* Keeps what stands after "RCPT TO:". */
static void keep_recipient(struct stream *in, size_t length)
{
    if (strncasecmp(in->data, "RCPT TO:", 8) == 0)
        snprintf(in->recipient, sizeof in->recipient, "%.*s", (int)length - 8, in->data + 8);
}

static void note_arrival(const struct stream *in)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    fprintf(arrivals, "%lld %s\n", now.tv_sec * 1000000000LL + now.tv_nsec, in->recipient);
    fflush(arrivals);
}

/* False at the end. */
static bool take_mail(struct stream *in)
{
    say(in->fd, "354 go\r\n");
    ssize_t body = until(in, "\r\n.\r\n");
    if (body < 0)
        return false;
    if (arrivals)
        note_arrival(in);
    drop(in, (size_t)body + 5);
    take_time();
    say(in->fd, "250 2.0.0 taken\r\n");
    return true;
}

static void serve_smtp(int fd)
{
    struct stream in = {.fd = fd, .data = calloc(1, ROOM)};
    say(fd, "220 sink.example ESMTP\r\n");
    for (bool goes_on = in.data; goes_on;) {
        ssize_t length = until(&in, "\r\n");
        if (length < 0)
            break;
        bool data = strncasecmp(in.data, "DATA", 4) == 0,
             hello = strncasecmp(in.data, "EHLO", 4) == 0;
        keep_recipient(&in, (size_t)length);
        drop(&in, (size_t)length + 2);
        if (data)
            goes_on = take_mail(&in);
        else
            say(fd, hello ? "250-sink.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 "
                            "8BITMIME\r\n"
                          : "250 2.0.0 well\r\n");
    }
    free(in.data);
}

static void serve_http(int fd)
{
    struct stream in = {.fd = fd, .data = calloc(1, ROOM)};
    for (ssize_t head; in.data && (head = until(&in, "\r\n\r\n")) >= 0;) {
        const char *field = strcasestr(in.data, "\r\ncontent-length:");
        size_t whole = (size_t)head + 4 + (field ? strtoul(field + 17, NULL, 10) : 0);
        while (in.length < whole && more(&in))
            continue;
        if (in.length < whole)
            break;
        drop(&in, whole);
        take_time();
        say(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    }
    free(in.data);
}

static void serve_nothing(int fd)
{
    (void)fd;
    pause();
}

/* ---- Connections ---- */

static void *connection(void *context)
{
    int fd = (int)(intptr_t)context, on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    serve(fd);
    close(fd);
    return NULL;
}

static void *accept_all(void *context)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    for (int fd; (fd = accept((int)(intptr_t)context, NULL, NULL)) >= 0;) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, connection, (void *)(intptr_t)fd) != 0)
            break;
    }
    die("slow_sink");
    return NULL;
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
    serve = strcmp(argv[1], "smtp") == 0   ? serve_smtp
            : strcmp(argv[1], "http") == 0 ? serve_http
                                           : serve_nothing;
    long ms = strtol(argv[2], NULL, 10);
    delay = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    signal(SIGPIPE, SIG_IGN);
    pthread_t thread;
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listen_somewhere()) != 0)
        die("slow_sink");
    for (int c; (c = getchar()) != EOF;)
        if (c == '\n') {
            printf("%ld\n", taken);
            fflush(stdout);
        }
    return 0;
}
