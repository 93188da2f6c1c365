/*
 * A split becomes a step that goes on where the customer's share stands, and jumps from the end of
 * each share but the last to behind all; a share without steps goes on there at once:
 *
 *   - split: {name: n, shares: {a: 50, b: 40, c: 10}}     0 split: a at 1, b at 3, c at 4
 *     then: {a: [x], b: [y]}                              1 x
 *                                                         2 go on at 4
 *   - d                                                   3 y
 *                                                         4 d
 */
#include "base/share.h"
#include "rules/rule_step_kinds.h"

struct split {
    const char *name;
    struct value shares;
};

const struct setting rule_split_settings[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     .offset = offsetof(struct split, name),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "the name by which shares are drawn: another name is another draw",
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "."}},
    {.key = "shares",
     .type = SETTING_VALUE,
     .offset = offsetof(struct split, shares),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "name: percentage; together 100",
     .shape =
         &(const struct shape){
             .kind = SHAPE_MAP, .of = &share_shape, .least = 1, .most = RULE_SHARES_MOST}},
    {0},
};

const struct shape rule_step_split_shape = {.kind = SHAPE_KEYS, .table = rule_split_settings};

static void refuse_shares(const struct rule_reader *reader, const struct value *place,
                          const char *format, uint32_t places)
{
    diag_hint(settings_fault(reader->diags, reader->source, place, DIAG_ERROR, format,
                             share_percent(places)),
              "shares are percentages, together 100: {a: 50, b: 50}");
}

/* Ends with a row without a name; NULL where they are none. */
static struct rule_share *read_shares(const struct rule_reader *reader, const struct value *shares)
{
    uint32_t count = value_count(shares), upto = 0, places;
    if (shares->kind == VALUE_NULL)
        return NULL; /* they are missing, which was told */
    if (shares->kind != VALUE_MAP || count == 0) {
        refuse_shares(reader, shares, "`shares` must be a mapping of names to percentages", 0);
        return NULL;
    }
    if (count > RULE_SHARES_MOST) {
        refuse_shares(reader, shares, "a split has 100 shares at most", 0);
        return NULL;
    }
    struct rule_share *list = arena_zero(reader->arena, sizeof *list * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value_member *member = &shares->map->members[i];
        if (!share_read(&member->value, &places)) {
            refuse_shares(reader, &member->value,
                          "a share is a number from 0 to 100, with two decimals at most", 0);
            return NULL;
        }
        upto += places;
        list[i] =
            (struct rule_share){.name = value_to_text(reader->arena, &member->key), .upto = upto};
    }
    if (upto != SHARE_WHOLE)
        refuse_shares(reader, shares, "the shares add up to %g, not to 100", upto);
    return list;
}

static void check_names(const struct rule_reader *reader, const struct rule_share *shares,
                        const struct value *then)
{
    const char *names[RULE_SHARES_MOST + 1];
    uint32_t count = 0;
    for (; shares[count].name && count < RULE_SHARES_MOST; count++)
        names[count] = shares[count].name;
    names[count] = NULL;
    for (uint32_t i = 0; i < value_count(then); i++) {
        const struct value *key = &then->map->members[i].key;
        const char *name = value_to_text(reader->arena, key);
        if (!rule_list_has(names, name))
            diag_suggest(settings_fault(reader->diags, reader->source, key, DIAG_ERROR,
                                        "`shares` has no `%s`", name),
                         name, names);
    }
}

/* The steps of each share; jumps from their ends are to be led behind all. */
static void read_sides(struct rule_step_reader *steps, uint32_t split, struct rule_share *shares,
                       const struct value *then)
{
    const struct rule_step_reader outer = *steps;
    struct rule *rule = steps->rule;
    uint32_t left = value_count(then), jumps[RULE_SHARES_MOST], jump_count = 0;
    for (struct rule_share *share = shares; share->name; share++) {
        const struct value *list = value_get(then, share->name);
        share->target = UINT32_MAX;
        if (!list)
            continue;
        share->target = rule->step_count;
        steps->within = (int32_t)split;
        steps->otherwise = false;
        steps->read_list(steps, list);
        steps->within = outer.within;
        steps->otherwise = outer.otherwise;
        if (--left == 0)
            continue;
        jumps[jump_count++] = rule->step_count;
        rule_step_reader_add(steps, RULE_STEP_JUMP, list)->id =
            rule_step_reader_id(steps, NULL, "share", list);
    }
    for (uint32_t i = 0; i < jump_count; i++)
        rule->steps[jumps[i]].target = rule->step_count;
    for (struct rule_share *share = shares; share->name; share++)
        if (share->target == UINT32_MAX)
            share->target = rule->step_count;
    rule->steps[split].behind = rule->step_count;
}

void rule_step_split_read(struct rule_step_reader *steps, const struct value *step_value,
                          const struct value *content)
{
    const struct rule_reader *reader = steps->reader;
    const struct value *then = value_get(step_value, "then"),
                       none = value_new_map(reader->arena, 0);
    uint32_t number = steps->rule->step_count;
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_SPLIT, step_value);
    struct split split = {0};
    if (content->kind != VALUE_MAP ||
        (!value_get(content, "name") && !value_get(content, "shares"))) {
        diag_hint(settings_fault(reader->diags, reader->source, content, DIAG_ERROR,
                                 "`split` must be {name, shares}"),
                  "{name: subject-test, shares: {a: 50, b: 50}}");
        return;
    }
    settings_read(rule_split_settings, content, reader->source, &split, reader->arena,
                  reader->diags);
    /* By its name alone: journeys that wait for it know it when its shares change. */
    const struct value named = value_text(split.name ? split.name : "");
    step->split = named.string;
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "split", &named);
    if (split.name && !*split.name)
        settings_fault(reader->diags, reader->source, value_get(content, "name"), DIAG_ERROR,
                       "a split needs a name");
    step->shares = value_get(content, "shares") ? read_shares(reader, &split.shares) : NULL;
    if (!then || then->kind != VALUE_MAP)
        settings_fault(reader->diags, reader->source, then ? then : step_value, DIAG_ERROR,
                       then ? "`then` of a split is a mapping of shares to their steps"
                            : "`then` is missing: what to do for each share");
    if (!step->shares)
        return;
    if (!value_is(then, VALUE_MAP))
        then = &none;
    check_names(reader, step->shares, then);
    read_sides(steps, number, step->shares, then);
}
