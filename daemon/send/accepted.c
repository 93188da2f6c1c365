/*
 * A table of slots, each in two lists: that of its bucket, in which it is looked for, and that of
 * all, from the newest to the oldest, whose end makes room. Slot 0 is the head of the latter.
 */
#include "send/accepted.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BUCKETS = 4096, SLOTS = ACCEPTED_MOST + 1 };

struct slot {
    uint64_t recipient;
    uint16_t newer, older;
    uint16_t next; /* in its bucket; 0: none */
};

struct accepted {
    uint16_t buckets[BUCKETS]; /* 0: empty */
    struct slot slots[SLOTS];
    uint16_t used;
};

struct accepted *accepted_new(void)
{
    return mem_zero(1, sizeof(struct accepted));
}

void accepted_destroy(struct accepted **accepted)
{
    free(*accepted);
    *accepted = NULL;
}

static uint16_t find(const struct accepted *accepted, uint64_t recipient)
{
    uint16_t at = accepted->buckets[recipient % BUCKETS];
    while (at && accepted->slots[at].recipient != recipient)
        at = accepted->slots[at].next;
    return at;
}

static void unlink_slot(struct accepted *accepted, uint16_t at)
{
    const struct slot *slot = &accepted->slots[at];
    accepted->slots[slot->newer].older = slot->older;
    accepted->slots[slot->older].newer = slot->newer;
}

static void make_newest(struct accepted *accepted, uint16_t at)
{
    struct slot *slot = &accepted->slots[at], *head = &accepted->slots[0];
    slot->newer = 0;
    slot->older = head->older;
    accepted->slots[head->older].newer = at;
    head->older = at;
}

static void forget(struct accepted *accepted, uint16_t at)
{
    uint16_t *place = &accepted->buckets[accepted->slots[at].recipient % BUCKETS];
    while (*place != at)
        place = &accepted->slots[*place].next;
    *place = accepted->slots[at].next;
    unlink_slot(accepted, at);
}

void accepted_add(struct accepted *accepted, uint64_t recipient)
{
    uint16_t at = find(accepted, recipient);
    if (at) {
        unlink_slot(accepted, at);
    } else {
        uint16_t *bucket = &accepted->buckets[recipient % BUCKETS];
        if (accepted->used < ACCEPTED_MOST)
            at = ++accepted->used;
        else
            forget(accepted, at = accepted->slots[0].newer);
        accepted->slots[at].recipient = recipient;
        accepted->slots[at].next = *bucket;
        *bucket = at;
    }
    make_newest(accepted, at);
}

bool accepted_has(const struct accepted *accepted, uint64_t recipient)
{
    return find(accepted, recipient) != 0;
}
