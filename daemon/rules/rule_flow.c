/*
 * The steps are a flat list, and every way through it leads forwards (rules/rule_steps): so one
 * walk from the first to the last knows which are reached, and how soon how many messages can be
 * sent.
 */
#include "rules/rule_flow.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "cel/cel_calls.h"
#include "cel/cel_reads.h"
#include "rules/condition.h"

enum { CAP_MOST = 64 /* a cap beyond it is none that one journey passes */ };

struct flow {
    const struct rule *rule;
    const struct settings_source *source;
    struct arena *arena;
    struct diags *diags;
};

static struct diag *warn(const struct flow *flow, uint32_t number, const char *text)
{
    const struct rule_step *step = &flow->rule->steps[number];
    const struct value place = {.kind = VALUE_NULL,
                                .flags = VALUE_PLACED,
                                .place = {.line = step->line, .column = step->column}};
    return settings_fault(flow->diags, flow->source, &place, DIAG_WARNING, "%s", text);
}

/* ---- Conditions that are always the same ---- */

static void on_read(void *context, const struct cel_read *read)
{
    (void)read;
    *(bool *)context = true;
}

static void on_call(void *context, const struct cel_call *call)
{
    (void)call;
    *(bool *)context = true;
}

/* 1: always true, 0: never, -1: it depends. */
static int constant_of(const struct flow *flow, const struct cel_program *program)
{
    const struct cel_input nothing = {0};
    struct value result;
    struct cel_fault fault;
    bool depends = !program || strstr(cel_text(program), "now") != NULL;
    if (!depends)
        cel_reads(program, on_read, &depends);
    if (!depends)
        cel_calls(program, on_call, &depends);
    if (depends || !cel_eval(program, &nothing, flow->arena, &result, &fault) ||
        result.kind != VALUE_BOOL)
        return -1;
    return result.boolean;
}

/* ---- Where a step leads ---- */

struct ways {
    void (*go)(void *context, uint32_t from, uint32_t to);
    void *context;
};

static void follow(const struct flow *flow, uint32_t number, const struct ways *ways)
{
    const struct rule_step *step = &flow->rule->steps[number];
    int constant;
    switch (step->kind) {
    case RULE_STEP_STOP:
        return;
    case RULE_STEP_JUMP:
        ways->go(ways->context, number, step->target);
        return;
    case RULE_STEP_UNLESS:
        constant = constant_of(flow, step->condition);
        if (constant != 0)
            ways->go(ways->context, number, number + 1);
        if (constant != 1)
            ways->go(ways->context, number, step->target);
        return;
    case RULE_STEP_SPLIT:
        for (const struct rule_share *share = step->shares; share && share->name; share++)
            if (share->upto > (share == step->shares ? 0 : share[-1].upto))
                ways->go(ways->context, number, share->target);
        return;
    default:
        ways->go(ways->context, number, number + 1);
        if (step->kind == RULE_STEP_WAIT && step->skips)
            ways->go(ways->context, number, step->target);
    }
}

/* ---- Steps that none reaches ---- */

static void reach(void *context, uint32_t from, uint32_t to)
{
    bool *reached = context;
    (void)from;
    reached[to] = true;
}

/* Of several in a row the first is told. */
static void check_reached(const struct flow *flow)
{
    uint32_t count = flow->rule->step_count;
    bool *reached = arena_zero(flow->arena, sizeof *reached * (count + 1)), told = false;
    const struct ways ways = {reach, reached};
    reached[0] = true;
    for (uint32_t i = 0; i < count; i++) {
        if (reached[i]) {
            told = false;
            follow(flow, i, &ways);
        } else if (!told && flow->rule->steps[i].kind != RULE_STEP_JUMP) {
            struct diag *diag = warn(flow, i, "no journey ever comes to this step");
            diag_code(diag, "unreachable");
            diag_hint(diag,
                      "it stands behind a `stop`, or behind a condition that is always the same");
            told = true;
        }
    }
}

/* ---- Its own event that ends it ---- */

/* Whether a journey may wait behind that step. */
static bool waits_behind(const struct flow *flow, uint32_t number)
{
    uint32_t count = flow->rule->step_count;
    bool *reached = arena_zero(flow->arena, sizeof *reached * (count + 1));
    const struct ways ways = {reach, reached};
    follow(flow, number, &ways);
    for (uint32_t i = number + 1; i < count; i++) {
        if (reached[i] && flow->rule->steps[i].kind == RULE_STEP_WAIT)
            return true;
        if (reached[i])
            follow(flow, i, &ways);
    }
    return false;
}

static void check_own_end(const struct flow *flow)
{
    for (uint32_t i = 0; i < flow->rule->step_count; i++) {
        const struct rule_step *step = &flow->rule->steps[i];
        if (step->kind != RULE_STEP_EMIT || step->for_whom ||
            !rule_list_has(flow->rule->until_plain, step->emits) || !waits_behind(flow, i))
            continue;
        struct diag *diag = warn(flow, i,
                                 "this event is of the rule's own `until`: it ends the "
                                 "journey before what stands behind the next wait");
        diag_code(diag, "own-end");
        diag_hint(diag, "end it by `stop`, or give that member of `until` a condition");
    }
}

/* ---- A branch that sets what its condition reads ---- */

struct setting_of {
    const struct rule_step *set;
    const char *field; /* that the condition reads too; NULL: none */
};

static void on_field(void *context, const struct cel_read *read)
{
    struct setting_of *found = context;
    if (read->root != CONDITION_ROOT_CUSTOMER || read->count == 0)
        return;
    for (const struct rule_data *field = found->set->data; field && field->name; field++)
        if (value_is_text(read->names[0], field->name))
            found->field = field->name;
}

/* After a wait its condition would be asked again, and the branch left. */
static void check_branch(const struct flow *flow, uint32_t number)
{
    const struct rule_step *branch = &flow->rule->steps[number];
    for (uint32_t i = number + 1; i < branch->behind; i++) {
        struct setting_of found = {.set = &flow->rule->steps[i]};
        if (found.set->kind != RULE_STEP_SET || !branch->condition)
            continue;
        cel_reads(branch->condition, on_field, &found);
        if (!found.field)
            continue;
        struct diag *diag = warn(flow, i,
                                 arena_printf(flow->arena,
                                              "this sets `customer.%s`, which the `if` of its "
                                              "own branch reads",
                                              found.field));
        diag_code(diag, "sets-own-if");
        diag_hint(diag,
                  "after a wait the `if` may be asked again: set it behind the branch, or last "
                  "in it");
    }
}

static void check_branches(const struct flow *flow)
{
    for (uint32_t i = 0; i < flow->rule->step_count; i++)
        if (flow->rule->steps[i].kind == RULE_STEP_UNLESS)
            check_branch(flow, i);
}

/* ---- More messages than the cap lets through ---- */

/* Least time to come to a step with so many messages sent before it, from one step on. */
struct sending {
    const struct flow *flow;
    uint32_t most;    /* messages that are counted */
    int64_t *soonest; /* (most + 1) for each step, and for the end */
};

static int64_t least_wait(const struct rule_step *step)
{
    bool at_event = step->or_ && step->or_[0];
    return step->kind == RULE_STEP_WAIT && step->wait == RULE_WAIT_FOR && !at_event ? step->wait_ms
                                                                                    : 0;
}

static void pass(void *context, uint32_t from, uint32_t to)
{
    struct sending *sending = context;
    const struct rule_step *step = &sending->flow->rule->steps[from];
    uint32_t sends = step->kind == RULE_STEP_SEND;
    int64_t *before = sending->soonest + (size_t)from * (sending->most + 1);
    int64_t *after = sending->soonest + (size_t)to * (sending->most + 1);
    for (uint32_t i = 0; i + sends <= sending->most; i++)
        if (before[i] != INT64_MAX && before[i] + least_wait(step) < after[i + sends])
            after[i + sends] = before[i] + least_wait(step);
}

/* The step whose message is one too many where the first is that of step `from`; 0: none is. */
static uint32_t passes_cap(struct sending *sending, uint32_t from, int64_t per_ms)
{
    const struct flow *flow = sending->flow;
    const struct ways ways = {pass, sending};
    size_t cells = (size_t)(flow->rule->step_count + 1) * (sending->most + 1);
    for (size_t i = 0; i < cells; i++)
        sending->soonest[i] = INT64_MAX;
    sending->soonest[(size_t)from * (sending->most + 1)] = 0;
    for (uint32_t i = from; i < flow->rule->step_count; i++) {
        const int64_t *here = sending->soonest + (size_t)i * (sending->most + 1);
        if (flow->rule->steps[i].kind == RULE_STEP_SEND && here[sending->most - 1] < per_ms)
            return i;
        follow(flow, i, &ways);
    }
    return 0;
}

static void check_cap(const struct flow *flow, const struct setting_rate *cap)
{
    const struct rule *rule = flow->rule;
    struct sending sending = {.flow = flow, .most = (uint32_t)cap->count + 1};
    char per[DURATION_TEXT_SIZE];
    if (rule->class != RULE_MARKETING || cap->count <= 0 || cap->count > CAP_MOST)
        return;
    sending.soonest = arena_alloc(flow->arena, sizeof *sending.soonest * (rule->step_count + 1) *
                                                   (sending.most + 1));
    for (uint32_t i = 0; i < rule->step_count; i++) {
        uint32_t last =
            rule->steps[i].kind == RULE_STEP_SEND ? passes_cap(&sending, i, cap->per_ms) : 0;
        if (!last)
            continue;
        struct diag *diag =
            warn(flow, last,
                 arena_printf(flow->arena,
                              "one journey sends more than `policy.cap` lets through, %" PRId64
                              " per %s: this message is refused",
                              cap->count, duration_format(cap->per_ms, per)));
        diag_code(diag, "over-cap");
        diag_hint(diag, "wait longer between messages, or send fewer");
        return;
    }
}

void rule_flow_check(const struct rule *rule, const struct settings_source *source,
                     const struct setting_rate *cap, struct arena *arena, struct diags *diags)
{
    const struct flow flow = {.rule = rule, .source = source, .arena = arena, .diags = diags};
    if (rule->step_count == 0)
        return;
    check_reached(&flow);
    check_own_end(&flow);
    check_branches(&flow);
    check_cap(&flow, cap);
}
