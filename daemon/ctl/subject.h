/*
 * A person as the law has them, the subject of data: all that an installation keeps of one, for
 * `nudgectl customer`.
 */
#ifndef NUDGED_CTL_SUBJECT_H
#define NUDGED_CTL_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/shards.h"
#include "customer/customer.h"
#include "customer/said.h"
#include "events/erasures.h"
#include "store/messages.h"

/* What stands of one of their names beyond the document. */
struct subject_name {
    const char *text; /* a key, or an address as it was given */
    bool is_address;
    const char *hash;
    struct said_record said;
    const char *suppressed; /* JSON, docs/redis.md; NULL: it is not */
};

struct subject {
    struct context *context;
    const struct shards *shards;
    struct session *session; /* of the person's shard, as is the prefix */
    struct arena *arena;     /* all of it lies here */
    const char *prefix;
    struct policy policy;
    struct erasures erasures;   /* how texts are looked through */
    int64_t now_ms;             /* Redis' TIME when it was read */
    const char *key;            /* the person's */
    struct slice document;      /* text NULL: there is none */
    struct customer *customer;  /* NULL: none, or one that cannot be read */
    struct subject_name *names; /* keys, then addresses */
    uint32_t name_count, name_capacity;
    const struct reply *trace; /* lines, newest first */
    struct slice *starts;      /* "<origin> <event>" */
    size_t start_count;
    struct slice *watches;          /* product, since when, product, … */
    size_t watch_count;             /* of these texts */
    struct messages_item *messages; /* that are not sent yet, held ones too */
    uint32_t message_count, message_capacity;
    const struct reply **letters; /* dead ones of theirs, newest first */
    uint32_t letter_count, letter_capacity;
};

/* Whom the operator means, by any key or address. NULL: nobody, or several, or it could not be
 * found out: that was told, and `*status` is the exit status. Nothing needs to be known of a key.
 */
struct subject *subject_open(struct context *context, const struct shards *shards, const char *name,
                             int *status);
void subject_close(struct subject **subject);

/* Reads all that the struct has. False with `diag`. */
bool subject_read(struct subject *subject, struct diag *diag);
/* Likewise but for messages and letters, which are looked through for them: what has a key. */
bool subject_read_own(struct subject *subject, struct diag *diag);

/* Whether anything is kept of them. */
bool subject_is_known(const struct subject *subject);
/* When they were erased last; 0: never. */
int64_t subject_erased_ms(const struct subject *subject);
/* Whether a word that stands under one of their names is a no that no word of the document is as
 * new as: it was said of that name alone, or of who is known no more. */
bool subject_says_apart(const struct subject *subject, const struct customer_said *word);
/* Whether they said no to all, which holds whatever else is known of them. */
bool subject_declines_all(const struct subject *subject);
/* Whether a text names them. */
bool subject_is_of(const struct subject *subject, const struct erasures_text *text,
                   struct arena *arena);

#endif
