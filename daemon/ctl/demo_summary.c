#include "ctl/demo_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "decide/trace_words.h"
#include "store/dead_letters.h"
#include "store/traces.h"

#define DEAD_MOST "1000" /* of a day */

/* How often an outcome was seen: "sent\tRULE", "held\tRULE\tWHY". */
struct count {
    const char *name;
    int times;
};

struct summary {
    struct session *session;
    const char *prefix;
    struct arena *arena;
    struct count *counts;
    uint32_t count, capacity;
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

static void count_outcome(struct summary *summary, const struct value *item)
{
    const char *what = value_to_text(summary->arena, value_get(item, "what"));
    const char *why = value_to_text(summary->arena, value_get(item, "why"));
    const char *rule = value_to_text(summary->arena, value_get(item, "rule"));
    if (!what || !why || !rule)
        return;
    const char *name = NULL;
    if (is_what(what, TRACE_SENT))
        name = arena_printf(summary->arena, "sent\t%s", rule);
    else if (in_words(why) && (is_what(what, TRACE_REFUSED) || is_what(what, TRACE_ENDED)))
        name = arena_printf(summary->arena, "held\t%s\t%s", rule, why);
    if (name)
        add_count(summary, name);
}

static void count_trace(struct summary *summary, const char *customer)
{
    struct diag diag;
    const struct reply *lines = traces_read(summary->session, summary->prefix, customer, &diag);
    for (size_t i = 0; lines && i < lines->count; i++) {
        struct value line;
        const char *text = arena_text(summary->arena, reply_item(lines, i)->text);
        if (!json_read(summary->arena, text, strlen(text), &json_file_limits, &line, &diag))
            continue;
        const struct value *did = value_get(&line, "did");
        for (uint32_t d = 0; d < value_count(did); d++)
            count_outcome(summary, &did->list->items[d]);
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
        printf("     1  %-16s  %s\n", dead_letters_field(letter, "reason")->text,
               dead_letters_field(letter, "detail")->text);
    }
}

void demo_summary_print(struct session *session, const char *prefix)
{
    struct summary summary = {.session = session, .prefix = prefix, .arena = arena_new(64 * 1024)};
    count_traces(&summary);
    if (summary.count)
        qsort(summary.counts, summary.count, sizeof *summary.counts, by_name);
    printf("\nSent:\n");
    print_counts(&summary, "sent");
    printf("\nHeld back, and why:\n");
    print_counts(&summary, "held");
    print_dead(&summary);
    arena_destroy(&summary.arena);
}
