/*
 * Entering goes by steps, each an answer that leads to the next:
 *
 *   INFO (version, persistence) -> rights.lua -> enter.lua (P:meta, epoch, lease, rule set)
 *     -> groups -> READY
 *
 * A lost connection ends the step; the next one begins with INFO again. An error of Redis
 * (BUSY …) is told once and tried again after a while.
 */
#include "store/instance.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "customer/customer.h"
#include "redis/arguments.h"
#include "redis/backoff.h"
#include "redis/server_check.h"
#include "store/beat.h"
#include "store/keys.h"
#include "store/rights_table.h"
#include "store/script_table.h"

enum {
    AGREEMENTS_MOST = 16,
    RENEW_AGAIN_MS = 1000, /* after a renewal that failed */
    CONSUMER_SIZE = 96,
    DENIAL_SIZE = 1024, /* all rights by name */
    GIVEN_SIZE = 225,   /* of them what a diag's hint holds */
};

struct instance {
    enum instance_state state;
    bool left; /* the lease was given up */
    struct scripts *scripts;
    struct beat *beat;
    struct rule_sets *rule_sets;
    struct connection_owner owner;
    struct arena *arena;  /* of the options' texts */
    struct arena *asking; /* of the command being put together */
    const char *name;
    bool accept_loss;
    struct instance_agreement agreements[AGREEMENTS_MOST];
    size_t agreement_count;
    const char **channels;
    size_t channel_count;
    instance_on_state *on_state;
    void *context;

    struct event *timer; /* ENTERING: try again; READY: renew */
    struct backoff backoff;
    struct connection_owner renewal; /* the renewal in flight, */
    bool renewing;                   /* where there is one */
    int64_t renewal_sent;            /* clock_monotonic_ms, before it was sent */
    struct log_once told;            /* the error that stood against entering, or a renewal */
    bool denied;                     /* READY: a right is missing; what is known of it */
    char denial[DENIAL_SIZE];
    int64_t epoch;
    int64_t unmarked_ms; /* as instance_unmarked_ms() */
    char consumer[CONSUMER_SIZE];
    atomic_int_least64_t deadline; /* of the lease, clock_monotonic_ms; 0: none */
    atomic_int_least64_t term;     /* one more whenever the lease had run out */
};

static void check_rights(struct instance *instance);
static void enter(struct instance *instance);
static void renew_lease(struct instance *instance);

/* The one function through which the state changes. Nothing may follow it: the callback may
 * tear down. */
static void move_to(struct instance *instance, enum instance_state state, const struct diag *fault)
{
    instance->state = state;
    if (state == INSTANCE_REFUSED || state == INSTANCE_REPLACED) {
        beat_forget(instance->beat, instance->timer);
        atomic_store(&instance->deadline, 0);
    }
    instance->on_state(instance->context, state, fault);
}

static void set_timer(struct instance *instance, int64_t ms)
{
    struct timeval after = clock_timeval(ms);
    evtimer_add(instance->timer, &after);
}

/* While entering: Redis answered with an error. Where there is no connection, its return
 * begins again. */
static void try_again(struct instance *instance, const struct reply *reply)
{
    struct diag diag;
    if (!reply)
        return;
    reply_fault(reply, &diag);
    if (log_once_is_news(&instance->told, diag.text))
        log_diag(&diag);
    set_timer(instance, backoff_next(&instance->backoff));
}

/* ---- What INFO says ---- */

static void warn(struct diag *diag)
{
    diag->level = DIAG_WARNING;
    log_diag(diag);
}

static void on_info(void *context, const struct reply *reply, const struct diag *fault)
{
    struct instance *instance = context;
    struct diag diag;
    bool entering = instance->state == INSTANCE_ENTERING;
    (void)fault;
    if (reply && reply_is_error(reply, "NOPERM"))
        log_warning("Redis does not allow INFO: its version and persistence are not checked");
    else if (!reply || reply->kind != REPLY_TEXT) {
        if (entering)
            try_again(instance, reply);
        return;
    } else if (!server_check_version(reply->text, &diag)) {
        if (entering) {
            move_to(instance, INSTANCE_REFUSED, &diag);
            return;
        }
        warn(&diag);
    } else if (!server_check_persistence(reply->text, &diag)) {
        if (entering && !instance->accept_loss) {
            move_to(instance, INSTANCE_REFUSED, &diag);
            return;
        }
        warn(&diag);
    }
    if (entering)
        check_rights(instance);
}

static void check_server(struct instance *instance)
{
    connection_command(scripts_connection(instance->scripts), &instance->owner, on_info, instance,
                       "INFO", NULL);
}

/* ---- Groups ---- */

/* Errors that name keys of a wrong type, within an answer. */
static void tell_errors(const struct instance *instance, const struct reply *errors)
{
    for (size_t i = 0; i < errors->count; i++) {
        const char *error = reply_text(reply_item(errors, i));
        if (error)
            scripts_tell(instance->scripts, error);
    }
}

/* {made, errors} */
static bool read_groups(const struct instance *instance, const struct reply *reply)
{
    int64_t made;
    if (!reply || !reply_number(reply_item(reply, 0), &made))
        return false;
    tell_errors(instance, reply_item(reply, 1));
    if (made > 0 && instance->state == INSTANCE_READY)
        log_warning("%" PRId64 " consumer groups were missing in Redis and were made again", made);
    return true;
}

static void on_groups(void *context, const struct reply *reply, const struct diag *fault)
{
    struct diag diag;
    (void)fault;
    if (!read_groups(context, reply) && reply) {
        reply_fault(reply, &diag);
        log_diag(&diag);
    }
}

static void make_groups(struct instance *instance, connection_callback *callback)
{
    scripts_run(instance->scripts, SCRIPT_GROUPS,
                &(struct connection_request){.argc = instance->channel_count,
                                             .argv = instance->channels,
                                             .owner = &instance->owner,
                                             .callback = callback,
                                             .context = instance});
}

void instance_make_groups(struct instance *instance)
{
    make_groups(instance, on_groups);
}

/* ---- Rights ---- */

static void ask_rights(struct instance *instance, struct connection_owner *owner,
                       connection_callback *callback)
{
    scripts_run(instance->scripts, SCRIPT_RIGHTS,
                &(struct connection_request){.argc = rights_table_count,
                                             .argv = (const char **)rights_table,
                                             .deadline_ms = INSTANCE_RENEW_MS,
                                             .owner = owner,
                                             .callback = callback,
                                             .context = instance});
}

/* {"+hset", …}, nil, or an error: of a user who may run no script nothing more can be known. False:
 * it has no answer to this, which says nothing of rights. */
static bool read_rights(struct instance *instance, const struct reply *reply)
{
    instance->denial[0] = '\0';
    if (!reply)
        return false;
    if (reply_is_error(reply, "NOPERM"))
        snprintf(instance->denial, sizeof instance->denial, "+evalsha");
    else if (reply_is_error(reply, "NOSCRIPT")) /* though it was loaded just now */
        snprintf(instance->denial, sizeof instance->denial, "+script|load");
    else if (reply->kind == REPLY_ERROR)
        return false;
    size_t length = strlen(instance->denial);
    for (size_t i = 0; i < reply->count && length < sizeof instance->denial; i++) {
        const char *right = reply_text(reply_item(reply, i));
        length += (size_t)snprintf(instance->denial + length, sizeof instance->denial - length,
                                   "%s%s", length ? " " : "", right ? right : "?");
    }
    return true;
}

/* More than a hint holds would be cut within a name: they stand in a line of their own. */
static void describe_denial(const struct instance *instance, struct diag *diag)
{
    static const char format[] = "the user of this Redis lacks rights that nudged needs: %s";
    if (strlen(instance->denial) < GIVEN_SIZE) {
        diag_error(diag, format, instance->denial);
        diag_hint(diag, "redis-cli ACL SETUSER USER %s", instance->denial);
    } else {
        log_error(format, instance->denial);
        diag_error(diag, "the user of this Redis has too few rights");
        diag_hint(diag, "README's ACL SETUSER gives all of them");
    }
    diag_code(diag, "redis-rights");
}

static void on_rights(void *context, const struct reply *reply, const struct diag *fault)
{
    static const struct reply untold = {.kind = REPLY_NIL};
    struct instance *instance = context;
    struct diag diag;
    (void)fault;
    if (failpoint("rights-untold"))
        reply = &untold;
    if (!read_rights(instance, reply)) {
        try_again(instance, reply);
        return;
    }
    if (reply->kind == REPLY_NIL)
        log_info(
            "this Redis cannot be asked for rights (redis.acl_check_cmd): one that lacks shows "
            "when it is needed");
    if (!*instance->denial) {
        enter(instance);
        return;
    }
    describe_denial(instance, &diag);
    move_to(instance, INSTANCE_REFUSED, &diag);
}

static void check_rights(struct instance *instance)
{
    ask_rights(instance, &instance->owner, on_rights);
}

static void on_rights_again(void *context, const struct reply *reply, const struct diag *fault)
{
    struct instance *instance = context;
    (void)fault;
    if (read_rights(instance, reply) && !*instance->denial) {
        instance->denied = false;
        renew_lease(instance);
        return;
    }
    instance->renewing = false;
    set_timer(instance, RENEW_AGAIN_MS);
    if (*instance->denial && log_once_is_news(&instance->told, instance->denial))
        log_error("Redis denies this daemon's user what it needs, nothing is begun until it is "
                  "given: %s",
                  instance->denial);
}

/* It is asked after a while: where no answer names what lacks, the next script is denied again. */
void instance_denied(struct instance *instance)
{
    if (instance->state != INSTANCE_READY || instance->left || instance->denied)
        return;
    instance->denied = true;
    atomic_store(&instance->deadline, 0);
    set_timer(instance, RENEW_AGAIN_MS);
}

const char *instance_denial(const struct instance *instance)
{
    if (!instance->denied)
        return NULL;
    return *instance->denial ? instance->denial : "a command";
}

/* ---- The lease ---- */

static void note_lease(struct instance *instance)
{
    atomic_store(&instance->deadline, instance->renewal_sent + INSTANCE_LEASE_MS);
}

static void refuse_meta(struct instance *instance, const struct reply *reply);

static void end_replaced(struct instance *instance)
{
    struct diag diag;
    diag_error(&diag, "another daemon runs under the name `%s`", instance->name);
    diag_code(&diag, "replaced");
    diag_hint(&diag, "give each daemon on one Redis a name of its own: `instance:`");
    move_to(instance, INSTANCE_REPLACED, &diag);
}

/* The lease was not held all the time, by this daemon's clock or by Redis' own. */
static void begin_term(struct instance *instance, bool anew)
{
    if (anew) /* P:meta was gone (FLUSHALL, another server), and the lease with it */
        log_warning("this daemon was no longer known in Redis, and has entered anew");
    else
        log_warning("the lease of this daemon had run out; what it held may be in other hands");
    atomic_fetch_add(&instance->term, 1);
}

/* {"renewed", number, missing, others, anew, errors, over} */
static void note_renewal(struct instance *instance, const struct reply *reply)
{
    bool anew = reply_item(reply, 4)->integer, over = reply_item(reply, 6)->integer;
    if (anew || over || !instance_lease_valid(instance))
        begin_term(instance, anew);
    note_lease(instance);
    log_once_forget(&instance->told);
    beat_wait_slow(instance->beat, instance->timer);
    rule_sets_learn(instance->rule_sets, reply_item(reply, 1), reply_item(reply, 2),
                    reply_item(reply, 3));
    if (anew)
        instance_make_groups(instance);
    tell_errors(instance, reply_item(reply, 5));
}

static void tell_refusal(struct instance *instance, const struct reply *reply)
{
    struct diag diag;
    reply_fault(reply, &diag);
    if (log_once_is_news(&instance->told, diag.text))
        log_warning("the lease of this daemon cannot be renewed, trying again: %s", diag.text);
}

static void on_renewed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct instance *instance = context;
    (void)fault;
    const char *answer = reply ? reply_text(reply_item(reply, 0)) : NULL;
    instance->renewing = false;
    if (reply && !answer)
        tell_refusal(instance, reply);
    if (!answer)
        set_timer(instance, RENEW_AGAIN_MS);
    else if (strcmp(answer, "replaced") == 0)
        end_replaced(instance);
    else if (strcmp(answer, "differs") == 0)
        refuse_meta(instance, reply);
    else
        note_renewal(instance, reply);
}

static void put_agreements(const struct instance *instance, struct arguments *arguments)
{
    for (size_t i = 0; i < instance->agreement_count; i++) {
        arguments_text(arguments, instance->agreements[i].field);
        arguments_text(arguments, instance->agreements[i].value);
    }
}

/* A lease of 0: it is given up. */
static void send_lease(struct instance *instance, int64_t lease_ms, connection_callback *callback,
                       void *context, void (*release)(void *context))
{
    arena_reset(instance->asking);
    struct arguments arguments = arguments_begin(instance->asking, 8 + 2 * AGREEMENTS_MOST);
    arguments_text(&arguments, instance->name);
    arguments_number(&arguments, instance->epoch);
    arguments_number(&arguments, lease_ms);
    if (lease_ms) {
        rule_sets_ask(instance->rule_sets, &arguments);
        put_agreements(instance, &arguments);
    }
    struct connection_request request =
        arguments_request(&arguments, &instance->renewal, callback, context);
    request.deadline_ms = INSTANCE_RENEW_MS;
    request.release = release;
    scripts_run(instance->scripts, SCRIPT_RENEW, &request);
}

static void renew_lease(struct instance *instance)
{
    instance->renewal_sent = clock_monotonic_ms();
    send_lease(instance, INSTANCE_LEASE_MS, on_renewed, instance, NULL);
}

static void renew(struct instance *instance)
{
    beat_wait_slow(instance->beat, instance->timer);
    if (failpoint("lease-renew"))
        return;
    connection_silence(&instance->renewal);
    instance->renewing = true;
    if (instance->denied)
        ask_rights(instance, &instance->renewal, on_rights_again);
    else
        renew_lease(instance);
}

void instance_renew(struct instance *instance)
{
    if (instance->state == INSTANCE_READY && !instance->left)
        renew(instance);
}

/* Answers come in the order of commands: one that was sent before a renewal is heard before it. */
void instance_lapsed(struct instance *instance)
{
    if (instance->state != INSTANCE_READY || instance->left || !instance_lease_valid(instance))
        return; /* it is being renewed */
    atomic_store(&instance->deadline, 0);
    if (!instance->renewing)
        renew(instance);
}

bool instance_tells(const struct diag *fault)
{
    static const char *const codes[] = {"redis-lost", "redis-timeout", "redis-lease"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    return false;
}

struct leave_call {
    void (*done)(void *context);
    void *context;
};

static void on_left(void *context, const struct reply *reply, const struct diag *fault)
{
    struct leave_call *call = context;
    (void)reply, (void)fault;
    call->done(call->context);
}

void instance_leave(struct instance *instance, void (*done)(void *context), void *context)
{
    struct leave_call *call = mem_alloc(sizeof *call);
    *call = (struct leave_call){.done = done, .context = context};
    instance->left = true;
    atomic_store(&instance->deadline, 0);
    beat_forget(instance->beat, instance->timer);
    connection_silence(&instance->renewal);
    send_lease(instance, 0, on_left, call, free);
}

/* ---- Entering ---- */

/* "differs", the field, what stands there */
static void refuse_meta(struct instance *instance, const struct reply *reply)
{
    const char *field = reply_text(reply_item(reply, 1));
    const char *there = reply_text(reply_item(reply, 2));
    struct diag diag;
    for (size_t i = 0; field && i < instance->agreement_count; i++) {
        const struct instance_agreement *agreement = &instance->agreements[i];
        if (strcmp(agreement->field, field) != 0)
            continue;
        diag_error(
            &diag,
            "the data in this Redis was written with another setting: %s is %s there, %s here",
            agreement->what, there ? there : "?", agreement->value);
        diag_code(&diag, "redis-meta");
        diag_hint(&diag,
                  "use the setting that %s has, or, for an installation of its own, another "
                  "`redis: {prefix: …}`",
                  keys_spell(instance->arena, scripts_prefix(instance->scripts), KEY_META, NULL));
        move_to(instance, INSTANCE_REFUSED, &diag);
        return;
    }
    try_again(instance, reply);
}

static void refuse_format(struct instance *instance, const struct reply *reply)
{
    const char *consumer = reply_text(reply_item(reply, 1));
    const char *format = reply_text(reply_item(reply, 2));
    struct diag diag;
    diag_error(&diag, "the data in this Redis are of format %s, and a daemon of it still works: %s",
               format ? format : "?", consumer ? consumer : "?");
    diag_code(&diag, "redis-format");
    diag_hint(&diag, "end all daemons of the program before this one, then start this one again");
    move_to(instance, INSTANCE_REFUSED, &diag);
}

static void on_first_groups(void *context, const struct reply *reply, const struct diag *fault)
{
    struct instance *instance = context;
    (void)fault;
    if (!read_groups(instance, reply)) {
        try_again(instance, reply);
        return;
    }
    /* The rules may have been read anew since they were told. */
    beat_wait_slow(instance->beat, instance->timer);
    if (!rule_sets_settled(instance->rule_sets))
        set_timer(instance, 0);
    move_to(instance, INSTANCE_READY, NULL);
}

/* {"entered", epoch, number, missing, others, own}, {"differs", …}, {"older", consumer, format} */
static void on_entered(void *context, const struct reply *reply, const struct diag *fault)
{
    struct instance *instance = context;
    (void)fault;
    const char *answer = reply ? reply_text(reply_item(reply, 0)) : NULL;
    if (answer && strcmp(answer, "differs") == 0) {
        refuse_meta(instance, reply);
        return;
    }
    if (answer && strcmp(answer, "older") == 0) {
        refuse_format(instance, reply);
        return;
    }
    if (!answer || !reply_number(reply_item(reply, 1), &instance->epoch)) {
        try_again(instance, reply);
        return;
    }
    if (!reply_number(reply_item(reply, 5), &instance->unmarked_ms))
        instance->unmarked_ms = 0;
    snprintf(instance->consumer, sizeof instance->consumer, "%s:%" PRId64, instance->name,
             instance->epoch);
    note_lease(instance);
    rule_sets_learn(instance->rule_sets, reply_item(reply, 2), reply_item(reply, 3),
                    reply_item(reply, 4));
    make_groups(instance, on_first_groups);
}

static void enter(struct instance *instance)
{
    arena_reset(instance->asking);
    struct arguments arguments = arguments_begin(instance->asking, 8 + 2 * AGREEMENTS_MOST);
    arguments_text(&arguments, instance->name);
    arguments_number(&arguments, INSTANCE_LEASE_MS);
    rule_sets_ask(instance->rule_sets, &arguments);
    put_agreements(instance, &arguments);
    instance->renewal_sent = clock_monotonic_ms();
    struct connection_request request =
        arguments_request(&arguments, &instance->owner, on_entered, instance);
    scripts_run(instance->scripts, SCRIPT_ENTER, &request);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct instance *instance = context;
    (void)fd, (void)events;
    if (instance->state == INSTANCE_ENTERING)
        check_server(instance);
    else if (instance->state == INSTANCE_READY)
        renew(instance);
}

void instance_connection(struct instance *instance, bool ready)
{
    if (!ready || instance->left)
        return;
    switch (instance->state) {
    case INSTANCE_ENTERING:
        connection_silence(&instance->owner);
        check_server(instance);
        break;
    case INSTANCE_READY: /* another server, perhaps, or one that lost its last second */
        check_server(instance);
        instance_make_groups(instance);
        renew(instance);
        break;
    case INSTANCE_REFUSED:
    case INSTANCE_REPLACED:
        break;
    }
}

/* ---- The outside ---- */

static void keep_options(struct instance *instance, const struct instance_options *options)
{
    struct arena *arena = instance->arena;
    const struct instance_agreement format = {"format", arena_printf(arena, "%d", KEYS_FORMAT),
                                              "the format of the data"};
    instance->name = arena_text(arena, options->name);
    instance->agreements[instance->agreement_count++] = format;
    for (size_t i = 0; i < options->agreement_count && i + 1 < AGREEMENTS_MOST; i++) {
        const struct instance_agreement *from = &options->agreements[i];
        instance->agreements[instance->agreement_count++] =
            (struct instance_agreement){.field = arena_text(arena, from->field),
                                        .value = arena_text(arena, from->value),
                                        .what = arena_text(arena, from->what)};
    }
    instance->channels = arena_alloc(arena, (options->channel_count + 1) * sizeof(char *));
    for (size_t i = 0; i < options->channel_count; i++)
        instance->channels[instance->channel_count++] = arena_text(arena, options->channels[i]);
}

struct instance *instance_new(const struct instance_options *options)
{
    struct instance *instance = mem_zero(1, sizeof *instance);
    instance->arena = arena_new(512);
    instance->asking = arena_new(1024);
    instance->scripts = options->scripts;
    instance->beat = options->beat;
    instance->rule_sets = options->rule_sets;
    instance->accept_loss = options->accept_loss;
    instance->on_state = options->on_state;
    instance->context = options->context;
    instance->timer = evtimer_new(options->base, on_timer, instance);
    if (!instance->timer)
        mem_exhausted();
    keep_options(instance, options);
    return instance;
}

void instance_destroy(struct instance **instance)
{
    struct instance *ended = *instance;
    if (!ended)
        return;
    *instance = NULL;
    connection_silence(&ended->owner);
    connection_silence(&ended->renewal);
    beat_end(ended->beat, &ended->timer);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->arena);
    free(ended);
}

enum instance_state instance_state(const struct instance *instance)
{
    return instance->state;
}

const char *instance_consumer(const struct instance *instance)
{
    return instance->consumer;
}

int64_t instance_epoch(const struct instance *instance)
{
    return instance->epoch;
}

int64_t instance_unmarked_ms(const struct instance *instance)
{
    return instance->unmarked_ms;
}

int64_t instance_lease_deadline(const struct instance *instance)
{
    return atomic_load(&instance->deadline);
}

bool instance_lease_valid(const struct instance *instance)
{
    return clock_monotonic_ms() < instance_lease_deadline(instance);
}

int64_t instance_lease_term(const struct instance *instance)
{
    return atomic_load(&instance->term);
}

bool instance_lease_held(const struct instance *instance, int64_t term)
{
    /* The deadline first: it is set after the term. */
    return instance_lease_valid(instance) && instance_lease_term(instance) == term;
}
