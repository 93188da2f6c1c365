#include "events/portions.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
    PORTION_BYTES = 40 * 1024, /* a portion that has so many takes no other work */
    FIRST_CHUNK = 64 * 1024,
    SPARE_BYTES = 4 * FIRST_CHUNK, /* one that has grown beyond is not kept */
    SPARE_MOST = 24,
};

struct portion {
    struct portion *next;
    struct arena *arena;
    uint32_t works; /* that are not done */
    bool kept;      /* until the round is over */
};

struct portions {
    struct portion *used, *spare; /* of the used ones the first takes the next work */
    uint32_t spare_count;
};

struct portions *portions_new(void)
{
    struct portions *portions = mem_zero(1, sizeof *portions);
    return portions;
}

static void destroy(struct portion *portion)
{
    arena_destroy(&portion->arena);
    free(portion);
}

static void destroy_all(struct portion *portion)
{
    while (portion) {
        struct portion *next = portion->next;
        destroy(portion);
        portion = next;
    }
}

void portions_destroy(struct portions **portions)
{
    if (!*portions)
        return;
    destroy_all((*portions)->used);
    destroy_all((*portions)->spare);
    free(*portions);
    *portions = NULL;
}

static struct portion *begin(struct portions *portions)
{
    struct portion *portion = portions->spare;
    if (portion) {
        portions->spare = portion->next;
        portions->spare_count--;
    } else {
        portion = mem_zero(1, sizeof *portion);
        portion->arena = arena_new(FIRST_CHUNK);
    }
    portion->next = portions->used;
    portions->used = portion;
    return portion;
}

/* It is among the used ones no more. */
static void spare(struct portions *portions, struct portion *portion)
{
    if (portions->spare_count == SPARE_MOST || arena_used(portion->arena) > SPARE_BYTES) {
        destroy(portion);
        return;
    }
    arena_reset_keeping(portion->arena, SPARE_BYTES);
    portion->works = 0;
    portion->kept = false;
    portion->next = portions->spare;
    portions->spare = portion;
    portions->spare_count++;
}

struct arena *portions_arena(struct portions *portions, struct work *work)
{
    if (!work->portion) {
        struct portion *first = portions->used;
        bool fits = first && arena_used(first->arena) < PORTION_BYTES;
        work->portion = fits ? first : begin(portions);
        work->portion->works++;
    }
    return work->portion->arena;
}

void portions_leave(struct portions *portions, struct work *work)
{
    struct portion *portion = work->portion;
    if (!portion)
        return;
    work->portion = NULL;
    portion->kept = portion->kept || work->state != WORK_DONE;
    if (--portion->works > 0 || portion->kept)
        return;
    struct portion **link = &portions->used;
    while (*link != portion)
        link = &(*link)->next;
    *link = portion->next;
    spare(portions, portion);
}

void portions_reset(struct portions *portions)
{
    while (portions->used) {
        struct portion *portion = portions->used;
        portions->used = portion->next;
        spare(portions, portion);
    }
}
