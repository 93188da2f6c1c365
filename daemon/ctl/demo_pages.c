#include "ctl/demo_pages.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ctl/demo_folder.h"
#include "liquid/liquid.h"
#include "liquid/liquid_escape.h"

enum { INDEX_MOST = 4 << 20, TEXT_MOST = 8 << 20, TEMPLATE_MOST = 1 << 20 };

static const char text_head[] =
    "<!DOCTYPE html>\n<html lang=\"\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<title>Text</title>\n<style>:root { color-scheme: light dark; }\n"
    "pre { margin: 2rem auto; padding: 0 1.5rem; max-width: 42rem; white-space: pre-wrap;\n"
    "  overflow-wrap: anywhere; font: 15px/1.5 ui-monospace, monospace; }</style>\n<pre>";

static bool write_page(const struct demo_pages *pages, const char *name, const struct buf *page,
                       struct diag *diag)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", pages->folder, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return diag_error(diag, "%s: its path is too long", pages->folder);
    return demo_folder_write(path, buf_string(page), page->length, diag);
}

static bool write_text(const struct demo_pages *pages, const char *name, const char *text,
                       struct diag *diag)
{
    struct buf page;
    buf_init(&page, TEXT_MOST);
    buf_text(&page, text_head);
    liquid_escape(&page, text, strlen(text));
    buf_text(&page, "</pre>\n</html>\n");
    bool written = write_page(pages, name, &page, diag);
    buf_free(&page);
    return written;
}

/* The pictures that the shop's site would have lie beside the page. */
static bool write_html(const struct demo_pages *pages, const char *name, const char *html,
                       struct diag *diag)
{
    struct buf page;
    buf_init(&page, TEXT_MOST);
    for (const char *found; (found = strstr(html, DEMO_FOLDER_PICTURES));) {
        buf_add(&page, html, (size_t)(found - html));
        buf_text(&page, "img/");
        html = found + strlen(DEMO_FOLDER_PICTURES);
    }
    buf_text(&page, html);
    bool written = write_page(pages, name, &page, diag);
    buf_free(&page);
    return written;
}

void demo_pages_begin(struct demo_pages *pages, struct arena *arena, const char *folder,
                      const char *template)
{
    *pages = (struct demo_pages){.arena = arena,
                                 .folder = folder,
                                 .template = template,
                                 .messages = value_new_list(arena, 16),
                                 .held = value_new_list(arena, 16),
                                 .dead = value_new_list(arena, 4)};
}

/* Adds a text to a map, a copy. */
static void put(const struct demo_pages *pages, struct value map, const char *name,
                const char *text)
{
    value_set(pages->arena, map, name, value_text(arena_text(pages->arena, text)));
}

bool demo_pages_add(struct demo_pages *pages, const struct demo_pages_message *message,
                    struct diag *diag)
{
    const char *html = arena_printf(pages->arena, "%02d.html", pages->count + 1);
    const char *text = arena_printf(pages->arena, "%02d-text.html", pages->count + 1);
    struct value map = value_new_map(pages->arena, 4);
    pages->count++;
    put(pages, map, "to", message->to);
    put(pages, map, "subject", message->subject);
    if (message->html)
        put(pages, map, "html", html);
    if (message->text)
        put(pages, map, "text", text);
    value_push(pages->arena, pages->messages, map);
    return (!message->html || write_html(pages, html, message->html, diag)) &&
           (!message->text || write_text(pages, text, message->text, diag));
}

void demo_pages_hold(struct demo_pages *pages, const struct demo_held *held)
{
    struct value map = value_new_map(pages->arena, 4);
    put(pages, map, "who", held->who);
    put(pages, map, "rule", held->rule);
    put(pages, map, "why", held->why);
    put(pages, map, "words", held->words);
    value_push(pages->arena, pages->held, map);
}

void demo_pages_bury(struct demo_pages *pages, const char *reason, const char *detail)
{
    struct value map = value_new_map(pages->arena, 2);
    put(pages, map, "reason", reason);
    put(pages, map, "detail", detail);
    value_push(pages->arena, pages->dead, map);
}

bool demo_pages_end(struct demo_pages *pages, size_t events, struct diag *diag)
{
    static const struct liquid_options options = {.escape = true, .strict_filters = true};
    struct value data = value_new_map(pages->arena, 4);
    const struct liquid_input input = {.data = &data};
    const char *text;
    size_t length;
    if (!file_read(pages->arena, pages->template, TEMPLATE_MOST, &text, &length, diag))
        return false;
    const struct liquid_template *template =
        liquid_parse(pages->arena, pages->template, text, length, &options, diag);
    if (!template)
        return false;
    value_set(pages->arena, data, "events", value_int((int64_t)events));
    value_set(pages->arena, data, "messages", pages->messages);
    value_set(pages->arena, data, "held", pages->held);
    value_set(pages->arena, data, "dead", pages->dead);
    struct buf page;
    buf_init(&page, INDEX_MOST);
    bool written = liquid_render(template, &input, pages->arena, &page, diag) &&
                   write_page(pages, "index.html", &page, diag);
    buf_free(&page);
    return written;
}
