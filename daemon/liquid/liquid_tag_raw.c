#include "liquid/liquid_parse.h"
#include "liquid/liquid_run.h"
#include "liquid/liquid_tags.h"

/* Tags whose inside is not parsed, or not at all there. */

static bool render_raw(struct liquid_run *run, const struct liquid_node *node)
{
    const struct slice *text = node->data;
    return liquid_run_add(run, text->text, text->length);
}

/* Reads pieces up to the one that ends with `end`, which sets whether white space is
 * trimmed behind it. Gives what stands before. Lines of a `liquid` tag never end it. */
static bool read_until(struct liquid_parser *parser, const struct liquid_tag *tag, const char *end,
                       const char *forbidden, struct slice *text)
{
    struct liquid_piece piece;
    size_t before;
    const char *start = parser->scan->at;
    for (;;) {
        liquid_scan_next(parser->scan, &piece);
        if (piece.kind == LIQUID_PIECE_END) {
            struct liquid_tag none = {0};
            return liquid_parse_stray(parser, tag, &none);
        }
        if (piece.line)
            continue;
        if (forbidden && liquid_scan_ends(&piece, forbidden, &before))
            return liquid_parser_fail(parser, piece.all.text + before, piece.all.length - before,
                                      "`%s` has no place in `%s`", forbidden, forbidden);
        if (liquid_scan_ends(&piece, end, &before))
            break;
    }
    parser->trim = piece.all.text[piece.all.length - 3] == '-';
    *text = slice_between(start, piece.all.text + before);
    return true;
}

static bool refuse_markup(struct liquid_parser *parser, const struct liquid_tag *tag)
{
    for (size_t i = 0; i < tag->markup.length; i++)
        if (!liquid_lex_space(tag->markup.text[i]))
            return liquid_parser_fail(parser, tag->markup.text, tag->markup.length,
                                      "`%.*s` takes nothing", (int)tag->name.length,
                                      tag->name.text);
    return true;
}

bool liquid_tag_raw_parse(struct liquid_parser *parser, const struct liquid_tag *tag,
                          struct liquid_node *node, bool *blank)
{
    static const struct liquid_kind kind = {"raw", render_raw, NULL};
    struct slice *text = arena_alloc(parser->arena, sizeof *text);
    node->kind = &kind;
    node->data = text;
    if (!refuse_markup(parser, tag) || !read_until(parser, tag, "endraw", NULL, text))
        return false;
    *blank = text->length == 0;
    return true;
}

bool liquid_tag_raw_doc(struct liquid_parser *parser, const struct liquid_tag *tag,
                        struct liquid_node *node, bool *blank)
{
    struct slice text = {0};
    (void)node;
    if (!refuse_markup(parser, tag) || !read_until(parser, tag, "enddoc", "doc", &text))
        return false;
    *blank = text.length == 0;
    return true;
}

/* What a comment holds need not be right, but comments and raw text in it must end. */
bool liquid_tag_raw_comment(struct liquid_parser *parser, const struct liquid_tag *tag,
                            struct liquid_node *node, bool *blank)
{
    struct liquid_piece piece;
    struct slice text = {0};
    uint32_t open = 1;
    (void)node;
    while (open > 0) {
        liquid_scan_next(parser->scan, &piece);
        struct liquid_tag inner = {piece.name, piece.markup};
        if (piece.kind == LIQUID_PIECE_END) {
            struct liquid_tag none = {0};
            return liquid_parse_stray(parser, tag, &none);
        }
        if (piece.kind != LIQUID_PIECE_TAG || !piece.closed)
            continue;
        if (liquid_tag_is(&inner, "raw") && !read_until(parser, &inner, "endraw", NULL, &text))
            return false;
        open += liquid_tag_is(&inner, "comment");
        open -= liquid_tag_is(&inner, "endcomment");
    }
    if (!piece.line)
        parser->trim = piece.trim_after;
    *blank = true;
    return true;
}

bool liquid_tag_raw_inline(struct liquid_parser *parser, const struct liquid_tag *tag,
                           struct liquid_node *node, bool *blank)
{
    const char *at = tag->markup.text, *end = at + tag->markup.length;
    (void)node;
    while ((at = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL)) {
        at = liquid_lex_skip_space(at, end);
        if (at < end && *at != '#')
            return liquid_parser_fail(parser, at, 1, "each line of a comment begins with `#`");
    }
    *blank = true;
    return true;
}
