/*
 * The inside of a set of templates, shared by the files that load it, check it and choose
 * from it. All of it lies in one arena and is immutable once it is loaded.
 */
#ifndef NUDGED_TEMPLATES_TEMPLATES_SET_H
#define NUDGED_TEMPLATES_TEMPLATES_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/settings.h"
#include "templates/front_matter.h"
#include "templates/templates_variant.h"
#include "templates/translate.h"

/* A file with what was made of it. */
struct templates_file {
    const char *path; /* relative to the folder */
    struct settings_source source;
    struct front_matter front;
    const char *body; /* of the source, what stands behind the front matter */
    size_t body_length;
    uint32_t line; /* the body's first, from 1 */
    const struct liquid_template *liquid;
};

struct templates_layout {
    const struct templates_file *html, *text;
    const struct liquid_template *styled; /* the HTML with its CSS in style="" */
};

/* What was found under one name and one locale. */
struct templates_pair {
    struct templates_variant variant;         /* first: what callers see */
    const struct templates_file *html, *text; /* NULL: no such part */
    const struct templates_layout *layout;    /* NULL: none */
};

struct templates_snippet {
    const struct templates_file *file; /* compiled for HTML */
    const struct liquid_template *styled;
    const struct liquid_template *text;
};

struct templates {
    struct arena *arena;
    const char *folder;
    const char *default_locale;
    bool keep_css;
    const struct built_in *built_in;
    const struct translate *translate;
    struct templates_pair *pairs; /* by name, then by locale */
    size_t count;
    struct map *names;    /* name: its first pair */
    struct map *layouts;  /* name: struct templates_layout */
    struct map *snippets; /* name: struct templates_snippet */
    struct map *bodies;   /* path: struct templates_body */
    struct map *attached; /* path: struct mime_file with its bytes */
    struct diags *late;   /* snippets are read when they are first asked for, and their faults
                             go here; NULL: all of them were read */
};

/* The first pair of a template, by locale; NULL: no such template. */
struct templates_pair *templates_set_first(const struct templates *set, const char *name);

/* Of the pairs from `first` on that have its name, the one whose locale is the first `length`
 * bytes of the tag; 0: the one without a locale. NULL: none. */
struct templates_pair *templates_set_pair(const struct templates *set, struct templates_pair *first,
                                          const char *tag, size_t length);
/* Likewise the nearest to a tag: "pt-BR", then "pt". */
struct templates_pair *templates_set_nearest(const struct templates *set,
                                             struct templates_pair *first, const char *tag);

/* NULL: nobody has it. */
const struct templates_snippet *templates_set_snippet(const struct templates *set, const char *name,
                                                      size_t length);

#endif
