/*
 * nudgectl dead: the dead letters, newest first, and the operator's word on them. Retry reads what
 * is to go back (on_retried), for what only nudgectl can add: the hashes of an address, an event as
 * it is pushed again; then one script revives them (store/revival). Drop deletes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "ctl/command.h"
#include "ctl/event_again.h"
#include "ctl/pile.h"
#include "ctl/plain.h"
#include "customer/shop_event.h"
#include "decide/policy.h"
#include "decide/trace_words.h"
#include "store/dead_letters.h"
#include "store/revival.h"

enum { BODY_SHOWN = 52, WAIT_MS = 2000, FIRST_CHUNK = 64 * 1024 };

/* ---- Reading ---- */

struct hearing {
    pile_on_item *on_item;
    void *context;
    struct arena *arena;
};

static struct pile_item item_of(struct arena *arena, const struct reply *letter)
{
    const struct reply *body = dead_letters_field(letter, "body");
    const char *id = reply_item(letter, 0)->text;
    int64_t at_ms = shop_event_arrival(id);
    return (struct pile_item){.arena = arena,
                              .id = id,
                              .reason = dead_letters_field(letter, "reason")->text,
                              .at_ms = at_ms,
                              .since_ms = at_ms,
                              .fields = reply_item(letter, 1),
                              .body = {reply_text(body), body->length}};
}

static bool on_letter(void *context, const struct reply *letter)
{
    struct hearing *hearing = context;
    arena_reset(hearing->arena);
    const struct pile_item item = item_of(hearing->arena, letter);
    return hearing->on_item(hearing->context, &item);
}

static bool walk(const struct pile_place *place, pile_on_item *on_item, void *context,
                 struct diag *diag)
{
    struct hearing hearing = {on_item, context, arena_new(FIRST_CHUNK)};
    bool good = dead_letters_walk(place->session, place->prefix, on_letter, &hearing, diag);
    arena_destroy(&hearing.arena);
    return good;
}

static bool find(const struct pile_place *place, const char *const *ids, size_t count,
                 pile_on_item *on_item, void *context, struct diag *diag)
{
    struct hearing hearing = {on_item, context, arena_new(FIRST_CHUNK)};
    bool good =
        dead_letters_find(place->session, place->prefix, ids, count, on_letter, &hearing, diag);
    arena_destroy(&hearing.arena);
    return good;
}

/* ---- Showing ---- */

/* The beginning of a body that may hold any bytes, without half a character at its end. */
static void print_body(struct slice body)
{
    size_t length = body.length <= BODY_SHOWN ? body.length : utf8_floor(body.text, BODY_SHOWN);
    plain_print(body.text, length);
    printf("%s", length < body.length ? "…" : "");
}

/*   1795910762653-0  message  refused: 554 5.6.0 no
 *       2026-11-29T00:06:02Z  news to c1@example.com (id:1) by relay   */
static void print(const struct pile_item *item)
{
    char time[CLOCK_TEXT_SIZE];
    const char *kind = pile_item_field(item, "kind");
    plain_text(item->id);
    printf("  ");
    plain_text(kind);
    printf("  ");
    plain_text(item->reason);
    printf(": ");
    plain_text(pile_item_field(item, "detail"));
    printf("\n    %s  ", clock_format(item->at_ms / 1000 * 1000, time));
    if (strcmp(kind, "message") == 0)
        pile_item_print_what(item);
    else
        print_body(item->body);
    printf("\n");
}

/* ---- Retry ---- */

struct retrying {
    const struct pile_place *place;
    struct arena *arena;
    const struct policy *policy; /* NULL: the secret cannot be read */
    struct revival_letter *letters;
    struct pile_answer *answers;
    const char *const *ids;
    size_t count;
};

static size_t index_of(const struct retrying *retrying, const char *id)
{
    size_t i = 0;
    while (i < retrying->count && strcmp(retrying->ids[i], id) != 0)
        i++;
    return i;
}

/* What a letter of the last release lacks. */
static void look_up_address(struct retrying *retrying, const struct pile_item *item, size_t i)
{
    const char *to = pile_item_body(item, "to");
    if (*pile_item_field(item, "hash") || !to)
        return;
    if (!retrying->policy) {
        retrying->answers[i].refusal =
            "whether its address is suppressed cannot be known: the secret cannot be read";
        return;
    }
    const struct policy_address address = policy_address(retrying->policy, to, retrying->arena);
    retrying->letters[i].hash = address.hash;
    retrying->letters[i].said = address.said;
}

static bool on_retried(void *context, const struct pile_item *item)
{
    struct retrying *retrying = context;
    const char *kind = pile_item_field(item, "kind");
    size_t i = index_of(retrying, item->id);
    if (i == retrying->count)
        return true;
    if (strcmp(kind, "message") == 0)
        look_up_address(retrying, item, i);
    else if (strcmp(kind, "event") == 0 && !event_again_is_whole(item->reason))
        retrying->answers[i].refusal = "it was too large, and only its beginning is here";
    else if (strcmp(kind, "event") == 0 && item->body.text)
        retrying->letters[i].instead =
            slice_copy(retrying->arena, event_again(item->arena, item->at_ms, item->body));
    return true;
}

static const char *refusal_of(enum revival_verdict verdict)
{
    static const char *const refusals[REVIVAL_VERDICTS] = {
        [REVIVAL_GONE] = "there is no such letter",
        [REVIVAL_WAITS] = "its message is in the outbox already",
        [REVIVAL_WITHDRAWN] = "it was withdrawn",
        [REVIVAL_SUPPRESSED] = "its address is suppressed; `nudgectl suppress rm` lifts that",
        [REVIVAL_UNSUBSCRIBED] = "the customer has unsubscribed since",
        [REVIVAL_ERASED] = "the customer was erased since",
        [REVIVAL_LATE] = "its time is over",
        [REVIVAL_NO_CODE] = "no code is left for it; `nudgectl codes load` brings more",
        [REVIVAL_BROKEN] = "the letter lacks what it needs to go out",
        [REVIVAL_NOBODY] = "nobody is known here under its key: nothing is left to be done",
        [REVIVAL_NEVER] = "what is of this kind cannot be tried again",
    };
    return refusals[verdict];
}

/* Those that nothing speaks against are asked for in one script. */
static bool revive(struct retrying *retrying, bool dry, struct diag *diag)
{
    const struct revival_terms terms = {
        .wait_ms = WAIT_MS, .anew = true, .dry = dry, .word = trace_why_word(TRACE_WHY_BY_HAND)};
    struct revival_letter *asked = arena_alloc(retrying->arena, sizeof *asked * retrying->count);
    size_t *index = arena_alloc(retrying->arena, sizeof *index * retrying->count);
    enum revival_verdict *verdicts =
        arena_alloc(retrying->arena, sizeof *verdicts * retrying->count);
    size_t count = 0;
    for (size_t i = 0; i < retrying->count; i++) {
        if (retrying->answers[i].refusal)
            continue;
        asked[count] = retrying->letters[i];
        index[count++] = i;
    }
    if (!revival_retry(retrying->place->session, retrying->place->prefix, &terms, asked, count,
                       verdicts, diag))
        return false;
    for (size_t i = 0; i < count; i++)
        retrying->answers[index[i]].refusal = refusal_of(verdicts[i]);
    return true;
}

static bool retry(const struct pile_place *place, bool dry, const char *const *ids, size_t count,
                  struct pile_answer *answers, struct diag *diag)
{
    struct config *config = place->context->config;
    struct policy policy;
    struct diag no_secret;
    struct retrying retrying = {.place = place,
                                .answers = answers,
                                .ids = ids,
                                .count = count,
                                .arena = arena_new(FIRST_CHUNK)};
    if (config_secret(config, false, &no_secret)) {
        config_policy(config, &policy);
        retrying.policy = &policy;
    }
    retrying.letters = arena_zero(retrying.arena, sizeof *retrying.letters * (count + 1));
    for (size_t i = 0; i < count; i++)
        retrying.letters[i].id = ids[i];
    bool good =
        find(place, ids, count, on_retried, &retrying, diag) && revive(&retrying, dry, diag);
    arena_destroy(&retrying.arena);
    return good;
}

/* ---- Drop ---- */

static bool on_there(void *context, const struct pile_item *item)
{
    struct retrying *there = context;
    size_t i = index_of(there, item->id);
    if (i < there->count)
        there->answers[i].refusal = NULL;
    return true;
}

static bool drop(const struct pile_place *place, bool dry, const char *const *ids, size_t count,
                 struct pile_answer *answers, struct diag *diag)
{
    struct retrying there = {.answers = answers, .ids = ids, .count = count};
    struct arena *arena = arena_new(1024);
    bool *dropped = arena_zero(arena, sizeof *dropped * (count + 1));
    bool good = dry || dead_letters_drop(place->session, place->prefix, ids, count, dropped, diag);
    for (size_t i = 0; i < count; i++)
        if (!dropped[i])
            answers[i].refusal = refusal_of(REVIVAL_GONE);
    if (dry)
        good = find(place, ids, count, on_there, &there, diag);
    arena_destroy(&arena);
    return good;
}

static bool settle(const struct pile_place *place, enum pile_verb verb, bool dry,
                   const char *const *ids, size_t count, struct pile_answer *answers,
                   struct diag *diag)
{
    return verb == PILE_DROP ? drop(place, dry, ids, count, answers, diag)
                             : retry(place, dry, ids, count, answers, diag);
}

static const struct pile pile = {
    .command = "dead",
    .many = "dead letters",
    .gone = "there is no such letter",
    .newest_first = true,
    .walk = walk,
    .find = find,
    .is_id = dead_letters_is_id,
    .print = print,
    .settle = settle,
};

int command_dead(struct context *context, int argc, char **argv)
{
    return pile_run(context, &pile, argc, argv);
}
