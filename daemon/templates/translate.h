/*
 * Translations: locales/LOCALE.yaml, nested keys to texts, plural forms by the
 * language's rules. Immutable after loading.
 *
 *   welcome:
 *     title: "Welcome, {{ name }}!"
 *     items: {one: "{{ count }} item", other: "{{ count }} items"}
 *     note_html: "Read <a href='{{ url }}'>more</a>"
 */
#ifndef NUDGED_TEMPLATES_TRANSLATE_H
#define NUDGED_TEMPLATES_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"

struct translate;

/* Reads FOLDER/locales/ *.yaml into the arena; a folder that is not there is an empty set.
 * Faults of all files are added to `diags`; NULL where there was one. */
struct translate *translate_load(struct arena *arena, const char *folder,
                                 const char *default_locale, struct diags *diags);

/* Is there a file for this locale or for its language? */
bool translate_supports(const struct translate *translate, const char *locale);

struct translate_text {
    const char *text; /* in the set's arena; of a key that is nowhere in `arena`, and says
                         "translation missing: ro.welcome.title" */
    size_t length;
    bool markup; /* the key's last name ends in `_html` */
};

/* The text of a key such as "welcome.title": in `locale`, its language, the default
 * locale; a set that is NULL has none. With a count (else NULL) the plural form: `zero`
 * for 0 where it is given, else the language's form, else `other`. */
void translate_find(const struct translate *translate, const char *locale, const char *key,
                    size_t length, const double *count, struct arena *arena,
                    struct translate_text *found);

/* Appends the text with each {{ name }} replaced by what `lookup` appends; a name that
 * lookup does not know becomes nothing. */
bool translate_expand(struct buf *out, const struct translate_text *text,
                      bool (*lookup)(void *context, const char *name, size_t length,
                                     struct buf *out),
                      void *context);

/* Is the key there in exactly this locale's files (or those of its language)? */
bool translate_has(const struct translate *translate, const char *locale, const char *key,
                   size_t length);

/* Adds warnings: a key of the default locale that another lacks, a plural form that the
 * language needs and the file has not. */
void translate_check(const struct translate *translate, struct diags *diags);

#endif
