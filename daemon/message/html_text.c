#include "message/html_text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <gumbo.h>

#include "base/arena.h"
#include "base/mem.h"
#include "message/text_writer.h"

enum { DEPTH_MOST = 512, SECONDS_MOST = 2, STYLE_MOST = 2048 };

/* What an element does to the text; ROLE_INLINE, the one of most, is 0. */
enum role {
    ROLE_INLINE,
    ROLE_LINE,      /* on lines of its own */
    ROLE_PARAGRAPH, /* with an empty line before and after */
    ROLE_SKIP,      /* not shown, nor what is in it */
    ROLE_BREAK,
    ROLE_RULE,
    ROLE_IMAGE,
    ROLE_LINK,
    ROLE_LIST,
    ROLE_ITEM,
    ROLE_QUOTE,
    ROLE_PRE,
    ROLE_ROW,
    ROLE_CELL,
};

static const uint8_t roles[GUMBO_TAG_LAST + 1] = {
    [GUMBO_TAG_HEAD] = ROLE_SKIP,
    [GUMBO_TAG_STYLE] = ROLE_SKIP,
    [GUMBO_TAG_SCRIPT] = ROLE_SKIP,
    [GUMBO_TAG_TEMPLATE] = ROLE_SKIP,
    [GUMBO_TAG_NOSCRIPT] = ROLE_SKIP,
    [GUMBO_TAG_IFRAME] = ROLE_SKIP,
    [GUMBO_TAG_SVG] = ROLE_SKIP,
    [GUMBO_TAG_MATH] = ROLE_SKIP,
    [GUMBO_TAG_OBJECT] = ROLE_SKIP,
    [GUMBO_TAG_SELECT] = ROLE_SKIP,
    [GUMBO_TAG_TEXTAREA] = ROLE_SKIP,
    [GUMBO_TAG_AUDIO] = ROLE_SKIP,
    [GUMBO_TAG_VIDEO] = ROLE_SKIP,
    [GUMBO_TAG_CANVAS] = ROLE_SKIP,
    [GUMBO_TAG_TITLE] = ROLE_SKIP,
    [GUMBO_TAG_BR] = ROLE_BREAK,
    [GUMBO_TAG_HR] = ROLE_RULE,
    [GUMBO_TAG_IMG] = ROLE_IMAGE,
    [GUMBO_TAG_A] = ROLE_LINK,
    [GUMBO_TAG_UL] = ROLE_LIST,
    [GUMBO_TAG_OL] = ROLE_LIST,
    [GUMBO_TAG_LI] = ROLE_ITEM,
    [GUMBO_TAG_BLOCKQUOTE] = ROLE_QUOTE,
    [GUMBO_TAG_PRE] = ROLE_PRE,
    [GUMBO_TAG_TR] = ROLE_ROW,
    [GUMBO_TAG_TD] = ROLE_CELL,
    [GUMBO_TAG_TH] = ROLE_CELL,
    [GUMBO_TAG_P] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H1] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H2] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H3] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H4] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H5] = ROLE_PARAGRAPH,
    [GUMBO_TAG_H6] = ROLE_PARAGRAPH,
    [GUMBO_TAG_TABLE] = ROLE_PARAGRAPH,
    [GUMBO_TAG_DL] = ROLE_PARAGRAPH,
    [GUMBO_TAG_FIGURE] = ROLE_PARAGRAPH,
    [GUMBO_TAG_SECTION] = ROLE_PARAGRAPH,
    [GUMBO_TAG_ARTICLE] = ROLE_PARAGRAPH,
    [GUMBO_TAG_HEADER] = ROLE_PARAGRAPH,
    [GUMBO_TAG_FOOTER] = ROLE_PARAGRAPH,
    [GUMBO_TAG_ASIDE] = ROLE_PARAGRAPH,
    [GUMBO_TAG_NAV] = ROLE_PARAGRAPH,
    [GUMBO_TAG_FIELDSET] = ROLE_PARAGRAPH,
    [GUMBO_TAG_CENTER] = ROLE_LINE,
    [GUMBO_TAG_DIV] = ROLE_LINE,
    [GUMBO_TAG_MAIN] = ROLE_LINE,
    [GUMBO_TAG_ADDRESS] = ROLE_LINE,
    [GUMBO_TAG_CAPTION] = ROLE_LINE,
    [GUMBO_TAG_DT] = ROLE_LINE,
    [GUMBO_TAG_DD] = ROLE_LINE,
    [GUMBO_TAG_FIGCAPTION] = ROLE_LINE,
    [GUMBO_TAG_FORM] = ROLE_LINE,
    [GUMBO_TAG_BODY] = ROLE_LINE,
    [GUMBO_TAG_DETAILS] = ROLE_LINE,
    [GUMBO_TAG_SUMMARY] = ROLE_LINE,
    [GUMBO_TAG_LEGEND] = ROLE_LINE,
    [GUMBO_TAG_HGROUP] = ROLE_LINE,
};

/* --- the walk --- */

/* Has the style the declaration? `exact`: the value ends there (opacity: 0, but not 0.5). */
static bool declares(const char *style, const char *declaration, bool exact)
{
    size_t length = strlen(declaration);
    while ((style = strstr(style, declaration))) {
        style += length;
        if (!exact || !*style || !strchr(".123456789", *style))
            return true;
    }
    return false;
}

static const char *attribute(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found ? found->value : NULL;
}

static bool is_hidden(const GumboNode *node)
{
    const char *style = attribute(node, "style");
    char tidy[STYLE_MOST];
    size_t length = 0;
    if (attribute(node, "hidden"))
        return true;
    if (!style)
        return false;
    for (; *style && length < sizeof tidy - 1; style++)
        if (*style > ' ' || *style < 0)
            tidy[length++] = *style >= 'A' && *style <= 'Z' ? (char)(*style | 0x20) : *style;
    tidy[length] = '\0';
    return declares(tidy, "display:none", false) || declares(tidy, "visibility:hidden", false) ||
           declares(tidy, "mso-hide:all", false) || declares(tidy, "max-height:0", true) ||
           declares(tidy, "opacity:0", true);
}

/* An element whose children are being read. */
struct frame {
    const GumboNode *node;
    enum role role;
    unsigned next;   /* the child to be read next */
    unsigned number; /* of the next item, where it is a list */
};

static void enter_item(struct text_writer *w, struct frame *list)
{
    char first[16] = "- ", rest[16];
    if (list->node->v.element.tag == GUMBO_TAG_OL)
        snprintf(first, sizeof first, "%u. ", list->number++ % 100000);
    snprintf(rest, sizeof rest, "%*s", (int)strlen(first), "");
    text_writer_lines(w, 1);
    text_writer_begin_level(w, first, rest);
}

static unsigned first_number(const GumboNode *list)
{
    const char *start = attribute(list, "start");
    return start && strlen(start) <= 5 && strspn(start, "0123456789") == strlen(start)
               ? (unsigned)atoi(start)
               : 1;
}

static void add_rule(struct text_writer *w)
{
    text_writer_lines(w, 2);
    text_writer_text(w, "----------");
    text_writer_lines(w, 2);
}

/* Lists stand apart from what is around them, one inside another does not. */
static void space_list(struct text_writer *w)
{
    text_writer_lines(w, text_writer_in_level(w) ? 1 : 2);
}

static void enter(struct text_writer *w, const GumboNode *node, enum role role,
                  struct frame *parent)
{
    const char *alt;
    switch (role) {
    case ROLE_SKIP:
    case ROLE_INLINE:
        break;
    case ROLE_LINE:
        text_writer_lines(w, 1);
        break;
    case ROLE_PARAGRAPH:
        text_writer_lines(w, 2);
        break;
    case ROLE_BREAK:
        text_writer_break(w);
        break;
    case ROLE_RULE:
        add_rule(w);
        break;
    case ROLE_IMAGE:
        if ((alt = attribute(node, "alt")))
            text_writer_text(w, alt);
        break;
    case ROLE_LINK:
        text_writer_begin_link(w, attribute(node, "href"));
        break;
    case ROLE_LIST:
        space_list(w);
        break;
    case ROLE_ITEM:
        enter_item(w, parent);
        break;
    case ROLE_QUOTE:
        text_writer_lines(w, 2);
        text_writer_begin_level(w, "> ", "> ");
        break;
    case ROLE_PRE:
        text_writer_begin_pre(w);
        break;
    case ROLE_ROW:
        text_writer_begin_row(w);
        break;
    case ROLE_CELL:
        text_writer_begin_cell(w);
        break;
    }
}

static void leave(struct text_writer *w, enum role role)
{
    switch (role) {
    case ROLE_LINE:
        text_writer_lines(w, 1);
        break;
    case ROLE_PARAGRAPH:
        text_writer_lines(w, 2);
        break;
    case ROLE_LINK:
        text_writer_end_link(w);
        break;
    case ROLE_LIST:
        space_list(w);
        break;
    case ROLE_ITEM:
        text_writer_end_level(w);
        text_writer_lines(w, 1);
        break;
    case ROLE_QUOTE:
        text_writer_end_level(w);
        text_writer_lines(w, 2);
        break;
    case ROLE_PRE:
        text_writer_end_pre(w);
        break;
    case ROLE_ROW:
        text_writer_end_row(w);
        break;
    case ROLE_CELL:
        text_writer_end_cell(w);
        break;
    case ROLE_INLINE:
    case ROLE_SKIP:
    case ROLE_BREAK:
    case ROLE_RULE:
    case ROLE_IMAGE:
        break;
    }
}

/* With a stack of our own: a document may be nested as deep as it is long. */
static void walk(struct text_writer *w, const GumboNode *root)
{
    size_t depth = 0, capacity = 64;
    struct frame *stack = mem_alloc(capacity * sizeof *stack);
    stack[depth++] = (struct frame){root, ROLE_LINE, 0, 1};
    while (depth > 0) {
        struct frame *top = &stack[depth - 1];
        const GumboVector *children = &top->node->v.element.children;
        if (top->next == children->length) {
            leave(w, top->role);
            depth--;
            continue;
        }
        const GumboNode *child = children->data[top->next++];
        if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE ||
            child->type == GUMBO_NODE_CDATA)
            text_writer_text(w, child->v.text.text);
        if (child->type != GUMBO_NODE_ELEMENT || is_hidden(child))
            continue;
        enum role role = roles[child->v.element.tag];
        if (role == ROLE_SKIP)
            continue;
        enter(w, child, role, top);
        if (depth == capacity) {
            capacity *= 2;
            stack = mem_resize(stack, capacity * sizeof *stack);
        }
        stack[depth++] =
            (struct frame){child, role, 0, role == ROLE_LIST ? first_number(child) : 1};
    }
    free(stack);
}

/* --- the parser --- */

/*
 * The parser's memory is an arena with a ceiling: it is freed at once, without the
 * library's own walk (which recurses as deep as the document), and a small document
 * that asks for much (unclosed formatting elements multiply) ends at the ceiling. It
 * asks for memory at each tag, so its time is bounded there too.
 */
struct parser {
    struct arena *arena;
    unsigned calls;
    time_t deadline;
    jmp_buf full;
};

/* Of this thread's own work. */
static time_t seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec;
}

static void *parser_alloc(void *context, size_t size)
{
    struct parser *parser = context;
    if (size > HTML_TEXT_MEMORY_MOST || arena_used(parser->arena) + size > HTML_TEXT_MEMORY_MOST)
        longjmp(parser->full, 1);
    if (++parser->calls % 1024 == 0 && seconds() > parser->deadline)
        longjmp(parser->full, 1);
    return arena_alloc(parser->arena, size ? size : 1);
}

static void parser_free(void *context, void *block)
{
    (void)context;
    (void)block;
}

static const GumboOutput *parse(struct parser *parser, const char *html, size_t length)
{
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = parser_alloc;
    options.deallocator = parser_free;
    options.userdata = parser;
    options.max_errors = 0;
    if (setjmp(parser->full))
        return NULL;
    return gumbo_parse_with_options(&options, html, length);
}

/* Elements that nobody closes: they end by themselves, or hold nothing. */
static bool closes_itself(const char *name, size_t length)
{
    static const char *const names[] = {"p",     "li",    "td",     "th",   "tr",   "dt",
                                        "dd",    "br",    "hr",     "img",  "col",  "meta",
                                        "link",  "wbr",   "input",  "area", "base", "tbody",
                                        "thead", "tfoot", "option", "o:p",  NULL};
    for (size_t i = 0; names[i]; i++)
        if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0)
            return true;
    return false;
}

/*
 * The library takes time with the square of the depth: half a megabyte of <div> alone
 * costs it 14 seconds. No mail is nested a tenth as deep as is allowed here.
 */
static bool is_too_deep(const char *html, size_t length)
{
    const char *at = html, *end = html + length;
    size_t depth = 0;
    while ((at = memchr(at, '<', (size_t)(end - at))) && ++at < end) {
        bool closing = *at == '/';
        const char *name = at + closing, *after = name;
        while (after < end && !strchr(" \t\r\n\f/>", *after))
            after++;
        if (name == after || !isalpha((unsigned char)*name) ||
            closes_itself(name, (size_t)(after - name)))
            continue;
        if (!closing && ++depth > DEPTH_MOST)
            return true;
        if (closing && depth > 0)
            depth--;
    }
    return false;
}

static bool fault(struct diag *diag, const char *text)
{
    diag_error(diag, "%s", text);
    diag_code(diag, "html-text");
    return false;
}

bool html_text(struct buf *out, const char *html, size_t length, struct diag *diag)
{
    if (length > HTML_TEXT_MOST)
        return fault(diag, "the HTML is too large to make a text part of it");
    if (is_too_deep(html, length))
        return fault(diag, "the HTML is nested too deep to make a text part of it");
    struct parser parser = {.arena = arena_new(64 * 1024 + 8 * length),
                            .deadline = seconds() + SECONDS_MOST};
    const GumboOutput *document = parse(&parser, html, length);
    if (document) {
        struct text_writer *w = text_writer_new(parser.arena, out);
        walk(w, document->root);
        text_writer_finish(w);
    }
    arena_destroy(&parser.arena);
    if (!document)
        return fault(diag, "the HTML is too tangled to make a text part of it");
    return !out->full || fault(diag, "the text part is larger than its bound");
}
