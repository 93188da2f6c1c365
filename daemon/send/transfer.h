/*
 * One transfer after the other over one kept connection: what a mail
 * (send/smtp_session) and an HTTP request (send/request) have in common. A handle of
 * libcurl with its sockets, the phase that a transfer is in, and the watch over it.
 *
 * Nothing here is shared between threads. Every transfer ends: each phase has a
 * deadline, looked at once a second at least.
 */
#ifndef NUDGED_SEND_TRANSFER_H
#define NUDGED_SEND_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/gateway.h"
#include "send/handle.h"
#include "send/retry.h"

enum transfer_tls { TRANSFER_STARTTLS, TRANSFER_SMTPS, TRANSFER_NEVER };

/* What all transfers of one connection share. */
struct transfer_settings {
    enum transfer_tls tls; /* mail; for a request the URL's scheme says it */
    const char *ca_file;   /* NULL: the system's */
    int64_t connect_ms;    /* from the name to the login's end */
    int64_t command_ms;    /* for the reply to MAIL, RCPT and DATA each */
    int64_t answer_ms;     /* from the body's end to the whole answer */
    int64_t bytes_per_s;   /* the body takes a minute, and what it takes at this speed */
    struct gateway_hooks hooks;
};

enum { TRANSFER_HEARD_MOST = 65536, TRANSFER_FAULT_SIZE = 256 };

struct transfer {
    struct handle handle; /* none: no connection is kept. Awaits descriptors besides `sockets` */
    struct transfer_settings settings;
    int sockets[HANDLE_SOCKETS]; /* open ones; two while IPv6 and IPv4 race */
    size_t socket_count;
    int released; /* one that libcurl is not to close; -1: none */
    /* The last transfer lost its connection. libcurl 8.14 would begin the next one by rewinding
     * what that one has sent: it gets a new handle. */
    bool lost;
    /* HTTP/2: what waits between two requests may be frames that libcurl knows what to do with, and
     * no answer is taken for another's. */
    bool multiplexed;

    /* The transfer under way. */
    size_t length; /* of its body */
    enum retry_phase phase;
    int64_t began_ms, phase_ms;
    int64_t until_ms;        /* it has no longer than that, whatever its phase; 0: nothing said */
    enum retry_failure stop; /* why we ended it; RETRY_NONE: we did not */
    char left[64];           /* the first that a socket had unread when it was closed; a text */
    size_t left_length;
    bool no_socket;                  /* the kernel gave none */
    size_t heard;                    /* bytes from the server in this transfer */
    char fault[TRANSFER_FAULT_SIZE]; /* libcurl's words where there was a failure */
};

/* What was seen. The texts live until the next transfer. */
struct transfer_seen {
    enum retry_phase phase;
    enum retry_failure failure;
    int code;          /* of the reply to the last command, or the HTTP status; 0: none */
    const char *words; /* mail: that reply, a line's code only once; HTTP: the answer's body */
    size_t words_length;
    /* HTTP: of the final answer, "name: value\n", names in lower case; else "". */
    const char *headers;
    size_t headers_length;
    const char *fault;       /* libcurl's words where there was a failure; else "" */
    const char *retry_after; /* HTTP: the header; "" else */
    bool reused;             /* the connection was one kept from before */
    bool unsent;             /* libcurl could not give to the kernel all that it was given */
};

void transfer_init(struct transfer *transfer, const struct transfer_settings *settings);

/* A transfer begins, in RETRY_CONNECT: over the kept connection, where there is one and the
 * server has neither ended it nor said anything. True: the handle is new, and bears only what
 * holds for all transfers (TLS, sockets, deadlines); what the caller wants of it is to be set. */
bool transfer_begin(struct transfer *transfer, size_t length);

/* Likewise over what is connected already, whatever its state is, in `phase`. */
void transfer_resume(struct transfer *transfer, size_t length, enum retry_phase phase);

void transfer_enter(struct transfer *transfer, enum retry_phase phase);

/* May go on: its phase has time, and the daemon does not want it cut. Else it stops. */
bool transfer_goes_on(struct transfer *transfer);

/* Waits until poll()'s `events` are seen at `fd`, and says which, while it goes on; else 0. */
short transfer_wait(struct transfer *transfer, int fd, short events);

/* Right before the end of what is sent: does the daemon still hold its lease? False: stop. */
bool transfer_may_finish(struct transfer *transfer);

/* Counts what the server said; false past the bound: stop. */
bool transfer_count(struct transfer *transfer, size_t length);

/* A line of the conversation, for whoever listens. */
void transfer_tell(const struct transfer *transfer, bool out, const char *line, size_t length);

/* Runs what was set up; fills phase, failure, fault and reused, and empties the rest. After a
 * failure the connection is to be dropped before anything is waited for: it may be under way. */
void transfer_run(struct transfer *transfer, struct transfer_seen *seen);

/* Ends the kept connection, politely and without waiting for the server. */
void transfer_drop(struct transfer *transfer);
/* Likewise, but the socket `fd` stays connected, and is the caller's from then on. */
void transfer_release(struct transfer *transfer, int fd);

/* One sentence for a person: what went wrong, and in which step. */
void transfer_explain(const struct transfer_seen *seen, struct outcome *outcome);

#endif
