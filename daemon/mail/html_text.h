/*
 * The text part made from an HTML part: parsed as HTML5 does (html_parsed; html_strict where
 * its answer is sure to be the same), read as a person reads: headings and paragraphs
 * apart, lists with their marks, a table's row on one line, links as footnotes, images by
 * their alt text; what a mail program would not show is left out.
 */
#ifndef NUDGED_MAIL_HTML_TEXT_H
#define NUDGED_MAIL_HTML_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"

enum { HTML_TEXT_MOST = 2 * 1024 * 1024 }; /* bytes of HTML */

/* Appends UTF-8 text with '\n' line ends, without spaces at the ends of lines, ended by one
 * '\n' (nothing at all for a document without text). `html` is UTF-8; what is not becomes
 * U+FFFD. The arena is for what is needed meanwhile. A fault ("html-text"): too large, nested
 * too deep, or the parser needed too much memory or time. */
bool html_text(struct arena *arena, struct buf *out, const char *html, size_t length,
               struct diag *diag);

#endif
