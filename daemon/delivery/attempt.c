#include "delivery/attempt.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "decide/message_body.h"

struct attempt *attempt_new(const struct outbox_message *message, int64_t term)
{
    /* Mostly one block: the body, the tree of it, which is twice as large, and the result. */
    struct arena *arena = arena_new(4 * message->length + 4096);
    struct attempt *attempt = arena_zero(arena, sizeof *attempt);
    attempt->arena = arena;
    attempt->mid = arena_text(arena, message->mid);
    attempt->entry = arena_text(arena, message->entry);
    attempt->queue = arena_text(arena, message->queue ? message->queue : message->channel);
    attempt->customer = arena_text(arena, message->customer);
    attempt->channel = arena_text(arena, message->channel);
    attempt->class_ = arena_text(arena, message->class_);
    attempt->topic = arena_text(arena, message->topic ? message->topic : "");
    attempt->domain = arena_text(arena, message->domain ? message->domain : "");
    attempt->code = message->code ? arena_text(arena, message->code) : NULL;
    attempt->body = arena_copy(arena, message->body, message->length);
    attempt->body_length = message->length;
    attempt->hold = strcmp(message->on_uncertain, "hold") == 0;
    attempt->charged = message->attempts;
    attempt->give_up_ms = message->give_up_ms;
    attempt->load = message->load;
    attempt->term = term;
    attempt->token_ms = message->token_ms;
    attempt->granted_ms = message->granted_ms;
    attempt->bound = message->gateway != NULL;
    return attempt;
}

void attempt_destroy(struct attempt **attempt)
{
    if (!*attempt)
        return;
    generation_release(&(*attempt)->generation);
    struct arena *arena = (*attempt)->arena;
    arena_destroy(&arena);
    *attempt = NULL;
}

void attempts_destroy(struct attempt *first)
{
    while (first) {
        struct attempt *next = first->next;
        attempt_destroy(&first);
        first = next;
    }
}

struct attempt *attempt_of(struct senders_job *job)
{
    return (struct attempt *)((char *)job - offsetof(struct attempt, job));
}

const char *attempt_event(const struct attempt *attempt)
{
    char name[MESSAGE_BODY_EVENT_SIZE], shown[LOG_NAME_SIZE];
    return arena_text(attempt->arena, log_name(message_body_event(&attempt->message, name), shown));
}

const char *attempt_to(const struct attempt *attempt)
{
    return value_to_text(attempt->arena, value_get(&attempt->message, "to"));
}

bool attempt_read(struct attempt *attempt, struct diag *diag)
{
    struct value message;
    if (attempt->message.kind != VALUE_NULL)
        return true;
    if (!json_read(attempt->arena, attempt->body, attempt->body_length, &json_file_limits, &message,
                   diag)) {
        diag_code(diag, "bad-message");
        return false;
    }
    attempt->message = message_body_open(
        attempt->arena, &message,
        &(struct message_body_known){.mid = attempt->mid,
                                     .customer = attempt->customer,
                                     .channel = attempt->channel,
                                     .class_ = attempt->class_,
                                     .topic = attempt->topic,
                                     .on_uncertain = attempt->hold ? "hold" : "resend",
                                     .code = attempt->code});
    const char *to = value_to_text(attempt->arena, value_get(&message, "to"));
    attempt->recipient = digest_spread(to ? to : "", to ? strlen(to) : 0);
    return true;
}
