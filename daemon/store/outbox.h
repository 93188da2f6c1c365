/*
 * Messages that were decided: taken for a sender, settled with its result, claimed from
 * daemons that died. A message's hash P:message:<mid> says whose it is (state, owner,
 * entry): a settlement counts only while the message is still this daemon's.
 */
#ifndef NUDGED_STORE_OUTBOX_H
#define NUDGED_STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/scripts.h"
#include "store/instance.h"
#include "store/outbox_gateway.h"
#include "store/outbox_result.h"

struct log_group;
struct outbox;
struct wrong_keys;
struct outbox_options {
    struct scripts *scripts;
    struct instance *instance;
    const char *const *channels; /* at least one; copied */
    size_t channel_count;
    const char *const *gateways; /* all that are configured; copied */
    size_t gateway_count;
    const char *inbox;             /* the list's key, or ""; copied */
    int64_t dead_keep_ms;          /* dead letters older than this are dropped by the sweep */
    int64_t trace_keep_ms;         /* a trace that is begun by a settlement lives so long */
    struct log_group *log_group;   /* of dead letters that scripts make; NULL: each is told */
    struct wrong_keys *wrong_keys; /* hears of records that were spoilt; may be NULL */
};

struct outbox *outbox_new(const struct outbox_options *options);
void outbox_destroy(struct outbox **outbox);

struct outbox_message {
    const char *entry, *mid; /* name it in a settlement */
    const char *customer, *channel, *class_;
    const char *queue;  /* in which its entry is: its channel's, or of its gateway */
    const char *domain; /* of its mailbox; "": none, or a former program wrote it */
    const char *body;
    size_t length;            /* of the body */
    const char *on_uncertain; /* "resend" or "hold" */
    const char *topic;        /* "" where a former program wrote it: its body says it */
    const char *code;         /* that it was given; NULL: none */
    const char *gateway;      /* an uncertain attempt was made there: send by no other; else NULL */
    int64_t attempts;         /* charged so far */
    int64_t give_up_ms;       /* since 1970 */
    int64_t load;             /* of the daemon's files, when it was taken */
    int64_t token_ms;         /* clock_monotonic_ms() of its token; 0: it needed none */
    int64_t granted_ms;       /* when its grant was given, by that Redis' clock; 0: it had none */
    bool whole; /* false: its hash lost fields (empty here), by hand: settle it as DEAD */
};

struct outbox_taken {
    const struct diag *fault; /* NULL, or why it failed: then there is nothing else */
    const struct outbox_message *messages;
    size_t count;
    size_t buried;     /* dead letters instead, as the log says: past their give_up, or spoilt */
    size_t withdrawn;  /* others that ended: their address is suppressed, or declined them */
    int64_t now_ms;    /* Redis' TIME */
    int64_t wait_ms;   /* ask again after so many: for the next token, where the rate held messages
                          back, or for what stands behind many that were withdrawn; 0: no matter */
    int64_t behind_ms; /* marketing waits for events that are behind: look again after so many;
                          0: none waits */
    bool paused;       /* nothing was taken: an operator has paused the gateway (store/paused) */
    int64_t held_ms;   /* one is held for its domain, which has room after so many; 0: none */
    bool crowded;      /* one is held until a connection of this daemon to its domain is free */
};

/* Everything is gone when the callback returns. */
typedef void outbox_on_taken(void *context, const struct outbox_taken *taken);
/* Transactional ones first; marketing only when what Redis accepted until a second ago was
 * decided. Fails with the code "redis-lease" where the lease is gone. */
void outbox_take(struct outbox *outbox, const char *channel, const struct outbox_gateway *gateway,
                 size_t most, outbox_on_taken *callback, void *context);

/* A message begins so long after its token at the latest; later it asks for another one, by a pass
 * to the same gateway. */
enum { OUTBOX_TOKEN_MS = 100 };

struct outbox_pass {
    const char *entry, *mid, *class_; /* as taken */
    struct outbox_gateway gateway;    /* to which it is to go: another one, or the same again;
                                         this message is not among what is in hand for it */
    int64_t number;                   /* 0; set here. With the same number it may be asked again,
                                         where the answer was lost: no second token is taken */
};

/* Hands a message that this daemon has taken to another gateway. The pass is read at once; its
 * number is set, and everything of the answer is gone when the callback returns. Fails with the
 * code "redis-lease" where the lease is gone. */
typedef void outbox_on_passed(void *context, const struct outbox_passed *passed);
void outbox_pass(struct outbox *outbox, struct outbox_pass *pass, outbox_on_passed *callback,
                 void *context);

/* The daemon has other files: it may have templates now that it lacked. */
void outbox_reload(struct outbox *outbox);

/* Puts back what takes, or commits that begin messages at once, without a good answer may have
 * taken, as each take does first. True: some was not put back yet: call it again in a while. */
bool outbox_recover(struct outbox *outbox);

/* `answers[i]` is of results[i]. With a `fault` there is no answer: settle it again later. */
typedef void outbox_on_settled(void *context, const struct diag *fault,
                               const struct outbox_answer *answers, size_t count);
void outbox_settle(struct outbox *outbox, const struct outbox_result *results, size_t count,
                   outbox_on_settled *callback, void *context);

/* A message's record that was spoilt by hand: `health` tells of it. */
void outbox_note_spoilt(struct outbox *outbox, const char *mid);

/* Messages in all outbox streams, those being sent included; -1 with no answer. */
void outbox_length(struct outbox *outbox, void (*callback)(void *context, int64_t length),
                   void *context);

#endif
