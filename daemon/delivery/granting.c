/*
 * A `granted` is one asking, from its first question to its callback:
 *
 *   granting_take   on_demand: how many there are; ask() for a grant; on_grant: takes with it;
 *                   on_taken: gives back what is left, and says what came of it
 *   granting_pass   on_pass_grant: passes with it; on_passed: gives it back where nothing passed
 */
#include "delivery/granting.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "store/outbox_demand.h"

enum {
    AWAY_MS = 1000, /* the shard that counts does not answer: until it is asked again */
    BUSY_MS = 5,    /* its senders were promised to others meanwhile, who may not need them */
};

struct granting {
    struct granting_options options;
    struct grants *grants;
    struct granted *first; /* those under way */
};

struct granted {
    struct granting *granting;
    struct granted *next, **place;
    struct arena *arena;
    struct destination *destination;
    size_t most; /* promised to it */
    struct grant grant;
    const char *channel;
    bool own_only;
    int64_t redis_ahead_ms; /* the shard's TIME less the monotonic clock */
    int64_t behind_ms;      /* as it was when it was looked */
    granting_on_taken *taken;
    struct outbox_pass pass;
    outbox_on_passed *passed;
    void *context;
};

bool granting_concerns(const struct granting *granting, const struct outbox_gateway *bounds)
{
    return granting && outbox_gateway_is_shared(bounds);
}

/* ---- One asking ---- */

static struct granted *begin(struct granting *granting, struct destination *destination,
                             void *context)
{
    struct granted *granted = mem_zero(1, sizeof *granted);
    granted->granting = granting;
    granted->arena = arena_new(512);
    granted->destination = destination;
    granted->context = context;
    granted->next = granting->first;
    granted->place = &granting->first;
    if (granted->next)
        granted->next->place = &granted->next;
    granting->first = granted;
    return granted;
}

static void promise(struct granted *granted, size_t most)
{
    struct destination *destination = granted->destination;
    destination->promised += most - granted->most;
    destination->asked += most - granted->most;
    granted->most = most;
}

static void end(struct granted **granted)
{
    struct granted *ended = *granted;
    *granted = NULL;
    *ended->place = ended->next;
    if (ended->next)
        ended->next->place = ended->place;
    arena_destroy(&ended->arena);
    free(ended);
}

/* As it goes on behind the callback that told it. */
static void keep(struct granted *granted, const struct grant *grant)
{
    struct grant_domain *domains =
        arena_alloc(granted->arena, (grant->domain_count + 1) * sizeof *domains);
    granted->grant = *grant;
    for (size_t i = 0; i < grant->domain_count; i++) {
        domains[i] = grant->domains[i];
        domains[i].name = arena_text(granted->arena, domains[i].name);
    }
    granted->grant.domains = domains;
}

static struct outbox_gateway bounds_of(const struct granted *granted)
{
    struct outbox_gateway bounds =
        gateways_bounds(granted->granting->options.gateways, granted->destination);
    bounds.own_only = granted->own_only;
    return bounds;
}

/* ---- What is left of a grant ---- */

static size_t went_to(const struct outbox_taken *taken, const char *domain)
{
    size_t count = 0;
    for (size_t i = 0; i < taken->count; i++)
        count += strcmp(taken->messages[i].domain, domain) == 0;
    return count;
}

static void give_back(struct granted *granted, const struct outbox_taken *taken)
{
    const struct grant *grant = &granted->grant;
    const struct outbox_gateway bounds = bounds_of(granted);
    struct grant unused = {.at_ms = grant->at_ms, .count = grant->count - taken->count};
    struct grant_domain *rows =
        arena_alloc(granted->arena, (grant->domain_count + 1) * sizeof *rows);
    for (size_t i = 0; i < grant->domain_count; i++) {
        const int64_t went = (int64_t)went_to(taken, grant->domains[i].name);
        rows[unused.domain_count] = grant->domains[i];
        rows[unused.domain_count].count -= went;
        unused.domain_count += rows[unused.domain_count].count > 0;
    }
    unused.domains = rows;
    if (unused.count > 0 || unused.domain_count > 0)
        grants_give_back(granted->granting->grants, &bounds, &unused);
}

/* ---- Taking ---- */

static void tell(struct granted *granted, const struct outbox_taken *taken, size_t most)
{
    granting_on_taken *callback = granted->taken;
    void *context = granted->context;
    promise(granted, 0);
    end(&granted);
    callback(context, taken, most);
}

/* Without a take; `most` 0: there may be more. */
static void tell_none(struct granted *granted, size_t most, int64_t wait_ms)
{
    const struct outbox_taken none = {
        .now_ms = clock_monotonic_ms() + granted->redis_ahead_ms,
        .wait_ms = wait_ms,
        .held_ms = granted->grant.held_ms,
        .crowded = granted->grant.crowded,
        .behind_ms = granted->behind_ms,
    };
    tell(granted, &none, most);
}

static void on_taken(void *context, const struct outbox_taken *answer)
{
    struct granted *granted = context;
    const struct grant *grant = &granted->grant;
    struct outbox_taken taken = *answer;
    if (taken.fault) { /* it may have been used */
        tell(granted, &taken, 0);
        return;
    }
    give_back(granted, &taken);
    if (taken.count == grant->count && !taken.wait_ms)
        taken.wait_ms = grant->wait_ms;
    if (grant->held_ms && (!taken.held_ms || grant->held_ms < taken.held_ms))
        taken.held_ms = grant->held_ms;
    taken.crowded = taken.crowded || grant->crowded;
    taken.behind_ms = taken.behind_ms ? taken.behind_ms : granted->behind_ms;
    tell(granted, &taken, grant->count);
}

/* What bounds the take: the domains of the grant, and none of the others whose rate is counted. */
static struct outbox_gateway rest_of(const struct granted *granted)
{
    struct outbox_gateway bounds = bounds_of(granted);
    const struct grant *grant = &granted->grant;
    struct outbox_domain *rows =
        arena_zero(granted->arena, (bounds.domain_count + grant->domain_count) * sizeof *rows + 1);
    size_t count = 0;
    for (; count < bounds.domain_count; count++) {
        rows[count] = bounds.domains[count];
        if (rows[count].rate.count > 0)
            rows[count].rate = (struct outbox_rate){.count = 0, .per_ms = -1};
    }
    for (size_t i = 0; i < grant->domain_count; i++) {
        const struct grant_domain *domain = &grant->domains[i];
        const struct outbox_domain *row = outbox_gateway_domain(&bounds, domain->name);
        if (!row || row->rate.count == 0)
            continue;
        rows[count] = *row;
        rows[count].name = domain->name;
        rows[count].rate.count = domain->count;
        rows[count].rate.per_ms = domain->again_ms ? -domain->again_ms : -1;
        count++;
    }
    bounds.rate = (struct outbox_rate){0};
    bounds.warmup = (struct outbox_warmup){0};
    bounds.domains = rows;
    bounds.domain_count = count;
    bounds.token_ms = grant->token_ms;
    bounds.granted_ms = grant->at_ms;
    return bounds;
}

static bool is_late(const struct granted *granted)
{
    return clock_monotonic_ms() - granted->grant.token_ms > OUTBOX_TOKEN_MS;
}

static void on_grant(void *context, const struct grant *grant)
{
    struct granted *granted = context;
    if (grant->fault) {
        tell_none(granted, 0, AWAY_MS);
        return;
    }
    keep(granted, grant);
    promise(granted, grant->count);
    if (grant->count == 0) {
        tell_none(granted, 1, grant->wait_ms);
        return;
    }
    failpoint("granted");
    if (is_late(granted)) {
        give_back(granted, &(struct outbox_taken){0});
        tell_none(granted, 0, BUSY_MS);
        return;
    }
    const struct outbox_gateway bounds = rest_of(granted);
    outbox_take(granted->granting->options.shard->outbox, granted->channel, &bounds, grant->count,
                on_taken, granted);
}

static void ask(struct granted *granted, const struct outbox_demand *demand, size_t most)
{
    const struct outbox_gateway bounds = bounds_of(granted);
    promise(granted, most < demand->count ? most : demand->count);
    grants_ask(granted->granting->grants, &bounds,
               &(struct grants_want){
                   .most = granted->most,
                   .probes = demand->fresh,
                   .domains = demand->domains,
                   .domain_count = demand->domains ? demand->count : 0,
               },
               on_grant, granted);
}

static void on_demand(void *context, const struct outbox_demand *demand)
{
    struct granted *granted = context;
    const size_t room = destination_room(granted->destination);
    if (demand->fault || demand->paused) {
        tell(granted,
             &(struct outbox_taken){
                 .fault = demand->fault, .paused = demand->paused, .now_ms = demand->now_ms},
             1);
        return;
    }
    granted->redis_ahead_ms = demand->now_ms - clock_monotonic_ms();
    granted->behind_ms = demand->behind_ms;
    if (demand->count == 0)
        tell_none(granted, 1, 0);
    else if (room == 0 || destination_is_counting(granted->destination))
        tell_none(granted, 0, BUSY_MS);
    else
        ask(granted, demand, room);
}

void granting_take(struct granting *granting, const char *channel, struct destination *destination,
                   bool own_only, size_t most, granting_on_taken *callback, void *context)
{
    struct granted *granted = begin(granting, destination, context);
    granted->channel = channel;
    granted->own_only = own_only;
    granted->taken = callback;
    const struct outbox_gateway bounds = bounds_of(granted);
    outbox_ask_demand(granting->options.shard->outbox, channel, &bounds, most, on_demand, granted);
}

/* ---- Passing ---- */

static void tell_passed(struct granted *granted, const struct outbox_passed *passed)
{
    outbox_on_passed *callback = granted->passed;
    void *context = granted->context;
    end(&granted);
    callback(context, passed);
}

static void on_passed(void *context, const struct outbox_passed *passed)
{
    struct granted *granted = context;
    if (!passed->fault && passed->verdict != OUTBOX_PASSED)
        give_back(granted, &(struct outbox_taken){0});
    tell_passed(granted, passed);
}

static void on_pass_grant(void *context, const struct grant *grant)
{
    struct granted *granted = context;
    if (grant->fault || grant->count == 0) {
        const struct outbox_passed none = {.verdict = OUTBOX_PASS_WAIT};
        tell_passed(granted, &none);
        return;
    }
    keep(granted, grant);
    failpoint("granted");
    granted->pass.gateway = (struct outbox_gateway){.name = granted->pass.gateway.name,
                                                    .token_ms = grant->token_ms,
                                                    .granted_ms = grant->at_ms};
    outbox_pass(granted->granting->options.shard->outbox, &granted->pass, on_passed, granted);
}

void granting_pass(struct granting *granting, const struct outbox_pass *pass, const char *domain,
                   outbox_on_passed *callback, void *context)
{
    struct destination *destination =
        gateways_named(granting->options.gateways, pass->gateway.name);
    struct granted *granted = begin(granting, destination, context);
    granted->pass = *pass;
    granted->passed = callback;
    grants_ask(granting->grants, &pass->gateway,
               &(struct grants_want){.most = 1, .domains = &domain, .domain_count = 1},
               on_pass_grant, granted);
}

void granting_return(struct granting *granting, const struct destination *destination,
                     struct attempt *attempt)
{
    const struct grant_domain domain = {.name = attempt->domain, .count = 1};
    const struct grant unused = {
        .at_ms = attempt->granted_ms, .count = 1, .domains = &domain, .domain_count = 1};
    if (!attempt->granted_ms)
        return;
    const struct outbox_gateway bounds = gateways_bounds(granting->options.gateways, destination);
    grants_give_back(granting->grants, &bounds, &unused);
    attempt->granted_ms = 0;
}

/* ---- The object ---- */

struct granting *granting_new(const struct granting_options *options)
{
    struct granting *granting = mem_zero(1, sizeof *granting);
    granting->options = *options;
    granting->grants = grants_new(options->counting, options->shard);
    return granting;
}

void granting_destroy(struct granting **granting)
{
    struct granting *ended = *granting;
    if (!ended)
        return;
    *granting = NULL;
    grants_destroy(&ended->grants);
    while (ended->first) {
        struct granted *granted = ended->first;
        promise(granted, 0);
        end(&granted);
    }
    free(ended);
}
