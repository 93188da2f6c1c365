#include "liquid/liquid_run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "liquid/liquid_member.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_value.h"

/* Steps between two looks at the clock: some microseconds. */
enum { CHECK_STEPS = 256, FIRST_CAPACITY = 8, TEXT_SIZE = 512 };

struct arena *liquid_arena(struct liquid_run *run)
{
    return run->arena;
}

void *liquid_context(struct liquid_run *run)
{
    return run->input->context;
}

bool liquid_fail(struct liquid_run *run, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    diag_error(run->diag, "%s", text);
    diag_code(run->diag, "liquid-render");
    run->placed = false;
    return false;
}

bool liquid_run_place(struct liquid_run *run, uint32_t offset)
{
    const struct liquid_template *template = run->template;
    if (run->placed)
        return false;
    run->placed = true;
    diag_file(run->diag, template->name);
    diag_offset(run->diag, template->text, template->length, offset);
    run->diag->line += template->first_line - 1;
    run->diag->column += template->first_column - 1;
    return false;
}

bool liquid_run_over(struct liquid_run *run, const char *format, unsigned long long limit)
{
    liquid_fail(run, format, limit);
    diag_code(run->diag, "liquid-limit");
    run->over = true;
    return false;
}

static bool memory_over(struct liquid_run *run, size_t more)
{
    size_t used = arena_used(run->arena) - run->memory_start;
    return more > run->memory_limit || used > run->memory_limit - more;
}

bool liquid_run_check(struct liquid_run *run)
{
    if (run->steps > run->step_limit)
        return liquid_run_over(run, "the render takes more than %llu steps", run->step_limit);
    if (!liquid_run_fits(run, 0))
        return false;
    if (clock_thread_ms() > run->deadline)
        return liquid_run_over(run, "the render takes more than %llu ms",
                               run->input->limits.ms ? run->input->limits.ms : 1000);
    run->check_at = run->steps + CHECK_STEPS;
    if (run->check_at > run->step_limit + 1)
        run->check_at = run->step_limit + 1;
    return true;
}

bool liquid_run_fits(struct liquid_run *run, size_t size)
{
    return !memory_over(run, size) ||
           liquid_run_over(run, "the render takes more than %llu bytes of memory",
                           run->memory_limit);
}

char *liquid_run_room(struct liquid_run *run, size_t size)
{
    return liquid_run_fits(run, size) ? arena_alloc(run->arena, size) : NULL;
}

bool liquid_run_full(struct liquid_run *run)
{
    return liquid_run_over(run, "the output takes more than %llu bytes", run->out->limit);
}

/* Where the caller wants it, a failure is printed in its place, and the render goes on. */
static bool go_on(struct liquid_run *run, const struct liquid_node *node)
{
    liquid_run_place(run, node->offset);
    if (run->over || !run->input->go_on)
        return false;
    if (node->blank)
        return true;
    char *text =
        arena_printf(run->arena, "Liquid error (line %u): %s", run->diag->line, run->diag->text);
    struct value shown = value_text(text);
    return liquid_text_print(run, &shown, run->escape);
}

bool liquid_run_body(struct liquid_run *run, const struct liquid_body *body)
{
    if (run->bodies >= LIQUID_BODIES_MOST)
        return liquid_run_over(run, "blocks are nested more than %llu deep", LIQUID_BODIES_MOST);
    if (!liquid_run_step(run, body->count + 1))
        return false;
    uint32_t depth = ++run->bodies;
    for (uint32_t i = 0; i < body->count; i++) {
        const struct liquid_node *node = &body->nodes[i];
        if (!node->kind) {
            if (!liquid_run_add(run, node->text, node->length))
                return liquid_run_place(run, node->offset);
            continue;
        }
        if (!node->kind->render(run, node) && !go_on(run, node))
            return false;
        if (run->interrupt)
            break;
    }
    run->bodies = depth - 1;
    return true;
}

struct value *liquid_run_find(const struct liquid_bindings *bindings,
                              const struct liquid_name *name)
{
    for (uint32_t i = bindings->count; i-- > 0;)
        if (liquid_name_is(&bindings->items[i].name, name))
            return &bindings->items[i].value;
    return NULL;
}

bool liquid_run_push(struct liquid_run *run, struct liquid_bindings *bindings,
                     const struct liquid_name *name, struct value value)
{
    if (bindings->count == bindings->capacity) {
        uint32_t capacity = bindings->capacity ? bindings->capacity * 2 : FIRST_CAPACITY;
        struct liquid_binding *items = (void *)liquid_run_room(run, sizeof *items * capacity);
        if (!items)
            return false;
        if (bindings->count)
            memcpy(items, bindings->items, sizeof *items * bindings->count);
        bindings->items = items;
        bindings->capacity = capacity;
    }
    bindings->items[bindings->count++] = (struct liquid_binding){*name, value};
    return true;
}

bool liquid_run_set(struct liquid_run *run, struct liquid_bindings *bindings,
                    const struct liquid_name *name, struct value value)
{
    struct value *found = liquid_run_find(bindings, name);
    if (!found)
        return liquid_run_push(run, bindings, name, value);
    *found = value;
    return true;
}

/* What `self` is, unless something of that name is in scope. The scope outlives it: it
 * cannot be handed to a caller. */
static const struct value *find_self(struct liquid_scope *scope, const struct liquid_name *name)
{
    if (name->length != 4 || memcmp(name->text, "self", 4) != 0)
        return NULL;
    scope->self =
        (struct value){.kind = VALUE_EXTENSION, .length = LIQUID_EXTENSION_SELF, .other = scope};
    return &scope->self;
}

const struct value *liquid_run_variable_in(struct liquid_run *run, struct liquid_scope *scope,
                                           const struct liquid_name *name)
{
    const struct value *found = liquid_run_find(&scope->inner, name);
    if (!found)
        found = liquid_run_find(&scope->locals, name);
    if (found)
        return found;
    found = liquid_run_find(&scope->counters, name);
    if (!found)
        found = value_find(scope->data, name->text, name->length);
    if (!found || found->kind == VALUE_NULL)
        found = value_find(run->input->shared, name->text, name->length);
    return found ? found : find_self(scope, name);
}

const struct value *liquid_run_variable(struct liquid_run *run, const struct liquid_name *name)
{
    return liquid_run_variable_in(run, run->scope, name);
}

static bool range_bound(struct liquid_run *run, const struct liquid_expression *expression,
                        int64_t *bound)
{
    struct value value;
    if (!liquid_run_evaluate(run, expression, &value) || !liquid_text_plain(run, &value))
        return false;
    if (value.kind == VALUE_STRING) {
        struct liquid_number number = liquid_number_text(value.string, value.length);
        *bound = liquid_number_truncate(&number);
        return true;
    }
    if (value.kind == VALUE_NULL) {
        *bound = 0;
        return true;
    }
    if (liquid_value_integer(&value, bound))
        return true;
    liquid_fail(run, "a range needs integers");
    return liquid_run_place(run, expression->offset);
}

/* The name of a path that begins with one in brackets; `text` NULL where it is no string. */
static bool evaluate_root(struct liquid_run *run, const struct liquid_expression *path,
                          struct liquid_name *name)
{
    struct value root;
    *name = (struct liquid_name){0};
    if (!liquid_run_evaluate(run, path->root, &root) || !liquid_text_plain(run, &root))
        return false;
    if (root.kind == VALUE_STRING)
        *name = liquid_name_of(root.string, root.length);
    return true;
}

/* From member to member without copies, as long as they are members of maps. */
static bool evaluate_path(struct liquid_run *run, const struct liquid_expression *path,
                          struct value *value)
{
    static const struct value nil = {.kind = VALUE_NULL};
    const struct liquid_name *name = &path->name;
    struct liquid_name computed;
    if (!name->text) {
        if (!evaluate_root(run, path, &computed))
            return false;
        name = &computed;
    }
    const struct value *at = name->text ? liquid_run_variable(run, name) : NULL;
    if (!at)
        at = &nil;
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct liquid_step *step = &path->steps[i];
        const struct value *member = NULL;
        if (step->name.text)
            member = value_find(at, step->name.text, step->name.length);
        if (member) {
            at = member;
            continue;
        }
        *value = *at;
        if (!liquid_member_step(run, step, value))
            return false;
        at = value;
    }
    *value = *at;
    return true;
}

bool liquid_run_evaluate(struct liquid_run *run, const struct liquid_expression *expression,
                         struct value *value)
{
    switch ((enum liquid_expression_kind)expression->kind) {
    case LIQUID_CONSTANT:
    case LIQUID_EMPTY:
    case LIQUID_BLANK:
        *value = expression->constant;
        return true;
    case LIQUID_PATH:
        return evaluate_path(run, expression, value);
    case LIQUID_RANGE:
        break;
    }
    int64_t from, to;
    if (!range_bound(run, expression->from, &from) || !range_bound(run, expression->to, &to))
        return false;
    if (!liquid_run_fits(run, 0))
        return false;
    *value = liquid_value_range(run->arena, from, to);
    return true;
}
