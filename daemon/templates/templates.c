/*
 * From a folder to a set that messages are made from:
 *
 *   load_file     each file by its place and name (templates_path): a snippet, a layout, a
 *                 gateway's body, or a part of a template; read and compiled by templates_file
 *   join_pairs    the parts of one template in one language are a pair: templates_pair gives it
 *                 its front matter and its layout
 *   templates_style   CSS goes into the markup, and what changed is compiled again
 *
 * and then templates_choose, which each message asks. What a set holds is in templates_set.h.
 * templates_single makes one of a file wherever it lies, by the same steps; its snippets are read
 * when they are asked for.
 */
#include "templates/templates.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "templates/templates_file.h"
#include "templates/templates_pair.h"
#include "templates/templates_path.h"
#include "templates/templates_set.h"
#include "templates/templates_style.h"

/* ---- The kinds of files ---- */

static bool begins(const char *path, const char *folder)
{
    return strncmp(path, folder, strlen(folder)) == 0;
}

static bool ends(const char *path, const char *ending)
{
    size_t length = strlen(path), end = strlen(ending);
    return length > end && strcmp(path + length - end, ending) == 0;
}

static void load_layout(struct templates *set, const char *path, struct diags *diags)
{
    char *name = templates_path_stem(set->arena, path, "layouts/");
    const char *kind = templates_path_cut(name);
    bool html = strcmp(kind, "html") == 0;
    if (!html && strcmp(kind, "text") != 0) {
        templates_file_fault(set, path, diags,
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

static void keep_body(struct templates *set, struct templates_file *file, struct diags *diags)
{
    if (!file)
        return;
    struct templates_body *body = arena_zero(set->arena, sizeof *body);
    body->liquid = templates_file_compile(set, file, false, diags);
    map_put(set->bodies, file->path, strlen(file->path), body);
}

/* Where the folder has a file of that name, that one counts. */
static void load_built_in(struct templates *set, const struct built_in *file, struct diags *diags)
{
    const struct settings_source source = {.file =
                                               arena_printf(set->arena, "gateways/%s", file->name),
                                           .text = file->text,
                                           .length = strlen(file->text)};
    if (!map_get(set->bodies, file->name, strlen(file->name)))
        keep_body(set, templates_file_take(set, file->name, &source, false, diags), diags);
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
static void load_part(struct templates *set, const char *path, const struct templates_path *parts,
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

/* What is wrong with a file's name. */
static void refuse(struct templates *set, const char *path, const struct diag *why,
                   struct diags *diags)
{
    struct diag *diag = templates_file_fault(set, path, diags, "%s", why->text);
    diag_hint(diag, "%s", why->hint);
}

static void load_file(struct templates *set, const char *path, struct diags *diags)
{
    struct templates_path parts;
    struct diag diag = {0};
    if (begins(path, "snippets/"))
        templates_file_snippet(set, path, templates_path_stem(set->arena, path, "snippets/"),
                               diags);
    else if (begins(path, "layouts/"))
        load_layout(set, path, diags);
    else if (begins(path, "locales/"))
        templates_file_fault(set, path, diags, "locales/ holds YAML files only");
    else if (!templates_path_read(set->arena, path, &parts, &diag))
        refuse(set, path, &diag, diags);
    else if (strcmp(parts.kind, "html") == 0 || strcmp(parts.kind, "text") == 0)
        load_part(set, path, &parts, diags);
    else
        keep_body(set, templates_file_read(set, path, false, diags), diags);
}

/* ---- The set ---- */

static int compare_pairs(const void *a, const void *b)
{
    const struct templates_variant *x = &((const struct templates_pair *)a)->variant;
    const struct templates_variant *y = &((const struct templates_pair *)b)->variant;
    int names = strcmp(x->name, y->name);
    return names ? names : strcmp(x->locale, y->locale);
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
            if (*pair->variant.locale && !templates_set_nearest(set, pair, set->default_locale)) {
                const struct templates_file *file = pair->html ? pair->html : pair->text;
                templates_file_fault(set, file->path, diags,
                                     "`%s` has no files for the default language, `%s`", name,
                                     set->default_locale);
            }
        }
        /* What a language's own front matter leaves out, the files without a locale say. */
        const struct templates_pair *base = templates_set_pair(set, first, "", 0);
        if (!base)
            base = templates_set_nearest(set, first, set->default_locale);
        templates_pair_join(set, pair, base == pair ? NULL : base, diags);
    }
}

struct reads {
    struct templates_body *body;
    bool parts; /* of a file some members by their names */
};

static void note_read(void *context, const char *file, const char *path, uint32_t line,
                      uint32_t column)
{
    static const char files[] = "message.attachments";
    struct reads *reads = context;
    struct templates_body *body = reads->body;
    const char *part = strncmp(path, files, strlen(files)) == 0 ? path + strlen(files) : NULL;
    bool all = strcmp(path, "message") == 0;
    (void)file, (void)line, (void)column;
    body->reads_mime |= strcmp(path, "message.mime") == 0;
    body->reads_files |= all || part;
    body->reads_inline |= all || (part && strcmp(part, "[].cid") == 0);
    reads->parts |= part && strncmp(part, "[].", 3) == 0;
}

/* What is heavy is made only for a body that names it. */
static void note_reads(struct templates *set)
{
    const char *file;
    void *body;
    for (size_t cursor = 0; map_next(set->bodies, &cursor, &file, NULL, &body);) {
        struct reads reads = {.body = body};
        templates_body_variables(set, file, note_read, &reads);
        reads.body->reads_inline |= reads.body->reads_files && !reads.parts;
    }
}

static void load_all(struct templates *set, struct diags *diags)
{
    struct diag diag = {0};
    size_t errors = diags->errors;
    const char *const *paths;
    size_t count;
    set->translate = translate_load(set->arena, set->folder, set->default_locale, diags);
    if (!file_list(set->arena, set->folder, TEMPLATES_PATH_SUFFIX, true, &paths, &count, &diag)) {
        diags_add(diags, &diag);
        return;
    }
    if (count > TEMPLATES_COUNT_MOST) {
        templates_file_fault(set, "", diags, "more than %d files", TEMPLATES_COUNT_MOST);
        return;
    }
    set->pairs = arena_zero(set->arena, (count + 1) * sizeof *set->pairs);
    for (size_t i = 0; i < count; i++)
        load_file(set, paths[i], diags);
    for (const struct built_in *file = set->built_in; file && file->name; file++)
        if (ends(file->name, TEMPLATES_PATH_SUFFIX))
            load_built_in(set, file, diags);
    join_pairs(set, diags);
    note_reads(set);
    if (!set->keep_css && diags->errors == errors)
        templates_style(set);
}

static struct templates *new_set(const struct templates_settings *settings)
{
    struct arena *arena = arena_new(256 * 1024);
    struct templates *set = mem_zero(1, sizeof *set);
    *set =
        (struct templates){.arena = arena,
                           .folder = arena_text(arena, settings->folder),
                           .default_locale = arena_text(
                               arena, settings->default_locale ? settings->default_locale : "en"),
                           .keep_css = settings->keep_css,
                           .built_in = settings->built_in,
                           .names = map_new(),
                           .layouts = map_new(),
                           .snippets = map_new(),
                           .bodies = map_new(),
                           .attached = map_new()};
    return set;
}

struct templates *templates_load(const struct templates_settings *settings, struct diags *diags)
{
    struct templates *set = new_set(settings);
    size_t errors = diags->errors;
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

/* ---- A file by itself ---- */

static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_copy(arena, path, (size_t)(slash - path)) : ".";
}

struct templates *templates_single(const struct templates_settings *settings,
                                   const struct settings_source *source,
                                   struct templates_single *single, struct diags *diags)
{
    struct templates *set = new_set(settings);
    struct diags unread = {0};
    single->html = ends(source->file, ".html" TEMPLATES_PATH_SUFFIX);
    single->part = single->html || ends(source->file, ".text" TEMPLATES_PATH_SUFFIX);
    single->liquid = NULL;
    set->translate = translate_load(set->arena, set->folder, set->default_locale, &unread);
    diags_free(&unread);
    set->folder = folder_of(set->arena, source->file);
    set->late = diags;
    struct templates_file *file =
        templates_file_take(set, source->file, source, single->part, diags);
    if (file)
        single->liquid = templates_file_compile(set, file, single->html, diags);
    if (!single->liquid)
        templates_destroy(&set);
    return set;
}

/* ---- Use ---- */

bool templates_has(const struct templates *templates, const char *name, bool mail)
{
    const struct templates_pair *first = templates_set_first(templates, name);
    const struct templates_pair *end = templates->pairs + templates->count;
    if (!first || !mail)
        return first;
    for (const struct templates_pair *pair = first;
         pair < end && strcmp(pair->variant.name, name) == 0; pair++)
        if (!pair->variant.subject)
            return false;
    return true;
}

const struct templates_body *templates_body(const struct templates *templates, const char *file)
{
    return map_get(templates->bodies, file, strlen(file));
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
    struct templates_pair *first = templates_set_first(templates, name);
    if (!first)
        return NULL;
    *locale = wanted ? wanted : templates->default_locale;
    struct templates_pair *pair = templates_set_nearest(templates, first, *locale);
    if (pair)
        return &pair->variant;
    /* Files without a locale speak the languages that there are translations for. */
    pair = templates_set_pair(templates, first, "", 0);
    if (pair && (translate_supports(templates->translate, *locale) ||
                 same_language(*locale, templates->default_locale)))
        return &pair->variant;
    *locale = templates->default_locale;
    struct templates_pair *standard = templates_set_nearest(templates, first, *locale);
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
