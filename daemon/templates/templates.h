/*
 * The folder of templates: files, front matter, layouts, snippets, languages.
 * Loaded whole, checked whole, then immutable: shared between threads without a
 * lock.
 *
 *   NAME[.LOCALE].html.liquid   front matter and the HTML part
 *   NAME[.LOCALE].text.liquid   the text part, or a message without HTML
 *   layouts/NAME.html.liquid    {{ content }}; likewise .text.liquid for text parts
 *   snippets/NAME.liquid        {% render 'NAME' %}
 *   locales/LOCALE.yaml         {{ 'key' | t }}
 *   NAME.KIND.liquid            any other kind: a body for an HTTP gateway
 */
#ifndef NUDGED_TEMPLATES_TEMPLATES_H
#define NUDGED_TEMPLATES_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "liquid/liquid.h"
#include "mail/mime.h"
#include "templates/translate.h"

struct templates;

struct templates_settings {
    const char *folder;
    const char *default_locale; /* NULL: "en" */
    bool keep_css;              /* true: CSS in <style> is not copied into style="" */
};

enum {
    TEMPLATES_FILE_MOST = 1024 * 1024,         /* of one template */
    TEMPLATES_ATTACHED_MOST = 5 * 1024 * 1024, /* of all files of one message */
    TEMPLATES_COUNT_MOST = 10000,
};

/* NULL when there was an error; all are collected, with file, line and column.
 * Warnings may be added on success. The settings are copied. */
struct templates *templates_load(const struct templates_settings *settings, struct diags *diags);
void templates_destroy(struct templates **templates);

/* Can a message of this template go through the channel: "email" needs a subject in every
 * language; the text that other channels send can be made from HTML. */
bool templates_has(const struct templates *templates, const char *name, const char *channel);
/* Is there a gateway's body of that file name ("twilio.json.liquid")? */
const struct liquid_template *templates_body(const struct templates *templates, const char *file);

struct templates_header {
    const char *name;
    const struct liquid_template *value;
};

/* One template in one language: what the front matter says (of the HTML file, else the
 * text file; a key that the language's own files lack is taken from the files without a
 * locale), and the parts. */
struct templates_variant {
    const char *name;
    const char *locale;                /* "" for the files without one */
    const char *html_file, *text_file; /* relative to the folder; NULL: no such part */
    const struct liquid_template *html, *text;
    const struct liquid_template *html_layout, *text_layout;             /* NULL: none */
    const struct liquid_template *subject, *preheader, *from, *reply_to; /* or NULL */
    const struct templates_header *headers;
    size_t header_count;
    const struct mime_file *files; /* attached, and inline where content_id is set */
    size_t file_count;
};

/* The variant for a customer's language: "pt-BR", "pt", the default locale, the files
 * without a locale. `*locale` is the one to render in: the customer's own where the variant
 * or a locales file speaks it, else the default. NULL: no such template. */
const struct templates_variant *templates_choose(const struct templates *templates,
                                                 const char *name, const char *wanted,
                                                 const char **locale);

/* All variants, sorted by name, then by locale. */
size_t templates_count(const struct templates *templates);
const struct templates_variant *templates_variant(const struct templates *templates, size_t index);

const struct translate *templates_translate(const struct templates *templates);
const char *templates_default_locale(const struct templates *templates);

/* For liquid_options.find: a snippet compiled for HTML or for text. */
const struct liquid_template *templates_snippet(const struct templates *templates, const char *name,
                                                size_t length, bool html);

/* Calls `visit` for each variable that a template reads: in its front matter, parts and
 * layouts, with the file and the place; of its snippets only what all of them see (shop,
 * customer, …), not the arguments that they are given. */
void templates_variables(const struct templates *templates, const struct templates_variant *variant,
                         void (*visit)(void *context, const char *file, const char *path,
                                       uint32_t line, uint32_t column),
                         void *context);

/* Adds warnings on what can be seen without data: translations that a locale lacks, images
 * without alt text, snippets nobody has. */
void templates_check(const struct templates *templates, struct diags *diags);

#endif
