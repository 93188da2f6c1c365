/*
 * The tree of an expression. The parser makes it, macros expanded; cel_resolve
 * binds its names, cel_check looks at its types, cel_fold evaluates what is
 * constant; then it is never written again. It lies in the program's arena.
 */
#ifndef NUDGED_CEL_CEL_AST_H
#define NUDGED_CEL_CEL_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"

enum cel_node_kind {
    CEL_NODE_CONSTANT,     /* `value` */
    CEL_NODE_NAME,         /* `value`: the name; only before cel_resolve */
    CEL_NODE_ROOT,         /* input.roots[slot] */
    CEL_NODE_MEMBER,       /* input.members, by the name in `value` */
    CEL_NODE_LOCAL,        /* locals[slot]: the variable of a comprehension */
    CEL_NODE_BOUND,        /* locals[slot]: a cel.bind variable, evaluated when first read */
    CEL_NODE_NOW,          /* input.now_ms */
    CEL_NODE_UNKNOWN,      /* fails at run time, with the text in `value` */
    CEL_NODE_SELECT,       /* children[0].value */
    CEL_NODE_INDEX,        /* children[0][children[1]] */
    CEL_NODE_LIST,         /* children */
    CEL_NODE_MAP,          /* children: key, value, key, value, … */
    CEL_NODE_CALL,         /* the name in `value`; the receiver is children[0] */
    CEL_NODE_HOST,         /* input.call(slot, children); `op`: it is remote */
    CEL_NODE_NOT,          /* children[0] */
    CEL_NODE_NEGATE,       /* children[0] */
    CEL_NODE_BINARY,       /* children[0] `op` children[1] */
    CEL_NODE_AND,          /* two children or more */
    CEL_NODE_OR,           /* two children or more */
    CEL_NODE_CONDITIONAL,  /* children[0] ? children[1] : children[2] */
    CEL_NODE_LOOP,         /* `op`: enum cel_loop; children: range, body, and a filter if any */
    CEL_NODE_BIND,         /* children: what is bound to `slot`, the body */
    CEL_NODE_OPTIONAL_MAP, /* children: the optional, the body over `slot`; FLAT */
    CEL_NODE_OR_ELSE,      /* children: the optional, the alternative; UNWRAP: orValue */
    CEL_NODE_PATH,         /* children: a root, then the selects along the way */
    CEL_NODE_IN_SET,       /* children[0] in the keys of `value`, a map */
};

enum cel_flag {
    CEL_FLAG_OPTIONAL = 1,  /* select and index: .? and [? */
    CEL_FLAG_TEST = 2,      /* select: has() around it */
    CEL_FLAG_RECEIVER = 4,  /* call: x.f(y), children[0] is x */
    CEL_FLAG_GLOBAL = 8,    /* name: with a dot before it, no local variable */
    CEL_FLAG_FLAT = 16,     /* optFlatMap: the body gives the optional itself */
    CEL_FLAG_UNWRAP = 32,   /* orValue: gives what is in the optional */
    CEL_FLAG_ENTRY = 64,    /* an element of a list or a key of a map that is marked with ? */
    CEL_FLAG_WRITTEN = 128, /* a constant that stands so in the text, not folded */
};

enum cel_operator {
    CEL_ADD,
    CEL_SUBTRACT,
    CEL_MULTIPLY,
    CEL_DIVIDE,
    CEL_REMAINDER,
    CEL_EQUAL,
    CEL_UNEQUAL,
    CEL_LESS,
    CEL_LESS_EQUAL,
    CEL_GREATER,
    CEL_GREATER_EQUAL,
    CEL_IN,
};

enum cel_loop {
    CEL_LOOP_ALL,
    CEL_LOOP_EXISTS,
    CEL_LOOP_EXISTS_ONE,
    CEL_LOOP_FILTER,
    CEL_LOOP_MAP,
    CEL_LOOP_TRANSFORM_MAP,
    CEL_LOOP_TRANSFORM_ENTRY, /* the body gives a map of entries */
    CEL_LOOP_SORT_BY,
};

struct cel_run;
struct cel_node;
/* Evaluates a node. False: run->error says what failed; *result means nothing. */
typedef bool cel_evaluate(struct cel_run *run, const struct cel_node *node, struct value *result);

struct cel_node {
    cel_evaluate *evaluate;
    uint8_t kind, op, flags;
    bool input;              /* depends on more than its text: roots, members, now, methods */
    uint16_t height;         /* of the tree below, 1 for a leaf */
    uint16_t count;          /* of children */
    uint32_t weight;         /* nodes of the tree */
    uint32_t offset, length; /* its bytes in the text */
    uint32_t mark;           /* where a fault points: its operator, its member's name */
    int32_t slot, second;    /* by kind; a loop's variables, `second` -1 where there is one */
    int32_t lowest; /* the lowest local that is read and not made within; INT32_MAX: none */
    struct cel_node **children;
    struct value value;
    struct value name, other_name; /* the variables of a loop or bind, as written */
    const void *special;           /* a call's overloads, a bound variable's bind */
};

enum {
    CEL_HEIGHT_MOST = 256,    /* of a tree: what the evaluator recurses */
    CEL_CHILDREN_MOST = 4096, /* elements of one literal, operands of one && */
};

struct cel_node *cel_node_new(struct arena *arena, enum cel_node_kind kind, uint32_t offset,
                              uint32_t length);
/* Sets the children (copied), and by them height, weight. */
void cel_node_adopt(struct arena *arena, struct cel_node *node, struct cel_node *const *children,
                    uint32_t count);
/* The node's bytes, cut to at most `most`. */
const char *cel_node_text(struct arena *arena, const char *text, const struct cel_node *node,
                          size_t most);

/* The operator as it is written: "+", "in". */
const char *cel_operator_text(enum cel_operator op);

#endif
