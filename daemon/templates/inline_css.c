/*
 * One walk, next(), goes from start tag to start tag of a template's text. It knows as much of
 * HTML as it takes to know which elements are open, and steps over Liquid as over a word of
 * unknown content. The three uses at the end: collect what <style> says, find where a layout has
 * {{ content }}, and copy the text with declarations put into its tags.
 */
#include "templates/inline_css.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

enum { STYLE_MOST = 16 * 1024, GROWTH_MOST = 8 };

/* A start tag as it stands in the text. */
struct tag {
    struct css_rules_element element;
    const char *end;   /* behind its '>' */
    const char *style; /* the value of style="…", or NULL */
    char quote;        /* around it; 0: none */
    const char *last;  /* behind the last attribute: where one more can stand */
    bool has_media;
    bool closing; /* </tag> */
    bool unsure;  /* Liquid decides which attributes it has */
};

/* The walk over a text, and what it is for. */
struct walk {
    const char *at, *end;
    struct inline_css_place *place; /* the elements that are open */
};

/* ---- Stepping ---- */

static const char *behind(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));
    return found ? found + strlen(mark) : end;
}

/* The name of a Liquid tag: "{%- raw -%}" has "raw". */
static bool is_block(const char *at, const char *end, const char *name)
{
    size_t length = strlen(name);
    at += 2;
    at += at < end && *at == '-';
    while (at < end && isspace((unsigned char)*at))
        at++;
    return (size_t)(end - at) > length && memcmp(at, name, length) == 0 &&
           !isalnum((unsigned char)at[length]);
}

/* Behind a Liquid output or tag; behind the whole block where that holds no markup. */
static const char *skip_liquid(const char *at, const char *end)
{
    static const char *const blocks[][2] = {
        {"comment", "endcomment"}, {"raw", "endraw"}, {"doc", "enddoc"}};
    if (at[1] == '{')
        return behind(at, end, "}}");
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (is_block(at, end, blocks[i][0]))
            return behind(behind(at, end, blocks[i][1]), end, "%}");
    return behind(at, end, "%}");
}

static bool is_liquid(const char *at, const char *end)
{
    return end - at > 1 && at[0] == '{' && (at[1] == '{' || at[1] == '%');
}

/* ---- Tags ---- */

static bool named(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && strncasecmp(name, wanted, length) == 0;
}

static void keep_attribute(struct tag *tag, const char *name, size_t length, const char *value,
                           size_t value_length, char quote)
{
    bool dynamic = memmem(value, value_length, "{{", 2) || memmem(value, value_length, "{%", 2);
    if (named(name, length, "media")) {
        tag->has_media = true;
    } else if (named(name, length, "style") && !tag->style) {
        tag->style = value;
        tag->quote = quote;
    } else if (named(name, length, "class") && !dynamic) {
        tag->element.classes = value;
        tag->element.classes_length = value_length;
    } else if (named(name, length, "id") && !dynamic) {
        tag->element.id = value;
        tag->element.id_length = value_length;
    }
}

/* The end of a value that begins at `at`; Liquid in it may have quotes of its own. */
static const char *value_end(const char *at, const char *end, char quote)
{
    while (at < end && (quote ? *at != quote : !isspace((unsigned char)*at) && *at != '>'))
        at = is_liquid(at, end) ? skip_liquid(at, end) : at + 1;
    return at;
}

/* One attribute, or what Liquid makes there; NULL at the end of the tag. */
static const char *read_attribute(struct tag *tag, const char *at, const char *end)
{
    while (at < end && (isspace((unsigned char)*at) || *at == '/'))
        at++;
    if (at >= end || *at == '>')
        return NULL;
    if (is_liquid(at, end)) {
        tag->unsure |= at[1] == '%';
        return skip_liquid(at, end);
    }
    const char *name = at;
    while (at < end && !isspace((unsigned char)*at) && !strchr("=>/", *at) && !is_liquid(at, end))
        at++;
    size_t length = (size_t)(at - name);
    const char *after = at;
    while (at < end && isspace((unsigned char)*at))
        at++;
    if (at >= end || *at != '=')
        return length ? after : after + 1;
    for (at++; at < end && isspace((unsigned char)*at); at++)
        ;
    char quote = at < end && (*at == '"' || *at == '\'') ? *at : 0;
    const char *value = at + (quote != 0), *close = value_end(value, end, quote);
    keep_attribute(tag, name, length, value, (size_t)(close - value), quote);
    return close + (quote && close < end);
}

/* False: '<' begins no tag here. */
static bool read_tag(const char *at, const char *end, struct tag *tag)
{
    *tag = (struct tag){.closing = at + 1 < end && at[1] == '/'};
    const char *name = at + 1 + tag->closing;
    if (name >= end || !isalpha((unsigned char)*name))
        return false;
    for (at = name; at < end && !isspace((unsigned char)*at) && !strchr("/>{", *at);)
        at++;
    tag->element.tag = name;
    tag->element.tag_length = (size_t)(at - name);
    tag->last = at;
    while ((at = read_attribute(tag, at, end)))
        tag->last = at;
    if (tag->unsure)
        tag->element.classes_length = tag->element.id_length = 0;
    at = memchr(tag->last, '>', (size_t)(end - tag->last));
    tag->end = at ? at + 1 : end;
    return at != NULL;
}

static bool is_one_of(const struct tag *tag, const char *const *names)
{
    for (; *names; names++)
        if (named(tag->element.tag, tag->element.tag_length, *names))
            return true;
    return false;
}

static bool same_tag(const struct css_rules_element *a, const struct css_rules_element *b)
{
    return a->tag_length == b->tag_length && strncasecmp(a->tag, b->tag, a->tag_length) == 0;
}

static void close_element(struct inline_css_place *place, const struct tag *tag)
{
    for (size_t i = place->depth; i > 0; i--)
        if (same_tag(&place->path[i - 1], &tag->element)) {
            place->depth = i - 1;
            return;
        }
}

/* Elements that end where another of their kind begins; those that hold nothing. */
static const char *const siblings[] = {"p", "li", "tr", "td", "th", "dt", "dd", "option", NULL};
static const char *const empty[] = {"area",  "base", "br",   "col", "hr", "img",
                                    "input", "link", "meta", "wbr", NULL};
static const char *const unstyled[] = {"html",   "head", "meta", "title", "style",
                                       "script", "link", "base", "br",    NULL};
static const char *const opaque[] = {"style", "script", "title", NULL};

static void open_element(struct inline_css_place *place, const struct tag *tag)
{
    if (place->depth && is_one_of(tag, siblings) &&
        same_tag(&place->path[place->depth - 1], &tag->element))
        place->depth--;
    if (place->depth < CSS_RULES_DEPTH)
        place->path[place->depth++] = tag->element;
}

/* Behind the end tag of an element whose content is no markup; `*inner` is the content's
 * end. */
static const char *skip_opaque(const char *at, const char *end, const struct tag *tag,
                               const char **inner)
{
    while (at < end) {
        if (is_liquid(at, end)) {
            at = skip_liquid(at, end);
        } else if (at[0] == '<' && end - at > 2 && at[1] == '/' &&
                   strncasecmp(at + 2, tag->element.tag, tag->element.tag_length) == 0) {
            *inner = at;
            return behind(at, end, ">");
        } else {
            at++;
        }
    }
    *inner = end;
    return end;
}

/* The next start tag or Liquid output, with comments, other Liquid and end tags done with.
 * Returns where it begins; `tag->end` is NULL for an output. NULL at the end. */
static const char *next(struct walk *walk, struct tag *tag)
{
    while (walk->at < walk->end) {
        const char *at = walk->at;
        *tag = (struct tag){0};
        if (is_liquid(at, walk->end)) {
            walk->at = skip_liquid(at, walk->end);
            if (at[1] == '{')
                return at;
        } else if (walk->end - at > 3 && memcmp(at, "<!--", 4) == 0) {
            walk->at = behind(at, walk->end, "-->");
        } else if (*at != '<' || !read_tag(at, walk->end, tag)) {
            walk->at++;
        } else {
            walk->at = tag->end;
            if (!tag->closing)
                return at;
            close_element(walk->place, tag);
        }
    }
    return NULL;
}

/* Enters the element, or steps over it. */
static void enter(struct walk *walk, const struct tag *tag)
{
    const char *inner;
    if (is_one_of(tag, opaque))
        walk->at = skip_opaque(tag->end, walk->end, tag, &inner);
    else if (!is_one_of(tag, empty))
        open_element(walk->place, tag);
}

/* ---- Use ---- */

void inline_css_collect(struct css_rules *rules, const char *html, size_t length)
{
    struct inline_css_place place = {.depth = 0};
    struct walk walk = {html, html + length, &place};
    struct tag tag;
    while (next(&walk, &tag)) {
        const char *inner;
        if (!tag.end)
            continue;
        if (named(tag.element.tag, tag.element.tag_length, "style") && !tag.has_media) {
            walk.at = skip_opaque(tag.end, walk.end, &tag, &inner);
            css_rules_add(rules, tag.end, (size_t)(inner - tag.end));
        } else {
            enter(&walk, &tag);
        }
    }
}

void inline_css_find_content(const char *html, size_t length, struct inline_css_place *place)
{
    struct walk walk = {html, html + length, place};
    struct tag tag;
    place->depth = 0;
    for (const char *at; (at = next(&walk, &tag));) {
        if (tag.end)
            enter(&walk, &tag);
        else if (is_block(at, walk.end, "content"))
            return;
    }
    place->depth = 0;
}

/* Declarations may have quotes of the kind that stands around them. */
static void add_declarations(struct buf *out, const struct buf *style, char quote)
{
    char other = quote == '"' ? '\'' : '"';
    for (size_t i = 0; i < style->length; i++) {
        char c = style->data[i];
        buf_char(out, c == quote ? other : c == '\n' || c == '\r' ? ' ' : c);
    }
}

/* Copies from `*from` up to behind the tag's name or into its style="", and the
 * declarations; what the tag says itself comes after them, and so counts. */
static void put_style(struct buf *out, const char **from, const struct tag *tag,
                      const struct buf *style)
{
    const char *to = tag->style ? tag->style : tag->last;
    if (tag->style && !tag->quote)
        return; /* style=color:red: nothing can be added without rewriting it */
    buf_add(out, *from, (size_t)(to - *from));
    *from = to;
    if (!tag->style)
        buf_text(out, " style=\"");
    add_declarations(out, style, tag->style ? tag->quote : '"');
    buf_text(out, tag->style ? ";" : "\"");
}

const char *inline_css_apply(struct arena *arena, const struct css_rules *rules,
                             const struct inline_css_place *place, const char *html, size_t length,
                             size_t *new_length)
{
    struct inline_css_place open = {.depth = 0};
    struct walk walk = {html, html + length, &open};
    struct buf out, style;
    struct tag tag;
    const char *from = html;
    if (place)
        open = *place;
    buf_init(&out, GROWTH_MOST * length + STYLE_MOST);
    buf_init(&style, STYLE_MOST);
    while (css_rules_count(rules) > 0 && next(&walk, &tag)) {
        if (!tag.end)
            continue;
        open_element(&open, &tag);
        buf_clear(&style);
        if (!tag.unsure && !is_one_of(&tag, unstyled) &&
            css_rules_match(rules, open.path, open.depth, &style) && style.length)
            put_style(&out, &from, &tag, &style);
        close_element(&open, &tag);
        enter(&walk, &tag);
    }
    const char *made = html;
    *new_length = length;
    if (from > html && buf_add(&out, from, (size_t)(html + length - from))) {
        made = arena_copy(arena, out.data, out.length);
        *new_length = out.length;
    }
    buf_free(&out);
    buf_free(&style);
    return made;
}
