/*
 * What a daemon asks of the outbox, from top to bottom; each asking is a `…_call`, which its
 * answer frees:
 *
 *   take      take.lua hands over messages for a gateway. When its answer is lost it may have been
 *             carried out, so it has a number, which is minded among the `lost` ...
 *   recover   ... until recover.lua has put back what those took: asked before each take
 *   pass      pass.lua hands a message that was taken to another gateway
 *   settle    settle.lua hears what became of messages, many at once, and says of each whether it
 *             was still this daemon's
 *   sweep     two scripts at once: claim_outbox.lua takes over what dead daemons had in hand,
 *             requeue.lua moves retries that are due back into the outbox
 *   length    how much stands in all streams, for back-pressure
 */
#include "store/outbox.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_table.h"
#include "store/wrong_keys.h"

enum { FIRST_CHUNK = 65536, SWEEP_MOST = 500, SWEEP_POLL_MS = 1000, STREAMS_PER_CHANNEL = 2 };
enum { BEHIND_KEEP_MS = 5000 };

/* Takes under way when a connection is lost are at most one for each channel; the rest comes back
 * when the daemon's lease ends. */
enum { LOST_MOST = 256 };

static const char *const classes[STREAMS_PER_CHANNEL] = {"transactional", "marketing"};

struct outbox {
    struct scripts *scripts;
    struct instance *instance;
    struct connection_owner owner;
    struct arena *names; /* of the channels */
    const char **channels;
    size_t channel_count;
    const char *inbox; /* "": none */
    int64_t dead_keep_ms, trace_keep_ms;
    struct log_group *log_group;
    struct wrong_keys *wrong_keys;
    int64_t loads;           /* of the daemon's files, while it runs */
    int64_t takes;           /* their numbers, and those of passes */
    int64_t lost[LOST_MOST]; /* takes without a good answer: what they took must be put back */
    size_t lost_count;
    size_t recovering; /* so many of them, from the first, are being put back */
    /* By how much the machine's clock is ahead of Redis' at answers: the least since then, and
     * before. */
    int64_t behind_least_ms, behind_before_ms, behind_since_ms;
    /* Two arenas: a callback may ask again while it reads its answer. */
    struct arena *asking, *answering;
};

struct outbox *outbox_new(const struct outbox_options *options)
{
    struct outbox *outbox = mem_zero(1, sizeof *outbox);
    outbox->scripts = options->scripts;
    outbox->instance = options->instance;
    outbox->dead_keep_ms = options->dead_keep_ms;
    outbox->trace_keep_ms = options->trace_keep_ms;
    outbox->log_group = options->log_group;
    outbox->wrong_keys = options->wrong_keys;
    outbox->behind_least_ms = outbox->behind_before_ms = INT64_MAX;
    outbox->names = arena_new(256);
    outbox->asking = arena_new(FIRST_CHUNK);
    outbox->answering = arena_new(FIRST_CHUNK);
    outbox->channels =
        arena_alloc(outbox->names, (options->channel_count + 1) * sizeof *outbox->channels);
    for (size_t i = 0; i < options->channel_count; i++)
        outbox->channels[outbox->channel_count++] = arena_text(outbox->names, options->channels[i]);
    outbox->inbox = arena_text(outbox->names, options->inbox);
    return outbox;
}

void outbox_destroy(struct outbox **outbox)
{
    struct outbox *ended = *outbox;
    if (!ended)
        return;
    *outbox = NULL;
    connection_silence(&ended->owner);
    arena_destroy(&ended->names);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->answering);
    free(ended);
}

static struct arguments begin(struct outbox *outbox, size_t capacity)
{
    arena_reset(outbox->asking);
    struct arguments arguments = arguments_begin(outbox->asking, capacity);
    arguments_text(&arguments, instance_consumer(outbox->instance));
    return arguments;
}

static void run(struct outbox *outbox, enum script script, const struct arguments *arguments,
                connection_callback *callback, void *context, void (*release)(void *context))
{
    struct connection_request request =
        arguments_request(arguments, &outbox->owner, callback, context);
    request.release = release;
    scripts_run(outbox->scripts, script, &request);
}

/* ---- Dead letters that scripts make ---- */

void outbox_note_spoilt(struct outbox *outbox, const char *mid)
{
    struct arena *arena = arena_new(256);
    if (outbox->wrong_keys)
        wrong_keys_note(outbox->wrong_keys, clock_monotonic_ms(),
                        keys_spell(arena, scripts_prefix(outbox->scripts), KEY_MESSAGE, mid, NULL),
                        "is no whole message");
    arena_destroy(&arena);
}

/* {mid, reason, mid, reason …}: their number. */
static size_t hear_buried(struct outbox *outbox, const struct reply *list)
{
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        const char *mid = reply_item(list, i)->text, *reason = reply_item(list, i + 1)->text;
        if (strcmp(reason, "not-whole") == 0)
            outbox_note_spoilt(outbox, mid);
        if (log_group_is_news(outbox->log_group, clock_monotonic_ms(),
                              "dead messages reason=%s gateway=-", reason))
            log_warning("a message became a dead letter mid=%s reason=%s gateway=-", mid, reason);
    }
    return list->count / 2;
}

/* ---- Taking ---- */

struct take_call {
    struct outbox *outbox;
    int64_t load;
    int64_t asked_ms; /* clock_monotonic_ms(); 0: it needs no tokens */
    int64_t number;   /* 0: there was no connection, nothing was taken */
    outbox_on_taken *callback;
    void *context;
};

/* When a token was given at `redis_ms` of Redis' clock, by the machine's. The answer may have lain
 * here for long (the daemon was frozen), or Redis may have been slow: so it goes by the least that
 * the clocks differed lately, and lies between the question and the answer. */
static int64_t token_time(struct outbox *outbox, int64_t asked_ms, int64_t redis_ms)
{
    const int64_t now_ms = clock_monotonic_ms(), behind_ms = now_ms - redis_ms;
    if (now_ms - outbox->behind_since_ms >= BEHIND_KEEP_MS) {
        outbox->behind_before_ms = outbox->behind_least_ms;
        outbox->behind_least_ms = behind_ms;
        outbox->behind_since_ms = now_ms;
    }
    if (behind_ms < outbox->behind_least_ms)
        outbox->behind_least_ms = behind_ms;
    const int64_t least_ms = outbox->behind_before_ms < outbox->behind_least_ms
                                 ? outbox->behind_before_ms
                                 : outbox->behind_least_ms;
    const int64_t token_ms = redis_ms + least_ms;
    if (asked_ms == 0)
        return 0;
    return token_ms > asked_ms ? token_ms : asked_ms;
}

/* A field of the message's hash; "" where it is not there, which is no whole message then. */
static const char *field(const struct reply *row, size_t at, bool *whole)
{
    const char *text = reply_text(reply_item(row, at));
    *whole = *whole && text;
    return text ? text : "";
}

/* {entry, mid, customer, channel, class, body, on_uncertain, gateway, attempts, give_up,
 * topic} */
static bool read_message(const struct reply *row, struct outbox_message *message)
{
    bool whole = true;
    const char *const gateway = reply_text(reply_item(row, 7));
    *message = (struct outbox_message){
        .entry = reply_text(reply_item(row, 0)),
        .mid = reply_text(reply_item(row, 1)),
        .customer = field(row, 2, &whole),
        .channel = reply_text(reply_item(row, 3)),
        .class_ = reply_text(reply_item(row, 4)),
        .body = field(row, 5, &whole),
        .length = reply_item(row, 5)->length,
        .on_uncertain = field(row, 6, &whole),
        .topic = field(row, 10, &whole),
        .gateway = gateway && *gateway ? gateway : NULL,
    };
    message->whole = whole && reply_number(reply_item(row, 8), &message->attempts) &&
                     reply_number(reply_item(row, 9), &message->give_up_ms);
    return message->entry && message->mid && message->channel && message->class_;
}

static bool read_taken(const struct reply *reply, const struct take_call *call,
                       struct outbox_taken *taken)
{
    int64_t withdrawn;
    enum { HEAD = 5 };
    if (!reply_number(reply_item(reply, 0), &taken->now_ms) ||
        !reply_number(reply_item(reply, 1), &taken->wait_ms) ||
        !reply_number(reply_item(reply, 3), &withdrawn) ||
        !reply_number(reply_item(reply, 4), &taken->behind_ms))
        return false;
    taken->withdrawn = (size_t)withdrawn;
    const int64_t token_ms = token_time(call->outbox, call->asked_ms, taken->now_ms);
    struct outbox_message *messages =
        arena_alloc(call->outbox->answering, reply->count * sizeof *messages);
    for (size_t i = HEAD; i < reply->count; i++) {
        if (!read_message(reply_item(reply, i), &messages[taken->count]))
            return false;
        messages[taken->count].token_ms = token_ms;
        messages[taken->count++].load = call->load;
    }
    taken->messages = messages;
    return true;
}

/* ---- Putting back what lost answers told of ---- */

static void on_recovered(void *context, const struct reply *reply, const struct diag *fault)
{
    struct outbox *outbox = context;
    (void)fault;
    if (reply && reply->kind == REPLY_INTEGER) {
        outbox->lost_count -= outbox->recovering;
        memmove(outbox->lost, outbox->lost + outbox->recovering,
                outbox->lost_count * sizeof *outbox->lost);
    }
    outbox->recovering = 0;
}

void outbox_reload(struct outbox *outbox)
{
    outbox->loads++;
}

bool outbox_recover(struct outbox *outbox)
{
    if (outbox->lost_count == 0 || outbox->recovering)
        return outbox->lost_count > 0;
    struct arguments arguments = begin(outbox, 3 + outbox->channel_count + outbox->lost_count);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_number(&arguments, (int64_t)outbox->channel_count);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    for (size_t i = 0; i < outbox->lost_count; i++)
        arguments_number(&arguments, outbox->lost[i]);
    outbox->recovering = outbox->lost_count;
    run(outbox, SCRIPT_RECOVER, &arguments, on_recovered, outbox, NULL);
    return true;
}

/* The take may have been carried out, or (an error within the script) a part of it. */
static void mind_lost(struct outbox *outbox, int64_t number)
{
    if (outbox->lost_count < LOST_MOST)
        outbox->lost[outbox->lost_count++] = number;
}

static void on_taken(void *context, const struct reply *reply, const struct diag *fault)
{
    struct take_call *call = context;
    struct outbox_taken taken = {.fault = fault};
    struct diag diag;
    arena_reset(call->outbox->answering);
    if (reply && failpoint("take-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        taken.fault = &diag;
    } else if (reply && !read_taken(reply, call, &taken)) {
        reply_fault(reply, &diag);
        taken = (struct outbox_taken){.fault = &diag};
    }
    if (taken.fault && call->number)
        mind_lost(call->outbox, call->number);
    else if (!taken.fault)
        taken.buried = hear_buried(call->outbox, reply_item(reply, 2));
    call->callback(call->context, &taken);
}

void outbox_take(struct outbox *outbox, const char *channel, const char *gateway, size_t most,
                 struct outbox_rate rate, outbox_on_taken *callback, void *context)
{
    struct take_call *call = mem_alloc(sizeof *call);
    failpoint("take");
    outbox_recover(outbox);
    struct arguments arguments = begin(outbox, 10);
    *call = (struct take_call){
        .outbox = outbox,
        .load = outbox->loads,
        .asked_ms = rate.count ? clock_monotonic_ms() : 0,
        .number = connection_ready(scripts_connection(outbox->scripts)) ? ++outbox->takes : 0,
        .callback = callback,
        .context = context};
    arguments_text(&arguments, channel);
    arguments_text(&arguments, gateway);
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, rate.count);
    arguments_number(&arguments, rate.per_ms);
    arguments_number(&arguments, call->number);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_number(&arguments, call->load);
    arguments_text(&arguments, outbox->inbox);
    run(outbox, SCRIPT_TAKE, &arguments, on_taken, call, free);
}

/* ---- Passing ---- */

struct pass_call {
    struct outbox *outbox;
    int64_t asked_ms; /* 0: it needs no token */
    outbox_on_passed *callback;
    void *context;
};

/* {now, word, ms or why} */
static bool read_passed(const struct reply *reply, const struct pass_call *call,
                        struct outbox_passed *passed)
{
    static const char *const words[] = {
        [OUTBOX_PASSED] = "passed",
        [OUTBOX_PASS_WAIT] = "wait",
        [OUTBOX_PASS_WITHDRAWN] = "withdrawn",
        [OUTBOX_PASS_GONE] = "gone",
    };
    int64_t now_ms;
    const char *word = reply_text(reply_item(reply, 1));
    size_t verdict = 0;
    if (!reply_number(reply_item(reply, 0), &now_ms) || !word)
        return false;
    while (verdict < sizeof words / sizeof *words && strcmp(word, words[verdict]) != 0)
        verdict++;
    passed->verdict = (enum outbox_pass_verdict)verdict;
    passed->token_ms = token_time(call->outbox, call->asked_ms, now_ms);
    if (passed->verdict == OUTBOX_PASS_WITHDRAWN)
        passed->why = reply_text(reply_item(reply, 2));
    return verdict < sizeof words / sizeof *words &&
           (passed->verdict != OUTBOX_PASS_WAIT ||
            reply_number(reply_item(reply, 2), &passed->wait_ms));
}

static void on_passed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct pass_call *call = context;
    struct outbox_passed passed = {.fault = fault};
    struct diag diag;
    if (reply && failpoint("pass-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        passed.fault = &diag;
    } else if (reply && !read_passed(reply, call, &passed)) {
        reply_fault(reply, &diag);
        passed = (struct outbox_passed){.fault = &diag};
    }
    call->callback(call->context, &passed);
}

void outbox_pass(struct outbox *outbox, struct outbox_pass *pass, outbox_on_passed *callback,
                 void *context)
{
    struct pass_call *call = mem_alloc(sizeof *call);
    failpoint("pass");
    if (pass->number == 0)
        pass->number = ++outbox->takes;
    *call = (struct pass_call){.outbox = outbox,
                               .asked_ms = pass->rate.count ? clock_monotonic_ms() : 0,
                               .callback = callback,
                               .context = context};
    struct arguments arguments = begin(outbox, 8);
    arguments_text(&arguments, pass->entry);
    arguments_text(&arguments, pass->mid);
    arguments_text(&arguments, pass->class_);
    arguments_number(&arguments, pass->number);
    arguments_text(&arguments, pass->gateway);
    arguments_number(&arguments, pass->rate.count);
    arguments_number(&arguments, pass->rate.per_ms);
    run(outbox, SCRIPT_PASS, &arguments, on_passed, call, free);
}

/* ---- Settling ---- */

struct settle_call {
    struct outbox *outbox;
    size_t count;
    outbox_on_settled *callback;
    void *context;
};

static void on_settled(void *context, const struct reply *reply, const struct diag *fault)
{
    struct settle_call *call = context;
    struct diag diag;
    if (reply && failpoint("settle-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        call->callback(call->context, &diag, NULL, 0);
        return;
    }
    if (!reply || reply->kind != REPLY_LIST || reply->count != 2 * call->count) {
        if (reply)
            reply_fault(reply, &diag);
        call->callback(call->context, reply ? &diag : fault, NULL, 0);
        return;
    }
    arena_reset(call->outbox->answering);
    struct outbox_answer *answers =
        arena_alloc(call->outbox->answering, sizeof *answers * (call->count + 1));
    for (size_t i = 0; i < call->count; i++) {
        const char *letter = reply_text(reply_item(reply, 2 * i + 1));
        answers[i] = (struct outbox_answer){
            .settled = (enum outbox_settled)reply_item(reply, 2 * i)->integer,
            .letter = letter && *letter ? letter : NULL,
        };
    }
    call->callback(call->context, NULL, answers, call->count);
}

const char *outbox_verdict_name(enum outbox_verdict verdict)
{
    static const char *const names[] = {
        [OUTBOX_DONE] = "done",       [OUTBOX_LATER] = "later", [OUTBOX_RESEND] = "resend",
        [OUTBOX_HOLD] = "hold",       [OUTBOX_DEAD] = "dead",   [OUTBOX_RELEASE] = "release",
        [OUTBOX_LACKING] = "lacking",
    };
    return names[verdict];
}

void outbox_settle(struct outbox *outbox, const struct outbox_result *results, size_t count,
                   outbox_on_settled *callback, void *context)
{
    struct settle_call *call = mem_alloc(sizeof *call);
    struct arguments arguments = begin(outbox, 2 + 13 * count);
    *call = (struct settle_call){
        .outbox = outbox, .count = count, .callback = callback, .context = context};
    arguments_number(&arguments, outbox->trace_keep_ms);
    for (size_t i = 0; i < count; i++) {
        const struct outbox_result *result = &results[i];
        arguments_text(&arguments, result->entry);
        arguments_text(&arguments, result->mid);
        arguments_text(&arguments, result->channel);
        arguments_text(&arguments, result->class_);
        arguments_text(&arguments, outbox_verdict_name(result->verdict));
        if (result->at_ms)
            arguments_number(&arguments, result->at_ms);
        else
            arguments_text(&arguments, arena_printf(outbox->asking, "+%" PRId64, result->after_ms));
        arguments_number(&arguments, result->charge);
        if (result->verdict == OUTBOX_LACKING)
            arguments_number(&arguments, result->load);
        else
            arguments_text(&arguments, result->reason);
        arguments_text(&arguments, result->detail);
        arguments_text(&arguments, result->trace);
        arguments_text(&arguments, result->event);
        arguments_text(&arguments, result->suppress);
        arguments_text(&arguments, result->suppress_reason);
    }
    run(outbox, SCRIPT_SETTLE, &arguments, on_settled, call, free);
}

/* ---- Sweeping: two scripts at once, whose answers are gathered ---- */

struct sweep_call {
    int waiting; /* answers that have not come */
    int users;   /* calls whose context this is */
    struct outbox_swept swept;
    struct outbox *outbox;
    struct diag fault;
    outbox_on_swept *callback;
    void *context;
};

static void release_sweep(void *context)
{
    struct sweep_call *call = context;
    if (--call->users == 0)
        free(call);
}

static void note_fault(struct sweep_call *call, const struct reply *reply, const struct diag *fault)
{
    if (reply)
        reply_fault(reply, &call->fault);
    else
        call->fault = *fault;
    call->swept = (struct outbox_swept){.fault = &call->fault};
}

static void end_sweep_part(struct sweep_call *call)
{
    if (--call->waiting == 0)
        call->callback(call->context, &call->swept);
}

static void on_claimed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct sweep_call *call = context;
    int64_t resent, uncertain, more;
    if (reply && reply_number(reply_item(reply, 0), &resent) &&
        reply_number(reply_item(reply, 1), &uncertain) &&
        reply_number(reply_item(reply, 2), &more)) {
        call->swept.resent = (size_t)resent;
        call->swept.uncertain = (size_t)uncertain;
        call->swept.buried += hear_buried(call->outbox, reply_item(reply, 3));
        if (more)
            call->swept.next_ms = 0;
    } else {
        note_fault(call, reply, fault);
    }
    end_sweep_part(call);
}

static void on_requeued(void *context, const struct reply *reply, const struct diag *fault)
{
    struct sweep_call *call = context;
    int64_t moved, next;
    if (reply && reply_number(reply_item(reply, 0), &moved) &&
        reply_number(reply_item(reply, 1), &next)) {
        call->swept.requeued = (size_t)moved;
        call->swept.buried += hear_buried(call->outbox, reply_item(reply, 2));
        if (next < call->swept.next_ms)
            call->swept.next_ms = next;
    } else {
        note_fault(call, reply, fault);
    }
    end_sweep_part(call);
}

void outbox_sweep(struct outbox *outbox, outbox_on_swept *callback, void *context)
{
    struct sweep_call *call = mem_zero(1, sizeof *call);
    call->waiting = call->users = 2;
    call->swept.next_ms = SWEEP_POLL_MS;
    call->outbox = outbox;
    call->callback = callback;
    call->context = context;

    struct arguments arguments = begin(outbox, 4 + outbox->channel_count);
    arguments_number(&arguments, SWEEP_MOST);
    arguments_number(&arguments, outbox->trace_keep_ms);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    run(outbox, SCRIPT_CLAIM_OUTBOX, &arguments, on_claimed, call, release_sweep);

    arguments = arguments_begin(outbox->asking, 6 + outbox->channel_count);
    arguments_text(&arguments, instance_consumer(outbox->instance));
    arguments_number(&arguments, SWEEP_MOST);
    arguments_number(&arguments, SWEEP_POLL_MS);
    arguments_number(&arguments, outbox->dead_keep_ms);
    arguments_number(&arguments, outbox->trace_keep_ms);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    run(outbox, SCRIPT_REQUEUE, &arguments, on_requeued, call, release_sweep);
}

/* ---- Lengths ---- */

struct length_call {
    size_t waiting, users;
    int64_t sum; /* -1: an answer failed */
    void (*callback)(void *context, int64_t length);
    void *context;
};

static void release_length(void *context)
{
    struct length_call *call = context;
    if (--call->users == 0)
        free(call);
}

static void on_length(void *context, const struct reply *reply, const struct diag *fault)
{
    struct length_call *call = context;
    int64_t length;
    (void)fault;
    if (!reply || !reply_number(reply, &length))
        call->sum = -1;
    else if (call->sum >= 0)
        call->sum += length;
    if (--call->waiting == 0)
        call->callback(call->context, call->sum);
}

void outbox_length(struct outbox *outbox, void (*callback)(void *context, int64_t length),
                   void *context)
{
    size_t streams = outbox->channel_count * STREAMS_PER_CHANNEL;
    struct length_call *call = mem_alloc(sizeof *call);
    *call = (struct length_call){
        .waiting = streams, .users = streams, .callback = callback, .context = context};
    arena_reset(outbox->asking);
    for (size_t i = 0; i < streams; i++) {
        const char *stream = keys_spell(outbox->asking, scripts_prefix(outbox->scripts), KEY_OUTBOX,
                                        outbox->channels[i / STREAMS_PER_CHANNEL],
                                        classes[i % STREAMS_PER_CHANNEL], NULL);
        connection_send(scripts_connection(outbox->scripts),
                        &(struct connection_request){.argc = 2,
                                                     .argv = (const char *const[]){"XLEN", stream},
                                                     .owner = &outbox->owner,
                                                     .callback = on_length,
                                                     .context = call,
                                                     .release = release_length});
    }
}
