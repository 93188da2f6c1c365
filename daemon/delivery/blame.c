/*
 * Two parts: hearing what a gateway says, which fills three lists; and telling Redis, where each
 * list is one call: suppressions are lifted before dead letters are revived, because what is
 * suppressed is not.
 */
#include "delivery/blame.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "decide/policy.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"
#include "send/accepted.h"
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

struct blame {
    struct shard *shard;
    struct accepted *accepted;
    struct words lists[LISTS];
    int64_t suppress_at_ms; /* Redis' clock */
    int64_t revive_wait_ms;
    struct connection_owner owner;
    struct event *again;
    enum list calling;
    size_t called; /* so many words, from the first, are being told; 0: none */
    int failed;    /* in a row */
};

static void tell(struct blame *blame);

/* ---- Telling Redis ---- */

static void put(struct blame *blame, enum list list, const char *word)
{
    struct words *words = &blame->lists[list];
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
    struct blame *blame = context;
    size_t count = blame->called;
    blame->called = 0;
    if (fault && ++blame->failed < AGAIN_MOST) {
        const struct timeval wait = clock_timeval(AGAIN_MS);
        event_add(blame->again, &wait);
        return;
    }
    if (fault)
        log_with(LOG_LEVEL_WARNING, LOG_FIELDS(LOG_NUMBER("count", count), LOG_DETAIL(fault->text)),
                 "%s stay as they are", names[blame->calling]);
    blame->failed = 0;
    forget(&blame->lists[blame->calling], count);
    tell(blame);
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

static void call(struct blame *blame, const char *const *words, size_t count)
{
    const struct suppressed_call suppressed = {.scripts = blame->shard->scripts,
                                               .owner = &blame->owner,
                                               .callback = on_told,
                                               .context = blame};
    switch (blame->calling) {
    case LIFT:
        suppressed_lift(&suppressed, words, count, trace_reason_word(TRACE_REASON_BOUNCED));
        break;
    case SUPPRESS:
        suppressed_add(&suppressed, words, count, trace_reason_word(TRACE_REASON_BOUNCED),
                       blame->suppress_at_ms);
        break;
    case REVIVE:
    case LISTS:
        revival_start(blame->shard->scripts, &blame->owner,
                      &(struct revival_terms){.wait_ms = blame->revive_wait_ms,
                                              .word = trace_why_word(TRACE_WHY_SUSPECTED)},
                      words, count, on_revived, blame);
        break;
    }
}

static void tell(struct blame *blame)
{
    const char *words[CALL_MOST];
    if (blame->called || event_pending(blame->again, EV_TIMEOUT, NULL))
        return;
    for (int list = 0; list < LISTS; list++) {
        const struct words *told = &blame->lists[list];
        size_t count = told->count < CALL_MOST ? told->count : CALL_MOST;
        for (size_t i = 0; i < count; i++)
            words[i] = told->words[i];
        if (!count)
            continue;
        blame->calling = (enum list)list;
        blame->called = count;
        call(blame, words, count);
        return;
    }
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    tell(context);
}

bool blame_busy(const struct blame *blame)
{
    for (int list = 0; list < LISTS; list++)
        if (blame->lists[list].count)
            return true;
    return false;
}

/* ---- Hearing a gateway ---- */

static const char *hash_of(const struct attempt *attempt)
{
    const char *to = value_to_text(attempt->arena, value_get(&attempt->message, "to"));
    return to ? policy_address_hash(&attempt->generation->policy, to, attempt->arena) : "";
}

/* It accepts this recipient, so it knows its mailboxes: those of the row that it did not know are
 * no more than that. */
static void hear_acceptance(struct blame *blame, struct suspicion *row, uint64_t recipient,
                            int64_t now_ms)
{
    accepted_add(blame->accepted, recipient);
    blame->suppress_at_ms = now_ms;
    for (size_t i = 0; i < row->count; i++) {
        const struct suspicion_item *item = &row->items[i];
        if (item->kind == SUSPICION_MAILBOX && item->recipient != recipient && *item->hash)
            put(blame, SUPPRESS, item->hash);
    }
    suspicion_clear(row);
    tell(blame);
}

bool blame_hear(struct blame *blame, struct destination *destination, struct attempt *attempt,
                size_t suspect, int64_t now_ms)
{
    const struct outcome *outcome = &attempt->job.outcome;
    struct suspicion *row = &destination->suspicion;
    enum suspicion_kind kind = suspicion_kind_of(outcome);
    attempt->refusal = 0; /* it may be in the row of a gateway that it had before */
    if (outcome->kind == OUTCOME_SENT)
        hear_acceptance(blame, row, attempt->recipient, now_ms);
    if (kind == SUSPICION_NONE)
        return false;
    struct suspicion_item item = {.recipient = attempt->recipient,
                                  .kind = kind,
                                  .known = accepted_has(blame->accepted, attempt->recipient)};
    snprintf(item.hash, sizeof item.hash, "%s", hash_of(attempt));
    uint64_t last = row->last;
    bool suspected = suspicion_add(row, &item, suspect);
    attempt->refusal = row->last > last ? row->last : 0;
    return suspected;
}

bool blame_includes(const struct destination *destination, const struct attempt *attempt)
{
    const struct suspicion *row = &destination->suspicion;
    return attempt->refusal && row->count && attempt->refusal >= row->items[0].number &&
           strcmp(attempt->gateway, destination->config->name) == 0;
}

void blame_amend(struct blame *blame, struct destination *destination, int64_t wait_ms)
{
    struct suspicion *row = &destination->suspicion;
    blame->revive_wait_ms = wait_ms;
    for (size_t i = 0; i < row->count; i++) {
        const struct suspicion_item *item = &row->items[i];
        if (item->kind == SUSPICION_BOUNCED && *item->hash)
            put(blame, LIFT, item->hash);
        if (*item->letter)
            put(blame, REVIVE, item->letter);
    }
    suspicion_end(row);
    tell(blame);
}

void blame_note_settled(struct blame *blame, struct destination *destination,
                        const struct attempt *attempt, const char *letter)
{
    if (!attempt->forgiven) {
        if (letter)
            suspicion_note_letter(&destination->suspicion, attempt->refusal, letter);
        return;
    }
    if (attempt->result.suppress)
        put(blame, LIFT, attempt->result.suppress);
    if (letter)
        put(blame, REVIVE, letter);
    tell(blame);
}

/* ---- The object ---- */

struct blame *blame_new(struct event_base *base, struct shard *shard)
{
    struct blame *blame = mem_zero(1, sizeof *blame);
    blame->shard = shard;
    blame->accepted = accepted_new();
    blame->again = evtimer_new(base, on_again, blame);
    if (!blame->again)
        mem_exhausted();
    return blame;
}

void blame_destroy(struct blame **blame)
{
    struct blame *ended = *blame;
    if (!ended)
        return;
    *blame = NULL;
    connection_silence(&ended->owner);
    event_free(ended->again);
    accepted_destroy(&ended->accepted);
    for (int list = 0; list < LISTS; list++)
        free(ended->lists[list].words);
    free(ended);
}
