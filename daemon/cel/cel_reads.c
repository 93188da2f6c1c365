#include "cel/cel_reads.h"

#include "cel/cel_ast.h"
#include "cel/cel_run.h"

struct walk {
    void (*on_read)(void *context, const struct cel_read *read);
    void *context;
};

/* Adds a name behind the others; a path that is too long ends before it. */
static void add_name(struct cel_read *read, const struct value *name)
{
    if (read->count < CEL_READ_MOST)
        read->names[read->count++] = name;
}

static bool is_named_element(const struct cel_node *node)
{
    const struct cel_node *index = node->kind == CEL_NODE_INDEX ? node->children[1] : NULL;
    return index && index->kind == CEL_NODE_CONSTANT && index->value.kind == VALUE_STRING;
}

/* The path that a node walks from a root or a member; false where it is none. Of an optional one
 * (a.?b) or a test (has(a.b)) too: it reads no more than that. */
static bool read_path(const struct cel_node *node, struct cel_read *read)
{
    switch (node->kind) {
    case CEL_NODE_ROOT:
        *read = (struct cel_read){.root = node->slot};
        return true;
    case CEL_NODE_MEMBER:
        *read = (struct cel_read){.root = -1};
        add_name(read, &node->value);
        return true;
    case CEL_NODE_PATH:
        if (!read_path(node->children[0], read))
            return false;
        for (uint32_t i = 1; i < node->count; i++)
            add_name(read, &node->children[i]->value);
        return true;
    case CEL_NODE_SELECT:
        if (!read_path(node->children[0], read))
            return false;
        add_name(read, &node->value);
        return true;
    case CEL_NODE_INDEX:
        if (!is_named_element(node) || !read_path(node->children[0], read))
            return false;
        add_name(read, &node->children[1]->value);
        return true;
    default:
        return false;
    }
}

static void visit(const struct walk *walk, const struct cel_node *node)
{
    struct cel_read read;
    if (read_path(node, &read)) {
        walk->on_read(walk->context, &read);
        return;
    }
    /* The selects of a path hold what stands before them again. */
    uint32_t count = node->kind == CEL_NODE_PATH ? 1 : node->count;
    for (uint32_t i = 0; i < count; i++)
        visit(walk, node->children[i]);
}

void cel_reads(const struct cel_program *program,
               void (*on_read)(void *context, const struct cel_read *read), void *context)
{
    const struct walk walk = {on_read, context};
    visit(&walk, program->root);
}
