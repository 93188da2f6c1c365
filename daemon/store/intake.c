/*
 * The cycle of the stream:
 *
 *   IDLE -> CLAIMING -> IDLE (nothing there) -> READING -> IDLE (handed) -> READING …
 *                    \-> IDLE (handed)                 \-> KEPT -> IDLE (handed)
 *
 * While the app has a batch that was a full one, the next is read already, and handed over too, or
 * kept where the app has enough, or it is not the shard's turn; where there is no backlog it is
 * left to other daemons until then. One that comes while the app has paused is kept too.
 *
 * Claiming comes first at the start, after a lost connection (its answer may have carried
 * entries), and every 3 s; never while there is a batch, whose entries it would find: then nothing
 * more is read until all are done. While a read waits it is asked every 3 s whether there is
 * something to claim, which then ends the read. The list's mover runs beside it on a timer of its
 * own.
 */
#include "store/intake.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "customer/shop_event.h"
#include "redis/arguments.h"
#include "redis/backoff.h"
#include "store/beat.h"
#include "store/keys.h"
#include "store/script_table.h"

enum {
    BATCH = 100,
    BLOCK_MS = 30000,       /* of one XREADGROUP, which a claim or the end cuts short, */
    BLOCK_SHORT_MS = 1000,  /* unless Redis' number of the connection is not known */
    ANSWER_MS = 5000,       /* beyond that, its deadline */
    CLAIM_EVERY_MS = 3000,  /* how soon a dead daemon's entries are looked for */
    LOOK_AGAIN_MS = 100,    /* while the instance or the connection is not ready */
    LIST_EVERY_MS = 100,    /* where Redis does not tell of changes; else */
    LIST_AGAIN_MS = 10,     /* so long after the last look at the soonest */
    LIST_USED_MS = 3600000, /* a list by which nothing came for so long is looked at each second */
    LIST_MOVE = 500,        /* elements moved by one script */
    CLAIM_BYTES = 4 << 20,  /* of one claim's answer */
    REPLY_MOST = 128 << 20, /* of one XREADGROUP: 200 events of the greatest size, twice */
    FIRST_CHUNK = 65536,
    LITTLE = 12, /* a batch of one part in so many of the most waits for no turn */
};

enum intake_step {
    STEP_IDLE,     /* the next step is to be chosen */
    STEP_CLAIMING, /* claim.lua runs */
    STEP_READING,  /* XREADGROUP waits */
    STEP_KEPT,     /* a batch is here, and the app has paused, or has another */
};

/* A batch that the app has, or had. */
struct hand {
    struct intake_batch batch;
    struct arena *arena; /* of its entries */
    struct turn turn;
    bool is_full; /* the app has it */
};

struct intake {
    enum intake_step step;
    struct hand hands[INTAKE_AT_ONCE];
    size_t handed; /* so many of them are full */
    bool claimed;  /* what came last was claimed */
    bool ahead;    /* there is more, to be read meanwhile */
    bool resumed;
    bool claim_first; /* there may be entries that are pending and in nobody's hands */
    int64_t claimed_at;
    struct scripts *scripts;
    struct instance *instance;
    struct connection_owner owner;
    struct beat *beat;
    struct tracking *tracking;
    struct connection *blocking;
    int64_t blocking_id; /* Redis' number of that connection; 0: not known */
    struct event *wake;  /* go_on(), but from the loop */
    struct event *peek;  /* whether there is something to claim, while a read waits */
    struct backoff backoff;
    size_t batch_most;
    size_t most, asked; /* of a batch now; of that which was asked for last */
    intake_on_batch *on_batch;
    void *context;

    struct arena *asking;
    struct arena *batch; /* of the entries that came last */
    struct intake_entry *entries;
    size_t count;
    int64_t term; /* under which they came */

    char *inbox; /* "": none */
    const char *side;
    bool moving;
    bool list_changed;  /* while that was under way */
    int64_t looked_at;  /* clock_monotonic_ms, */
    int64_t moved_at;   /* … when something came by it; 0: never */
    struct event *look; /* at the list */
    struct backoff list_backoff;
    struct log_once told, list_told;
};

static void go_on(struct intake *intake);

static void set_timer(struct event *timer, int64_t ms)
{
    struct timeval after = clock_timeval(ms);
    evtimer_add(timer, &after);
}

/* An error that Redis answered is logged once. Without an answer the connection says why, and the
 * instance that there is no lease. */
static void note_error(const struct reply *reply, struct log_once *told)
{
    struct diag diag;
    if (!reply)
        return;
    reply_fault(reply, &diag);
    if (!instance_tells(&diag) && log_once_is_news(told, diag.text))
        log_diag(&diag);
}

static void wait_after_error(struct intake *intake, const struct reply *reply)
{
    note_error(reply, &intake->told);
    intake->step = STEP_IDLE;
    intake->claim_first = true;
    set_timer(intake->wake, backoff_next(&intake->backoff));
}

/* ---- The batch ---- */

static void begin_batch(struct intake *intake, size_t most, bool claimed)
{
    intake->claimed = claimed;
    arena_reset(intake->batch);
    intake->entries = arena_alloc(intake->batch, (most + 1) * sizeof *intake->entries);
    intake->count = 0;
    intake->term = instance_lease_term(intake->instance);
}

/* What an entry has: nil where it lacks one. */
struct entry_fields {
    const struct reply *event, *own, *login, *whose, *parcel;
};

static const char *keep_field(struct intake *intake, const struct reply *field)
{
    const char *text = reply_text(field);
    return text ? arena_text(intake->batch, text) : NULL;
}

static struct slice keep_bytes(struct intake *intake, const struct reply *field)
{
    const char *text = reply_text(field);
    return text ? slice_copy(intake->batch, (struct slice){text, field->length})
                : (struct slice){0};
}

static void add_entry(struct intake *intake, const char *id, const struct entry_fields *fields,
                      int64_t size, int64_t deliveries)
{
    const struct reply *event = fields->event;
    const char *bytes = reply_text(event);
    intake->entries[intake->count++] = (struct intake_entry){
        .id = arena_text(intake->batch, id),
        .event = bytes ? arena_copy(intake->batch, bytes, event->length) : NULL,
        .length = bytes ? event->length : 0,
        .size = (size_t)size,
        .own = keep_field(intake, fields->own),
        .login = keep_field(intake, fields->login),
        .whose = keep_field(intake, fields->whose),
        .parcel = keep_bytes(intake, fields->parcel),
        .former = shop_event_arrival(id) <= instance_unmarked_ms(intake->instance),
        .deliveries = deliveries,
        .poison = deliveries >= INTAKE_POISON,
    };
}

/* That which waits for its turn, or another one. */
static struct hand *empty_hand(struct intake *intake)
{
    struct hand *empty = NULL;
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        if (!intake->hands[i].is_full && (!empty || turns_is_asked(&intake->hands[i].turn)))
            empty = &intake->hands[i];
    return empty;
}

/* A shard whose Redis stands still has no more under way than that. */
static bool has_turn(const struct intake *intake, struct hand *hand)
{
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        if (turns_is_overdue(&intake->hands[i].turn))
            return false;
    return intake->count * LITTLE <= intake->batch_most || turns_take(&hand->turn);
}

/* What was gathered goes to the app, or waits for its turn; the next is read meanwhile. What was
 * claimed may be what daemons die of: nothing else comes beside it. */
static void hand_over(struct intake *intake)
{
    struct hand *hand = empty_hand(intake);
    struct arena *of_batch = intake->batch;
    if (!intake->resumed || !hand || !has_turn(intake, hand)) {
        intake->step = STEP_KEPT;
        return;
    }
    hand->batch =
        (struct intake_batch){intake->entries, intake->count, intake->term,
                              intake->count >= intake->asked, (size_t)(hand - intake->hands)};
    beat_stir(intake->beat);
    intake->batch = hand->arena;
    hand->arena = of_batch;
    hand->is_full = true;
    intake->handed++;
    intake->ahead = hand->batch.full && !intake->claimed;
    intake->step = STEP_IDLE;
    go_on(intake);
    intake->on_batch(intake->context, &hand->batch);
}

/* ---- Claiming ---- */

/* {more, {id, event or nil, size, deliveries, own, login, whose, parcel: each or nil}…} */
static void on_claimed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct intake *intake = context;
    const char *more = reply ? reply_text(reply_item(reply, 0)) : NULL;
    (void)fault;
    if (!more) {
        wait_after_error(intake, reply);
        return;
    }
    intake->step = STEP_IDLE;
    intake->claim_first = *more == '1';
    intake->claimed_at = clock_monotonic_ms();
    begin_batch(intake, reply->count, true);
    for (size_t i = 1; i < reply->count; i++) {
        const struct reply *row = reply_item(reply, i);
        const char *id = reply_text(reply_item(row, 0));
        const struct entry_fields fields = {reply_item(row, 1), reply_item(row, 4),
                                            reply_item(row, 5), reply_item(row, 6),
                                            reply_item(row, 7)};
        if (id)
            add_entry(intake, id, &fields, reply_item(row, 2)->integer,
                      reply_item(row, 3)->integer);
    }
    if (intake->count)
        hand_over(intake);
    else
        go_on(intake);
}

static void run_claim(struct intake *intake, size_t most, connection_callback *callback)
{
    arena_reset(intake->asking);
    struct arguments arguments = arguments_begin(intake->asking, 4);
    arguments_text(&arguments, instance_consumer(intake->instance));
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, CLAIM_BYTES);
    const struct connection_request request =
        arguments_request(&arguments, &intake->owner, callback, intake);
    scripts_run(intake->scripts, SCRIPT_CLAIM, &request);
}

static void claim(struct intake *intake)
{
    intake->step = STEP_CLAIMING;
    intake->asked = intake->most;
    run_claim(intake, intake->asked, on_claimed);
}

static void end_read(struct intake *intake)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, intake->blocking_id);
    if (intake->blocking_id) /* else the read ends by itself */
        connection_command(scripts_connection(intake->scripts), NULL, NULL, NULL, "CLIENT",
                           "UNBLOCK", id, NULL);
}

/* None was claimed, as no room was given: only whether there are any was asked. */
static void on_peeked(void *context, const struct reply *reply, const struct diag *fault)
{
    struct intake *intake = context;
    const char *more = reply ? reply_text(reply_item(reply, 0)) : NULL;
    (void)fault;
    if (!more || intake->step != STEP_READING || intake->handed)
        return;
    intake->claimed_at = clock_monotonic_ms();
    if (*more == '0')
        return;
    intake->claim_first = true;
    end_read(intake);
}

static void on_peek(evutil_socket_t fd, short events, void *context)
{
    struct intake *intake = context;
    (void)fd, (void)events;
    beat_wait_slow(intake->beat, intake->peek);
    if (intake->resumed && intake->step == STEP_READING && !intake->handed)
        run_claim(intake, 0, on_peeked);
}

/* ---- Reading ---- */

/* A field of an entry; nil where absent. */
static const struct reply *find_field(const struct reply *fields, const char *wanted)
{
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        const char *name = reply_text(reply_item(fields, i));
        if (name && strcmp(name, wanted) == 0)
            return reply_item(fields, i + 1);
    }
    return reply_item(fields, fields->count);
}

/* {{stream, {{id, {field, value…}}…}}}, or nil after the time */
static void on_read(void *context, const struct reply *reply, const struct diag *fault)
{
    struct intake *intake = context;
    (void)fault;
    if (reply && reply_is_error(reply, "NOGROUP")) {
        intake->step = STEP_IDLE;
        instance_make_groups(intake->instance);
        set_timer(intake->wake, backoff_next(&intake->backoff));
        return;
    }
    if (!reply || reply->kind == REPLY_ERROR) {
        wait_after_error(intake, reply);
        return;
    }
    log_once_forget(&intake->told);
    backoff_reset(&intake->backoff);
    intake->step = STEP_IDLE;
    const struct reply *rows = reply_item(reply_item(reply, 0), 1);
    begin_batch(intake, rows->count, false);
    for (size_t i = 0; i < rows->count; i++) {
        const struct reply *row = reply_item(rows, i);
        const char *id = reply_text(reply_item(row, 0));
        const struct reply *all = reply_item(row, 1);
        const struct entry_fields fields = {find_field(all, "event"), find_field(all, "own"),
                                            find_field(all, "login"), find_field(all, "whose"),
                                            find_field(all, "parcel")};
        if (id)
            add_entry(intake, id, &fields, (int64_t)fields.event->length, 1);
    }
    if (intake->count)
        hand_over(intake);
    else
        go_on(intake);
}

static void read_stream(struct intake *intake)
{
    intake->step = STEP_READING;
    intake->ahead = false;
    intake->asked = intake->most;
    arena_reset(intake->asking);
    struct arguments arguments = arguments_begin(intake->asking, 12);
    arguments_text(&arguments, "XREADGROUP");
    arguments_text(&arguments, "GROUP");
    arguments_text(&arguments, "nudged");
    arguments_text(&arguments, instance_consumer(intake->instance));
    arguments_text(&arguments, "COUNT");
    arguments_number(&arguments, (int64_t)intake->asked);
    int64_t block_ms = intake->blocking_id ? BLOCK_MS : BLOCK_SHORT_MS;
    if (!intake->handed) {
        arguments_text(&arguments, "BLOCK");
        arguments_number(&arguments, block_ms);
    }
    arguments_text(&arguments, "STREAMS");
    arguments_text(&arguments,
                   keys_spell(intake->asking, scripts_prefix(intake->scripts), KEY_EVENTS, NULL));
    arguments_text(&arguments, ">");
    struct connection_request request =
        arguments_request(&arguments, &intake->owner, on_read, intake);
    request.deadline_ms = block_ms + ANSWER_MS;
    connection_send(intake->blocking, &request);
}

/* ---- The next step ---- */

static bool may_read(const struct intake *intake)
{
    return instance_state(intake->instance) == INSTANCE_READY &&
           instance_lease_valid(intake->instance) && connection_ready(intake->blocking) &&
           connection_ready(scripts_connection(intake->scripts));
}

static void go_on(struct intake *intake)
{
    if (!intake->resumed)
        return;
    if (intake->step == STEP_KEPT) {
        if (empty_hand(intake))
            hand_over(intake);
        return;
    }
    if (intake->step != STEP_IDLE)
        return;
    bool claims =
        intake->claim_first || clock_monotonic_ms() - intake->claimed_at >= CLAIM_EVERY_MS;
    if (intake->handed && (claims || !intake->ahead))
        return; /* intake_done() goes on */
    if (!may_read(intake))
        set_timer(intake->wake, LOOK_AGAIN_MS);
    else if (claims)
        claim(intake);
    else
        read_stream(intake);
}

/* It is the shard's turn, where it can take it. */
static void on_turn(void *context)
{
    struct intake *intake = context;
    go_on(intake);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        if (!intake->hands[i].is_full)
            turns_end(&intake->hands[i].turn);
}

static void on_wake(evutil_socket_t fd, short events, void *context)
{
    (void)fd, (void)events;
    go_on(context);
}

static void on_id(void *context, const struct reply *reply, const struct diag *fault)
{
    struct intake *intake = context;
    (void)fault;
    if (!reply || !reply_number(reply, &intake->blocking_id))
        intake->blocking_id = 0;
}

/* A lost connection fails the read, which waits as after an error; its return ends that. */
static void on_blocking_state(void *context, bool ready, const char *reason)
{
    struct intake *intake = context;
    (void)reason; /* the main connection tells the same */
    intake->blocking_id = 0;
    if (ready)
        connection_command(intake->blocking, &intake->owner, on_id, intake, "CLIENT", "ID", NULL);
    if (ready && intake->step == STEP_IDLE)
        set_timer(intake->wake, 0);
}

/* ---- The list ---- */

/* At the next beat for a negative one. */
static void look_again(struct intake *intake, int64_t ms)
{
    if (intake->resumed && *intake->inbox)
        beat_wait(intake->beat, intake->look, ms);
}

/* When to look at the list, which is empty. */
static int64_t rest_of_list(const struct intake *intake, int64_t now_ms)
{
    if (tracking_on(intake->tracking))
        return intake->list_changed ? LIST_AGAIN_MS : -1;
    return intake->moved_at && now_ms - intake->moved_at < LIST_USED_MS ? LIST_EVERY_MS : -1;
}

void intake_note_change(struct intake *intake)
{
    int64_t since_ms = clock_monotonic_ms() - intake->looked_at;
    if (intake->moving)
        intake->list_changed = true;
    else
        look_again(intake, since_ms < LIST_AGAIN_MS ? LIST_AGAIN_MS - since_ms : 0);
}

static void on_moved(void *context, const struct reply *reply, const struct diag *fault)
{
    struct intake *intake = context;
    int64_t left;
    (void)fault;
    intake->moving = false;
    if (!reply || !reply_number(reply_item(reply, 1), &left)) {
        note_error(reply, &intake->list_told);
        look_again(intake, backoff_next(&intake->list_backoff));
        return;
    }
    log_once_forget(&intake->list_told);
    backoff_reset(&intake->list_backoff);
    int64_t now_ms = clock_monotonic_ms();
    if (reply_item(reply, 0)->integer)
        intake->moved_at = now_ms;
    look_again(intake, left > 0 ? 0 : rest_of_list(intake, now_ms));
}

static void on_look(evutil_socket_t fd, short events, void *context)
{
    struct intake *intake = context;
    char count[16];
    const char *const argv[] = {instance_consumer(intake->instance), intake->inbox, intake->side,
                                count};
    (void)fd, (void)events;
    if (!intake->resumed || intake->moving)
        return;
    if (!may_read(intake)) {
        look_again(intake, LIST_EVERY_MS);
        return;
    }
    intake->moving = true;
    intake->list_changed = false;
    intake->looked_at = clock_monotonic_ms();
    tracking_watch(intake->tracking, (const char *const[]){intake->inbox}, 1);
    snprintf(count, sizeof count, "%d", LIST_MOVE);
    scripts_run(intake->scripts, SCRIPT_MOVE,
                &(struct connection_request){.argc = 4,
                                             .argv = argv,
                                             .owner = &intake->owner,
                                             .callback = on_moved,
                                             .context = intake});
}

/* ---- The outside ---- */

static struct connection *open_blocking(struct intake *intake, const struct intake_options *options)
{
    char name[96];
    snprintf(name, sizeof name, "%s:intake", scripts_prefix(options->scripts));
    struct arena *arena = arena_new(256);
    struct connection *connection = connection_new(
        &(struct connection_options){.base = options->base,
                                     .endpoint = options->endpoint,
                                     .cluster = options->cluster,
                                     .key = keys_absent(arena, scripts_prefix(options->scripts)),
                                     .blocking = true,
                                     .name = name,
                                     .reply_most = REPLY_MOST,
                                     .on_state = on_blocking_state,
                                     .context = intake});
    arena_destroy(&arena);
    return connection;
}

struct intake *intake_new(const struct intake_options *options)
{
    struct intake *intake = mem_zero(1, sizeof *intake);
    intake->claim_first = true;
    intake->scripts = options->scripts;
    intake->instance = options->instance;
    intake->beat = options->beat;
    intake->tracking = options->tracking;
    intake->most = intake->batch_most = options->batch ? options->batch : BATCH;
    intake->on_batch = options->on_batch;
    intake->context = options->context;
    intake->asking = arena_new(1024);
    intake->batch = arena_new(FIRST_CHUNK);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        intake->hands[i] =
            (struct hand){.arena = arena_new(FIRST_CHUNK),
                          .turn = {.turns = options->turns, .granted = on_turn, .context = intake}};
    intake->inbox =
        mem_text(options->inbox ? options->inbox
                                : keys_spell(intake->asking, scripts_prefix(options->scripts),
                                             KEY_INBOX, NULL));
    intake->side = options->inbox_left ? "left" : "right";
    intake->wake = evtimer_new(options->base, on_wake, intake);
    intake->look = evtimer_new(options->base, on_look, intake);
    intake->peek = evtimer_new(options->base, on_peek, intake);
    if (!intake->wake || !intake->look || !intake->peek)
        mem_exhausted();
    intake->blocking = open_blocking(intake, options);
    return intake;
}

void intake_destroy(struct intake **intake)
{
    struct intake *ended = *intake;
    if (!ended)
        return;
    *intake = NULL;
    connection_silence(&ended->owner);
    connection_destroy(&ended->blocking);
    event_free(ended->wake);
    beat_end(ended->beat, &ended->look);
    beat_end(ended->beat, &ended->peek);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->batch);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++) {
        turns_end(&ended->hands[i].turn);
        arena_destroy(&ended->hands[i].arena);
    }
    free(ended->inbox);
    free(ended);
}

void intake_resume(struct intake *intake)
{
    if (intake->resumed)
        return;
    intake->resumed = true;
    if (intake->step == STEP_IDLE || intake->step == STEP_KEPT)
        set_timer(intake->wake, 0);
    look_again(intake, 0);
    beat_wait_slow(intake->beat, intake->peek);
}

void intake_pause(struct intake *intake)
{
    intake->resumed = false;
}

bool intake_stop(struct intake *intake)
{
    intake_pause(intake);
    if (intake->step != STEP_READING)
        return intake->step != STEP_CLAIMING;
    end_read(intake);
    return false;
}

void intake_note_lost(struct intake *intake)
{
    connection_drop(intake->blocking, "another connection to it was lost");
}

void intake_done(struct intake *intake, size_t place)
{
    if (!intake->hands[place].is_full)
        return;
    intake->hands[place].is_full = false;
    turns_end(&intake->hands[place].turn);
    intake->handed--;
    backoff_reset(&intake->backoff);
    event_active(intake->wake, EV_TIMEOUT, 0);
}

void intake_goes_on(struct intake *intake, size_t place)
{
    turns_goes_on(&intake->hands[place].turn);
}

void intake_read_at_most(struct intake *intake, size_t count)
{
    intake->most = count < intake->batch_most ? count : intake->batch_most;
}

const char *intake_inbox(const struct intake *intake)
{
    return intake->inbox;
}
