/*
 * at_once_decide is events/pipeline's life of an event in a straight line: a round reads what is
 * known (read_names), then it is decided until a commit is taken (settle), with what each refusal
 * taught; where a key had come to lead elsewhere another round begins.
 */
#include "events/at_once.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "events/judging.h"
#include "events/names.h"
#include "store/customers_now.h"
#include "store/keys.h"

enum { TRIES_MOST = 50, SOURCE_BYTES = 8 };

enum answer { ANSWER_DONE, ANSWER_AGAIN, ANSWER_MOVED, ANSWER_FAILED };

struct deed {
    const struct at_once *asked;
    struct arena *arena, *round;
    struct names *names;
    struct work work;
    struct judging judging;
    struct placement placement;
    struct placement_home home;
    int64_t sequence;
    struct diag *diag;
};

/* ---- Reading ---- */

static const char *prefix_of(const struct deed *deed)
{
    return deed->asked->prefix;
}

static bool read_names(struct deed *deed)
{
    struct customers_query query;
    struct customers_found found;
    arena_reset(deed->round);
    names_forget(deed->names);
    while (names_ask(deed->names, deed->round, &query)) {
        if (!customers_now_read(deed->asked->session, prefix_of(deed), &query, deed->round, &found,
                                deed->diag))
            return false;
        deed->judging.now_ms = deed->asked->now_ms ? deed->asked->now_ms : found.now_ms;
        names_learn(deed->names, deed->arena, deed->round, &found);
    }
    deed->judging.epoch = deed->judging.now_ms; /* with a sequence of its own: no daemon's */
    return true;
}

/* The start of that origin among the texts "<origin> <event>"; null: it is not there. */
static struct value find_start(struct deed *deed, const struct slice *texts, size_t count,
                               const char *origin)
{
    size_t length = strlen(origin);
    struct value event;
    struct diag diag;
    for (size_t i = 0; i < count; i++)
        if (texts[i].text && texts[i].length > length &&
            memcmp(texts[i].text, origin, length) == 0 && texts[i].text[length] == ' ' &&
            json_read(deed->round, texts[i].text + length + 1, texts[i].length - length - 1,
                      &json_file_limits, &event, &diag))
            return event;
    return value_null();
}

static void add_start(struct deed *deed, const char *origin, struct value event)
{
    struct work *work = &deed->work;
    work->starts = arena_grow(deed->round, work->starts, work->start_count, &work->start_capacity,
                              sizeof *work->starts);
    work->starts[work->start_count++] = (struct decide_start){.origin = origin, .event = event};
}

static void add_starts(struct deed *deed, const struct slice *texts, size_t count, bool last)
{
    const struct decision *decision = &deed->work.decision;
    for (uint32_t i = 0; i < decision->need_count; i++) {
        struct value event = find_start(deed, texts, count, decision->needs[i]);
        if (last || event.kind != VALUE_NULL)
            add_start(deed, decision->needs[i], event);
    }
}

/* Of the customer, of who is joined, and of what is brought. */
static bool read_needs(struct deed *deed)
{
    const struct work *work = &deed->work;
    struct slice *texts;
    size_t count;
    for (size_t i = 0; i <= work->joined_count; i++) {
        const char *key = i ? work->joined[i - 1]->key : work->key;
        if (!customers_now_starts(deed->asked->session, prefix_of(deed), key, deed->round, &texts,
                                  &count, deed->diag))
            return false;
        add_starts(deed, texts, count, i == work->joined_count);
    }
    return true;
}

/* One entry of a table that a lookup() asks for. */
static bool read_entry(struct deed *deed, const struct lookups_question *question,
                       struct lookups_answer *answer)
{
    const char *table = keys_spell(deed->round, prefix_of(deed), KEY_TABLE, question->table, NULL);
    struct diag diag = {0};
    const struct reply *entry =
        session_command(deed->asked->session, &diag, "HGET", table, question->key, NULL);
    if (!entry && strcmp(diag.code, "redis-wrongtype") != 0) {
        *deed->diag = diag;
        return false;
    }
    *answer =
        lookups_read(deed->round, question,
                     entry ? (struct slice){reply_text(entry), entry->length} : (struct slice){0});
    if (!entry) {
        answer->state = LOOKUPS_BROKEN;
        answer->fault = arena_printf(deed->round, "%s is not a hash", table);
    }
    return true;
}

/* As events/needs, over the session. */
static bool read_tables(struct deed *deed)
{
    struct work *work = &deed->work;
    for (uint32_t i = 0; i < work->decision.lookup_count; i++) {
        struct lookups_answer answer;
        if (!read_entry(deed, &work->decision.lookups[i], &answer))
            return false;
        work->lookups = arena_grow(deed->round, work->lookups, work->lookup_count,
                                   &work->lookup_capacity, sizeof *work->lookups);
        work->lookups[work->lookup_count++] = answer;
    }
    work->lookup_rounds += work->decision.lookup_count > 0;
    return true;
}

/* ---- Deciding ---- */

static enum answer fail(struct deed *deed, const char *why)
{
    diag_error(deed->diag, "%s", why);
    return ANSWER_FAILED;
}

static enum answer answer_of(struct deed *deed, const struct commit_result *result)
{
    switch (result->outcome) {
    case COMMIT_DONE:
        return ANSWER_DONE;
    case COMMIT_MOVED:
        return ANSWER_MOVED;
    case COMMIT_STALE:
    case COMMIT_FACTS:
        work_learn(deed->round, &deed->work, result);
        if (result->outcome == COMMIT_STALE)
            judging_learn(&deed->work);
        return ANSWER_AGAIN;
    case COMMIT_BROKEN:
        diag_error(deed->diag, "%s %s", result->broken, result->what);
        return ANSWER_FAILED;
    case COMMIT_GONE:
    case COMMIT_FAILED:
        break;
    }
    return fail(deed, "the commit was refused");
}

static enum answer try(struct deed *deed)
{
    struct work *work = &deed->work;
    struct commit commit;
    struct commit_result result;
    if (!judging_decide(&deed->judging, work, &commit)) {
        return read_tables(deed) && read_needs(deed) ? ANSWER_AGAIN : ANSWER_FAILED;
    }
    if (work->given_up)
        return fail(deed, "the customer's document cannot be read, and was let be");
    if (commit.aside_count)
        return ANSWER_MOVED;
    commit.id_count = 0; /* it is no entry */
    commit.dry = deed->asked->on_tried != NULL;
    if (!customers_now_commit(deed->asked->session, prefix_of(deed), &commit, deed->round, &result,
                              deed->diag))
        return ANSWER_FAILED;
    return answer_of(deed, &result);
}

static enum answer settle(struct deed *deed)
{
    enum answer answer = ANSWER_AGAIN;
    if (!read_names(deed))
        return ANSWER_FAILED;
    work_begin_round(&deed->work);
    for (size_t i = 0; i < deed->asked->start_count; i++)
        add_start(deed, deed->asked->starts[i].origin, deed->asked->starts[i].event);
    for (int i = 0; i < TRIES_MOST && answer == ANSWER_AGAIN; i++)
        answer = try(deed);
    return answer == ANSWER_AGAIN ? fail(deed, "something had always changed") : answer;
}

/* ---- What was done ---- */

static void tell(const struct deed *deed, struct at_once_done *done)
{
    const struct work *work = &deed->work;
    const struct decision *decision = &work->decision;
    const struct person *person = work->person;
    uint32_t count = 0;
    *done = (struct at_once_done){.key = arena_text(deed->arena, work->key)};
    done->erased = arena_zero(deed->arena, sizeof *done->erased *
                                               (decision->erased_count + person->taken_count + 1));
    for (uint32_t i = 0; i < decision->erased_count; i++)
        done->erased[count++] = arena_text(deed->arena, decision->erased[i]);
    for (uint32_t i = 0; i < person->taken_count && decision->erased_count; i++)
        done->erased[count++] = arena_text(deed->arena, person->taken[i]->text);
    for (uint32_t i = 0; i < decision->withdrawn_count; i++)
        done->withdrawn[decision->withdrawn[i].place]++;
}

/* Who writes documents must not meet a program that cannot read them. */
static bool is_of_today(struct deed *deed)
{
    int64_t format = KEYS_FORMAT;
    const char *meta = keys_spell(deed->arena, prefix_of(deed), KEY_META, NULL);
    const struct reply *reply =
        session_command(deed->asked->session, deed->diag, "HGET", meta, "format", NULL);
    if (!reply)
        return false;
    if (!reply_number(reply, &format) || format == KEYS_FORMAT)
        return true;
    diag_error(deed->diag,
               "what stands in Redis has the format %" PRId64 ", and this program's is %d", format,
               KEYS_FORMAT);
    diag_hint(deed->diag, "a daemon of this release takes it over at its start");
    return false;
}

static bool decide_all(struct deed *deed)
{
    enum answer answer = ANSWER_MOVED;
    if (!is_of_today(deed))
        return false;
    for (int i = 0; i < TRIES_MOST && answer == ANSWER_MOVED; i++)
        answer = settle(deed);
    if (answer == ANSWER_MOVED)
        fail(deed, "the customer's keys had always changed");
    return answer == ANSWER_DONE;
}

bool at_once_decide(const struct at_once *at_once, struct arena *arena, struct at_once_done *done,
                    struct diag *diag)
{
    struct deed deed = {.asked = at_once,
                        .arena = arena,
                        .round = arena_new(256 * 1024),
                        .names = names_new(),
                        .placement = config_placement(at_once->config),
                        .diag = diag,
                        .work = {.key = at_once->event->key, .brought = at_once->brought}};
    uint32_t random;
    digest_random(&random, sizeof random);
    deed.sequence = random;
    deed.home = (struct placement_home){&deed.placement, at_once->shard};
    deed.judging = (struct judging){.generation = at_once->generation,
                                    .names = deed.names,
                                    .home = &deed.home,
                                    .key_paths = at_once->config->customer_keys,
                                    .round = deed.round,
                                    .rooms = at_once->rooms,
                                    .keep_ms = at_once->config->keys.customer.keep_ms,
                                    .sequence = &deed.sequence};
    names_begin(deed.names, &at_once->generation->policy, at_once->config->customer_keys,
                &deed.home);
    names_add_event(deed.names, arena, &deed.work, at_once->event);
    work_add_event(arena, &deed.work, at_once->event, 0);
    bool good = decide_all(&deed);
    if (good && at_once->on_tried)
        at_once->on_tried(at_once->context, deed.work.key, &deed.work.decision);
    else if (good)
        tell(&deed, done);
    names_destroy(&deed.names);
    arena_destroy(&deed.round);
    return good;
}

struct shop_event *at_once_event(struct arena *arena, const char *type,
                                 const struct customer_key *keys, uint32_t key_count,
                                 int64_t now_ms)
{
    struct shop_event *event = arena_zero(arena, sizeof *event);
    unsigned char random[SOURCE_BYTES];
    char *id = arena_alloc(arena, 2 * SOURCE_BYTES + 1);
    digest_random(random, sizeof random);
    digest_hex(random, sizeof random, id);
    event->entry = "0-0";
    event->type = type;
    event->id = id;
    event->source = AT_ONCE_SOURCE;
    event->key = keys[0].text;
    event->keys = arena_alloc(arena, sizeof *keys * key_count);
    memcpy(event->keys, keys, sizeof *keys * key_count);
    event->key_count = key_count;
    event->time_ms = event->arrival_ms = now_ms;
    event->data = value_new_map(arena, 0);
    shop_event_complete(arena, event);
    return event;
}
