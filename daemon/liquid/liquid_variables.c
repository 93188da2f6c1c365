/*
 * The walk that finds which variables a template reads from outside. Nodes report their
 * expressions in the order in which they are rendered, and say from where on a name is the
 * template's own: what is assigned is not read from outside, and a loop's variable stands for the
 * items of its collection, "order.items[]". So a stack of own names is kept, each with the path
 * that it stands for, if that is known; write_path() spells a path with its first name replaced
 * by what that stands for.
 */
#include "liquid/liquid_variables.h"

#include <stdlib.h>

#include "base/mem.h"

/* A name that is the template's. */
struct own {
    struct liquid_name name;
    char *path; /* owned; where its values come from: "order.items[]"; NULL: not known */
};

struct liquid_visit {
    const struct liquid_template *template;
    void (*visit)(void *context, const char *path, uint32_t line, uint32_t column);
    void *context;
    struct own *own; /* from here to the end, or a mark */
    uint32_t own_count, own_capacity;
    struct buf path;
    /* Where the last path stood: places are counted from there. */
    uint32_t offset, line, column;
};

enum { PATH_MOST = 4096 };

static void find_place(struct liquid_visit *visit, uint32_t offset)
{
    const char *text = visit->template->text;
    if (offset < visit->offset) {
        visit->offset = 0;
        visit->line = visit->template->first_line;
        visit->column = visit->template->first_column;
    }
    for (; visit->offset < offset; visit->offset++) {
        bool newline = text[visit->offset] == '\n';
        visit->line += newline;
        if (newline)
            visit->column = visit->template->first_column;
        else if (((unsigned char)text[visit->offset] & 0xc0) != 0x80)
            visit->column++;
    }
}

/* The items of a list that are not looked into are part of it. */
static void report(struct liquid_visit *visit, uint32_t offset)
{
    if (visit->path.full)
        return;
    while (visit->path.length > 2 && visit->path.data[visit->path.length - 1] == ']')
        buf_cut(&visit->path, visit->path.length - 2);
    find_place(visit, offset);
    visit->visit(visit->context, buf_string(&visit->path), visit->line, visit->column);
}

/* The latest of that name; NULL: it comes from outside. */
static const struct own *find_own(const struct liquid_visit *visit, const struct liquid_name *name)
{
    for (uint32_t i = visit->own_count; i-- > 0;)
        if (visit->own[i].name.length == name->length &&
            memcmp(visit->own[i].name.text, name->text, name->length) == 0)
            return &visit->own[i];
    return NULL;
}

/* [0], .first or .last: some item of the list. */
static bool is_place(const struct liquid_step *step)
{
    if (step->name.text)
        return step->command == LIQUID_FIRST || step->command == LIQUID_LAST;
    return step->index->kind == LIQUID_CONSTANT && step->index->constant.kind == VALUE_INT;
}

/* The steps up to the first that is an index not known, or `size`. Returns how many. */
static uint32_t write_steps(struct liquid_visit *visit, const struct liquid_step *steps,
                            uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_place(&steps[i])) {
            buf_text(&visit->path, "[]");
            continue;
        }
        if (!steps[i].name.text || steps[i].command)
            return i;
        buf_char(&visit->path, '.');
        buf_add(&visit->path, steps[i].name.text, steps[i].name.length);
    }
    return count;
}

/* Writes a path as it is seen from outside; false where it leads to what is the template's
 * own. `whole`: all its steps are there. */
static bool write_path(struct liquid_visit *visit, const struct liquid_expression *path,
                       bool *whole)
{
    const struct liquid_step *steps = path->steps;
    uint32_t count = path->step_count;
    struct liquid_name name = path->name;
    if (name.text && name.length == 4 && memcmp(name.text, "self", 4) == 0 &&
        !find_own(visit, &name) && count > 0) {
        name = steps++->name;
        count--;
    }
    if (!name.text)
        return false;
    const struct own *own = find_own(visit, &name);
    if (own && !own->path)
        return false;
    buf_clear(&visit->path);
    if (own)
        buf_text(&visit->path, own->path);
    else
        buf_add(&visit->path, name.text, name.length);
    *whole = write_steps(visit, steps, count) == count;
    return !own || count > 0;
}

static void visit_path(struct liquid_visit *visit, const struct liquid_expression *path)
{
    bool whole;
    if (write_path(visit, path, &whole))
        report(visit, path->offset);
}

void liquid_variables_expression(struct liquid_visit *visit,
                                 const struct liquid_expression *expression)
{
    if (!expression)
        return;
    if (expression->kind == LIQUID_RANGE) {
        liquid_variables_expression(visit, expression->from);
        liquid_variables_expression(visit, expression->to);
    }
    if (expression->kind != LIQUID_PATH)
        return;
    visit_path(visit, expression);
    if (!expression->name.text)
        liquid_variables_expression(visit, expression->root);
    for (uint32_t i = 0; i < expression->step_count; i++)
        liquid_variables_expression(visit, expression->steps[i].index);
}

void liquid_variables_keywords(struct liquid_visit *visit, const struct liquid_keyword *keywords,
                               uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        liquid_variables_expression(visit, keywords[i].value);
}

void liquid_variables_body(struct liquid_visit *visit, const struct liquid_body *body)
{
    for (uint32_t i = 0; body && i < body->count; i++)
        if (body->nodes[i].kind && body->nodes[i].kind->visit)
            body->nodes[i].kind->visit(visit, &body->nodes[i]);
}

void liquid_variables_own(struct liquid_visit *visit, const struct liquid_name *name)
{
    if (visit->own_count == visit->own_capacity) {
        visit->own_capacity = visit->own_capacity ? visit->own_capacity * 2 : 16;
        visit->own = mem_resize(visit->own, sizeof *visit->own * visit->own_capacity);
    }
    visit->own[visit->own_count++] = (struct own){.name = *name};
}

/* The variable's values are the items of the collection. */
static void add_item(struct liquid_visit *visit, const struct liquid_name *name,
                     const struct liquid_expression *collection)
{
    char *path = NULL;
    bool whole = false;
    if (collection->kind == LIQUID_PATH && collection->name.text) {
        write_path(visit, collection, &whole);
        buf_text(&visit->path, "[]");
        if (whole && !visit->path.full)
            path = mem_copy(visit->path.data, visit->path.length);
    }
    liquid_variables_own(visit, name);
    visit->own[visit->own_count - 1].path = path;
}

/* What was assigned within the loop stays the template's. */
static void drop_own(struct liquid_visit *visit, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++)
        free(visit->own[i].path);
    memmove(&visit->own[from], &visit->own[from + count],
            sizeof *visit->own * (visit->own_count - from - count));
    visit->own_count -= count;
}

void liquid_variables_loop(struct liquid_visit *visit, const char *object,
                           const struct liquid_name *variable,
                           const struct liquid_expression *collection,
                           const struct liquid_body *body)
{
    uint32_t from = visit->own_count;
    struct liquid_name loop = liquid_name_of(object, strlen(object));
    liquid_variables_own(visit, &loop);
    add_item(visit, variable, collection);
    liquid_variables_body(visit, body);
    drop_own(visit, from, 2);
}

void liquid_variables_partial(struct liquid_visit *visit, const struct slice *name, uint32_t offset)
{
    buf_clear(&visit->path);
    buf_text(&visit->path, "render:");
    buf_add(&visit->path, name->text, name->length);
    report(visit, offset);
}

void liquid_variables(const struct liquid_template *template,
                      void (*visit)(void *context, const char *path, uint32_t line,
                                    uint32_t column),
                      void *context)
{
    struct liquid_visit state = {
        .template = template,
        .visit = visit,
        .context = context,
        .line = template->first_line,
        .column = template->first_column,
    };
    buf_init(&state.path, PATH_MOST);
    liquid_variables_body(&state, &template->body);
    buf_free(&state.path);
    for (uint32_t i = 0; i < state.own_count; i++)
        free(state.own[i].path);
    free(state.own);
}
