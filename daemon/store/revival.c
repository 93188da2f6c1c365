#include "store/revival.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/script_call.h"

enum { FIRST_CHUNK = 16 * 1024, PER_LETTER = 4, TERMS = 4 };

static void add_terms(struct arguments *arguments, const struct revival_terms *terms)
{
    arguments_number(arguments, terms->wait_ms);
    arguments_text(arguments, terms->anew ? "anew" : "same");
    arguments_text(arguments, terms->word);
    arguments_text(arguments, terms->dry ? "dry" : NULL);
}

static void add_letter(struct arguments *arguments, const struct revival_letter *letter)
{
    arguments_text(arguments, letter->id);
    arguments_text(arguments, letter->hash);
    arguments_text(arguments, letter->said);
    arguments_bytes(arguments, letter->instead.text, letter->instead.length);
}

static enum revival_verdict verdict_of(const struct reply *answer)
{
    static const char *const words[REVIVAL_VERDICTS] = {
        [REVIVAL_DONE] = "done",
        [REVIVAL_GONE] = "gone",
        [REVIVAL_WAITS] = "waits",
        [REVIVAL_WITHDRAWN] = "withdrawn",
        [REVIVAL_SUPPRESSED] = "suppressed",
        [REVIVAL_UNSUBSCRIBED] = "unsubscribed",
        [REVIVAL_ERASED] = "erased",
        [REVIVAL_LATE] = "late",
        [REVIVAL_NO_CODE] = "no-code",
        [REVIVAL_BROKEN] = "broken",
        [REVIVAL_NOBODY] = "nobody",
        [REVIVAL_NEVER] = "never",
    };
    return (enum revival_verdict)reply_word(answer, words, REVIVAL_VERDICTS);
}

/* False where it is no answer to so many letters. */
static bool read_verdicts(const struct reply *reply, size_t count, enum revival_verdict *verdicts,
                          struct diag *diag)
{
    if (reply->kind == REPLY_ERROR)
        return reply_fault(reply, diag);
    bool good = reply->count == count;
    for (size_t i = 0; good && i < count; i++) {
        verdicts[i] = verdict_of(reply_item(reply, i));
        good = verdicts[i] != REVIVAL_VERDICTS;
    }
    return good || diag_error(diag, "an answer of Redis that cannot be read");
}

bool revival_retry(struct session *session, const char *prefix, const struct revival_terms *terms,
                   const struct revival_letter *letters, size_t count,
                   enum revival_verdict *verdicts, struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments =
        script_call_begin(arena, SCRIPT_REVIVE, prefix, TERMS + PER_LETTER * count);
    add_terms(&arguments, terms);
    for (size_t i = 0; i < count; i++)
        add_letter(&arguments, &letters[i]);
    const struct reply *reply = script_call(session, &arguments, diag);
    bool good = reply && read_verdicts(reply, count, verdicts, diag);
    arena_destroy(&arena);
    return good;
}

/* ---- By the daemon ---- */

struct revival_call {
    size_t count;
    revival_on_done *callback;
    void *context;
};

static void on_done(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct revival_call *call = context;
    enum revival_verdict *verdicts = mem_zero(call->count + 1, sizeof *verdicts);
    struct diag diag;
    if (!reply)
        call->callback(call->context, fault, NULL, 0);
    else if (!read_verdicts(reply, call->count, verdicts, &diag))
        call->callback(call->context, &diag, NULL, 0);
    else
        call->callback(call->context, NULL, verdicts, call->count);
    free(verdicts);
}

void revival_start(struct scripts *scripts, struct connection_owner *owner,
                   const struct revival_terms *terms, const char *const *letters, size_t count,
                   revival_on_done *callback, void *context)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, TERMS + PER_LETTER * count);
    struct revival_call *call = mem_alloc(sizeof *call);
    *call = (struct revival_call){.count = count, .callback = callback, .context = context};
    add_terms(&arguments, terms);
    for (size_t i = 0; i < count; i++)
        add_letter(&arguments, &(struct revival_letter){.id = letters[i]});
    struct connection_request request = arguments_request(&arguments, owner, on_done, call);
    request.release = free;
    scripts_run(scripts, SCRIPT_REVIVE, &request);
    arena_destroy(&arena);
}
