#include "lang/liquid_variables.h"

#include <stdlib.h>

#include "base/mem.h"

struct liquid_visit {
    const struct liquid_template *template;
    void (*visit)(void *context, const char *path, uint32_t line, uint32_t column);
    void *context;
    struct liquid_name *own; /* names that are the template's, from here to the end or a mark */
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

static void report(struct liquid_visit *visit, uint32_t offset)
{
    if (visit->path.full)
        return;
    find_place(visit, offset);
    visit->visit(visit->context, buf_string(&visit->path), visit->line, visit->column);
}

static bool is_own(const struct liquid_visit *visit, const struct liquid_name *name)
{
    for (uint32_t i = 0; i < visit->own_count; i++)
        if (visit->own[i].length == name->length &&
            memcmp(visit->own[i].text, name->text, name->length) == 0)
            return true;
    return false;
}

/* The names up to the first step that is an index, or a word such as `size`. */
static void visit_path(struct liquid_visit *visit, const struct liquid_expression *path)
{
    uint32_t first = 0;
    struct liquid_name name = path->name;
    if (name.text && name.length == 4 && memcmp(name.text, "self", 4) == 0 &&
        !is_own(visit, &name) && path->step_count > 0) {
        name = path->steps[0].name;
        first = 1;
    }
    if (!name.text || is_own(visit, &name))
        return;
    buf_clear(&visit->path);
    buf_add(&visit->path, name.text, name.length);
    for (uint32_t i = first; i < path->step_count; i++) {
        const struct liquid_step *step = &path->steps[i];
        if (!step->name.text || step->command)
            break;
        buf_char(&visit->path, '.');
        buf_add(&visit->path, step->name.text, step->name.length);
    }
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

void liquid_variables_output(struct liquid_visit *visit, const struct liquid_output *output)
{
    liquid_variables_expression(visit, output->value);
    for (uint32_t i = 0; i < output->use_count; i++) {
        const struct liquid_use *use = &output->uses[i];
        for (uint32_t j = 0; j < use->count; j++)
            liquid_variables_expression(visit, use->arguments[j]);
        liquid_variables_keywords(visit, use->keywords, use->keyword_count);
    }
}

void liquid_variables_condition(struct liquid_visit *visit,
                                const struct liquid_condition *condition)
{
    for (; condition; condition = condition->next) {
        liquid_variables_expression(visit, condition->left);
        liquid_variables_expression(visit, condition->right);
    }
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
    visit->own[visit->own_count++] = *name;
}

uint32_t liquid_variables_mark(const struct liquid_visit *visit)
{
    return visit->own_count;
}

/* What was assigned within a loop stays the template's. */
void liquid_variables_release(struct liquid_visit *visit, uint32_t mark)
{
    uint32_t names = 2; /* the loop's own: its object and its variable */
    memmove(&visit->own[mark], &visit->own[mark + names],
            sizeof *visit->own * (visit->own_count - mark - names));
    visit->own_count -= names;
}

void liquid_variables_partial(struct liquid_visit *visit, const struct liquid_slice *name,
                              uint32_t offset)
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
    free(state.own);
}
