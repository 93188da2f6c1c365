/*
 * Each call is one run of a script, and an answer; only the scan is two commands, SCAN and then
 * MGET of the documents that it found, without those that were gone in between. Answers are read
 * into an arena that lasts until the callback returns.
 */
#include "store/clocks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "store/keys.h"
#include "store/script_table.h"
#include "store/taker.h"

enum { FIRST_CHUNK = 16384 };
#define SCAN_COUNT "500" /* keys of any kind at once */

struct clocks {
    struct taker taker;
    double rate;
};

struct call {
    struct clocks *clocks;
    union {
        clocks_on_noted *noted;
        clocks_on_scanned *scanned;
        clocks_on_swept *swept;
        clocks_on_done *done;
    } on;
    void *context;
    /* Of the scan, between its two commands: in an arena of its own. */
    struct arena *arena;
    struct clocks_scanned found;
};

static const char *const states[] = {
    [CLOCKS_NONE] = "none", [CLOCKS_SCAN] = "scan", [CLOCKS_DONE] = "done"};
enum { STATES = sizeof states / sizeof *states };

struct clocks *clocks_new(const struct clocks_options *options)
{
    struct clocks *clocks = mem_zero(1, sizeof *clocks);
    clocks->rate = options->rate;
    taker_open(&clocks->taker, options->scripts, options->instance, options->settle_ms,
               options->inbox, FIRST_CHUNK);
    return clocks;
}

void clocks_destroy(struct clocks **clocks)
{
    struct clocks *ended = *clocks;
    if (!ended)
        return;
    *clocks = NULL;
    taker_close(&ended->taker);
    free(ended);
}

static struct call *new_call(struct clocks *clocks, void *context)
{
    struct call *call = mem_zero(1, sizeof *call);
    call->clocks = clocks;
    call->context = context;
    return call;
}

static void release(void *context)
{
    struct call *call = context;
    arena_destroy(&call->arena);
    free(call);
}

static bool read_state(const struct reply *reply, size_t index, enum clocks_state *state)
{
    size_t word = reply_word(reply_item(reply, index), states, STATES);
    *state = (enum clocks_state)word;
    return word < STATES;
}

static const char *const *texts_of(struct arena *arena, const struct reply *list, size_t *count)
{
    const char **texts = arena_alloc(arena, sizeof *texts * (list->count + 1));
    *count = list->count;
    for (size_t i = 0; i < list->count; i++)
        texts[i] = reply_item(list, i)->text;
    return texts;
}

/* ---- What the rules have ---- */

static bool read_noted(struct arena *arena, const struct reply *reply, struct clocks_noted *noted)
{
    const struct reply *ours = reply_item(reply, 5);
    bool *flags = arena_zero(arena, sizeof *flags * (ours->count + 1));
    if (!reply_number(reply_item(reply, 0), &noted->now_ms) ||
        !read_state(reply, 1, &noted->state) || !reply_number(reply_item(reply, 3), &noted->keys) ||
        !reply_number(reply_item(reply, 4), &noted->customers))
        return false;
    for (size_t i = 0; i < ours->count; i++)
        flags[i] = reply_item(ours, i)->integer == 1;
    noted->cursor = reply_item(reply, 2)->text;
    noted->ours = flags;
    noted->zones = texts_of(arena, reply_item(reply, 6), &noted->zone_count);
    return true;
}

static void on_noted(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    struct clocks_noted noted = {.fault = fault};
    struct diag diag;
    arena_reset(call->clocks->taker.answering);
    if (reply && !read_noted(call->clocks->taker.answering, reply, &noted)) {
        reply_fault(reply, &diag);
        noted = (struct clocks_noted){.fault = &diag};
    }
    call->on.noted(call->context, &noted);
}

void clocks_note(struct clocks *clocks, const struct clocks_rule *rules, size_t count, bool newest,
                 clocks_on_noted *callback, void *context)
{
    struct call *call = new_call(clocks, context);
    struct arguments arguments = taker_begin(&clocks->taker, 2 * count + 4);
    call->on.noted = callback;
    arguments_number(&arguments, newest);
    for (size_t i = 0; i < count; i++) {
        arguments_text(&arguments, rules[i].name);
        arguments_text(&arguments, rules[i].clock);
    }
    taker_run(&clocks->taker, SCRIPT_CLOCKS, &arguments, on_noted, call, release);
}

/* ---- The scan ---- */

static void fail_scan(struct call *call, const struct reply *reply, const struct diag *fault)
{
    struct diag diag;
    if (reply)
        reply_fault(reply, &diag);
    call->on.scanned(call->context, &(struct clocks_scanned){.fault = reply ? &diag : fault});
}

static void on_documents(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    if (!reply || reply->kind != REPLY_LIST || reply->count != call->found.count) {
        fail_scan(call, reply, fault);
        return;
    }
    struct slice *documents = arena_zero(call->arena, sizeof *documents * (reply->count + 1));
    for (size_t i = 0; i < reply->count; i++)
        documents[i] = reply_slice(reply, i);
    call->found.documents = documents;
    call->on.scanned(call->context, &call->found);
}

static void read_documents(struct call *call, const struct reply *keys, size_t skip)
{
    struct clocks *clocks = call->clocks;
    struct arguments arguments = taker_begin(&clocks->taker, keys->count + 1);
    const char **customers = arena_alloc(call->arena, sizeof *customers * (keys->count + 1));
    struct call *next = new_call(clocks, call->context);
    arguments_text(&arguments, "MGET");
    for (size_t i = 0; i < keys->count; i++) {
        customers[i] = arena_text(call->arena, reply_item(keys, i)->text + skip);
        arguments_text(&arguments, reply_item(keys, i)->text);
    }
    call->found.customers = customers;
    call->found.count = keys->count;
    *next = *call;
    call->arena = NULL; /* the next one's now */
    struct connection_request request =
        arguments_request(&arguments, &clocks->taker.owner, on_documents, next);
    request.release = release;
    connection_send(scripts_connection(clocks->taker.scripts), &request);
}

static void on_keys(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    const struct reply *keys = reply ? reply_item(reply, 1) : NULL;
    if (!reply || reply->kind != REPLY_LIST || keys->kind != REPLY_LIST) {
        fail_scan(call, reply, fault);
        return;
    }
    const char *start = keys_spell(call->arena, scripts_prefix(call->clocks->taker.scripts),
                                   KEY_CUSTOMER, "", NULL);
    call->found.cursor = arena_text(call->arena, reply_item(reply, 0)->text);
    call->found.keys = (size_t)strtoul(SCAN_COUNT, NULL, 10);
    if (keys->count)
        read_documents(call, keys, strlen(start));
    else
        call->on.scanned(call->context, &call->found);
}

/* What a pattern would take for more than itself. */
static const char *escape(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, 2 * strlen(text) + 1), *at = out;
    for (; *text; text++) {
        if (strchr("*?[]\\", *text))
            *at++ = '\\';
        *at++ = *text;
    }
    *at = '\0';
    return out;
}

void clocks_scan(struct clocks *clocks, const char *cursor, clocks_on_scanned *callback,
                 void *context)
{
    struct call *call = new_call(clocks, context);
    struct arguments arguments = taker_begin(&clocks->taker, 8);
    const char *prefix = escape(clocks->taker.asking, scripts_prefix(clocks->taker.scripts));
    call->arena = arena_new(FIRST_CHUNK);
    call->on.scanned = callback;
    arguments_text(&arguments, "SCAN");
    arguments_text(&arguments, cursor);
    arguments_text(&arguments, "MATCH");
    arguments_text(&arguments, keys_spell(clocks->taker.asking, prefix, KEY_CUSTOMER, "*", NULL));
    arguments_text(&arguments, "COUNT");
    arguments_text(&arguments, SCAN_COUNT);
    struct connection_request request =
        arguments_request(&arguments, &clocks->taker.owner, on_keys, call);
    request.release = release;
    connection_send(scripts_connection(clocks->taker.scripts), &request);
}

static void on_indexed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    struct clocks_noted noted = {.fault = fault};
    struct diag diag;
    if (reply && !read_state(reply, 0, &noted.state)) {
        reply_fault(reply, &diag);
        noted.fault = &diag;
    }
    noted.cursor = reply ? reply_item(reply, 1)->text : "0";
    call->on.noted(call->context, &noted);
}

void clocks_index(struct clocks *clocks, const char *cursor, const struct clocks_scanned *scanned,
                  const struct clocks_indexed *found, size_t count, clocks_on_noted *callback,
                  void *context)
{
    struct call *call = new_call(clocks, context);
    struct arguments arguments = taker_begin(&clocks->taker, 4 * count + 8);
    call->on.noted = callback;
    arguments_text(&arguments, cursor);
    arguments_text(&arguments, scanned->cursor);
    arguments_number(&arguments, (int64_t)scanned->keys);
    for (size_t i = 0; i < count; i++) {
        arguments_text(&arguments, found[i].customer);
        arguments_text(&arguments, found[i].version);
        arguments_text(&arguments, found[i].zone);
        arguments_number(&arguments, found[i].place);
    }
    taker_run(&clocks->taker, SCRIPT_INDEX, &arguments, on_indexed, call, release);
}

/* ---- Whose turn it is ---- */

static bool read_swept(struct arena *arena, const struct reply *reply, struct clocks_swept *swept)
{
    const struct reply *ask = reply_item(reply, 3);
    int64_t *ask_ms = arena_zero(arena, sizeof *ask_ms * (ask->count + 1));
    if (!reply_number(reply_item(reply, 0), &swept->now_ms) ||
        !read_state(reply, 1, &swept->state) ||
        !reply_number(reply_item(reply, 2), &swept->wait_ms))
        return false;
    for (size_t i = 0; i < ask->count; i++)
        reply_number(reply_item(ask, i), &ask_ms[i]);
    swept->ask_ms = ask_ms;
    swept->taken = texts_of(arena, reply_item(reply, 4), &swept->taken_count);
    return true;
}

static void on_swept(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    struct clocks_swept swept = {.fault = fault};
    struct diag diag;
    arena_reset(call->clocks->taker.answering);
    if (reply && !read_swept(call->clocks->taker.answering, reply, &swept)) {
        reply_fault(reply, &diag);
        swept = (struct clocks_swept){.fault = &diag};
    }
    if (swept.taken_count)
        (void)failpoint("ticks-taken");
    call->on.swept(call->context, &swept);
}

static void put_sweep(struct arguments *arguments, const struct clocks_sweep *sweep)
{
    arguments_text(arguments, sweep->zone);
    arguments_text(arguments, sweep->rule);
    arguments_number(arguments, sweep->spread_ms);
    arguments_number(arguments, sweep->max_age_ms);
    for (size_t i = 0; i < 3; i++) {
        arguments_number(arguments, sweep->ticks[i].time_ms);
        arguments_text(arguments, sweep->ticks[i].name);
    }
}

void clocks_sweep(struct clocks *clocks, const char *const *rules,
                  const struct clocks_sweep *sweeps, size_t count, size_t most,
                  clocks_on_swept *callback, void *context)
{
    struct call *call = new_call(clocks, context);
    struct arguments arguments = taker_begin(&clocks->taker, 10 * count + 32);
    size_t known = 0;
    while (rules[known])
        known++;
    call->on.swept = callback;
    arguments_text(&arguments, instance_consumer(clocks->taker.instance));
    arguments_text(&arguments, clocks->taker.inbox);
    arguments_number(&arguments, (int64_t)most);
    arguments_text(&arguments, arena_printf(arguments.arena, "%.10g", clocks->rate));
    arguments_number(&arguments, clocks->taker.settle_ms);
    arguments_number(&arguments, CLOCKS_LEASE_MS);
    arguments_number(&arguments, CLOCKS_POLL_MS);
    arguments_texts(&arguments, rules, known);
    for (size_t i = 0; i < count; i++)
        put_sweep(&arguments, &sweeps[i]);
    taker_run(&clocks->taker, SCRIPT_SWEEP, &arguments, on_swept, call, release);
}

/* "<ms> <zone> <place> <customer> <rule>": a customer's key may have spaces. */
bool clocks_read_taken(struct arena *arena, const char *text, struct clocks_taken *taken)
{
    char *rest = arena_printf(arena, "%s", text), *end = strrchr(rest, ' ');
    char *time = strsep(&rest, " "), *zone = strsep(&rest, " "), *place = strsep(&rest, " ");
    if (!rest || end < rest)
        return false;
    *end = '\0';
    *taken = (struct clocks_taken){.time_ms = strtoll(time, NULL, 10),
                                   .place = strtoll(place, NULL, 10),
                                   .zone = zone,
                                   .customer = rest,
                                   .rule = end + 1};
    return true;
}

/* ---- What nothing came of ---- */

static void on_asked(void *context, const struct reply *reply, const struct diag *fault)
{
    struct call *call = context;
    struct diag diag;
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->on.done(call->context, fault);
}

void clocks_asked(struct clocks *clocks, const char *const *ticks, size_t tick_count,
                  const struct clocks_found *found, size_t count, clocks_on_done *callback,
                  void *context)
{
    struct call *call = new_call(clocks, context);
    struct arguments arguments = taker_begin(&clocks->taker, tick_count + 4 * count + 4);
    call->on.done = callback;
    arguments_texts(&arguments, ticks, tick_count);
    for (size_t i = 0; i < count; i++) {
        arguments_text(&arguments, found[i].customer);
        arguments_text(&arguments, found[i].indexed);
        arguments_number(&arguments, found[i].place);
        arguments_text(&arguments, found[i].zone);
    }
    taker_run(&clocks->taker, SCRIPT_ASKED, &arguments, on_asked, call, release);
}
