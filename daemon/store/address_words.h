/*
 * What was said of an address holds for it wherever it is written to, and an address may be that of
 * persons in several shards. So it stands in the address's own shard (placement_of_name) besides
 * that in which it was said: from P:words of the one it is carried into P:said and P:suppressed of
 * the other, in the order in which it was said, and is deleted when it outlives the loss of a
 * server there (store/replicated). Any number of daemons may do so at once; what stands already is
 * met again.
 *
 * Before a message begins its address's shard is asked (address_words_ask): by plain commands, as
 * mostly nothing stands there; what they find a script tells. So a no that was said a second ago
 * counts for every shard, as long as the two can be reached.
 */
#ifndef NUDGED_STORE_ADDRESS_WORDS_H
#define NUDGED_STORE_ADDRESS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/slice.h"
#include "store/routes.h"

struct address_words;
struct event_base;

/* ---- Carrying ---- */

/* `scripts`: of the shard whose words are carried, not its own. It does not begin by itself. */
struct address_words *address_words_new(struct event_base *base, struct scripts *scripts,
                                        const struct routes *routes);
void address_words_destroy(struct address_words **words);

void address_words_start(struct address_words *words);
/* Nothing more is begun; what is under way ends. */
void address_words_stop(struct address_words *words);
/* Whether something is under way. */
bool address_words_busy(const struct address_words *words);

/* ---- Asking ---- */

struct address_question {
    const char *class_, *hash, *topic; /* of a message; `hash`: of its address in P:suppressed */
};

/* Whether it must not begin, and by what: that which stands in P:suppressed and P:said of the
 * address's shard; without length: nothing does. */
struct address_objection {
    bool objects;
    struct slice suppressed, said;
};

/* `objections[i]` is of questions[i], good until the callback returns; NULL with a `fault`. */
typedef void address_words_on_answer(void *context, const struct diag *fault,
                                     const struct address_objection *objections, size_t count);

/* `scripts`: of the addresses' shard. The context is released after the callback, or when the owner
 * was silenced. */
struct address_call {
    struct connection_owner *owner;
    address_words_on_answer *callback;
    void *context;
    void (*release)(void *context);
};
void address_words_ask(struct scripts *scripts, const struct address_question *questions,
                       size_t count, const struct address_call *call);

/* What objects is known in the message's own shard (`scripts`) from then on. The callback gets no
 * objections. */
void address_words_learn(struct scripts *scripts, const struct address_question *question,
                         const struct address_objection *objection,
                         const struct address_call *call);

#endif
