/*
 * A run of a program: what it fails with and what it spends, the texts of that, the evaluator of
 * each kind of node, and the run itself (cel_eval, cel_eval_traced).
 */
#include "cel/cel_run.h"

#include <string.h>

#include "base/buf.h"
#include "cel/cel_value.h"

enum { NODE_TEXT_MOST = 80, VALUE_TEXT_MOST = 120 };

void cel_note_fault(struct cel_run *run, const struct cel_node *node, const char *text,
                    const struct value *a, const struct value *b)
{
    run->error = (struct cel_error){.node = node, .text = text, .a = *a, .b = *b};
}

bool cel_fail(struct cel_run *run, const struct cel_node *node, const char *text)
{
    run->error.node = node;
    run->error.text = text;
    run->error.a = run->error.b = value_null();
    return false;
}

bool cel_fail_budget(struct cel_run *run, const struct cel_node *node)
{
    run->budget = -1;
    return cel_fail(run, node, "the expression takes too much work");
}

bool cel_spend_bytes(struct cel_run *run, const struct cel_node *node, size_t length)
{
    return cel_spend(run, node, 1 + (int64_t)(length / CEL_BYTES_PER_ELEMENT));
}

/* ---- Texts ---- */

static const char *type_words(const struct value *value)
{
    const struct cel_type_name *type = cel_type_of_kind(cel_kind(value));
    return type ? type->words : "a foreign value";
}

static void add_value(struct buf *out, const struct value *value)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_MOST);
    if (cel_print(&text, value))
        buf_add(out, text.data, text.length);
    else
        buf_text(out, type_words(value));
    buf_free(&text);
}

static void add_detail(struct cel_run *run, struct buf *out, const struct cel_error *error,
                       char letter)
{
    const struct cel_node *node = error->node;
    if (letter == 'n')
        buf_text(out, cel_node_text(run->arena, run->program->text, node, NODE_TEXT_MOST));
    else if (letter == 'f')
        buf_add(out, node->value.string, node->value.length);
    else if (letter == 'o')
        buf_text(out, cel_operator_text(node->op));
    else if (letter == 'v')
        add_value(out, &error->a);
    else
        buf_text(out, type_words(letter == 'a' ? &error->a : &error->b));
}

const char *cel_error_text(struct cel_run *run, const struct cel_error *error)
{
    if (!strchr(error->text, '%'))
        return error->text;
    struct buf out;
    buf_init(&out, 1024);
    for (const char *at = error->text; *at; at++) {
        if (*at == '%' && at[1] && strchr("nfovab", at[1]))
            add_detail(run, &out, error, *++at);
        else
            buf_char(&out, *at);
    }
    const char *text = arena_text(run->arena, buf_string(&out));
    buf_free(&out);
    return text;
}

/* ---- Evaluators ---- */

cel_evaluate *cel_evaluator(const struct cel_node *node)
{
    static cel_evaluate *const by_kind[] = {
        [CEL_NODE_CONSTANT] = cel_eval_constant,
        [CEL_NODE_ROOT] = cel_eval_root,
        [CEL_NODE_MEMBER] = cel_eval_member,
        [CEL_NODE_LOCAL] = cel_eval_local,
        [CEL_NODE_BOUND] = cel_eval_bound,
        [CEL_NODE_NOW] = cel_eval_now,
        [CEL_NODE_UNKNOWN] = cel_eval_unknown,
        [CEL_NODE_SELECT] = cel_eval_select,
        [CEL_NODE_INDEX] = cel_eval_index,
        [CEL_NODE_LIST] = cel_eval_list,
        [CEL_NODE_MAP] = cel_eval_map,
        [CEL_NODE_CALL] = cel_eval_call,
        [CEL_NODE_HOST] = cel_eval_host,
        [CEL_NODE_NOT] = cel_eval_not,
        [CEL_NODE_NEGATE] = cel_eval_negate,
        [CEL_NODE_AND] = cel_eval_and,
        [CEL_NODE_OR] = cel_eval_or,
        [CEL_NODE_CONDITIONAL] = cel_eval_conditional,
        [CEL_NODE_LOOP] = cel_eval_loop,
        [CEL_NODE_BIND] = cel_eval_bind,
        [CEL_NODE_OPTIONAL_MAP] = cel_eval_optional_map,
        [CEL_NODE_OR_ELSE] = cel_eval_or_else,
        [CEL_NODE_PATH] = cel_eval_path,
        [CEL_NODE_IN_SET] = cel_eval_in_set,
    };
    static cel_evaluate *const by_operator[] = {
        [CEL_ADD] = cel_eval_binary,
        [CEL_SUBTRACT] = cel_eval_binary,
        [CEL_MULTIPLY] = cel_eval_binary,
        [CEL_DIVIDE] = cel_eval_binary,
        [CEL_REMAINDER] = cel_eval_binary,
        [CEL_EQUAL] = cel_eval_equal,
        [CEL_UNEQUAL] = cel_eval_unequal,
        [CEL_LESS] = cel_eval_less,
        [CEL_LESS_EQUAL] = cel_eval_less_equal,
        [CEL_GREATER] = cel_eval_greater,
        [CEL_GREATER_EQUAL] = cel_eval_greater_equal,
        [CEL_IN] = cel_eval_in,
    };
    return node->kind == CEL_NODE_BINARY ? by_operator[node->op] : by_kind[node->kind];
}

/* ---- Running ---- */

bool cel_run_traced(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    bool fine = node->evaluate(run, node, result);
    if (node->flags & CEL_FLAG_WRITTEN)
        return fine;
    const struct cel_tracer *tracer = run->tracer;
    struct cel_step step = {.offset = node->offset, .length = node->length};
    if (fine)
        step.value = result;
    else
        step.fault = cel_error_text(run, &run->error);
    tracer->visit(tracer->context, &step);
    return fine;
}

/* Of one run. */
static int64_t budget_of(const struct cel_input *input)
{
    const int64_t left = input->budget ? *input->budget : CEL_COST_MOST;
    return left < 0 ? 0 : left < CEL_COST_MOST ? left : CEL_COST_MOST;
}

bool cel_eval_traced(const struct cel_program *program, const struct cel_input *input,
                     struct arena *arena, const struct cel_tracer *tracer, struct value *result,
                     struct cel_fault *fault)
{
    struct value locals[CEL_LOCALS_MOST];
    const int64_t budget = budget_of(input);
    struct cel_run run = {
        .program = program,
        .input = input,
        .arena = arena,
        .budget = budget,
        .tracer = tracer,
        .locals = locals,
    };
    const bool fine = cel_run_node(&run, program->root, result);
    if (input->budget)
        *input->budget -= budget - run.budget + 1;
    if (fine)
        return true;
    if (fault) {
        fault->text = cel_error_text(&run, &run.error);
        fault->offset = run.error.node->mark;
    }
    return false;
}

bool cel_eval(const struct cel_program *program, const struct cel_input *input, struct arena *arena,
              struct value *result, struct cel_fault *fault)
{
    return cel_eval_traced(program, input, arena, NULL, result, fault);
}

bool cel_may_give(const struct cel_program *program, enum value_kind kind)
{
    return program->gives >> kind & 1;
}

const char *cel_text(const struct cel_program *program)
{
    return program->text;
}

const struct value *cel_strings(const struct cel_program *program)
{
    return &program->strings;
}
