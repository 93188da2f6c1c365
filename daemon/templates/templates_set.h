/* The inside of a set of templates, shared by the files that load and check it. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_SET_H
#define NUDGED_TEMPLATES_TEMPLATES_SET_H

#include "base/arena.h"
#include "base/map.h"
#include "base/settings.h"
#include "templates/front_matter.h"
#include "templates/templates.h"

/* A file with what was made of it. */
struct templates_file {
    const char *path; /* relative to the folder */
    struct settings_source source;
    struct front_matter front;
    size_t body; /* offset of the body within the source */
    const struct liquid_template *liquid;
};

struct templates_layout {
    const struct templates_file *html, *text;
    const struct liquid_template *styled; /* the HTML with its CSS in style="" */
};

/* What was found under one name and one locale. */
struct templates_pair {
    struct templates_variant variant; /* what callers see */
    const struct templates_file *html, *text;
    const struct templates_layout *layout; /* NULL: none */
    bool html_shows_preheader;             /* in the part or its layout; else it is put in */
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
    const struct translate *translate;
    struct templates_pair *pairs; /* by name, then by locale */
    size_t count;
    struct map *names;    /* name: its first pair */
    struct map *layouts;  /* name: struct templates_layout */
    struct map *snippets; /* name: struct templates_snippet */
    struct map *bodies;   /* path: struct templates_file */
    struct map *attached; /* path: struct mime_file with its bytes */
};

#endif
