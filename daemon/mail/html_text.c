#include "mail/html_text.h"

#include "mail/html_parsed.h"
#include "mail/html_strict.h"

static bool read_strict(struct arena *arena, struct buf *out, const char *html, size_t length)
{
    size_t begin = out->length;
    struct html_outline *outline = html_outline_new(arena, out);
    if (html_strict_read(outline, arena, html, length)) {
        html_outline_finish(outline);
        return true;
    }
    if (!out->full)
        buf_cut(out, begin);
    return false;
}

bool html_text(struct arena *arena, struct buf *out, const char *html, size_t length,
               struct diag *diag)
{
    if (length > HTML_TEXT_MOST)
        return diag_fault(diag, "html-text", "the HTML is too large to make a text part of it");
    if (!read_strict(arena, out, html, length) && !out->full &&
        !html_parsed_read(out, html, length, diag))
        return false;
    return !out->full || diag_fault(diag, "html-text", "the text part is larger than its bound");
}
