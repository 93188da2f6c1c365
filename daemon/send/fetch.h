/*
 * One GET over HTTPS, which waits for its answer: in a thread of its own. No redirects, no proxy,
 * names and certificates verified, no other protocol. Whether the address may be asked at all is
 * the caller's to know.
 */
#ifndef NUDGED_SEND_FETCH_H
#define NUDGED_SEND_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FETCH_MOST = 64 * 1024, FETCH_WORDS_SIZE = 256 };

struct fetch {
    const char *url;
    const char *ca_file; /* NULL: the system's */
    int64_t timeout_ms;
    atomic_bool cut; /* set by another thread: it is given up soon */

    /* What came of it. */
    int status;                /* HTTP; 0: there was no answer */
    char body[FETCH_MOST + 1]; /* with a NUL behind it */
    size_t length;
    char words[FETCH_WORDS_SIZE]; /* why there was none */
};

/* True where there was an answer, of any status, all of it within FETCH_MOST. */
bool fetch_run(struct fetch *fetch);

#endif
