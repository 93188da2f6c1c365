#include "templates/templates_style.h"

#include <string.h>

#include "templates/inline_css.h"
#include "templates/templates_file.h"

/* The file compiled with the rules in its markup; as it was where they change nothing. */
static const struct liquid_template *styled(struct templates *set,
                                            const struct templates_file *file,
                                            const struct css_rules *rules,
                                            const struct inline_css_place *place)
{
    size_t length;
    const char *made =
        inline_css_apply(set->arena, rules, place, file->body, file->body_length, &length);
    const struct liquid_template *liquid = NULL;
    if (made != file->body)
        liquid = templates_file_compile_styled(set, file, made, length);
    return liquid ? liquid : file->liquid;
}

static void collect(struct css_rules *rules, const struct templates_file *file)
{
    inline_css_collect(rules, file->body, file->body_length);
}

static void style_layouts(struct templates *set)
{
    size_t cursor = 0, length;
    const char *name;
    void *value;
    while (map_next(set->layouts, &cursor, &name, &length, &value)) {
        struct templates_layout *layout = value;
        struct css_rules *rules = css_rules_new(set->arena);
        if (!layout->html)
            continue;
        collect(rules, layout->html);
        layout->styled = styled(set, layout->html, rules, NULL);
    }
}

/* The layout whose sheet snippets are styled by, or NULL. */
static const struct templates_layout *snippets_layout(const struct templates *set)
{
    size_t cursor = 0, length;
    const char *name;
    void *value = NULL;
    if (map_count(set->layouts) == 1)
        map_next(set->layouts, &cursor, &name, &length, &value);
    else
        value = map_get(set->layouts, "default", strlen("default"));
    return value;
}

static void style_snippets(struct templates *set)
{
    size_t cursor = 0, length;
    const char *name;
    void *value;
    const struct templates_layout *layout = snippets_layout(set);
    struct css_rules *rules = css_rules_new(set->arena);
    if (layout && layout->html)
        collect(rules, layout->html);
    while (map_next(set->snippets, &cursor, &name, &length, &value)) {
        struct templates_snippet *snippet = value;
        snippet->styled = styled(set, snippet->file, rules, NULL);
    }
}

static void style_pair(struct templates *set, struct templates_pair *pair)
{
    const struct templates_file *layout = pair->layout ? pair->layout->html : NULL;
    struct css_rules *rules = css_rules_new(set->arena);
    struct inline_css_place place = {.depth = 0};
    if (!pair->html)
        return;
    if (layout) {
        collect(rules, layout);
        inline_css_find_content(layout->body, layout->body_length, &place);
        pair->variant.html_layout = pair->layout->styled;
    }
    collect(rules, pair->html);
    pair->variant.html = styled(set, pair->html, rules, &place);
}

void templates_style(struct templates *set)
{
    style_layouts(set);
    style_snippets(set);
    for (size_t i = 0; i < set->count; i++)
        style_pair(set, &set->pairs[i]);
}
