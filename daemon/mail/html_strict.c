/*
 * Never wrong, rather than never unsure: each function that reads returns false at the
 * first thing that is not plainly as it should be.
 *
 *   html_strict_read   from tag to tag; html_strict_text in between
 *   begin_tag          name, attributes; stands_well says whether it may stand there
 *   end_tag            the innermost open element's, or not sure
 *
 * Sections named are those of the HTML standard, 13.2 "Parsing HTML documents".
 */
#include "mail/html_strict.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "mail/html_strict_text.h"

enum { DEPTH_MOST = 128 };

/* How far the document is; only ever forward (13.2.6.4.1 to .7, .19, .22). */
enum place {
    PLACE_START,
    PLACE_DOCTYPE,
    PLACE_HTML,
    PLACE_HEAD,       /* in a <head> that was written */
    PLACE_AFTER_HEAD, /* or in one that was not */
    PLACE_BODY,
    PLACE_AFTER_BODY,
    PLACE_AFTER_HTML,
};

struct reader {
    struct html_outline *outline;
    struct arena *arena;
    const char *at, *end;
    enum place place;
    const struct html_tag *open[DEPTH_MOST]; /* within the body */
    size_t depth;
    unsigned within[HTML_KINDS]; /* open elements of each kind */
    size_t hidden;               /* the depth at which what is not shown began; 0: all is shown */
    bool body_hidden;            /* nothing is shown at all */
};

static enum html_kind parent_kind(const struct reader *r)
{
    return r->depth ? r->open[r->depth - 1]->kind : HTML_BODY;
}

static bool is_shown(const struct reader *r)
{
    return !r->hidden && !r->body_hidden;
}

/* ---- Attributes ---- */

/* Where the attribute's value is kept; NULL: nobody wants it. */
static const char **wanted(struct html_element *element, const char *name, size_t length)
{
    if (length == 5 && strncasecmp(name, "style", 5) == 0)
        return &element->style;
    const char *value = html_tags_value(element->role);
    return value && strlen(value) == length && strncasecmp(name, value, length) == 0
               ? &element->value
               : NULL;
}

static size_t span(const char *at, const char *end, bool (*is)(char c))
{
    const char *from = at;
    while (at < end && is(*at))
        at++;
    return (size_t)(at - from);
}

static bool is_name(char c)
{
    return html_strict_is_word(c) || c == '-' || c == ':' || c == '_';
}

static bool is_bare(char c)
{
    return html_strict_is_word(c) || (c && strchr("-_.#%", c));
}

/* Behind `=`: quoted, or a bare word. */
static bool read_value(struct reader *r, const char **value, size_t *length)
{
    if (r->at == r->end)
        return false;
    char quote = *r->at;
    if (quote != '"' && quote != '\'') {
        *value = r->at;
        *length = span(r->at, r->end, is_bare);
        r->at += *length;
        return *length > 0;
    }
    *value = ++r->at;
    const char *close = memchr(r->at, quote, (size_t)(r->end - r->at));
    if (!close)
        return false;
    *length = (size_t)(close - r->at);
    r->at = close + 1;
    return true;
}

/* One attribute; of two with the same name the first counts. */
static bool read_attribute(struct reader *r, struct html_element *element)
{
    const char *name = r->at, *value = "";
    size_t name_length = span(r->at, r->end, is_name), length = 0;
    if (!name_length)
        return false;
    r->at += name_length;
    if (r->at < r->end && *r->at == '=') {
        r->at++;
        if (!read_value(r, &value, &length))
            return false;
    }
    if (r->at == r->end || !(html_strict_is_blank(*r->at) || *r->at == '/' || *r->at == '>'))
        return false;
    if (name_length == 6 && strncasecmp(name, "hidden", 6) == 0)
        element->hidden = true;
    const char **keep = wanted(element, name, name_length);
    if (!keep || *keep)
        return true;
    *keep = html_strict_value(r->arena, value, length);
    return *keep != NULL;
}

/* Up to and with the `>`. */
static bool read_attributes(struct reader *r, struct html_element *element, bool *closed)
{
    *closed = false;
    while (r->at < r->end) {
        r->at += span(r->at, r->end, html_strict_is_blank);
        if (r->at < r->end && *r->at == '>') {
            r->at++;
            return true;
        }
        if (r->end - r->at >= 2 && r->at[0] == '/' && r->at[1] == '>') {
            r->at += 2;
            *closed = true;
            return true;
        }
        if (!read_attribute(r, element))
            return false;
    }
    return false;
}

/* ---- Where a tag may stand ---- */

/* Text or an element of the body: it has begun, where nothing said so before. */
static bool enter_body(struct reader *r)
{
    if (r->place == PLACE_HEAD || r->place > PLACE_BODY)
        return false;
    r->place = PLACE_BODY;
    return true;
}

/* Within a table but in no cell only its parts may stand: all else is moved out (13.2.6.4.9). */
static bool is_between_cells(enum html_kind parent)
{
    return parent == HTML_TABLE || parent == HTML_TABLE_PART || parent == HTML_TABLE_ROW;
}

static bool stands_well_in_body(const struct reader *r, enum html_kind kind)
{
    enum html_kind parent = parent_kind(r);
    switch (kind) {
    case HTML_CAPTION:
    case HTML_TABLE_PART:
        return parent == HTML_TABLE;
    case HTML_TABLE_ROW:
        return parent == HTML_TABLE || parent == HTML_TABLE_PART;
    case HTML_TABLE_CELL:
        return parent == HTML_TABLE_ROW;
    case HTML_STYLE:
        return true;
    default:
        break;
    }
    if (is_between_cells(parent))
        return false;
    switch (kind) {
    case HTML_META:
    case HTML_EMPTY:
    case HTML_PHRASE:
        return true;
    case HTML_ANCHOR:
        return r->within[HTML_ANCHOR] == 0;
    case HTML_HEADING:
        return r->within[HTML_HEADING] == 0 && r->within[HTML_TEXT_FLOW] == 0;
    case HTML_LIST_ITEM:
        return parent == HTML_ITEMS;
    case HTML_TERM:
        return parent == HTML_TERMS;
    case HTML_EMPTY_FLOW:
    case HTML_FLOW:
    case HTML_TEXT_FLOW:
    case HTML_ITEMS:
    case HTML_TERMS:
    case HTML_TABLE:
        return r->within[HTML_TEXT_FLOW] == 0;
    default:
        return false;
    }
}

/* Moves on to the place that the tag makes; false where it may not stand. */
static bool stands_well(struct reader *r, enum html_kind kind)
{
    switch (kind) {
    case HTML_DOCUMENT:
        if (r->place > PLACE_DOCTYPE)
            return false;
        r->place = PLACE_HTML;
        return true;
    case HTML_HEAD:
        if (r->place > PLACE_HTML)
            return false;
        r->place = PLACE_HEAD;
        return true;
    case HTML_BODY:
        if (r->place == PLACE_HEAD || r->place > PLACE_AFTER_HEAD)
            return false;
        r->place = PLACE_BODY;
        return true;
    case HTML_META:
    case HTML_STYLE:
    case HTML_TITLE:
        if (r->place < PLACE_HEAD)
            r->place = PLACE_AFTER_HEAD;
        if (r->place <= PLACE_AFTER_HEAD)
            return true;
        break;
    default:
        break;
    }
    return enter_body(r) && stands_well_in_body(r, kind);
}

/* ---- Tags ---- */

/* The text of <style> or <title>, up to and with its end tag. */
static bool skip_text(struct reader *r, const struct html_tag *tag)
{
    size_t length = strlen(tag->name);
    const char *close = memmem(r->at, (size_t)(r->end - r->at), "</", 2);
    if (!close || (size_t)(r->end - close) < length + 3 ||
        strncasecmp(close + 2, tag->name, length) != 0 || close[2 + length] != '>')
        return false;
    r->at = close + length + 3;
    return true;
}

static bool is_empty(enum html_kind kind)
{
    return kind == HTML_META || kind == HTML_EMPTY || kind == HTML_EMPTY_FLOW;
}

/* Tells of it, and keeps it open where it has an end. */
static bool open_element(struct reader *r, const struct html_tag *tag,
                         const struct html_element *element)
{
    bool shown = is_shown(r) && html_outline_open(r->outline, element);
    if (is_empty(tag->kind)) {
        if (shown)
            html_outline_close(r->outline);
        return true;
    }
    if (r->depth == DEPTH_MOST)
        return false;
    r->open[r->depth++] = tag;
    r->within[tag->kind]++;
    if (!shown && !r->hidden)
        r->hidden = r->depth;
    return true;
}

static bool begin_tag(struct reader *r, const struct html_tag *tag)
{
    struct html_element element = {.role = tag->role};
    bool closed;
    if (!stands_well(r, tag->kind) || !read_attributes(r, &element, &closed))
        return false;
    if (closed && !is_empty(tag->kind))
        return false;
    switch (tag->kind) {
    case HTML_DOCUMENT:
    case HTML_HEAD:
        return true;
    case HTML_STYLE:
    case HTML_TITLE:
        return skip_text(r, tag);
    case HTML_BODY:
        r->body_hidden = !html_outline_open(r->outline, &element);
        if (!r->body_hidden)
            html_outline_close(r->outline); /* so far nothing was told, so a line begins */
        return true;
    default:
        return r->place < PLACE_BODY || open_element(r, tag, &element);
    }
}

static bool end_tag(struct reader *r, const struct html_tag *tag)
{
    r->at += span(r->at, r->end, html_strict_is_blank);
    if (r->at == r->end || *r->at++ != '>')
        return false;
    enum place after = tag->kind == HTML_HEAD       ? PLACE_AFTER_HEAD
                       : tag->kind == HTML_BODY     ? PLACE_AFTER_BODY
                       : tag->kind == HTML_DOCUMENT ? PLACE_AFTER_HTML
                                                    : PLACE_START;
    if (after != PLACE_START) {
        bool well = after == PLACE_AFTER_HEAD ? r->place == PLACE_HEAD
                    : after == PLACE_AFTER_BODY
                        ? r->place == PLACE_BODY
                        : r->place == PLACE_BODY || r->place == PLACE_AFTER_BODY;
        r->place = after;
        return well && r->depth == 0;
    }
    if (r->depth == 0 || r->open[r->depth - 1] != tag)
        return false;
    if (is_shown(r))
        html_outline_close(r->outline);
    if (r->hidden == r->depth)
        r->hidden = 0;
    r->within[tag->kind]--;
    r->depth--;
    return true;
}

/* <!-- … -->, as every standard reads it. */
static bool skip_comment(struct reader *r)
{
    const char *from = r->at + 4;
    const char *close = memmem(from, (size_t)(r->end - from), "-->", 3);
    if (!close || *from == '>' || strncmp(from, "->", 2) == 0 ||
        memmem(from, (size_t)(close - from), "--!", 3))
        return false;
    r->at = close + 3;
    return true;
}

static bool skip_doctype(struct reader *r)
{
    const char *close = memchr(r->at, '>', (size_t)(r->end - r->at));
    if (!close || r->place != PLACE_START)
        return false;
    r->place = PLACE_DOCTYPE;
    r->at = close + 1;
    return true;
}

/* At a `<`. */
static bool read_tag(struct reader *r)
{
    size_t left = (size_t)(r->end - r->at);
    if (left >= 7 && memcmp(r->at, "<!--", 4) == 0)
        return skip_comment(r);
    if (left >= 9 && strncasecmp(r->at, "<!doctype", 9) == 0)
        return skip_doctype(r);
    bool end = left > 1 && r->at[1] == '/';
    r->at += end ? 2 : 1;
    size_t length = span(r->at, r->end, html_strict_is_word);
    const struct html_tag *tag = length ? html_tags_find(r->at, length) : NULL;
    r->at += length;
    if (!tag || tag->kind == HTML_ANYWHERE || r->at == r->end ||
        !(html_strict_is_blank(*r->at) || *r->at == '>' || (*r->at == '/' && !end)))
        return false;
    return end ? end_tag(r, tag) : begin_tag(r, tag);
}

/* Up to the next tag. */
static bool read_text(struct reader *r)
{
    const char *text = r->at;
    const char *tag = memchr(text, '<', (size_t)(r->end - text));
    r->at = tag ? tag : r->end;
    size_t length = (size_t)(r->at - text);
    if (span(text, r->at, html_strict_is_blank) == length) {
        if (r->place == PLACE_BODY && is_shown(r))
            html_outline_text(r->outline, text, length);
        return true;
    }
    return enter_body(r) && !is_between_cells(parent_kind(r)) &&
           html_strict_text(is_shown(r) ? r->outline : NULL, text, length);
}

bool html_strict_read(struct html_outline *outline, struct arena *arena, const char *html,
                      size_t length)
{
    struct reader r = {.outline = outline, .arena = arena, .at = html, .end = html + length};
    if (!utf8_valid(html, length))
        return false;
    while (r.at < r.end)
        if (!(*r.at == '<' ? read_tag(&r) : read_text(&r)))
            return false;
    return r.depth == 0 && r.place != PLACE_HEAD;
}
