#include "ctl/unsent.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CHUNK = 64 * 1024 };

/* ---- Reading ---- */

struct hearing {
    pile_on_item *on_item;
    void *context;
    struct arena *arena;
};

/* Those of the outbox stand there since they were decided; of the held ones it is known since when.
 */
static int64_t decided_at(const struct pile_item *item)
{
    const char *decided = pile_item_body(item, "decided");
    return decided ? strtoll(decided, NULL, 10) : item->at_ms;
}

static bool hear(struct hearing *hearing, const struct messages_item *message)
{
    arena_reset(hearing->arena);
    const struct reply *body = message->body;
    struct pile_item item = {.arena = hearing->arena,
                             .id = message->mid,
                             .reason = messages_field(message, "state"),
                             .at_ms = message->at_ms,
                             .is_held_back = message->held->kind != REPLY_NIL,
                             .fields = message->fields,
                             .body = {reply_text(body), body->length}};
    const char *in_hash = messages_field(message, "body"); /* a former program had it there */
    if (!item.body.text && *in_hash)
        item.body = slice_of(in_hash);
    bool is_held = strcmp(item.reason, "uncertain") == 0;
    item.since_ms = is_held ? item.at_ms : decided_at(&item);
    return hearing->on_item(hearing->context, &item);
}

static bool on_message(void *context, const struct messages_item *message)
{
    return hear(context, message);
}

bool unsent_walk(const struct pile_place *place, unsent_walk_of *of, pile_on_item *on_item,
                 void *context, struct diag *diag)
{
    struct hearing hearing = {on_item, context, arena_new(FIRST_CHUNK)};
    bool good = of(place->session, place->prefix, on_message, &hearing, diag);
    arena_destroy(&hearing.arena);
    return good;
}

static bool is_there(const struct messages_item *message, bool is_held)
{
    const char *state = messages_field(message, "state");
    return *state && (strcmp(state, "uncertain") == 0) == is_held;
}

bool unsent_find(const struct pile_place *place, bool is_held, const char *const *mids,
                 size_t count, pile_on_item *on_item, void *context, struct diag *diag)
{
    struct hearing hearing = {on_item, context, arena_new(FIRST_CHUNK)};
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct messages_item *messages = arena_zero(arena, sizeof *messages * (count + 1));
    for (size_t i = 0; i < count; i++)
        messages[i].mid = mids[i];
    bool good = messages_read(place->session, place->prefix, arena, messages, count, diag);
    for (size_t i = 0; good && i < count; i++)
        if (is_there(&messages[i], is_held))
            hear(&hearing, &messages[i]);
    arena_destroy(&arena);
    arena_destroy(&hearing.arena);
    return good;
}

/* ---- The word on them ---- */

const char *unsent_gone(bool is_held)
{
    return is_held ? "it is not held" : "it is not in the outbox";
}

static struct pile_answer answer_of(enum messages_verdict verdict, bool is_held)
{
    static const char drop[] = "uncertain drop";
    const char *hint = is_held ? drop : NULL;
    switch (verdict) {
    case MESSAGES_DONE:
    case MESSAGES_VERDICTS:
        break;
    case MESSAGES_MARKED:
        return (struct pile_answer){"a sender has it: it ends unless that delivers it", NULL};
    case MESSAGES_GONE:
        return (struct pile_answer){unsent_gone(is_held), NULL};
    case MESSAGES_QUEUED:
        return (struct pile_answer){"it is queued: nothing holds it back", NULL};
    case MESSAGES_TAKEN:
        return (struct pile_answer){"a sender has it", NULL};
    case MESSAGES_WITHDRAWN:
        return (struct pile_answer){
            is_held ? "it was withdrawn, and has ended unsent" : "it was withdrawn", NULL};
    case MESSAGES_SUPPRESSED:
        return (struct pile_answer){"its address is suppressed", hint};
    case MESSAGES_UNSUBSCRIBED:
        return (struct pile_answer){"the customer has unsubscribed since", hint};
    }
    return (struct pile_answer){NULL, NULL};
}

bool unsent_settle(const struct pile_place *place, bool is_held, enum pile_verb verb, bool dry,
                   const char *const *mids, size_t count, struct pile_answer *answers,
                   struct diag *diag)
{
    const struct messages_word word = {.is_held = is_held,
                                       .drop = verb == PILE_DROP,
                                       .dry = dry,
                                       .trace_keep_ms =
                                           place->context->config->keys.customer.keep_ms};
    struct arena *arena = arena_new(1024);
    enum messages_verdict *verdicts = arena_alloc(arena, sizeof *verdicts * (count + 1));
    bool good = messages_settle(place->session, place->prefix, &word, mids, count, verdicts, diag);
    for (size_t i = 0; good && i < count; i++)
        answers[i] = answer_of(verdicts[i], is_held);
    arena_destroy(&arena);
    return good;
}
