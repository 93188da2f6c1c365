#include "base/failpoint.h"

#ifdef NUDGED_FAILPOINTS

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sysexits.h>
#include <unistd.h>

enum { POINTS_MOST = 32 };

enum action { ACTION_KILL, ACTION_STOP, ACTION_FAIL, ACTION_WAIT };

static const char *const action_names[] = {"kill", "stop", "fail", "wait", NULL};

struct point {
    const char *name;
    int action;            /* enum action, an index of action_names */
    const char *path;      /* of ACTION_WAIT */
    unsigned long passage; /* the one that acts, from 1; 0: every one */
    atomic_ulong passed;
};

static struct point points[POINTS_MOST];
static size_t point_count;

/* A test that armed nothing would pass for the wrong reason. */
static void __attribute__((noreturn)) refuse(const char *text, const char *why)
{
    fprintf(stderr, "nudged: NUDGED_FAILPOINTS: `%s`: %s\n", text, why);
    _exit(EX_USAGE);
}

/* "NAME=ACTION[:PATH][@N]", taken apart in place. */
static void arm(char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s", text);
    if (point_count == POINTS_MOST)
        refuse(whole, "too many");
    struct point *point = &points[point_count];
    char *action = strchr(text, '=');
    if (!action || action == text)
        refuse(whole, "must be NAME=ACTION");
    *action++ = '\0';
    char *passage = strrchr(action, '@');
    if (passage && passage[1] && passage[1 + strspn(passage + 1, "0123456789")] == '\0') {
        *passage++ = '\0';
        point->passage = strtoul(passage, NULL, 10);
        if (point->passage == 0)
            refuse(whole, "passages count from 1");
    }
    char *path = strchr(action, ':');
    if (path)
        *path++ = '\0';
    point->name = text;
    point->path = path;
    while (action_names[point->action] && strcmp(action_names[point->action], action) != 0)
        point->action++;
    if (!action_names[point->action])
        refuse(whole, "no such action: kill, stop, fail or wait:PATH");
    if ((point->action == ACTION_WAIT) != (path && *path))
        refuse(whole, "a path belongs to `wait`, and to it alone");
    point_count++;
}

/* Before main(): no thread is there yet, and a mistake ends the program at its start. */
static void __attribute__((constructor)) arm_all(void)
{
    const char *list = getenv("NUDGED_FAILPOINTS");
    if (!list || !*list)
        return;
    char *rest = strdup(list), *text; /* stays: the points refer to it */
    if (!rest)
        refuse(list, strerror(errno));
    while ((text = strsep(&rest, ",")))
        arm(text);
}

static void end_self(void)
{
    kill(getpid(), SIGKILL);
    for (;;) /* until it arrives */
        pause();
}

/* Says that the point is reached, then waits until somebody removes the file. */
static void wait_for_removal(const char *path)
{
    char reached[PATH_MAX];
    snprintf(reached, sizeof reached, "%s.reached", path);
    int events = inotify_init1(IN_CLOEXEC);
    /* IN_ATTRIB tells of a link less; IN_DELETE_SELF waits for whoever has it open. */
    int watch = inotify_add_watch(events, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
    if (watch < 0 && errno != ENOENT)
        refuse(path, strerror(errno));
    int file = open(reached, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        refuse(reached, strerror(errno));
    close(file);
    while (watch >= 0 && access(path, F_OK) == 0) {
        char event[sizeof(struct inotify_event) + NAME_MAX + 1];
        if (read(events, event, sizeof event) < 0 && errno != EINTR)
            break;
    }
    close(events);
}

/* Whether the caller is to fail. */
static bool act(const struct point *point)
{
    switch ((enum action)point->action) {
    case ACTION_KILL:
        end_self();
        return false;
    case ACTION_STOP:
        raise(SIGSTOP); /* of this thread, which goes no further before it is stopped */
        return false;
    case ACTION_FAIL:
        return true;
    case ACTION_WAIT:
        wait_for_removal(point->path);
        return false;
    }
    return false;
}

bool failpoint(const char *name)
{
    bool fails = false;
    for (size_t i = 0; i < point_count; i++) {
        struct point *point = &points[i];
        if (strcmp(point->name, name) != 0)
            continue;
        unsigned long passage = atomic_fetch_add(&point->passed, 1) + 1;
        if (point->passage == 0 || point->passage == passage)
            fails |= act(point);
    }
    return fails;
}

#endif
