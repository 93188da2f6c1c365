#include "events/claims.h"

#include <string.h>

#include "events/notice.h"

void claims_add_stray(struct arena *arena, struct commit *commit, const struct commit_stray *stray)
{
    struct commit_stray *strays = (struct commit_stray *)commit->strays;
    uint32_t capacity = (uint32_t)commit->stray_count;
    strays = arena_grow(arena, strays, (uint32_t)commit->stray_count, &capacity, sizeof *strays);
    strays[commit->stray_count++] = *stray;
    commit->strays = strays;
}

static void tell(const struct claims *claims, struct arena *arena, struct commit *commit,
                 const char *key, const struct notice *notice, int64_t at_ms)
{
    if (!*key || !placement_is_away(claims->home, key))
        return;
    const struct commit_stray stray = {key, NULL, notice_print(arena, notice, at_ms)};
    claims_add_stray(arena, commit, &stray);
}

static int64_t erased_at(const struct commit *commit)
{
    for (size_t i = commit->said_count; i-- > 0;)
        if (strcmp(commit->said[i].word, "erased") == 0)
            return commit->said[i].at_ms;
    return 0;
}

void claims_make(const struct claims *claims, struct arena *arena, struct commit *commit)
{
    if (!claims->home || !claims->home->placement)
        return;
    for (size_t i = 0; i < commit->redirect_count; i++) {
        const struct notice claimed = {.kind = NOTICE_CLAIMED,
                                       .by = claims->by,
                                       .strong = commit->redirects[i].strong,
                                       .until_ms = commit->redirect_expire_ms};
        tell(claims, arena, commit, commit->redirects[i].key, &claimed, claims->now_ms);
    }
    for (size_t i = 0; i < commit->erased_count; i++) {
        const struct notice erased = {.kind = NOTICE_ERASED, .by = claims->by};
        tell(claims, arena, commit, commit->erased[i].key, &erased, erased_at(commit));
    }
}

bool claims_go_out(const struct commit *commit)
{
    for (size_t i = 0; i < commit->emit_count; i++)
        if (commit->emits[i].abroad)
            return true;
    return commit->stray_count || commit->aside_count || commit->leaving.whose;
}
