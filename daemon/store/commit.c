#include "store/commit.h"

#include <string.h>

/* ---- What is asked ---- */

static void put_texts(struct arguments *arguments, const struct slice *texts, size_t count)
{
    arguments_number(arguments, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        arguments_bytes(arguments, texts[i].text, texts[i].length);
}

static void put_messages(struct arguments *arguments, const struct commit *commit)
{
    arguments_number(arguments, (int64_t)commit->message_count);
    for (size_t i = 0; i < commit->message_count; i++) {
        const struct commit_message *message = &commit->messages[i];
        arguments_text(arguments, message->mid);
        arguments_text(arguments, message->channel);
        arguments_text(arguments, message->class_);
        arguments_bytes(arguments, message->body, message->length);
        arguments_text(arguments, message->on_uncertain);
        arguments_number(arguments, message->give_up_ms);
    }
}

static void put_dead(struct arguments *arguments, const struct commit *commit)
{
    arguments_number(arguments, (int64_t)commit->dead_count);
    for (size_t i = 0; i < commit->dead_count; i++) {
        const struct commit_dead *letter = &commit->dead[i];
        arguments_text(arguments, letter->kind);
        arguments_text(arguments, letter->reason);
        arguments_text(arguments, letter->detail);
        arguments_bytes(arguments, letter->body, letter->length);
    }
}

/* In the order that commit.lua reads them. */
struct arguments commit_arguments(struct arena *arena, const char *consumer,
                                  const struct commit *commit)
{
    struct arguments arguments = arguments_begin(arena, 64 + commit->id_count);
    arguments_text(&arguments, consumer);
    arguments_text(&arguments, commit->customer);
    arguments_text(&arguments, commit->seen);
    arguments_text(&arguments, commit->version);
    arguments_bytes(&arguments, commit->document.text, commit->document.length);
    arguments_number(&arguments, commit->expire_ms);
    arguments_number(&arguments, commit->deadline_ms);
    arguments_texts(&arguments, commit->ids, commit->id_count);
    arguments_texts(&arguments, commit->free_hashes, commit->free_hash_count);
    arguments_texts(&arguments, commit->open_mids, commit->open_mid_count);
    put_messages(&arguments, commit);
    arguments_texts(&arguments, commit->cancels, commit->cancel_count);
    put_texts(&arguments, commit->emits, commit->emit_count);
    put_dead(&arguments, commit);
    put_texts(&arguments, commit->traces, commit->trace_count);
    return arguments;
}

/* ---- What is answered ---- */

static const char *const *texts_of(struct arena *arena, const struct reply *list, size_t *count)
{
    const char **texts = arena_alloc(arena, (list->count + 1) * sizeof *texts);
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *text = reply_text(reply_item(list, i));
        if (text)
            texts[(*count)++] = text;
    }
    return texts;
}

bool commit_read_result(struct arena *arena, const struct reply *reply,
                        struct commit_result *result)
{
    const char *outcome = reply_text(reply_item(reply, 0));
    const struct reply *first = reply_item(reply, 1);
    if (!outcome)
        return false;
    if (strcmp(outcome, "done") == 0) {
        result->outcome = COMMIT_DONE;
    } else if (strcmp(outcome, "stale") == 0) {
        result->outcome = COMMIT_STALE;
        result->document = (struct slice){reply_text(first), first->length};
    } else if (strcmp(outcome, "gone") == 0) {
        result->outcome = COMMIT_GONE;
        result->gone = texts_of(arena, first, &result->gone_count);
    } else if (strcmp(outcome, "facts") == 0) {
        result->outcome = COMMIT_FACTS;
        result->suppressed = texts_of(arena, first, &result->suppressed_count);
        result->taken = texts_of(arena, reply_item(reply, 2), &result->taken_count);
    } else {
        return false;
    }
    return true;
}
