/*
 * libcurl's handle of one connection, which is run step by step. What runs handles, with tables of
 * sockets and hosts that take 30 KB, all handles of a thread have in common; but each keeps its
 * connection in a cache of its own, so that no other one is given it.
 *
 * A handle is opened, run and closed by one thread. A step may go on with others of its thread
 * too, whose time has come: their callbacks are called, and they are told to have ended.
 */
#ifndef NUDGED_SEND_HANDLE_H
#define NUDGED_SEND_HANDLE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDLE_SOCKETS = 8 };

struct handle_thread;

/* Zeroed: there is none. It stays where it was opened. */
struct handle {
    void *curl;
    void *cache;
    struct handle_thread *thread;
    /* What libcurl waits for. */
    struct pollfd awaited[HANDLE_SOCKETS];
    size_t awaited_count;
    bool ended;
    int result; /* a CURLcode, once it has */
};

void handle_open(struct handle *handle);
/* With its connection. */
void handle_close(struct handle *handle);

/* A transfer begins, as it was set up. Whoever gives it up closes the handle: others of the thread
 * would go on with it. */
void handle_begin(struct handle *handle);
/* Lets libcurl look at what is ready of `fds`, or at the time: `ended` may be true afterwards. Else
 * it is to be called again when one of `awaited` is ready, or at handle_due_ms(). */
void handle_step(struct handle *handle, const struct pollfd *fds, size_t count);
/* INT64_MAX: at no time. Of all handles of the thread. */
int64_t handle_due_ms(const struct handle *handle);

#endif
