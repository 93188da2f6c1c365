/*
 * A daemon asks (halted_ask) with two commands: HGETALL of those that are paused, whose answer is
 * compared with the one before (tell), and the script that wakes. nudgectl asks in the same words,
 * one command after the other.
 */
#include "store/halted.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_call.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 1024, RECORD_MOST = 4096, ROUSE_MOST = 1000 };

static const char brake[] = "brake";

/* ---- Records ---- */

/* What somebody wrote by hand pauses it too. */
static struct halted_rule read_rule(struct arena *arena, const struct reply *name,
                                    const struct reply *record)
{
    struct halted_rule rule = {.name = arena_text(arena, name->text), .by = "somebody"};
    struct value value;
    struct diag diag;
    const char *text = arena_copy(arena, record->text, record->length);
    if (!json_read(arena, text, record->length, &json_file_limits, &value, &diag))
        return rule;
    const struct value *at = value_get(&value, "at"), *by = value_get(&value, "by");
    if (value_is(at, VALUE_INT))
        rule.at_ms = at->integer;
    if (value_is(by, VALUE_STRING) && by->length)
        rule.by = arena_copy(arena, by->string, by->length);
    return rule;
}

static int by_name(const void *one, const void *other)
{
    const struct halted_rule *a = one, *b = other;
    return strcmp(a->name, b->name);
}

/* Of the answer to HGETALL, by name. */
static struct halted_rule *read_rules(struct arena *arena, const struct reply *rows, size_t more,
                                      size_t *count)
{
    *count = rows->count / 2;
    struct halted_rule *rules = arena_zero(arena, (*count + more + 1) * sizeof *rules);
    for (size_t i = 0; i < *count; i++)
        rules[i] = read_rule(arena, reply_item(rows, 2 * i), reply_item(rows, 2 * i + 1));
    qsort(rules, *count, sizeof *rules, by_name);
    return rules;
}

/* ---- For a daemon ---- */

struct halted {
    struct scripts *scripts;
    struct connection_owner owner;
    struct arena *arena; /* of the rules */
    struct halted_rule *rules;
    size_t count;
};

struct halted *halted_new(struct scripts *scripts)
{
    struct halted *halted = mem_zero(1, sizeof *halted);
    halted->scripts = scripts;
    halted->arena = arena_new(FIRST_CHUNK);
    return halted;
}

void halted_destroy(struct halted **halted)
{
    struct halted *ended = *halted;
    if (!ended)
        return;
    *halted = NULL;
    connection_silence(&ended->owner);
    arena_destroy(&ended->arena);
    free(ended);
}

const struct halted_rule *halted_rules(const struct halted *halted, size_t *count)
{
    *count = halted->count;
    return halted->rules;
}

static bool has(const struct halted_rule *rules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0)
            return true;
    return false;
}

/* What was not so before. */
static void tell(const struct halted *before, const struct halted_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has(before->rules, before->count, rules[i].name))
            continue;
        if (strcmp(rules[i].by, brake) == 0)
            log_with(LOG_LEVEL_ERROR,
                     LOG_FIELDS(LOG_ID(LOG_ID_BRAKE), LOG_TEXT("rule", rules[i].name)),
                     "policy.brake has paused a rule: its sends wait for `nudgectl rule resume`");
        else
            log_with(LOG_LEVEL_WARNING,
                     LOG_FIELDS(LOG_TEXT("rule", rules[i].name), LOG_TEXT("by", rules[i].by)),
                     "a rule is paused");
    }
    for (size_t i = 0; i < before->count; i++)
        if (!has(rules, count, before->rules[i].name))
            log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_TEXT("rule", before->rules[i].name)),
                     "a rule goes on");
}

static void on_rules(void *context, const struct reply *reply, const struct diag *fault)
{
    struct halted *halted = context;
    size_t count;
    (void)fault;
    if (!reply || reply->kind != REPLY_LIST)
        return;
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct halted_rule *rules = read_rules(arena, reply, 0, &count);
    tell(halted, rules, count);
    metrics_set(METRIC_RULES_PAUSED, (int64_t)count);
    arena_destroy(&halted->arena);
    halted->arena = arena;
    halted->rules = rules;
    halted->count = count;
}

void halted_ask(struct halted *halted)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    connection_command(scripts_connection(halted->scripts), &halted->owner, on_rules, halted,
                       "HGETALL",
                       keys_spell(arena, scripts_prefix(halted->scripts), KEY_HALTED, NULL), NULL);
    struct arguments arguments = arguments_begin(arena, 1);
    arguments_number(&arguments, ROUSE_MOST);
    const struct connection_request request =
        arguments_request(&arguments, &halted->owner, NULL, NULL);
    scripts_run(halted->scripts, SCRIPT_ROUSE, &request);
    arena_destroy(&arena);
}

/* ---- For nudgectl ---- */

static bool read_done(const struct reply *reply, bool *done, struct diag *diag)
{
    int64_t count;
    if (!reply || !(reply_number(reply, &count) || reply_fault(reply, diag)))
        return false;
    *done = count > 0;
    return true;
}

static const char *record_of(struct arena *arena, int64_t at_ms, const char *by)
{
    struct buf out;
    buf_init(&out, RECORD_MOST);
    buf_printf(&out, "{\"at\":%" PRId64 ",\"by\":", at_ms);
    json_print_string(&out, by, strlen(by));
    buf_text(&out, "}");
    const char *record = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return record;
}

bool halted_set(struct session *session, const char *prefix, const char *rule, const char *by,
                bool *done, struct diag *diag)
{
    int64_t seconds;
    const struct reply *time = session_command(session, diag, "TIME", NULL);
    if (!time || !reply_number(reply_item(time, 0), &seconds))
        return false;
    struct arena *arena = arena_new(FIRST_CHUNK);
    const bool good = read_done(session_command(session, diag, "HSETNX",
                                                keys_spell(arena, prefix, KEY_HALTED, NULL), rule,
                                                record_of(arena, seconds * 1000, by), NULL),
                                done, diag);
    arena_destroy(&arena);
    return good;
}

bool halted_clear(struct session *session, const char *prefix, const char *rule, bool *done,
                  struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    const bool good =
        session_command(session, diag, "DEL", keys_spell(arena, prefix, KEY_BRAKE, rule, NULL),
                        NULL) &&
        read_done(session_command(session, diag, "HDEL",
                                  keys_spell(arena, prefix, KEY_HALTED, NULL), rule, NULL),
                  done, diag);
    arena_destroy(&arena);
    return good;
}

bool halted_rouse(struct session *session, const char *prefix, int64_t *woken, struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = script_call_begin(arena, SCRIPT_ROUSE, prefix, 1);
    arguments_number(&arguments, ROUSE_MOST);
    const struct reply *reply = script_call(session, &arguments, diag);
    const bool good = reply && (reply_number(reply, woken) || reply_fault(reply, diag));
    arena_destroy(&arena);
    return good;
}

static bool count_waiting(struct session *session, const char *prefix, struct halted_rule *rule,
                          struct arena *arena, struct diag *diag)
{
    const struct reply *reply = session_command(
        session, diag, "ZCARD", keys_spell(arena, prefix, KEY_HALT, rule->name, NULL), NULL);
    return reply && (reply_number(reply, &rule->waiting) || reply_fault(reply, diag));
}

bool halted_list(struct session *session, const char *prefix, struct arena *arena,
                 struct halted_rule **rules, size_t *count, struct diag *diag)
{
    const struct reply *rows = session_command(session, diag, "HGETALL",
                                               keys_spell(arena, prefix, KEY_HALTED, NULL), NULL);
    if (!rows)
        return false;
    *rules = read_rules(arena, rows, 0, count);
    for (size_t i = 0; i < *count; i++)
        if (!count_waiting(session, prefix, &(*rules)[i], arena, diag))
            return false;
    return true;
}
