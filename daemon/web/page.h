/*
 * The public pages as bytes: fixed, escaped HTML of one column, with the shop's name and colour,
 * for a thumb as for a mouse, light and dark. No scripts, nothing from elsewhere; forms post to
 * the address that the page came from, so the token stands in no page.
 */
#ifndef NUDGED_WEB_PAGE_H
#define NUDGED_WEB_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "web/form.h"
#include "web/page_texts.h"

enum { PAGE_MOST = 256 * 1024, PAGE_PARTS_MOST = 3 };

/* What all pages of a shop have in common. */
struct page_look {
    const char *shop;  /* its name, escaped where it is printed; never NULL */
    const char *url;   /* of the shop, http or https; NULL: none */
    const char *email; /* who answers questions; NULL: none */
    const char *style; /* the style sheet */
    const char *csp;   /* Content-Security-Policy: that style, forms to the same origin, no more */
};

/* In the arena. What is no colour ("#rrggbb"), no web address or NULL is left out. */
struct page_look page_look_make(struct arena *arena, const char *shop, const char *url,
                                const char *email, const char *colour);

/* A sentence, and the topics that it is about, each in a line of its own. */
struct page_part {
    enum page_text lead;
    const char *const *titles; /* NULL-terminated; may be NULL */
};

struct page_choice {
    const char *topic, *title;
    bool on;
};

/* A form; it has one button, or two. */
struct page_form {
    const struct form_field *fields; /* hidden ones */
    size_t field_count;
    const struct page_choice *choices; /* boxes to tick: `on`; what was shown so: `was` */
    size_t choice_count;
    enum page_text button;     /* PAGE_NOTHING: none */
    enum page_text all_button; /* it also sends all=1; PAGE_NOTHING: none */
    bool get;                  /* it only asks for the page once more */
};

struct page_content {
    enum page_text heading;
    struct page_part parts[PAGE_PARTS_MOST]; /* lead PAGE_NOTHING: none */
    struct page_form form;
    enum page_text note; /* below the form */
};

/* The whole document (UTF-8) in that language. Appends; false where it would pass PAGE_MOST. */
bool page_print(const struct page_look *look, const struct page_language *language,
                const struct page_content *content, struct buf *out);

/* Header fields that every page is sent with, beside those that the listener gives
 * each answer (no-store, nosniff): name and value in turn, ending with NULL. In the arena. */
const char *const *page_headers(struct arena *arena, const struct page_look *look,
                                const struct page_language *language);

#endif
