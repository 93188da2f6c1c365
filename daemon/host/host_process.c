#include "host/host_process.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/program.h"

enum { DOOR_FD = 3, DAEMON_FD = 4, CANNOT_RUN = 127 };

struct host_process {
    pid_t pid;
    int pid_fd;
    struct event *end;
    host_process_on_end *on_end;
    void *context;
};

/* ---- Before the fork: this process has threads, so that behind it nothing is allocated ---- */

/* What of the environment it may know. */
static char **pick_environment(struct arena *arena)
{
    static const char *const names[] = {
        "TZ=", "LANG=", "NUDGED_FAILPOINTS=", "ASAN_OPTIONS=", "UBSAN_OPTIONS="};
    char **picked = arena_zero(arena, sizeof *picked * (sizeof names / sizeof *names + 1));
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (char **at = environ; *at; at++)
            if (strncmp(*at, names[i], strlen(names[i])) == 0) {
                picked[count++] = *at;
                break;
            }
    return picked;
}

/* ---- Behind it ---- */

/* The descriptors may stand in each other's way: both go out of it first. */
static void arrange(int door, int daemon)
{
    int high_door = fcntl(door, F_DUPFD, DAEMON_FD + 1);
    int high_daemon = fcntl(daemon, F_DUPFD, DAEMON_FD + 1);
    if (high_door < 0 || high_daemon < 0 || dup2(high_door, DOOR_FD) < 0 ||
        dup2(high_daemon, DAEMON_FD) < 0)
        _exit(CANNOT_RUN);
    close_range(DAEMON_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static void run(const char *program, char **environment, int door, int daemon, pid_t parent)
{
    static char name[] = "nudged-web", inherited[] = "--inherited";
    char *argv[] = {name, inherited, NULL};
    sigset_t none;
    setsid(); /* a terminal's Ctrl-C is for the daemon, which ends it in order */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        _exit(CANNOT_RUN);
    arrange(door, daemon);
    execve(program, argv, environment);
    _exit(CANNOT_RUN);
}

/* ---- Its end ---- */

static void describe(const struct host_process *process, int status, struct diag *diag)
{
    (void)process;
    if (WIFSIGNALED(status))
        diag_error(diag, "nudged-web was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == CANNOT_RUN)
        diag_error(diag,
                   "nudged-web cannot be run: it is neither beside nudged nor in " NUDGED_SBINDIR);
    else
        diag_error(diag, "nudged-web ended with status %d", WEXITSTATUS(status));
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct host_process *process = context;
    struct diag how;
    int status = 0;
    waitpid(process->pid, &status, 0);
    process->pid = 0;
    describe(process, status, &how);
    process->on_end(process->context, &how);
}

/* ---- The outside ---- */

struct host_process *host_process_start(struct event_base *base, int door, int *channel,
                                        host_process_on_end *heard, void *context,
                                        struct diag *diag)
{
    struct host_process *process = mem_zero(1, sizeof *process);
    struct arena *arena = arena_new(1024);
    char path[PATH_MAX];
    int pair[2] = {-1, -1};
    char **environment = pick_environment(arena);
    pid_t parent = getpid();
    program_find("nudged-web", path);
    process->pid_fd = -1;
    process->on_end = heard;
    process->context = context;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        process->pid = fork();
        if (process->pid == 0)
            run(path, environment, door, pair[1], parent);
        close(pair[1]);
    }
    if (process->pid > 0)
        process->pid_fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    arena_destroy(&arena);
    if (process->pid_fd < 0) {
        diag_error(diag, "cannot start nudged-web: %s", strerror(errno));
        if (pair[0] >= 0)
            close(pair[0]);
        host_process_destroy(&process);
        return NULL;
    }
    process->end = event_new(base, process->pid_fd, EV_READ, on_end, process);
    if (!process->end)
        mem_exhausted();
    event_add(process->end, NULL);
    *channel = pair[0];
    return process;
}

void host_process_destroy(struct host_process **process)
{
    struct host_process *ended = *process;
    if (!ended)
        return;
    *process = NULL;
    if (ended->end)
        event_free(ended->end);
    if (ended->pid > 0) {
        kill(ended->pid, SIGKILL);
        waitpid(ended->pid, NULL, 0);
    }
    if (ended->pid_fd >= 0)
        close(ended->pid_fd);
    free(ended);
}

int64_t host_process_id(const struct host_process *process)
{
    return process->pid;
}
