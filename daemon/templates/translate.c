/*
 * One file of locales/ is a language: a tree of maps whose leaves are texts, or plural forms. A
 * key ("cart.items") is a way down that tree; it is looked for in the locale's own file, in its
 * language's, and in the default one. All checks that need one file alone are made when it is
 * read; translate_check compares the languages, for `nudgectl check`.
 */
#include "templates/translate.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/locale_format.h"
#include "base/settings.h"
#include "base/yaml.h"

enum { LOCALES_MOST = 300, DEPTH_MOST = 16 };

struct language {
    const char *locale;
    const char *file; /* "locales/ro.yaml" */
    struct settings_source source;
    struct value texts; /* a map of maps and strings */
};

struct translate {
    const char *default_locale;
    struct language *languages;
    size_t count;
};

static const char *const forms[] = {"zero", "one", "two", "few", "many", "other", NULL};

/* ---- Loading ---- */

static bool is_form(const struct value *key)
{
    for (size_t i = 0; forms[i]; i++)
        if (value_is_text(key, forms[i]))
            return true;
    return false;
}

/* Plural forms: a map of nothing but their names. */
static bool is_plural(const struct value *texts)
{
    for (uint32_t i = 0; i < value_count(texts); i++)
        if (!is_form(&texts->map->members[i].key))
            return false;
    return value_is(texts, VALUE_MAP) && texts->map->count > 0;
}

static void check_texts(const struct language *language, const struct value *texts, unsigned depth,
                        struct diags *diags)
{
    if (depth > DEPTH_MOST) {
        settings_fault(diags, &language->source, texts, DIAG_ERROR,
                       "translations are nested deeper than %d", DEPTH_MOST);
        return;
    }
    if (is_plural(texts) && !value_get(texts, "other"))
        settings_fault(diags, &language->source, texts, DIAG_ERROR,
                       "plural forms without `other`, the one for all other numbers");
    for (uint32_t i = 0; i < texts->map->count; i++) {
        const struct value *value = &texts->map->members[i].value;
        if (value->kind == VALUE_MAP) {
            check_texts(language, value, depth + 1, diags);
        } else if (value->kind != VALUE_STRING) {
            struct diag *diag = settings_fault(diags, &language->source, value, DIAG_ERROR,
                                               "a translation must be a text, not %s",
                                               value_kind_name(value->kind));
            diag_hint(diag, "write it in quotes");
        }
    }
}

static void read_language(struct arena *arena, const char *folder, const char *name,
                          struct language *language, struct diags *diags)
{
    struct diag diag;
    struct value documents;
    const char *file = arena_printf(arena, "locales/%s", name);
    const char *path = arena_printf(arena, "%s/%s", folder, file);
    size_t stem = strlen(name) - strlen(".yaml");
    *language = (struct language){.locale = arena_copy(arena, name, stem),
                                  .file = file,
                                  .source = {.file = path},
                                  .texts = value_new_map(arena, 0)};
    if (!locale_format_is_tag(name, stem)) {
        diag_error(&diag, "`%s` is no language tag such as `ro` or `pt-BR`", language->locale);
        diag_code(&diag, "bad-locale");
        diag_file(&diag, path);
        diags_add(diags, &diag);
        return;
    }
    const struct yaml_options options = {.file = path};
    if (!yaml_read_file(arena, &options, &documents, &language->source.text,
                        &language->source.length, &diag)) {
        diags_add(diags, &diag);
        return;
    }
    const struct value *first = value_count(&documents) ? &documents.list->items[0] : NULL;
    if (!first || first->kind == VALUE_NULL)
        return;
    if (first->kind != VALUE_MAP || documents.list->count > 1) {
        settings_fault(diags, &language->source, first, DIAG_ERROR,
                       "a file of translations is one mapping of keys to texts");
        return;
    }
    language->texts = *first;
    check_texts(language, first, 0, diags);
}

struct translate *translate_load(struct arena *arena, const char *folder,
                                 const char *default_locale, struct diags *diags)
{
    struct translate *translate = arena_zero(arena, sizeof *translate);
    const char *path = arena_printf(arena, "%s/locales", folder);
    const char *const *names = NULL;
    struct stat about;
    struct diag diag;
    size_t errors = diags->errors;
    translate->default_locale = arena_text(arena, default_locale);
    if (stat(path, &about) != 0)
        return translate;
    if (!file_list(arena, path, ".yaml", false, &names, &translate->count, &diag)) {
        diags_add(diags, &diag);
        return NULL;
    }
    if (translate->count > LOCALES_MOST) {
        diag_error(&diag, "more than %d files of translations", LOCALES_MOST);
        diag_file(&diag, path);
        diags_add(diags, &diag);
        return NULL;
    }
    translate->languages = arena_zero(arena, translate->count * sizeof *translate->languages);
    for (size_t i = 0; i < translate->count; i++)
        read_language(arena, folder, names[i], &translate->languages[i], diags);
    return diags->errors == errors ? translate : NULL;
}

/* ---- Finding ---- */

static char fold(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Is `locale` the first `length` bytes of `tag`, by the rules for tags? */
static bool same_tag(const char *locale, const char *tag, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (fold(locale[i]) != fold(tag[i]))
            return false;
    return locale[length] == '\0';
}

static const struct language *find_language(const struct translate *translate, const char *tag,
                                            size_t length)
{
    for (size_t i = 0; i < translate->count; i++)
        if (same_tag(translate->languages[i].locale, tag, length))
            return &translate->languages[i];
    return NULL;
}

/* The length of the next wider tag: "pt-BR" to "pt"; 0 after the last. */
static size_t widen(const char *tag, size_t length)
{
    while (length > 0 && tag[length - 1] != '-' && tag[length - 1] != '_')
        length--;
    return length > 0 ? length - 1 : 0;
}

bool translate_supports(const struct translate *translate, const char *locale)
{
    for (size_t length = strlen(locale); length > 0; length = widen(locale, length))
        if (find_language(translate, locale, length))
            return true;
    return false;
}

/* What stands at the key: a text or plural forms; NULL for anything else. */
static const struct value *descend(const struct value *texts, const char *key, size_t length)
{
    const char *dot;
    do {
        dot = memchr(key, '.', length);
        size_t part = dot ? (size_t)(dot - key) : length;
        texts = value_find(texts, key, part);
        key += part + 1;
        length -= dot ? part + 1 : part;
    } while (dot);
    return texts && (texts->kind == VALUE_STRING || is_plural(texts)) ? texts : NULL;
}

/* In the locale's own file, else in that of its language. */
static const struct value *find_text(const struct translate *translate, const char *locale,
                                     const char *key, size_t length,
                                     const struct language **language)
{
    for (size_t tag = strlen(locale); tag > 0; tag = widen(locale, tag)) {
        *language = find_language(translate, locale, tag);
        const struct value *text = *language ? descend(&(*language)->texts, key, length) : NULL;
        if (text)
            return text;
    }
    return NULL;
}

bool translate_has(const struct translate *translate, const char *locale, const char *key,
                   size_t length)
{
    const struct language *language;
    return find_text(translate, locale, key, length, &language) != NULL;
}

static const struct value *choose_form(const struct value *plural, const char *locale,
                                       const double *count)
{
    const struct value *form = NULL;
    if (count && *count == 0)
        form = value_get(plural, "zero");
    if (count && !form)
        form = value_get(plural, locale_format_plural(locale, *count));
    return form ? form : value_get(plural, "other");
}

void translate_find(const struct translate *translate, const char *locale, const char *key,
                    size_t length, const double *count, struct arena *arena,
                    struct translate_text *found)
{
    const struct language *language = NULL;
    const struct value *text = NULL;
    if (translate)
        text = find_text(translate, locale, key, length, &language);
    if (translate && !text)
        text = find_text(translate, translate->default_locale, key, length, &language);
    if (text && text->kind == VALUE_MAP)
        text = choose_form(text, language->locale, count);
    if (!text) {
        const char *missing = arena_printf(arena, "translation missing: %s.%.*s", locale,
                                           (int)(length < 200 ? length : 200), key);
        *found = (struct translate_text){missing, strlen(missing), false};
        return;
    }
    bool markup = length > 5 && memcmp(key + length - 5, "_html", 5) == 0;
    *found = (struct translate_text){text->string, text->length, markup};
}

/* ---- Interpolation ---- */

/* The bytes of "{{ name }}" at `text`; 0 where there is none. */
static size_t placeholder(const char *text, size_t length, const char **name, size_t *name_length)
{
    size_t at = 2;
    if (length < 5 || text[0] != '{' || text[1] != '{')
        return 0;
    while (at < length && text[at] == ' ')
        at++;
    *name = text + at;
    while (at < length &&
           (text[at] == '_' || (text[at] >= '0' && text[at] <= '9') ||
            (text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z')))
        at++;
    *name_length = (size_t)(text + at - *name);
    while (at < length && text[at] == ' ')
        at++;
    if (*name_length == 0 || length - at < 2 || text[at] != '}' || text[at + 1] != '}')
        return 0;
    return at + 2;
}

bool translate_expand(struct buf *out, const struct translate_text *text,
                      bool (*lookup)(void *context, const char *name, size_t length,
                                     struct buf *out),
                      void *context)
{
    const char *at = text->text, *end = at + text->length;
    while (at < end) {
        const char *brace = memchr(at, '{', (size_t)(end - at)), *name;
        size_t name_length;
        buf_add(out, at, (size_t)((brace ? brace : end) - at));
        if (!brace)
            break;
        size_t width = placeholder(brace, (size_t)(end - brace), &name, &name_length);
        if (width)
            lookup(context, name, name_length, out);
        else
            buf_char(out, '{');
        at = brace + (width ? width : 1);
    }
    return !out->full;
}

/* ---- Checking ---- */

/* One walk over a language's texts, compared with another's. */
struct comparison {
    const struct translate *translate;
    const struct language *from, *to;
    bool reverse; /* `to` is the default language: what it lacks is a leftover */
    struct diags *diags;
};

static void report(const struct comparison *comparison, const struct value *place, const char *path)
{
    if (comparison->reverse)
        settings_fault(comparison->diags, &comparison->from->source, place, DIAG_WARNING,
                       "`%s` is not in %s, so nothing may use it", path, comparison->to->file);
    else
        settings_fault(comparison->diags, &comparison->to->source, NULL, DIAG_WARNING,
                       "lacks the translation `%s`, which %s has", path, comparison->from->file);
}

static void compare(const struct comparison *comparison, const struct value *texts,
                    const char *prefix)
{
    for (uint32_t i = 0; i < texts->map->count; i++) {
        const struct value_member *member = &texts->map->members[i];
        const struct language *found;
        char path[512];
        int length = snprintf(path, sizeof path, "%s%.*s", prefix, (int)member->key.length,
                              member->key.string);
        if (length < 0 || (size_t)length >= sizeof path - 1)
            continue;
        if (member->value.kind == VALUE_MAP && !is_plural(&member->value)) {
            path[length] = '.';
            path[length + 1] = '\0';
            compare(comparison, &member->value, path);
        } else if (!find_text(comparison->translate, comparison->to->locale, path, (size_t)length,
                              &found)) {
            report(comparison, &member->key, path);
        }
    }
}

/* Forms that whole numbers have in everyday amounts: some languages have one more for
 * millions, which no cart needs. */
static bool needs_form(const char *locale, const char *form)
{
    enum { EVERYDAY = 200 };
    for (int number = 0; number <= EVERYDAY; number++)
        if (strcmp(locale_format_plural(locale, number), form) == 0)
            return true;
    return false;
}

static void check_plurals(const struct language *language, const struct value *texts,
                          const char *const *needed, struct diags *diags)
{
    for (uint32_t i = 0; i < texts->map->count; i++) {
        const struct value_member *member = &texts->map->members[i];
        if (member->value.kind != VALUE_MAP)
            continue;
        if (!is_plural(&member->value)) {
            check_plurals(language, &member->value, needed, diags);
            continue;
        }
        for (size_t form = 0; needed[form]; form++)
            if (!value_get(&member->value, needed[form]))
                settings_fault(diags, &language->source, &member->key, DIAG_WARNING,
                               "`%.*s` has no plural form `%s`, which the language needs",
                               (int)member->key.length, member->key.string, needed[form]);
    }
}

void translate_check(const struct translate *translate, struct diags *diags)
{
    const char *tag = translate->default_locale;
    const struct language *standard = NULL;
    for (size_t length = strlen(tag); length > 0 && !standard; length = widen(tag, length))
        standard = find_language(translate, tag, length);
    for (size_t i = 0; i < translate->count; i++) {
        const struct language *language = &translate->languages[i];
        const char *needed[8];
        size_t count = 0;
        for (size_t form = 0; forms[form]; form++)
            if (needs_form(language->locale, forms[form]))
                needed[count++] = forms[form];
        needed[count] = NULL;
        check_plurals(language, &language->texts, needed, diags);
        if (!standard || language == standard)
            continue;
        struct comparison lacks = {translate, standard, language, false, diags};
        compare(&lacks, &standard->texts, "");
        struct comparison extra = {translate, language, standard, true, diags};
        compare(&extra, &language->texts, "");
    }
}
