#include "ctl/graph_label.h"

#include <ctype.h>
#include <string.h>

enum { LINE_MOST = 40, LABEL_MOST = 400 }; /* characters */

/* Mermaid's quotes, brackets, arrows and entity codes, and Markdown, which it reads in labels too.
 */
static bool is_plain(unsigned char c)
{
    return c >= 0x80 || isalnum(c) || strchr(" .,:/?'()=+-{}", c);
}

/* Entity codes are Mermaid's own: `#` for `&`. */
static void put_character(struct buf *out, unsigned char c)
{
    if (is_plain(c))
        buf_char(out, (char)c);
    else if (c == '"')
        buf_text(out, "#quot;");
    else if (c == '&')
        buf_text(out, "#amp;");
    else if (c == '<')
        buf_text(out, "#lt;");
    else if (c == '>')
        buf_text(out, "#gt;");
    else
        buf_printf(out, "#%d;", c);
}

static bool is_space(unsigned char c)
{
    return c <= ' ' || c == 0x7f;
}

/* Characters, not bytes. */
static size_t width_of(const char *word, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        width += ((unsigned char)word[i] & 0xc0) != 0x80;
    return width;
}

/* Whether a line that begins with the word would be an item of a list, or underline one. */
static bool begins_list(const char *word, size_t length)
{
    return strspn(word, "-+=") == length || (length > 1 && strchr(".)", word[length - 1]) &&
                                             strspn(word, "0123456789") == length - 1);
}

static void put_word(struct buf *out, const char *word, size_t length, bool first)
{
    bool list = first && begins_list(word, length);
    for (size_t i = 0; i < length; i++)
        if (list && i == length - 1)
            buf_printf(out, "#%d;", word[i]);
        else
            put_character(out, (unsigned char)word[i]);
}

void graph_label_put(struct buf *out, const char *text)
{
    size_t line = 0, all = 0;
    while (true) {
        while (*text && is_space((unsigned char)*text))
            text++;
        size_t length = 0;
        while (text[length] && !is_space((unsigned char)text[length]))
            length++;
        size_t width = width_of(text, length);
        if (length == 0)
            return;
        if (all + width > LABEL_MOST) {
            buf_text(out, " …");
            return;
        }
        bool breaks = line > 0 && line + 1 + width > LINE_MOST;
        buf_text(out, breaks ? "<br/>" : line ? " " : "");
        put_word(out, text, length, line == 0 || breaks);
        line = breaks ? width : line + (line > 0) + width;
        all += width + 1;
        text += length;
    }
}
