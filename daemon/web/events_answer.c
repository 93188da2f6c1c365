#include "web/events_answer.h"

#include "base/json.h"

enum { ANSWER_MOST = 2 * 1024 * 1024 };

struct tally {
    size_t taken, bad, forbidden, away, behind;
    bool conflict;
};

void events_answer_challenge(struct web_answer *answer)
{
    static const char *const challenges[] = {
        [WEB_REFUSAL_NO_TOKEN] = "Bearer realm=\"nudged\"",
        [WEB_REFUSAL_WRONG_TOKEN] = "Bearer realm=\"nudged\", error=\"invalid_token\"",
        [WEB_REFUSAL_REPLAYED] = "Bearer realm=\"nudged\", error=\"invalid_token\"",
        [WEB_REFUSAL_NOT_ALLOWED] = "Bearer realm=\"nudged\", error=\"insufficient_scope\"",
    };
    if (answer->refusal < sizeof challenges / sizeof *challenges && challenges[answer->refusal])
        web_answer_header(answer, "WWW-Authenticate", challenges[answer->refusal]);
}

/* ---- An item ---- */

static void put_fault(struct arena *arena, struct value row, const struct diag *fault)
{
    value_set(arena, row, "code", value_text(arena_text(arena, fault->code)));
    value_set(arena, row, "detail", value_text(arena_text(arena, fault->text)));
    if (fault->line)
        value_set(arena, row, "line", value_int(fault->line));
    if (fault->line && fault->column)
        value_set(arena, row, "column", value_int(fault->column));
    if (fault->hint[0])
        value_set(arena, row, "hint", value_text(arena_text(arena, fault->hint)));
}

/* The status of one, which the tally counts. */
static int count_item(struct tally *tally, const struct posted_item *item,
                      const struct ask_verdict *verdict)
{
    if (item->fault) {
        tally->forbidden += item->forbidden;
        tally->bad += !item->forbidden;
        return item->forbidden ? 403 : 400;
    }
    switch (verdict->status) {
    case ASK_TAKEN:
    case ASK_DUPLICATE:
        tally->taken++;
        return 202;
    case ASK_REFUSED:
        tally->bad++;
        return 400;
    case ASK_CONFLICT:
        tally->conflict = true;
        return 422;
    case ASK_BEHIND:
        tally->behind++;
        return 503;
    case ASK_UNAVAILABLE:
        break;
    }
    tally->away++;
    return 503;
}

static void put_item(struct arena *arena, struct value row, const struct posted_item *item,
                     const struct ask_verdict *verdict, int status)
{
    if (item->fault)
        put_fault(arena, row, item->fault);
    else if (status == 400)
        value_set(arena, row, "detail", value_string(verdict->text.text, verdict->text.length));
    if (status == 202 && verdict->text.length)
        value_set(arena, row, "entry", value_string(verdict->text.text, verdict->text.length));
    if (status == 202 && item->event.id[0])
        value_set(arena, row, "id", value_text(item->event.id));
}

/* ---- All of them ---- */

static enum web_refusal worst(const struct tally *tally)
{
    return tally->conflict    ? WEB_REFUSAL_CONFLICT
           : tally->away      ? WEB_REFUSAL_DAEMON
           : tally->behind    ? WEB_REFUSAL_REPLICAS_BEHIND
           : tally->bad       ? WEB_REFUSAL_BAD_EVENT
           : tally->forbidden ? WEB_REFUSAL_NOT_ALLOWED
                              : WEB_REFUSAL_NONE;
}

static struct web_answer *finish(struct arena *arena, struct value body, enum web_refusal refusal)
{
    static const char json[] = "application/json", problem[] = "application/problem+json";
    struct web_answer *answer = web_answer_of(arena, 202, refusal ? problem : json,
                                              json_print_slice(arena, &body, ANSWER_MOST));
    answer->refusal = refusal;
    if (refusal)
        answer->status = web_refusal_row(refusal)->status;
    if (answer->status == 503)
        answer->retry_after_s = 5;
    events_answer_challenge(answer);
    return answer;
}

static void put_problem(struct arena *arena, struct value body, enum web_refusal refusal)
{
    const struct web_refusal_row *row = web_refusal_row(refusal);
    value_set(arena, body, "title", value_text(row->sentence));
    value_set(arena, body, "status", value_int(row->status));
    value_set(arena, body, "reason", value_text(row->word));
    if (refusal == WEB_REFUSAL_REPLICAS_BEHIND)
        value_set(arena, body, "detail",
                  value_text("Redis has the events, and may lose them with its server: send the "
                             "same again; what has an id, or the same Idempotency-Key, counts "
                             "once"));
}

struct web_answer *events_answer(struct arena *arena, const struct posted_events *posted,
                                 const struct ask_verdict *verdicts, size_t count)
{
    struct tally tally = {0};
    struct value items = value_new_list(arena, (uint32_t)posted->count),
                 body = value_new_map(arena, 8);
    for (size_t i = 0, next = 0; i < posted->count; i++) {
        static const struct ask_verdict away = {.status = ASK_UNAVAILABLE};
        const struct posted_item *item = &posted->items[i];
        const struct ask_verdict *verdict = item->fault    ? NULL
                                            : next < count ? &verdicts[next++]
                                                           : &away;
        struct value row = posted->several ? value_new_map(arena, 6) : body;
        int status = count_item(&tally, item, verdict);
        if (posted->several)
            value_set(arena, row, "status", value_int(status));
        put_item(arena, row, item, verdict, status);
        value_push(arena, items, row);
    }
    enum web_refusal refusal = worst(&tally);
    if (refusal)
        put_problem(arena, body, refusal);
    if (posted->several && !tally.conflict) {
        value_set(arena, body, "accepted", value_int((int64_t)tally.taken));
        value_set(arena, body, "refused", value_int((int64_t)(posted->count - tally.taken)));
        value_set(arena, body, "items", items);
    }
    return finish(arena, body, refusal);
}
