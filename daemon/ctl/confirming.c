#include "ctl/confirming.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "ctl/command.h"

enum {
    REPLICAS_MOST = 8,
    WAIT_MS = 2000, /* unless the command line says so */
    WAIT_LEAST_MS = 100,
    WAIT_MOST_MS = 20000, /* below what a session waits for an answer */
};

struct asking {
    size_t least; /* replicas of a master that have it, where most lack */
    struct diag *diag;
    bool failed;
};

int confirming_read(struct confirming *confirming, const char *command, const char *replicas,
                    const char *timeout)
{
    char *end = NULL;
    int64_t *ms = &confirming->timeout_ms;
    *confirming = (struct confirming){.timeout_ms = WAIT_MS};
    if (timeout && !replicas)
        return command_usage(command, "--wait-timeout goes with --wait-replicas");
    if (replicas)
        confirming->replicas = strtoul(replicas, &end, 10);
    if (replicas && (*end || confirming->replicas < 1 || confirming->replicas > REPLICAS_MOST))
        return command_usage(command, "--wait-replicas takes 1 to %d, not `%s`", REPLICAS_MOST,
                             replicas);
    if (timeout && (!duration_parse(timeout, strlen(timeout), ms) || *ms < WAIT_LEAST_MS ||
                    *ms > WAIT_MOST_MS))
        return command_usage(command, "--wait-timeout takes 100ms to 20s, not `%s`", timeout);
    return 0;
}

void confirming_open(struct confirming *confirming, const struct shards *shards,
                     struct arena *arena)
{
    confirming->shards = shards;
    confirming->written = arena_zero(arena, shards->count * sizeof *confirming->written);
}

void confirming_add(struct confirming *confirming, uint32_t line)
{
    if (confirming->count++ == 0)
        confirming->first_line = line;
    confirming->last_line = line;
}

void confirming_add_shard(struct confirming *confirming, size_t shard)
{
    confirming->written[shard] = true;
}

static void on_waited(void *context, const struct reply *reply, const struct diag *fault)
{
    struct asking *asking = context;
    int64_t count = 0;
    if (reply && reply_number(reply, &count)) {
        asking->least = (size_t)count < asking->least ? (size_t)count : asking->least;
        return;
    }
    if (!asking->failed && fault)
        *asking->diag = *fault;
    else if (!asking->failed)
        reply_fault(reply, asking->diag);
    asking->failed = true;
}

/* An answer to one before it tells of this one too. */
static bool is_asked(const struct confirming *confirming, size_t shard)
{
    const struct shards_item *items = confirming->shards->items;
    for (size_t k = 0; k < shard; k++)
        if (confirming->written[k] && session_shares_link(items[k].session, items[shard].session))
            return true;
    return false;
}

static void ask(const struct confirming *confirming, struct session *session, struct asking *asking)
{
    char replicas[24], timeout[24];
    const char *const argv[] = {"WAIT", replicas, timeout};
    snprintf(replicas, sizeof replicas, "%zu", confirming->replicas);
    snprintf(timeout, sizeof timeout, "%" PRId64, confirming->timeout_ms);
    session_push(session, 3, argv, NULL, on_waited, asking);
}

static bool ask_all(const struct confirming *confirming, struct asking *asking)
{
    const struct shards_item *items = confirming->shards->items;
    for (size_t k = 0; k < confirming->shards->count; k++)
        if (confirming->written[k] && !is_asked(confirming, k))
            ask(confirming, items[k].session, asking);
    for (size_t k = 0; k < confirming->shards->count; k++)
        session_drain(items[k].session, 0);
    for (size_t k = 0; k < confirming->shards->count && !asking->failed; k++)
        if (confirming->written[k] && !session_still(items[k].session, asking->diag))
            asking->failed = true;
    return !asking->failed;
}

bool confirming_ask(const struct confirming *confirming, struct diag *diag)
{
    struct asking asking = {.least = confirming->replicas, .diag = diag};
    char time[DURATION_TEXT_SIZE];
    if (!confirming->count)
        return true;
    if (!ask_all(confirming, &asking))
        return false;
    if (asking.least < confirming->replicas)
        return diag_fault(diag, "replicas-behind",
                          "within %s what was pushed last is with %zu %s of its master, not %zu",
                          duration_format(confirming->timeout_ms, time), asking.least,
                          asking.least == 1 ? "replica" : "replicas", confirming->replicas);
    return true;
}

void confirming_next(struct confirming *confirming)
{
    memset(confirming->written, 0, confirming->shards->count * sizeof *confirming->written);
    confirming->count = 0;
}

void confirming_tell(const struct confirming *confirming, const char *file)
{
    struct diag diag;
    diag_error(&diag, "not confirmed, from here to line %" PRIu32 ": %" PRIu64 " %s",
               confirming->last_line, confirming->count,
               confirming->count == 1 ? "event" : "events");
    diag_file(&diag, file);
    diag_place(&diag, confirming->first_line, 0, 0);
    diag_hint(&diag, "push again from this line: what has the same `id` counts once, and all "
                     "before it is confirmed");
    diag_print(&diag, stderr);
}
