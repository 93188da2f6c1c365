/*
 * A document is read by three tables (ctl/rule_test_table); what they cannot say is looked at
 * behind each: times, and the names of rules, templates, event types and reasons, which must be
 * known. Read it from rule_test_read at the end upwards.
 */
#include "ctl/rule_test_read.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/yaml.h"
#include "base/zone.h"
#include "ctl/rule_test_table.h"
#include "ctl/rule_test_time.h"
#include "decide/trace_words.h"
#include "rules/rule_events.h"

enum { FILE_MOST = 4 * 1024 * 1024 };

/* What names are known, each list NULL-terminated. */
struct known {
    const char **rules, **templates, **types, **reasons;
};

struct reading {
    const struct generation *generation;
    struct arena *arena;
    struct diags *diags;
    const struct settings_source *source;
    struct known known;
};

/* ---- Names that must be known ---- */

static struct diag *fault(const struct reading *reading, const struct value *at, const char *text,
                          const char *word)
{
    struct diag *diag = settings_fault(reading->diags, reading->source, at, DIAG_ERROR, text, word);
    diag_code(diag, "rule-test");
    return diag;
}

static bool is_listed(const char *const *names, const char *word)
{
    for (; *names; names++)
        if (strcmp(*names, word) == 0)
            return true;
    return false;
}

static void want_known(const struct reading *reading, const struct value *item, const char *key,
                       const char *word, const char *const *names, const char *text)
{
    if (!word || is_listed(names, word))
        return;
    diag_suggest(fault(reading, value_get(item, key), text, word), word, names);
}

static void add_word(const struct reading *reading, const char ***list, uint32_t *count,
                     uint32_t *capacity, const char *word)
{
    if (*count + 1 >= *capacity)
        *list = arena_grow(reading->arena, *list, *capacity, capacity, sizeof **list);
    if (!*count || !is_listed(*list, word))
        (*list)[(*count)++] = word;
    (*list)[*count] = NULL;
}

static void list_reasons(struct reading *reading)
{
    uint32_t count = 0, capacity = 0;
    for (int why = 1; why < TRACE_WHY_COUNT; why++)
        add_word(reading, &reading->known.reasons, &count, &capacity,
                 trace_why_word((enum trace_why)why));
    for (int what = 0; what < TRACE_WHAT_COUNT; what++)
        add_word(reading, &reading->known.reasons, &count, &capacity,
                 trace_what_word((enum trace_what)what));
}

static void list_rules(struct reading *reading)
{
    const struct ruleset *rules = reading->generation->rules;
    uint32_t names = 0, name_room = 0, sent = 0, sent_room = 0;
    add_word(reading, &reading->known.rules, &names, &name_room, "");
    add_word(reading, &reading->known.templates, &sent, &sent_room, "");
    for (size_t r = 0; r < ruleset_count(rules); r++) {
        const struct rule *rule = ruleset_at(rules, r);
        add_word(reading, &reading->known.rules, &names, &name_room, rule->name);
        for (uint32_t s = 0; s < rule->step_count; s++)
            if (rule->steps[s].kind == RULE_STEP_SEND)
                add_word(reading, &reading->known.templates, &sent, &sent_room,
                         rule->steps[s].template);
    }
}

static void list_types(struct reading *reading)
{
    const struct value *events = ruleset_events(reading->generation->rules);
    uint32_t count = 0, capacity = 0;
    for (const char *const *type = rule_events_own; *type; type++)
        add_word(reading, &reading->known.types, &count, &capacity, *type);
    for (uint32_t i = 0; i < value_count(events); i++)
        add_word(reading, &reading->known.types, &count, &capacity,
                 value_to_text(reading->arena, &events->map->members[i].key));
}

/* A type that neither a rule nor a sample names is misspelt, where there are samples at all. */
static void check_type(const struct reading *reading, const struct value *event)
{
    const struct ruleset *rules = reading->generation->rules;
    const struct value *at = value_get(event, "type");
    const char *type = value_to_text(reading->arena, at);
    if (!type) {
        fault(reading, event, "an event needs a `type`%s", "");
        return;
    }
    if (value_count(ruleset_events(rules)) == 0 || ruleset_counts(rules, type))
        return;
    want_known(reading, event, "type", type, reading->known.types,
               "no rule and no sample of events.yaml knows events of type `%s`");
}

/* ---- Given ---- */

static bool is_list(const struct reading *reading, const struct value *document, const char *key,
                    const struct value *list)
{
    if (list->kind == VALUE_LIST && value_count(list))
        return true;
    if (list->kind != VALUE_NULL)
        fault(reading, value_get(document, key), "`%s` must be a list, with `-` before each item",
              key);
    return false;
}

static bool read_when(const struct reading *reading, const struct rule_test_moment *given,
                      int64_t *now_ms)
{
    struct diag *diag;
    int64_t ms;
    if (given->after.kind != VALUE_NULL && given->at.kind != VALUE_NULL) {
        fault(reading, &given->after, "either `at` or `after`, not both%s", "");
        return false;
    }
    if (given->after.kind != VALUE_NULL) {
        if (!rule_test_time_length(&given->after, &ms)) {
            fault(reading, &given->after, "`after` must be a length of time, such as 30m%s", "");
            return false;
        }
        *now_ms += ms;
    } else if (given->at.kind != VALUE_NULL) {
        if (!rule_test_time_read(&given->at, reading->generation->policy.zone, &ms)) {
            diag = fault(reading, &given->at, "`at` must be a time%s", "");
            diag_hint(diag, "as 2026-03-01T10:00, or with a zone 2026-03-01T10:00:00+02:00");
            return false;
        }
        if (ms < *now_ms && *now_ms != RULE_TEST_TIME_NONE) {
            fault(reading, &given->at, "this is before the one above%s", "");
            return false;
        }
        *now_ms = ms;
    }
    return true;
}

static void read_given(const struct reading *reading, const struct value *list,
                       struct rule_test *test)
{
    int64_t now_ms = RULE_TEST_TIME_NONE;
    test->given = arena_zero(reading->arena, sizeof *test->given * (value_count(list) + 1));
    for (uint32_t i = 0; i < value_count(list); i++) {
        const struct value *item = &list->list->items[i];
        struct rule_test_moment given = {0};
        bool event = value_get(item, "type") && !value_get(item, "event");
        if (item->kind != VALUE_MAP || event) {
            struct diag *diag =
                fault(reading, item, "an item of `given` has `at` or `after`, and `event`%s", "");
            if (event)
                diag_hint(diag, "the event stands below its key: event: {type: order.placed, …}");
            continue;
        }
        if (!settings_read(rule_test_given_settings, item, reading->source, &given, reading->arena,
                           reading->diags))
            continue;
        if (now_ms == RULE_TEST_TIME_NONE && given.at.kind == VALUE_NULL)
            now_ms = rule_test_time_default(reading->generation->policy.zone);
        if (!read_when(reading, &given, &now_ms))
            continue;
        if (given.event.kind != VALUE_NULL && given.event.kind != VALUE_MAP)
            fault(reading, &given.event, "`event` must be a mapping%s", "");
        if (given.event.kind == VALUE_MAP)
            check_type(reading, &given.event);
        test->given[test->given_count++] =
            (struct rule_test_given){.at_ms = now_ms, .event = given.event};
    }
}

/* ---- Expect ---- */

/* What an item says besides must fit what it is about. */
static void check_item(const struct reading *reading, const struct rule_test_expect *expect)
{
    const struct value *item = expect->item;
    static const char *const of_message[] = {"at",   "after",   "to",       "via", "rule",
                                             "data", "subject", "contains", NULL};
    const struct value *count = value_get(item, "count");
    if (value_is(count, VALUE_INT) && count->integer < 0) {
        fault(reading, count, "`count` must be at least 0%s", "");
        return;
    }
    bool both = expect->sent && expect->not_sent;
    bool is_customer = expect->customer.kind == VALUE_MAP && !expect->sent && !expect->not_sent;
    if (both || (!expect->sent && !expect->not_sent && !is_customer && expect->count < 0))
        fault(reading, item, "one of `sent`, `not_sent`, `customer: {…}` and `count`%s", "");
    if (expect->because && !expect->not_sent)
        fault(reading, value_get(item, "because"), "`because` goes with `not_sent`%s", "");
    for (const char *const *key = of_message; *key && !expect->sent; key++) {
        bool both_have = expect->not_sent && (strcmp(*key, "to") == 0 || strcmp(*key, "via") == 0 ||
                                              strcmp(*key, "rule") == 0);
        if (value_get(item, *key) && !both_have)
            fault(reading, value_get(item, *key), "`%s` goes with `sent`", *key);
    }
    if (expect->not_sent && expect->count >= 0)
        fault(reading, value_get(item, "count"), "`count` goes with `sent`%s", "");
    want_known(reading, item, "sent", expect->sent, reading->known.templates,
               "no rule sends the template `%s`");
    want_known(reading, item, "not_sent", expect->not_sent, reading->known.templates,
               "no rule sends the template `%s`");
    want_known(reading, item, "rule", expect->rule, reading->known.rules, "there is no rule `%s`");
    want_known(reading, item, "because", expect->because, reading->known.reasons,
               "there is no reason `%s`");
}

static void read_at(const struct reading *reading, const struct rule_test *test,
                    struct rule_test_expect *expect)
{
    int64_t ms;
    expect->at_ms = RULE_TEST_TIME_NONE;
    if (expect->at.kind != VALUE_NULL) {
        if (rule_test_time_read(&expect->at, reading->generation->policy.zone, &ms))
            expect->at_ms = ms;
        else
            fault(reading, &expect->at, "`at` must be a time, such as 2026-03-01T10:00%s", "");
    } else if (expect->after.kind != VALUE_NULL) {
        if (rule_test_time_length(&expect->after, &ms) && test->given_count)
            expect->at_ms = test->given[0].at_ms + ms;
        else
            fault(reading, &expect->after, "`after` must be a length of time, such as 1h%s", "");
    }
}

static void read_expect(const struct reading *reading, const struct value *list,
                        struct rule_test *test)
{
    test->expect = arena_zero(reading->arena, sizeof *test->expect * (value_count(list) + 1));
    for (uint32_t i = 0; i < value_count(list); i++) {
        struct rule_test_expect *expect = &test->expect[test->expect_count];
        const struct value *item = &list->list->items[i];
        if (item->kind != VALUE_MAP) {
            fault(reading, item,
                  "an item of `expect` has `sent`, `not_sent`, `customer` or `count`%s", "");
            continue;
        }
        if (!settings_read(rule_test_expect_settings, item, reading->source, expect, reading->arena,
                           reading->diags))
            continue;
        expect->item = item;
        check_item(reading, expect);
        read_at(reading, test, expect);
        test->expect_count++;
    }
}

/* ---- A file ---- */

static void check_tables(const struct reading *reading, const struct value *tables)
{
    if (tables->kind != VALUE_NULL && tables->kind != VALUE_MAP)
        fault(reading, tables, "`tables` must be a mapping%s", "");
    for (uint32_t i = 0; tables->kind == VALUE_MAP && i < value_count(tables); i++)
        if (tables->map->members[i].value.kind != VALUE_MAP)
            fault(reading, &tables->map->members[i].value,
                  "the table `%s` must be a mapping of its entries",
                  value_to_text(reading->arena, &tables->map->members[i].key));
}

static void read_test(const struct reading *reading, const struct value *document,
                      struct rule_test *test)
{
    struct rule_test_document read = {0};
    test->source = reading->source;
    test->document = document;
    if (document->kind != VALUE_MAP) {
        fault(reading, document, "a test has `test`, `given` and `expect`%s", "");
        return;
    }
    if (!settings_read(rule_test_document_settings, document, reading->source, &read,
                       reading->arena, reading->diags))
        return;
    test->name = read.name;
    test->tables = read.tables;
    check_tables(reading, &read.tables);
    const char **suppressed =
        arena_zero(reading->arena, sizeof *suppressed * (value_count(&read.suppressed) + 1));
    for (uint32_t i = 0; i < value_count(&read.suppressed); i++)
        suppressed[i] = value_to_text(reading->arena, &read.suppressed.list->items[i]);
    test->suppressed = suppressed;
    if (is_list(reading, document, "given", &read.given))
        read_given(reading, &read.given, test);
    if (is_list(reading, document, "expect", &read.expect))
        read_expect(reading, &read.expect, test);
}

bool rule_test_read(const char *path, const struct generation *generation, struct arena *arena,
                    struct rule_test_file *file, struct diags *diags)
{
    const struct yaml_options options = {.file = path, .bytes = FILE_MOST};
    struct reading reading = {
        .generation = generation, .arena = arena, .diags = diags, .source = &file->source};
    struct value *documents = arena_zero(arena, sizeof *documents);
    struct diag diag = {0};
    size_t errors = diags->errors;
    *file = (struct rule_test_file){.source = {.file = path}};
    if (!yaml_read_file(arena, &options, documents, &file->source.text, &file->source.length,
                        &diag)) {
        diags_add(diags, &diag);
        return false;
    }
    list_reasons(&reading);
    list_rules(&reading);
    list_types(&reading);
    file->tests = arena_zero(arena, sizeof *file->tests * (value_count(documents) + 1));
    for (uint32_t i = 0; i < value_count(documents); i++)
        read_test(&reading, &documents->list->items[i], &file->tests[file->count++]);
    return diags->errors == errors;
}
