/*
 * A walk over the tree: each node is checked by the types that its children may have, and
 * answers with the types that it may have itself. check(), at the end, sends each kind of node
 * to its function; these stand in the order members, containers, operators, calls, scopes, names.
 *
 * A type is a set of kinds (cel_type), and what a document holds may be of every kind: so
 * only what can never work is refused. The first error is kept (refuse); what failed counts as
 * any type after that, so that one mistake is told once.
 */
#include "cel/cel_check.h"

#include <stdarg.h>
#include <string.h>

#include "cel/cel_diag.h"
#include "cel/cel_doubts.h"
#include "cel/cel_function.h"
#include "cel/cel_moment.h"
#include "cel/cel_regex.h"

enum { NAMES_MOST = 128 };

struct checker {
    struct arena *arena;
    const struct cel_program *program;
    const struct cel_environment *environment;
    struct diags *warnings;
    struct diag *diag;
    const struct cel_node *refused; /* the first error, in `diag`, is about it; NULL: none yet */
    struct cel_type locals[CEL_LOCALS_MOST];
};

static struct cel_type check(struct checker *checker, const struct cel_node *node);

static struct cel_type any(void)
{
    return cel_type_of(CEL_KINDS_ANY);
}

/* Says the first error only. What failed has any type, so that nothing follows from it. */
__attribute__((format(printf, 3, 4))) static struct cel_type
refuse(struct checker *checker, const struct cel_node *node, const char *format, ...)
{
    if (checker->refused)
        return any();
    checker->refused = node;
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(checker->arena, format, args);
    va_end(args);
    const struct cel_program *program = checker->program;
    cel_diag_error(checker->diag, program->text, program->length, node->offset, node->length,
                   message, NULL);
    diag_code(checker->diag, "cel-type");
    return any();
}

/* What to do about it, where `node` is what was refused. */
static void hint(struct checker *checker, const struct cel_node *node, const char *text)
{
    if (checker->refused == node)
        diag_hint(checker->diag, "%s", text);
}

static const char *words(struct checker *checker, struct cel_type type)
{
    return cel_type_words(checker->arena, type.kinds);
}

static bool may_be(struct cel_type type, uint32_t kind)
{
    return type.kinds >> kind & 1;
}

/* Of an empty literal there is nothing to know. */
static struct cel_type of_kinds(cel_kinds kinds)
{
    return cel_type_of(kinds ? kinds : CEL_KINDS_ANY);
}

static struct cel_type element_of(struct cel_type type)
{
    const struct value *sample = type.sample;
    if (type.document)
        return cel_type_of_document();
    if (value_is(sample, VALUE_LIST) && sample->list->count > 0)
        return cel_type_of_sample(&sample->list->items[0]);
    return of_kinds(type.elements);
}

/* A node that must be a condition. */
static void check_condition(struct checker *checker, const struct cel_node *node)
{
    struct cel_type type = check(checker, node);
    if (!may_be(type, VALUE_BOOL))
        refuse(checker, node, "%s is no condition", words(checker, type));
}

/* ---- Members ---- */

/* Whether it is a field of a root, such as customer.tier, at any depth. */
static bool is_of_root(const struct cel_node *node)
{
    while (node->kind == CEL_NODE_SELECT)
        node = node->children[0];
    return node->kind == CEL_NODE_ROOT;
}

/* A field that the sample has not: perhaps a misspelt one. What an event carries may vary, so
 * there only a near name counts; and who asks whether it is there knows that it may not be. */
static void doubt_field(struct checker *checker, const struct cel_node *node,
                        const struct value *sample)
{
    const char *names[NAMES_MOST + 1];
    uint32_t count = 0;
    for (; count < sample->map->count && count < NAMES_MOST; count++)
        names[count] = value_to_text(checker->arena, &sample->map->members[count].key);
    names[count] = NULL;
    const char *name = value_to_text(checker->arena, &node->value);
    const char *near = diag_nearest(name, names);
    bool asked = node->flags & (CEL_FLAG_TEST | CEL_FLAG_OPTIONAL);
    if (!checker->warnings || (!near && (asked || !is_of_root(node))))
        return;
    struct diag warning;
    const struct cel_program *program = checker->program;
    cel_diag_error(&warning, program->text, program->length, node->mark, node->value.length,
                   arena_printf(checker->arena, "no sample has the field `%s`", name), NULL);
    warning.level = DIAG_WARNING;
    diag_code(&warning, "cel-field");
    if (near)
        diag_hint(&warning, "did you mean `%s`?", near);
    else
        diag_hint(&warning, "add it to a sample in events.yaml, or ask has() first");
    diags_add(checker->warnings, &warning);
}

static struct cel_type member_of(struct checker *checker, const struct cel_node *node,
                                 struct cel_type object)
{
    if (object.document)
        return cel_type_of_document();
    if (!value_is(object.sample, VALUE_MAP))
        return may_be(object, VALUE_MAP) ? of_kinds(object.elements) : any();
    const struct value *member = value_find(object.sample, node->value.string, node->value.length);
    if (!member)
        doubt_field(checker, node, object.sample);
    return cel_type_of_sample(member);
}

/* What is selected from an optional, or with .?, is an optional. */
static struct cel_type as_optional(struct cel_type type)
{
    struct cel_type optional = cel_type_of(CEL_KINDS(CEL_KIND_OPTIONAL));
    optional.elements = type.kinds;
    return optional;
}

static struct cel_type check_select(struct checker *checker, const struct cel_node *node)
{
    struct cel_type object = check(checker, node->children[0]);
    if (!may_be(object, VALUE_MAP) && !may_be(object, CEL_KIND_OPTIONAL)) {
        refuse(checker, node->children[0], "%s has no fields", words(checker, object));
        if (value_is_text(&node->value, "length") || value_is_text(&node->value, "size"))
            hint(checker, node->children[0], "write size(…)");
        return any();
    }
    if (node->flags & CEL_FLAG_TEST) {
        member_of(checker, node, object);
        return cel_type_of(CEL_KINDS(VALUE_BOOL));
    }
    if (!may_be(object, VALUE_MAP))
        return as_optional(any());
    struct cel_type member = member_of(checker, node, object);
    if (node->flags & CEL_FLAG_OPTIONAL)
        return as_optional(member);
    return may_be(object, CEL_KIND_OPTIONAL) ? any() : member;
}

static struct cel_type check_index(struct checker *checker, const struct cel_node *node)
{
    struct cel_type object = check(checker, node->children[0]);
    struct cel_type index = check(checker, node->children[1]);
    bool list = may_be(object, VALUE_LIST), map = may_be(object, VALUE_MAP);
    bool optional = may_be(object, CEL_KIND_OPTIONAL);
    cel_kinds keys = CEL_KINDS_NUMBERS;
    if (!list && !map && !optional)
        return refuse(checker, node->children[0], "%s has no elements", words(checker, object));
    if (map || optional)
        keys |= CEL_KINDS(VALUE_STRING) | CEL_KINDS(VALUE_BOOL);
    if (!(index.kinds & keys))
        return refuse(checker, node->children[1], "%s is no index of %s", words(checker, index),
                      words(checker, object));
    struct cel_type element = list != map && !optional ? element_of(object) : any();
    if (map && value_is(object.sample, VALUE_MAP))
        element = any();
    if (object.document)
        element = cel_type_of_document();
    return node->flags & CEL_FLAG_OPTIONAL ? as_optional(element) : element;
}

/* ---- Containers ---- */

static struct cel_type check_list(struct checker *checker, const struct cel_node *node)
{
    struct cel_type list = cel_type_of(CEL_KINDS(VALUE_LIST));
    list.elements = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        struct cel_type item = check(checker, node->children[i]);
        list.elements |= node->children[i]->flags & CEL_FLAG_ENTRY ? item.elements : item.kinds;
    }
    return list;
}

static struct cel_type check_map(struct checker *checker, const struct cel_node *node)
{
    const cel_kinds fit = CEL_KINDS_NUMBERS | CEL_KINDS(VALUE_STRING) | CEL_KINDS(VALUE_BOOL);
    struct cel_type map = cel_type_of(CEL_KINDS(VALUE_MAP));
    map.keys = map.elements = 0;
    for (uint32_t i = 0; i < node->count; i += 2) {
        struct cel_type key = check(checker, node->children[i]);
        struct cel_type value = check(checker, node->children[i + 1]);
        if (!(key.kinds & fit) || key.kinds == CEL_KINDS(VALUE_DOUBLE))
            return refuse(checker, node->children[i], "%s cannot be a key of a map",
                          words(checker, key));
        map.keys |= key.kinds;
        map.elements |= node->children[i]->flags & CEL_FLAG_ENTRY ? value.elements : value.kinds;
    }
    return map;
}

/* ---- Operators ---- */

static struct cel_doubts doubts_of(const struct checker *checker)
{
    return (struct cel_doubts){checker->arena, checker->program, checker->warnings};
}

static struct cel_type check_in(struct checker *checker, const struct cel_node *node,
                                struct cel_type item, struct cel_type container)
{
    bool list = may_be(container, VALUE_LIST), map = may_be(container, VALUE_MAP);
    if (!list && !map) {
        refuse(checker, node->children[1], "`in` looks into a list or a map, not %s",
               words(checker, container));
        if (may_be(container, VALUE_STRING))
            hint(checker, node->children[1], "to look into a string: text.contains(part)");
        return any();
    }
    cel_kinds elements =
        (list ? element_of(container).kinds : 0) | (map ? of_kinds(container.keys).kinds : 0);
    const struct cel_doubts doubts = doubts_of(checker);
    cel_doubts_list(&doubts, node->children[1], checker->environment->members);
    if (!cel_type_equal(item.kinds, elements))
        return refuse(checker, node, "never true: %s in a list or map of %s", words(checker, item),
                      cel_type_words(checker->arena, elements));
    return cel_type_of(CEL_KINDS(VALUE_BOOL));
}

/* A document has its times, and often its prices, as strings. `both`: what stands on the two
 * sides of an operator. */
static void hint_of_string(struct checker *checker, const struct cel_node *node, cel_kinds both)
{
    if (!(both & CEL_KINDS(VALUE_STRING)) && (both & CEL_KINDS(VALUE_DURATION)))
        hint(checker, node, "a length of time is duration(\"2h\")");
    if (!(both & CEL_KINDS(VALUE_STRING)))
        return;
    if (both & CEL_KINDS(VALUE_DURATION))
        hint(checker, node, "make a time of the string: timestamp(…), or duration(…)");
    else if (both & CEL_KINDS(VALUE_TIMESTAMP))
        hint(checker, node, "make a time of the string: timestamp(…)");
    else if (both & CEL_KINDS_NUMBERS)
        hint(checker, node, "make a number of the string: decimal(…) or double(…)");
}

/* Both sides never compare. */
static struct cel_type refuse_comparison(struct checker *checker, const struct cel_node *node,
                                         struct cel_type a, struct cel_type b)
{
    cel_kinds both = a.kinds | b.kinds;
    if (node->op == CEL_EQUAL || node->op == CEL_UNEQUAL)
        refuse(checker, node, "%s never equals %s", words(checker, a), words(checker, b));
    else
        refuse(checker, node, "%s and %s cannot be compared by `%s`", words(checker, a),
               words(checker, b), cel_operator_text(node->op));
    hint_of_string(checker, node, both);
    return any();
}

static struct cel_type check_binary(struct checker *checker, const struct cel_node *node)
{
    struct cel_type a = check(checker, node->children[0]), b = check(checker, node->children[1]);
    enum cel_operator op = node->op;
    const struct cel_doubts doubts = doubts_of(checker);
    if (op == CEL_IN)
        return check_in(checker, node, a, b);
    if (op == CEL_EQUAL || op == CEL_UNEQUAL || op >= CEL_LESS)
        cel_doubts_comparison(&doubts, node, &a, &b);
    if (op == CEL_EQUAL || op == CEL_UNEQUAL) {
        if (!cel_type_equal(a.kinds, b.kinds))
            return refuse_comparison(checker, node, a, b);
        return cel_type_of(CEL_KINDS(VALUE_BOOL));
    }
    if (op >= CEL_LESS) {
        if (!cel_type_ordered(a.kinds, b.kinds))
            return refuse_comparison(checker, node, a, b);
        return cel_type_of(CEL_KINDS(VALUE_BOOL));
    }
    cel_kinds gives = cel_type_operate(op, a.kinds, b.kinds);
    if (!gives) {
        refuse(checker, node, "no such operation: %s %s %s", words(checker, a),
               cel_operator_text(op), words(checker, b));
        if ((a.kinds & CEL_KINDS_NUMBERS) && (b.kinds & CEL_KINDS_NUMBERS))
            hint(checker, node, "literals are strict: write 2.0, or double(…), int(…)");
        else if (op != CEL_ADD || !((a.kinds | b.kinds) & CEL_KINDS_NUMBERS))
            hint_of_string(checker, node, a.kinds | b.kinds);
        return any();
    }
    struct cel_type type = cel_type_of(gives);
    if (gives == CEL_KINDS(VALUE_LIST))
        type.elements = element_of(a).kinds | element_of(b).kinds;
    return type;
}

static struct cel_type check_not(struct checker *checker, const struct cel_node *node)
{
    struct cel_type type = check(checker, node->children[0]);
    if (!may_be(type, VALUE_BOOL))
        return refuse(checker, node, "no such operation: !%s", words(checker, type));
    return cel_type_of(CEL_KINDS(VALUE_BOOL));
}

static struct cel_type check_negate(struct checker *checker, const struct cel_node *node)
{
    const cel_kinds fit = CEL_KINDS(VALUE_INT) | CEL_KINDS(VALUE_DOUBLE) |
                          CEL_KINDS(VALUE_DURATION) | CEL_KINDS(CEL_KIND_DECIMAL);
    struct cel_type type = check(checker, node->children[0]);
    if (!(type.kinds & fit))
        return refuse(checker, node, "no such operation: -%s", words(checker, type));
    return cel_type_of(type.kinds & (fit | CEL_KINDS_FLEXIBLE));
}

static struct cel_type check_row(struct checker *checker, const struct cel_node *node)
{
    for (uint32_t i = 0; i < node->count; i++)
        check_condition(checker, node->children[i]);
    return cel_type_of(CEL_KINDS(VALUE_BOOL));
}

static struct cel_type check_conditional(struct checker *checker, const struct cel_node *node)
{
    check_condition(checker, node->children[0]);
    struct cel_type yes = check(checker, node->children[1]);
    return cel_type_join(yes, check(checker, node->children[2]));
}

/* ---- Calls ---- */

static bool fits(const struct cel_overload *overload, const struct cel_type *types, uint32_t count,
                 uint32_t *misfit)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t accepts = overload->accepts[i < overload->count ? i : overload->count - 1];
        if (!(accepts & types[i].kinds & ~CEL_KINDS_FLEXIBLE)) {
            *misfit = i;
            return false;
        }
    }
    return true;
}

/* A pattern that is written out is compiled now, to say what is wrong with it. */
static void check_pattern(struct checker *checker, const struct cel_node *node)
{
    const struct value empty = value_string("", 0);
    if (!value_is_text(&node->value, "matches") || node->count != 2)
        return;
    const struct cel_node *pattern = node->children[1];
    if (pattern->kind == CEL_NODE_CONSTANT && pattern->value.kind == VALUE_STRING &&
        cel_regex_search(&pattern->value, &empty) == CEL_REGEX_INVALID)
        refuse(checker, pattern, "this is no regular expression of RE2's syntax");
}

static bool is_text(const struct cel_node *node)
{
    return node->kind == CEL_NODE_CONSTANT && node->value.kind == VALUE_STRING;
}

/* Days and times that are written out. */
static void check_date(struct checker *checker, const struct cel_node *node)
{
    bool next = value_is_text(&node->value, "next_date") && node->count == 2;
    if (!next && !(value_is_text(&node->value, "is_today") && node->count == 1))
        return;
    const struct cel_node *date = node->children[0], *clock = next ? node->children[1] : NULL;
    if (is_text(date) && !cel_moment_is_date(&date->value))
        refuse(checker, date, "this is no date such as \"1990-05-17\" or \"05-17\"");
    if (clock && is_text(clock) && !cel_moment_is_clock(&clock->value))
        refuse(checker, clock, "this is no time of day such as \"09:00\"");
}

static void check_sum(struct checker *checker, const struct cel_node *node,
                      const struct cel_type *types)
{
    const cel_kinds numbers = CEL_KINDS_NUMBERS | CEL_KINDS(CEL_KIND_DECIMAL);
    if (!value_is_text(&node->value, "sum") || node->count != 1 || !may_be(types[0], VALUE_LIST))
        return;
    struct cel_type element = element_of(types[0]);
    if (!(element.kinds & numbers))
        refuse(checker, node, "sum() adds numbers, and each of these is %s",
               words(checker, element));
}

static struct cel_type check_call(struct checker *checker, const struct cel_node *node)
{
    const struct cel_overloads *overloads = node->special;
    struct cel_type *types = arena_alloc(checker->arena, sizeof *types * (node->count + 1u));
    bool flexible = false;
    for (uint32_t i = 0; i < node->count; i++) {
        types[i] = check(checker, node->children[i]);
        flexible |= (types[i].kinds & CEL_KINDS_FLEXIBLE) != 0;
    }
    check_pattern(checker, node);
    check_date(checker, node);
    check_sum(checker, node, types);
    cel_kinds gives = 0;
    uint32_t misfit = 0, furthest = 0;
    for (uint32_t i = 0; i < overloads->count; i++) {
        const struct cel_overload *overload = &overloads->items[i];
        if (fits(overload, types, node->count, &misfit))
            gives |= overload->gives;
        else if (misfit > furthest)
            furthest = misfit;
        if (flexible && overload->flexible && (overload->gives & CEL_KINDS_NUMBERS))
            gives |= gives ? CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE : 0;
    }
    if (gives)
        return cel_type_of(gives);
    return refuse(checker, node->children[furthest], "%.*s() is not for %s",
                  (int)node->value.length, node->value.string, words(checker, types[furthest]));
}

static struct cel_type check_host(struct checker *checker, const struct cel_node *node)
{
    const struct cel_method *method = &checker->environment->methods[node->slot];
    const struct cel_doubts doubts = doubts_of(checker);
    for (uint32_t i = 0; i < node->count; i++) {
        struct cel_type type = check(checker, node->children[i]);
        cel_kinds accepts = method->accepts[i];
        if (accepts & CEL_KINDS(VALUE_STRING) && !(accepts & CEL_KINDS_NUMBERS))
            cel_doubts_event(&doubts, node->children[i], &type);
        if (!accepts || type.kinds & accepts)
            continue;
        refuse(checker, node->children[i], "%s() takes %s here, not %s", method->name,
               words(checker, cel_type_of(accepts)), words(checker, type));
        if (accepts & CEL_KINDS(VALUE_DURATION))
            hint(checker, node->children[i], "a length of time is duration(\"30d\")");
    }
    return of_kinds(method->gives);
}

/* ---- Scopes ---- */

static struct cel_type loop_gives(const struct cel_node *node, struct cel_type first,
                                  struct cel_type body)
{
    struct cel_type type = cel_type_of(CEL_KINDS(VALUE_BOOL));
    switch ((enum cel_loop)node->op) {
    case CEL_LOOP_ALL:
    case CEL_LOOP_EXISTS:
    case CEL_LOOP_EXISTS_ONE:
        break;
    case CEL_LOOP_FILTER:
    case CEL_LOOP_SORT_BY:
        type = cel_type_of(CEL_KINDS(VALUE_LIST));
        type.elements = first.kinds;
        break;
    case CEL_LOOP_MAP:
        type = cel_type_of(CEL_KINDS(VALUE_LIST));
        type.elements = body.kinds;
        break;
    case CEL_LOOP_TRANSFORM_MAP:
        type = cel_type_of(CEL_KINDS(VALUE_MAP));
        type.elements = body.kinds;
        type.keys = first.kinds;
        break;
    case CEL_LOOP_TRANSFORM_ENTRY:
        type = cel_type_of(CEL_KINDS(VALUE_MAP));
        break;
    }
    return type;
}

static struct cel_type check_loop(struct checker *checker, const struct cel_node *node)
{
    struct cel_type range = check(checker, node->children[0]), body;
    bool list = may_be(range, VALUE_LIST), map = may_be(range, VALUE_MAP);
    bool two = node->second >= 0;
    if (!list && !map)
        return refuse(checker, node->children[0], "%s has no elements to go through",
                      words(checker, range));
    struct cel_type element = list && !map                    ? element_of(range)
                              : map && !list && !range.sample ? of_kinds(range.elements)
                                                              : any();
    struct cel_type key = map && !list ? of_kinds(range.keys)
                          : map        ? any()
                                       : cel_type_of(CEL_KINDS(VALUE_INT));
    struct cel_type first = two || (map && !list) ? key : element;
    checker->locals[node->slot] = first;
    if (two)
        checker->locals[node->second] = element;
    if (node->count == 3)
        check_condition(checker, node->children[2]);
    if (node->op <= CEL_LOOP_FILTER) {
        check_condition(checker, node->children[1]);
        body = cel_type_of(CEL_KINDS(VALUE_BOOL));
    } else {
        body = check(checker, node->children[1]);
    }
    return loop_gives(node, first, body);
}

static struct cel_type check_bind(struct checker *checker, const struct cel_node *node)
{
    checker->locals[node->slot] = check(checker, node->children[0]);
    return check(checker, node->children[1]);
}

static struct cel_type check_optional(struct checker *checker, const struct cel_node *node)
{
    struct cel_type optional = check(checker, node->children[0]);
    if (!may_be(optional, CEL_KIND_OPTIONAL))
        return refuse(checker, node->children[0], "%s is no optional", words(checker, optional));
    if (node->kind == CEL_NODE_OPTIONAL_MAP) {
        checker->locals[node->slot] = of_kinds(optional.elements);
        struct cel_type body = check(checker, node->children[1]);
        return node->flags & CEL_FLAG_FLAT ? cel_type_of(CEL_KINDS(CEL_KIND_OPTIONAL))
                                           : as_optional(body);
    }
    struct cel_type other = check(checker, node->children[1]);
    if (node->flags & CEL_FLAG_UNWRAP)
        return cel_type_join(of_kinds(optional.elements), other);
    if (!may_be(other, CEL_KIND_OPTIONAL))
        return refuse(checker, node->children[1], "or() takes an optional, not %s",
                      words(checker, other));
    return cel_type_of(CEL_KINDS(CEL_KIND_OPTIONAL));
}

/* ---- Names ---- */

/* A field of the event's data, of which there may be a sample. */
static struct cel_type check_member(struct checker *checker, const struct cel_node *node)
{
    const struct value *members = checker->environment->members;
    const struct value *sample = value_find(members, node->value.string, node->value.length);
    const struct cel_doubts doubts = doubts_of(checker);
    if (!members)
        cel_doubts_name(&doubts, node);
    return value_is(sample, VALUE_NULL) || !sample ? cel_type_of_document()
                                                   : cel_type_of_sample(sample);
}

/* A root that is a map whose fields are not known. */
static struct cel_type document_of_map(void)
{
    struct cel_type type = cel_type_of_document();
    type.kinds = CEL_KINDS(VALUE_MAP);
    return type;
}

static struct cel_type check_name(struct checker *checker, const struct cel_node *node)
{
    const struct cel_environment *environment = checker->environment;
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_CONSTANT:
        return cel_type_of_value(&node->value);
    case CEL_NODE_LOCAL:
    case CEL_NODE_BOUND:
        return checker->locals[node->slot];
    case CEL_NODE_NOW:
        return cel_type_of(CEL_KINDS(VALUE_TIMESTAMP));
    case CEL_NODE_MEMBER:
        return check_member(checker, node);
    case CEL_NODE_ROOT:
        if (environment->documents >> node->slot & 1 &&
            !value_is(&environment->samples[node->slot], VALUE_MAP))
            return document_of_map();
        return cel_type_of_sample(environment->samples ? &environment->samples[node->slot] : NULL);
    default:
        return any();
    }
}

static struct cel_type check(struct checker *checker, const struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_SELECT:
        return check_select(checker, node);
    case CEL_NODE_INDEX:
        return check_index(checker, node);
    case CEL_NODE_LIST:
        return check_list(checker, node);
    case CEL_NODE_MAP:
        return check_map(checker, node);
    case CEL_NODE_CALL:
        return check_call(checker, node);
    case CEL_NODE_HOST:
        return check_host(checker, node);
    case CEL_NODE_NOT:
        return check_not(checker, node);
    case CEL_NODE_NEGATE:
        return check_negate(checker, node);
    case CEL_NODE_BINARY:
        return check_binary(checker, node);
    case CEL_NODE_AND:
    case CEL_NODE_OR:
        return check_row(checker, node);
    case CEL_NODE_CONDITIONAL:
        return check_conditional(checker, node);
    case CEL_NODE_LOOP:
        return check_loop(checker, node);
    case CEL_NODE_BIND:
        return check_bind(checker, node);
    case CEL_NODE_OPTIONAL_MAP:
    case CEL_NODE_OR_ELSE:
        return check_optional(checker, node);
    default:
        return check_name(checker, node);
    }
}

bool cel_check(struct arena *arena, const struct cel_program *program,
               const struct cel_environment *environment, const struct cel_node *root,
               cel_kinds *gives, struct diags *warnings, struct diag *diag)
{
    struct checker *checker = arena_zero(arena, sizeof *checker);
    checker->arena = arena;
    checker->program = program;
    checker->environment = environment;
    checker->warnings = warnings;
    checker->diag = diag;
    *gives = check(checker, root).kinds;
    return !checker->refused;
}
