#include "liquid/liquid_parser.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "liquid/liquid_output.h"
#include "liquid/liquid_tags.h"

enum { FIRST_CAPACITY = 4, TEXT_SIZE = 512, SHOWN_MOST = 40 };

uint32_t liquid_parser_offset(const struct liquid_parser *parser, const char *at)
{
    return (uint32_t)(at - parser->template->text);
}

void *liquid_parser_grow(struct liquid_parser *parser, void *array, uint32_t count, size_t size)
{
    /* Full when it is empty, and at each power of two from the first capacity on. */
    if (count > 0 && (count < FIRST_CAPACITY || (count & (count - 1)) != 0))
        return array;
    size_t capacity = count ? (size_t)count * 2 : FIRST_CAPACITY;
    void *grown = arena_alloc(parser->arena, capacity * size);
    if (count)
        memcpy(grown, array, count * size);
    return grown;
}

bool liquid_parser_fail(struct liquid_parser *parser, const char *at, size_t length,
                        const char *format, ...)
{
    const struct liquid_template *template = parser->template;
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!parser->diag)
        return false;
    diag_error(parser->diag, "%s", text);
    diag_code(parser->diag, "liquid-syntax");
    diag_file(parser->diag, template->name);
    diag_offset(parser->diag, template->text, template->length, liquid_parser_offset(parser, at));
    parser->diag->line += template->first_line - 1;
    parser->diag->column += template->first_column - 1;
    parser->diag->width = (uint32_t)utf8_count(at, length);
    return false;
}

bool liquid_parser_forgive(struct liquid_parser *parser)
{
    struct diags *slips = parser->template->options->slips;
    if (parser->forgives && slips && parser->diag) {
        parser->diag->level = DIAG_WARNING;
        if (!*parser->diag->hint)
            diag_hint(parser->diag, "it is passed over, as Shopify does");
        diags_add(slips, parser->diag);
    }
    diag_clear(parser->diag);
    return true;
}

bool liquid_parser_expected(struct liquid_parser *parser, const struct liquid_lex *lex,
                            const char *what)
{
    size_t shown = lex->length < SHOWN_MOST ? lex->length : utf8_floor(lex->text, SHOWN_MOST);
    if (lex->token == LIQUID_TOKEN_END)
        return liquid_parser_fail(parser, lex->text, 0, "%s is missing", what);
    if (lex->token == LIQUID_TOKEN_BAD && (*lex->text == '"' || *lex->text == '\''))
        return liquid_parser_fail(parser, lex->text, 1, "a string without its closing quote");
    if (lex->token == LIQUID_TOKEN_BAD)
        shown = utf8_width(lex->text, (size_t)(lex->end - lex->text));
    return liquid_parser_fail(parser, lex->text, shown, "unexpected `%.*s`, where %s should be",
                              (int)shown, lex->text, what);
}

bool liquid_parser_take_name(struct liquid_parser *parser, struct liquid_lex *lex, const char *what,
                             struct liquid_name *name)
{
    if (lex->token != LIQUID_TOKEN_NAME)
        return liquid_parser_expected(parser, lex, what);
    *name = liquid_name_of(lex->text, lex->length);
    liquid_lex_next(lex);
    return true;
}

bool liquid_parser_take_end(struct liquid_parser *parser, const struct liquid_lex *lex)
{
    return lex->token == LIQUID_TOKEN_END || liquid_parser_expected(parser, lex, "the end");
}

bool liquid_parser_is(const struct liquid_tag *tag, const char *name)
{
    return slice_is(tag->name, name);
}

bool liquid_parser_is_end(const struct liquid_tag *stop, const struct liquid_tag *tag)
{
    return stop->name.length == tag->name.length + 3 && memcmp(stop->name.text, "end", 3) == 0 &&
           memcmp(stop->name.text + 3, tag->name.text, tag->name.length) == 0;
}

static bool fail_unknown(struct liquid_parser *parser, const struct liquid_tag *stop)
{
    const char *names[LIQUID_TAG_NAMES_MOST];
    if (stop->name.length == 0)
        return liquid_parser_fail(parser, stop->name.text, 0, "a tag needs a name");
    liquid_parser_fail(parser, stop->name.text, stop->name.length, "unknown tag `%.*s`",
                       (int)stop->name.length, stop->name.text);
    liquid_tags_names(names);
    diag_suggest(parser->diag, arena_copy(parser->arena, stop->name.text, stop->name.length),
                 names);
    return false;
}

static bool is_branch(const struct liquid_tag *stop)
{
    return liquid_parser_is(stop, "else") || liquid_parser_is(stop, "elsif") ||
           liquid_parser_is(stop, "when");
}

bool liquid_parser_stray(struct liquid_parser *parser, const struct liquid_tag *tag,
                         const struct liquid_tag *stop)
{
    int length = tag ? (int)tag->name.length : 0;
    bool ends = stop->name.length > 3 && memcmp(stop->name.text, "end", 3) == 0;
    if (!stop->name.text) {
        liquid_parser_fail(parser, tag->name.text, tag->name.length, "`%.*s` is never closed",
                           length, tag->name.text);
        diag_hint(parser->diag, "end it with `end%.*s`", length, tag->name.text);
        return false;
    }
    if (!ends && !is_branch(stop))
        return fail_unknown(parser, stop);
    if (!tag)
        return liquid_parser_fail(parser, stop->name.text, stop->name.length,
                                  "`%.*s` without a block that it belongs to",
                                  (int)stop->name.length, stop->name.text);
    liquid_parser_fail(parser, stop->name.text, stop->name.length,
                       ends ? "`%.*s` does not close `%.*s`" : "`%.*s` has no place in `%.*s`",
                       (int)stop->name.length, stop->name.text, length, tag->name.text);
    if (ends)
        diag_hint(parser->diag, "`%.*s` is closed by `end%.*s`", length, tag->name.text, length,
                  tag->name.text);
    return false;
}

static bool is_trimmed(char c)
{
    return c == '\0' || liquid_lex_space(c);
}

static void trim_end(struct liquid_node *text)
{
    while (text->length > 0 && is_trimmed(text->text[text->length - 1]))
        text->length--;
}

static void add_node(struct liquid_parser *parser, struct liquid_body *body,
                     const struct liquid_node *node)
{
    body->nodes = liquid_parser_grow(parser, body->nodes, body->count, sizeof *body->nodes);
    body->nodes[body->count++] = *node;
}

static void add_text(struct liquid_parser *parser, struct liquid_body *body,
                     const struct liquid_piece *piece)
{
    const char *text = piece->all.text, *end = text + piece->all.length;
    while (parser->trim && text < end && is_trimmed(*text))
        text++;
    parser->trim = false;
    for (const char *at = text; body->blank && at < end; at++)
        body->blank = liquid_lex_space(*at);
    struct liquid_node node = {
        .offset = liquid_parser_offset(parser, text),
        .length = (uint32_t)(end - text),
        .text = text,
    };
    add_node(parser, body, &node);
    body->text_last = true;
}

static bool add_output(struct liquid_parser *parser, struct liquid_body *body,
                       const struct liquid_piece *piece)
{
    struct liquid_node node = {.offset = liquid_parser_offset(parser, piece->all.text)};
    if (!piece->closed)
        return liquid_parser_fail(parser, piece->all.text, 2, "`{{` without its `}}`");
    if (!liquid_output_node(parser, &piece->markup, &node))
        return false;
    body->blank = false;
    add_node(parser, body, &node);
    return true;
}

static bool parse_pieces(struct liquid_parser *parser, struct liquid_body *body,
                         struct liquid_tag *stop);

/* The lines of a `liquid` tag stand in the body that holds it, as if each were a tag. */
static bool add_lines(struct liquid_parser *parser, struct liquid_body *body,
                      const struct slice *markup)
{
    struct liquid_scan lines = {markup->text, markup->text + markup->length, .lines = true};
    struct liquid_scan *outer = parser->scan;
    struct liquid_tag stop;
    if (parser->blocks >= LIQUID_BLOCKS_MOST)
        return liquid_parser_fail(parser, markup->text, 0, "blocks are nested too deep");
    parser->scan = &lines;
    parser->blocks++;
    bool done = parse_pieces(parser, body, &stop);
    parser->blocks--;
    parser->scan = outer;
    return done && (!stop.name.text || liquid_parser_stray(parser, NULL, &stop));
}

static bool add_tag(struct liquid_parser *parser, struct liquid_body *body,
                    const struct liquid_tag_row *row, const struct liquid_tag *tag)
{
    struct liquid_node node = {.offset = liquid_parser_offset(parser, tag->name.text)};
    bool blank = false;
    if (!row->parse(parser, tag, &node, &blank))
        return false;
    if (!blank)
        body->blank = false;
    node.blank = blank;
    if (node.kind)
        add_node(parser, body, &node);
    body->text_last = false;
    return true;
}

/* One {% %} or line; `stopped` where it is the business of the block around it. */
static bool parse_tag(struct liquid_parser *parser, struct liquid_body *body,
                      const struct liquid_piece *piece, struct liquid_tag *stop, bool *stopped)
{
    struct liquid_tag tag = {piece->name, piece->markup};
    if (!piece->closed)
        return liquid_parser_fail(parser, piece->all.text, 2, "`{%%` without its `%%}`");
    if (liquid_parser_is(&tag, "liquid"))
        return add_lines(parser, body, &tag.markup);
    const struct liquid_tag_row *row = liquid_tags_find(&tag.name);
    if (row)
        return add_tag(parser, body, row, &tag);
    *stop = tag;
    *stopped = true;
    return true;
}

static bool parse_pieces(struct liquid_parser *parser, struct liquid_body *body,
                         struct liquid_tag *stop)
{
    struct liquid_piece piece;
    *stop = (struct liquid_tag){0};
    for (bool stopped = false; !stopped;) {
        liquid_scan_next(parser->scan, &piece);
        if (piece.kind == LIQUID_PIECE_END)
            return true;
        if (piece.kind == LIQUID_PIECE_TEXT) {
            add_text(parser, body, &piece);
            continue;
        }
        if (piece.trim_before && body->text_last)
            trim_end(&body->nodes[body->count - 1]);
        if (!piece.line)
            parser->trim = piece.trim_after;
        if (piece.kind == LIQUID_PIECE_OUTPUT && !add_output(parser, body, &piece))
            return false;
        if (piece.kind == LIQUID_PIECE_TAG && !parse_tag(parser, body, &piece, stop, &stopped))
            return false;
        body->text_last = false;
    }
    return true;
}

bool liquid_parser_body(struct liquid_parser *parser, struct liquid_body *body,
                        struct liquid_tag *stop)
{
    if (parser->blocks >= LIQUID_BLOCKS_MOST)
        return liquid_parser_fail(parser, parser->scan->at, 0, "blocks are nested too deep");
    body->blank = true;
    parser->blocks++;
    bool done = parse_pieces(parser, body, stop);
    parser->blocks--;
    return done;
}

void liquid_parser_close(struct liquid_body *body, bool drop_text)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < body->count; i++) {
        const struct liquid_node *node = &body->nodes[i];
        if (node->kind || (node->length > 0 && !drop_text))
            body->nodes[kept++] = *node;
    }
    body->count = kept;
}

bool liquid_parser_block(struct liquid_parser *parser, const struct liquid_tag *tag,
                         struct liquid_body *body)
{
    struct liquid_tag stop;
    if (!liquid_parser_body(parser, body, &stop))
        return false;
    if (!liquid_parser_is_end(&stop, tag))
        return liquid_parser_stray(parser, tag, &stop);
    liquid_parser_close(body, false);
    return true;
}
