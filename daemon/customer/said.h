/*
 * What a person said to marketing: of each topic, and of all, the newest word and its time. The
 * words stand in the document; what must outlive it, in the records of P:said (docs/redis.md).
 */
#ifndef NUDGED_CUSTOMER_SAID_H
#define NUDGED_CUSTOMER_SAID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"
#include "customer/customer_record.h"

/* The topic that stands for all of them. */
extern const char said_all[];

/* A topic as it was said, folded: a text of 1 to SAID_TOPIC_MOST bytes without control
 * characters; absent and null are said_all. NULL where it cannot be read. In the arena. */
const char *said_topic(struct arena *arena, const struct value *topic);

/* Keeps a word where no newer one stands; at equal times the later caller's stays. False where it
 * was not kept. Past SAID_MOST words the oldest yes to a topic goes; without any, the oldest no
 * becomes one to all. `topic` is not copied. */
bool said_add(struct arena *arena, struct customer *customer, const char *topic, bool yes,
              int64_t at_ms);

/* Whether a message of the topic is declined: the newer word of the topic's and all's is a no, or
 * both are as old and one is. */
bool said_declined(const struct customer *customer, const char *topic);
/* Whether the person said yes to this very topic, and it still stands. */
bool said_wanted(const struct customer *customer, const char *topic);
/* Whether any word is a no that stands. */
bool said_any_no(const struct customer *customer);
/* Takes the newer word of two people who proved to be one; at equal times the no. */
void said_join(struct arena *arena, struct customer *customer, const struct customer *other);
/* Forgets every yes, and each no over which a newer yes to all stands. */
void said_keep_noes(struct customer *customer);

/* A record of P:said as it stands there, under the name of a key or a mailbox; text NULL: none. */
struct said_text {
    const char *name;
    struct slice text;
};

/* The same, read. */
struct said_record {
    CUSTOMER_LIST(struct customer_said) noes;
    int64_t erased_ms;   /* 0: never */
    const char *erasure; /* the identity of its event; "" */
};

/* A line that is none of ours is a no to all. */
struct said_record said_read(struct arena *arena, struct slice text);
/* Whether it has each no that stands. */
bool said_has_noes(const struct said_record *record, const struct customer *customer);
/* Takes over each no that no newer word of the document answers. True where one was. */
bool said_take_over(struct arena *arena, struct customer *customer,
                    const struct said_record *record);

#endif
