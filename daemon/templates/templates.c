#include "templates/templates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/locale_format.h"
#include "base/mem.h"
#include "templates/templates_file.h"
#include "templates/templates_pair.h"
#include "templates/templates_set.h"
#include "templates/templates_style.h"

static const char suffix[] = ".liquid";

/* A path taken apart: "cart/reminder.pt-BR.html.liquid". */
struct parts {
    const char *name;   /* "cart/reminder" */
    const char *locale; /* "pt-BR"; "" without one */
    const char *kind;   /* "html"; "" without one */
};

/* --- paths --- */

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!(*c == '-' || *c == '_' || *c == '/' || (*c >= '0' && *c <= '9') ||
              (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')))
            return false;
    return *name != '\0';
}

/* Cuts the last ".part" off the last component; "" where it has none. */
static char *cut_ending(char *path)
{
    char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (!dot)
        return path + strlen(path);
    *dot = '\0';
    return dot + 1;
}

/* "pt_BR" and "pt-BR" are one. */
static const char *hyphens(char *tag)
{
    for (char *c = tag; *c; c++)
        if (*c == '_')
            *c = '-';
    return tag;
}

/* Without the folder's name and ".liquid". */
static char *stem(struct templates *set, const char *path, size_t prefix)
{
    size_t length = strlen(path) - prefix - strlen(suffix);
    return arena_copy(set->arena, path + prefix, length);
}

static bool take_apart(struct templates *set, const char *path, struct parts *parts,
                       struct diags *diags)
{
    char *rest = stem(set, path, 0);
    *parts = (struct parts){.name = rest, .locale = ""};
    parts->kind = cut_ending(rest);
    if (strcmp(parts->kind, "html") == 0 || strcmp(parts->kind, "text") == 0)
        parts->locale = hyphens(cut_ending(rest));
    struct diag *diag = NULL;
    if (!*parts->kind)
        diag = templates_file_fault(set, path, DIAG_ERROR, diags,
                                    "a template's file ends in .html.liquid or .text.liquid");
    else if (*parts->locale && !locale_format_is_tag(parts->locale, strlen(parts->locale)))
        diag =
            templates_file_fault(set, path, DIAG_ERROR, diags,
                                 "`%s` is no language tag, and names have no dots", parts->locale);
    else if (!is_name(rest))
        diag = templates_file_fault(set, path, DIAG_ERROR, diags,
                                    "a template's name has letters, digits, `-`, `_` and `/`");
    if (diag && !*parts->kind)
        diag_hint(diag, "a snippet belongs into snippets/");
    return !diag;
}

static bool begins(const char *path, const char *folder)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* --- the kinds of files --- */

static void load_snippet(struct templates *set, const char *path, struct diags *diags)
{
    const char *name = stem(set, path, strlen("snippets/"));
    struct templates_file *file = templates_file_read(set, path, false, diags);
    if (!file || !(file->liquid = templates_file_compile(set, file, true, diags)))
        return;
    struct templates_snippet *snippet = arena_zero(set->arena, sizeof *snippet);
    snippet->file = file;
    snippet->styled = file->liquid;
    snippet->text = templates_file_compile(set, file, false, diags);
    map_put(set->snippets, name, strlen(name), snippet);
}

static void load_layout(struct templates *set, const char *path, struct diags *diags)
{
    char *name = stem(set, path, strlen("layouts/"));
    const char *kind = cut_ending(name);
    bool html = strcmp(kind, "html") == 0;
    if (!html && strcmp(kind, "text") != 0) {
        templates_file_fault(set, path, DIAG_ERROR, diags,
                             "a layout's file ends in .html.liquid or .text.liquid");
        return;
    }
    struct templates_layout *layout = map_get(set->layouts, name, strlen(name));
    if (!layout) {
        layout = arena_zero(set->arena, sizeof *layout);
        map_put(set->layouts, name, strlen(name), layout);
    }
    struct templates_file *file = templates_file_read(set, path, false, diags);
    if (!file)
        return;
    file->liquid = templates_file_compile(set, file, html, diags);
    if (html)
        layout->html = file;
    else
        layout->text = file;
}

static void load_body(struct templates *set, const char *path, struct diags *diags)
{
    struct templates_file *file = templates_file_read(set, path, false, diags);
    if (!file)
        return;
    file->liquid = templates_file_compile(set, file, false, diags);
    map_put(set->bodies, path, strlen(path), file);
}

static struct templates_pair *find_pair(struct templates *set, const char *name, const char *locale)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->pairs[i].variant.name, name) == 0 &&
            strcasecmp(set->pairs[i].variant.locale, locale) == 0)
            return &set->pairs[i];
    return NULL;
}

/* `set->pairs` has room for one more. */
static void load_part(struct templates *set, const char *path, const struct parts *parts,
                      struct diags *diags)
{
    bool html = strcmp(parts->kind, "html") == 0;
    struct templates_file *file = templates_file_read(set, path, true, diags);
    if (!file)
        return;
    file->liquid = templates_file_compile(set, file, html, diags);
    struct templates_pair *pair = find_pair(set, parts->name, parts->locale);
    if (!pair) {
        pair = &set->pairs[set->count++];
        pair->variant.name = parts->name;
        pair->variant.locale = parts->locale;
    }
    if (html)
        pair->html = file;
    else
        pair->text = file;
}

static void load_file(struct templates *set, const char *path, struct diags *diags)
{
    struct parts parts;
    if (begins(path, "snippets/"))
        load_snippet(set, path, diags);
    else if (begins(path, "layouts/"))
        load_layout(set, path, diags);
    else if (begins(path, "locales/"))
        templates_file_fault(set, path, DIAG_ERROR, diags, "locales/ holds YAML files only");
    else if (!take_apart(set, path, &parts, diags))
        return;
    else if (strcmp(parts.kind, "html") == 0 || strcmp(parts.kind, "text") == 0)
        load_part(set, path, &parts, diags);
    else
        load_body(set, path, diags);
}

/* --- the set --- */

static int compare_pairs(const void *a, const void *b)
{
    const struct templates_variant *x = &((const struct templates_pair *)a)->variant;
    const struct templates_variant *y = &((const struct templates_pair *)b)->variant;
    int names = strcmp(x->name, y->name);
    return names ? names : strcmp(x->locale, y->locale);
}

/* Whose locale is the first `length` bytes of `tag`. */
static struct templates_pair *pair_of(const struct templates *set, struct templates_pair *first,
                                      const char *tag, size_t length)
{
    for (struct templates_pair *pair = first;
         pair < set->pairs + set->count && strcmp(pair->variant.name, first->variant.name) == 0;
         pair++)
        if (strlen(pair->variant.locale) == length &&
            strncasecmp(pair->variant.locale, tag, length) == 0)
            return pair;
    return NULL;
}

/* By the tag itself, then without its last subtag, and so on: "pt-BR", "pt". */
static struct templates_pair *pair_for(const struct templates *set, struct templates_pair *first,
                                       const char *tag)
{
    size_t length = strlen(tag);
    while (length > 0) {
        struct templates_pair *pair = pair_of(set, first, tag, length);
        if (pair)
            return pair;
        while (length > 0 && tag[--length] != '-')
            ;
    }
    return NULL;
}

static void join_pairs(struct templates *set, struct diags *diags)
{
    struct templates_pair *first = NULL;
    qsort(set->pairs, set->count, sizeof *set->pairs, compare_pairs);
    for (size_t i = 0; i < set->count; i++) {
        struct templates_pair *pair = &set->pairs[i];
        const char *name = pair->variant.name;
        if (!first || strcmp(first->variant.name, name) != 0) {
            first = pair;
            map_put(set->names, name, strlen(name), pair);
            if (*pair->variant.locale && !pair_for(set, pair, set->default_locale)) {
                const struct templates_file *file = pair->html ? pair->html : pair->text;
                templates_file_fault(set, file->path, DIAG_ERROR, diags,
                                     "`%s` has no files for the default language, `%s`", name,
                                     set->default_locale);
            }
        }
        const struct templates_pair *base = pair_of(set, first, "", 0);
        if (!base)
            base = pair_for(set, first, set->default_locale);
        templates_pair_join(set, pair, base == pair ? NULL : base, diags);
    }
}

static void load_all(struct templates *set, struct diags *diags)
{
    struct diag diag = {0};
    size_t errors = diags->errors;
    const char *const *paths;
    size_t count;
    set->translate = translate_load(set->arena, set->folder, set->default_locale, diags);
    if (!file_list(set->arena, set->folder, suffix, true, &paths, &count, &diag)) {
        diags_add(diags, &diag);
        return;
    }
    if (count > TEMPLATES_COUNT_MOST) {
        templates_file_fault(set, "", DIAG_ERROR, diags, "more than %d files",
                             TEMPLATES_COUNT_MOST);
        return;
    }
    set->pairs = arena_zero(set->arena, (count + 1) * sizeof *set->pairs);
    for (size_t i = 0; i < count; i++)
        load_file(set, paths[i], diags);
    join_pairs(set, diags);
    if (!set->keep_css && diags->errors == errors)
        templates_style(set);
}

struct templates *templates_load(const struct templates_settings *settings, struct diags *diags)
{
    struct arena *arena = arena_new(256 * 1024);
    struct templates *set = mem_zero(1, sizeof *set);
    size_t errors = diags->errors;
    *set =
        (struct templates){.arena = arena,
                           .folder = arena_text(arena, settings->folder),
                           .default_locale = arena_text(
                               arena, settings->default_locale ? settings->default_locale : "en"),
                           .keep_css = settings->keep_css,
                           .names = map_new(),
                           .layouts = map_new(),
                           .snippets = map_new(),
                           .bodies = map_new(),
                           .attached = map_new()};
    load_all(set, diags);
    if (diags->errors > errors)
        templates_destroy(&set);
    return set;
}

void templates_destroy(struct templates **templates)
{
    struct templates *set = *templates;
    if (!set)
        return;
    map_destroy(&set->names);
    map_destroy(&set->layouts);
    map_destroy(&set->snippets);
    map_destroy(&set->bodies);
    map_destroy(&set->attached);
    arena_destroy(&set->arena);
    free(set);
    *templates = NULL;
}

/* --- use --- */

bool templates_has(const struct templates *templates, const char *name, const char *channel)
{
    const struct templates_pair *first = map_get(templates->names, name, strlen(name));
    const struct templates_pair *end = templates->pairs + templates->count;
    if (!first || strcmp(channel, "email") != 0)
        return first;
    for (const struct templates_pair *pair = first;
         pair < end && strcmp(pair->variant.name, name) == 0; pair++)
        if (!pair->variant.subject)
            return false;
    return true;
}

const struct liquid_template *templates_body(const struct templates *templates, const char *file)
{
    const struct templates_file *body = map_get(templates->bodies, file, strlen(file));
    return body ? body->liquid : NULL;
}

static bool same_language(const char *a, const char *b)
{
    size_t length = strcspn(a, "-");
    return length == strcspn(b, "-") && strncasecmp(a, b, length) == 0;
}

const struct templates_variant *templates_choose(const struct templates *templates,
                                                 const char *name, const char *wanted,
                                                 const char **locale)
{
    struct templates_pair *first = map_get(templates->names, name, strlen(name));
    if (!first)
        return NULL;
    *locale = wanted ? wanted : templates->default_locale;
    struct templates_pair *pair = pair_for(templates, first, *locale);
    if (pair)
        return &pair->variant;
    /* Files without a locale speak the languages that there are translations for. */
    pair = pair_of(templates, first, "", 0);
    if (pair && (translate_supports(templates->translate, *locale) ||
                 same_language(*locale, templates->default_locale)))
        return &pair->variant;
    *locale = templates->default_locale;
    struct templates_pair *standard = pair_for(templates, first, *locale);
    return standard ? &standard->variant : &pair->variant;
}

size_t templates_count(const struct templates *templates)
{
    return templates->count;
}

const struct templates_variant *templates_variant(const struct templates *templates, size_t index)
{
    return &templates->pairs[index].variant;
}

const struct translate *templates_translate(const struct templates *templates)
{
    return templates->translate;
}

const char *templates_default_locale(const struct templates *templates)
{
    return templates->default_locale;
}

const struct liquid_template *templates_snippet(const struct templates *templates, const char *name,
                                                size_t length, bool html)
{
    const struct templates_snippet *snippet = map_get(templates->snippets, name, length);
    if (!snippet)
        return NULL;
    return html ? snippet->styled : snippet->text;
}
