#include "store/grants.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"
#include "store/token_clock.h"

enum { CLOCK_STALE_MS = 5000 };

struct grants {
    struct scripts *scripts;
    const struct shard *shard;
    struct connection_owner owner;
    struct token_clock clock;
    int64_t answered_ms; /* the last time; clock_monotonic_ms() */
};

struct grants_call {
    struct grants *grants;
    int64_t asked_ms;
    grants_on_granted *callback;
    void *context;
};

/* The clocks are compared by the answers of the last seconds: where there was none, this one may
 * have lain here for long. */
static int64_t token_time(struct grants *grants, int64_t asked_ms, int64_t redis_ms)
{
    bool stale = asked_ms - grants->answered_ms > CLOCK_STALE_MS;
    if (stale)
        token_clock_init(&grants->clock);
    const int64_t token_ms = token_clock_time(&grants->clock, asked_ms, redis_ms);
    grants->answered_ms = clock_monotonic_ms();
    return stale ? asked_ms : token_ms;
}

static bool read_domain(const struct reply *row, struct grant_domain *domain)
{
    domain->name = reply_text(reply_item(row, 0));
    return domain->name && reply_number(reply_item(row, 1), &domain->count) &&
           reply_number(reply_item(row, 2), &domain->again_ms);
}

static bool read_grant(const struct reply *reply, const struct grants_call *call,
                       struct arena *arena, struct grant *grant)
{
    enum { HEAD = 5 };
    int64_t count, crowded;
    if (!reply_number(reply_item(reply, 0), &grant->at_ms) ||
        !reply_number(reply_item(reply, 1), &count) ||
        !reply_number(reply_item(reply, 2), &grant->wait_ms) ||
        !reply_number(reply_item(reply, 3), &grant->held_ms) ||
        !reply_number(reply_item(reply, 4), &crowded))
        return false;
    struct grant_domain *domains = arena_alloc(arena, reply->count * sizeof *domains);
    for (size_t i = HEAD; i < reply->count; i++)
        if (!read_domain(reply_item(reply, i), &domains[grant->domain_count++]))
            return false;
    grant->count = (size_t)count;
    grant->crowded = crowded != 0;
    grant->domains = domains;
    grant->token_ms = token_time(call->grants, call->asked_ms, grant->at_ms);
    return true;
}

static void on_granted(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct grants_call *call = context;
    struct grant grant = {.fault = fault};
    struct diag diag;
    struct arena *arena = arena_new(512);
    if (reply && !read_grant(reply, call, arena, &grant)) {
        reply_fault(reply, &diag);
        scripts_tell(call->grants->shard->scripts, reply->text);
        grant = (struct grant){.fault = &diag};
    }
    call->callback(call->context, &grant);
    arena_destroy(&arena);
}

void grants_ask(struct grants *grants, const struct outbox_gateway *gateway,
                const struct grants_want *want, grants_on_granted *callback, void *context)
{
    struct arena *arena = arena_new(1024);
    struct arguments arguments = arguments_begin(arena, 16 + want->domain_count);
    struct grants_call *call = mem_alloc(sizeof *call);
    *call = (struct grants_call){.grants = grants,
                                 .asked_ms = clock_monotonic_ms(),
                                 .callback = callback,
                                 .context = context};
    arguments_number(&arguments, (int64_t)grants->shard->number);
    arguments_number(&arguments, (int64_t)want->most);
    arguments_number(&arguments, want->probes);
    arguments_texts(&arguments, want->domains, want->domain_count);
    outbox_gateway_print(gateway, &arguments);
    struct connection_request request =
        arguments_request(&arguments, &grants->owner, on_granted, call);
    request.release = free;
    failpoint("grant");
    scripts_run(grants->scripts, SCRIPT_GRANT, &request);
    arena_destroy(&arena);
}

void grants_give_back(struct grants *grants, const struct outbox_gateway *gateway,
                      const struct grant *unused)
{
    struct arena *arena = arena_new(1024);
    struct arguments arguments = arguments_begin(arena, 16 + 2 * unused->domain_count);
    arguments_number(&arguments, unused->at_ms);
    arguments_number(&arguments, (int64_t)unused->count);
    arguments_number(&arguments, (int64_t)unused->domain_count);
    for (size_t i = 0; i < unused->domain_count; i++) {
        arguments_text(&arguments, unused->domains[i].name);
        arguments_number(&arguments, unused->domains[i].count);
    }
    outbox_gateway_print(gateway, &arguments);
    const struct connection_request request = arguments_request(&arguments, NULL, NULL, NULL);
    scripts_run(grants->scripts, SCRIPT_GIVE_BACK, &request);
    arena_destroy(&arena);
}

struct grants *grants_new(struct scripts *scripts, const struct shard *shard)
{
    struct grants *grants = mem_zero(1, sizeof *grants);
    grants->scripts = scripts;
    grants->shard = shard;
    token_clock_init(&grants->clock);
    grants->answered_ms = -CLOCK_STALE_MS;
    return grants;
}

void grants_destroy(struct grants **grants)
{
    if (!*grants)
        return;
    connection_silence(&(*grants)->owner);
    free(*grants);
    *grants = NULL;
}
