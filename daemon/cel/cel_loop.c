/*
 * The comprehensions: one evaluator that walks the range and hands each turn's
 * values to what the macro does with them.
 */
#include "cel/cel_lists.h"
#include "cel/cel_run.h"
#include "cel/cel_value.h"

/* A loop under way. */
struct loop {
    struct cel_run *run;
    const struct cel_node *node;
    struct value result;    /* the list or map that grows */
    bool failed;            /* all, exists: a turn failed, and no other has decided */
    struct cel_error error; /* that failure */
    uint32_t matches;       /* exists_one */
    bool done;              /* a turn has decided the result */
};

/* What one turn of each macro does. False: the whole loop fails. */
typedef bool loop_turn(struct loop *loop, const struct value *key, const struct value *item);

static bool condition(struct loop *loop, const struct cel_node *node, bool *holds)
{
    struct value value;
    if (!cel_run_node(loop->run, node, &value))
        return false;
    if (value.kind != VALUE_BOOL)
        return cel_fail_with(loop->run, node, "%a is no condition", &value, &value);
    *holds = value.boolean;
    return true;
}

/* all and exists: one turn that gives `decisive` decides, whatever the others do. */
static bool turn_decide(struct loop *loop, bool decisive)
{
    bool holds;
    if (condition(loop, loop->node->children[1], &holds)) {
        if (holds == decisive) {
            loop->result = value_bool(decisive);
            loop->done = true;
        }
        return true;
    }
    if (loop->run->budget < 0)
        return false;
    if (!loop->failed)
        loop->error = loop->run->error;
    loop->failed = true;
    return true;
}

static bool turn_all(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)key, (void)item;
    return turn_decide(loop, false);
}

static bool turn_exists(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)key, (void)item;
    return turn_decide(loop, true);
}

static bool turn_exists_one(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)key, (void)item;
    bool holds;
    if (!condition(loop, loop->node->children[1], &holds))
        return false;
    loop->matches += holds;
    return true;
}

static bool turn_filter(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)item;
    bool holds;
    if (!condition(loop, loop->node->children[1], &holds))
        return false;
    if (holds)
        value_push(loop->run->arena, loop->result, *key);
    return true;
}

static bool turn_map(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)key, (void)item;
    struct value value;
    if (!cel_run_node(loop->run, loop->node->children[1], &value))
        return false;
    value_push(loop->run->arena, loop->result, value);
    return true;
}

static bool turn_transform_map(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)item;
    struct value value;
    if (!cel_run_node(loop->run, loop->node->children[1], &value))
        return false;
    value_add(loop->run->arena, loop->result, *key, value);
    return true;
}

static bool turn_transform_entry(struct loop *loop, const struct value *key,
                                 const struct value *item)
{
    (void)key, (void)item;
    struct value entries;
    const struct cel_node *body = loop->node->children[1];
    if (!cel_run_node(loop->run, body, &entries))
        return false;
    if (entries.kind != VALUE_MAP)
        return cel_fail_with(loop->run, body, "%a where a map of entries is expected", &entries,
                             &entries);
    for (uint32_t i = 0; i < entries.map->count; i++) {
        struct value_member member = entries.map->members[i];
        if (!cel_map_add(loop->run, body, loop->result, &member.key, &member.value))
            return false;
    }
    return true;
}

/* Elements and their keys lie side by side in the list until it is sorted. */
static bool turn_sort_by(struct loop *loop, const struct value *key, const struct value *item)
{
    (void)item;
    struct value by;
    if (!cel_run_node(loop->run, loop->node->children[1], &by))
        return false;
    value_push(loop->run->arena, loop->result, by);
    value_push(loop->run->arena, loop->result, *key);
    return true;
}

static loop_turn *const turns[] = {
    [CEL_LOOP_ALL] = turn_all,
    [CEL_LOOP_EXISTS] = turn_exists,
    [CEL_LOOP_EXISTS_ONE] = turn_exists_one,
    [CEL_LOOP_FILTER] = turn_filter,
    [CEL_LOOP_MAP] = turn_map,
    [CEL_LOOP_TRANSFORM_MAP] = turn_transform_map,
    [CEL_LOOP_TRANSFORM_ENTRY] = turn_transform_entry,
    [CEL_LOOP_SORT_BY] = turn_sort_by,
};

/* Sets the variables and takes one turn, unless the filter is against it. */
static bool take_turn(struct loop *loop, const struct value *key, const struct value *item)
{
    const struct cel_node *node = loop->node;
    struct cel_run *run = loop->run;
    /* A large body costs more than one element: bounded work, whatever the text. */
    if (!cel_spend(run, node, 1 + node->children[1]->weight / 4))
        return false;
    run->locals[node->slot] = *key;
    if (node->second >= 0)
        run->locals[node->second] = *item;
    if (node->count == 3) {
        bool holds;
        if (!condition(loop, node->children[2], &holds))
            return false;
        if (!holds)
            return true;
    }
    return turns[node->op](loop, key, item);
}

/* One variable stands for a list's elements or a map's keys; two for index and
 * element, key and value. */
static bool walk(struct loop *loop, const struct value *range)
{
    bool two = loop->node->second >= 0;
    if (range->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < range->list->count && !loop->done; i++) {
            struct value index = value_int(i);
            const struct value *item = &range->list->items[i];
            if (!take_turn(loop, two ? &index : item, item))
                return false;
        }
        return true;
    }
    if (range->kind != VALUE_MAP)
        return cel_fail_with(loop->run, loop->node, "%a has no elements to go through", range,
                             range);
    for (uint32_t i = 0; i < range->map->count && !loop->done; i++)
        if (!take_turn(loop, &range->map->members[i].key, &range->map->members[i].value))
            return false;
    return true;
}

/* From [key, element, key, element, …] to the elements in order. */
static bool sort_pairs(struct loop *loop)
{
    struct value_list *list = loop->result.list;
    uint32_t count = list->count / 2;
    if (!cel_sort(loop->run, loop->node, list->items, count, 2))
        return false;
    for (uint32_t i = 0; i < count; i++)
        list->items[i] = list->items[2 * i + 1];
    list->count = count;
    return true;
}

static void start(struct loop *loop)
{
    switch (loop->node->op) {
    case CEL_LOOP_ALL:
        loop->result = value_bool(true);
        break;
    case CEL_LOOP_EXISTS:
        loop->result = value_bool(false);
        break;
    case CEL_LOOP_EXISTS_ONE:
        break;
    case CEL_LOOP_TRANSFORM_MAP:
    case CEL_LOOP_TRANSFORM_ENTRY:
        loop->result = value_new_map(loop->run->arena, 0);
        break;
    default:
        loop->result = value_new_list(loop->run->arena, 0);
    }
}

bool cel_eval_loop(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct loop loop = {.run = run, .node = node};
    struct value range;
    if (!cel_run_node(run, node->children[0], &range))
        return false;
    start(&loop);
    if (!walk(&loop, &range))
        return false;
    if (loop.failed && !loop.done) {
        run->error = loop.error;
        return false;
    }
    if (node->op == CEL_LOOP_EXISTS_ONE)
        loop.result = value_bool(loop.matches == 1);
    if (node->op == CEL_LOOP_SORT_BY && !sort_pairs(&loop))
        return false;
    *result = loop.result;
    return true;
}
