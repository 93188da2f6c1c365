#include "mail/html_parsed.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <gumbo.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mail/html_outline.h"

enum {
    DEPTH_MOST = 512,
    SECONDS_MOST = 2,
    MEMORY_MOST = 64 * 1024 * 1024, /* bytes of the parsed document */
};

/* ---- The walk over a parsed document ---- */

static const char *attribute(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found ? found->value : NULL;
}

static struct html_element element_of(const GumboNode *node)
{
    const char *name = gumbo_normalized_tagname(node->v.element.tag);
    const struct html_tag *tag = *name ? html_tags_find(name, strlen(name)) : NULL;
    enum html_role role = tag ? tag->role : HTML_INLINE;
    const char *value = html_tags_value(role);
    return (struct html_element){
        .role = role,
        .hidden = attribute(node, "hidden") != NULL,
        .style = attribute(node, "style"),
        .value = value ? attribute(node, value) : NULL,
    };
}

/* An element whose children are being read. */
struct frame {
    const GumboNode *node;
    unsigned next; /* the child to be read next */
};

/* With a stack of our own: a document may be nested as deep as it is long. */
static void walk(struct html_outline *outline, const GumboNode *root)
{
    size_t depth = 0, capacity = 64;
    struct frame *stack = mem_alloc(capacity * sizeof *stack);
    stack[depth++] = (struct frame){root, 0};
    while (depth > 0) {
        struct frame *top = &stack[depth - 1];
        const GumboVector *children = &top->node->v.element.children;
        if (top->next == children->length) {
            if (--depth > 0)
                html_outline_close(outline);
            continue;
        }
        const GumboNode *child = children->data[top->next++];
        if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE ||
            child->type == GUMBO_NODE_CDATA)
            html_outline_text(outline, child->v.text.text, strlen(child->v.text.text));
        if (child->type != GUMBO_NODE_ELEMENT)
            continue;
        const struct html_element element = element_of(child);
        if (!html_outline_open(outline, &element))
            continue;
        if (depth == capacity) {
            capacity *= 2;
            stack = mem_resize(stack, capacity * sizeof *stack);
        }
        stack[depth++] = (struct frame){child, 0};
    }
    free(stack);
}

/* ---- The parser ---- */

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
    if (size > MEMORY_MOST || arena_used(parser->arena) + size > MEMORY_MOST)
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

bool html_parsed_read(struct buf *out, const char *html, size_t length, struct diag *diag)
{
    if (is_too_deep(html, length))
        return diag_fault(diag, "html-text",
                          "the HTML is nested too deep to make a text part of it");
    struct parser parser = {.arena = arena_new(64 * 1024 + 8 * length),
                            .deadline = seconds() + SECONDS_MOST};
    const GumboOutput *document = parse(&parser, html, length);
    if (document) {
        struct html_outline *outline = html_outline_new(parser.arena, out);
        walk(outline, document->root);
        html_outline_finish(outline);
    }
    arena_destroy(&parser.arena);
    return document ||
           diag_fault(diag, "html-text", "the HTML is too tangled to make a text part of it");
}
