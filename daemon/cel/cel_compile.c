/*
 * From text to program, pass by pass; each file may be read by itself:
 *
 *   cel_parse       words (cel_lex, cel_literal) into a tree (cel_ast), macros expanded
 *   cel_resolve     names bound to slots, calls to the rows of functions (cel_function)
 *   cel_check       what can never work, by types (cel_type)
 *   cel_fold        constants evaluated; every node gets its evaluator
 *   cel_conditions  warnings about what is always true or never
 *
 * cel_run runs the program: evaluators call each other down the tree.
 */
#include <string.h>

#include "base/utf8.h"
#include "cel/cel.h"
#include "cel/cel_check.h"
#include "cel/cel_conditions.h"
#include "cel/cel_diag.h"
#include "cel/cel_fold.h"
#include "cel/cel_parse.h"
#include "cel/cel_resolve.h"
#include "cel/cel_run.h"

static bool check_text(const char *text, size_t length, struct diag *diag)
{
    if (length > CEL_TEXT_MOST) {
        diag_error(diag, "the expression is longer than %d bytes", CEL_TEXT_MOST);
        diag_code(diag, "cel-size");
        return false;
    }
    size_t invalid = utf8_invalid(text, length);
    if (invalid == length)
        return true;
    return cel_diag_error(diag, text, (uint32_t)length, (uint32_t)invalid, 1,
                          "the expression is no valid UTF-8", NULL);
}

struct cel_program *cel_compile(struct arena *arena, const char *text, size_t length,
                                const struct cel_environment *environment, struct diags *warnings,
                                struct diag *diag)
{
    if (!check_text(text, length, diag))
        return NULL;
    struct cel_program *program = arena_zero(arena, sizeof *program);
    program->text = arena_copy(arena, text, length);
    program->length = (uint32_t)length;
    program->gives = CEL_KINDS_ANY;
    struct cel_node *root =
        cel_parse(arena, program->text, program->length, &program->strings, diag);
    if (!root || !cel_resolve(arena, program->text, program->length, environment, root,
                              &program->locals, diag))
        return NULL;
    bool checked = !environment->unchecked;
    if (checked && !cel_check(arena, program, environment, root, &program->gives, warnings, diag))
        return NULL;
    if (!cel_fold(arena, program, root, checked ? diag : NULL))
        return NULL;
    if (checked && warnings)
        cel_conditions_warn(arena, program, root, warnings);
    program->root = root;
    return program;
}
