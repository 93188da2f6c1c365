/*
 * CSS from <style> into style="", for mail programs that drop <style>: done once, on
 * the text of a template. Liquid is stepped over: it stays where it is, also inside tags
 * and declarations; a class that Liquid makes is not known and matches nothing. The
 * <style> elements stay too, for media queries and for dark mode.
 */
#ifndef NUDGED_TEMPLATES_INLINE_CSS_H
#define NUDGED_TEMPLATES_INLINE_CSS_H

#include <stddef.h>

#include "base/arena.h"
#include "templates/css_rules.h"

/* What surrounds a part: the open elements where its layout has {{ content }}. */
struct inline_css_place {
    struct css_rules_element path[CSS_RULES_DEPTH];
    size_t depth;
};

/* Adds the rules of the text's <style> elements (not of those with a `media`). */
void inline_css_collect(struct css_rules *rules, const char *html, size_t length);

/* Where {{ content }} stands in a layout; refers to its text. Depth 0: nowhere. */
void inline_css_find_content(const char *html, size_t length, struct inline_css_place *place);

/* The text with the declarations put in, on the same lines, in the arena; the text itself
 * where nothing matches. `place` may be NULL. */
const char *inline_css_apply(struct arena *arena, const struct css_rules *rules,
                             const struct inline_css_place *place, const char *html, size_t length,
                             size_t *new_length);

#endif
