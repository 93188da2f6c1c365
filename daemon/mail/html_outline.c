/*
 * The two readers tell of begins, texts and ends; here each element's role becomes calls of
 * text_writer. First what is not shown at all: an element with `hidden`, or with a style that
 * hides it; its readers then tell nothing of what is in it. Then begin() and html_outline_close(),
 * one switch each over the roles; the stack of open elements is there for the end of each.
 */
#include "mail/html_outline.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/text_writer.h"

enum { STYLE_MOST = 2048 };

/* An element that is open. */
struct frame {
    enum html_role role;
    unsigned number; /* of the next item, where it is a numbered list */
};

struct html_outline {
    struct arena *arena;
    struct text_writer *writer;
    struct frame *open;
    uint32_t depth, capacity;
};

struct html_outline *html_outline_new(struct arena *arena, struct buf *out)
{
    struct html_outline *outline = arena_zero(arena, sizeof *outline);
    outline->arena = arena;
    outline->writer = text_writer_new(arena, out);
    return outline;
}

/* ---- What is not shown ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* What makes an element disappear, without spaces. `exact`: the value ends there (opacity:
 * 0, but not 0.5). */
static const struct hiding {
    const char *property, *value;
    bool exact;
} hidings[] = {
    {"display", "none", false}, {"visibility", "hidden", false}, {"mso-hide", "all", false},
    {"max-height", "0", true},  {"opacity", "0", true},
};

static bool ends_with(const char *text, size_t length, const char *tail)
{
    size_t size = strlen(tail);
    return length >= size && memcmp(text + length - size, tail, size) == 0;
}

/* Does the declaration around `colon` hide? */
static bool hides(const char *tidy, const char *colon)
{
    for (size_t i = 0; i < sizeof hidings / sizeof *hidings; i++) {
        const struct hiding *hiding = &hidings[i];
        size_t length = strlen(hiding->value);
        if (!ends_with(tidy, (size_t)(colon - tidy), hiding->property) ||
            strncmp(colon + 1, hiding->value, length) != 0)
            continue;
        char next = colon[1 + length];
        if (!hiding->exact || !next || !strchr(".123456789", next))
            return true;
    }
    return false;
}

/* What is before and behind a colon that hides: the last letter and the first. */
static bool may_hide_with(char property, char value)
{
    switch (lower(value)) {
    case 'n': /* display: none */
    case 'h': /* visibility: hidden */
        return lower(property) == 'y';
    case 'a': /* mso-hide: all */
        return lower(property) == 'e';
    case '0': /* max-height, opacity */
        return lower(property) == 't' || lower(property) == 'y';
    default:
        return false;
    }
}

/* A look that is quicker than the exact one, and never says no where that says yes. */
static bool may_hide(const char *style)
{
    for (const char *colon = style; (colon = strchr(colon, ':')); colon++) {
        const char *before = colon, *behind = colon + 1;
        while (before > style && before[-1] > 0 && before[-1] <= ' ')
            before--;
        while (*behind > 0 && *behind <= ' ')
            behind++;
        if (before > style && may_hide_with(before[-1], *behind))
            return true;
    }
    return false;
}

static bool is_hidden(const struct html_element *element)
{
    char tidy[STYLE_MOST];
    size_t length = 0;
    if (element->hidden)
        return true;
    if (!element->style || !may_hide(element->style))
        return false;
    for (const char *at = element->style; *at && length < sizeof tidy - 1; at++)
        if (*at > ' ' || *at < 0)
            tidy[length++] = lower(*at);
    tidy[length] = '\0';
    for (const char *colon = tidy; (colon = strchr(colon, ':')); colon++)
        if (hides(tidy, colon))
            return true;
    return false;
}

/* ---- Begins and ends ---- */

/* What `start` or `value` says, else another number. */
static unsigned number_of(const char *text, unsigned other)
{
    return text && *text && strlen(text) <= 5 && strspn(text, "0123456789") == strlen(text)
               ? (unsigned)atoi(text)
               : other;
}

static void begin_item(struct html_outline *outline, const struct html_element *item)
{
    struct frame *list = outline->depth ? &outline->open[outline->depth - 1] : NULL;
    char first[16] = "- ", rest[16];
    if (list && list->role == HTML_NUMBERED) {
        unsigned number = number_of(item->value, list->number) % 100000;
        snprintf(first, sizeof first, "%u. ", number);
        list->number = number + 1;
    }
    snprintf(rest, sizeof rest, "%*s", (int)strlen(first), "");
    text_writer_lines(outline->writer, 1);
    text_writer_begin_level(outline->writer, first, rest);
}

static void add_rule(struct text_writer *w)
{
    text_writer_lines(w, 2);
    text_writer_text(w, "----------", 10);
    text_writer_lines(w, 2);
}

/* Lists stand apart from what is around them, one inside another does not. */
static void space_list(struct text_writer *w)
{
    text_writer_lines(w, text_writer_in_level(w) ? 1 : 2);
}

static void begin(struct html_outline *outline, const struct html_element *element)
{
    struct text_writer *w = outline->writer;
    switch (element->role) {
    case HTML_SKIP:
    case HTML_INLINE:
        break;
    case HTML_LINE:
        text_writer_lines(w, 1);
        break;
    case HTML_PARAGRAPH:
        text_writer_lines(w, 2);
        break;
    case HTML_BREAK:
        text_writer_break(w);
        break;
    case HTML_RULE:
        add_rule(w);
        break;
    case HTML_IMAGE:
        if (element->value)
            text_writer_text(w, element->value, strlen(element->value));
        break;
    case HTML_LINK:
        text_writer_begin_link(w, element->value);
        break;
    case HTML_LIST:
    case HTML_NUMBERED:
        space_list(w);
        break;
    case HTML_ITEM:
        begin_item(outline, element);
        break;
    case HTML_QUOTE:
        text_writer_lines(w, 2);
        text_writer_begin_level(w, "> ", "> ");
        break;
    case HTML_PRE:
        text_writer_begin_pre(w);
        break;
    case HTML_ROW:
        text_writer_begin_row(w);
        break;
    case HTML_CELL:
        text_writer_begin_cell(w);
        break;
    }
}

bool html_outline_open(struct html_outline *outline, const struct html_element *element)
{
    if (element->role == HTML_SKIP || is_hidden(element))
        return false;
    begin(outline, element);
    outline->open = arena_grow(outline->arena, outline->open, outline->depth, &outline->capacity,
                               sizeof *outline->open);
    outline->open[outline->depth++] = (struct frame){
        element->role, element->role == HTML_NUMBERED ? number_of(element->value, 1) : 1};
    return true;
}

void html_outline_close(struct html_outline *outline)
{
    struct text_writer *w = outline->writer;
    switch (outline->open[--outline->depth].role) {
    case HTML_LINE:
        text_writer_lines(w, 1);
        break;
    case HTML_PARAGRAPH:
        text_writer_lines(w, 2);
        break;
    case HTML_LINK:
        text_writer_end_link(w);
        break;
    case HTML_LIST:
    case HTML_NUMBERED:
        space_list(w);
        break;
    case HTML_ITEM:
        text_writer_end_level(w);
        text_writer_lines(w, 1);
        break;
    case HTML_QUOTE:
        text_writer_end_level(w);
        text_writer_lines(w, 2);
        break;
    case HTML_PRE:
        text_writer_end_pre(w);
        break;
    case HTML_ROW:
        text_writer_end_row(w);
        break;
    case HTML_CELL:
        text_writer_end_cell(w);
        break;
    case HTML_INLINE:
    case HTML_SKIP:
    case HTML_BREAK:
    case HTML_RULE:
    case HTML_IMAGE:
        break;
    }
}

void html_outline_text(struct html_outline *outline, const char *text, size_t length)
{
    text_writer_text(outline->writer, text, length);
}

void html_outline_finish(struct html_outline *outline)
{
    text_writer_finish(outline->writer);
}
