/*
 * What lookup("stock", product.sku, 0) is answered from: entries of tables that the shop keeps in
 * Redis. Asking reads nothing. What is not known yet is noted as a question, and the expression
 * fails; whoever decides reads all questions at once, and asks everything again with the answers.
 */
#ifndef NUDGED_RULES_LOOKUPS_H
#define NUDGED_RULES_LOOKUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"

enum {
    LOOKUPS_MOST = 16,       /* entries that one event, or one journey that goes on, may ask for */
    LOOKUPS_ROUNDS = 2,      /* readings: the key of a lookup may depend on another's answer */
    LOOKUPS_KEY_MOST = 1024, /* bytes */
    LOOKUPS_VALUE_MOST = 1 << 16, /* bytes */
};

enum lookups_state {
    LOOKUPS_FOUND,
    LOOKUPS_MISSING, /* the table has no such entry, or there is no such table */
    LOOKUPS_BROKEN,  /* `fault` says why it cannot be read */
};

struct lookups_question {
    const char *table, *key;
};

struct lookups_answer {
    const char *table, *key;
    enum lookups_state state;
    struct value value;
    const char *fault;
};

struct lookups {
    struct arena *arena;        /* of the questions */
    const struct value *tables; /* maps of maps: all tables there are; NULL: `known` counts */
    const struct lookups_answer *known;
    size_t known_count;
    bool last;  /* nothing more can be read: what is not known fails by that */
    bool ahead; /* what is asked now is only noted, in case that it is needed later */
    bool guess; /* … and answered by its default, or null, so that an evaluation goes on */
    struct lookups_question asked[LOOKUPS_MOST]; /* of this event or journey */
    uint32_t asked_count;
    struct lookups_question *questions; /* that are to be read, each once */
    uint32_t question_count, question_capacity;
    bool needed; /* one of them was not only asked ahead */
};

/* Another event, or another journey: it may ask for as many entries. */
void lookups_begin(struct lookups *lookups);

/* The entry, or the fallback (NULL: none) where it is missing; else false, with the reason in
 * *fault (static or in the arena). `key` is a text or a number. `lookups` NULL: nothing can be
 * looked up here. */
bool lookups_ask(struct lookups *lookups, const struct value *table, const struct value *key,
                 const struct value *fallback, struct arena *arena, struct value *result,
                 const char **fault);

/* What stands in Redis, as an answer: JSON, else a text; `text.text` NULL: nothing. It lies in the
 * arena, the question's texts are referred to. */
struct lookups_answer lookups_read(struct arena *arena, const struct lookups_question *question,
                                   struct slice text);

#endif
