/*
 * A daemon asks (halted_ask) with two commands: HGETALL of those that are paused, whose answer is
 * compared with the one before (tell), and the script that wakes. nudgectl asks in the same words,
 * one command after the other.
 */
#include "store/halted.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_call.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 1024, ROUSE_MOST = 1000 };

static const char brake[] = "brake";

/* Somebody has paused each. */
static void name_all(struct paused *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!rules[i].by)
            rules[i].by = "somebody";
}

/* ---- For a daemon ---- */

struct halted {
    struct scripts *scripts;
    struct connection_owner owner;
    struct arena *arena; /* of the rules */
    struct paused *rules;
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

const struct paused *halted_rules(const struct halted *halted, size_t *count)
{
    *count = halted ? halted->count : 0;
    return halted ? halted->rules : NULL;
}

static bool has(const struct paused *rules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, name) == 0)
            return true;
    return false;
}

/* What was not so before. */
static void tell(const struct halted *before, const struct paused *rules, size_t count)
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
    struct paused *rules = paused_read(arena, reply, &count);
    name_all(rules, count);
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

void halted_brake(struct scripts *scripts, const char *rule, int64_t at_ms)
{
    struct arena *arena = arena_new(512);
    connection_command(scripts_connection(scripts), NULL, NULL, NULL, "HSETNX",
                       keys_spell(arena, scripts_prefix(scripts), KEY_HALTED, NULL), rule,
                       arena_printf(arena, "{\"at\":%" PRId64 ",\"by\":\"%s\"}", at_ms, brake),
                       NULL);
    arena_destroy(&arena);
}

/* ---- For nudgectl ---- */

bool halted_clear(struct session *session, const char *prefix, const char *rule, bool *done,
                  struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    bool good = session_command(session, diag, "DEL",
                                keys_spell(arena, prefix, KEY_BRAKE, rule, NULL), NULL);
    arena_destroy(&arena);
    return good && paused_clear(session, prefix, KEY_HALTED, rule, done, diag);
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

static bool count_waiting(struct session *session, const char *prefix, struct paused *rule,
                          struct arena *arena, struct diag *diag)
{
    const struct reply *reply = session_command(
        session, diag, "ZCARD", keys_spell(arena, prefix, KEY_HALT, rule->name, NULL), NULL);
    return reply && (reply_number(reply, &rule->waiting) || reply_fault(reply, diag));
}

bool halted_list(struct session *session, const char *prefix, struct arena *arena,
                 struct paused **rules, size_t *count, struct diag *diag)
{
    if (!paused_list(session, prefix, KEY_HALTED, arena, rules, count, diag))
        return false;
    name_all(*rules, *count);
    for (size_t i = 0; i < *count; i++)
        if (!count_waiting(session, prefix, &(*rules)[i], arena, diag))
            return false;
    return true;
}
