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

#include "base/built_in.h"
#include "base/diag.h"
#include "base/settings.h"
#include "templates/templates_variant.h"
#include "templates/translate.h"

struct templates;

struct templates_settings {
    const char *folder;
    const char *default_locale;      /* NULL: "en" */
    bool keep_css;                   /* true: CSS in <style> is not copied into style="" */
    const struct built_in *built_in; /* bodies of HTTP gateways for which the folder need not have a
                                        file; ends with a row without a name; NULL: none */
};

enum { TEMPLATES_COUNT_MOST = 10000 }; /* files */

/* NULL when there was an error; all are collected, with file, line and column.
 * Warnings may be added on success. The settings are copied. */
struct templates *templates_load(const struct templates_settings *settings, struct diags *diags);
void templates_destroy(struct templates **templates);

/* One file by itself, wherever it lies, read as those of the folder are. By its name it is a part
 * of a message (NAME.html.liquid, NAME.text.liquid), whose front matter is passed over, or not. */
struct templates_single {
    const struct liquid_template *liquid;
    bool part;
    bool html; /* a part whose outputs are escaped */
};

/* The set that it is in; NULL where there was an error. `settings->folder` has the translations,
 * without which every key is missing. Snippets are read when they are asked for, beside the file
 * (NAME.liquid, snippets/NAME.liquid): what is wrong with them is added to `diags` then, which must
 * outlive the set. For one thread. */
struct templates *templates_single(const struct templates_settings *settings,
                                   const struct settings_source *source,
                                   struct templates_single *single, struct diags *diags);

/* Can a message of this template go through a channel: one that has mails needs a subject in every
 * language; the text that others send can be made from HTML. */
bool templates_has(const struct templates *templates, const char *name, bool mail);
/* What makes the bodies of a gateway's requests. */
struct templates_body {
    const struct liquid_template *liquid;
    bool reads_files; /* it, or a snippet of it, names `message.attachments`, or all of `message` */
    bool reads_inline; /* and with it the `cid` by which HTML shows pictures, or all of each file */
    bool reads_mime;   /* likewise `message.mime` */
};

/* The gateway's body of that file name ("twilio.json.liquid"), or NULL. */
const struct templates_body *templates_body(const struct templates *templates, const char *file);

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

typedef void templates_on_variable(void *context, const char *file, const char *path, uint32_t line,
                                   uint32_t column);

/* Calls back for each variable that a template reads: in its front matter, parts and
 * layouts, with the file and the place; of its snippets only what all of them see (shop,
 * customer, …), not the arguments that they are given. */
void templates_variables(const struct templates *templates, const struct templates_variant *variant,
                         templates_on_variable *on_variable, void *context);
/* Likewise of a gateway's body. */
void templates_body_variables(const struct templates *templates, const char *file,
                              templates_on_variable *on_variable, void *context);

/* Adds warnings on what can be seen without data: translations that a locale lacks, images
 * without alt text, snippets nobody has. */
void templates_check(const struct templates *templates, struct diags *diags);

#endif
