#include "ctl/demo_pages.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctl/demo_folder.h"
#include "liquid/liquid_escape.h"

enum { LIST_MOST = 4 << 20, TEXT_MOST = 8 << 20 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<title>A day of a small shop</title>\n<style>\n"
    ":root { color-scheme: light dark; --line: #d9d3c7; --soft: #6b645a; --tint: #f4efe6; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  :root { --line: #423c33; --soft: #b3a998; --tint: #2d2924; } }\n"
    "body { margin: 0; display: flex; height: 100vh; font: 15px/1.45 system-ui, sans-serif; }\n"
    "nav { width: 22rem; overflow-y: auto; border-right: 1px solid var(--line); }\n"
    "h1 { font-size: 1.05rem; margin: 1.25rem 1.25rem .75rem; }\n"
    "ol { margin: 0; padding: 0; list-style: none; }\n"
    "li { position: relative; border-top: 1px solid var(--line); }\n"
    ".mail { display: block; padding: .7rem 4rem .7rem 1.25rem; color: inherit;\n"
    "  text-decoration: none; }\n"
    ".mail small { display: block; color: var(--soft); overflow-wrap: anywhere; }\n"
    ".text { position: absolute; right: 1.25rem; top: .7rem; font-size: .85rem;\n"
    "  color: var(--soft); }\n"
    "li:hover, li:focus-within { background: var(--tint); }\n"
    "iframe { flex: 1; border: 0; background: Canvas; }\n"
    "@media (max-width: 50rem) {\n"
    "  body { flex-direction: column; }\n"
    "  nav { width: auto; height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }\n"
    "}\n</style>\n</head>\n<body>\n<nav>\n<h1>A day of a small shop</h1>\n<ol>\n";

static const char tail[] = "</ol>\n</nav>\n<iframe name=\"mail\" title=\"The message\" "
                           "src=\"01.html\"></iframe>\n</body>\n</html>\n";

static const char text_head[] =
    "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<style>:root { color-scheme: light dark; }\n"
    "pre { margin: 2rem auto; padding: 0 1.5rem; max-width: 42rem; white-space: pre-wrap;\n"
    "  overflow-wrap: anywhere; font: 15px/1.5 ui-monospace, monospace; }</style>\n<pre>";

static void add_escaped(struct buf *out, const char *text)
{
    liquid_escape(out, text, strlen(text));
}

static bool write_page(const struct demo_pages *pages, const char *name, const char *text,
                       size_t length, struct diag *diag)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", pages->folder, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return diag_error(diag, "%s: its path is too long", pages->folder);
    return demo_folder_write(path, text, length, diag);
}

static bool write_text(const struct demo_pages *pages, const char *name, const char *text,
                       struct diag *diag)
{
    struct buf page;
    buf_init(&page, TEXT_MOST);
    buf_text(&page, text_head);
    add_escaped(&page, text);
    buf_text(&page, "</pre>\n");
    bool written = write_page(pages, name, buf_string(&page), page.length, diag);
    buf_free(&page);
    return written;
}

void demo_pages_begin(struct demo_pages *pages, const char *folder)
{
    *pages = (struct demo_pages){.folder = folder};
    buf_init(&pages->list, LIST_MOST);
    buf_text(&pages->list, head);
}

bool demo_pages_add(struct demo_pages *pages, const struct demo_pages_message *message,
                    struct diag *diag)
{
    char html[32], text[32];
    struct buf *list = &pages->list;
    pages->count++;
    snprintf(html, sizeof html, "%02d.html", pages->count);
    snprintf(text, sizeof text, "%02d-text.html", pages->count);
    buf_printf(list, "<li><a class=\"mail\" target=\"mail\" href=\"%s\">",
               message->html ? html : text);
    add_escaped(list, message->subject);
    buf_text(list, "<small>");
    add_escaped(list, message->to);
    buf_text(list, "</small></a>");
    if (message->text)
        buf_printf(list, "<a class=\"text\" target=\"mail\" href=\"%s\">text</a>", text);
    buf_text(list, "</li>\n");
    return (!message->html ||
            write_page(pages, html, message->html, strlen(message->html), diag)) &&
           (!message->text || write_text(pages, text, message->text, diag));
}

bool demo_pages_end(struct demo_pages *pages, struct diag *diag)
{
    buf_text(&pages->list, tail);
    return write_page(pages, "index.html", buf_string(&pages->list), pages->list.length, diag);
}

void demo_pages_free(struct demo_pages *pages)
{
    buf_free(&pages->list);
}
