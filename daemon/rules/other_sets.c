#include "rules/other_sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"

enum { NAMES_MOST = 64 * 1024 };

/* In `entry`, OTHER_SETS_ENTRY bytes. */
static void make_entry(const char *rule, const char *step, char *entry)
{
    unsigned char digest[DIGEST_SIZE];
    struct buf names;
    buf_init(&names, NAMES_MOST);
    buf_text(&names, rule);
    buf_char(&names, '\0');
    buf_text(&names, step);
    digest_sha256(buf_string(&names), names.length, digest);
    memcpy(entry, digest, OTHER_SETS_ENTRY);
    buf_free(&names);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, OTHER_SETS_ENTRY);
}

/* Types of events that are only made where somebody asks. */
static const char *const asked_types[] = {"message.sent", "message.uncertain", NULL};

struct slice other_sets_entries(const struct ruleset *rules, struct arena *arena)
{
    size_t count = 0, steps = sizeof asked_types / sizeof *asked_types;
    for (size_t i = 0; i < ruleset_count(rules); i++)
        steps += ruleset_at(rules, i)->step_count;
    char *entries = arena_alloc(arena, steps * OTHER_SETS_ENTRY + 1);
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_at(rules, i);
        for (uint32_t s = 0; rule->enabled && s < rule->step_count; s++)
            make_entry(rule->name, rule->steps[s].id, entries + OTHER_SETS_ENTRY * count++);
    }
    for (const char *const *type = asked_types; *type; type++)
        if (ruleset_counts(rules, *type))
            make_entry("", *type, entries + OTHER_SETS_ENTRY * count++);
    qsort(entries, count, OTHER_SETS_ENTRY, compare);
    return (struct slice){.text = entries, .length = count * OTHER_SETS_ENTRY};
}

static bool has(const struct other_set *set, const char *entry)
{
    size_t count = set->entries.length / OTHER_SETS_ENTRY;
    return !set->entries.text ||
           (count && bsearch(entry, set->entries.text, count, OTHER_SETS_ENTRY, compare));
}

bool other_sets_have(const struct other_sets *others, const char *rule, const char *step,
                     int64_t above)
{
    char entry[OTHER_SETS_ENTRY];
    if (!others || !others->count)
        return false;
    make_entry(rule, step, entry);
    for (size_t i = 0; i < others->count; i++)
        if (others->sets[i].number > above && has(&others->sets[i], entry))
            return true;
    return false;
}

bool other_sets_count(const struct other_sets *others, const char *type)
{
    return other_sets_have(others, "", type, INT64_MIN);
}
