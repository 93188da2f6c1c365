/*
 * A walk down the tree, with the variables that are in scope (a list, the innermost first).
 * Each name is rewritten in place to what it turns out to be (become):
 *
 *   names   a variable, a root of the host, `now`, a type, a member of the event: the first that
 *           fits. a.b.c is tried as one name before it is a select of a select (dotted_name).
 *   calls   a method of the host, a function in a namespace (math.abs), a function; the rows
 *           that may answer are kept at the node (cel_function_find)
 *   scopes  what loops and binds declare gets a slot of its own (enter)
 */
#include "cel/cel_resolve.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cel/cel_diag.h"
#include "cel/cel_doubts.h"
#include "cel/cel_function.h"
#include "cel/cel_value.h"

enum { NAME_MOST = 256, NAMES_MOST = 128 };

/* A variable that is in scope. */
struct local {
    struct value name;
    int32_t slot;
    const struct cel_node *bind; /* cel.bind: evaluated on demand */
    struct local *outer;
};

struct resolver {
    struct arena *arena;
    const char *text;
    uint32_t length;
    const struct cel_environment *environment;
    struct local *scope;
    uint32_t locals;
    struct diag *diag;
};

static bool resolve(struct resolver *resolver, struct cel_node *node);

/* What is wrong with a name (a text in the arena): an error with a place, or a node that
 * fails at run time.
 * `diag` is for a hint; NULL where there is none to give. */
static bool refuse(struct resolver *resolver, struct cel_node *node, uint32_t width,
                   const char *message, struct diag **diag)
{
    if (diag)
        *diag = NULL;
    if (resolver->environment->unchecked) {
        node->kind = CEL_NODE_UNKNOWN;
        node->value = value_text(message);
        node->input = true;
        node->count = 0;
        return true;
    }
    cel_diag_error(resolver->diag, resolver->text, resolver->length, node->mark, width, message,
                   NULL);
    diag_code(resolver->diag, "cel-name");
    if (diag)
        *diag = resolver->diag;
    return false;
}

/* ---- Names ---- */

static int32_t root_slot(const struct resolver *resolver, const char *name, size_t length)
{
    const char *const *roots = resolver->environment->roots;
    for (int32_t i = 0; roots && roots[i]; i++)
        if (strlen(roots[i]) == length && memcmp(roots[i], name, length) == 0)
            return i;
    return -1;
}

/* Within container a.b, the name c is a.b.c, then a.c, then c. */
static int32_t find_root(const struct resolver *resolver, const char *name, bool global)
{
    char qualified[2 * NAME_MOST];
    const char *container = resolver->environment->container;
    size_t prefix = container && !global ? strlen(container) : 0;
    while (prefix > 0 && prefix < NAME_MOST) {
        int length = snprintf(qualified, sizeof qualified, "%.*s.%s", (int)prefix, container, name);
        int32_t slot = root_slot(resolver, qualified, (size_t)length);
        if (slot >= 0)
            return slot;
        while (prefix > 0 && container[--prefix] != '.')
            ;
    }
    return root_slot(resolver, name, strlen(name));
}

static struct local *find_local(const struct resolver *resolver, const struct cel_node *name)
{
    if (name->flags & CEL_FLAG_GLOBAL)
        return NULL;
    for (struct local *local = resolver->scope; local; local = local->outer)
        if (value_equal(&local->name, &name->value))
            return local;
    return NULL;
}

/* Writes `a.b.c` as one name; false where the node is more than that, or where `a` is
 * a variable of a comprehension. */
static bool dotted_name(const struct resolver *resolver, const struct cel_node *node,
                        char out[NAME_MOST], bool *global)
{
    if (node->kind == CEL_NODE_NAME) {
        *global = node->flags & CEL_FLAG_GLOBAL;
        if (find_local(resolver, node) || node->value.length >= NAME_MOST)
            return false;
        memcpy(out, node->value.string, node->value.length);
        out[node->value.length] = '\0';
        return true;
    }
    if (node->kind != CEL_NODE_SELECT || (node->flags & (CEL_FLAG_TEST | CEL_FLAG_OPTIONAL)) ||
        !dotted_name(resolver, node->children[0], out, global))
        return false;
    size_t length = strlen(out);
    if (length + node->value.length + 2 > NAME_MOST)
        return false;
    out[length] = '.';
    memcpy(out + length + 1, node->value.string, node->value.length);
    out[length + 1 + node->value.length] = '\0';
    return true;
}

static void become(struct cel_node *node, enum cel_node_kind kind, int32_t slot)
{
    node->kind = (uint8_t)kind;
    node->slot = slot;
    node->input = true;
    node->count = 0;
}

static void become_type(struct cel_node *node, const struct cel_type_name *type)
{
    node->kind = CEL_NODE_CONSTANT;
    node->value = cel_type_value(type);
    node->flags |= CEL_FLAG_WRITTEN;
    node->count = 0;
}

static bool unknown_name(struct resolver *resolver, struct cel_node *node)
{
    struct diag *diag;
    const char *name = arena_copy(resolver->arena, node->value.string, node->value.length);
    bool fine = refuse(resolver, node, node->value.length,
                       arena_printf(resolver->arena, "unknown name `%s`", name), &diag);
    if (!diag)
        return fine;

    const char *names[NAMES_MOST + 1];
    uint32_t count = 0;
    const char *const *roots = resolver->environment->roots;
    for (uint32_t i = 0; roots && roots[i] && count < NAMES_MOST; i++)
        names[count++] = roots[i];
    const struct value *members = resolver->environment->members;
    for (uint32_t i = 0; i < value_count(members) && count < NAMES_MOST; i++)
        names[count++] = value_to_text(resolver->arena, &members->map->members[i].key);
    for (struct local *local = resolver->scope; local && count < NAMES_MOST; local = local->outer)
        names[count++] = value_to_text(resolver->arena, &local->name);
    names[count] = NULL;
    const char *meant = cel_doubts_meant(&node->value);
    if (meant)
        diag_hint(diag, "did you mean `%s`?", meant);
    else
        diag_suggest(diag, name, names);
    return fine;
}

/* `selected`: the name is followed by a field, as in `list.name`. */
static bool resolve_name(struct resolver *resolver, struct cel_node *node, bool selected)
{
    const struct cel_environment *environment = resolver->environment;
    struct local *local = find_local(resolver, node);
    if (local) {
        node->kind = local->bind ? CEL_NODE_BOUND : CEL_NODE_LOCAL;
        node->slot = node->lowest = local->slot;
        node->special = local->bind;
        return true;
    }
    char name[NAME_MOST];
    bool global;
    if (dotted_name(resolver, node, name, &global)) {
        int32_t slot = find_root(resolver, name, global);
        const struct cel_type_name *type = cel_type_named(name, strlen(name));
        bool sampled = value_get(environment->members, name) != NULL;
        bool open = environment->open && (!environment->members || sampled);
        if (slot >= 0) {
            become(node, CEL_NODE_ROOT, slot);
        } else if (!sampled && strcmp(name, "now") == 0) {
            become(node, CEL_NODE_NOW, -1);
        } else if (!sampled && type && !(open && selected)) {
            become_type(node, type);
        } else if (open) {
            become(node, CEL_NODE_MEMBER, -1);
        } else {
            return unknown_name(resolver, node);
        }
        return true;
    }
    return unknown_name(resolver, node);
}

static bool resolve_select(struct resolver *resolver, struct cel_node *node)
{
    char name[NAME_MOST];
    bool global;
    if (dotted_name(resolver, node, name, &global)) {
        int32_t slot = find_root(resolver, name, global);
        const struct cel_type_name *type = cel_type_named(name, strlen(name));
        if (slot >= 0) {
            become(node, CEL_NODE_ROOT, slot);
            return true;
        }
        if (type) {
            become_type(node, type);
            return true;
        }
    }
    struct cel_node *object = node->children[0];
    return object->kind == CEL_NODE_NAME ? resolve_name(resolver, object, true)
                                         : resolve(resolver, object);
}

/* ---- Calls ---- */

static bool resolve_children(struct resolver *resolver, struct cel_node *node)
{
    for (uint32_t i = 0; i < node->count; i++)
        if (!resolve(resolver, node->children[i]))
            return false;
    return true;
}

static void drop_receiver(struct cel_node *call)
{
    call->children++;
    call->count--;
    call->flags &= (uint8_t)~CEL_FLAG_RECEIVER;
}

static bool wrong_count(struct resolver *resolver, struct cel_node *call, const char *name,
                        uint32_t given, uint32_t least, uint32_t most)
{
    const char *wanted = most == UINT32_MAX ? arena_printf(resolver->arena, "at least %u", least)
                         : least == most    ? arena_printf(resolver->arena, "%u", least)
                                         : arena_printf(resolver->arena, "%u to %u", least, most);
    return refuse(resolver, call, call->value.length,
                  arena_printf(resolver->arena, "%s() takes %s argument%s, not %u", name, wanted,
                               least == 1 && (most == 1 || most == UINT32_MAX) ? "" : "s", given),
                  NULL);
}

/* Whether functions have names that begin with `space` and a dot. */
static bool is_namespace(const char *space)
{
    uint32_t cursor = 0;
    size_t length = strlen(space);
    for (const struct cel_function *row; (row = cel_function_next(&cursor));)
        if (strncmp(row->name, space, length) == 0 && row->name[length] == '.')
            return true;
    return false;
}

/* math.foo(): the name as it was meant, else the name alone. */
static const char *meant_name(struct resolver *resolver, const struct cel_node *call,
                              const char *name)
{
    char space[NAME_MOST];
    bool global;
    if ((call->flags & CEL_FLAG_RECEIVER) &&
        dotted_name(resolver, call->children[0], space, &global) && is_namespace(space))
        return arena_printf(resolver->arena, "%s.%s", space, name);
    return name;
}

static bool unknown_function(struct resolver *resolver, struct cel_node *call, const char *name,
                             enum cel_lookup lookup)
{
    struct arena *arena = resolver->arena;
    const char *message;
    name = meant_name(resolver, call, name);
    if (lookup != CEL_LOOKUP_STYLE)
        message = arena_printf(arena, "there is no function %s()", name);
    else if (call->flags & CEL_FLAG_RECEIVER)
        message = arena_printf(arena, "%s() takes its value as an argument", name);
    else
        message = arena_printf(arena, "%s() is called on a value: value.%s(…)", name, name);
    struct diag *diag;
    bool fine = refuse(resolver, call, call->value.length, message, &diag);
    if (diag && lookup == CEL_LOOKUP_UNKNOWN)
        cel_function_suggest(diag, name);
    return fine;
}

/* customer.count(…): a method that the host answers; false where it is none. */
static bool find_method(const struct resolver *resolver, const struct cel_node *call, int *index)
{
    const struct cel_method *methods = resolver->environment->methods;
    const struct cel_node *receiver = call->children[0];
    if (!(call->flags & CEL_FLAG_RECEIVER) || receiver->kind != CEL_NODE_NAME ||
        find_local(resolver, receiver))
        return false;
    for (int i = 0; methods && methods[i].root; i++) {
        if (value_is_text(&receiver->value, methods[i].root) &&
            value_is_text(&call->value, methods[i].name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* lookup(…): likewise a function. */
static bool find_host_function(const struct resolver *resolver, const struct cel_node *call,
                               int *index)
{
    const struct cel_method *methods = resolver->environment->methods;
    for (int i = 0; !(call->flags & CEL_FLAG_RECEIVER) && methods && methods[i].root; i++) {
        if (!methods[i].root[0] && value_is_text(&call->value, methods[i].name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool is_literal_text(const struct cel_node *node)
{
    return node->kind == CEL_NODE_CONSTANT && node->value.kind == VALUE_STRING;
}

static bool resolve_method(struct resolver *resolver, struct cel_node *call, int index)
{
    const struct cel_method *method = &resolver->environment->methods[index];
    bool receiver = call->flags & CEL_FLAG_RECEIVER;
    uint32_t given = call->count - receiver;
    if (given < (uint32_t)method->least || given > (uint32_t)method->most)
        return wrong_count(resolver, call, method->name, given, (uint32_t)method->least,
                           (uint32_t)method->most);
    if (receiver)
        drop_receiver(call);
    if (method->literal && !is_literal_text(call->children[0]))
        return refuse(resolver, call, call->value.length,
                      arena_printf(resolver->arena,
                                   "the first argument of %s() must be a text in quotes",
                                   method->name),
                      NULL);
    call->kind = CEL_NODE_HOST;
    call->slot = index;
    call->op = method->remote;
    call->input = true;
    return resolve_children(resolver, call);
}

/* math.abs(x): the receiver is the first part of a function's name. */
static bool find_namespaced(struct resolver *resolver, const struct cel_node *call,
                            char name[2 * NAME_MOST])
{
    char space[NAME_MOST];
    bool global;
    uint32_t least, most;
    const struct cel_overloads *overloads;
    if (!(call->flags & CEL_FLAG_RECEIVER) ||
        !dotted_name(resolver, call->children[0], space, &global))
        return false;
    int length = snprintf(name, 2 * NAME_MOST, "%s.%.*s", space,
                          call->value.length < NAME_MOST ? (int)call->value.length : NAME_MOST - 1,
                          call->value.string);
    return cel_function_find(resolver->arena, name, (size_t)length, false, 0, &overloads, &least,
                             &most) != CEL_LOOKUP_UNKNOWN;
}

static bool resolve_call(struct resolver *resolver, struct cel_node *call)
{
    char name[2 * NAME_MOST];
    int method;
    if (find_method(resolver, call, &method) || find_host_function(resolver, call, &method))
        return resolve_method(resolver, call, method);
    if (find_namespaced(resolver, call, name)) {
        drop_receiver(call);
        call->mark = call->offset;
        call->value = value_text(arena_text(resolver->arena, name));
    }
    const char *function = value_to_text(resolver->arena, &call->value);
    bool receiver = call->flags & CEL_FLAG_RECEIVER;
    const struct cel_overloads *overloads;
    uint32_t least, most;
    enum cel_lookup lookup = cel_function_find(resolver->arena, function, strlen(function),
                                               receiver, call->count, &overloads, &least, &most);
    if (lookup == CEL_LOOKUP_COUNT)
        return wrong_count(resolver, call, function, call->count - receiver, least - receiver,
                           most == UINT32_MAX ? most : most - receiver);
    if (lookup != CEL_LOOKUP_FOUND)
        return unknown_function(resolver, call, function, lookup);
    call->special = overloads;
    call->input = overloads->items[0].input;
    return resolve_children(resolver, call);
}

/* ---- Scopes ---- */

/* Takes a variable into scope; its slot is given to it alone, see cel_eval_bound. */
static bool enter(struct resolver *resolver, struct cel_node *node, struct value name,
                  const struct cel_node *bind, int32_t *slot)
{
    if (resolver->locals == CEL_LOCALS_MOST)
        return cel_diag_error(resolver->diag, resolver->text, resolver->length, node->offset,
                              node->length, "too many variables in one expression", NULL);
    struct local *local = arena_alloc(resolver->arena, sizeof *local);
    *slot = (int32_t)resolver->locals++;
    *local = (struct local){.name = name, .slot = *slot, .bind = bind, .outer = resolver->scope};
    resolver->scope = local;
    return true;
}

static bool resolve_loop(struct resolver *resolver, struct cel_node *node)
{
    struct local *outer = resolver->scope;
    if (!resolve(resolver, node->children[0]) ||
        !enter(resolver, node, node->name, NULL, &node->slot))
        return false;
    if (node->other_name.string && !enter(resolver, node, node->other_name, NULL, &node->second))
        return false;
    bool fine = resolve(resolver, node->children[1]) &&
                (node->count < 3 || resolve(resolver, node->children[2]));
    resolver->scope = outer;
    return fine;
}

/* cel.bind and optMap: a value, then a body in which it has a name. */
static bool resolve_bind(struct resolver *resolver, struct cel_node *node)
{
    struct local *outer = resolver->scope;
    if (!resolve(resolver, node->children[0]) ||
        !enter(resolver, node, node->name, node->kind == CEL_NODE_BIND ? node : NULL, &node->slot))
        return false;
    bool fine = resolve(resolver, node->children[1]);
    resolver->scope = outer;
    return fine;
}

static bool resolve(struct resolver *resolver, struct cel_node *node)
{
    switch ((enum cel_node_kind)node->kind) {
    case CEL_NODE_NAME:
        return resolve_name(resolver, node, false);
    case CEL_NODE_SELECT:
        return resolve_select(resolver, node);
    case CEL_NODE_CALL:
        return resolve_call(resolver, node);
    case CEL_NODE_LOOP:
        return resolve_loop(resolver, node);
    case CEL_NODE_BIND:
    case CEL_NODE_OPTIONAL_MAP:
        return resolve_bind(resolver, node);
    default:
        return resolve_children(resolver, node);
    }
}

bool cel_resolve(struct arena *arena, const char *text, uint32_t length,
                 const struct cel_environment *environment, struct cel_node *root, uint32_t *locals,
                 struct diag *diag)
{
    struct resolver resolver = {
        .arena = arena,
        .text = text,
        .length = length,
        .environment = environment,
        .diag = diag,
    };
    bool fine = resolve(&resolver, root);
    *locals = resolver.locals;
    return fine;
}
