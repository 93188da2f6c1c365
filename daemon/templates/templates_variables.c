#include <string.h>

#include "templates/templates.h"
#include "templates/templates_set.h"

enum { SNIPPETS_MOST = 200 };

/* A walk over what one variant renders; each snippet is entered once. */
struct search {
    const struct templates *set;
    templates_on_variable *on_variable;
    void *context;
    const char *file;
    bool within; /* a snippet: it sees its arguments and what all share */
    const struct templates_snippet *seen[SNIPPETS_MOST];
    size_t seen_count;
};

/* A name that every snippet sees; others are its arguments, which its caller gives. */
static bool is_shared(const char *path)
{
    static const char *const names[] = {
        "shop",       "customer", "now", "locale", "message", "unsubscribe_url", "preferences_url",
        "confirm_url"};
    size_t length = strcspn(path, ".[");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], path, length) == 0)
            return true;
    return false;
}

static void search_in(struct search *search, const char *file,
                      const struct liquid_template *template, bool within);

static void enter_snippet(struct search *search, const char *name)
{
    const struct templates_snippet *snippet =
        templates_set_snippet(search->set, name, strlen(name));
    if (!snippet || search->seen_count == SNIPPETS_MOST)
        return;
    for (size_t i = 0; i < search->seen_count; i++)
        if (search->seen[i] == snippet)
            return;
    search->seen[search->seen_count++] = snippet;
    search_in(search, snippet->file->path, snippet->file->liquid, true);
}

static void found(void *context, const char *path, uint32_t line, uint32_t column)
{
    struct search *search = context;
    if (strncmp(path, "render:", 7) == 0)
        enter_snippet(search, path + 7);
    else if (!search->within || is_shared(path))
        search->on_variable(search->context, search->file, path, line, column);
}

static void search_in(struct search *search, const char *file,
                      const struct liquid_template *template, bool within)
{
    const char *outer = search->file;
    bool outer_within = search->within;
    if (!template)
        return;
    search->file = file;
    search->within = within;
    liquid_variables(template, found, search);
    search->file = outer;
    search->within = outer_within;
}

void templates_variables(const struct templates *templates, const struct templates_variant *variant,
                         templates_on_variable *on_variable, void *context)
{
    struct search search = {.set = templates, .on_variable = on_variable, .context = context};
    const struct templates_pair *pair = (const struct templates_pair *)variant;
    const char *front = variant->html_file ? variant->html_file : variant->text_file;
    const struct liquid_template *const lines[] = {variant->subject, variant->preheader,
                                                   variant->from, variant->reply_to};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        search_in(&search, front, lines[i], false);
    for (size_t i = 0; i < variant->header_count; i++)
        search_in(&search, front, variant->headers[i].value, false);
    const struct templates_layout none = {0}, *layout = pair->layout ? pair->layout : &none;
    const struct templates_file *const files[] = {
        pair->html, pair->text, pair->html ? layout->html : NULL, pair->text ? layout->text : NULL};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (files[i])
            search_in(&search, files[i]->path, files[i]->liquid, false);
}

void templates_body_variables(const struct templates *templates, const char *file,
                              templates_on_variable *on_variable, void *context)
{
    struct search search = {.set = templates, .on_variable = on_variable, .context = context};
    const struct templates_body *body = map_get(templates->bodies, file, strlen(file));
    if (body)
        search_in(&search, file, body->liquid, false);
}
