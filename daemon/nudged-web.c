/*
 * nudged-web: what nudged has open to the web. Finds the two sockets that it is given, and hands
 * over to web/service.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "web/service.h"

#ifdef __SANITIZE_ADDRESS__
/* At its end it would trace itself to find leaks, which nudged-web cannot. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

enum { FIRST_FD = 3 }; /* sd_listen_fds(3) */

static void print_help(void)
{
    printf("Usage: nudged-web [--daemon=PATH]\n"
           "Takes what comes from the web, for nudged, which starts it. See nudged-web(8).\n\n"
           "      --daemon=PATH   the daemon's `web.socket`, where systemd starts nudged-web\n"
           "      --version       print the version\n"
           "  -h, --help          print this\n");
}

struct arguments {
    const char *path; /* of the daemon's socket; NULL: it is inherited too */
    bool inherited;
};

/* False: the program is done, with *status. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments, int *status)
{
    static const struct option options[] = {
        {"daemon", required_argument, NULL, 'd'},
        {"inherited", no_argument, NULL, 'i'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    *status = EXIT_SUCCESS;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            arguments->path = optarg;
            break;
        case 'i':
            arguments->inherited = true;
            break;
        case 'v':
            printf("nudged-web %s\n", PACKAGE_VERSION);
            return false;
        case 'h':
            print_help();
            return false;
        default:
            fprintf(stderr, "hint: `nudged-web --help`\n");
            *status = EX_USAGE;
            return false;
        }
    }
    return true;
}

/* How many sockets systemd has handed to this very process. */
static int count_sockets(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    return pid && count && atol(pid) == (long)getpid() ? atoi(count) : 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path)
        errno = ENAMETOOLONG;
    else if (fd >= 0) {
        strcpy(address.sun_path, path);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
            return fd;
    }
    fprintf(stderr, "nudged-web: %s: %s\n", path, strerror(errno));
    return -1;
}

/* What it listens at, and the daemon's; false: nobody has started it as it should be. */
static bool find_sockets(const struct arguments *arguments, struct service_options *sockets)
{
    *sockets = (struct service_options){.door = FIRST_FD, .daemon = FIRST_FD + 1};
    if (arguments->inherited != !arguments->path || (arguments->path && count_sockets() != 1)) {
        fprintf(stderr, "nudged-web: is started by nudged, or by systemd with one socket to listen "
                        "at and --daemon\n");
        return false;
    }
    fcntl(sockets->door, F_SETFD, FD_CLOEXEC);
    if (arguments->inherited)
        fcntl(sockets->daemon, F_SETFD, FD_CLOEXEC);
    else
        sockets->daemon = -1;
    return true;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct service_options sockets;
    int status;
    if (!read_arguments(argc, argv, &arguments, &status))
        return status;
    if (!find_sockets(&arguments, &sockets))
        return EX_USAGE;
    if (sockets.daemon < 0)
        sockets.daemon = connect_to(arguments.path);
    return sockets.daemon < 0 ? EX_TEMPFAIL : service_run(&sockets);
}
