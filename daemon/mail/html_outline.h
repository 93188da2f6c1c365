/*
 * What is told of an HTML document in its order becomes text: headings and paragraphs
 * apart, lists with their marks, a table's row on one line, links as footnotes. Two
 * readers tell: html_strict and, where that is not sure, the parser in html_text.
 */
#ifndef NUDGED_MAIL_HTML_OUTLINE_H
#define NUDGED_MAIL_HTML_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/html_tags.h"

struct html_outline;

/* An element's begin. Attributes as they are after decoding, NULL where there is none;
 * they must last as long as the outline. */
struct html_element {
    enum html_role role;
    bool hidden;       /* it has `hidden` */
    const char *style; /* `style` */
    const char *value; /* of the attribute that html_tags_value names */
};

/* In the arena; writes to the end of `out`. */
struct html_outline *html_outline_new(struct arena *arena, struct buf *out);

/* False: the element is not shown, and nothing in it is to be told, nor its end. */
bool html_outline_open(struct html_outline *outline, const struct html_element *element);
void html_outline_close(struct html_outline *outline);
/* Text; how it is cut into pieces makes no difference. */
void html_outline_text(struct html_outline *outline, const char *text, size_t length);

/* At the document's end, with all closed: writes what was kept back. */
void html_outline_finish(struct html_outline *outline);

#endif
