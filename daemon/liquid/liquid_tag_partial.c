/*
 * `include` and `render`: another template in the tag's place, found by its name when it is
 * rendered. What sets the two apart is the scope. An included template shares its caller's: the
 * arguments are pushed as its innermost names and dropped afterwards. A rendered one begins with
 * a scope of its own, which has the arguments and what the host shares with all. `with` gives
 * either of them one value under the template's name or an alias, `for` each of a collection in
 * turn.
 *
 * First `include`, then `render`, then what both are read by.
 */
#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_loop.h"
#include "liquid/liquid_render.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_scope.h"
#include "liquid/liquid_tags.h"
#include "liquid/liquid_value.h"
#include "liquid/liquid_variables.h"

/* include and render: another template in this one's place. */
struct partial {
    const struct liquid_expression *name;    /* of `render` a constant string */
    const struct liquid_expression *subject; /* behind `with` and `for`, or NULL */
    struct liquid_name alias;                /* behind `as`; `text` may be NULL */
    bool each;                               /* `for` */
    const struct liquid_keyword *keywords;
    uint32_t keyword_count;
};

static bool find_template(struct liquid_run *run, const struct slice *name,
                          const struct liquid_template **template)
{
    const struct liquid_options *options = run->root->options;
    *template = options->find ? options->find(run->input->context, name->text, name->length) : NULL;
    return *template ||
           liquid_fail(run, "there is no template `%.*s`", (int)name->length, name->text);
}

static bool render_template(struct liquid_run *run, const struct liquid_template *template)
{
    const struct liquid_template *caller = run->template;
    if (run->renders >= run->limits.depth)
        return liquid_run_over(run, "templates are nested more than %llu deep", run->limits.depth);
    run->renders++;
    run->template = template;
    bool done = liquid_render_body(run, &template->body) || liquid_run_place(run, 0);
    run->template = caller;
    run->renders--;
    return done;
}

/* What the template finds its subject under: the alias, or its own name's last part. */
static struct liquid_name subject_name(const struct partial *partial, const struct slice *name)
{
    const char *text = name->text, *end = text + name->length;
    if (partial->alias.text)
        return partial->alias;
    for (const char *at = text; at < end; at++)
        if (*at == '/' && at + 1 < end)
            text = at + 1;
    return liquid_name_of(text, (size_t)(end - text));
}

static bool include_each(struct liquid_run *run, const struct liquid_template *template,
                         const struct liquid_name *name, const struct value *list)
{
    struct liquid_bindings *inner = &run->scope->inner;
    if (!liquid_scope_push(run, inner, name, value_null()))
        return false;
    uint32_t place = inner->count - 1;
    for (uint32_t i = 0; i < list->list->count; i++) {
        inner->items[place].value = list->list->items[i];
        if (!render_template(run, template))
            return false;
    }
    return true;
}

static bool include_bound(struct liquid_run *run, const struct partial *partial,
                          const struct liquid_template *template, const struct slice *file,
                          const struct value *subject)
{
    struct liquid_bindings *inner = &run->scope->inner;
    struct liquid_name name = subject_name(partial, file);
    for (uint32_t i = 0; i < partial->keyword_count; i++) {
        struct value value;
        if (!liquid_evaluate(run, partial->keywords[i].value, &value) ||
            !liquid_scope_push(run, inner, &partial->keywords[i].name, value))
            return false;
    }
    if (subject->kind == VALUE_LIST)
        return include_each(run, template, &name, subject);
    return liquid_scope_push(run, inner, &name, *subject) && render_template(run, template);
}

/* An included template sees and changes all that its caller does. */
static bool render_include(struct liquid_run *run, const struct liquid_node *node)
{
    const struct partial *partial = node->data;
    const struct liquid_template *template;
    struct value name, subject = value_null();
    if (run->scope->isolated)
        return liquid_fail(run, "`include` has no place in a template that `render` uses");
    if (!liquid_evaluate_plain(run, partial->name, &name))
        return false;
    if (name.kind != VALUE_STRING)
        return liquid_fail(run, "`include` needs a template's name, not %s",
                           value_kind_name(name.kind));
    struct slice file = {name.string, name.length};
    if (!find_template(run, &file, &template))
        return false;
    if (partial->subject) {
        if (!liquid_evaluate(run, partial->subject, &subject))
            return false;
    } else {
        struct liquid_name own = liquid_name_of(file.text, file.length);
        const struct value *found = liquid_scope_variable(run, run->scope, &own);
        if (found)
            subject = *found;
    }
    uint32_t mark = run->scope->inner.count;
    bool done = include_bound(run, partial, template, &file, &subject);
    run->scope->inner.count = mark;
    return done;
}

/* Once, in a scope of its own: the arguments are the caller's, all else is gone. */
static bool render_once(struct liquid_run *run, const struct partial *partial,
                        const struct liquid_template *template, const struct value *subject,
                        struct liquid_loop *loop)
{
    struct liquid_scope scope = {.isolated = true}, *caller = run->scope;
    struct slice file = {partial->name->constant.string, partial->name->constant.length};
    struct liquid_name name = subject_name(partial, &file);
    if (loop) {
        struct liquid_name forloop = liquid_name_of("forloop", 7);
        if (!liquid_scope_push(run, &scope.locals, &forloop, liquid_loop_value(loop)))
            return false;
    }
    for (uint32_t i = 0; i < partial->keyword_count; i++) {
        struct value value;
        if (!liquid_evaluate(run, partial->keywords[i].value, &value) ||
            !liquid_scope_set(run, &scope.locals, &partial->keywords[i].name, value))
            return false;
    }
    if (subject->kind != VALUE_NULL && !liquid_scope_set(run, &scope.locals, &name, *subject))
        return false;
    run->scope = &scope;
    bool done = render_template(run, template);
    run->scope = caller;
    run->interrupt = LIQUID_NO_INTERRUPT;
    return done;
}

static bool render_each(struct liquid_run *run, const struct partial *partial,
                        const struct liquid_template *template, const struct value *subject)
{
    struct liquid_series series = liquid_loop_series(subject);
    struct liquid_loop *loop = liquid_run_room(run, sizeof *loop);
    if (!loop)
        return false;
    const struct value *name = &partial->name->constant;
    *loop = (struct liquid_loop){.name = {name->string, name->length}, .length = series.count};
    for (; loop->index < loop->length; loop->index++) {
        struct value item;
        if (!liquid_loop_item(run, &series, loop->index, &item) ||
            !render_once(run, partial, template, &item, loop))
            return false;
    }
    return true;
}

static bool render_render(struct liquid_run *run, const struct liquid_node *node)
{
    const struct partial *partial = node->data;
    const struct liquid_template *template;
    struct value subject = value_null();
    struct slice file = {partial->name->constant.string, partial->name->constant.length};
    if (!find_template(run, &file, &template))
        return false;
    if (partial->subject && !liquid_evaluate(run, partial->subject, &subject))
        return false;
    bool many = subject.kind == VALUE_LIST || subject.kind == VALUE_MAP ||
                liquid_is(&subject, LIQUID_EXTENSION_RANGE);
    return partial->each && many ? render_each(run, partial, template, &subject)
                                 : render_once(run, partial, template, &subject, NULL);
}

static void visit_partial(struct liquid_visit *visit, const struct liquid_node *node)
{
    const struct partial *partial = node->data;
    const struct liquid_expression *name = partial->name;
    if (name->kind == LIQUID_CONSTANT && name->constant.kind == VALUE_STRING) {
        struct slice slice = {name->constant.string, name->constant.length};
        liquid_variables_partial(visit, &slice, name->offset);
    }
    liquid_variables_expression(visit, name);
    liquid_variables_expression(visit, partial->subject);
    liquid_variables_keywords(visit, partial->keywords, partial->keyword_count);
}

static void add_keyword(struct liquid_parser *parser, struct partial *partial,
                        const struct liquid_name *name, const struct liquid_expression *value)
{
    struct liquid_keyword *keywords = liquid_parser_grow(parser, (void *)partial->keywords,
                                                         partial->keyword_count, sizeof *keywords);
    partial->keywords = keywords;
    keywords[partial->keyword_count++] = (struct liquid_keyword){*name, value};
}

/* 'name' [with|for subject] [as alias] [, name: value]… */
static bool parse_strict(struct liquid_parser *parser, const struct slice *markup, bool literal,
                         struct partial *partial)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    if (literal && lex.token != LIQUID_TOKEN_STRING)
        return liquid_parser_expected(parser, &lex, "a template's name in quotes");
    partial->name = liquid_expression_parse(parser, &lex);
    if (!partial->name)
        return false;
    partial->each = liquid_lex_word(&lex, "for");
    if (partial->each || liquid_lex_word(&lex, "with"))
        if (!(partial->subject = liquid_expression_parse(parser, &lex)))
            return false;
    if (liquid_lex_word(&lex, "as") &&
        !liquid_parser_take_name(parser, &lex, "a name", &partial->alias))
        return false;
    liquid_lex_skip(&lex, ',');
    while (lex.token == LIQUID_TOKEN_NAME) {
        struct liquid_name name;
        liquid_parser_take_name(parser, &lex, "a name", &name);
        if (!liquid_lex_skip(&lex, ':'))
            return liquid_parser_expected(parser, &lex, "`:`");
        const struct liquid_expression *value = liquid_expression_parse(parser, &lex);
        if (!value)
            return false;
        add_keyword(parser, partial, &name, value);
        liquid_lex_skip(&lex, ',');
    }
    return liquid_parser_take_end(parser, &lex);
}

static bool parse_lax(struct liquid_parser *parser, const struct slice *markup, bool literal,
                      struct partial *partial)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice word, value;
    *partial = (struct partial){0};
    do
        if (!liquid_lax_fragment(&at, end, &word))
            return false;
    while (literal && *word.text != '"' && *word.text != '\'');
    partial->name = liquid_lax_expression(parser, &word);
    if (literal && partial->name->constant.kind != VALUE_STRING)
        return false;
    const char *ahead = at;
    if (liquid_lax_fragment(&ahead, end, &word) &&
        (slice_is(word, "with") || slice_is(word, "for")) &&
        liquid_lax_fragment(&ahead, end, &value)) {
        partial->each = slice_is(word, "for");
        partial->subject = liquid_lax_expression(parser, &value);
        at = ahead;
    }
    ahead = at;
    if (liquid_lax_fragment(&ahead, end, &word) && slice_is(word, "as") &&
        liquid_lax_fragment(&ahead, end, &value))
        partial->alias = liquid_name_of(value.text, value.length);
    at = markup->text;
    while (liquid_lax_attribute(&at, end, &word, &value)) {
        struct liquid_name name = liquid_name_of(word.text, word.length);
        add_keyword(parser, partial, &name, liquid_lax_expression(parser, &value));
    }
    return true;
}

static bool parse_partial(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, bool literal)
{
    struct partial *partial = arena_zero(parser->arena, sizeof *partial);
    node->data = partial;
    return parse_strict(parser, &tag->markup, literal, partial) ||
           (parser->lax_tags && parse_lax(parser, &tag->markup, literal, partial) &&
            liquid_parser_forgive(parser));
}

bool liquid_tag_partial_include(struct liquid_parser *parser, const struct liquid_tag *tag,
                                struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"include", render_include, visit_partial};
    (void)blank;
    node->kind = &kind;
    return parse_partial(parser, tag, node, false);
}

bool liquid_tag_partial_render(struct liquid_parser *parser, const struct liquid_tag *tag,
                               struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"render", render_render, visit_partial};
    (void)blank;
    node->kind = &kind;
    return parse_partial(parser, tag, node, true);
}
