/*
 * What a daemon asks of the outbox, from top to bottom; each asking is a `…_call`, which its
 * answer frees:
 *
 *   take      take.lua hands over messages for a gateway. When its answer is lost it may have been
 *             carried out, so it has a number, which is minded among the `lost` ...
 *   recover   ... until recover.lua has put back what those took: asked before each take, and
 *             for a while after
 *   pass      pass.lua hands a message that was taken to another gateway
 *   settle    settle.lua hears what became of messages, many at once, and says of each whether it
 *             was still this daemon's
 *   length    how much stands in all queues, for back-pressure
 *
 * What nobody asks for a message is in store/outbox_sweep.
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
#include "base/metrics.h"
#include "store/keys.h"
#include "store/outbox_at_once.h"
#include "store/outbox_call.h"
#include "store/wrong_keys.h"

enum {
    FIRST_CHUNK = 65536,
    LATE_MS = 60000,     /* so long what was sent may still come to Redis, … */
    LATE_POLL_MS = 1000, /* … and is looked for so often */
};

static const char **copy(struct arena *arena, const char *const *texts, size_t count)
{
    const char **copies = arena_alloc(arena, (count + 1) * sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = arena_text(arena, texts[i]);
    return copies;
}

struct outbox *outbox_new(const struct outbox_options *options)
{
    struct outbox *outbox = mem_zero(1, sizeof *outbox);
    outbox->scripts = options->scripts;
    outbox->instance = options->instance;
    outbox->dead_keep_ms = options->dead_keep_ms;
    outbox->trace_keep_ms = options->trace_keep_ms;
    outbox->log_group = options->log_group;
    outbox->wrong_keys = options->wrong_keys;
    token_clock_init(&outbox->clock);
    outbox->names = arena_new(256);
    outbox->asking = arena_new(FIRST_CHUNK);
    outbox->answering = arena_new(FIRST_CHUNK);
    outbox->channels = copy(outbox->names, options->channels, options->channel_count);
    outbox->channel_count = options->channel_count;
    outbox->gateways = copy(outbox->names, options->gateways, options->gateway_count);
    outbox->gateway_count = options->gateway_count;
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
    free(ended->lost);
    free(ended);
}

struct arguments outbox_begin(struct outbox *outbox, size_t capacity)
{
    arena_reset(outbox->asking);
    struct arguments arguments = arguments_begin(outbox->asking, capacity);
    arguments_text(&arguments, instance_consumer(outbox->instance));
    return arguments;
}

void outbox_run(struct outbox *outbox, enum script script, const struct arguments *arguments,
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

size_t outbox_hear_buried(struct outbox *outbox, const struct reply *list)
{
    for (size_t i = 0; i + 2 < list->count; i += 3) {
        const char *mid = reply_item(list, i)->text, *reason = reply_item(list, i + 1)->text,
                   *gateway = reply_item(list, i + 2)->text;
        if (strcmp(reason, "not-whole") == 0)
            outbox_note_spoilt(outbox, mid);
        metrics_add_to(METRIC_MESSAGES_DEAD, METRIC_LABELS(reason), 1);
        if (log_group_is_news(outbox->log_group, clock_monotonic_ms(), "dead messages",
                              LOG_FIELDS(LOG_TEXT("reason", reason), LOG_TEXT("gateway", gateway))))
            log_with(LOG_LEVEL_WARNING,
                     LOG_FIELDS(LOG_ID(LOG_ID_DEAD_MESSAGE), LOG_TEXT("mid", mid),
                                LOG_TEXT("reason", reason), LOG_TEXT("gateway", gateway)),
                     "a message became a dead letter");
    }
    return list->count / 3;
}

/* ---- Taking ---- */

/* Of what is asked for now; clock_monotonic_ms(). */
struct token {
    int64_t asked_ms; /* 0: it needs none */
    int64_t token_ms; /* of a grant; 0: there was none */
    int64_t granted_ms;
};

static struct token token_for(const struct outbox_gateway *gateway)
{
    return (struct token){
        .asked_ms = outbox_gateway_is_bound(gateway) ? clock_monotonic_ms() : 0,
        .token_ms = gateway->token_ms,
        .granted_ms = gateway->granted_ms,
    };
}

struct take_call {
    struct outbox *outbox;
    int64_t load;
    struct token token;
    int64_t number; /* 0: there was no connection, nothing was taken */
    outbox_on_taken *callback;
    void *context;
};

/* Of what was let go at `redis_ms`: with a grant, when that was given. */
static int64_t token_time(struct outbox *outbox, const struct token *token, int64_t redis_ms)
{
    const int64_t token_ms = token_clock_time(&outbox->clock, token->asked_ms, redis_ms);
    return token->token_ms || !token->asked_ms ? token->token_ms : token_ms;
}

/* A field of the message's hash; "" where it is not there, which is no whole message then. */
static const char *field(const struct reply *row, size_t at, bool *whole)
{
    const char *text = reply_text(reply_item(row, at));
    *whole = *whole && text;
    return text ? text : "";
}

/* {entry, mid, customer, channel, class, body, on_uncertain, gateway, attempts, give_up,
 * topic, domain, queue where it is not the channel's, the code that it was given} */
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
        .domain = field(row, 11, &whole),
        .queue = reply_text(reply_item(row, reply_text(reply_item(row, 12)) ? 12 : 3)),
        .code = reply_text(reply_item(row, 13)),
        .gateway = gateway && *gateway ? gateway : NULL,
    };
    message->whole = whole && reply_number(reply_item(row, 8), &message->attempts) &&
                     reply_number(reply_item(row, 9), &message->give_up_ms);
    return message->entry && message->mid && message->channel && message->class_ && message->queue;
}

static bool read_taken(const struct reply *reply, const struct take_call *call,
                       struct outbox_taken *taken)
{
    int64_t withdrawn, paused, crowded;
    enum { HEAD = 8 };
    if (!reply_number(reply_item(reply, 0), &taken->now_ms) ||
        !reply_number(reply_item(reply, 1), &taken->wait_ms) ||
        !reply_number(reply_item(reply, 3), &withdrawn) ||
        !reply_number(reply_item(reply, 4), &taken->behind_ms) ||
        !reply_number(reply_item(reply, 5), &paused) ||
        !reply_number(reply_item(reply, 6), &taken->held_ms) ||
        !reply_number(reply_item(reply, 7), &crowded))
        return false;
    taken->paused = paused != 0;
    taken->crowded = crowded != 0;
    taken->withdrawn = (size_t)withdrawn;
    const int64_t token_ms = token_time(call->outbox, &call->token, taken->now_ms);
    struct outbox_message *messages =
        arena_alloc(call->outbox->answering, reply->count * sizeof *messages);
    for (size_t i = HEAD; i < reply->count; i++) {
        if (!read_message(reply_item(reply, i), &messages[taken->count]))
            return false;
        messages[taken->count].token_ms = token_ms;
        messages[taken->count].granted_ms = call->token.granted_ms;
        messages[taken->count++].load = call->load;
    }
    taken->messages = messages;
    return true;
}

/* ---- Putting back what lost answers told of ---- */

/* All that were asked for were put back once; of those that can come late no more is heard. */
static void on_recovered(void *context, const struct reply *reply, const struct diag *fault)
{
    struct outbox *outbox = context;
    size_t over = 0;
    (void)fault;
    if (reply && reply->kind == REPLY_INTEGER) {
        outbox->owed = outbox->lost_count - outbox->recovering;
        while (over < outbox->recovering && outbox->lost[over].until_ms <= outbox->recovered_ms)
            over++;
        outbox->lost_count -= over;
        memmove(outbox->lost, outbox->lost + over, outbox->lost_count * sizeof *outbox->lost);
    }
    outbox->recovering = 0;
}

void outbox_reload(struct outbox *outbox)
{
    outbox->loads++;
}

static void ask_back(struct outbox *outbox)
{
    struct arguments arguments =
        outbox_begin(outbox, 3 + outbox->channel_count + outbox->lost_count);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_number(&arguments, (int64_t)outbox->channel_count);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    for (size_t i = 0; i < outbox->lost_count; i++)
        arguments_number(&arguments, outbox->lost[i].number);
    outbox->recovering = outbox->lost_count;
    outbox->recovered_ms = clock_monotonic_ms();
    outbox_run(outbox, SCRIPT_RECOVER, &arguments, on_recovered, outbox, NULL);
}

bool outbox_recover(struct outbox *outbox)
{
    bool late = clock_monotonic_ms() - outbox->recovered_ms >= LATE_POLL_MS;
    if (outbox->lost_count && !outbox->recovering && (outbox->owed || late))
        ask_back(outbox);
    return outbox->owed > 0;
}

const char *const outbox_begun_entry = "-"; /* BEGUN of shared_begun.lua */

int64_t outbox_next_number(struct outbox *outbox)
{
    return ++outbox->takes;
}

int64_t outbox_load(const struct outbox *outbox)
{
    return outbox->loads;
}

const char *outbox_inbox(const struct outbox *outbox)
{
    return outbox->inbox;
}

/* The take may have been carried out, or (an error within the script) a part of it. */
void outbox_note_lost(struct outbox *outbox, int64_t number)
{
    if (outbox->lost_count == LOST_MOST)
        return;
    outbox->lost = mem_grow(outbox->lost, outbox->lost_count, sizeof *outbox->lost);
    outbox->lost[outbox->lost_count++] =
        (struct outbox_lost){.number = number, .until_ms = clock_monotonic_ms() + LATE_MS};
    outbox->owed++;
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
    if (taken.fault && call->number && !reply_refused(taken.fault))
        outbox_note_lost(call->outbox, call->number);
    else if (!taken.fault)
        taken.buried = outbox_hear_buried(call->outbox, reply_item(reply, 2));
    call->callback(call->context, &taken);
}

void outbox_take(struct outbox *outbox, const char *channel, const struct outbox_gateway *gateway,
                 size_t most, outbox_on_taken *callback, void *context)
{
    struct take_call *call = mem_alloc(sizeof *call);
    failpoint("take");
    outbox_recover(outbox);
    struct arguments arguments = outbox_begin(outbox, 11);
    *call = (struct take_call){
        .outbox = outbox,
        .load = outbox->loads,
        .token = token_for(gateway),
        .number = connection_ready(scripts_connection(outbox->scripts)) ? ++outbox->takes : 0,
        .callback = callback,
        .context = context};
    arguments_text(&arguments, channel);
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, call->number);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_number(&arguments, call->load);
    arguments_text(&arguments, outbox->inbox);
    arguments_number(&arguments, gateway->own_only);
    outbox_gateway_print(gateway, &arguments);
    outbox_run(outbox, SCRIPT_TAKE, &arguments, on_taken, call, free);
}

/* ---- Passing ---- */

struct pass_call {
    struct outbox *outbox;
    struct token token;
    outbox_on_passed *callback;
    void *context;
};

/* {now, word, ms or why} */
static bool read_passed(const struct reply *reply, const struct pass_call *call,
                        struct outbox_passed *passed)
{
    static const char *const words[] = {
        [OUTBOX_PASSED] = "passed",  [OUTBOX_PASS_WAIT] = "wait",
        [OUTBOX_PASS_HELD] = "held", [OUTBOX_PASS_WITHDRAWN] = "withdrawn",
        [OUTBOX_PASS_GONE] = "gone",
    };
    int64_t now_ms;
    const size_t count = sizeof words / sizeof *words;
    const size_t verdict = reply_word(reply_item(reply, 1), words, count);
    if (!reply_number(reply_item(reply, 0), &now_ms))
        return false;
    passed->verdict = (enum outbox_pass_verdict)verdict;
    passed->granted_ms = call->token.granted_ms;
    passed->token_ms = token_time(call->outbox, &call->token, now_ms);
    if (passed->verdict == OUTBOX_PASS_WITHDRAWN)
        passed->why = reply_text(reply_item(reply, 2));
    const bool waits = passed->verdict == OUTBOX_PASS_WAIT || passed->verdict == OUTBOX_PASS_HELD;
    return verdict < count && (!waits || reply_number(reply_item(reply, 2), &passed->wait_ms));
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
                               .token = token_for(&pass->gateway),
                               .callback = callback,
                               .context = context};
    struct arguments arguments = outbox_begin(outbox, 8);
    arguments_text(&arguments, pass->entry);
    arguments_text(&arguments, pass->mid);
    arguments_text(&arguments, pass->class_);
    arguments_number(&arguments, pass->number);
    outbox_gateway_print(&pass->gateway, &arguments);
    outbox_run(outbox, SCRIPT_PASS, &arguments, on_passed, call, free);
}

/* ---- Settling ---- */

struct settle_call {
    struct outbox *outbox;
    size_t count;
    outbox_on_settled *callback;
    void *context;
};

/* {place, id …} */
static void note_letters(const struct reply *letters, struct outbox_answer *answers, size_t count)
{
    for (size_t i = 0; i + 1 < letters->count; i += 2) {
        const int64_t place = reply_item(letters, i)->integer;
        if (place > 0 && (uint64_t)place <= count)
            answers[place - 1].letter = reply_text(reply_item(letters, i + 1));
    }
}

static void on_settled(void *context, const struct reply *reply, const struct diag *fault)
{
    struct settle_call *call = context;
    struct diag diag;
    if (reply && failpoint("settle-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        call->callback(call->context, &diag, NULL, 0);
        return;
    }
    if (!reply || reply->kind != REPLY_LIST || reply->count != call->count + 1) {
        if (reply)
            reply_fault(reply, &diag);
        call->callback(call->context, reply ? &diag : fault, NULL, 0);
        return;
    }
    arena_reset(call->outbox->answering);
    struct outbox_answer *answers =
        arena_alloc(call->outbox->answering, sizeof *answers * (call->count + 1));
    for (size_t i = 0; i < call->count; i++)
        answers[i] = (struct outbox_answer){
            .settled = (enum outbox_settled)reply_item(reply, i)->integer,
        };
    note_letters(reply_item(reply, call->count), answers, call->count);
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

/* Whether there is more to tell of it than that it was sent. */
static bool has_more(const struct outbox_result *result)
{
    return result->verdict != OUTBOX_DONE || result->reason || result->event || result->suppress;
}

static void put_more(struct arguments *arguments, const struct outbox_result *result)
{
    if (result->at_ms)
        arguments_number(arguments, result->at_ms);
    else
        arguments_text(arguments, arena_printf(arguments->arena, "+%" PRId64, result->after_ms));
    arguments_number(arguments,
                     result->verdict == OUTBOX_DEAD ? result->may_have_arrived : result->charge);
    if (result->verdict == OUTBOX_LACKING)
        arguments_number(arguments, result->load);
    else
        arguments_text(arguments, result->reason);
    arguments_text(arguments, result->detail);
    arguments_text(arguments, result->event);
    arguments_text(arguments, result->suppress);
    arguments_text(arguments, result->suppress_reason);
}

static bool is_begun(const struct outbox_result *result)
{
    return strcmp(result->entry, outbox_begun_entry) == 0;
}

static bool is_alike(const struct outbox_result *a, const struct outbox_result *b)
{
    return a->verdict == b->verdict && is_begun(a) == is_begun(b) && has_more(a) == has_more(b) &&
           strcmp(a->queue, b->queue) == 0 && strcmp(a->channel, b->channel) == 0 &&
           strcmp(a->class_, b->class_) == 0;
}

/* What the first of some that are alike has in common with them is said once. */
static void put_head(struct arguments *arguments, const struct outbox_result *first, size_t count)
{
    arguments_text(arguments, first->queue);
    arguments_text(arguments, first->channel);
    arguments_text(arguments, first->class_);
    arguments_text(arguments, outbox_verdict_name(first->verdict));
    arguments_text(arguments, is_begun(first) ? outbox_begun_entry : "");
    arguments_text(arguments, has_more(first) ? "1" : "0");
    arguments_number(arguments, (int64_t)count);
}

static void put_result(struct arguments *arguments, const struct outbox_result *result)
{
    arguments_text(arguments, result->mid);
    arguments_text(arguments, result->trace);
    if (!is_begun(result))
        arguments_text(arguments, result->entry);
    if (has_more(result))
        put_more(arguments, result);
}

static void put_results(struct arguments *arguments, const struct outbox_result *results,
                        size_t count)
{
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && is_alike(&results[i], &results[end]);)
            end++;
        put_head(arguments, &results[i], end - i);
        for (size_t j = i; j < end; j++)
            put_result(arguments, &results[j]);
    }
}

void outbox_settle(struct outbox *outbox, const struct outbox_result *results, size_t count,
                   outbox_on_settled *callback, void *context)
{
    struct settle_call *call = mem_alloc(sizeof *call);
    struct arguments arguments = outbox_begin(outbox, 9 + 3 * count);
    *call = (struct settle_call){
        .outbox = outbox, .count = count, .callback = callback, .context = context};
    arguments_number(&arguments, outbox->trace_keep_ms);
    put_results(&arguments, results, count);
    outbox_run(outbox, SCRIPT_SETTLE, &arguments, on_settled, call, free);
}

/* ---- Length ---- */

struct length_call {
    void (*callback)(void *context, int64_t length);
    void *context;
};

static void on_length(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct length_call *call = context;
    int64_t length;
    (void)fault;
    call->callback(call->context, reply && reply_number(reply, &length) ? length : -1);
}

void outbox_length(struct outbox *outbox, void (*callback)(void *context, int64_t length),
                   void *context)
{
    struct length_call *call = mem_alloc(sizeof *call);
    *call = (struct length_call){.callback = callback, .context = context};
    arena_reset(outbox->asking);
    struct arguments arguments = arguments_begin(outbox->asking, outbox->channel_count);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    outbox_run(outbox, SCRIPT_LENGTHS, &arguments, on_length, call, free);
}
