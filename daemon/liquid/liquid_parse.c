/*
 * From text to nodes. liquid_parse(), at the end, sets a parser up and reads the whole template
 * as one body. parse_pieces() is the loop: it takes piece after piece from the scanner and adds a
 * node for each text, output or tag. A tag of the table reads itself, and calls
 * liquid_parse_body() for what it holds, so that blocks nest as these calls do. A tag that is not
 * of the table (`else`, `endif`, a misspelt one) ends the body; the block that asked for it says
 * whether it may, and where it may not, liquid_parse_stray() finds the words.
 *
 * White space goes in two ways: a dash at a brace trims the text next to it, here, and a block
 * that prints nothing else drops its text when it is closed.
 */
#include "liquid/liquid_parse.h"

#include "liquid/liquid_output.h"

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
    return liquid_tag_is(stop, "else") || liquid_tag_is(stop, "elsif") ||
           liquid_tag_is(stop, "when");
}

bool liquid_parse_stray(struct liquid_parser *parser, const struct liquid_tag *tag,
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
    return done && (!stop.name.text || liquid_parse_stray(parser, NULL, &stop));
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
    return true;
}

/* One {% %} or line; `stopped` where it is the business of the block around it. */
static bool parse_tag(struct liquid_parser *parser, struct liquid_body *body,
                      const struct liquid_piece *piece, struct liquid_tag *stop, bool *stopped)
{
    struct liquid_tag tag = {piece->name, piece->markup};
    if (!piece->closed)
        return liquid_parser_fail(parser, piece->all.text, 2, "`{%%` without its `%%}`");
    if (liquid_tag_is(&tag, "liquid"))
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

bool liquid_parse_body(struct liquid_parser *parser, struct liquid_body *body,
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

void liquid_parse_close(struct liquid_body *body, bool drop_text)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < body->count; i++) {
        const struct liquid_node *node = &body->nodes[i];
        if (node->kind || (node->length > 0 && !drop_text))
            body->nodes[kept++] = *node;
    }
    body->count = kept;
}

bool liquid_parse_block(struct liquid_parser *parser, const struct liquid_tag *tag,
                        struct liquid_body *body)
{
    struct liquid_tag stop;
    if (!liquid_parse_body(parser, body, &stop))
        return false;
    if (!liquid_tag_is_end(&stop, tag))
        return liquid_parse_stray(parser, tag, &stop);
    liquid_parse_close(body, false);
    return true;
}

/* Offsets have 32 bits; no template is a tenth as long. */
enum { TEXT_MOST = 16 << 20 };

struct liquid_template *liquid_parse(struct arena *arena, const char *name, const char *text,
                                     size_t length, const struct liquid_options *options,
                                     struct diag *diag)
{
    struct liquid_template *template = arena_zero(arena, sizeof *template);
    if (length > TEXT_MOST) {
        diag_error(diag, "a template may have at most %d bytes", TEXT_MOST);
        diag_file(diag, name);
        return NULL;
    }
    *template = (struct liquid_template){
        .name = arena_text(arena, name),
        .text = arena_copy(arena, text, length),
        .length = (uint32_t)length,
        .first_line = options->first_line ? options->first_line : 1,
        .first_column = options->first_column ? options->first_column : 1,
        .options = options,
    };
    struct liquid_scan scan = {template->text, template->text + length, .lines = false};
    struct liquid_parser parser = {.arena = arena,
                                   .template = template,
                                   .scan = &scan,
                                   .diag = diag,
                                   .lax = options->syntax >= LIQUID_LAX,
                                   .lax_tags = options->syntax != LIQUID_STRICT,
                                   .forgives = options->syntax == LIQUID_FORGIVING};
    struct liquid_tag stop;
    if (!liquid_parse_body(&parser, &template->body, &stop))
        return NULL;
    if (stop.name.text) {
        liquid_parse_stray(&parser, NULL, &stop);
        return NULL;
    }
    liquid_parse_close(&template->body, false);
    return template;
}
