/* One template in one language: the smallest thing that a message is made of. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_VARIANT_H
#define NUDGED_TEMPLATES_TEMPLATES_VARIANT_H

#include <stdbool.h>
#include <stddef.h>

#include "liquid/liquid.h"
#include "mail/mime.h"

enum {
    TEMPLATES_FILE_MOST = 1024 * 1024,         /* bytes of one template */
    TEMPLATES_ATTACHED_MOST = 5 * 1024 * 1024, /* bytes of all files of one message */
};

struct templates_variant_header {
    const char *name;
    const struct liquid_template *value;
};

/* What the front matter says (of the HTML file, else the text file; a key that the language's
 * own files lack is taken from the files without a locale), and the parts. */
struct templates_variant {
    const char *name;
    const char *locale;                /* "" for the files without one */
    const char *html_file, *text_file; /* relative to the folder; NULL: no such part */
    const struct liquid_template *html, *text;
    const struct liquid_template *html_layout, *text_layout;             /* NULL: none */
    const struct liquid_template *subject, *preheader, *from, *reply_to; /* or NULL */
    const struct templates_variant_header *headers;
    size_t header_count;
    const struct mime_file *files; /* attached, and inline where content_id is set */
    size_t file_count;
    bool html_shows_preheader; /* the HTML part or its layout has it; else it is put in */
};

#endif
