/*
 * The sum of a demo's day. A customer's trace is a list of outcomes; each is counted by its
 * rule and reason for the terminal (struct count), and each that held a message back is kept
 * with its moment and whose it was for the page (struct held). When all traces are read, the
 * counts are printed by name, what was held goes to the page by time, and the dead letters to
 * both.
 */
#include "ctl/demo_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ctl/plain.h"
#include "customer/customer.h"
#include "decide/trace_words.h"
#include "store/dead_letters.h"
#include "store/keys.h"
#include "store/traces.h"

#define DEAD_MOST "1000" /* of a day */

/* How often an outcome was seen: "sent\tRULE", "held\tRULE\tWHY". */
struct count {
    const char *name;
    int times;
};

/* A message that was held back, at `at` (ms). */
struct held {
    int64_t at;
    struct demo_held what;
};

struct summary {
    struct session *session;
    const char *prefix;
    struct arena *arena;
    struct count *counts;
    uint32_t count, capacity;
    struct held *held;
    uint32_t held_count, held_capacity;
    struct demo_pages *pages;
};

/* Why a message was held back, for who sees these names for the first time; NULL for what
 * holds nothing back. */
static const char *in_words(const char *why)
{
    static const struct {
        enum trace_why why;
        const char *words;
    } rows[] = {
        {TRACE_WHY_UNTIL, "the order or the answer came first"},
        {TRACE_WHY_NO_LONGER, "the cart was emptied"},
        {TRACE_WHY_NO_CONSENT, "marketing was not wanted, or no longer"},
        {TRACE_WHY_NO_ADDRESS, "there is no address"},
        {TRACE_WHY_LIMIT, "the rule has said enough"},
        {TRACE_WHY_CAP, "enough marketing for now"},
        {TRACE_WHY_SUPPRESSED, "the address must not be written to"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(why, trace_why_word(rows[i].why)) == 0)
            return rows[i].words;
    return NULL;
}

static void add_count(struct summary *summary, const char *name)
{
    for (uint32_t i = 0; i < summary->count; i++)
        if (strcmp(summary->counts[i].name, name) == 0) {
            summary->counts[i].times++;
            return;
        }
    summary->counts = arena_grow(summary->arena, summary->counts, summary->count,
                                 &summary->capacity, sizeof *summary->counts);
    summary->counts[summary->count++] = (struct count){name, 1};
}

static bool is_what(const char *word, enum trace_what what)
{
    return strcmp(word, trace_what_word(what)) == 0;
}

static void hold(struct summary *summary, int64_t at, const struct demo_held *what)
{
    summary->held = arena_grow(summary->arena, summary->held, summary->held_count,
                               &summary->held_capacity, sizeof *summary->held);
    summary->held[summary->held_count++] = (struct held){at, *what};
}

static void count_outcome(struct summary *summary, const char *who, int64_t at,
                          const struct value *item)
{
    const char *what = value_to_text(summary->arena, value_get(item, "what"));
    const char *why = value_to_text(summary->arena, value_get(item, "why"));
    const char *rule = value_to_text(summary->arena, value_get(item, "rule"));
    if (!what || !why || !rule)
        return;
    if (is_what(what, TRACE_SENT)) {
        add_count(summary, arena_printf(summary->arena, "sent\t%s", rule));
    } else if (in_words(why) && (is_what(what, TRACE_REFUSED) || is_what(what, TRACE_ENDED))) {
        add_count(summary, arena_printf(summary->arena, "held\t%s\t%s", rule, why));
        hold(summary, at, &(struct demo_held){who, rule, why, in_words(why)});
    }
}

/* The customer's address, else the name, else the key; in the arena. */
static const char *who_is(struct summary *summary, const char *customer)
{
    static const char *const names[] = {"email", "first_name"};
    struct arena *arena = summary->arena;
    struct diag diag;
    const char *key = keys_spell(arena, summary->prefix, KEY_CUSTOMER, customer, NULL);
    const struct reply *reply = session_command(summary->session, &diag, "GET", key, NULL);
    const char *text = reply && reply->text ? arena_text(arena, reply->text) : NULL;
    const struct customer *read =
        text ? customer_read(arena, customer, text, strlen(text), &diag) : NULL;
    if (!read)
        return customer;
    const struct value known = customer_value(arena, read);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = value_to_text(arena, value_get(&known, names[i]));
        if (name)
            return name;
    }
    return customer;
}

static void count_trace(struct summary *summary, const char *customer)
{
    struct diag diag;
    const char *who = who_is(summary, customer);
    const struct reply *lines = traces_read(summary->session, summary->prefix, customer, &diag);
    for (size_t i = 0; lines && i < lines->count; i++) {
        struct value line;
        int64_t at = 0;
        const char *text = arena_text(summary->arena, reply_item(lines, i)->text);
        if (!json_read(summary->arena, text, strlen(text), &json_file_limits, &line, &diag))
            continue;
        value_to_int(value_get(&line, "at"), &at);
        const struct value *did = value_get(&line, "did");
        for (uint32_t d = 0; d < value_count(did); d++)
            count_outcome(summary, who, at, &did->list->items[d]);
    }
}

static void count_traces(struct summary *summary)
{
    struct diag diag;
    const char *const *customers;
    size_t count = 0;
    traces_customers(summary->session, summary->prefix, summary->arena, &customers, &count, &diag);
    for (size_t i = 0; i < count; i++)
        count_trace(summary, customers[i]);
}

static int by_name(const void *a, const void *b)
{
    const struct count *one = a, *two = b;
    return strcmp(one->name, two->name);
}

static int by_time(const void *a, const void *b)
{
    const struct held *one = a, *two = b;
    return one->at < two->at ? -1 : one->at > two->at ? 1 : strcmp(one->what.who, two->what.who);
}

static void print_counts(const struct summary *summary, const char *group)
{
    for (uint32_t i = 0; i < summary->count; i++) {
        const struct count *count = &summary->counts[i];
        if (strncmp(count->name, group, strlen(group)) != 0)
            continue;
        const char *rule = strchr(count->name, '\t') + 1;
        const char *why = strchr(rule, '\t');
        if (why)
            printf("  %4d  %-16.*s  %-12s%s\n", count->times, (int)(why - rule), rule, why + 1,
                   in_words(why + 1));
        else
            printf("  %4d  %s\n", count->times, rule);
    }
}

static void print_dead(struct summary *summary)
{
    struct diag diag;
    const struct reply *letters =
        dead_letters_read(summary->session, summary->prefix, DEAD_MOST, &diag);
    if (!letters || letters->count == 0)
        return;
    printf("\nDead letters:\n");
    for (size_t i = letters->count; i-- > 0;) {
        const struct reply *letter = reply_item(letters, i);
        const char *reason = dead_letters_field(letter, "reason")->text;
        const char *detail = dead_letters_field(letter, "detail")->text;
        printf("     1  %-16s  %s\n", reason, plain_of(summary->arena, detail));
        demo_pages_bury(summary->pages, reason, detail);
    }
}

void demo_summary_print(struct session *session, const char *prefix, struct demo_pages *pages)
{
    struct summary summary = {
        .session = session, .prefix = prefix, .arena = arena_new(64 * 1024), .pages = pages};
    count_traces(&summary);
    if (summary.count)
        qsort(summary.counts, summary.count, sizeof *summary.counts, by_name);
    if (summary.held_count)
        qsort(summary.held, summary.held_count, sizeof *summary.held, by_time);
    for (uint32_t i = 0; i < summary.held_count; i++)
        demo_pages_hold(pages, &summary.held[i].what);
    printf("\nSent:\n");
    print_counts(&summary, "sent");
    printf("\nHeld back, and why:\n");
    print_counts(&summary, "held");
    print_dead(&summary);
    arena_destroy(&summary.arena);
}
