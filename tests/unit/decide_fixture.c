#include "decide_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "config/rule_files.h"
#include "customer/customer_print.h"
#include "customer/customer_starts.h"

static const unsigned char secret[] = "a secret of the tests of decide";

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_files(const char *folder)
{
    static const char *const names[] = {"rules.yaml", "events.yaml"};
    char path[128];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static struct ruleset *load(const char *folder, const char *rules, const struct field *fields,
                            struct diags *diags)
{
    const struct ruleset_settings settings = {.fields = fields,
                                              .now_ms = DECIDE_FIXTURE_START * INT64_C(1000)};
    write_file(folder, "rules.yaml", rules);
    return rule_files_load(folder, &settings, diags);
}

static void print_faults(const struct diags *diags, struct buf *out)
{
    for (size_t i = 0; i < diags->count; i++)
        diag_format(&diags->items[i], out);
}

static struct ruleset *load_good(const char *folder, const char *rules, const struct field *fields)
{
    struct diags diags = {0};
    struct ruleset *set = load(folder, rules, fields, &diags);
    for (size_t i = 0; !set && i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    assert_non_null(set);
    return set;
}

void decide_fixture_open(struct decide_fixture *fixture, const char *rules)
{
    memset(fixture, 0, sizeof *fixture);
    strcpy(fixture->folder, "/tmp/nudged-decide-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->arena = arena_new(64 * 1024);
    fixture->starts = value_new_map(fixture->arena, 8);
    fixture->rules = load_good(fixture->folder, rules, NULL);
    fixture->others.number = 1;
    static const char *const paths[] = {"customer.id", "customer.email", NULL};
    fixture->policy = (struct policy){.key_paths = paths,
                                      .quiet_from = -1,
                                      .quiet_to = -1,
                                      .dedupe_keep_ms = 7LL * 24 * 3600 * 1000,
                                      .zone = "UTC",
                                      .shop = value_new_map(fixture->arena, 0),
                                      .secret = secret,
                                      .secret_length = sizeof secret - 1};
}

void decide_fixture_reload(struct decide_fixture *fixture, const char *rules)
{
    ruleset_destroy(&fixture->rules);
    fixture->rules = load_good(fixture->folder, rules, fixture->policy.fields);
    fixture->others.number++;
}

void decide_fixture_close(struct decide_fixture *fixture)
{
    ruleset_destroy(&fixture->rules);
    arena_destroy(&fixture->arena);
    remove_files(fixture->folder);
}

static void add_word(struct buf *out, const struct value *item, const char *name)
{
    const struct value *text = value_get(item, name);
    if (!value_is(text, VALUE_STRING))
        return;
    if (out->length && out->data[out->length - 1] != ' ')
        buf_char(out, ' ');
    buf_add(out, text->string, text->length);
}

/* What only tells how things came; test_because holds it. */
static bool is_told_alone(const struct value *item)
{
    static const char *const whats[] = {"says-no", "says-yes", "branch",
                                        "share",   "stays",    "matched"};
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
        if (value_is_text(value_get(item, "what"), whats[i]))
            return true;
    return false;
}

/* "rule what why 3600", of each of the item's rules. */
static void add_item(struct buf *out, const struct value *item)
{
    const struct value *rules = value_get(item, "rules");
    int64_t until_ms, more;
    if (is_told_alone(item))
        return;
    for (uint32_t i = 0; i < (rules ? value_count(rules) : 1); i++) {
        if (out->length)
            buf_text(out, "; ");
        if (rules)
            buf_printf(out, "%.*s", (int)rules->list->items[i].length,
                       rules->list->items[i].string);
        add_word(out, item, "rule");
        add_word(out, item, "what");
        add_word(out, item, "why");
        add_word(out, item, "fault");
    }
    if (value_to_int(value_get(item, "until"), &until_ms))
        buf_printf(out, " %g", (double)until_ms / 1000 - (double)DECIDE_FIXTURE_START);
    if (value_to_int(value_get(item, "more"), &more))
        buf_printf(out, " and %d more", (int)more);
}

static const char *summary(struct decide_fixture *fixture)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    for (uint32_t i = 0; i < fixture->last.trace_count; i++) {
        const struct value *did = value_get(&fixture->last.trace[i], "did");
        for (uint32_t d = 0; d < value_count(did); d++)
            add_item(&out, &did->list->items[d]);
    }
    const char *text = arena_text(fixture->arena, buf_string(&out));
    buf_free(&out);
    return text;
}

static void keep_document(struct decide_fixture *fixture, struct customer *customer)
{
    struct buf out;
    buf_init(&out, 4 * CUSTOMER_DOCUMENT_MOST);
    assert_true(
        customer_print(customer, arena_printf(fixture->arena, "%d-1-1", fixture->entries), &out));
    fixture->document = arena_text(fixture->arena, buf_string(&out));
    buf_free(&out);
}

/* What a commit would write of starts. */
static void keep_starts(struct decide_fixture *fixture, const struct customer *customer)
{
    for (uint32_t i = 0; i < customer->starts.count; i++) {
        const struct customer_start *start = &customer->starts.items[i];
        bool needed = customer_starts_needs(customer, start->origin);
        if (needed && !start->stored)
            value_set(fixture->arena, fixture->starts, start->origin, start->event);
        else if (!needed)
            value_remove(fixture->starts, start->origin);
    }
}

static struct customer *read_customer(struct decide_fixture *fixture, const char *key)
{
    struct diag diag = {0};
    struct customer *customer = fixture->document
                                    ? customer_read(fixture->arena, key, fixture->document,
                                                    strlen(fixture->document), &diag)
                                    : customer_new(fixture->arena, key);
    assert_non_null(customer);
    return customer;
}

static struct lookups_answer answer_of(struct decide_fixture *fixture,
                                       const struct lookups_question *question)
{
    const struct value *table = value_get(&fixture->tables, question->table);
    const struct value *found = value_get(table, question->key);
    const struct slice text =
        found ? json_print_slice(fixture->arena, found, 4096) : (struct slice){0};
    struct lookups_answer answer = lookups_read(fixture->arena, question, text);
    if (value_is(table, VALUE_STRING)) {
        answer.state = LOOKUPS_BROKEN;
        answer.fault = "it is not a hash";
    }
    return answer;
}

/* Decides, and again with the entries of tables that are needed. */
static void decide_with_lookups(struct decide_fixture *fixture, struct decide_input *input)
{
    const char *key = input->customer->key;
    struct lookups_answer *answers = NULL;
    uint32_t count = 0, capacity = 0;
    fixture->lookup_rounds = fixture->lookups = 0;
    for (;;) {
        decide(input, fixture->arena, &fixture->last);
        if (!fixture->last.lookup_count)
            break;
        for (uint32_t i = 0; i < fixture->last.lookup_count; i++) {
            answers = arena_grow(fixture->arena, answers, count, &capacity, sizeof *answers);
            answers[count++] = answer_of(fixture, &fixture->last.lookups[i]);
        }
        fixture->lookup_rounds++;
        fixture->lookups = count;
        assert_in_range(fixture->lookup_rounds, 1, LOOKUPS_ROUNDS);
        input->lookups = answers;
        input->lookup_count = count;
        input->lookups_last = fixture->lookup_rounds == LOOKUPS_ROUNDS;
        input->customer = read_customer(fixture, key);
    }
}

/* Decides, and again with the starts that are needed. */
static void decide_with_starts(struct decide_fixture *fixture, struct decide_input *input)
{
    const char *key = input->customer->key;
    decide_with_lookups(fixture, input);
    uint32_t count = fixture->needed = fixture->last.need_count;
    if (!count)
        return;
    struct decide_start *starts = arena_zero(fixture->arena, sizeof *starts * count);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *event = value_get(&fixture->starts, fixture->last.needs[i]);
        starts[i].origin = fixture->last.needs[i];
        starts[i].event = event ? *event : value_null();
    }
    input->starts = starts;
    input->start_count = count;
    input->customer = read_customer(fixture, key);
    decide_with_lookups(fixture, input);
    assert_int_equal(fixture->last.need_count, 0);
}

static struct shop_event *read_event(struct decide_fixture *fixture, const char *json,
                                     int64_t now_ms)
{
    static const char *const paths[] = {"customer.id", "customer.email", NULL};
    const struct shop_event_form form = {.key_paths = paths, .skew_ms = 300000, .former = true};
    struct arena *arena = fixture->arena;
    struct shop_event *event = arena_alloc(arena, sizeof *event);
    struct diag diag = {0};
    const char *entry = arena_printf(arena, "%lld-%d", (long long)now_ms, fixture->entries++);
    if (!shop_event_read(arena, json, strlen(json), entry, &form, event, &diag)) {
        diag_print(&diag, stderr);
        fail();
    }
    return event;
}

static const struct customer *read_joined(struct decide_fixture *fixture)
{
    const char *document = fixture->joined;
    struct diag diag;
    fixture->joined = NULL;
    if (!document)
        return NULL;
    const struct customer *joined =
        customer_read(fixture->arena, fixture->joined_key, document, strlen(document), &diag);
    assert_non_null(joined);
    return joined;
}

/* "clock NAME RULE RULE": the tick of that name for these rules, now. */
static bool read_ticks(struct decide_fixture *fixture, const char *text, int64_t now_ms,
                       struct decide_input *input)
{
    static struct decide_tick ticks[8];
    if (!text || strncmp(text, "clock ", 6) != 0)
        return false;
    char *rest = NULL, *words = arena_printf(fixture->arena, "%s", text + 6);
    const char *name = strtok_r(words, " ", &rest), *rule;
    for (input->ticks = ticks; (rule = strtok_r(NULL, " ", &rest));)
        ticks[input->tick_count++] = (struct decide_tick){
            .rule = rule, .name = name, .time_ms = now_ms - 1000, .moment_ms = now_ms};
    return true;
}

const char *decide_fixture_play_both(struct decide_fixture *fixture, double second,
                                     const char *first, const char *then)
{
    int64_t now_ms = (int64_t)(((double)DECIDE_FIXTURE_START + second) * 1000);
    const struct shop_event *events[2];
    size_t count = 0;
    struct decide_input ticks = {0};
    bool is_tick = read_ticks(fixture, first, now_ms, &ticks);
    if (first && !is_tick)
        events[count++] = read_event(fixture, first, now_ms);
    if (then)
        events[count++] = read_event(fixture, then, now_ms);
    const char *key = count ? events[0]->key : "id:7";
    const struct customer *joined = read_joined(fixture);
    struct decide_input input = {.rules = fixture->rules,
                                 .policy = &fixture->policy,
                                 .customer = read_customer(fixture, key),
                                 .joined = &joined,
                                 .joined_count = joined != NULL,
                                 .events = events,
                                 .event_count = count,
                                 .records = fixture->records,
                                 .record_count = fixture->record_count,
                                 .facts = &fixture->facts,
                                 .others = &fixture->others,
                                 .ticks = ticks.ticks,
                                 .tick_count = ticks.tick_count,
                                 .due_ms = (count || is_tick) && !fixture->due_too ? 0 : now_ms,
                                 .now_ms = now_ms};
    decide_with_starts(fixture, &input);
    if (!fixture->last.quiet)
        keep_document(fixture, input.customer);
    keep_starts(fixture, input.customer);
    return summary(fixture);
}

void decide_fixture_place(struct decide_fixture *fixture, enum customer_place place)
{
    fixture->place = (struct policy_place){.mid = fixture->last.messages[0].mid, .place = place};
    fixture->facts.places = &fixture->place;
    fixture->facts.place_count = 1;
}

const char *decide_fixture_play(struct decide_fixture *fixture, double second, const char *event)
{
    return decide_fixture_play_both(fixture, second, event, NULL);
}

static bool play_one(const struct decide_play *play, void (*set_up)(struct decide_fixture *fixture))
{
    struct decide_fixture fixture;
    bool good = true;
    decide_fixture_open(&fixture, play->rules);
    if (set_up)
        set_up(&fixture);
    for (size_t s = 0; s < DECIDE_PLAY_STEPS && play->steps[s].did && good; s++) {
        const char *did =
            decide_fixture_play(&fixture, play->steps[s].second, play->steps[s].event);
        good = strcmp(did, play->steps[s].did) == 0;
        if (!good)
            print_error("%s, step %zu: \"%s\", expected \"%s\"\n", play->name, s, did,
                        play->steps[s].did);
    }
    decide_fixture_close(&fixture);
    return good;
}

void decide_fixture_play_all(const struct decide_play *plays, size_t count,
                             void (*set_up)(struct decide_fixture *fixture))
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += !play_one(&plays[i], set_up);
    assert_int_equal(wrong, 0);
}

const char *decide_fixture_faults(struct arena *arena, const char *rules, const char *events)
{
    char folder[] = "/tmp/nudged-decide-XXXXXX";
    struct diags diags = {0};
    struct buf out;
    assert_non_null(mkdtemp(folder));
    if (events)
        write_file(folder, "events.yaml", events);
    struct ruleset *set = load(folder, rules, NULL, &diags);
    ruleset_destroy(&set);
    remove_files(folder);
    buf_init(&out, 64 * 1024);
    print_faults(&diags, &out);
    diags_free(&diags);
    const char *text = arena_text(arena, buf_string(&out));
    buf_free(&out);
    return text;
}
