/*
 * A lease's renewal tells Redis of the daemon's set (rule_sets_ask), and its answer brings the
 * set's number and which other sets live (rule_sets_learn). Then the entries of the set are written
 * where nobody has yet, and those of the others read that are new here.
 *
 * After a change (rule_sets_use) `now` has become `before`, for what is still decided by that, and
 * `reloaded` stands until Redis has heard of it.
 */
#include "store/rule_sets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/keys.h"

/* A set that is this daemon's, or was. */
struct own {
    char digest[RULE_SETS_DIGEST_SIZE];
    int64_t number; /* 0: Redis has not given it one */
};

struct rule_sets {
    struct scripts *scripts;
    struct connection_owner owner;
    struct own now, before;
    bool reloaded; /* `now` came by a reload, and Redis does not know it yet */
    char asked[RULE_SETS_DIGEST_SIZE];
    char *entries; /* of `now` */
    size_t length;
    struct rule_sets_other *others;
    size_t count;
    int64_t last; /* the greatest number that was given */
};

struct rule_sets *rule_sets_new(struct scripts *scripts)
{
    struct rule_sets *sets = mem_zero(1, sizeof *sets);
    sets->scripts = scripts;
    return sets;
}

static void free_others(struct rule_sets_other *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)others[i].entries.text);
    free(others);
}

void rule_sets_destroy(struct rule_sets **sets)
{
    struct rule_sets *ended = *sets;
    if (!ended)
        return;
    *sets = NULL;
    connection_silence(&ended->owner);
    free_others(ended->others, ended->count);
    free(ended->entries);
    free(ended);
}

static char *copy_bytes(struct slice bytes)
{
    char *copy = mem_alloc(bytes.length + 1);
    if (bytes.length)
        memcpy(copy, bytes.text, bytes.length);
    return copy;
}

/* ---- This daemon's ---- */

static void copy_digest(char to[RULE_SETS_DIGEST_SIZE], const char *digest)
{
    snprintf(to, RULE_SETS_DIGEST_SIZE, "%s", digest);
}

void rule_sets_use(struct rule_sets *sets, const char *digest, struct slice entries)
{
    if (strcmp(sets->now.digest, digest) == 0)
        return;
    sets->reloaded = sets->now.digest[0] != '\0';
    sets->before = sets->now;
    sets->now.number = 0;
    copy_digest(sets->now.digest, digest);
    free(sets->entries);
    sets->entries = copy_bytes(entries);
    sets->length = entries.length;
}

static int64_t newest(const struct rule_sets *sets)
{
    int64_t newest = sets->before.number;
    for (size_t i = 0; i < sets->count; i++)
        if (sets->others[i].number > newest)
            newest = sets->others[i].number;
    return newest;
}

int64_t rule_sets_number(const struct rule_sets *sets, const char *digest)
{
    if (strcmp(digest, sets->now.digest) == 0)
        return sets->now.number ? sets->now.number : newest(sets) + 1;
    return strcmp(digest, sets->before.digest) == 0 ? sets->before.number : 0;
}

static void publish(struct rule_sets *sets)
{
    struct arena *arena = arena_new(256);
    struct arguments arguments = arguments_begin(arena, 5);
    arguments_text(&arguments, "SET");
    arguments_text(&arguments, keys_spell(arena, scripts_prefix(sets->scripts), KEY_SET,
                                          sets->now.digest, NULL));
    arguments_bytes(&arguments, sets->entries, sets->length);
    arguments_text(&arguments, "PX");
    arguments_number(&arguments, RULE_SETS_KEEP_MS);
    struct connection_request request = arguments_request(&arguments, &sets->owner, NULL, NULL);
    connection_send(scripts_connection(sets->scripts), &request);
    arena_destroy(&arena);
}

/* ---- Others' ---- */

const struct rule_sets_other *rule_sets_others(const struct rule_sets *sets, size_t *count)
{
    *count = sets->count;
    return sets->others;
}

int64_t rule_sets_last(const struct rule_sets *sets)
{
    return sets->last;
}

static struct rule_sets_other *find(const struct rule_sets *sets, const char *digest)
{
    for (size_t i = 0; i < sets->count; i++)
        if (strcmp(sets->others[i].digest, digest) == 0)
            return &sets->others[i];
    return NULL;
}

struct read_call {
    struct rule_sets *sets;
    char digest[RULE_SETS_DIGEST_SIZE];
};

/* What is not there yet, or is none, is asked for again after the next renewal. */
static void on_entries(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct read_call *call = context;
    struct rule_sets_other *other = find(call->sets, call->digest);
    (void)fault;
    if (!other)
        return;
    other->asked = false;
    if (reply && reply->kind == REPLY_TEXT && !other->entries.text)
        other->entries = (struct slice){
            .text = copy_bytes((struct slice){reply->text, reply->length}),
            .length = reply->length,
        };
}

static void read_entries(struct rule_sets *sets, struct rule_sets_other *other)
{
    struct read_call *call = mem_alloc(sizeof *call);
    struct arena *arena = arena_new(256);
    struct arguments arguments = arguments_begin(arena, 2);
    call->sets = sets;
    copy_digest(call->digest, other->digest);
    other->asked = true;
    arguments_text(&arguments, "GET");
    arguments_text(&arguments,
                   keys_spell(arena, scripts_prefix(sets->scripts), KEY_SET, other->digest, NULL));
    struct connection_request request =
        arguments_request(&arguments, &sets->owner, on_entries, call);
    request.release = free;
    connection_send(scripts_connection(sets->scripts), &request);
    arena_destroy(&arena);
}

/* Those that were known keep their entries. */
static void note_others(struct rule_sets *sets, const struct reply *rows)
{
    size_t count = 0, old_count = sets->count;
    struct rule_sets_other *old = sets->others;
    struct rule_sets_other *others = mem_zero(rows->count / 2 + 1, sizeof *others);
    for (size_t i = 0; i + 1 < rows->count; i += 2) {
        const char *digest = reply_text(reply_item(rows, i));
        struct rule_sets_other *known = digest ? find(sets, digest) : NULL;
        if (!digest)
            continue;
        if (strcmp(digest, "last") == 0) {
            reply_number(reply_item(rows, i + 1), &sets->last);
            continue;
        }
        if (known) {
            others[count] = *known;
            known->entries = (struct slice){0};
        }
        copy_digest(others[count].digest, digest);
        reply_number(reply_item(rows, i + 1), &others[count++].number);
    }
    sets->others = others;
    sets->count = count;
    free_others(old, old_count);
}

/* ---- What is asked and answered ---- */

void rule_sets_ask(struct rule_sets *sets, struct arguments *arguments)
{
    memcpy(sets->asked, sets->now.digest, sizeof sets->asked);
    arguments_text(arguments, sets->asked);
    arguments_number(arguments, sets->now.number);
    arguments_number(arguments, sets->reloaded);
}

bool rule_sets_settled(const struct rule_sets *sets)
{
    return strcmp(sets->asked, sets->now.digest) == 0;
}

void rule_sets_learn(struct rule_sets *sets, const struct reply *number,
                     const struct reply *missing, const struct reply *others)
{
    bool ours = rule_sets_settled(sets);
    int64_t given;
    if (!ours && strcmp(sets->asked, sets->before.digest) != 0)
        return;
    if (reply_number(number, &given) && given > 0)
        (ours ? &sets->now : &sets->before)->number = given;
    if (ours)
        sets->reloaded = false;
    if (ours && missing->integer && sets->length <= RULE_SETS_ENTRIES_MOST)
        publish(sets);
    if (others->kind != REPLY_LIST)
        return;
    note_others(sets, others);
    for (size_t i = 0; i < sets->count; i++)
        if (!sets->others[i].entries.text && !sets->others[i].asked)
            read_entries(sets, &sets->others[i]);
}
