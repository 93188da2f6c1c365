/*
 * Messages per second through sender threads to an SMTP server.
 *
 *   bench_smtp                                              smtp-sink is started, and smtp-source
 *                                                           measured beside us over the same
 *   bench_smtp HOST:PORT [MESSAGES [BYTES [CONNECTIONS]]]   to a server that is there, us alone
 *
 * Prints rows of name, value, unit.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "send/gateway_kinds.h"
#include "send/senders.h"

struct load {
    const char *host;
    int port;
    size_t messages, bytes, connections;
    char *body;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_smtp: %s\n", what);
    exit(1);
}

static char *make_body(size_t bytes)
{
    static const char head[] = "Subject: bench\r\n\r\n";
    size_t least = sizeof head - 1 + 2;
    if (bytes < least)
        die("a message has at least 20 bytes");
    char *body = mem_alloc(bytes + 1);
    memset(body, 'X', bytes);
    memcpy(body, head, sizeof head - 1);
    for (size_t at = sizeof head - 1 + 78; at + 2 < bytes; at += 80)
        memcpy(body + at, "\r\n", 2);
    memcpy(body + bytes - 2, "\r\n", 2);
    if (body[bytes - 3] == '\r')
        body[bytes - 3] = 'X';
    body[bytes] = '\0';
    return body;
}

/* ---- Through our senders ---- */

struct item {
    struct senders_job job; /* first */
    char mid[32];
};

struct tally {
    struct load load;
    size_t back, failed;
};

static bool prepare(void *context, struct senders_job *job, struct arena *arena,
                    struct outgoing *outgoing, struct diag *diag)
{
    const struct tally *tally = context;
    (void)arena, (void)diag;
    *outgoing = (struct outgoing){
        .mid = ((const struct item *)job)->mid,
        .channel = "email",
        .mail = true,
        .envelope_from = "bench@shop.example",
        .envelope_to = "customer@example.com",
        .body = tally->load.body,
        .body_length = tally->load.bytes,
    };
    return true;
}

static void collected(void *context, struct senders_job *job)
{
    struct tally *tally = context;
    tally->back++;
    if (job->outcome.kind != OUTCOME_SENT && tally->failed++ == 0)
        fprintf(stderr, "bench_smtp: outcome %d: %s\n", job->outcome.kind, job->outcome.text);
    free(job);
}

static struct senders *start(struct arena *arena, struct tally *tally)
{
    struct diags diags = {0};
    struct diag diag;
    struct value map;
    const void *settings;
    const char *text =
        arena_printf(arena,
                     "{\"kind\": \"smtp\", \"host\": \"%s\", \"port\": %d, \"tls\": \"never\","
                     " \"renew_messages\": 1000000}",
                     tally->load.host, tally->load.port);
    if (!json_read(arena, text, strlen(text), &json_file_limits, &map, &diag))
        die(diag.text);
    const struct gateway_kind *kind = gateway_kinds_read(&map, NULL, arena, &settings, &diags);
    if (!kind)
        die(diags.items[0].text);
    struct senders *senders = senders_start(
        &(struct senders_settings){
            .name = "bench",
            .kind = kind,
            .gateway = settings,
            .connections = tally->load.connections,
            .prepare = prepare,
            .context = tally,
        },
        &diag);
    if (!senders)
        die(diag.text);
    return senders;
}

/* Messages per second; as many jobs under way as there are connections. */
static double measure_us(const struct load *load)
{
    struct arena *arena = arena_new(4096);
    struct tally tally = {.load = *load};
    struct senders *senders = start(arena, &tally);
    size_t given = 0;
    int64_t began = clock_monotonic_ms();
    while (tally.back < load->messages) {
        size_t more = senders_room(senders, 0);
        while (more-- > 0 && given < load->messages) {
            struct item *item = mem_zero(1, sizeof *item);
            snprintf(item->mid, sizeof item->mid, "m%zu", given++);
            senders_give(senders, &item->job);
        }
        struct pollfd ready = {.fd = senders_fd(senders), .events = POLLIN};
        poll(&ready, 1, -1);
        senders_collect(senders, 0, collected, &tally);
    }
    double seconds = (double)(clock_monotonic_ms() - began) / 1e3;
    senders_destroy(&senders);
    arena_destroy(&arena);
    if (tally.failed)
        die("not all messages were taken");
    return (double)load->messages / seconds;
}

/* ---- Postfix's programs ---- */

static pid_t run(char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv[0], argv);
        fprintf(stderr, "bench_smtp: %s: not found\n", argv[0]);
        _exit(127);
    }
    return pid;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int fault = connect(fd, (const struct sockaddr *)&address, sizeof address);
    close(fd);
    return fault;
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        die("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static pid_t start_sink(int port)
{
    char address[32];
    snprintf(address, sizeof address, "inet:127.0.0.1:%d", port);
    char *const as_root[] = {"smtp-sink", "-u", "nobody", address, "1000", NULL};
    char *const as_user[] = {"smtp-sink", address, "1000", NULL};
    pid_t pid = run(geteuid() == 0 ? as_root : as_user);
    for (int tries = 0; connect_to(port) != 0; tries++) {
        if (tries == 500 || waitpid(pid, NULL, WNOHANG) == pid)
            die("smtp-sink does not start (Debian: postfix)");
        poll(NULL, 0, 10);
    }
    return pid;
}

static double measure_source(const struct load *load)
{
    char sessions[16], messages[16], bytes[16], address[32];
    snprintf(sessions, sizeof sessions, "%zu", load->connections);
    snprintf(messages, sizeof messages, "%zu", load->messages);
    snprintf(bytes, sizeof bytes, "%zu", load->bytes);
    snprintf(address, sizeof address, "inet:127.0.0.1:%d", load->port);
    char *const argv[] = {"smtp-source", "-d", "-s",  sessions, "-m",
                          messages,      "-l", bytes, address,  NULL};
    int status;
    int64_t began = clock_monotonic_ms();
    pid_t pid = run(argv);
    waitpid(pid, &status, 0);
    if (status != 0)
        die("smtp-source failed");
    return (double)load->messages / ((double)(clock_monotonic_ms() - began) / 1e3);
}

static void compare(struct load load)
{
    static const size_t connections[] = {1, 8, 32};
    load.port = free_port();
    pid_t sink = start_sink(load.port);
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++) {
        load.connections = connections[i];
        load.messages = i == 0 ? 10000 : 20000;
        double theirs = measure_source(&load);
        double ours = measure_us(&load);
        printf("smtp_source_%zu\t%.0f\tmessages/s\n", load.connections, theirs);
        printf("smtp_senders_%zu\t%.0f\tmessages/s\n", load.connections, ours);
        fflush(stdout);
    }
    kill(sink, SIGTERM);
    waitpid(sink, NULL, 0);
}

int main(int argc, char **argv)
{
    struct load load = {.host = "127.0.0.1", .messages = 10000, .bytes = 4096, .connections = 8};
    size_t *const numbers[] = {&load.messages, &load.bytes, &load.connections};
    for (int i = 2; i < argc && i < 5; i++)
        *numbers[i - 2] = strtoul(argv[i], NULL, 10);
    load.body = make_body(load.bytes);
    if (argc < 2) {
        compare(load);
    } else {
        char *colon = strrchr(argv[1], ':');
        if (!colon || load.messages == 0 || load.connections == 0)
            die("usage: bench_smtp [HOST:PORT [MESSAGES [BYTES [CONNECTIONS]]]]");
        *colon = '\0';
        load.host = argv[1];
        load.port = atoi(colon + 1);
        printf("smtp_senders_%zu\t%.0f\tmessages/s\n", load.connections, measure_us(&load));
    }
    free(load.body);
    return 0;
}
