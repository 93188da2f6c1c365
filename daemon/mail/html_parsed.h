/*
 * The text of any HTML, parsed as HTML5 does (the HTML standard, 13.2; libgumbo), repairs and
 * all: for what html_strict is not sure of, and what it is held against.
 */
#ifndef NUDGED_MAIL_HTML_PARSED_H
#define NUDGED_MAIL_HTML_PARSED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"

/* Appends the text. False with the code "html-text" where the document is nested too deep, or
 * the parser needed too much memory or time. Whether `out` became full is for the caller to
 * see. */
bool html_parsed_read(struct buf *out, const char *html, size_t length, struct diag *diag);

#endif
