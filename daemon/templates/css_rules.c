/*
 * A rule is a selector (compounds, from the outermost on) with its declarations, which stay
 * text. Reading cuts the sheet at braces and commas, stepping over strings, Liquid and what
 * stands behind an @; a selector that the markup alone cannot decide is dropped. Matching takes
 * the rules that fit an element's path, puts them in the order of the cascade (weight, then
 * place) and keeps of each property the last declaration.
 */
#include "templates/css_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

enum { COMPOUNDS_MOST = 8, NAMES_MOST = 6, MATCHES_MOST = 200, DECLARATIONS_MOST = 200 };

/* "td.price#total": all must hold of one element. */
struct compound {
    struct slice tag; /* empty: any */
    struct slice id;
    struct slice classes[NAMES_MOST];
    size_t class_count;
    bool child; /* joined to the one before by `>` */
};

struct rule {
    struct compound compounds[COMPOUNDS_MOST];
    size_t count;
    unsigned specificity; /* ids, classes, types: 8 bits each */
    struct slice declarations;
};

struct css_rules {
    struct arena *arena;
    struct rule *rules;
    uint32_t count, capacity;
};

struct css_rules *css_rules_new(struct arena *arena)
{
    struct css_rules *rules = arena_zero(arena, sizeof *rules);
    rules->arena = arena;
    return rules;
}

size_t css_rules_count(const struct css_rules *rules)
{
    return rules->count;
}

static void add_rule(struct css_rules *rules, const struct rule *rule)
{
    if (rules->count == CSS_RULES_MOST)
        return;
    rules->rules =
        arena_grow(rules->arena, rules->rules, rules->count, &rules->capacity, sizeof *rule);
    rules->rules[rules->count++] = *rule;
}

/* ---- Reading ---- */

static struct slice trim(const char *from, const char *to)
{
    return slice_trim(slice_between(from, to), " \t\r\n\f");
}

static bool has(struct slice slice, const char *piece)
{
    return memmem(slice.text, slice.length, piece, strlen(piece)) != NULL;
}

static bool is_name_char(char c)
{
    return c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c & 0x80;
}

static struct slice read_name(const char **at, const char *end)
{
    const char *from = *at;
    while (*at < end && is_name_char(**at))
        ++*at;
    return slice_between(from, *at);
}

/* False where it has what can't be known from the markup alone. */
static bool read_compound(const char **at, const char *end, struct compound *compound)
{
    const char *from = *at;
    if (**at == '*')
        ++*at;
    else
        compound->tag = read_name(at, end);
    while (*at < end && (**at == '.' || **at == '#')) {
        char kind = *(*at)++;
        struct slice name = read_name(at, end);
        if (!name.length || (kind == '.' && compound->class_count == NAMES_MOST))
            return false;
        if (kind == '.')
            compound->classes[compound->class_count++] = name;
        else
            compound->id = name;
    }
    return *at > from;
}

static unsigned specificity(const struct rule *rule)
{
    unsigned ids = 0, classes = 0, types = 0;
    for (size_t i = 0; i < rule->count; i++) {
        ids += rule->compounds[i].id.length > 0;
        classes += (unsigned)rule->compounds[i].class_count;
        types += rule->compounds[i].tag.length > 0;
    }
    return ids << 16 | classes << 8 | types;
}

static bool read_selector(struct slice text, struct rule *rule)
{
    const char *at = text.text, *end = at + text.length;
    bool child = false;
    while (at < end) {
        if (rule->count == COMPOUNDS_MOST)
            return false;
        struct compound *compound = &rule->compounds[rule->count++];
        *compound = (struct compound){.child = child};
        if (!read_compound(&at, end, compound))
            return false;
        bool spaced = at < end && strchr(" \t\r\n\f", *at);
        while (at < end && strchr(" \t\r\n\f", *at))
            at++;
        child = at < end && *at == '>';
        if (child)
            for (at++; at < end && strchr(" \t\r\n\f", *at); at++)
                ;
        else if (at < end && !spaced)
            return false;
    }
    const struct compound *last = rule->count ? &rule->compounds[rule->count - 1] : NULL;
    rule->specificity = specificity(rule);
    /* `*` alone would stand in every element: far more bytes than it is worth */
    return last && !child && (last->tag.length || last->id.length || last->class_count);
}

/* The next of `stops` outside of strings, parentheses and Liquid (unless that begins with
 * one); `end` where there is none. */
static const char *find(const char *at, const char *end, const char *stops)
{
    while (at < end && !strchr(stops, *at)) {
        const char *close = NULL;
        size_t left = (size_t)(end - at);
        if (left > 1 && at[0] == '{' && at[1] == '{')
            close = memmem(at, left, "}}", 2);
        else if (left > 1 && at[0] == '{' && at[1] == '%')
            close = memmem(at, left, "%}", 2);
        else if (*at == '"' || *at == '\'' || *at == '(')
            close = memchr(at + 1, *at == '(' ? ')' : *at, left - 1);
        at = close ? close + (strchr("\"'(", *at) ? 1 : 2) : at + 1;
    }
    return at < end ? at : end;
}

/* The next '{' or '}' that is no Liquid's; a `;` too, where `flat`. */
static const char *find_brace(const char *at, const char *end, bool flat)
{
    while ((at = find(at, end, flat ? "{};" : "{}")) < end) {
        const char *mark = at[0] != '{' || end - at < 2 ? NULL
                           : at[1] == '{'               ? "}}"
                           : at[1] == '%'               ? "%}"
                                                        : NULL;
        if (!mark)
            return at;
        const char *close = memmem(at, (size_t)(end - at), mark, 2);
        at = close ? close + 2 : end;
    }
    return end;
}

/* Behind an @rule: its `;`, or the block that it has, whatever stands in it. */
static const char *skip_at_rule(const char *at, const char *end)
{
    unsigned depth = 0;
    while ((at = find_brace(at, end, depth == 0)) < end) {
        char c = *at++;
        if (c == '{')
            depth++;
        else if (c == ';' || depth <= 1)
            return at;
        else
            depth--;
    }
    return end;
}

static void add_rules(struct css_rules *rules, struct slice selectors, struct slice declarations)
{
    const char *at = selectors.text, *end = at + selectors.length;
    if (has(selectors, "{") || has(declarations, "{%") || !declarations.length)
        return;
    while (at < end) {
        const char *comma = find(at, end, ",");
        struct rule rule = {.declarations = declarations};
        if (read_selector(trim(at, comma), &rule))
            add_rule(rules, &rule);
        at = comma + 1;
    }
}

/* A copy without comments and without what hides a sheet from old programs (<!-- -->). */
static const char *without_comments(struct arena *arena, const char *css, size_t *length)
{
    const char *end = css + *length;
    char *copy = arena_alloc(arena, *length + 1), *to = copy;
    while (css < end) {
        size_t left = (size_t)(end - css);
        if (left >= 2 && memcmp(css, "/*", 2) == 0) {
            const char *close = memmem(css + 2, left - 2, "*/", 2);
            css = close ? close + 2 : end;
        } else if (left >= 4 && memcmp(css, "<!--", 4) == 0) {
            css += 4;
        } else if (left >= 3 && memcmp(css, "-->", 3) == 0) {
            css += 3;
        } else {
            *to++ = *css++;
        }
    }
    *to = '\0';
    *length = (size_t)(to - copy);
    return copy;
}

void css_rules_add(struct css_rules *rules, const char *css, size_t length)
{
    if (memchr(css, '\0', length))
        return;
    const char *at = without_comments(rules->arena, css, &length), *end = at + length;
    while (at < end) {
        at += strspn(at, " \t\r\n\f;}");
        if (at >= end)
            break;
        if (*at == '@') {
            at = skip_at_rule(at, end);
            continue;
        }
        const char *open = find_brace(at, end, false);
        const char *close = open < end ? find_brace(open + 1, end, false) : end;
        if (close == end)
            break;
        add_rules(rules, trim(at, open), trim(open + 1, close));
        at = close + 1;
    }
}

/* ---- Matching ---- */

static bool same(struct slice slice, const char *text, size_t length)
{
    return slice.length == length && strncasecmp(slice.text, text, length) == 0;
}

static bool has_class(const struct css_rules_element *element, struct slice name)
{
    const char *at = element->classes;
    const char *end = at ? at + element->classes_length : NULL;
    while (at < end) {
        while (at < end && strchr(" \t\r\n\f", *at))
            at++;
        const char *from = at;
        while (at < end && !strchr(" \t\r\n\f", *at))
            at++;
        if ((size_t)(at - from) == name.length && memcmp(from, name.text, name.length) == 0)
            return true;
    }
    return false;
}

static bool fits(const struct compound *compound, const struct css_rules_element *element)
{
    if (compound->tag.length && !same(compound->tag, element->tag, element->tag_length))
        return false;
    if (compound->id.length && (compound->id.length != element->id_length ||
                                memcmp(compound->id.text, element->id, element->id_length) != 0))
        return false;
    for (size_t i = 0; i < compound->class_count; i++)
        if (!has_class(element, compound->classes[i]))
            return false;
    return true;
}

/* From the first compound on: where on the path may the one before have stood? No tries
 * that go back, so the time is that of one product. */
static bool fits_path(const struct rule *rule, const struct css_rules_element *path, size_t depth)
{
    bool before[CSS_RULES_DEPTH] = {false};
    if (depth == 0 || !fits(&rule->compounds[rule->count - 1], &path[depth - 1]))
        return false;
    for (size_t i = 0; i < rule->count; i++) {
        const struct compound *compound = &rule->compounds[i];
        bool above = false, parent = false; /* the one before fits further out; just there */
        for (size_t at = 0; at < depth; at++) {
            bool here = before[at];
            bool joined = i == 0 || (compound->child ? parent : above);
            before[at] = joined && fits(compound, &path[at]);
            above |= here;
            parent = here;
        }
    }
    return before[depth - 1];
}

static struct slice property_of(struct slice declaration)
{
    const char *colon = memchr(declaration.text, ':', declaration.length);
    return colon ? trim(declaration.text, colon) : (struct slice){declaration.text, 0};
}

/* A later one of the same property stands instead of an earlier one, unless that is
 * more important. */
static void put_declaration(struct slice *kept, size_t *count, struct slice declaration)
{
    struct slice property = property_of(declaration);
    bool important = has(declaration, "!important");
    size_t to = 0;
    if (!property.length)
        return;
    for (size_t i = 0; i < *count; i++) {
        struct slice other = property_of(kept[i]);
        bool replaced = same(other, property.text, property.length) &&
                        (important || !has(kept[i], "!important"));
        if (!replaced)
            kept[to++] = kept[i];
    }
    if (to < DECLARATIONS_MOST)
        kept[to++] = declaration;
    *count = to;
}

static void put_declarations(struct slice *kept, size_t *count, struct slice text)
{
    const char *at = text.text, *end = at + text.length;
    while (at < end) {
        const char *semicolon = find(at, end, ";");
        put_declaration(kept, count, trim(at, semicolon));
        at = semicolon + 1;
    }
}

bool css_rules_match(const struct css_rules *rules, const struct css_rules_element *path,
                     size_t depth, struct buf *out)
{
    const struct rule *matches[MATCHES_MOST];
    struct slice kept[DECLARATIONS_MOST];
    size_t count = 0, kept_count = 0;
    for (size_t i = 0; i < rules->count && count < MATCHES_MOST; i++) {
        const struct rule *rule = &rules->rules[i];
        if (!fits_path(rule, path, depth))
            continue;
        size_t at = count++; /* after those of the same weight: the order of the sheet */
        for (; at > 0 && matches[at - 1]->specificity > rule->specificity; at--)
            matches[at] = matches[at - 1];
        matches[at] = rule;
    }
    for (size_t i = 0; i < count; i++)
        put_declarations(kept, &kept_count, matches[i]->declarations);
    for (size_t i = 0; i < kept_count; i++) {
        if (i)
            buf_char(out, ';');
        buf_add(out, kept[i].text, kept[i].length);
    }
    return !out->full;
}
