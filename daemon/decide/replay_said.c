#include "decide/replay_said.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "customer/said.h"

enum { RECORD_MOST = 64 * 1024, ARENA_BYTES = 4096 };

struct record {
    struct arena *arena;
    struct customer words; /* its list `said` alone */
    int64_t erased_ms;
    char *erasure; /* owned; NULL: none */
    char *text;    /* as it is printed; owned */
};

struct replay_said {
    struct map *records; /* by name */
};

struct replay_said *replay_said_new(void)
{
    struct replay_said *said = mem_zero(1, sizeof *said);
    said->records = map_new();
    return said;
}

void replay_said_clear(struct replay_said *said)
{
    size_t cursor = 0;
    void *value;
    if (!map_count(said->records))
        return;
    while (map_next(said->records, &cursor, NULL, NULL, &value)) {
        struct record *record = value;
        arena_destroy(&record->arena);
        free(record->erasure);
        free(record->text);
        free(record);
    }
    map_clear(said->records);
}

void replay_said_destroy(struct replay_said **said)
{
    if (!*said)
        return;
    replay_said_clear(*said);
    map_destroy(&(*said)->records);
    free(*said);
    *said = NULL;
}

static struct record *find(const struct replay_said *said, const char *name)
{
    return map_count(said->records) ? map_get(said->records, name, strlen(name)) : NULL;
}

struct slice replay_said_record(const struct replay_said *said, const char *name)
{
    const struct record *record = find(said, name);
    return record && record->text[0] ? slice_of(record->text) : (struct slice){0};
}

bool replay_said_declines(const struct replay_said *said, const char *name, const char *topic)
{
    const struct record *record = find(said, name);
    return record && said_declined(&record->words, topic);
}

void replay_said_each(const struct replay_said *said, void (*see)(void *context, const char *name),
                      void *context)
{
    const char *name;
    for (size_t cursor = 0; map_next(said->records, &cursor, &name, NULL, NULL);)
        see(context, name);
}

/* ---- What is kept ---- */

static bool is_all(const struct customer_said *word)
{
    return strcmp(word->topic, said_all) == 0;
}

static const struct customer_said *no_to_all(const struct customer *words)
{
    for (uint32_t i = 0; i < words->said.count; i++)
        if (is_all(&words->said.items[i]) && !words->said.items[i].yes)
            return &words->said.items[i];
    return NULL;
}

/* Kept are the noes, and each yes that stands over an older no to all. */
static void tidy(struct customer *words)
{
    const struct customer_said *found = no_to_all(words);
    int64_t all_ms = found ? found->at_ms : INT64_MIN;
    bool is_there = found != NULL;
    for (uint32_t i = words->said.count; i-- > 0;) {
        const struct customer_said *word = &words->said.items[i];
        bool outdone = is_there && !is_all(word) && word->at_ms <= all_ms;
        if (outdone || (word->yes && (is_all(word) || !is_there)))
            CUSTOMER_LIST_DROP(words->said, i);
    }
}

/* A yes to all ends every word before it. */
static void forget_before(struct customer *words, int64_t at_ms)
{
    for (uint32_t i = words->said.count; i-- > 0;)
        if (words->said.items[i].at_ms < at_ms)
            CUSTOMER_LIST_DROP(words->said, i);
}

static void forget_yeses(struct customer *words)
{
    for (uint32_t i = words->said.count; i-- > 0;)
        if (words->said.items[i].yes)
            CUSTOMER_LIST_DROP(words->said, i);
}

static void erase(struct record *record, const struct decision_said *said)
{
    forget_yeses(&record->words);
    if (record->erasure && record->erased_ms > said->at_ms)
        return;
    free(record->erasure);
    record->erasure = mem_text(said->topic);
    record->erased_ms = said->at_ms;
}

static void add(struct record *record, const struct decision_said *said)
{
    bool yes = said->word == DECISION_YES;
    const char *topic = arena_text(record->arena, said->topic);
    if (!said_add(record->arena, &record->words, topic, yes, said->at_ms))
        return;
    if (yes && strcmp(topic, said_all) == 0)
        forget_before(&record->words, said->at_ms);
    tidy(&record->words);
}

static void print(struct record *record)
{
    struct buf text;
    buf_init(&text, RECORD_MOST);
    if (record->erasure)
        buf_printf(&text, "!%" PRId64 "=%s\n", record->erased_ms, record->erasure);
    for (uint32_t i = 0; i < record->words.said.count; i++) {
        const struct customer_said *word = &record->words.said.items[i];
        buf_printf(&text, "%c%" PRId64 "%s%s\n", word->yes ? '+' : '-', word->at_ms,
                   is_all(word) ? "" : "=", is_all(word) ? "" : word->topic);
    }
    free(record->text);
    record->text = mem_text(buf_string(&text));
    buf_free(&text);
}

static struct record *need(struct replay_said *said, const char *name)
{
    struct record *record = find(said, name);
    if (record)
        return record;
    record = mem_zero(1, sizeof *record);
    record->arena = arena_new(ARENA_BYTES);
    map_put(said->records, name, strlen(name), record);
    return record;
}

void replay_said_learn(struct replay_said *said, const struct decision *decision)
{
    for (uint32_t i = 0; i < decision->said_count; i++) {
        const struct decision_said *word = &decision->said[i];
        struct record *record = need(said, word->name);
        if (word->word == DECISION_ERASED)
            erase(record, word);
        else
            add(record, word);
        print(record);
    }
}
