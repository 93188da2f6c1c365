#include "mail/html_tags.h"

#include <stdbool.h>
#include <stdint.h>

/* Sorted by the first letter; the commonest of a letter first. */
static const struct html_tag tags[] = {
    {"a", HTML_LINK, HTML_ANCHOR},
    {"abbr", HTML_INLINE, HTML_PHRASE},
    {"address", HTML_LINE, HTML_FLOW},
    {"article", HTML_PARAGRAPH, HTML_FLOW},
    {"aside", HTML_PARAGRAPH, HTML_FLOW},
    {"audio", HTML_SKIP, HTML_ANYWHERE},
    {"br", HTML_BREAK, HTML_EMPTY},
    {"b", HTML_INLINE, HTML_PHRASE},
    {"body", HTML_LINE, HTML_BODY},
    {"big", HTML_INLINE, HTML_PHRASE},
    {"blockquote", HTML_QUOTE, HTML_FLOW},
    {"base", HTML_INLINE, HTML_META},
    {"center", HTML_LINE, HTML_FLOW},
    {"canvas", HTML_SKIP, HTML_ANYWHERE},
    {"caption", HTML_LINE, HTML_CAPTION},
    {"cite", HTML_INLINE, HTML_PHRASE},
    {"code", HTML_INLINE, HTML_PHRASE},
    {"div", HTML_LINE, HTML_FLOW},
    {"dd", HTML_LINE, HTML_TERM},
    {"del", HTML_INLINE, HTML_PHRASE},
    {"details", HTML_LINE, HTML_FLOW},
    {"dl", HTML_PARAGRAPH, HTML_TERMS},
    {"dt", HTML_LINE, HTML_TERM},
    {"em", HTML_INLINE, HTML_PHRASE},
    {"font", HTML_INLINE, HTML_PHRASE},
    {"fieldset", HTML_PARAGRAPH, HTML_FLOW},
    {"figcaption", HTML_LINE, HTML_FLOW},
    {"figure", HTML_PARAGRAPH, HTML_FLOW},
    {"footer", HTML_PARAGRAPH, HTML_FLOW},
    {"form", HTML_LINE, HTML_ANYWHERE},
    {"h1", HTML_PARAGRAPH, HTML_HEADING},
    {"h2", HTML_PARAGRAPH, HTML_HEADING},
    {"h3", HTML_PARAGRAPH, HTML_HEADING},
    {"h4", HTML_PARAGRAPH, HTML_HEADING},
    {"h5", HTML_PARAGRAPH, HTML_HEADING},
    {"h6", HTML_PARAGRAPH, HTML_HEADING},
    {"head", HTML_SKIP, HTML_HEAD},
    {"header", HTML_PARAGRAPH, HTML_FLOW},
    {"hgroup", HTML_LINE, HTML_FLOW},
    {"hr", HTML_RULE, HTML_EMPTY_FLOW},
    {"html", HTML_LINE, HTML_DOCUMENT},
    {"img", HTML_IMAGE, HTML_EMPTY},
    {"i", HTML_INLINE, HTML_PHRASE},
    {"iframe", HTML_SKIP, HTML_ANYWHERE},
    {"ins", HTML_INLINE, HTML_PHRASE},
    {"kbd", HTML_INLINE, HTML_PHRASE},
    {"li", HTML_ITEM, HTML_LIST_ITEM},
    {"legend", HTML_LINE, HTML_ANYWHERE},
    {"link", HTML_INLINE, HTML_META},
    {"meta", HTML_INLINE, HTML_META},
    {"main", HTML_LINE, HTML_FLOW},
    {"mark", HTML_INLINE, HTML_PHRASE},
    {"math", HTML_SKIP, HTML_ANYWHERE},
    {"nav", HTML_PARAGRAPH, HTML_FLOW},
    {"noscript", HTML_SKIP, HTML_ANYWHERE},
    {"ol", HTML_NUMBERED, HTML_ITEMS},
    {"object", HTML_SKIP, HTML_ANYWHERE},
    {"p", HTML_PARAGRAPH, HTML_TEXT_FLOW},
    {"pre", HTML_PRE, HTML_ANYWHERE},
    {"q", HTML_INLINE, HTML_PHRASE},
    {"span", HTML_INLINE, HTML_PHRASE},
    {"strong", HTML_INLINE, HTML_PHRASE},
    {"style", HTML_SKIP, HTML_STYLE},
    {"small", HTML_INLINE, HTML_PHRASE},
    {"script", HTML_SKIP, HTML_ANYWHERE},
    {"section", HTML_PARAGRAPH, HTML_FLOW},
    {"select", HTML_SKIP, HTML_ANYWHERE},
    {"s", HTML_INLINE, HTML_PHRASE},
    {"strike", HTML_INLINE, HTML_PHRASE},
    {"sub", HTML_INLINE, HTML_PHRASE},
    {"summary", HTML_LINE, HTML_FLOW},
    {"sup", HTML_INLINE, HTML_PHRASE},
    {"svg", HTML_SKIP, HTML_ANYWHERE},
    {"td", HTML_CELL, HTML_TABLE_CELL},
    {"tr", HTML_ROW, HTML_TABLE_ROW},
    {"table", HTML_PARAGRAPH, HTML_TABLE},
    {"tbody", HTML_INLINE, HTML_TABLE_PART},
    {"th", HTML_CELL, HTML_TABLE_CELL},
    {"title", HTML_SKIP, HTML_TITLE},
    {"template", HTML_SKIP, HTML_ANYWHERE},
    {"textarea", HTML_SKIP, HTML_ANYWHERE},
    {"tfoot", HTML_INLINE, HTML_TABLE_PART},
    {"thead", HTML_INLINE, HTML_TABLE_PART},
    {"tt", HTML_INLINE, HTML_PHRASE},
    {"ul", HTML_LIST, HTML_ITEMS},
    {"u", HTML_INLINE, HTML_PHRASE},
    {"video", HTML_SKIP, HTML_ANYWHERE},
    {"wbr", HTML_INLINE, HTML_EMPTY},
};

/* Ends at the tag's own end at the latest: `name` has no NUL. */
static bool is_named(const struct html_tag *tag, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]) != tag->name[i])
            return false;
    return !tag->name[length];
}

const struct html_tag *html_tags_find(const char *name, size_t length)
{
    static const uint8_t first[] = {
        /* a  b  c   d   e   f   g   h   i   j   k   l   m   n   o   p   q   r */
        0,
        6,
        12,
        17,
        23,
        24,
        30,
        30,
        41,
        45,
        45,
        46,
        49,
        53,
        55,
        57,
        59,
        60,
        /* s t  u   v   w   x   y   z */
        60,
        73,
        84,
        86,
        87,
        88,
        88,
        88,
        88,
    };
    _Static_assert(sizeof tags / sizeof *tags == 88, "`first` fits the table");
    int letter = (name[0] | 0x20) - 'a';
    if (length == 0 || letter < 0 || letter > 25)
        return NULL;
    for (size_t i = first[letter]; i < first[letter + 1]; i++)
        if (is_named(&tags[i], name, length))
            return &tags[i];
    return NULL;
}

const char *html_tags_value(enum html_role role)
{
    static const char *const values[] = {[HTML_LINK] = "href",
                                         [HTML_IMAGE] = "alt",
                                         [HTML_NUMBERED] = "start",
                                         [HTML_ITEM] = "value"};
    return role < sizeof values / sizeof *values ? values[role] : NULL;
}
