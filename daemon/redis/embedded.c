/*
 * The server's life:
 *
 *   LOCKING --lock--> RUNNING --it ended--> RESTING --timer--> RUNNING
 *      |                 |
 *      +--- 30 s, or it cannot be started, or it ends at once again and again ---> FAILED
 *
 * The lock is a flock on an open file that the server inherits: it is free only when both
 * the daemon and its server (and a child that rewrites its file) have ended.
 */
#include "redis/embedded.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/percent.h"
#include "redis/backoff.h"

enum {
    LOCK_EVERY_MS = 50,
    LOCK_MOST_MS = 30000,
    END_MOST_MS = 30000,
    SHORT_LIFE_MS = 2000, /* a server that lived so long had started well */
    SHORT_LIVES_MOST = 5, /* in a row */
    LOG_MOST = 1 << 20,   /* bytes of redis.log, which holds warnings only, at a start */
    CANNOT_RUN = 127,     /* exit status of a child whose exec failed, as a shell's */
    PATH_SIZE = 512,
};

struct embedded {
    enum embedded_state state;
    char *folder;  /* <state folder>/redis */
    char *program; /* NULL: the first of standard_programs that is there */
    char *fsync;
    char url[PATH_SIZE];
    embedded_on_state *on_state;
    void *context;
    struct event_base *base;
    struct event *timer; /* LOCKING: try again; RESTING: start again */
    struct event *end;   /* RUNNING: the server ended */
    int lock;            /* the open file */
    int64_t begun_at;    /* LOCKING: since then; RUNNING: started then */
    struct backoff backoff;
    int short_lives;
    pid_t pid;  /* RUNNING */
    int pid_fd; /* readable when the server has ended; -1: none */
};

/* ---- Paths ---- */

bool embedded_find(const char *folder, char *url, size_t size)
{
    struct buf text;
    char socket[sizeof((struct sockaddr_un){0}.sun_path)];
    int length = snprintf(socket, sizeof socket, "%s/redis/redis.sock", folder);
    if (length < 0 || (size_t)length >= sizeof socket || *socket != '/')
        return false;
    buf_init(&text, PATH_SIZE);
    buf_text(&text, "unix://");
    percent_encode(&text, socket, PERCENT_UNRESERVED "/");
    bool fits = text.length < size;
    if (fits)
        memcpy(url, buf_string(&text), text.length + 1);
    buf_free(&text);
    return fits;
}

const char *embedded_url(const struct embedded *embedded)
{
    return embedded->url;
}

/* ---- State ---- */

static void set_timer(struct embedded *embedded, int64_t ms)
{
    struct timeval after = clock_timeval(ms);
    evtimer_add(embedded->timer, &after);
}

/* The one function through which the state changes. Nothing may follow it: the callback may
 * tear down. */
static void move_to(struct embedded *embedded, enum embedded_state state, const struct diag *fault)
{
    embedded->state = state;
    if (embedded->on_state)
        embedded->on_state(embedded->context, state, fault);
}

/* ---- The server ---- */

static const char *const standard_programs[] = {"redis-server", "valkey-server", NULL};

/* Does not return. Only calls that are safe after a fork in a program with threads. */
static void run_server(const struct embedded *embedded, const char **argv, pid_t parent)
{
    const char *const named[] = {embedded->program, NULL};
    const char *const *program = embedded->program ? named : standard_programs;
    sigset_t none;
    struct stat written;
    int log, null, flags = O_WRONLY | O_CREAT | O_APPEND;
    setsid(); /* a terminal's Ctrl-C is for the daemon, which needs its server to the end */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before it could be watched */
        _exit(0);
    if (chdir(embedded->folder) != 0)
        _exit(CANNOT_RUN);
    null = open("/dev/null", O_RDONLY);
    if (stat("redis.log", &written) == 0 && written.st_size > LOG_MOST)
        flags |= O_TRUNC;
    log = open("redis.log", flags, 0600);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC); /* others' sockets stay here */
    fcntl(embedded->lock, F_SETFD, 0); /* inherited: held until the server has ended */
    for (; *program; program++) {
        argv[0] = *program;
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    }
    _exit(CANNOT_RUN);
}

/* The last line of the server's log, for people. */
static void last_words(const struct embedded *embedded, char *out, size_t size)
{
    char path[PATH_SIZE], tail[512];
    ssize_t got = 0;
    snprintf(path, sizeof path, "%s/redis.log", embedded->folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        off_t end = lseek(file, 0, SEEK_END);
        off_t from = end > (off_t)sizeof tail - 1 ? end - (off_t)sizeof tail + 1 : 0;
        got = pread(file, tail, sizeof tail - 1, from);
        close(file);
    }
    while (got > 0 && tail[got - 1] == '\n')
        got--;
    tail[got > 0 ? got : 0] = '\0';
    const char *line = strrchr(tail, '\n');
    snprintf(out, size, "%s", line ? line + 1 : tail);
}

static void fault_of_end(const struct embedded *embedded, int status, struct diag *diag)
{
    char words[512];
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN) {
        if (embedded->program)
            diag_error(diag, "cannot run `%s` for the private Redis", embedded->program);
        else
            diag_error(diag, "there is neither `redis-server` nor `valkey-server` for the private "
                             "Redis");
        diag_hint(diag, "install redis-server, or name a Redis of your own in `redis:`");
        return;
    }
    last_words(embedded, words, sizeof words);
    if (WIFSIGNALED(status))
        diag_error(diag, "the private redis-server was ended by signal %d", WTERMSIG(status));
    else
        diag_error(diag, "the private redis-server ended with status %d%s%s", WEXITSTATUS(status),
                   *words ? "; its last words: " : "", words);
    diag_hint(diag, "its log is %s/redis.log", embedded->folder);
}

static void on_end(evutil_socket_t fd, short events, void *context)
{
    struct embedded *embedded = context;
    struct diag diag;
    int status = 0;
    (void)fd, (void)events;
    waitpid(embedded->pid, &status, 0);
    event_free(embedded->end);
    close(embedded->pid_fd);
    embedded->end = NULL;
    embedded->pid_fd = -1;
    embedded->pid = 0;

    fault_of_end(embedded, status, &diag);
    diag_code(&diag, "redis-ended");
    if (clock_monotonic_ms() - embedded->begun_at >= SHORT_LIFE_MS) {
        backoff_reset(&embedded->backoff);
        embedded->short_lives = 0;
    } else if (++embedded->short_lives >= SHORT_LIVES_MOST ||
               (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN)) {
        move_to(embedded, EMBEDDED_FAILED, &diag);
        return;
    }
    if (embedded->short_lives <= 1) /* of a row the first alone, and the last */
        log_diag(&diag);
    set_timer(embedded, backoff_next(&embedded->backoff));
    move_to(embedded, EMBEDDED_RESTING, &diag);
}

static void start_server(struct embedded *embedded)
{
    const char *argv[] = {NULL, /* the program */
                          "--port",
                          "0",
                          "--unixsocket",
                          "redis.sock",
                          "--unixsocketperm",
                          "700",
                          "--dir",
                          ".",
                          "--appendonly",
                          "yes",
                          "--appendfsync",
                          embedded->fsync,
                          "--save",
                          "",
                          "--maxmemory-policy",
                          "noeviction",
                          "--loglevel",
                          "warning",
                          "--daemonize",
                          "no",
                          NULL};
    struct diag diag;
    pid_t parent = getpid();
    embedded->begun_at = clock_monotonic_ms();
    embedded->pid = fork();
    if (embedded->pid == 0)
        run_server(embedded, argv, parent);
    if (embedded->pid > 0)
        embedded->pid_fd = (int)syscall(SYS_pidfd_open, embedded->pid, 0);
    if (embedded->pid < 0 || embedded->pid_fd < 0) {
        diag_error(&diag, "cannot start the private redis-server: %s", strerror(errno));
        if (embedded->pid > 0)
            kill(embedded->pid, SIGTERM);
        move_to(embedded, EMBEDDED_FAILED, &diag);
        return;
    }
    embedded->end = event_new(embedded->base, embedded->pid_fd, EV_READ, on_end, embedded);
    if (!embedded->end)
        mem_exhausted();
    event_add(embedded->end, NULL);
    move_to(embedded, EMBEDDED_RUNNING, NULL);
}

/* ---- The lock ---- */

static void try_lock(struct embedded *embedded)
{
    struct diag diag;
    if (flock(embedded->lock, LOCK_EX | LOCK_NB) == 0) {
        start_server(embedded);
    } else if (clock_monotonic_ms() - embedded->begun_at < LOCK_MOST_MS) {
        set_timer(embedded, LOCK_EVERY_MS);
    } else {
        diag_error(&diag, "another nudged, or its redis-server, uses %s", embedded->folder);
        diag_code(&diag, "folder-in-use");
        diag_hint(&diag, "end it, or give this one a state folder of its own");
        move_to(embedded, EMBEDDED_FAILED, &diag);
    }
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct embedded *embedded = context;
    (void)fd, (void)events;
    if (embedded->state == EMBEDDED_LOCKING)
        try_lock(embedded);
    else if (embedded->state == EMBEDDED_RESTING)
        start_server(embedded);
}

static bool open_folder(struct embedded *embedded, struct diag *diag)
{
    char path[PATH_SIZE];
    if (mkdir(embedded->folder, 0700) != 0 && errno != EEXIST)
        return diag_error(diag, "%s: %s", embedded->folder, strerror(errno));
    snprintf(path, sizeof path, "%s/lock", embedded->folder);
    embedded->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return embedded->lock >= 0 || diag_error(diag, "%s: %s", path, strerror(errno));
}

/* ---- The outside ---- */

struct embedded *embedded_start(const struct embedded_options *options, struct diag *diag)
{
    struct embedded *embedded = mem_zero(1, sizeof *embedded);
    char folder[PATH_SIZE];
    embedded->lock = embedded->pid_fd = -1;
    embedded->base = options->base;
    embedded->program = options->program ? mem_text(options->program) : NULL;
    embedded->fsync = mem_text(options->fsync ? options->fsync : "everysec");
    embedded->on_state = options->on_state;
    embedded->context = options->context;
    snprintf(folder, sizeof folder, "%s/redis", options->folder);
    embedded->folder = mem_text(folder);
    embedded->timer = evtimer_new(options->base, on_timer, embedded);
    if (!embedded->timer)
        mem_exhausted();
    if (!embedded_find(options->folder, embedded->url, sizeof embedded->url))
        diag_error(diag, "the state folder must be a whole path of at most 90 bytes: %s",
                   options->folder);
    else if (open_folder(embedded, diag)) {
        embedded->begun_at = clock_monotonic_ms();
        set_timer(embedded, 0);
        return embedded;
    }
    embedded_destroy(&embedded);
    return NULL;
}

static void end_server(struct embedded *embedded)
{
    struct pollfd ended = {.fd = embedded->pid_fd, .events = POLLIN};
    int64_t end = clock_monotonic_ms() + END_MOST_MS;
    int result;
    kill(embedded->pid, SIGTERM);
    do { /* poll passes over a descriptor of -1: then the time alone counts */
        int64_t left = end - clock_monotonic_ms();
        result = poll(&ended, 1, left > 0 ? (int)left : 0);
    } while (result < 0 && errno == EINTR);
    if (result == 0) {
        log_warning("the private redis-server did not end within %d s and is killed",
                    END_MOST_MS / 1000);
        kill(embedded->pid, SIGKILL);
    }
    waitpid(embedded->pid, NULL, 0);
}

void embedded_destroy(struct embedded **embedded)
{
    struct embedded *ended = *embedded;
    if (!ended)
        return;
    *embedded = NULL;
    if (ended->end)
        event_free(ended->end);
    if (ended->pid > 0)
        end_server(ended);
    if (ended->pid_fd >= 0)
        close(ended->pid_fd);
    if (ended->lock >= 0)
        close(ended->lock);
    event_free(ended->timer);
    free(ended->folder);
    free(ended->program);
    free(ended->fsync);
    free(ended);
}
