/*
 * page_print, at the end, from the top of the document to its end; above it its parts. Whatever
 * comes from outside (a name, a title, an address) passes put_escaped.
 */
#include "web/page.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/digest.h"
#include "web/page_colour.h"
#include "web/page_style.h"

/* ---- The look ---- */

static const struct page_colour card_light = {PAGE_CARD_LIGHT}, card_dark = {PAGE_CARD_DARK};
static const struct page_colour accent = {0x2f, 0x5d, 0x50};

static const char *colours(struct arena *arena, struct page_colour colour,
                           struct page_colour ground)
{
    struct page_colour on = page_colour_on(colour, ground), ink = page_colour_ink(on);
    return arena_printf(arena, ":root{--accent:#%02x%02x%02x;--ink:#%02x%02x%02x}", on.red,
                        on.green, on.blue, ink.red, ink.green, ink.blue);
}

static const char *policy_of(struct arena *arena, const char *style)
{
    unsigned char digest[DIGEST_SIZE];
    char text[64];
    digest_sha256(style, strlen(style), digest);
    text[base64_encode(digest, sizeof digest, BASE64_STANDARD | BASE64_PADDED, text)] = '\0';
    return arena_printf(arena,
                        "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; "
                        "frame-ancestors 'none'; base-uri 'none'",
                        text);
}

static bool is_web_address(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

struct page_look page_look_make(struct arena *arena, const char *shop, const char *url,
                                const char *email, const char *colour)
{
    struct page_colour own = accent;
    if (colour && !page_colour_read(colour, &own))
        own = accent;
    struct page_look look = {.shop = shop ? shop : "",
                             .url = url && is_web_address(url) ? url : NULL,
                             .email = email && strchr(email, '@') ? email : NULL};
    look.style =
        arena_printf(arena, "%s@media(prefers-color-scheme:dark){%s}%s",
                     colours(arena, own, card_light), colours(arena, own, card_dark), page_style);
    look.csp = policy_of(arena, look.style);
    return look;
}

/* ---- Texts ---- */

struct printing {
    const struct page_look *look;
    const struct page_language *language;
    struct buf *out;
};

static void put(const struct printing *p, const char *markup)
{
    buf_text(p->out, markup);
}

static void put_escaped(const struct printing *p, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            put(p, "&amp;");
            break;
        case '<':
            put(p, "&lt;");
            break;
        case '>':
            put(p, "&gt;");
            break;
        case '"':
            put(p, "&quot;");
            break;
        case '\'':
            put(p, "&#39;");
            break;
        default:
            buf_char(p->out, (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
        }
}

/* A name that may be written from right to left is kept from turning what stands around it. */
static void put_isolated(const struct printing *p, const char *text)
{
    put(p, "<bdi>");
    put_escaped(p, text);
    put(p, "</bdi>");
}

static void put_text(const struct printing *p, enum page_text number)
{
    static const char mark[] = "{shop}";
    const char *text = p->language->texts[number], *at = strstr(text, mark);
    if (at) {
        buf_add(p->out, text, (size_t)(at - text));
        put_isolated(p, p->look->shop);
        text = at + sizeof mark - 1;
    }
    put_escaped(p, text);
}

static void put_paragraph(const struct printing *p, const char *open, enum page_text number)
{
    if (number == PAGE_NOTHING)
        return;
    put(p, open);
    put_text(p, number);
    put(p, "</p>");
}

/* ---- Parts ---- */

static void put_part(const struct printing *p, const struct page_part *part)
{
    put_paragraph(p, "<p>", part->lead);
    if (!part->titles || !*part->titles)
        return;
    put(p, "<ul class=\"topics\" role=\"list\">");
    for (const char *const *title = part->titles; *title; title++) {
        put(p, "<li>");
        put_isolated(p, *title);
        put(p, "</li>");
    }
    put(p, "</ul>");
}

static void put_hidden(const struct printing *p, const char *name, const char *value)
{
    put(p, "<input type=\"hidden\" name=\"");
    put_escaped(p, name);
    put(p, "\" value=\"");
    put_escaped(p, value);
    put(p, "\">");
}

/* Firefox would keep what was ticked over a reload: then the boxes would not show what is so. */
static void put_choice(const struct printing *p, const struct page_choice *choice)
{
    put(p, "<li>");
    if (choice->on)
        put_hidden(p, "was", choice->topic);
    put(p, "<label><input type=\"checkbox\" name=\"on\" autocomplete=\"off\" value=\"");
    put_escaped(p, choice->topic);
    put(p, choice->on ? "\" checked>" : "\">");
    put_isolated(p, choice->title);
    put(p, "</label></li>");
}

static void put_button(const struct printing *p, enum page_text text, const char *attributes)
{
    if (text == PAGE_NOTHING)
        return;
    put(p, "<button type=\"submit\"");
    put(p, attributes);
    put(p, ">");
    put_text(p, text);
    put(p, "</button>");
}

static void put_form(const struct printing *p, const struct page_form *form)
{
    if (form->button == PAGE_NOTHING && form->all_button == PAGE_NOTHING)
        return;
    put(p, form->get ? "<form method=\"get\">" : "<form method=\"post\">");
    for (size_t i = 0; i < form->field_count; i++)
        put_hidden(p, form->fields[i].name, form->fields[i].value);
    if (form->choice_count)
        put(p, "<fieldset aria-labelledby=\"h\"><ul class=\"choices\" role=\"list\">");
    for (size_t i = 0; i < form->choice_count; i++)
        put_choice(p, &form->choices[i]);
    if (form->choice_count)
        put(p, "</ul></fieldset>");
    put_button(p, form->button, "");
    put_button(p, form->all_button, " class=\"quiet\" name=\"all\" value=\"1\"");
    put(p, "</form>");
}

/* ---- The document ---- */

static bool is_right_to_left(const char *tag)
{
    static const char *const tags[] = {"ar", "dv", "fa", "he", "ps", "ur", "yi"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strcmp(tags[i], tag) == 0)
            return true;
    return false;
}

static void put_head(const struct printing *p, enum page_text heading)
{
    put(p, "<!DOCTYPE html>\n<html lang=\"");
    put_escaped(p, p->language->tag);
    put(p, is_right_to_left(p->language->tag) ? "\" dir=\"rtl\">" : "\">");
    put(p, "<head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           "<meta name=\"robots\" content=\"noindex,nofollow\">"
           "<meta name=\"referrer\" content=\"no-referrer\">"
           "<meta name=\"color-scheme\" content=\"light dark\"><title>");
    put_text(p, heading);
    if (*p->look->shop) {
        put(p, " – \xe2\x81\xa8"); /* FIRST STRONG ISOLATE: there is no markup in a title */
        put_escaped(p, p->look->shop);
        put(p, "\xe2\x81\xa9");
    }
    put(p, "</title><style>");
    put(p, p->look->style);
    put(p, "</style></head>\n");
}

static void put_header(const struct printing *p)
{
    put(p, "<body><header>");
    if (p->look->url) {
        put(p, "<a rel=\"noreferrer\" href=\"");
        put_escaped(p, p->look->url);
        put(p, "\">");
    }
    put_isolated(p, p->look->shop);
    put(p, p->look->url ? "</a></header>\n" : "</header>\n");
}

static void put_footer(const struct printing *p)
{
    put(p, "<footer>");
    if (p->look->email) {
        put(p, "<p>");
        put_text(p, PAGE_QUESTIONS);
        put(p, " <a href=\"mailto:");
        put_escaped(p, p->look->email);
        put(p, "\">");
        put_isolated(p, p->look->email);
        put(p, "</a></p>");
    }
    put(p, "</footer></body></html>\n");
}

bool page_print(const struct page_look *look, const struct page_language *language,
                const struct page_content *content, struct buf *out)
{
    const struct printing p = {look, language, out};
    put_head(&p, content->heading);
    put_header(&p);
    put(&p, "<main><div class=\"card\"><h1 id=\"h\">");
    put_text(&p, content->heading);
    put(&p, "</h1>");
    for (size_t i = 0; i < PAGE_PARTS_MOST; i++)
        put_part(&p, &content->parts[i]);
    put_form(&p, &content->form);
    put_paragraph(&p, "<p class=\"note\">", content->note);
    put(&p, "</div></main>\n");
    put_footer(&p);
    return !out->full;
}

const char *const *page_headers(struct arena *arena, const struct page_look *look,
                                const struct page_language *language)
{
    const char *const fields[] = {
        "Content-Language",
        language->tag,
        "Content-Security-Policy",
        look->csp,
        "X-Frame-Options",
        "DENY",
        "Referrer-Policy",
        "no-referrer",
        "Cross-Origin-Opener-Policy",
        "same-origin",
        "X-Robots-Tag",
        "noindex, nofollow, noarchive",
        NULL,
    };
    const char **copy = arena_alloc(arena, sizeof fields);
    memcpy(copy, fields, sizeof fields);
    return copy;
}
