#include "server_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MOST = SERVER_FIXTURE_PORTS, LINE_MOST_MS = 10000 };

/* Does not return: in the child. */
static void run_server(const char *script, const char *const *arguments, int input, int output)
{
    const char *source = getenv("NUDGED_SOURCE");
    char path[1024];
    const char *argv[ARGUMENTS_MOST + 3] = {"/usr/bin/python3", path};
    snprintf(path, sizeof path, "%s/tests/unit/servers/%s", source ? source : ".", script);
    for (size_t i = 0; arguments && arguments[i] && i < ARGUMENTS_MOST; i++)
        argv[i + 2] = arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

void server_fixture_start(struct server_fixture *server, const char *script,
                          const char *const *arguments, size_t ports)
{
    int to[2], from[2];
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    *server = (struct server_fixture){.input = to[1], .output = from[0]};
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        run_server(script, arguments, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    assert_true(ports <= SERVER_FIXTURE_PORTS);
    for (size_t i = 0; i < ports; i++)
        server->ports[i] = atoi(server_fixture_line(server));
}

void server_fixture_stop(struct server_fixture *server)
{
    close(server->input);
    close(server->output);
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

const char *server_fixture_line(struct server_fixture *server)
{
    char *end;
    while (!(end = memchr(server->kept, '\n', server->kept_length))) {
        struct pollfd ready = {.fd = server->output, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, LINE_MOST_MS), 1);
        ssize_t got = read(server->output, server->kept + server->kept_length,
                           sizeof server->kept - server->kept_length);
        if (got <= 0)
            fail_msg("the server ended");
        server->kept_length += (size_t)got;
    }
    size_t length = (size_t)(end - server->kept);
    assert_true(length < sizeof server->line);
    memcpy(server->line, server->kept, length);
    server->line[length] = '\0';
    server->kept_length -= length + 1;
    memmove(server->kept, end + 1, server->kept_length);
    return server->line;
}

const char *server_fixture_folder(void)
{
    static char names[8][32];
    static size_t count;
    char *name = names[count++ % 8];
    strcpy(name, "/tmp/nudged-test-XXXXXX");
    assert_non_null(mkdtemp(name));
    return name;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void server_fixture_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
