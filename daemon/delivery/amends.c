/* Three lists, each of which is one call; suppressions are lifted before dead letters are revived,
 * because what is suppressed is not. */
#include "delivery/amends.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"
#include "send/suspicion.h"
#include "store/revival.h"
#include "store/suppressed.h"

enum {
    CALL_MOST = 500, /* words in one call */
    LIST_MOST = 20 * SUSPICION_MOST,
    AGAIN_MS = 1000,
    AGAIN_MOST = 60, /* a call that fails so often is given up, and the log says so */
};

enum list { LIFT, SUPPRESS, REVIVE, LISTS };

struct words {
    char (*words)[SUSPICION_LETTER_SIZE]; /* hashes, or ids of dead letters */
    size_t count;
};

struct amends {
    struct shard *shard;
    struct words lists[LISTS];
    int64_t suppress_at_ms; /* Redis' clock */
    int64_t revive_wait_ms;
    struct connection_owner owner;
    struct event *again;
    enum list calling;
    size_t called; /* so many words, from the first, are being told; 0: none */
    int failed;    /* in a row */
};

static void put(struct amends *amends, enum list list, const char *word)
{
    struct words *words = &amends->lists[list];
    if (words->count == LIST_MOST) {
        log_warning("more to make good than is minded: a word is dropped");
        return;
    }
    words->words = mem_grow(words->words, words->count, sizeof *words->words);
    snprintf(words->words[words->count++], SUSPICION_LETTER_SIZE, "%s", word);
}

static void forget(struct words *words, size_t count)
{
    words->count -= count;
    memmove(words->words, words->words + count, words->count * sizeof *words->words);
}

static void on_told(void *context, const struct diag *fault)
{
    static const char *const names[LISTS] = {"suppressions that should be lifted",
                                             "addresses that should be suppressed",
                                             "dead letters that should be revived"};
    struct amends *amends = context;
    size_t count = amends->called;
    amends->called = 0;
    if (fault && ++amends->failed < AGAIN_MOST) {
        const struct timeval wait = clock_timeval(AGAIN_MS);
        event_add(amends->again, &wait);
        return;
    }
    if (fault)
        log_with(LOG_LEVEL_WARNING, LOG_FIELDS(LOG_NUMBER("count", count), LOG_DETAIL(fault->text)),
                 "%s stay as they are", names[amends->calling]);
    amends->failed = 0;
    forget(&amends->lists[amends->calling], count);
    amends_tell(amends);
}

static void on_revived(void *context, const struct diag *fault,
                       const enum revival_verdict *verdicts, size_t count)
{
    size_t revived = 0;
    for (size_t i = 0; !fault && i < count; i++)
        revived += verdicts[i] == REVIVAL_DONE;
    if (!fault)
        log_with(LOG_LEVEL_INFO,
                 LOG_FIELDS(LOG_NUMBER("revived", revived), LOG_NUMBER("of", count)),
                 "messages were refused by a gateway's fault, and wait again");
    on_told(context, fault);
}

static void call(struct amends *amends, const char *const *words, size_t count)
{
    const struct suppressed_call suppressed = {.scripts = amends->shard->scripts,
                                               .owner = &amends->owner,
                                               .callback = on_told,
                                               .context = amends};
    switch (amends->calling) {
    case LIFT:
        suppressed_lift(&suppressed, words, count, trace_reason_word(TRACE_REASON_BOUNCED));
        break;
    case SUPPRESS:
        suppressed_add(&suppressed, words, count, trace_reason_word(TRACE_REASON_BOUNCED),
                       amends->suppress_at_ms);
        break;
    case REVIVE:
    case LISTS:
        revival_start(amends->shard->scripts, &amends->owner,
                      &(struct revival_terms){.wait_ms = amends->revive_wait_ms,
                                              .word = trace_why_word(TRACE_WHY_SUSPECTED)},
                      words, count, on_revived, amends);
        break;
    }
}

void amends_tell(struct amends *amends)
{
    const char *words[CALL_MOST];
    if (amends->called || event_pending(amends->again, EV_TIMEOUT, NULL))
        return;
    for (int list = 0; list < LISTS; list++) {
        const struct words *told = &amends->lists[list];
        size_t count = told->count < CALL_MOST ? told->count : CALL_MOST;
        for (size_t i = 0; i < count; i++)
            words[i] = told->words[i];
        if (!count)
            continue;
        amends->calling = (enum list)list;
        amends->called = count;
        call(amends, words, count);
        return;
    }
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    amends_tell(context);
}

bool amends_busy(const struct amends *amends)
{
    for (int list = 0; list < LISTS; list++)
        if (amends->lists[list].count)
            return true;
    return false;
}

void amends_lift(struct amends *amends, const char *hash)
{
    put(amends, LIFT, hash);
}

void amends_suppress(struct amends *amends, const char *hash, int64_t now_ms)
{
    amends->suppress_at_ms = now_ms;
    put(amends, SUPPRESS, hash);
}

void amends_revive(struct amends *amends, const char *letter, int64_t wait_ms)
{
    amends->revive_wait_ms = wait_ms;
    put(amends, REVIVE, letter);
}

struct amends *amends_new(struct event_base *base, struct shard *shard)
{
    struct amends *amends = mem_zero(1, sizeof *amends);
    amends->shard = shard;
    amends->again = evtimer_new(base, on_again, amends);
    if (!amends->again)
        mem_exhausted();
    return amends;
}

void amends_destroy(struct amends **amends)
{
    struct amends *ended = *amends;
    if (!ended)
        return;
    *amends = NULL;
    connection_silence(&ended->owner);
    event_free(ended->again);
    for (int list = 0; list < LISTS; list++)
        free(ended->lists[list].words);
    free(ended);
}
