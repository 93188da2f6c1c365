/*
 * Each expectation is checked by itself (check_one). A message fits where all that the item says of
 * it is so; one that fits is taken by the first item that asks for it, so two items of the same
 * template are two messages.
 */
#include "ctl/rule_test_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/rule_test_time.h"

enum { TEXT_MOST = 8192 };

void rule_test_check_miss(struct rule_test_result *result, struct arena *arena,
                          const struct rule_test_expect *expect, const char *text)
{
    result->misses = arena_grow(arena, result->misses, result->miss_count, &result->miss_capacity,
                                sizeof *result->misses);
    result->misses[result->miss_count++] = (struct rule_test_miss){expect, text};
}

struct check {
    const struct rule_test_runner *runner;
    struct arena *arena;
    const struct rule_test *test;
    struct replay *replay;
    struct rule_test_result *result;
};

static const char *zone_of(const struct check *check)
{
    return check->runner->generation->policy.zone;
}

static const char *json(struct arena *arena, const struct value *value)
{
    return value ? json_print_slice(arena, value, TEXT_MOST).text : "nothing";
}

/* ---- Messages ---- */

bool rule_test_check_has(const struct value *whole, const struct value *part)
{
    if (!whole)
        return part->kind == VALUE_NULL;
    if (part->kind != VALUE_MAP || whole->kind != VALUE_MAP)
        return value_equal(whole, part);
    for (uint32_t i = 0; i < value_count(part); i++) {
        const struct value_member *member = &part->map->members[i];
        if (!rule_test_check_has(value_find(whole, member->key.string, member->key.length),
                                 &member->value))
            return false;
    }
    return true;
}

static bool is_same(const char *text, const char *wanted)
{
    return !wanted || (text && strcmp(text, wanted) == 0);
}

/* "7" or "id:7", or a part of what the template sees of the customer. */
static bool is_customer(const struct check *check, const struct rule_test_message *message,
                        const struct value *wanted)
{
    const char *colon = strchr(message->customer, ':');
    const char *text = value_to_text(check->arena, wanted);
    if (wanted->kind == VALUE_NULL)
        return true;
    if (wanted->kind == VALUE_MAP)
        return rule_test_check_has(value_get(&message->body, "customer"), wanted);
    if (!text)
        text = json(check->arena, wanted);
    return strcmp(message->customer, text) == 0 || (colon && strcmp(colon + 1, text) == 0);
}

static bool says(const struct rule_test_message *message, const char *wanted)
{
    return !wanted || (message->text && strstr(message->text, wanted)) ||
           (message->html && strstr(message->html, wanted)) ||
           (message->subject && strstr(message->subject, wanted));
}

static bool is_meant(const struct rule_test_message *message, const struct rule_test_expect *expect)
{
    return is_same(message->template, expect->sent ? expect->sent : expect->not_sent) &&
           is_same(message->to, expect->to) && is_same(message->channel, expect->via) &&
           is_same(message->rule, expect->rule);
}

/* The first thing that is other than expected: "" is the time; NULL: it fits. */
static const char *unlike(const struct check *check, const struct rule_test_message *message,
                          const struct rule_test_expect *expect)
{
    struct arena *arena = check->arena;
    if (expect->at_ms != RULE_TEST_TIME_NONE && message->at_ms != expect->at_ms)
        return "";
    if (!is_same(message->to, expect->to))
        return arena_printf(arena, "to %s", message->to);
    if (!is_same(message->channel, expect->via))
        return arena_printf(arena, "via %s", message->channel);
    if (!is_same(message->rule, expect->rule))
        return arena_printf(arena, "by rule %s", message->rule);
    if (!is_customer(check, message, &expect->customer))
        return arena_printf(arena, "for %s", message->customer);
    if (expect->data.kind != VALUE_NULL &&
        !rule_test_check_has(value_get(&message->body, "data"), &expect->data))
        return arena_printf(arena, "with data %s", json(arena, value_get(&message->body, "data")));
    if (!is_same(message->subject, expect->subject))
        return arena_printf(arena, "with the subject \"%s\"",
                            message->subject ? message->subject : "");
    if (!says(message, expect->contains))
        return arena_printf(arena, "without \"%s\"", expect->contains);
    return NULL;
}

/* ---- Reasons ---- */

static bool sends(const struct rule *rule, const char *template)
{
    for (uint32_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].kind == RULE_STEP_SEND && strcmp(rule->steps[i].template, template) == 0)
            return true;
    return false;
}

/* Whether the item of a trace is about a rule that would have sent it. */
static const struct rule *sender_of(const struct rule_test_runner *runner, const struct value *name,
                                    const struct rule_test_expect *expect)
{
    const struct rule *rule = NULL;
    if (value_is(name, VALUE_STRING))
        rule = ruleset_find(runner->generation->rules,
                            arena_copy(runner->arena, name->string, name->length));
    const char *template = expect->not_sent ? expect->not_sent : expect->sent;
    return rule && sends(rule, template) && is_same(rule->name, expect->rule) ? rule : NULL;
}

struct reasons {
    struct buf text;
    const char *wanted; /* a word; NULL: none */
    bool found;
    struct value last; /* the word of the last; null: none */
};

/* The word of an item: why, else what. Of a send, a wait or a journey's other progress none. */
static void add_reason(struct reasons *reasons, const struct rule *rule, const struct value *item)
{
    const struct value *why = value_get(item, "why"), *what = value_get(item, "what");
    static const char *const mute[] = {"sends", "waits", NULL};
    const struct value *word = why ? why : what;
    char line[300];
    if (reasons->wanted &&
        (value_is_text(why, reasons->wanted) || value_is_text(what, reasons->wanted)))
        reasons->found = true;
    for (const char *const *none = mute; *none; none++)
        if (value_is_text(what, *none))
            return;
    snprintf(line, sizeof line, "%s: %.*s", rule->name, (int)word->length, word->string);
    reasons->last = *word;
    if (reasons->text.data && strstr(reasons->text.data, line))
        return;
    buf_printf(&reasons->text, "%s%s", reasons->text.length ? ", " : "", line);
}

static void gather_reasons(const struct rule_test_runner *runner,
                           const struct rule_test_result *result,
                           const struct rule_test_expect *expect, struct reasons *reasons)
{
    for (uint32_t i = 0; i < result->line_count; i++) {
        const struct value *did = value_get(&result->lines[i].line, "did");
        for (uint32_t d = 0; d < value_count(did); d++) {
            const struct value *item = &did->list->items[d], *all = value_get(item, "rules");
            const struct rule *rule = sender_of(runner, value_get(item, "rule"), expect);
            for (uint32_t r = 0; !rule && r < value_count(all); r++)
                rule = sender_of(runner, &all->list->items[r], expect);
            if (rule)
                add_reason(reasons, rule, item);
        }
    }
}

const char *rule_test_check_reasons(const struct rule_test_runner *runner,
                                    const struct rule_test_result *result,
                                    const struct rule_test_expect *expect)
{
    struct reasons reasons = {0};
    buf_init(&reasons.text, TEXT_MOST);
    gather_reasons(runner, result, expect, &reasons);
    const char *text = arena_text(runner->arena, buf_string(&reasons.text));
    buf_free(&reasons.text);
    return text;
}

const char *rule_test_check_last_reason(const struct rule_test_runner *runner,
                                        const struct rule_test_result *result,
                                        const struct rule_test_expect *expect)
{
    struct reasons reasons = {0};
    buf_init(&reasons.text, TEXT_MOST);
    gather_reasons(runner, result, expect, &reasons);
    buf_free(&reasons.text);
    return value_to_text(runner->arena, &reasons.last);
}

static bool has_reason(const struct check *check, const struct rule_test_expect *expect)
{
    struct reasons reasons = {.wanted = expect->because};
    buf_init(&reasons.text, TEXT_MOST);
    gather_reasons(check->runner, check->result, expect, &reasons);
    buf_free(&reasons.text);
    return reasons.found;
}

/* ---- Each kind of expectation ---- */

static void miss(const struct check *check, const struct rule_test_expect *expect, const char *text)
{
    rule_test_check_miss(check->result, check->arena, expect, text);
}

static const char *when(const struct check *check, int64_t at_ms)
{
    return rule_test_time_text(check->arena, at_ms, zone_of(check));
}

/* The last that a rule did which would have sent it, where that is a wait; else NULL. */
static const struct value *last_wait(const struct check *check,
                                     const struct rule_test_expect *expect)
{
    const struct value *wait = NULL;
    for (uint32_t i = 0; i < check->result->line_count; i++) {
        const struct value *did = value_get(&check->result->lines[i].line, "did");
        for (uint32_t d = 0; d < value_count(did); d++) {
            const struct value *item = &did->list->items[d];
            if (sender_of(check->runner, value_get(item, "rule"), expect))
                wait = value_is_text(value_get(item, "what"), "waits") ? item : NULL;
        }
    }
    return wait;
}

/* Of what came to no word: most often the test ends too early. */
static const char *no_reason(const struct check *check, const struct rule_test_expect *expect)
{
    const struct value *wait = last_wait(check, expect), *rule = value_get(wait, "rule");
    int64_t until_ms;
    if (!wait || !value_to_int(value_get(wait, "until"), &until_ms))
        return "nothing happened in a rule that sends it";
    return arena_printf(check->arena, "rule %.*s waits until %s, and the test ends before",
                        (int)rule->length, rule->string, when(check, until_ms));
}

/* What came instead, the nearest that there is. */
static void miss_sent(const struct check *check, const struct rule_test_expect *expect)
{
    struct arena *arena = check->arena;
    const char *reasons = rule_test_check_reasons(check->runner, check->result, expect);
    for (uint32_t i = 0; i < check->result->message_count; i++) {
        const struct rule_test_message *message = &check->result->messages[i];
        if (message->taken || strcmp(message->template, expect->sent) != 0)
            continue;
        const char *other = unlike(check, message, expect);
        miss(check, expect,
             arena_printf(arena, "%s was sent at %s%s%s", expect->sent, when(check, message->at_ms),
                          *other ? ", " : "", other));
        return;
    }
    miss(check, expect,
         *reasons
             ? arena_printf(arena, "%s was not sent (%s)", expect->sent, reasons)
             : arena_printf(arena, "%s was not sent: %s", expect->sent, no_reason(check, expect)));
}

static void check_sent(const struct check *check, const struct rule_test_expect *expect)
{
    int64_t count = 0, wanted = expect->count < 0 ? 1 : expect->count;
    for (uint32_t i = 0; i < check->result->message_count; i++) {
        struct rule_test_message *message = &check->result->messages[i];
        if (message->taken || (expect->count < 0 && count == 1) ||
            strcmp(message->template, expect->sent) != 0 || unlike(check, message, expect))
            continue;
        message->taken = true;
        count++;
    }
    if (count == wanted)
        return;
    if (expect->count < 0)
        miss_sent(check, expect);
    else
        miss(check, expect,
             arena_printf(check->arena, "%s was sent %" PRId64 " times, not %" PRId64, expect->sent,
                          count, wanted));
}

static void check_not_sent(const struct check *check, const struct rule_test_expect *expect)
{
    struct arena *arena = check->arena;
    for (uint32_t i = 0; i < check->result->message_count; i++) {
        const struct rule_test_message *message = &check->result->messages[i];
        if (!is_meant(message, expect) || !is_customer(check, message, &expect->customer))
            continue;
        miss(check, expect,
             arena_printf(arena, "%s was sent at %s to %s by rule %s", message->template,
                          when(check, message->at_ms), message->to, message->rule));
        return;
    }
    if (!expect->because || has_reason(check, expect))
        return;
    const char *reasons = rule_test_check_reasons(check->runner, check->result, expect);
    miss(check, expect,
         arena_printf(arena, "%s was not sent, and not because of %s: %s", expect->not_sent,
                      expect->because, *reasons ? reasons : no_reason(check, expect)));
}

/* By a key that the item has, else the first who is given. */
static const char *key_of(const struct check *check, const struct value *fields)
{
    const struct config *config = check->runner->generation->config;
    const char *const *paths = config->customer_keys;
    struct value holder = value_new_map(check->arena, 1);
    struct customer_key key;
    value_set(check->arena, holder, "customer", *fields);
    for (const char *const *path = paths; *path; path++) {
        const struct value *value = value_path(&holder, *path);
        if (value && customer_key_make(check->arena, paths, *path, value, &key))
            return key.text;
    }
    return check->result->line_count ? check->result->lines[0].customer : NULL;
}

static void check_customer(const struct check *check, const struct rule_test_expect *expect)
{
    struct arena *arena = check->arena;
    const char *key = key_of(check, &expect->customer);
    const struct customer *customer = key ? replay_customer(check->replay, key, arena) : NULL;
    if (!customer) {
        miss(check, expect, "nothing is known of such a customer");
        return;
    }
    const struct value known = customer_value(arena, customer);
    check->result->customers[expect - check->test->expect] = known;
    for (uint32_t i = 0; i < value_count(&expect->customer); i++) {
        const struct value_member *member = &expect->customer.map->members[i];
        const struct value *found = value_find(&known, member->key.string, member->key.length);
        if (!rule_test_check_has(found, &member->value))
            miss(check, expect,
                 arena_printf(arena, "customer.%.*s is %s, not %s", (int)member->key.length,
                              member->key.string, json(arena, found), json(arena, &member->value)));
    }
}

static void check_count(const struct check *check, const struct rule_test_expect *expect)
{
    if (check->result->message_count != expect->count)
        miss(check, expect,
             arena_printf(check->arena, "%u messages were sent, not %" PRId64,
                          check->result->message_count, expect->count));
}

static void check_one(const struct check *check, const struct rule_test_expect *expect)
{
    if (expect->sent)
        check_sent(check, expect);
    else if (expect->not_sent)
        check_not_sent(check, expect);
    else if (expect->customer.kind == VALUE_MAP)
        check_customer(check, expect);
    else
        check_count(check, expect);
}

/* A message that cannot be made fails the test, whatever it expects. */
static void check_faults(const struct check *check)
{
    struct buf text;
    for (uint32_t i = 0; i < check->result->message_count; i++) {
        const struct rule_test_message *message = &check->result->messages[i];
        if (!message->fault)
            continue;
        buf_init(&text, TEXT_MOST);
        diag_line(message->fault, &text);
        miss(check, NULL,
             arena_printf(check->arena, "%s cannot be made: %s", message->template,
                          buf_string(&text)));
        buf_free(&text);
    }
}

void rule_test_check(const struct rule_test_runner *runner, const struct rule_test *test,
                     struct replay *replay, struct rule_test_result *result)
{
    const struct check check = {
        .runner = runner, .arena = runner->arena, .test = test, .replay = replay, .result = result};
    result->customers =
        arena_zero(runner->arena, sizeof *result->customers * (test->expect_count + 1));
    check_faults(&check);
    for (uint32_t i = 0; i < test->expect_count; i++)
        check_one(&check, &test->expect[i]);
}
