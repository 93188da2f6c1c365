/*
 * The file is a head and HAND_MOST places. A place is written by the loop (hand_add, hand_remove),
 * but for its stage, which is the sender's while that has the message. Whoever is killed leaves
 * what was stored last; so a stage is stored before what it tells of is done (HAND_BEGUN,
 * HAND_ENDING), or after it (HAND_TAKEN).
 */
#include "delivery/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

enum { MID_SIZE = 33, BOOT_SIZE = 37, INSTANCE_SIZE = 65 };

static const char magic[16] = "nudged in-hand 1";

struct hand_place {
    char mid[MID_SIZE];
    _Atomic unsigned char stage;
    uint16_t shard;
    uint32_t life; /* of the file, in which it was written */
    int64_t epoch;
};

struct head {
    char magic[sizeof magic];
    char boot[BOOT_SIZE];         /* Linux' name of it */
    char instance[INSTANCE_SIZE]; /* of who opened it last … */
    uint32_t life;                /* … which is the how-manieth that did */
};

struct image {
    struct head head;
    struct hand_place places[HAND_MOST];
};

struct hand {
    int fd;
    struct image *image;
    uint16_t free[HAND_MOST]; /* the places that are, the last one is next */
    size_t free_count;
    char former[INSTANCE_SIZE]; /* whose it was before */
};

/* ---- The file ---- */

/* The unit's environment tells it, as a service that sees of /proc its own process alone cannot
 * read it there. Empty: nobody knows. */
static void read_boot(char boot[BOOT_SIZE])
{
    const char *told = getenv("NUDGED_BOOT");
    memset(boot, 0, BOOT_SIZE);
    if (told && *told) {
        snprintf(boot, BOOT_SIZE, "%s", told);
        return;
    }
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, boot, BOOT_SIZE - 1) != BOOT_SIZE - 1)
        boot[0] = '\0';
    close(fd);
}

/* Of what was left only the last life's is of use, and only where the machine has run since. */
static void begin_life(struct hand *hand, const char *instance)
{
    struct image *image = hand->image;
    char boot[BOOT_SIZE];
    read_boot(boot);
    if (memcmp(image->head.magic, magic, sizeof magic) != 0 || !boot[0] ||
        memcmp(image->head.boot, boot, sizeof boot) != 0) {
        memset(image, 0, sizeof *image);
        memcpy(image->head.boot, boot, sizeof boot);
        memcpy(image->head.magic, magic, sizeof magic);
    }
    image->head.instance[INSTANCE_SIZE - 1] = '\0';
    memcpy(hand->former, image->head.instance, sizeof hand->former);
    snprintf(image->head.instance, sizeof image->head.instance, "%s", instance);
    const uint32_t last = image->head.life++;
    for (size_t i = HAND_MOST; i-- > 0;) {
        struct hand_place *place = &image->places[i];
        if (place->stage == HAND_NONE || place->life != last || place->mid[MID_SIZE - 1]) {
            place->stage = HAND_NONE;
            hand->free[hand->free_count++] = (uint16_t)i;
        }
    }
}

static bool map(struct hand *hand, const char *path, struct diag *diag)
{
    hand->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (hand->fd < 0)
        return diag_error(diag, "cannot open %s: %s", path, strerror(errno));
    if (flock(hand->fd, LOCK_EX | LOCK_NB))
        return diag_error(diag, "cannot lock %s: %s", path, strerror(errno));
    int error = posix_fallocate(hand->fd, 0, sizeof *hand->image);
    if (error)
        return diag_error(diag, "cannot write %s: %s", path, strerror(error));
    void *image = mmap(NULL, sizeof *hand->image, PROT_READ | PROT_WRITE, MAP_SHARED, hand->fd, 0);
    if (image == MAP_FAILED)
        return diag_error(diag, "cannot map %s: %s", path, strerror(errno));
    hand->image = image;
    return true;
}

struct hand *hand_open(const char *folder, const char *name, const char *instance,
                       struct diag *diag)
{
    struct hand *hand = mem_zero(1, sizeof *hand);
    char path[4096];
    bool fits = (size_t)snprintf(path, sizeof path, "%s/in-hand.%s", folder, name) < sizeof path;
    if (!fits)
        diag_error(diag, "the state folder's path is too long: %s", folder);
    hand->fd = -1;
    if (fits && map(hand, path, diag))
        begin_life(hand, instance);
    else
        hand_close(&hand);
    return hand;
}

void hand_close(struct hand **hand)
{
    struct hand *closed = *hand;
    if (!closed)
        return;
    *hand = NULL;
    if (closed->image)
        munmap(closed->image, sizeof *closed->image);
    if (closed->fd >= 0)
        close(closed->fd);
    free(closed);
}

/* ---- This life ---- */

struct hand_place *hand_add(struct hand *hand, size_t shard, int64_t epoch, const char *mid)
{
    if (!hand || hand->free_count == 0 || strlen(mid) >= MID_SIZE)
        return NULL;
    struct hand_place *place = &hand->image->places[hand->free[--hand->free_count]];
    memset(place->mid, 0, sizeof place->mid);
    memcpy(place->mid, mid, strlen(mid));
    place->shard = (uint16_t)shard;
    place->life = hand->image->head.life;
    place->epoch = epoch;
    hand_mark(place, HAND_WAITING);
    return place;
}

void hand_mark(struct hand_place *place, enum hand_stage stage)
{
    if (place)
        atomic_store(&place->stage, (unsigned char)stage);
}

static void free_place(struct hand *hand, struct hand_place *place)
{
    hand_mark(place, HAND_NONE);
    hand->free[hand->free_count++] = (uint16_t)(place - hand->image->places);
}

void hand_remove(struct hand *hand, struct hand_place **place)
{
    if (*place)
        free_place(hand, *place);
    *place = NULL;
}

/* ---- The life before ---- */

static bool is_former(const struct hand *hand, const struct hand_place *place, size_t shard)
{
    return place->stage != HAND_NONE && place->life != hand->image->head.life &&
           place->shard == shard;
}

/* One that was taken twice in one life: what is known of it contradicts itself. */
static bool is_twice(const struct hand *hand, const struct hand_place *place)
{
    for (size_t i = 0; i < HAND_MOST; i++) {
        const struct hand_place *other = &hand->image->places[i];
        if (other != place && is_former(hand, other, place->shard) &&
            strcmp(other->mid, place->mid) == 0)
            return true;
    }
    return false;
}

const struct outbox_known *hand_former(const struct hand *hand, size_t shard, struct arena *arena,
                                       size_t *count)
{
    static const enum outbox_known_stage stages[] = {[HAND_WAITING] = OUTBOX_KNOWN_WAITING,
                                                     [HAND_BEGUN] = OUTBOX_KNOWN_BEGUN,
                                                     [HAND_TAKEN] = OUTBOX_KNOWN_TAKEN};
    struct outbox_known *known = NULL;
    *count = 0;
    for (size_t i = 0; hand && i < HAND_MOST; i++) {
        const struct hand_place *place = &hand->image->places[i];
        const unsigned char stage = place->stage;
        if (!is_former(hand, place, shard) || stage == HAND_ENDING || stage > HAND_TAKEN ||
            is_twice(hand, place))
            continue;
        if (!known)
            known = arena_alloc(arena, HAND_MOST * sizeof *known);
        known[(*count)++] = (struct outbox_known){
            .mid = place->mid,
            .owner = arena_printf(arena, "%s:%" PRId64, hand->former, place->epoch),
            .stage = stages[stage]};
    }
    return known;
}

bool hand_has_former(const struct hand *hand, size_t shard)
{
    for (size_t i = 0; hand && i < HAND_MOST; i++)
        if (is_former(hand, &hand->image->places[i], shard))
            return true;
    return false;
}

void hand_forget(struct hand *hand, size_t shard)
{
    for (size_t i = 0; hand && i < HAND_MOST; i++)
        if (is_former(hand, &hand->image->places[i], shard))
            free_place(hand, &hand->image->places[i]);
}
