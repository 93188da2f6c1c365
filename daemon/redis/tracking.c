/*
 * Two connections:
 *
 *   hearing     CLIENT ID, then SUBSCRIBE; from then on it only hears
 *   connection  the caller's. CLIENT TRACKING ON REDIRECT <that id> OPTIN, when both are there;
 *               then, for what is to be watched, CLIENT CACHING YES and EXISTS
 *
 * They go over the same network: where the caller's is lost, the one that hears is made anew.
 */
#include "redis/tracking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "redis/arguments.h"

struct tracking {
    struct tracking_options options;
    struct connection *hearing;
    struct connection_owner owner;
    struct arena *asking;
    int64_t id; /* Redis' number of `hearing`; 0: not known */
    bool hears; /* it has subscribed */
    bool on;    /* and the other connection is redirected to it */
    struct log_once told;
};

static const char channel[] = "__redis__:invalidate";

static void turn_off(struct tracking *tracking)
{
    bool was_on = tracking->on;
    tracking->on = false;
    if (was_on)
        tracking->options.on_change(tracking->options.context, NULL);
}

static bool is_good(struct tracking *tracking, const struct reply *reply)
{
    struct diag diag;
    if (!reply)
        return false; /* the connection says why */
    if (reply->kind != REPLY_ERROR)
        return true;
    reply_fault(reply, &diag);
    if (log_once_is_news(&tracking->told, diag.text))
        log_info("Redis does not tell this daemon what changes, so it looks once a second: %s",
                 diag.text);
    return false;
}

/* ---- Both connections ---- */

static void on_begun(void *context, const struct reply *reply, const struct diag *fault)
{
    struct tracking *tracking = context;
    (void)fault;
    if (!is_good(tracking, reply))
        return;
    log_once_forget(&tracking->told);
    tracking->on = tracking->hears;
}

static void begin(struct tracking *tracking)
{
    char id[24];
    if (!tracking->hears || !connection_ready(tracking->options.connection))
        return;
    snprintf(id, sizeof id, "%" PRId64, tracking->id);
    connection_command(tracking->options.connection, &tracking->owner, on_begun, tracking, "CLIENT",
                       "TRACKING", "ON", "REDIRECT", id, "OPTIN", NULL);
}

void tracking_connection(struct tracking *tracking, bool ready)
{
    if (!tracking->hearing)
        return;
    if (ready) {
        begin(tracking);
        return;
    }
    turn_off(tracking);
    connection_drop(tracking->hearing, "another connection to it was lost");
}

/* ---- The one that hears ---- */

static void on_id(void *context, const struct reply *reply, const struct diag *fault)
{
    struct tracking *tracking = context;
    (void)fault;
    if (!is_good(tracking, reply) || !reply_number(reply, &tracking->id))
        tracking->id = 0;
}

static void on_subscribed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct tracking *tracking = context;
    (void)fault;
    tracking->hears = is_good(tracking, reply) && tracking->id;
    begin(tracking);
}

static void on_hearing_state(void *context, bool ready, const char *reason)
{
    struct tracking *tracking = context;
    (void)reason; /* the other connection tells the same */
    tracking->id = 0;
    tracking->hears = false;
    turn_off(tracking);
    if (!ready)
        return;
    connection_command(tracking->hearing, &tracking->owner, on_id, tracking, "CLIENT", "ID", NULL);
    connection_command(tracking->hearing, &tracking->owner, on_subscribed, tracking, "SUBSCRIBE",
                       channel, NULL);
}

/* {"message", the channel, {key…}}, or nil in place of the keys: all are gone */
static void on_message(void *context, const struct reply *reply)
{
    struct tracking *tracking = context;
    const struct reply *keys = reply_item(reply, 2);
    if (keys->kind != REPLY_LIST)
        tracking->options.on_change(tracking->options.context, NULL);
    for (size_t i = 0; i < keys->count; i++)
        tracking->options.on_change(tracking->options.context, reply_item(keys, i)->text);
}

/* ---- The outside ---- */

struct tracking *tracking_new(const struct tracking_options *options)
{
    struct tracking *tracking = mem_zero(1, sizeof *tracking);
    tracking->options = *options;
    tracking->asking = arena_new(1024);
    if (options->impossible)
        return tracking;
    tracking->hearing = connection_new(&(struct connection_options){.base = options->base,
                                                                    .endpoint = options->endpoint,
                                                                    .cluster = options->cluster,
                                                                    .name = options->name,
                                                                    .on_state = on_hearing_state,
                                                                    .on_message = on_message,
                                                                    .context = tracking});
    return tracking;
}

void tracking_destroy(struct tracking **tracking)
{
    struct tracking *ended = *tracking;
    if (!ended)
        return;
    *tracking = NULL;
    connection_silence(&ended->owner);
    connection_destroy(&ended->hearing);
    arena_destroy(&ended->asking);
    free(ended);
}

bool tracking_on(const struct tracking *tracking)
{
    return tracking->on;
}

void tracking_watch(struct tracking *tracking, const char *const *keys, size_t count)
{
    if (!tracking->on)
        return;
    arena_reset(tracking->asking);
    struct arguments arguments = arguments_begin(tracking->asking, count + 1);
    arguments_text(&arguments, "EXISTS");
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, keys[i]);
    const struct connection_request request = arguments_request(&arguments, NULL, NULL, NULL);
    connection_command(tracking->options.connection, NULL, NULL, NULL, "CLIENT", "CACHING", "YES",
                       NULL);
    connection_send(tracking->options.connection, &request);
}
