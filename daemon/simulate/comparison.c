#include "simulate/comparison.h"

#include <string.h>

/* What neither has. */
static const struct people_person nobody;
static const struct people_rule nothing;

/* ---- Examples ---- */

static bool is_before(const struct comparison_example *a, const struct comparison_example *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : strcmp(a->customer, b->customer) < 0;
}

static void add_example(struct comparison_examples *examples,
                        const struct comparison_example *example)
{
    uint32_t place = examples->count;
    while (place > 0 && is_before(example, &examples->items[place - 1]))
        place--;
    if (place == COMPARISON_EXAMPLES)
        return;
    uint32_t last = examples->count < COMPARISON_EXAMPLES ? examples->count++ : examples->count - 1;
    for (; last > place; last--)
        examples->items[last] = examples->items[last - 1];
    examples->items[place] = *example;
}

/* ---- Rules ---- */

static struct comparison_rule *find_rule(struct comparison *comparison, const char *name)
{
    for (uint32_t i = 0; i < comparison->rule_count; i++)
        if (strcmp(comparison->rules[i].name, name) == 0)
            return &comparison->rules[i];
    return NULL;
}

static void add_rules(struct comparison *comparison, const struct simulation *old,
                      const struct simulation *new, struct arena *arena)
{
    const struct tally *before = &old->tally, *after = &new->tally;
    comparison->rules =
        arena_zero(arena, sizeof *comparison->rules * (before->rule_count + after->rule_count + 1));
    for (uint32_t i = 0; i < after->rule_count; i++)
        comparison->rules[comparison->rule_count++] = (struct comparison_rule){
            .name = after->rules[i].name, .is_new = true, .after = after->rules[i].sent};
    for (uint32_t i = 0; i < before->rule_count; i++) {
        struct comparison_rule *rule = find_rule(comparison, before->rules[i].name);
        if (!rule) {
            rule = &comparison->rules[comparison->rule_count++];
            rule->name = before->rules[i].name;
        }
        rule->is_old = true;
        rule->before = before->rules[i].sent;
    }
    comparison->all = (struct comparison_rule){
        .is_old = true, .is_new = true, .before = before->sent, .after = after->sent};
}

/* ---- People ---- */

/* What a rule meant to somebody in either. */
static void compare_rule(struct comparison *comparison, const char *name, const char *customer,
                         const struct people_rule *old, const struct people_rule *new)
{
    struct comparison_rule *rule = find_rule(comparison, name);
    const struct people_rule *before = old ? old : &nothing, *after = new ? new : &nothing;
    uint32_t both = before->sent < after->sent ? before->sent : after->sent;
    uint32_t more = after->sent - both, fewer = before->sent - both;
    rule->both += both;
    rule->more += more;
    rule->fewer += fewer;
    comparison->all.both += both;
    comparison->all.more += more;
    comparison->all.fewer += fewer;
    if (more)
        add_example(&rule->gained, &(struct comparison_example){customer, after->sent_ms, old});
    if (fewer)
        add_example(&rule->lost, &(struct comparison_example){customer, before->sent_ms, new});
}

static void compare_rules(struct comparison *comparison, const char *customer,
                          const struct people_person *old, const struct people_person *new)
{
    for (uint32_t i = 0; i < new->rule_count; i++)
        compare_rule(comparison, new->rules[i].rule, customer,
                     people_rule_of(old, new->rules[i].rule), &new->rules[i]);
    for (uint32_t i = 0; i < old->rule_count; i++)
        if (!people_rule_of(new, old->rules[i].rule))
            compare_rule(comparison, old->rules[i].rule, customer, &old->rules[i], NULL);
}

static void count(struct comparison_people *people, bool before, bool after)
{
    people->before += before;
    people->after += after;
    people->newly += after && !before;
    people->no_longer += before && !after;
}

/* Calls for each person of either. */
static void each(const struct simulation *old, const struct simulation *new,
                 void (*see)(void *context, const char *customer, const struct people_person *old,
                             const struct people_person *new),
                 void *context)
{
    const struct people_person *person, *other;
    for (size_t cursor = 0; (person = people_next(&new->people, &cursor));) {
        other = people_find(&old->people, person->key);
        see(context, person->key, other ? other : &nobody, person);
    }
    for (size_t cursor = 0; (person = people_next(&old->people, &cursor));)
        if (!people_find(&new->people, person->key))
            see(context, person->key, person, &nobody);
}

struct seeing {
    struct comparison *comparison;
    struct comparison_people over;
    uint32_t span, most;
};

static void see_over(void *context, const char *customer, const struct people_person *old,
                     const struct people_person *new)
{
    struct seeing *seeing = context;
    (void)customer;
    count(&seeing->over, old->most[seeing->span] > seeing->most,
          new->most[seeing->span] > seeing->most);
}

static void see(void *context, const char *customer, const struct people_person *old,
                const struct people_person *new)
{
    struct seeing *seeing = context;
    struct comparison *comparison = seeing->comparison;
    bool before = old->most[seeing->span] > seeing->most,
         after = new->most[seeing->span] > seeing->most;
    count(&comparison->reached, old->sent > 0, new->sent > 0);
    count(&comparison->over, before, after);
    comparison->gained += new->sent > old->sent ? new->sent - old->sent : 0;
    comparison->lost += old->sent > new->sent ? old->sent - new->sent : 0;
    compare_rules(comparison, customer, old, new);
    if (after && !before)
        add_example(&comparison->newly_over,
                    &(struct comparison_example){.customer = customer, .at_ms = new->times[0]});
}

void comparison_make(struct comparison *comparison, const struct simulation *old,
                     const struct simulation *new, uint32_t span, uint32_t most,
                     struct arena *arena)
{
    struct seeing seeing = {.comparison = comparison, .span = span, .most = most};
    *comparison = (struct comparison){0};
    add_rules(comparison, old, new, arena);
    each(old, new, see, &seeing);
}

struct comparison_people comparison_over(const struct simulation *old, const struct simulation *new,
                                         uint32_t span, uint32_t most)
{
    struct seeing seeing = {.span = span, .most = most};
    each(old, new, see_over, &seeing);
    return seeing.over;
}

/* ---- A budget ---- */

bool comparison_is_within(const struct comparison *comparison, const struct budget_item *item,
                          const struct comparison_people *over, uint64_t *used)
{
    switch (item->kind) {
    case BUDGET_MESSAGES:
        *used = item->fewer ? comparison->lost : comparison->gained;
        if (item->percent)
            return *used * 100 <= item->allowed * comparison->all.before;
        break;
    case BUDGET_PEOPLE:
        *used = item->fewer ? comparison->reached.no_longer : comparison->reached.newly;
        break;
    case BUDGET_OVER:
        *used = over->newly;
        break;
    }
    return *used <= item->allowed;
}
