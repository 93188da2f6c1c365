#include "ctl/shards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/exit_codes.h"

enum {
    CONNECT_MS = 5000,
    SOME_MS = 2000, /* of a cluster, of which some are enough, … */
    LINKS_MS = 1000, /* … and for links, where the node hangs that is asked first who serves what */
};

static struct shards *new_shards(const struct context *context, struct arena *arena)
{
    struct shards *shards = arena_zero(arena, sizeof *shards);
    shards->placement = config_placement(context->config);
    shards->count = placement_count(&shards->placement);
    shards->items = arena_zero(arena, sizeof *shards->items * shards->count);
    for (size_t k = 0; k < shards->count; k++)
        shards->items[k] = (struct shards_item){
            .number = k, .prefix = placement_prefix(&shards->placement, arena, k)};
    return shards;
}

const struct shards *shards_open(struct context *context)
{
    if (!context_config(context))
        return NULL;
    struct shards *shards = new_shards(context, context->config->arena);
    for (size_t k = 0; k < shards->count; k++)
        if (!(shards->items[k].session = context_session_of(context, k)))
            return NULL;
    return shards;
}

/* ---- Some of them ---- */

static bool begin_all(struct shards *shards, struct context *context, int64_t timeout_ms,
                      struct diag *diag)
{
    for (size_t k = 0; k < shards->count; k++) {
        shards->items[k].session = context_begin_session_of(context, k, timeout_ms, diag);
        if (!shards->items[k].session)
            return shards_blame(shards, &shards->items[k], diag);
    }
    return true;
}

/* All are waited for at once: one that is slow, or cannot be reached, takes none of another's time.
 */
static bool open_some(struct shards *shards, struct context *context, int64_t timeout_ms,
                      struct diag *diag)
{
    const int64_t until_ms = clock_monotonic_ms() + timeout_ms + LINKS_MS;
    bool any = false;
    if (!begin_all(shards, context, timeout_ms, diag))
        return false;
    for (size_t k = 0; k < shards->count; k++) {
        const int64_t left_ms = until_ms - clock_monotonic_ms();
        session_await(shards->items[k].session, left_ms > 0 ? left_ms : 0);
        any = any || session_still(shards->items[k].session, diag);
    }
    return any || shards_blame(shards, &shards->items[shards->count - 1], diag);
}

const struct shards *shards_try(struct context *context, struct arena *arena, int64_t timeout_ms,
                                struct diag *diag)
{
    struct shards *shards = new_shards(context, arena);
    shards->some = true;
    return open_some(shards, context, timeout_ms, diag) ? shards : NULL;
}

const struct shards *shards_open_some(struct context *context)
{
    struct diag diag = {0};
    if (!context_config(context))
        return NULL;
    int64_t timeout_ms = context_is_cluster(context) ? SOME_MS : CONNECT_MS;
    const struct shards *shards = shards_try(context, context->config->arena, timeout_ms, &diag);
    if (!shards)
        context_tell_unavailable(context, &diag);
    return shards;
}

const struct shards_item *shards_there(const struct shards *shards)
{
    size_t k = 0;
    while (k + 1 < shards->count && session_is_lost(shards->items[k].session))
        k++;
    return &shards->items[k];
}

bool shards_pass(const struct shards *shards, const struct shards_item *item, struct diag *diag)
{
    struct shards_item *passed = &shards->items[item->number];
    if (!shards->some || !shards_numbered(shards) || !context_lost(diag))
        return shards_blame(shards, item, diag);
    if (!passed->away)
        snprintf(passed->why, sizeof passed->why, "%.*s", SHARDS_WHY_SIZE - 1, diag->text);
    passed->away = true;
    return true;
}

size_t shards_away(const struct shards *shards)
{
    size_t count = 0;
    for (size_t k = 0; k < shards->count; k++)
        count += shards->items[k].away;
    return count;
}

const char *shards_away_text(const struct shards *shards, struct arena *arena)
{
    size_t away = shards_away(shards), told = 0;
    const char *text = away == 1 ? "shard" : "shards";
    for (size_t k = 0; k < shards->count; k++)
        if (shards->items[k].away) {
            const char *before = told == 0 ? " " : told + 1 == away ? " and " : ", ";
            text = arena_printf(arena, "%s%s%zu", text, before, k);
            told++;
        }
    return arena_printf(arena, "%s of %zu cannot be reached", text, shards->count);
}

int shards_end(const struct shards *shards, int status, const char *left)
{
    size_t first = 0;
    if (!shards_away(shards))
        return status;
    while (!shards->items[first].away)
        first++;
    struct arena *arena = arena_new(1024);
    fprintf(stderr, "nudgectl: %s (%s): %s\n", shards_away_text(shards, arena),
            shards->items[first].why, left);
    arena_destroy(&arena);
    return status == EXIT_SUCCESS || status == EXIT_CODE_NO ? EX_UNAVAILABLE : status;
}

/* ---- What is whose ---- */

const struct shards_item *shards_of(const struct shards *shards, const char *key)
{
    return &shards->items[placement_of(&shards->placement, key)];
}

bool shards_numbered(const struct shards *shards)
{
    return shards->placement.shards > 0;
}

const char *shards_show(const struct shards *shards, const struct shards_item *item,
                        struct arena *arena, const char *id)
{
    return shards_numbered(shards) ? arena_printf(arena, "%zu/%s", item->number, id) : id;
}

bool shards_read(const struct shards *shards, const char *text, const struct shards_item **item,
                 const char **id)
{
    size_t digits = strspn(text, "0123456789");
    *item = NULL;
    *id = text;
    if (!shards_numbered(shards) || !digits || text[digits] != '/')
        return true;
    unsigned long number = strtoul(text, NULL, 10);
    if (digits > 5 || number >= shards->count)
        return false;
    *item = &shards->items[number];
    *id = text + digits + 1;
    return true;
}

bool shards_blame(const struct shards *shards, const struct shards_item *item, struct diag *diag)
{
    char text[sizeof diag->text];
    if (!shards_numbered(shards))
        return false;
    memcpy(text, diag->text, sizeof text);
    snprintf(diag->text, sizeof diag->text, "shard %zu: %.*s", item->number, (int)sizeof text - 32,
             text);
    return false;
}
