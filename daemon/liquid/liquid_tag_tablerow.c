/*
 * `tablerow`: a loop that prints rows and cells of an HTML table around its body, `cols` to a
 * row. It is `for` once more (a series, of which offset and limit cut a part) but takes its
 * numbers less strictly, has no `else` and remembers nothing. First the rendering, from the
 * attributes up to the whole table, then the parsers.
 */
#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_head.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_loop.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_parse.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_value.h"
#include "liquid/liquid_variables.h"

enum attribute { COLUMNS, LIMIT, OFFSET, RANGE, ATTRIBUTES };

static const char *const attribute_names[ATTRIBUTES] = {"cols", "limit", "offset", "range"};

struct rows {
    struct liquid_head head;
    const struct liquid_expression *attributes[ATTRIBUTES]; /* or NULL; `range` means nothing */
    struct liquid_body body;
};

/* An attribute cut to an integer: "2", 2.6 and nil are numbers, true is none. */
static bool evaluate_attribute(struct liquid_run *run, const struct rows *rows,
                               enum attribute attribute, int64_t none, int64_t *result)
{
    const struct liquid_expression *expression = rows->attributes[attribute];
    struct liquid_number number;
    struct value value;
    *result = none;
    if (!expression)
        return true;
    if (!liquid_evaluate_plain(run, expression, &value))
        return false;
    if (value.kind == VALUE_BOOL || value.kind == VALUE_LIST || value.kind == VALUE_MAP ||
        value.kind == VALUE_EXTENSION || !liquid_number_of(&value, &number)) {
        liquid_fail(run, "`%s` must be an integer", attribute_names[attribute]);
        return liquid_run_place(run, expression->offset);
    }
    *result = liquid_number_truncate(&number);
    return true;
}

static bool cut_series(struct liquid_run *run, const struct rows *rows,
                       const struct liquid_series *series, int64_t *from, int64_t *count)
{
    int64_t limit;
    if (!evaluate_attribute(run, rows, OFFSET, 0, from) ||
        !evaluate_attribute(run, rows, LIMIT, INT64_MAX, &limit))
        return false;
    *count = liquid_loop_cut(series, limit, from);
    return true;
}

static bool print(struct liquid_run *run, const char *format, int64_t number)
    __attribute__((format(printf, 2, 0)));

static bool print(struct liquid_run *run, const char *format, int64_t number)
{
    return buf_printf(run->out, format, (long long)number) || liquid_run_full(run);
}

static bool render_cell(struct liquid_run *run, const struct rows *rows,
                        const struct liquid_table *table)
{
    return print(run, "<td class=\"col%lld\">", table->column) &&
           liquid_render_body(run, &rows->body) && liquid_run_add(run, "</td>", 5);
}

static bool end_cell(struct liquid_run *run, struct liquid_table *table)
{
    bool full = table->column == table->columns;
    if (full && table->index != table->length - 1 &&
        !print(run, "</tr>\n<tr class=\"row%lld\">", table->row + 1))
        return false;
    table->row += full;
    table->column = full ? 1 : table->column + 1;
    return true;
}

static bool render_cells(struct liquid_run *run, const struct rows *rows,
                         const struct liquid_series *series, int64_t from,
                         struct liquid_table *table)
{
    struct liquid_name name = liquid_name_of("tablerowloop", 12);
    struct liquid_bindings *inner = &run->scope->inner;
    if (!liquid_scope_push(run, inner, &name, liquid_loop_table_value(table)) ||
        !liquid_scope_push(run, inner, &rows->head.variable, value_null()))
        return false;
    uint32_t place = inner->count - 1;
    for (; table->index < table->length; table->index++) {
        struct value item;
        if (!liquid_loop_item(run, series, from + table->index, &item))
            return false;
        inner->items[place].value = item;
        if (!render_cell(run, rows, table))
            return false;
        enum liquid_interrupt interrupt = run->interrupt;
        run->interrupt = LIQUID_NO_INTERRUPT;
        if (interrupt == LIQUID_BREAK)
            break;
        if (!end_cell(run, table))
            return false;
    }
    return true;
}

static bool render_tablerow(struct liquid_run *run, const struct liquid_node *node)
{
    const struct rows *rows = node->data;
    struct value collection;
    int64_t from, count, columns;
    if (!liquid_evaluate(run, rows->head.collection, &collection))
        return false;
    if (!liquid_value_true(&collection))
        return true;
    struct liquid_series series = liquid_loop_series(&collection);
    if (!cut_series(run, rows, &series, &from, &count) ||
        !evaluate_attribute(run, rows, COLUMNS, count, &columns))
        return false;
    struct liquid_table *table = liquid_run_room(run, sizeof *table);
    if (!table || !liquid_run_add(run, "<tr class=\"row1\">\n", 18))
        return false;
    *table = (struct liquid_table){.length = count, .row = 1, .column = 1, .columns = columns};
    uint32_t mark = run->scope->inner.count;
    bool done = render_cells(run, rows, &series, from, table);
    run->scope->inner.count = mark;
    return done && liquid_run_add(run, "</tr>\n", 6);
}

static void visit_tablerow(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct rows *rows = node->data;
    liquid_variables_expression(visit, rows->head.collection);
    for (enum attribute i = COLUMNS; i < ATTRIBUTES; i++)
        liquid_variables_expression(visit, rows->attributes[i]);
    liquid_variables_loop(visit, "tablerowloop", &rows->head.variable, rows->head.collection,
                          &rows->body);
}

static const struct liquid_expression **find_attribute(struct rows *rows, const char *text,
                                                       size_t length)
{
    for (enum attribute i = COLUMNS; i < ATTRIBUTES; i++)
        if (strlen(attribute_names[i]) == length && memcmp(attribute_names[i], text, length) == 0)
            return &rows->attributes[i];
    return NULL;
}

/* item in collection [cols: n] [limit: n] [offset: n], with commas between or not. */
static bool parse_strict(struct liquid_parser *parser, const struct slice *markup,
                         struct rows *rows)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    if (!liquid_head_parse(parser, &lex, &rows->head))
        return false;
    liquid_lex_skip(&lex, ',');
    while (lex.token == LIQUID_TOKEN_NAME) {
        const struct liquid_expression **value = find_attribute(rows, lex.text, lex.length);
        if (!value)
            return liquid_parser_expected(parser, &lex, "`cols`, `limit` or `offset`");
        liquid_lex_next(&lex);
        if (!liquid_lex_skip(&lex, ':'))
            return liquid_parser_expected(parser, &lex, "`:`");
        if (!(*value = liquid_expression_parse(parser, &lex)))
            return false;
        liquid_lex_skip(&lex, ',');
    }
    return liquid_parser_take_end(parser, &lex);
}

static bool parse_lax(struct liquid_parser *parser, const struct slice *markup, struct rows *rows)
{
    const char *at = markup->text, *end = at + markup->length, *behind;
    struct slice name, value;
    *rows = (struct rows){0};
    if (!liquid_head_lax(parser, markup, &rows->head, &behind))
        return false;
    while (liquid_lax_attribute(&at, end, &name, &value)) {
        const struct liquid_expression **attribute = find_attribute(rows, name.text, name.length);
        if (attribute)
            *attribute = liquid_lax_expression(parser, &value);
    }
    return true;
}

bool liquid_tag_tablerow_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                               struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"tablerow", render_tablerow, visit_tablerow};
    struct rows *rows = arena_zero(parser->arena, sizeof *rows);
    if (!parse_strict(parser, &tag->markup, rows) &&
        (!parser->lax_tags || !parse_lax(parser, &tag->markup, rows) ||
         !liquid_parser_forgive(parser)))
        return false;
    node->kind = &kind;
    node->data = rows;
    if (!liquid_parse_block(parser, tag, &rows->body))
        return false;
    *blank = rows->body.blank;
    return true;
}
