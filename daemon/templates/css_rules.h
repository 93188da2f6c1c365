/*
 * The rules of a style sheet that can stand in style="": those with selectors of types,
 * classes and ids, joined by spaces or `>`. Others (pseudo-classes, attributes, what is
 * inside @media) are passed over: they stay in their <style>, where mail programs that
 * know it find them. Liquid within a declaration is copied as it stands.
 */
#ifndef NUDGED_TEMPLATES_CSS_RULES_H
#define NUDGED_TEMPLATES_CSS_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct css_rules;

enum { CSS_RULES_MOST = 2000, CSS_RULES_DEPTH = 128 };

/* An element of a document, as far as it is known: lengths 0 where it is not. */
struct css_rules_element {
    const char *tag, *classes, *id;
    size_t tag_length, classes_length, id_length;
};

struct css_rules *css_rules_new(struct arena *arena);
/* Adds the rules of a style sheet, behind those that are there; past the bound none. */
void css_rules_add(struct css_rules *rules, const char *css, size_t length);
size_t css_rules_count(const struct css_rules *rules);

/* Appends the declarations for the last of `path`, the elements from the outermost on:
 * "color:red;margin:0", by rising specificity, of each property the last. */
bool css_rules_match(const struct css_rules *rules, const struct css_rules_element *path,
                     size_t depth, struct buf *out);

#endif
