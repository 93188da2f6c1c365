/* What `nudgectl outbox` and `nudgectl uncertain` share: messages that are not sent yet. */
#ifndef NUDGED_CTL_UNSENT_H
#define NUDGED_CTL_UNSENT_H

#include "ctl/pile.h"
#include "store/messages.h"

/* Walks one of store/messages' walks. */
typedef bool unsent_walk_of(struct session *session, const char *prefix, messages_on_item *on_item,
                            void *context, struct diag *diag);
bool unsent_walk(const struct pile_place *place, unsent_walk_of *of, pile_on_item *on_item,
                 void *context, struct diag *diag);

/* Hears those of these mids that are of the pile: held, or in the outbox. */
bool unsent_find(const struct pile_place *place, bool is_held, const char *const *mids,
                 size_t count, pile_on_item *on_item, void *context, struct diag *diag);

bool unsent_settle(const struct pile_place *place, bool is_held, enum pile_verb verb, bool dry,
                   const char *const *mids, size_t count, struct pile_answer *answers,
                   struct diag *diag);

/* A message that is none of the pile. */
const char *unsent_gone(bool is_held);

#endif
