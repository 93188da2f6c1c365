#include "base/fiber_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    EVENTS_MOST = 64,
    SLEEP_MOST_MS = 1000 /* with who waits: clocks differ behind a suspend */
};

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR &&
                   POLLHUP == EPOLLHUP && POLLPRI == EPOLLPRI,
               "events of poll(2) are those of epoll(7)");

struct fiber_loop {
    int epoll, wake;
    struct fiber_wait *first; /* of those that wait */
    int64_t nearest_ms;       /* none of them has an earlier time */
    struct epoll_event events[EVENTS_MOST];
    int count;
};

struct fiber_loop *fiber_loop_new(void)
{
    struct fiber_loop *loop = mem_zero(1, sizeof *loop);
    struct epoll_event woken = {.events = EPOLLIN};
    loop->nearest_ms = INT64_MAX;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll < 0 || loop->wake < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &woken) != 0) {
        int fault = errno;
        fiber_loop_destroy(&loop);
        errno = fault;
    }
    return loop;
}

void fiber_loop_destroy(struct fiber_loop **loop)
{
    if (!*loop)
        return;
    if ((*loop)->epoll >= 0)
        close((*loop)->epoll);
    if ((*loop)->wake >= 0)
        close((*loop)->wake);
    free(*loop);
    *loop = NULL;
}

/* ---- In a fiber ---- */

/* For once: what comes while nobody waits wakes nobody. A descriptor that was closed since is a new
 * one; one that cannot be watched is ready, as poll(2) has it. */
static bool watch(const struct fiber_loop *loop, struct fiber_wait *wait, const struct pollfd *fd)
{
    struct epoll_event event = {.events = (uint32_t)fd->events | EPOLLONESHOT, .data.ptr = wait};
    return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd->fd, &event) == 0 ||
           (errno == ENOENT && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd->fd, &event) == 0);
}

static void add(struct fiber_loop *loop, struct fiber_wait *wait)
{
    wait->is_waiting = true;
    wait->previous = NULL;
    wait->next = loop->first;
    if (wait->next)
        wait->next->previous = wait;
    loop->first = wait;
    if (wait->until_ms < loop->nearest_ms)
        loop->nearest_ms = wait->until_ms;
}

static void resume(struct fiber_loop *loop, struct fiber_wait *wait, int ready)
{
    wait->is_waiting = false;
    wait->ready = ready;
    if (wait->next)
        wait->next->previous = wait->previous;
    *(wait->previous ? &wait->previous->next : &loop->first) = wait->next;
    fiber_resume(wait->fiber);
}

int fiber_loop_wait(struct fiber_loop *loop, struct fiber_wait *wait, struct pollfd *fds,
                    size_t count, int64_t until_ms)
{
    wait->fds = fds;
    wait->count = count;
    wait->until_ms = until_ms;
    for (size_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (!watch(loop, wait, &fds[i]))
            return poll(fds, count, 0);
    }
    add(loop, wait);
    fiber_give_way();
    return wait->ready;
}

/* ---- In the thread ---- */

void fiber_loop_sleep(struct fiber_loop *loop, int64_t until_ms)
{
    int64_t ms = -1;
    if (!loop->first)
        loop->nearest_ms = INT64_MAX;
    if (loop->nearest_ms < until_ms)
        until_ms = loop->nearest_ms;
    if (until_ms != INT64_MAX) {
        ms = until_ms - clock_monotonic_ms();
        ms = ms < 0 ? 0 : ms > SLEEP_MOST_MS && loop->first ? SLEEP_MOST_MS : ms;
    }
    loop->count = epoll_wait(loop->epoll, loop->events, EVENTS_MOST, (int)ms);
}

/* With several descriptors it is asked which; of one the event says it. */
static void hand_over(struct fiber_loop *loop, struct fiber_wait *wait, uint32_t events)
{
    if (wait->count != 1) {
        resume(loop, wait, poll(wait->fds, wait->count, 0));
        return;
    }
    wait->fds->revents = (short)events;
    resume(loop, wait, 1);
}

/* Resumes those whose time is over, and finds the nearest anew. */
static void look_at_times(struct fiber_loop *loop)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct fiber_wait *next;
    if (now_ms < loop->nearest_ms)
        return;
    loop->nearest_ms = INT64_MAX;
    for (struct fiber_wait *wait = loop->first; wait; wait = next) {
        next = wait->next;
        if (wait->until_ms <= now_ms)
            resume(loop, wait, 0);
        else if (wait->until_ms < loop->nearest_ms)
            loop->nearest_ms = wait->until_ms;
    }
}

void fiber_loop_run(struct fiber_loop *loop)
{
    uint64_t count;
    for (int i = 0; i < loop->count; i++) {
        struct fiber_wait *wait = loop->events[i].data.ptr;
        if (!wait && read(loop->wake, &count, sizeof count) < 0)
            continue;
        if (wait && wait->is_waiting)
            hand_over(loop, wait, loop->events[i].events);
    }
    loop->count = 0;
    look_at_times(loop);
}

void fiber_loop_rouse(struct fiber_loop *loop)
{
    struct fiber_wait *next;
    for (struct fiber_wait *wait = loop->first; wait; wait = next) {
        next = wait->next;
        resume(loop, wait, 0);
    }
}

void fiber_loop_wake(struct fiber_loop *loop)
{
    uint64_t one = 1;
    if (write(loop->wake, &one, sizeof one) < 0)
        return; /* only when 2^64 were not read: it does not sleep */
}
