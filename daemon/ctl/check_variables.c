/*
 * look() is called for each variable that a template reads, with its path (order.items[].title).
 * find_miss walks that path through the names that are known, judge says whether what is missing
 * is a mistake, and set_place finds it in the file again, so that the caret stands under the
 * very part.
 */
#include "ctl/check_variables.h"

#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "cel/cel_doubts.h"
#include "ctl/known_names.h"
#include "delivery/prepare.h"

enum { NAMES_MOST = 500 };

struct checking {
    const struct config *config;
    struct diags *diags;
    struct arena *arena;
    struct known_names all;                  /* at any event */
    struct known_names some;                 /* at the events of `variant` */
    struct known_names body;                 /* what the body of a request sees */
    const struct templates_variant *variant; /* the one that is looked at; NULL: a body */
    const char *path, *text;                 /* the file that was read last, for excerpts */
    size_t length;
};

/* The part of a path that is not there, and the map that lacks it. */
struct miss {
    struct value within;
    const char *part;
    size_t length;
};

static bool find_miss(struct arena *arena, const struct value *names, const char *path,
                      struct miss *miss)
{
    struct value within = *names;
    while (value_is(&within, VALUE_MAP)) {
        size_t length = strcspn(path, ".[");
        *miss = (struct miss){.within = within, .part = path, .length = length};
        const struct value *found = value_find(&within, path, length);
        if (!found)
            return true;
        within = *found;
        for (path += length; *path == '['; path += 2) /* "[]": an item of the list */
            within = known_names_item(arena, &within);
        if (!*path)
            return false;
        path++;
    }
    return false;
}

/* The only one of the maps beside it that has such a member: `message` for "to". */
static const char *only_owner(struct checking *checking, const struct miss *miss)
{
    const char *owner = NULL;
    for (uint32_t i = 0; i < value_count(&miss->within); i++) {
        const struct value_member *member = &miss->within.map->members[i];
        if (!value_is(&member->value, VALUE_MAP) ||
            !value_find(&member->value, miss->part, miss->length))
            continue;
        if (owner)
            return NULL;
        owner = value_to_text(checking->arena, &member->key);
    }
    return owner;
}

/* "did you mean …?"; false where no name is near. */
static bool suggest(struct checking *checking, const struct miss *miss, struct diag *diag)
{
    const char *owner = only_owner(checking, miss);
    if (owner) {
        diag_hint(diag, "did you mean `%s.%.*s`?", owner, (int)miss->length, miss->part);
        return true;
    }
    const char *names[NAMES_MOST + 1];
    size_t count = 0;
    const char *word = arena_copy(checking->arena, miss->part, miss->length);
    for (uint32_t i = 0; i < value_count(&miss->within) && count < NAMES_MOST; i++)
        names[count++] = value_to_text(checking->arena, &miss->within.map->members[i].key);
    names[count] = NULL;
    const struct value name = value_string(miss->part, miss->length);
    const char *meant = cel_doubts_meant(&name);
    if (meant && strcmp(meant, "customer") == 0)
        diag_hint(diag, "did you mean `customer`?");
    else
        diag_suggest(diag, word, names);
    return diag->hint[0] != '\0';
}

static void read_text(struct checking *checking, const char *file)
{
    struct diag ignored;
    const char *path =
        arena_printf(checking->arena, "%s/%s", checking->config->keys.templates, file);
    if (checking->path && strcmp(checking->path, path) == 0)
        return;
    checking->path = path;
    if (!file_read(checking->arena, path, TEMPLATES_FILE_MOST, &checking->text, &checking->length,
                   &ignored))
        checking->text = NULL;
}

/* The column at which the path stands as it is in that line, at the given one or behind it;
 * 0 where it does not: order["total"]. */
static uint32_t column_of(const struct checking *checking, const char *path, uint32_t line,
                          uint32_t column)
{
    size_t length, at = 0;
    const char *text =
        checking->text ? diag_source_line(checking->text, checking->length, line, &length) : NULL;
    if (!text)
        return 0;
    for (uint32_t i = 1; i < column && at < length; i++)
        at += utf8_width(text + at, length - at);
    const char *found = memmem(text + at, length - at, path, strlen(path));
    return found ? (uint32_t)utf8_count(text, (size_t)(found - text)) + 1 : 0;
}

/* The caret under the part of the path that is missing. */
static void set_place(struct checking *checking, struct diag *diag, const char *file,
                      const char *path, const struct miss *miss, uint32_t line, uint32_t column)
{
    read_text(checking, file);
    diag_file(diag, checking->path);
    const char *from = path; /* of an item's path the template has what stands behind "[]" */
    for (const char *item = path; (item = strstr(item, "[]")) && item < miss->part; item += 2)
        from = item + 2;
    const char *shown =
        arena_copy(checking->arena, from, (size_t)(miss->part - from) + miss->length);
    uint32_t found = column_of(checking, shown, line, column);
    uint32_t before = (uint32_t)utf8_count(from, (size_t)(miss->part - from));
    if (found)
        diag_place(diag, line, found + before, (uint32_t)utf8_count(miss->part, miss->length));
    else
        diag_place(diag, line, column, 1);
    diag_excerpt(diag, checking->text, checking->length);
}

/* A loop's variable stands there, and the list itself is missing: that is told of the loop. */
static bool is_of_loop(struct checking *checking, const char *file, const char *path,
                       const struct miss *miss, uint32_t line, uint32_t column)
{
    if (!strstr(miss->part + miss->length, "[]"))
        return false;
    read_text(checking, file);
    const char *root = arena_copy(checking->arena, path, strcspn(path, ".["));
    return column_of(checking, root, line, column) != column;
}

static bool is_told(const struct diags *diags, const struct diag *diag)
{
    for (size_t i = 0; i < diags->count; i++)
        if (diags->items[i].line == diag->line && diags->items[i].column == diag->column &&
            strcmp(diags->items[i].file, diag->file) == 0)
            return true;
    return false;
}

static bool begins(const char *path, const char *name)
{
    size_t length = strlen(name);
    return strncmp(path, name, length) == 0 && (path[length] == '.' || !path[length]);
}

/* Whether the miss is worth a warning; its text. */
static bool judge(struct checking *checking, const struct known_names *known, const char *path,
                  const struct miss *miss, struct diag *diag)
{
    bool profile = begins(path, "customer") || begins(path, "shop");
    bool fixed = begins(path, "message") || (begins(path, "event") && !begins(path, "event.data"));
    if (known->open && !profile && !fixed)
        return false;
    if (profile || fixed)
        diag_error(diag, "there is no `%s`", path);
    else if (known != &checking->some)
        diag_error(diag, "no known event carries `%s`", path);
    else
        diag_error(diag, "no event at which `%s` is sent carries `%s`", checking->variant->name,
                   path);
    diag->level = DIAG_WARNING;
    diag_code(diag, "unknown-variable");
    return suggest(checking, miss, diag) || !profile;
}

static void look(void *context, const char *file, const char *path, uint32_t line, uint32_t column)
{
    struct checking *checking = context;
    bool layout = strncmp(file, "layouts/", strlen("layouts/")) == 0;
    const struct known_names *known = !checking->variant ? &checking->body
                                      : layout           ? &checking->all
                                                         : &checking->some;
    struct miss miss;
    struct diag diag;
    if (!find_miss(checking->arena, &known->names, path, &miss) ||
        is_of_loop(checking, file, path, &miss, line, column) ||
        !judge(checking, known, path, &miss, &diag))
        return;
    set_place(checking, &diag, file, path, &miss, line, column);
    if (!is_told(checking->diags, &diag))
        diags_add(checking->diags, &diag);
}

/* The bodies of gateways' requests. */
static void check_bodies(struct checking *checking, const struct generation *generation)
{
    const struct config *config = checking->config;
    checking->variant = NULL;
    known_names_body(checking->arena, generation->rules, &checking->all, &checking->body);
    for (size_t i = 0; i < config->gateway_count; i++) {
        const char *file =
            config_gateway_body(&config->gateways[i], generation->templates, checking->arena);
        if (file)
            templates_body_variables(generation->templates, file, look, checking);
    }
}

void check_variables(const struct config *config, const struct generation *generation,
                     struct diags *diags)
{
    struct checking checking = {.config = config, .diags = diags, .arena = arena_new(64 * 1024)};
    const struct templates *templates = generation->templates;
    known_names_all(checking.arena, config, generation->rules, &checking.all);
    for (size_t i = 0; i < templates_count(templates); i++) {
        checking.variant = templates_variant(templates, i);
        known_names_sent(checking.arena, config, generation->rules, &checking.all,
                         checking.variant->name, &checking.some);
        templates_variables(templates, checking.variant, look, &checking);
    }
    check_bodies(&checking, generation);
    arena_destroy(&checking.arena);
}
