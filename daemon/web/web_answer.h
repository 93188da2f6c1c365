/*
 * What a route answers. Built in the request's arena; the listener copies what it needs before the
 * call that hands it over returns.
 */
#ifndef NUDGED_WEB_WEB_ANSWER_H
#define NUDGED_WEB_WEB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "web/web_refusal.h"

enum { WEB_ANSWER_HEADERS_MOST = 8 };

struct web_answer {
    int status;        /* HTTP, 200 to 599 */
    const char *type;  /* Content-Type; NULL: there is no body */
    struct slice body; /* at most 16 MiB */
    int retry_after_s; /* Retry-After; 0: none */
    bool close;        /* the connection ends with it */
    bool cache;        /* others may keep it: without Cache-Control: no-store */
    /* Why it is no, for the figures and the log; WEB_REFUSAL_NONE else. */
    enum web_refusal refusal;
    struct {
        const char *name, *value; /* no line break in either */
    } headers[WEB_ANSWER_HEADERS_MOST];
    size_t header_count;
};

/* A line of text. */
struct web_answer *web_answer_text(struct arena *arena, int status, const char *text);
/* A body of a given type, which is referred to. */
struct web_answer *web_answer_of(struct arena *arena, int status, const char *type,
                                 struct slice body);
/* application/problem+json (RFC 9457) of a refusal: its status, its words, and what the caller adds
 * for who asked; `detail` NULL: nothing. 429 and 503 say Retry-After. */
struct web_answer *web_answer_refuse(struct arena *arena, enum web_refusal refusal,
                                     const char *detail);

/* Both are referred to. A header past the bound is an error of the program. */
void web_answer_header(struct web_answer *answer, const char *name, const char *value);

#endif
