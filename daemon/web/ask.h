/*
 * nudged-web's end of the socket pair: what it asks the daemon, and what the daemon tells it.
 *
 * Each question is answered by exactly one call of its callback, from the loop and never before the
 * call that asked returns; after ASK_MS, or where the daemon is away, with ASK_UNAVAILABLE. Nothing
 * that is given here need live longer than the call.
 */
#ifndef NUDGED_WEB_ASK_H
#define NUDGED_WEB_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "web/web_refusal.h"

struct ask;
struct event_base;

enum { ASK_MS = 10000, ASK_OPEN_MOST = 4096 /* unanswered; past that all is unavailable */ };
enum { ASK_EVENTS_MOST = 1000, ASK_ONCE_MOST = 4, ASK_ONCE_BYTES = 512 };

/* Spoken over the wire: an order is for ever. */
enum ask_status {
    ASK_TAKEN,       /* Redis has it. An answer: the daemon knows one */
    ASK_DUPLICATE,   /* Redis had it before, by what was to be remembered */
    ASK_REFUSED,     /* the daemon does not take it, and never will */
    ASK_CONFLICT,    /* what was to be remembered stands for other bytes */
    ASK_UNAVAILABLE, /* Redis or the daemon is away: Redis may or may not have it */
    ASK_BEHIND       /* Redis has it, and too few replicas are known to (web.wait_replicas) */
};

/* Why who is to come again with that is refused. */
enum web_refusal ask_refusal(enum ask_status status);

/* ---- Events into Redis: those that are taken, all in one step ---- */

struct ask_append {
    const struct slice *events; /* each the JSON of one event; 1 to ASK_EVENTS_MOST */
    size_t count;
    /* What to remember the whole request by, so that it is taken once: an Idempotency-Key with
     * whose it is, the id of a webhook's delivery. Up to ASK_ONCE_MOST; one that is known is
     * enough. */
    const struct slice *once;
    size_t once_count;
    struct slice digest; /* of the request; another one under the same words is a conflict; "": none
                            is compared. At most 64 bytes */
    int64_t keep_ms;     /* how long these are remembered; 0: a day; at most 7 days */
    bool feedback;       /* a provider's word on messages: message.* may pass */
    const char *login;   /* who pushes them, a plain word; NULL: the event's source tells */
};

struct ask_verdict {
    enum ask_status status;
    struct slice text; /* TAKEN, DUPLICATE: the entry's id ("" where it is not known any more);
                          REFUSED: why, a sentence */
};

/* `count` as asked. Good until the callback returns. */
typedef void ask_on_appended(void *arg, const struct ask_verdict *verdicts, size_t count);
void ask_append(struct ask *ask, const struct ask_append *append, ask_on_appended *callback,
                void *arg);

/* ---- Anything else: a word (a row of host/host_questions.c), and JSON there and back ---- */

typedef void ask_on_answer(void *arg, enum ask_status status, struct slice text);
void ask_question(struct ask *ask, const char *word, struct slice text, ask_on_answer *callback,
                  void *arg);

/* ---- Figures: told to the daemon once a second; it has them in its own, and logs refusals ---- */

void ask_count_answer(struct ask *ask, const char *route, int status);
/* `status`: of the answer; 0: the connection was closed without one. */
void ask_count_refusal(struct ask *ask, const char *route, enum web_refusal refusal, int status);
void ask_set_open(struct ask *ask, size_t connections);

/* ---- The connection ---- */

enum ask_news {
    ASK_NEWS_SETTINGS, /* `text`: the `web` section as JSON */
    ASK_NEWS_DRAIN,
    ASK_NEWS_GONE /* the daemon: every open question was answered; nothing is asked any more */
};

struct ask_options {
    struct event_base *base;
    int fd; /* connected; taken over */
    void (*on_news)(void *context, enum ask_news news, struct slice text);
    void *context;
};

/* Says hello. */
struct ask *ask_new(const struct ask_options *options);
void ask_destroy(struct ask **ask); /* open questions are dropped, unanswered */

/* `without`: what the kernel has not that nudged-web would confine itself by; "": nothing. */
void ask_ready(struct ask *ask, const char *without);
void ask_fault(struct ask *ask, const char *text);
/* Whether questions are open. */
bool ask_busy(const struct ask *ask);
/* Sends what waits to be sent, as far as the kernel takes it within a second: before the end. */
void ask_flush(struct ask *ask);

#endif
