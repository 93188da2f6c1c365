#include "ctl/demo_daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/program.h"
#include "serve/admin_client.h"

enum { START_MOST_MS = 20000, LOOK_MS = 50 };

static bool spawn(struct demo_daemon *daemon, const char *config, struct diag *diag)
{
    char path[PATH_MAX];
    program_find("nudged", path);
    fflush(NULL);
    daemon->pid = fork();
    if (daemon->pid == 0) {
        execl(path, "nudged", "--config", config, (char *)NULL);
        fprintf(stderr, "nudgectl: %s: %s\n", path, strerror(errno));
        _exit(127);
    }
    return daemon->pid > 0 ? true : diag_error(diag, "fork: %s", strerror(errno));
}

static bool is_healthy(const char *socket)
{
    const struct admin_question question = {.socket = socket, .method = "GET", .target = "/health"};
    struct admin_answer answer;
    if (!admin_client_ask(&question, &answer, NULL))
        return false;
    buf_free(&answer.body);
    return answer.status == 200;
}

bool demo_daemon_start(struct demo_daemon *daemon, const char *config, const char *socket,
                       struct diag *diag)
{
    int64_t until_ms = clock_monotonic_ms() + START_MOST_MS;
    if (!spawn(daemon, config, diag))
        return false;
    while (!is_healthy(socket)) {
        if (demo_daemon_ended(daemon))
            return diag_error(diag, "the daemon did not start");
        if (clock_monotonic_ms() > until_ms)
            return diag_error(diag, "the daemon was not ready within %d s", START_MOST_MS / 1000);
        poll(NULL, 0, LOOK_MS);
    }
    return true;
}

bool demo_daemon_ended(struct demo_daemon *daemon)
{
    if (daemon->pid > 0 && waitpid(daemon->pid, NULL, WNOHANG) == daemon->pid)
        daemon->pid = 0;
    return daemon->pid == 0;
}

void demo_daemon_stop(struct demo_daemon *daemon)
{
    if (daemon->pid <= 0)
        return;
    kill(daemon->pid, SIGTERM);
    while (waitpid(daemon->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    daemon->pid = 0;
}
