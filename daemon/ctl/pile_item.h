/* One of a pile that nudgectl shows: a dead letter, or a message that is not sent yet. */
#ifndef NUDGED_CTL_PILE_ITEM_H
#define NUDGED_CTL_PILE_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "base/value.h"
#include "redis/reply.h"

struct pile_item {
    struct arena *arena;
    const char *id;     /* of the letter, or the mid; as it is shown, behind its shard */
    const char *shard;  /* as it is shown, digits; NULL: there is one */
    const char *reason; /* of a letter; of a message where it is: "queued", … */
    int64_t at_ms;      /* since when, or (later) until when */
    int64_t since_ms;   /* since when it is there, or (outbox) was decided: what is selected by */
    bool is_held_back;  /* of a message: its domain has no room now */
    const struct reply *fields; /* as they stand in Redis: name, value, … */
    struct slice body;          /* text NULL: there is none */
    bool is_read;
    struct value read; /* the body, where it is JSON; pile_item_body reads it */
};

/* A field; "" where it has none. */
const char *pile_item_field(const struct pile_item *item, const char *name);
/* A member of its body, as text; NULL where there is none. */
const char *pile_item_body(const struct pile_item *item, const char *name);

/* "news to ana@example.com (id:7) by relay", as far as it is known, to standard output. */
void pile_item_print_what(const struct pile_item *item);
/* All of it in lines, for people. */
void pile_item_print_all(const struct pile_item *item);
/* {"id": …, …, "body": …}, one line. */
void pile_item_print_json(const struct pile_item *item);

#endif
