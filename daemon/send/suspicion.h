/*
 * Whether it is the gateway that refuses everybody, and not each message that is wrong: the row of
 * messages that a gateway refused for good since it accepted one. Pure.
 *
 * To blame is the gateway at so many different recipients in a row (its `suspect`) that were
 * refused for policy, content or a code that says too little; or that bounced, where one of them
 * was accepted before. Mailboxes that are gone, and were never accepted, are a stale list, however
 * many. An acceptance ends the row. A gateway that was blamed is so until it accepts one, or until
 * its breaker closes: who is refused meanwhile is refused by its fault.
 */
#ifndef NUDGED_SEND_SUSPICION_H
#define NUDGED_SEND_SUSPICION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/outcome.h"

enum {
    SUSPICION_MOST = 100,       /* of a row the newest; `suspect` is at most so much */
    SUSPICION_HASH_SIZE = 33,   /* of an address: hex digits and a NUL */
    SUSPICION_LETTER_SIZE = 42, /* the id of a stream's entry, and a NUL */
};

/* What it was refused as: a message stands in a row by one of these. */
enum suspicion_kind { SUSPICION_NONE, SUSPICION_BOUNCED, SUSPICION_MAILBOX, SUSPICION_REFUSAL };

struct suspicion_item {
    uint64_t number; /* counted up from 1; never used again */
    uint64_t recipient;
    size_t shard; /* whose message it was */
    enum suspicion_kind kind;
    bool known;                         /* the address was accepted before */
    char hash[SUSPICION_HASH_SIZE];     /* by which the address is suppressed; "": unknown */
    char letter[SUSPICION_LETTER_SIZE]; /* id of the dead letter; "": none yet */
};

struct suspicion {
    struct suspicion_item items[SUSPICION_MOST]; /* oldest first */
    size_t count;
    uint64_t last;              /* the number of the last item */
    enum suspicion_kind blamed; /* BOUNCED, or REFUSAL for both others; NONE: not to blame */
};

void suspicion_init(struct suspicion *suspicion);

enum suspicion_kind suspicion_kind_of(const struct outcome *outcome);

/* A refusal: adds it to the row. True: the gateway is to blame, for this one and for all that
 * are in the row; suspicion_end() when they have been taken care of. `suspect` is 1 to
 * SUSPICION_MOST. */
bool suspicion_add(struct suspicion *suspicion, const struct suspicion_item *item, size_t suspect);

/* The row is over; `blamed` stays. */
void suspicion_end(struct suspicion *suspicion);
/* The gateway works: also no blame. */
void suspicion_clear(struct suspicion *suspicion);

/* The dead letter that has become of a message of the row; one that is not in it any more is passed
 * over. */
void suspicion_note_letter(struct suspicion *suspicion, uint64_t number, const char *letter);

#endif
