/*
 * A server on 127.0.0.1 that says what a fuzzer's input holds, in a thread of this process. A NUL
 * ends a piece. The first is said when all of a request was heard, or, where a NUL stands before
 * it, at once; the next ones once something was heard behind the one before, or after a little
 * while of silence; behind the last the connection is ended. Every connection hears all of it.
 */
#ifndef NUDGED_TESTS_PEER_FIXTURE_H
#define NUDGED_TESTS_PEER_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

struct outgoing;

/* Listens, once in a process; the port. */
int peer_fixture_start(void);

/* What is said from now on; the bytes must stay until … */
void peer_fixture_say(const uint8_t *data, size_t size);
/* … this, which waits for the connection that hears them to end. */
void peer_fixture_silence(void);

/* Sends a message twice through a gateway that talks to the peer, so that a connection that may be
 * used again is; `settings` in JSON, with PORT for the port. Ends the program where what came of it
 * is no outcome as its header says. */
void peer_fixture_send(const char *settings, const struct outgoing *outgoing, const uint8_t *data,
                       size_t size);

#endif
