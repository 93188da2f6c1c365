/*
 * commit_arguments puts of each commit a head, the lists that nearly every commit has (put_usual),
 * which the head counts, and then those that few have, each behind its name and how many items it
 * has (put_list), so that of these the script and this file need not agree on an order.
 * commit_read_result reads what was answered: a word, and what that word brings (read_facts,
 * read_places).
 */
#include "store/commit.h"

#include <inttypes.h>
#include <string.h>

#include "store/packed_message.h"

/* ---- What is asked ---- */

/* A list of commit.lua: its name, how many items, then those. One without items is not sent. */
static void put_list(struct arguments *arguments, const char *name, size_t count)
{
    if (count == 0)
        return;
    arguments_text(arguments, name);
    arguments_number(arguments, (int64_t)count);
}

static void put_texts(struct arguments *arguments, const char *name, const char *const *texts,
                      size_t count)
{
    if (count == 0)
        return;
    arguments_text(arguments, name);
    arguments_texts(arguments, texts, count);
}

/* The words of commit.lua. */
static const char *const places[] = {
    [CUSTOMER_PLACE_WAITS] = "waits",
    [CUSTOMER_PLACE_HAND] = "hand",
    [CUSTOMER_PLACE_UNCERTAIN] = "uncertain",
    [CUSTOMER_PLACE_GONE] = "gone",
};

static void put_postponed(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "postponed", commit->postponed_count);
    for (size_t i = 0; i < commit->postponed_count; i++) {
        arguments_text(arguments, commit->postponed[i].mid);
        arguments_number(arguments, commit->postponed[i].at_ms);
    }
}

static void put_withdrawals(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "withdrawals", commit->withdrawal_count);
    for (size_t i = 0; i < commit->withdrawal_count; i++) {
        arguments_text(arguments, commit->withdrawals[i].mid);
        arguments_text(arguments, places[commit->withdrawals[i].place]);
        arguments_text(arguments, commit->withdrawals[i].why);
    }
}

/* What many messages of a call have in common is said once. */
struct kinds {
    struct arena *arena;
    const struct commit_message **items; /* the first of each kind */
    uint32_t count, capacity;
};

static bool is_same(const char *a, const char *b)
{
    return a == b || strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_plain(const struct commit_message *message)
{
    return !message->returns || !*message->returns;
}

static bool is_alike(const struct commit_message *a, const struct commit_message *b)
{
    return is_same(a->channel, b->channel) && is_same(a->class_, b->class_) &&
           is_same(a->gateway, b->gateway) && is_plain(a) == is_plain(b);
}

/* Its number, from 1; one more where there is none like it. */
static uint32_t kind_of(struct kinds *kinds, const struct commit_message *message)
{
    uint32_t i = 0;
    while (i < kinds->count && !is_alike(kinds->items[i], message))
        i++;
    if (i == kinds->count) {
        kinds->items = arena_grow(kinds->arena, kinds->items, kinds->count, &kinds->capacity,
                                  sizeof(struct commit_message *));
        kinds->items[kinds->count++] = message;
    }
    return i + 1;
}

static void put_kinds(struct arguments *arguments, const struct commit_call *call,
                      struct kinds *kinds)
{
    for (size_t i = 0; i < call->count; i++)
        for (size_t j = 0; j < call->commits[i]->message_count; j++)
            kind_of(kinds, &call->commits[i]->messages[j]);
    arguments_number(arguments, kinds->count);
    for (uint32_t i = 0; i < kinds->count; i++) {
        arguments_text(arguments, kinds->items[i]->channel);
        arguments_text(arguments, kinds->items[i]->class_);
        arguments_text(arguments, kinds->items[i]->gateway);
        arguments_text(arguments, is_plain(kinds->items[i]) ? "1" : "");
    }
}

static void put_message(struct arguments *arguments, struct kinds *kinds,
                        const struct commit *commit, const struct commit_message *message)
{
    const struct slice packed =
        packed_message(arguments->arena, message, commit->customer, commit->number);
    arguments_text(arguments, message->mid);
    arguments_number(arguments, kind_of(kinds, message));
    arguments_number(arguments, message->give_up_ms);
    arguments_bytes(arguments, packed.text, packed.length);
}

static void put_words(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "said", commit->said_count);
    for (size_t i = 0; i < commit->said_count; i++) {
        arguments_text(arguments, commit->said[i].name);
        arguments_text(arguments, commit->said[i].word);
        arguments_text(arguments, commit->said[i].topic);
        arguments_number(arguments, commit->said[i].at_ms);
    }
    put_list(arguments, "erased", commit->erased_count);
    for (size_t i = 0; i < commit->erased_count; i++) {
        arguments_text(arguments, commit->erased[i].key);
        arguments_text(arguments, commit->erased[i].hash);
    }
}

static void put_dead(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "dead", commit->dead_count);
    for (size_t i = 0; i < commit->dead_count; i++) {
        const struct commit_dead *letter = &commit->dead[i];
        arguments_text(arguments, letter->kind);
        arguments_text(arguments, letter->reason);
        arguments_text(arguments, letter->detail);
        arguments_bytes(arguments, letter->body, letter->length);
        arguments_text(arguments, letter->own);
    }
}

static void put_watches(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "watches", commit->watch_count);
    for (size_t i = 0; i < commit->watch_count; i++) {
        arguments_text(arguments, commit->watches[i].product);
        arguments_text(arguments, commit->watches[i].added ? "1" : "");
        arguments_number(arguments, commit->watches[i].at_ms);
    }
    put_list(arguments, "tellings", commit->telling_count);
    for (size_t i = 0; i < commit->telling_count; i++) {
        const struct commit_telling *telling = &commit->tellings[i];
        arguments_text(arguments, telling->entry);
        arguments_text(arguments, telling->product);
        arguments_bytes(arguments, telling->event.text, telling->event.length);
    }
}

static void put_emits_of(struct arguments *arguments, const struct commit *commit, const char *name,
                         bool abroad, size_t count)
{
    put_list(arguments, name, count);
    for (size_t i = 0; i < commit->emit_count; i++) {
        if (commit->emits[i].abroad != abroad)
            continue;
        arguments_text(arguments, commit->emits[i].key);
        arguments_bytes(arguments, commit->emits[i].event.text, commit->emits[i].event.length);
    }
}

static void put_emits(struct arguments *arguments, const struct commit *commit)
{
    size_t abroad = 0;
    for (size_t i = 0; i < commit->emit_count; i++)
        abroad += commit->emits[i].abroad;
    put_emits_of(arguments, commit, "emits", false, commit->emit_count - abroad);
    put_emits_of(arguments, commit, "abroad", true, abroad);
}

/* What is another key's, and is or will be this customer's. */
static void put_person(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "joins", commit->join_count);
    for (size_t i = 0; i < commit->join_count; i++) {
        arguments_text(arguments, commit->joins[i].key);
        arguments_text(arguments, commit->joins[i].seen);
    }
    put_texts(arguments, "moves", commit->moved_mids, commit->moved_mid_count);
    put_list(arguments, "redirects", commit->redirect_count);
    for (size_t i = 0; i < commit->redirect_count; i++) {
        arguments_text(arguments, commit->redirects[i].hash);
        arguments_text(arguments, commit->redirects[i].from);
        arguments_number(arguments, commit->redirect_expire_ms);
    }
}

static void put_starts(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "starts", commit->start_count);
    for (size_t i = 0; i < commit->start_count; i++) {
        const struct commit_start *start = &commit->starts[i];
        arguments_text(arguments, start->origin);
        arguments_bytes(arguments, start->event.text, start->event.length);
    }
}

/* Where they stand in the index of clocks and stay: nothing is to be said of it but that. */
static bool is_zone_kept(const struct commit *commit)
{
    const struct commit_zone *zone = commit->zones;
    return commit->zone_count == 1 && commit->customer &&
           strcmp(zone->key, commit->customer) == 0 && strcmp(zone->before, zone->after) == 0 &&
           zone->place_before == zone->place_after;
}

static void put_clocks(struct arguments *arguments, const struct commit *commit)
{
    put_texts(arguments, "ticks", commit->ticks, commit->tick_count);
    const size_t zone_count = is_zone_kept(commit) ? 0 : commit->zone_count;
    put_list(arguments, "zones", zone_count);
    for (size_t i = 0; i < zone_count; i++) {
        arguments_text(arguments, commit->zones[i].key);
        arguments_text(arguments, commit->zones[i].before);
        arguments_number(arguments, commit->zones[i].place_before);
        arguments_text(arguments, commit->zones[i].after);
        arguments_number(arguments, commit->zones[i].place_after);
    }
}

static size_t paused_count(const struct commit *commit)
{
    size_t count = 0;
    for (size_t i = 0; i < commit->halt_count; i++)
        count += commit->halts[i].halted;
    return count;
}

/* Rules that are assumed to be paused, or not to be. */
static void put_rules(struct arguments *arguments, const struct commit *commit, bool paused)
{
    for (size_t i = 0; i < commit->halt_count; i++)
        if (commit->halts[i].halted == paused)
            arguments_text(arguments, commit->halts[i].rule);
}

static void put_halts(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "paused", paused_count(commit));
    put_rules(arguments, commit, true);
    put_list(arguments, "halted", commit->halted_count);
    for (size_t i = 0; i < commit->halted_count; i++) {
        arguments_text(arguments, commit->halted[i].rule);
        arguments_text(arguments, commit->halted[i].customer);
        arguments_number(arguments, commit->halted[i].since_ms);
    }
    put_texts(arguments, "brakes", commit->brakes, commit->brake_count);
    put_list(arguments, "codes", commit->code_count);
    for (size_t i = 0; i < commit->code_count; i++) {
        arguments_text(arguments, commit->codes[i].mid);
        arguments_text(arguments, commit->codes[i].list);
        arguments_text(arguments, commit->codes[i].run);
        arguments_number(arguments, commit->codes[i].expire_ms);
    }
    put_list(arguments, "runs", commit->run_count);
    for (size_t i = 0; i < commit->run_count; i++) {
        arguments_text(arguments, commit->runs[i].run);
        arguments_number(arguments, commit->runs[i].expire_ms);
    }
    put_list(arguments, "braked", commit->braked_count);
    for (size_t i = 0; i < commit->braked_count; i++) {
        arguments_text(arguments, commit->braked[i].mid);
        arguments_text(arguments, commit->braked[i].rule);
        arguments_number(arguments, commit->braked[i].most);
        arguments_number(arguments, commit->braked[i].per_ms);
    }
}

/* How many items each of put_usual's lists has, and whether the trace's time stays: four bytes for
 * each, the greatest first. */
static void put_counts(struct arguments *arguments, const struct commit *commit)
{
    const size_t counts[] = {commit->id_count,      commit->free_hash_count,
                             commit->record_count,  commit->undeclined_count,
                             commit->message_count, commit->halt_count - paused_count(commit),
                             commit->trace_count,   commit->relied_count,
                             commit->trace_stays};
    enum { COUNTS = sizeof counts / sizeof *counts };
    char *bytes = arena_alloc(arguments->arena, 4 * COUNTS);
    for (size_t i = 0; i < COUNTS; i++)
        for (size_t byte = 0; byte < 4; byte++)
            bytes[4 * i + byte] = (char)(counts[i] >> (24 - 8 * byte));
    arguments_bytes(arguments, bytes, 4 * COUNTS);
}

static void put_head(struct arguments *arguments, const struct commit *commit)
{
    arguments_text(arguments, commit->customer);
    arguments_text(arguments, commit->seen);
    arguments_text(arguments, commit->version);
    arguments_bytes(arguments, commit->document.text, commit->document.length);
    arguments_number(arguments, commit->expire_ms);
    arguments_number(arguments, commit->deadline_ms);
    arguments_number(arguments, commit->number);
    if (is_zone_kept(commit))
        arguments_text(arguments, arena_printf(arguments->arena, "%" PRId64 " %s",
                                               commit->zones->place_after, commit->zones->after));
    else
        arguments_text(arguments, "");
    put_counts(arguments, commit);
}

/* The lists that nearly every commit has, in the order in which the head counts them. */
static void put_usual(struct arguments *arguments, struct kinds *kinds, const struct commit *commit)
{
    for (size_t i = 0; i < commit->id_count; i++)
        arguments_text(arguments, commit->ids[i]);
    for (size_t i = 0; i < commit->free_hash_count; i++)
        arguments_text(arguments, commit->free_hashes[i]);
    for (size_t i = 0; i < commit->record_count; i++) {
        const struct slice text = commit->records[i].text;
        arguments_text(arguments, commit->records[i].name);
        arguments_bytes(arguments, text.text, text.length);
    }
    for (size_t i = 0; i < commit->undeclined_count; i++) {
        arguments_text(arguments, commit->undeclined[i].hash);
        arguments_text(arguments, commit->undeclined[i].topic);
    }
    for (size_t i = 0; i < commit->message_count; i++)
        put_message(arguments, kinds, commit, &commit->messages[i]);
    put_rules(arguments, commit, false);
    for (size_t i = 0; i < commit->trace_count; i++)
        arguments_bytes(arguments, commit->traces[i].text, commit->traces[i].length);
    for (size_t i = 0; i < commit->relied_count; i++) {
        arguments_text(arguments, commit->relied[i].hash);
        arguments_text(arguments, commit->relied[i].target);
    }
}

static void put_leaving(struct arguments *arguments, const struct commit_leaving *leaving)
{
    put_list(arguments, "leave", leaving->whose != NULL);
    if (!leaving->whose)
        return;
    arguments_text(arguments, leaving->whose);
    arguments_bytes(arguments, leaving->event.text, leaving->event.length);
    arguments_text(arguments, leaving->entry);
    put_texts(arguments, "leave_mids", leaving->mids, leaving->mid_count);
    put_texts(arguments, "leave_runs", leaving->runs, leaving->run_count);
    put_texts(arguments, "leave_names", leaving->names, leaving->name_count);
}

/* What is for other shards, or came from one. */
static void put_shards(struct arguments *arguments, const struct commit *commit)
{
    put_list(arguments, "strays", commit->stray_count);
    for (size_t i = 0; i < commit->stray_count; i++) {
        arguments_text(arguments, commit->strays[i].own);
        arguments_text(arguments, commit->strays[i].whose);
        arguments_bytes(arguments, commit->strays[i].event.text, commit->strays[i].event.length);
    }
    put_list(arguments, "heard", commit->heard_count);
    for (size_t i = 0; i < commit->heard_count; i++) {
        arguments_text(arguments, commit->heard[i].name);
        arguments_number(arguments, (int64_t)commit->heard[i].shard);
    }
    put_list(arguments, "aside", commit->aside_count);
    for (size_t i = 0; i < commit->aside_count; i++) {
        arguments_text(arguments, commit->aside[i].entry);
        arguments_text(arguments, commit->aside[i].whose);
    }
    put_list(arguments, "leads", commit->lead_count);
    for (size_t i = 0; i < commit->lead_count; i++) {
        arguments_text(arguments, commit->leads[i].hash);
        arguments_text(arguments, commit->leads[i].from);
        arguments_text(arguments, commit->leads[i].to);
        arguments_number(arguments, commit->leads[i].expire_ms);
    }
    put_leaving(arguments, &commit->leaving);
    put_list(arguments, "parcel", commit->parcel.text != NULL);
    if (commit->parcel.text)
        arguments_bytes(arguments, commit->parcel.text, commit->parcel.length);
    put_texts(arguments, "elsewhere", commit->elsewhere, commit->elsewhere_count);
}

/* The lists that few commits have, each by its name, in any order. */
static void put_seldom(struct arguments *arguments, const struct commit *commit)
{
    put_words(arguments, commit);
    put_withdrawals(arguments, commit);
    put_postponed(arguments, commit);
    put_list(arguments, "full", commit->full_count);
    for (size_t i = 0; i < commit->full_count; i++) {
        arguments_text(arguments, commit->full[i].class_);
        arguments_number(arguments, commit->full[i].since_ms);
    }
    put_halts(arguments, commit);
    if (commit->dry) {
        put_list(arguments, "dry", 1);
        arguments_text(arguments, "1");
    }
    put_emits(arguments, commit);
    put_watches(arguments, commit);
    put_dead(arguments, commit);
    put_starts(arguments, commit);
    put_texts(arguments, "forgotten", commit->forgotten_starts, commit->forgotten_start_count);
    put_person(arguments, commit);
    put_clocks(arguments, commit);
    put_shards(arguments, commit);
}

static void put_commit(struct arguments *arguments, struct kinds *kinds,
                       const struct commit *commit)
{
    put_head(arguments, commit);
    put_usual(arguments, kinds, commit);
    put_seldom(arguments, commit);
    arguments_text(arguments, ""); /* their end */
}

struct arguments commit_arguments(struct arena *arena, const char *consumer,
                                  const struct commit_call *call)
{
    struct arguments arguments = arguments_begin(arena, 16 + 32 * call->count);
    arguments_text(&arguments, consumer);
    struct kinds kinds = {.arena = arena};
    arguments_text(&arguments, call->inbox);
    put_kinds(&arguments, call, &kinds);
    for (size_t i = 0; i < call->count; i++)
        put_commit(&arguments, &kinds, call->commits[i]);
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

/* mid, place, mid, place … */
static void read_places(struct arena *arena, const struct reply *items,
                        struct commit_result *result)
{
    struct commit_withdrawal *found = arena_zero(arena, (items->count + 1) * sizeof *found);
    for (size_t i = 0; i + 1 < items->count; i += 2) {
        const char *mid = reply_text(reply_item(items, i));
        const char *word = reply_text(reply_item(items, i + 1));
        size_t place = 0;
        while (word && place < CUSTOMER_PLACE_GONE && strcmp(places[place], word) != 0)
            place++;
        if (mid)
            found[result->place_count++] =
                (struct commit_withdrawal){.mid = mid, .place = (enum customer_place)place};
    }
    result->places = found;
}

static const struct slice *slices_of(struct arena *arena, const struct reply *list, size_t *count)
{
    struct slice *texts = arena_alloc(arena, (list->count + 1) * sizeof *texts);
    *count = list->count;
    for (size_t i = 0; i < list->count; i++)
        texts[i] = reply_slice(list, i);
    return texts;
}

/* "facts", then the name of each kind and a list of its items. */
static void read_facts(struct arena *arena, const struct reply *reply, struct commit_result *result)
{
    for (size_t i = 1; i + 1 < reply->count; i += 2) {
        const char *name = reply_text(reply_item(reply, i));
        const struct reply *items = reply_item(reply, i + 1);
        if (name && strcmp(name, "suppressed") == 0)
            result->suppressed = texts_of(arena, items, &result->suppressed_count);
        else if (name && strcmp(name, "suppressions") == 0)
            result->suppressions = texts_of(arena, items, &result->suppressions_count);
        else if (name && strcmp(name, "declined") == 0)
            result->declined = texts_of(arena, items, &result->declined_count);
        else if (name && strcmp(name, "noes") == 0)
            result->noes = texts_of(arena, items, &result->noes_count);
        else if (name && strcmp(name, "unknown") == 0)
            result->unknown = texts_of(arena, items, &result->unknown_count);
        else if (name && strcmp(name, "places") == 0)
            read_places(arena, items, result);
        else if (name && strcmp(name, "halts") == 0)
            result->halts = texts_of(arena, items, &result->halts_count);
        else if (name && strcmp(name, "codeless") == 0)
            result->codeless = texts_of(arena, items, &result->codeless_count);
        else if (name && strcmp(name, "braked") == 0)
            result->braked = texts_of(arena, items, &result->braked_count);
    }
}

/* "done", and behind it the mids that were begun at once, a space before each. */
static bool read_done(struct arena *arena, const char *text, struct commit_result *result)
{
    static const char word[] = "done";
    const size_t length = sizeof word - 1;
    const char **begun = arena_alloc(arena, (strlen(text) / 2 + 1) * sizeof *begun);
    if (strncmp(text, word, length) != 0)
        return false;
    for (const char *mid = text + length; *mid == ' ';) {
        const size_t size = strcspn(++mid, " ");
        begun[result->begun_count++] = arena_copy(arena, mid, size);
        mid += size;
    }
    result->outcome = COMMIT_DONE;
    result->begun = begun;
    return true;
}

/* "done" alone is an earlier run's; else lists of which few codes are left stand behind it, each
 * with how many, and what else it would have answered. */
static void read_low(struct arena *arena, const struct reply *reply, struct commit_result *result)
{
    const char **low = arena_alloc(arena, (reply->count + 1) * sizeof *low);
    result->outcome = COMMIT_DONE;
    result->ran_before = reply->count == 1;
    for (size_t i = 1; i + 1 < reply->count; i++)
        low[result->low_count++] = reply_item(reply, i)->text;
    result->low = low;
    if (reply->count > 1)
        read_done(arena, reply_item(reply, reply->count - 1)->text, result);
}

bool commit_read_result(struct arena *arena, const struct reply *reply,
                        struct commit_result *result)
{
    const char *outcome = reply_text(reply_item(reply, 0));
    const struct reply *first = reply_item(reply, 1);
    if (reply_text(reply))
        return read_done(arena, reply_text(reply), result);
    if (!outcome)
        return false;
    if (strcmp(outcome, "done") == 0) {
        read_low(arena, reply, result);
    } else if (strcmp(outcome, "stale") == 0) {
        result->outcome = COMMIT_STALE;
        result->document = reply_slice(reply, 1);
        result->records = slices_of(arena, reply_item(reply, 2), &result->record_count);
    } else if (strcmp(outcome, "moved") == 0) {
        result->outcome = COMMIT_MOVED;
        result->moved = reply_text(first);
    } else if (strcmp(outcome, "gone") == 0) {
        result->outcome = COMMIT_GONE;
        result->gone = texts_of(arena, first, &result->gone_count);
    } else if (strcmp(outcome, "broken") == 0) {
        result->outcome = COMMIT_BROKEN;
        result->broken = first->text;
        result->what = reply_item(reply, 2)->text;
    } else if (strcmp(outcome, "facts") == 0) {
        result->outcome = COMMIT_FACTS;
        read_facts(arena, reply, result);
    } else {
        return false;
    }
    return true;
}
