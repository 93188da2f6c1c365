/*
 *   gathering_add   what was decided for a customer waits for the end of this turn of the loop
 *   on_turn         messages are given places (give_places): connections that are free. Where one
 *                   is about to be, all wait a moment for it; then one call carries all of it
 *                   (send_call)
 *   on_commit       what was begun goes to delivery, and the pipeline hears of the rest
 */
#include "events/gathering.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "events/commit_builder.h"
#include "events/work_log.h"

enum {
    TOGETHER_MOST = 32, /* commits in one call: more are no cheaper, and all else waits for it */
    TOGETHER_BYTES = 1 << 20,
    CREDIT_MS = 2,        /* it waits for connections, for each commit so long, … */
    CREDIT_MOST_MS = 200, /* … but not longer at a time: then messages go through the outbox */
    VAIN_MOST = 6,
};

struct gathered {
    struct gathering *gathering;
    struct gathered *next;
    struct commit *commit;
    struct work *work;
    int64_t term; /* of the lease under which it was sent */
};

struct gathering {
    struct gathering_options options;
    struct gathered *first, **last;
    size_t count, messages, bytes; /* of what waits */
    int64_t since_ms;              /* it waits for connections; 0: it does not */
    int64_t credit_ms;             /* … so long at most */
    unsigned vain;                 /* so often in a row it waited in vain, … */
    unsigned skips;                /* … and so often it does not wait now */
    struct event *turn;
};

/* ---- Places ---- */

/* A message that takes a code goes through the outbox: who takes it notes that somebody may know
 * the code. */
static bool may_begin(const struct commit *commit)
{
    return commit->message_count && !commit->code_count;
}

static void leave_places(const struct gathering *gathering, struct commit *commit)
{
    const struct outbox_at_once *at_once = gathering->options.at_once;
    for (size_t i = 0; i < commit->message_count; i++) {
        struct commit_message *message = &commit->messages[i];
        if (message->gateway)
            at_once->leave(at_once->context, message->gateway);
        message->gateway = NULL;
    }
}

/* True where one of its messages may have a place soon. */
static bool give_places(const struct gathering *gathering, struct commit *commit)
{
    const struct outbox_at_once *at_once = gathering->options.at_once;
    bool is_soon = false;
    for (size_t i = 0; may_begin(commit) && i < commit->message_count; i++) {
        struct commit_message *message = &commit->messages[i];
        const char *gateway = NULL;
        enum outbox_place place = at_once->place(at_once->context, message->channel, &gateway);
        message->gateway = place == OUTBOX_PLACE_KEPT ? gateway : NULL;
        is_soon = is_soon || place == OUTBOX_PLACE_SOON;
        if (message->gateway && !commit->number)
            commit->number = outbox_next_number(gathering->options.shard->outbox);
    }
    return is_soon;
}

/* ---- The answer ---- */

static bool is_among(const char *mid, const char *const *mids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(mids[i], mid) == 0)
            return true;
    return false;
}

static void begin(const struct gathered *item, const struct commit_message *message)
{
    const struct outbox_at_once *at_once = item->gathering->options.at_once;
    const struct outbox_message begun = {
        .entry = outbox_begun_entry,
        .mid = message->mid,
        .customer = item->commit->customer,
        .channel = message->channel,
        .class_ = message->class_,
        .queue = message->channel,
        .domain = message->domain,
        .body = message->body,
        .length = message->length,
        .on_uncertain = message->on_uncertain,
        .topic = message->topic,
        .give_up_ms = message->give_up_ms,
        .load = outbox_load(item->gathering->options.shard->outbox),
        .whole = true,
    };
    failpoint("begun");
    at_once->begin(at_once->context, message->gateway, item->term, &begun);
}

/* Those of its messages that were begun; the places of the others are left. Returns how many went
 * into the outbox. */
static size_t begin_messages(const struct gathered *item, const struct commit_result *result)
{
    struct commit *commit = item->commit;
    size_t begun = 0;
    for (size_t i = 0; i < commit->message_count; i++) {
        struct commit_message *message = &commit->messages[i];
        if (!message->gateway || !is_among(message->mid, result->begun, result->begun_count))
            continue;
        begin(item, message);
        message->gateway = NULL;
        begun++;
    }
    leave_places(item->gathering, commit);
    return commit->message_count - begun;
}

static void on_commit(void *context, const struct commit_result *result)
{
    const struct gathered *item = context;
    const struct gathering_options *options = &item->gathering->options;
    bool failed = result->outcome == COMMIT_FAILED && !reply_refused(result->fault);
    bool unknown = failed || result->ran_before;
    if (item->commit->number && unknown) {
        outbox_note_lost(options->shard->outbox, item->commit->number);
        options->at_once->lost(options->at_once->context);
    }
    failpoint("commit-answered");
    if (result->outcome == COMMIT_DONE)
        work_log_committed(item->work); /* before a sender tells of its messages */
    options->answered(item->work, result, begin_messages(item, result));
}

/* ---- Sending ---- */

static void forget(struct gathering *gathering, struct gathered *rest)
{
    gathering->count = gathering->messages = gathering->bytes = 0;
    gathering->since_ms = 0;
    gathering->first = rest;
    if (!rest)
        gathering->last = &gathering->first;
    for (; rest; rest = rest->next) {
        gathering->count++;
        gathering->messages += rest->commit->message_count;
        gathering->bytes += commit_builder_size(rest->commit);
    }
}

/* What one call carries; its messages. */
static uint32_t send_call(struct gathering *gathering)
{
    struct shard *shard = gathering->options.shard;
    const struct commit *commits[TOGETHER_MOST];
    void *contexts[TOGETHER_MOST];
    size_t count = 0, bytes = 0;
    struct gathered *item = gathering->first;
    for (; item && count < TOGETHER_MOST && (count == 0 || bytes < TOGETHER_BYTES);
         item = item->next) {
        item->term = instance_lease_term(shard->instance);
        commits[count] = item->commit;
        contexts[count++] = item;
        bytes += commit_builder_size(item->commit);
    }
    const size_t messages = gathering->messages;
    forget(gathering, item);
    gathering->credit_ms += (int64_t)count * CREDIT_MS;
    if (gathering->credit_ms > CREDIT_MOST_MS)
        gathering->credit_ms = CREDIT_MOST_MS;
    for (; item; item = item->next)
        leave_places(gathering, item->commit);
    failpoint("commit");
    customers_commit(shard->customers,
                     &(struct commit_call){
                         .commits = commits, .count = count, .inbox = outbox_inbox(shard->outbox)},
                     on_commit, contexts);
    return (uint32_t)(messages - gathering->messages);
}

/* Whether what is gathered waits a moment longer. Waiting never makes deciding slower than 500
 * customers a second; and where it was in vain, as the gateway is slow or does not answer, it is
 * tried ever more seldom. */
static bool waits(struct gathering *gathering, bool is_soon)
{
    const int64_t now_ms = clock_monotonic_ms();
    if (gathering->since_ms)
        gathering->credit_ms -= now_ms - gathering->since_ms;
    gathering->since_ms = now_ms;
    if (!is_soon) {
        gathering->vain = gathering->skips = 0;
        return false;
    }
    if (gathering->skips) {
        gathering->skips--;
        return false;
    }
    if (gathering->credit_ms > 0)
        return true;
    gathering->vain += gathering->vain < VAIN_MOST;
    gathering->skips = 1U << gathering->vain;
    return false;
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct gathering *gathering = context;
    bool is_soon = false;
    if (!gathering->first)
        return;
    for (struct gathered *item = gathering->first; item; item = item->next)
        is_soon = give_places(gathering, item->commit) || is_soon;
    if (waits(gathering, is_soon)) {
        failpoint("commit-waits");
        for (struct gathered *item = gathering->first; item; item = item->next)
            leave_places(gathering, item->commit);
        const struct timeval longest = clock_timeval(gathering->credit_ms);
        event_add(gathering->turn, &longest);
        return;
    }
    const uint32_t messages = send_call(gathering);
    if (gathering->first)
        event_active(gathering->turn, EV_TIMEOUT, 0);
    gathering->options.sent(gathering->options.context, messages);
}

void gathering_look(struct gathering *gathering)
{
    if (gathering->since_ms)
        event_active(gathering->turn, EV_TIMEOUT, 0);
}

void gathering_add(struct gathering *gathering, struct arena *arena, const struct commit *commit,
                   struct work *work)
{
    struct gathered *item = arena_alloc(arena, sizeof *item);
    struct commit *kept = arena_alloc(arena, sizeof *kept);
    *kept = *commit;
    *item = (struct gathered){.gathering = gathering, .commit = kept, .work = work};
    *gathering->last = item;
    gathering->last = &item->next;
    gathering->count++;
    gathering->messages += commit->message_count;
    gathering->bytes += commit_builder_size(commit);
    if (!gathering->since_ms)
        event_active(gathering->turn, EV_TIMEOUT, 0);
}

bool gathering_is_full(const struct gathering *gathering)
{
    const struct outbox_at_once *at_once = gathering->options.at_once;
    return gathering->count >= TOGETHER_MOST || gathering->bytes >= TOGETHER_BYTES ||
           gathering->messages >= at_once->together(at_once->context);
}

/* ---- The object ---- */

struct gathering *gathering_new(const struct gathering_options *options)
{
    struct gathering *gathering = mem_zero(1, sizeof *gathering);
    gathering->options = *options;
    gathering->last = &gathering->first;
    gathering->credit_ms = CREDIT_MOST_MS;
    gathering->turn = evtimer_new(options->base, on_turn, gathering);
    if (!gathering->turn)
        mem_exhausted();
    return gathering;
}

void gathering_destroy(struct gathering **gathering)
{
    if (!*gathering)
        return;
    event_free((*gathering)->turn);
    free(*gathering);
    *gathering = NULL;
}
