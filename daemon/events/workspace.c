#include "events/workspace.h"

#include <stdlib.h>

#include "base/mem.h"
#include "events/round_memory.h"

enum {
    READ_BYTES = 64 * 1024,
    ARENA_BYTES = 1 << 20,
    SPARE_MOST = 4,
};

struct workspaces {
    struct workspace *spare;
    size_t spare_count;
};

struct workspaces *workspaces_new(void)
{
    struct workspaces *workspaces = mem_zero(1, sizeof *workspaces);
    return workspaces;
}

static struct workspace *make(void)
{
    struct workspace *workspace = mem_zero(1, sizeof *workspace);
    workspace->read = arena_new(READ_BYTES);
    workspace->works = arena_new(ARENA_BYTES);
    workspace->round = arena_new(ARENA_BYTES);
    workspace->portions = portions_new();
    return workspace;
}

static void destroy(struct workspace *workspace)
{
    arena_destroy(&workspace->read);
    arena_destroy(&workspace->works);
    arena_destroy(&workspace->round);
    portions_destroy(&workspace->portions);
    free(workspace);
}

struct workspace *workspaces_take(struct workspaces *workspaces)
{
    struct workspace *workspace = workspaces->spare;
    if (!workspace)
        return make();
    workspaces->spare = workspace->next;
    workspaces->spare_count--;
    return workspace;
}

void workspaces_leave(struct workspaces *workspaces, struct workspace **workspace, bool more)
{
    struct workspace *left = *workspace;
    *workspace = NULL;
    if (!left)
        return;
    if (workspaces->spare_count == SPARE_MOST) {
        destroy(left);
        return;
    }
    round_memory_reset(left->read, more);
    arena_reset(left->works);
    round_memory_reset(left->round, more);
    portions_reset(left->portions);
    left->next = workspaces->spare;
    workspaces->spare = left;
    workspaces->spare_count++;
}

void workspaces_destroy(struct workspaces **workspaces)
{
    if (!*workspaces)
        return;
    while ((*workspaces)->spare) {
        struct workspace *workspace = (*workspaces)->spare;
        (*workspaces)->spare = workspace->next;
        destroy(workspace);
    }
    free(*workspaces);
    *workspaces = NULL;
}
