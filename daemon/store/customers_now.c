#include "store/customers_now.h"

#include "store/keys.h"
#include "store/script_call.h"

/* The texts of a list of so many; NULL where it is none. */
static struct slice *texts_of(struct arena *arena, const struct reply *list, size_t count)
{
    if (list->kind != REPLY_LIST || list->count != count)
        return NULL;
    struct slice *texts = arena_zero(arena, sizeof *texts * (count + 1));
    for (size_t i = 0; i < count; i++)
        texts[i] = slice_copy(arena, reply_slice(list, i));
    return texts;
}

static const struct slice *ask(struct session *session, const struct arguments *arguments,
                               size_t count, struct arena *arena, struct diag *diag)
{
    const struct reply *reply =
        session_call(session, arguments->argc, arguments->argv, arguments->lengths, diag);
    const struct slice *texts = reply ? texts_of(arena, reply, count) : NULL;
    if (reply && !texts)
        reply_fault(reply, diag);
    return texts;
}

bool customers_now_time(struct session *session, int64_t *now_ms, struct diag *diag)
{
    int64_t seconds, micros;
    const struct reply *time = session_command(session, diag, "TIME", NULL);
    if (!time)
        return false;
    if (!reply_number(reply_item(time, 0), &seconds) || !reply_number(reply_item(time, 1), &micros))
        return reply_fault(time, diag);
    *now_ms = seconds * 1000 + micros / 1000;
    return true;
}

static const struct slice *read_records(struct session *session, const char *prefix,
                                        const struct customers_query *query, struct arena *arena,
                                        struct diag *diag)
{
    struct arguments arguments = arguments_begin(arena, query->count + 2);
    arguments_text(&arguments, "HMGET");
    arguments_text(&arguments, keys_spell(arena, prefix, KEY_SAID, NULL));
    for (size_t i = 0; i < query->count; i++)
        arguments_text(&arguments, query->names[i]);
    return ask(session, &arguments, query->count, arena, diag);
}

bool customers_now_read(struct session *session, const char *prefix,
                        const struct customers_query *query, struct arena *arena,
                        struct customers_found *found, struct diag *diag)
{
    size_t all = query->count + query->hash_count;
    struct arguments arguments = arguments_begin(arena, all + 1);
    arguments_text(&arguments, "MGET");
    for (size_t i = 0; i < query->count; i++)
        arguments_text(&arguments, keys_spell(arena, prefix, KEY_CUSTOMER, query->keys[i], NULL));
    for (size_t i = 0; i < query->hash_count; i++)
        arguments_text(&arguments, keys_spell(arena, prefix, KEY_TO, query->hashes[i], NULL));
    *found = (struct customers_found){0};
    if (!customers_now_time(session, &found->now_ms, diag))
        return false;
    if (all == 0)
        return true;
    if (query->count)
        found->records = read_records(session, prefix, query, arena, diag);
    if (query->count && !found->records)
        return false;
    found->documents = ask(session, &arguments, all, arena, diag);
    found->targets = found->documents ? found->documents + query->count : NULL;
    return found->documents != NULL;
}

bool customers_now_watches(struct session *session, const char *prefix, const char *key,
                           struct arena *arena, struct slice **watches, size_t *count,
                           struct diag *diag)
{
    const struct reply *list = session_command(
        session, diag, "HGETALL", keys_spell(arena, prefix, KEY_WATCHING, key, NULL), NULL);
    *count = list ? list->count : 0;
    *watches = list ? texts_of(arena, list, list->count) : NULL;
    return list && (*watches || reply_fault(list, diag));
}

bool customers_now_starts(struct session *session, const char *prefix, const char *key,
                          struct arena *arena, struct slice **starts, size_t *count,
                          struct diag *diag)
{
    const struct reply *list = session_command(
        session, diag, "LRANGE", keys_spell(arena, prefix, KEY_STARTS, key, NULL), "0", "-1", NULL);
    *count = list ? list->count : 0;
    *starts = list ? texts_of(arena, list, list->count) : NULL;
    return list && (*starts || reply_fault(list, diag));
}

bool customers_now_commit(struct session *session, const char *prefix, const struct commit *commit,
                          struct arena *arena, struct commit_result *result, struct diag *diag)
{
    const struct commit *const commits[] = {commit};
    const struct commit_call call = {.commits = commits, .count = 1};
    const struct arguments asked = commit_arguments(arena, "", &call);
    struct arguments arguments = script_call_begin(arena, SCRIPT_COMMIT, prefix, asked.argc);
    for (size_t i = 0; i < asked.argc; i++)
        arguments_bytes(&arguments, asked.argv[i], asked.lengths[i]);
    const struct reply *reply = script_call(session, &arguments, diag);
    *result = (struct commit_result){.outcome = COMMIT_FAILED};
    const struct reply *answer = reply ? reply_copy(arena, reply) : NULL;
    if (answer && answer->kind == REPLY_LIST)
        answer = reply_item(answer, 0);
    return answer && (commit_read_result(arena, answer, result) || reply_fault(answer, diag));
}
