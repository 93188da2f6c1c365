/*
 * Messages that are begun at once: who decides one gives it to who sends, without a way through the
 * outbox (shared_commit_begin.lua). The part of store/outbox that both need for it.
 */
#ifndef NUDGED_STORE_OUTBOX_AT_ONCE_H
#define NUDGED_STORE_OUTBOX_AT_ONCE_H

#include <stddef.h>
#include <stdint.h>

struct outbox;
struct outbox_message;

/* Whether a gateway can begin a message at once. */
enum outbox_place {
    OUTBOX_PLACE_NONE, /* it cannot */
    OUTBOX_PLACE_SOON, /* all its connections have something to do, or something waits for them */
    OUTBOX_PLACE_KEPT, /* a connection is kept for the message */
};

/* Who sends. */
struct outbox_at_once {
    /* Keeps a connection of one of the channel's gateways, whose name is set, for a message. */
    enum outbox_place (*place)(void *context, const char *channel, const char **gateway);
    /* It is not needed after all. */
    void (*leave)(void *context, const char *gateway);
    /* It is: the message is this daemon's, under that lease. Gone when the callback returns. */
    void (*begin)(void *context, const char *gateway, int64_t term,
                  const struct outbox_message *message);
    /* What a commit has begun is not known: it is to be put back, also after the stop. */
    void (*lost)(void *context);
    /* So many messages may be decided together and yet leave no connection idle; at least one. */
    size_t (*together)(void *context);
    void *context;
};

/* The number of a commit that begins messages at once: as that of a take. */
int64_t outbox_next_number(struct outbox *outbox);
/* What came of it is not known: what it has begun is put back. */
void outbox_note_lost(struct outbox *outbox, int64_t number);
/* As such a message is known, in place of an entry; and the load of the daemon's files. */
extern const char *const outbox_begun_entry;
int64_t outbox_load(const struct outbox *outbox);
/* The list's key, or "". */
const char *outbox_inbox(const struct outbox *outbox);

#endif
