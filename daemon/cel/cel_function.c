/*
 * From a call in the text to the C function that answers. The rows themselves stand beside
 * their functions (cel_core, cel_strings, …); `tables` names them all.
 *
 *   cel_function_find  at compile time: the rows of that name that take so many arguments,
 *                      their signatures read (read_signature)
 *   dispatch           at run time: of these the first that the arguments fit as they are; else
 *                      the first that they fit once a document's numbers are converted
 */
#include "cel/cel_function.h"

#include <string.h>

#include "cel/cel_macros.h"
#include "cel/cel_number.h"
#include "cel/cel_type.h"
#include "cel/cel_value.h"

static const struct cel_function *const tables[] = {
    cel_functions_core, cel_functions_convert, cel_functions_strings,  cel_functions_math,
    cel_functions_time, cel_functions_lists,   cel_functions_optional, cel_functions_money,
};

enum { TABLES = sizeof tables / sizeof *tables, ANY = UINT32_MAX };

const struct cel_function *cel_function_next(uint32_t *cursor)
{
    /* The table in the upper half, the row in the lower. */
    while (*cursor >> 16 < TABLES) {
        const struct cel_function *row = &tables[*cursor >> 16][*cursor & 0xffff];
        if (row->name) {
            ++*cursor;
            return row;
        }
        *cursor = ((*cursor >> 16) + 1) << 16;
    }
    return NULL;
}

/* ---- Signatures ---- */

static uint32_t letter_kinds(char letter)
{
    static const struct {
        char letter;
        uint8_t kind;
    } letters[] = {
        {'n', VALUE_NULL},        {'b', VALUE_BOOL},       {'i', VALUE_INT},
        {'u', VALUE_UINT},        {'d', VALUE_DOUBLE},     {'s', VALUE_STRING},
        {'y', VALUE_BYTES},       {'l', VALUE_LIST},       {'m', VALUE_MAP},
        {'T', VALUE_TIMESTAMP},   {'D', VALUE_DURATION},   {'Y', CEL_KIND_TYPE},
        {'O', CEL_KIND_OPTIONAL}, {'X', CEL_KIND_DECIMAL},
    };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return 1u << letters[i].kind;
    return letter == 'N' ? CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE | CEL_KINDS(CEL_KIND_DECIMAL)
                         : ANY;
}

struct signature {
    struct cel_overload overload;
    bool global, receiver; /* how it may be called */
};

static struct signature read_signature(const struct cel_function *function)
{
    struct signature signature = {.overload = {.function = function}, .global = true};
    struct cel_overload *overload = &signature.overload;
    const char *at = function->signature;
    for (; *at != '>'; at++) {
        if (*at == '.' || *at == ':') {
            signature.receiver = true;
            signature.global = *at == ':';
        } else if (*at == '+') {
            overload->more = true;
        } else {
            overload->accepts[overload->count++] = letter_kinds(*at);
        }
    }
    overload->gives = letter_kinds(at[1]);
    overload->input = at[2] == '!';
    overload->flexible = strncmp(function->name, "math.", 5) == 0;
    return signature;
}

enum cel_lookup cel_function_find(struct arena *arena, const char *name, size_t length,
                                  bool receiver, uint32_t count,
                                  const struct cel_overloads **overloads, uint32_t *least,
                                  uint32_t *most)
{
    enum { ROWS_MOST = 32 };
    struct cel_overload found[ROWS_MOST];
    uint32_t rows = 0, cursor = 0;
    enum cel_lookup lookup = CEL_LOOKUP_UNKNOWN;
    *least = UINT32_MAX;
    *most = 0;
    for (const struct cel_function *row; (row = cel_function_next(&cursor));) {
        if (strlen(row->name) != length || memcmp(row->name, name, length) != 0)
            continue;
        struct signature signature = read_signature(row);
        const struct cel_overload *overload = &signature.overload;
        if (receiver ? !signature.receiver : !signature.global) {
            if (lookup == CEL_LOOKUP_UNKNOWN)
                lookup = CEL_LOOKUP_STYLE;
            continue;
        }
        lookup = CEL_LOOKUP_COUNT;
        *least = overload->count < *least ? overload->count : *least;
        *most = overload->more ? UINT32_MAX : overload->count > *most ? overload->count : *most;
        if ((overload->count == count || (overload->more && count > overload->count)) &&
            rows < ROWS_MOST)
            found[rows++] = *overload;
    }
    if (rows == 0)
        return lookup;
    struct cel_overloads *all = arena_alloc(arena, sizeof *all + sizeof *found * rows);
    all->count = rows;
    memcpy(all->items, found, sizeof *found * rows);
    *overloads = all;
    return CEL_LOOKUP_FOUND;
}

/* As other languages call what has a name here that is not near. */
static const char *own_name(const char *word)
{
    static const char *const others[][2] = {
        {"any", "exists"},
        {"count", "size"},
        {"includes", "contains"},
        {"len", "size"},
        {"length", "size"},
        {"lower", "lowerAscii"},
        {"some", "exists"},
        {"toLowerCase", "lowerAscii"},
        {"toUpperCase", "upperAscii"},
        {"upper", "upperAscii"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(word, others[i][0]) == 0)
            return others[i][1];
    return NULL;
}

void cel_function_suggest(struct diag *diag, const char *word)
{
    enum { NAMES_MOST = 300 };
    const char *own = own_name(word);
    if (own) {
        diag_hint(diag, "did you mean `%s`?", own);
        return;
    }
    const char *names[NAMES_MOST + 1];
    uint32_t count = 0, cursor = 0;
    for (const struct cel_function *row; (row = cel_function_next(&cursor));)
        if (count < NAMES_MOST && (count == 0 || strcmp(names[count - 1], row->name) != 0))
            names[count++] = row->name;
    for (uint32_t i = 0; cel_macros_names[i] && count < NAMES_MOST; i++)
        names[count++] = cel_macros_names[i];
    names[count] = NULL;
    diag_suggest(diag, word, names);
}

/* ---- Calls ---- */

/* Whether a document's number fits the types of a parameter; it is converted. */
static bool fit_parameter(struct value *argument, uint32_t accepts)
{
    static const enum value_kind order[] = {VALUE_INT, VALUE_DOUBLE, VALUE_UINT};
    struct value fitted;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if ((accepts >> order[i] & 1) && cel_number_fit(argument, order[i], &fitted)) {
            *argument = fitted;
            return true;
        }
    }
    return false;
}

static uint32_t accepted(const struct cel_overload *overload, uint32_t at)
{
    return overload->accepts[at < overload->count ? at : overload->count - 1];
}

static bool matches(const struct cel_overload *overload, const struct value *arguments,
                    uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!(accepted(overload, i) >> cel_kind(&arguments[i]) & 1))
            return false;
    return true;
}

static bool matches_flexibly(const struct cel_overload *overload, struct value *arguments,
                             uint32_t count)
{
    struct value fitted[CEL_ARGUMENTS_MOST];
    if (count > CEL_ARGUMENTS_MOST)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        fitted[i] = arguments[i];
        if (!(accepted(overload, i) >> cel_kind(&arguments[i]) & 1) &&
            (!cel_is_flexible(&arguments[i]) || !fit_parameter(&fitted[i], accepted(overload, i))))
            return false;
    }
    memcpy(arguments, fitted, sizeof *fitted * count);
    return true;
}

static bool any_flexible(const struct value *arguments, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (cel_is_flexible(&arguments[i]))
            return true;
    return false;
}

static bool no_overload(struct cel_run *run, const struct cel_node *node,
                        const struct value *arguments, uint32_t count)
{
    if (count == 0)
        return cel_fail(run, node, "%f() cannot be called so");
    if (count == 1)
        return cel_fail_with(run, node, "%f() is not for %a", &arguments[0], &arguments[0]);
    return cel_fail_with(run, node, "%f() is not for %a and %b", &arguments[0], &arguments[1]);
}

static bool dispatch(struct cel_run *run, const struct cel_node *node, struct value *arguments,
                     struct value *result)
{
    const struct cel_overloads *overloads = node->special;
    const struct cel_overload *chosen = NULL;
    bool flexible = any_flexible(arguments, node->count);
    for (uint32_t i = 0; i < overloads->count && !chosen; i++)
        if (matches(&overloads->items[i], arguments, node->count))
            chosen = &overloads->items[i];
    for (uint32_t i = 0; flexible && i < overloads->count && !chosen; i++)
        if (matches_flexibly(&overloads->items[i], arguments, node->count))
            chosen = &overloads->items[i];
    if (!chosen)
        return no_overload(run, node, arguments, node->count);
    struct cel_call call = {run, node, arguments, node->count, result};
    if (!chosen->function->apply(&call))
        return false;
    if (flexible && chosen->flexible && cel_is_number(result))
        result->flags |= VALUE_FLEXIBLE;
    return true;
}

static bool evaluate_arguments(struct cel_run *run, const struct cel_node *node,
                               struct value *arguments)
{
    for (uint32_t i = 0; i < node->count; i++)
        if (!cel_run_node(run, node->children[i], &arguments[i]))
            return false;
    return true;
}

/* Room for the arguments: on the stack for as many as calls usually have. */
#define ARGUMENTS(run, node, few)                \
    ((node)->count <= sizeof few / sizeof *(few) \
         ? (few)                                 \
         : arena_alloc((run)->arena, sizeof *(few) * (node)->count))

bool cel_eval_call(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value few[CEL_ARGUMENTS_MOST];
    struct value *arguments = ARGUMENTS(run, node, few);
    return evaluate_arguments(run, node, arguments) && dispatch(run, node, arguments, result);
}

bool cel_eval_host(struct cel_run *run, const struct cel_node *node, struct value *result)
{
    struct value few[CEL_ARGUMENTS_MOST];
    struct value *arguments = ARGUMENTS(run, node, few);
    const char *fault = NULL;
    if (!evaluate_arguments(run, node, arguments) || !cel_spend(run, node, 1))
        return false;
    if (!run->input->call)
        return cel_fail(run, node, "%n: cannot be asked here");
    if (run->input->call(run->input->context, node->slot, arguments, (int)node->count, run->arena,
                         result, &fault))
        return true;
    return cel_fail(run, node, fault ? fault : "%n: has no answer");
}
