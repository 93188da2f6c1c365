#include "rules/lookups.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

static const char to_be_read[] = "lookup(): the entry is not read yet";

void lookups_begin(struct lookups *lookups)
{
    lookups->asked_count = 0;
    lookups->ahead = lookups->guess = false;
}

/* A number as the shop writes it: 7 and "7" are one. NULL where it can be no key. */
static const char *key_text(struct arena *arena, const struct value *key)
{
    int64_t number;
    if (value_is(key, VALUE_STRING) && !memchr(key->string, '\0', key->length) &&
        key->length <= LOOKUPS_KEY_MOST)
        return value_to_text(arena, key);
    if (value_to_int(key, &number))
        return arena_printf(arena, "%" PRId64, number);
    return key->kind == VALUE_DOUBLE ? json_print_slice(arena, key, LOOKUPS_KEY_MOST).text : NULL;
}

static bool is_same(const struct lookups_question *a, const struct lookups_question *b)
{
    return strcmp(a->key, b->key) == 0 && strcmp(a->table, b->table) == 0;
}

static bool has(const struct lookups_question *list, uint32_t count,
                const struct lookups_question *question)
{
    for (uint32_t i = 0; i < count; i++)
        if (is_same(&list[i], question))
            return true;
    return false;
}

/* False where this event, or this journey, has asked for too many. */
static bool count_in(struct lookups *lookups, const struct lookups_question *question)
{
    if (lookups->ahead || has(lookups->asked, lookups->asked_count, question))
        return true;
    if (lookups->asked_count == LOOKUPS_MOST)
        return false;
    lookups->asked[lookups->asked_count++] = *question;
    return true;
}

static void note(struct lookups *lookups, const struct lookups_question *question)
{
    lookups->needed |= !lookups->ahead;
    if (has(lookups->questions, lookups->question_count, question))
        return;
    lookups->questions = arena_grow(lookups->arena, lookups->questions, lookups->question_count,
                                    &lookups->question_capacity, sizeof *lookups->questions);
    lookups->questions[lookups->question_count++] = *question;
}

static const struct lookups_answer *find(const struct lookups *lookups,
                                         const struct lookups_question *question)
{
    for (size_t i = 0; i < lookups->known_count; i++) {
        const struct lookups_answer *known = &lookups->known[i];
        if (strcmp(known->key, question->key) == 0 && strcmp(known->table, question->table) == 0)
            return known;
    }
    return NULL;
}

/* Of the tables that are all there are. */
static struct lookups_answer of_tables(const struct value *tables,
                                       const struct lookups_question *question)
{
    const struct value *table = value_get(tables, question->table);
    const struct value *found = value_is(table, VALUE_MAP) ? value_get(table, question->key) : NULL;
    return (struct lookups_answer){.state = found ? LOOKUPS_FOUND : LOOKUPS_MISSING,
                                   .value = found ? *found : value_null()};
}

static bool give(const struct lookups_answer *answer, const struct lookups_question *question,
                 const struct value *fallback, struct arena *arena, struct value *result,
                 const char **fault)
{
    switch (answer->state) {
    case LOOKUPS_FOUND:
        *result = answer->value;
        return true;
    case LOOKUPS_MISSING:
        if (fallback)
            *result = *fallback;
        else
            *fault = arena_printf(arena, "lookup(): `%s` has no entry `%s`", question->table,
                                  question->key);
        return fallback != NULL;
    case LOOKUPS_BROKEN:
        *fault = arena_printf(arena, "lookup(): %s", answer->fault);
        break;
    }
    return false;
}

bool lookups_ask(struct lookups *lookups, const struct value *table, const struct value *key,
                 const struct value *fallback, struct arena *arena, struct value *result,
                 const char **fault)
{
    if (!lookups) {
        *fault = "lookup(): no table is known here";
        return false;
    }
    /* A question outlives the evaluation that asks it. */
    const struct lookups_question question = {.table = value_to_text(lookups->arena, table),
                                              .key = key_text(lookups->arena, key)};
    if (!question.key) {
        *fault = "lookup(): the key must be a text of at most 1 KiB, or a number";
        return false;
    }
    if (!count_in(lookups, &question)) {
        *fault = "lookup(): too-many-lookups: there may be 16 in a decision";
        return false;
    }
    if (lookups->tables) {
        const struct lookups_answer answer = of_tables(lookups->tables, &question);
        return give(&answer, &question, fallback, arena, result, fault);
    }
    const struct lookups_answer *answer = find(lookups, &question);
    if (answer)
        return give(answer, &question, fallback, arena, result, fault);
    if (lookups->last) {
        *fault = "lookup(): too-many-lookups: they are read in two rounds, and this one would be "
                 "of a third";
        return false;
    }
    note(lookups, &question);
    *result = fallback ? *fallback : value_null();
    *fault = to_be_read;
    return lookups->guess;
}

struct lookups_answer lookups_read(struct arena *arena, const struct lookups_question *question,
                                   struct slice text)
{
    struct lookups_answer answer = {
        .table = question->table, .key = question->key, .state = LOOKUPS_BROKEN};
    struct diag diag;
    if (!text.text) {
        answer.state = LOOKUPS_MISSING;
    } else if (text.length > LOOKUPS_VALUE_MOST) {
        answer.fault = arena_printf(arena, "`%s` of `%s` has more than %d bytes", question->key,
                                    question->table, LOOKUPS_VALUE_MOST);
    } else if (!utf8_valid(text.text, text.length)) {
        answer.fault =
            arena_printf(arena, "`%s` of `%s` is no UTF-8", question->key, question->table);
    } else {
        const struct slice kept = slice_copy(arena, text);
        answer.state = LOOKUPS_FOUND;
        if (!json_read(arena, kept.text, kept.length, &json_event_limits, &answer.value, &diag))
            answer.value = (struct value){
                .kind = VALUE_STRING, .string = kept.text, .length = (uint32_t)kept.length};
    }
    return answer;
}
