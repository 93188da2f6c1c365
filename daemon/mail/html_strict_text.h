/* Characters and character references, for html_strict; as there, rather unsure than wrong. */
#ifndef NUDGED_MAIL_HTML_STRICT_TEXT_H
#define NUDGED_MAIL_HTML_STRICT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "mail/html_outline.h"

/* White space of HTML: tab, line ends, form feed, space. */
static inline bool html_strict_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/* An ASCII letter or digit. */
static inline bool html_strict_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Tells a text with its references decoded; `outline` may be NULL. False: not sure. */
bool html_strict_text(struct html_outline *outline, const char *text, size_t length);

/* An attribute's value decoded, in the arena; NULL: not sure. */
const char *html_strict_value(struct arena *arena, const char *text, size_t length);

#endif
