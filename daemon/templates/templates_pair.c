#include "templates/templates_pair.h"

#include <stddef.h>
#include <string.h>

#include "mail/header.h"
#include "templates/templates_attach.h"
#include "templates/templates_file.h"

enum { FILES_MOST = 4, HEADERS_MOST = 50 };

/* The files whose front matter counts, the nearest first. */
struct sources {
    const struct templates_file *files[FILES_MOST + 1]; /* ended by NULL */
};

static struct sources sources_of(const struct templates_pair *pair,
                                 const struct templates_pair *base)
{
    const struct templates_file *const all[FILES_MOST] = {
        pair->html, pair->text, base ? base->html : NULL, base ? base->text : NULL};
    struct sources sources = {0};
    for (size_t i = 0, to = 0; i < FILES_MOST; i++)
        if (all[i])
            sources.files[to++] = all[i];
    return sources;
}

/* The first file that has the key at `offset` within struct front_matter. */
static const struct value *find_key(const struct sources *sources, size_t offset,
                                    const struct templates_file **file)
{
    for (const struct templates_file *const *at = sources->files; *at; at++) {
        const struct value *value = (const void *)((const char *)&(*at)->front + offset);
        *file = *at;
        if (value->kind != VALUE_NULL)
            return value;
    }
    return NULL;
}

static const struct liquid_template *compile_key(struct templates *set,
                                                 const struct sources *sources, size_t offset,
                                                 struct diags *diags)
{
    const struct templates_file *file;
    const struct value *text = find_key(sources, offset, &file);
    return text ? templates_file_compile_value(set, file, text, diags) : NULL;
}

static void join_headers(struct templates *set, const struct sources *sources,
                         struct templates_variant *variant, struct diags *diags)
{
    const struct templates_file *file;
    const struct value *map = find_key(sources, offsetof(struct front_matter, headers), &file);
    if (!map)
        return;
    if (map->map->count > HEADERS_MOST) {
        settings_fault(diags, &file->source, map, DIAG_ERROR, "more than %d headers", HEADERS_MOST);
        return;
    }
    struct templates_variant_header *headers =
        arena_zero(set->arena, map->map->count * sizeof *headers);
    for (uint32_t i = 0; i < map->map->count; i++) {
        const struct value_member *member = &map->map->members[i];
        struct diag diag = {0};
        headers[i].name = arena_copy(set->arena, member->key.string, member->key.length);
        if (!header_name_allowed(headers[i].name, &diag))
            settings_fault(diags, &file->source, &member->key, DIAG_ERROR, "%s", diag.text);
        headers[i].value = templates_file_compile_value(set, file, &member->value, diags);
    }
    variant->headers = headers;
    variant->header_count = map->map->count;
}

static void join_files(struct templates *set, const struct sources *sources,
                       struct templates_variant *variant, struct diags *diags)
{
    const struct templates_file *file;
    const struct value *list = find_key(sources, offsetof(struct front_matter, attachments), &file);
    if (list)
        templates_attach(set, file, list, &variant->files, &variant->file_count, diags);
}

static void unknown_layout(struct templates *set, const struct templates_file *file,
                           const char *name, struct diags *diags)
{
    enum { NAMES_MOST = 200 };
    const char *names[NAMES_MOST + 1];
    size_t count = 0, cursor = 0, length;
    const char *key;
    void *value;
    while (count < NAMES_MOST && map_next(set->layouts, &cursor, &key, &length, &value))
        names[count++] = arena_copy(set->arena, key, length);
    names[count] = NULL;
    struct diag *diag = settings_fault(diags, &file->source, file->front.layout_at, DIAG_ERROR,
                                       "there is no layout `%s` in layouts/", name);
    diag_suggest(diag, name, names);
}

static void join_layout(struct templates *set, const struct sources *sources,
                        struct templates_pair *pair, struct diags *diags)
{
    struct templates_variant *variant = &pair->variant;
    const char *name = NULL;
    const struct templates_file *file = NULL;
    for (const struct templates_file *const *at = sources->files; *at && !name; at++) {
        file = *at;
        name = file->front.layout;
    }
    if (name && strcmp(name, "none") == 0)
        return;
    const char *wanted = name ? name : "default";
    const struct templates_layout *layout = map_get(set->layouts, wanted, strlen(wanted));
    if (!layout && name)
        unknown_layout(set, file, name, diags);
    pair->layout = layout;
    if (!layout)
        return;
    if (layout->html)
        variant->html_layout = layout->html->liquid;
    if (layout->text)
        variant->text_layout = layout->text->liquid;
}

static void note_preheader(void *context, const char *path, uint32_t line, uint32_t column)
{
    (void)line;
    (void)column;
    if (strcmp(path, "preheader") == 0)
        *(bool *)context = true;
}

void templates_pair_join(struct templates *set, struct templates_pair *pair,
                         const struct templates_pair *base, struct diags *diags)
{
    const struct sources sources = sources_of(pair, base);
    struct templates_variant *variant = &pair->variant;
    variant->html_file = pair->html ? pair->html->path : NULL;
    variant->text_file = pair->text ? pair->text->path : NULL;
    variant->html = pair->html ? pair->html->liquid : NULL;
    variant->text = pair->text ? pair->text->liquid : NULL;
    join_layout(set, &sources, pair, diags);
#define COMPILE(KEY) compile_key(set, &sources, offsetof(struct front_matter, KEY), diags)
    variant->subject = COMPILE(subject);
    variant->preheader = COMPILE(preheader);
    variant->from = COMPILE(from);
    variant->reply_to = COMPILE(reply_to);
#undef COMPILE
    join_headers(set, &sources, variant, diags);
    join_files(set, &sources, variant, diags);
    if (variant->html && !find_key(&sources, offsetof(struct front_matter, subject),
                                   &(const struct templates_file *){NULL}))
        diag_hint(
            templates_file_fault(set, pair->html->path, diags, "the front matter has no `subject`"),
            "a file begins with a line `---`, `subject: …`, and another `---`");
    if (variant->html)
        liquid_variables(variant->html, note_preheader, &variant->html_shows_preheader);
    if (variant->html_layout)
        liquid_variables(variant->html_layout, note_preheader, &variant->html_shows_preheader);
}
