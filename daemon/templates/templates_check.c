/*
 * What is wrong with a template that a render would not stop at. Each look_for_… reads a file's
 * text, or the names that its code reads, for one kind of slip; look_at and templates_check, at
 * the end, say which files are looked at for what.
 */
#include <ctype.h>
#include <string.h>

#include "base/locale_format.h"
#include "base/utf8.h"
#include "templates/templates.h"
#include "templates/templates_set.h"

enum { NAMES_MOST = 200, KEY_MOST = 200, SNIPPETS_WITHIN = 3 };

struct look {
    const struct templates *set;
    const struct templates_file *file;
    struct diags *diags;
};

/* A warning about `length` characters from `offset` on. */
static void add_warning(const struct look *look, struct diag *diag, size_t offset, size_t length)
{
    diag->level = DIAG_WARNING;
    diag_file(diag, look->file->source.file);
    diag_offset(diag, look->file->source.text, look->file->source.length, offset);
    diag->width = (uint32_t)length;
    diags_add(look->diags, diag);
}

/* The length of a key in the quotes that open at `at`, where "| t" follows them; else 0. */
static size_t key_length(const char *at, const char *end)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t length = strspn(at + 1, letters);
    const char *next = at + 1 + length;
    if (length == 0 || length > KEY_MOST || next >= end || *next != *at)
        return 0;
    next += 1 + strspn(next + 1, " ");
    if (*next != '|')
        return 0;
    next += 1 + strspn(next + 1, " ");
    return *next == 't' && !isalnum((unsigned char)next[1]) && next[1] != '_' ? length : 0;
}

/* 'welcome.title' | t: a key in quotes, whatever follows. */
static void look_for_keys(const struct look *look)
{
    const char *text = look->file->source.text, *end = text + look->file->source.length;
    for (const char *at = text; at < end; at++) {
        size_t length = *at == '\'' || *at == '"' ? key_length(at, end) : 0;
        struct diag diag;
        if (!length ||
            translate_has(look->set->translate, look->set->default_locale, at + 1, length))
            continue;
        diag_error(&diag, "there is no translation `%.*s` in the default language", (int)length,
                   at + 1);
        add_warning(look, &diag, (size_t)(at + 1 - text), length);
    }
}

/* The name in quotes that a filter of money is given, which `at` (behind a bar) begins: its
 * length, and where it is; 0 where there is none. */
static size_t currency_given(const char **at)
{
    const char *next = *at + strspn(*at, " ");
    size_t word = strspn(next, "abcdefghijklmnopqrstuvwxyz_");
    if (strncmp(next, "money", 5) != 0 || (word > 5 && next[5] != '_'))
        return 0;
    next += word + strspn(next + word, " ");
    if (*next++ != ':')
        return 0;
    next += strspn(next, " ");
    if (strncmp(next, "currency:", 9) == 0)
        next += 9 + strspn(next + 9, " ");
    if (*next != '"' && *next != '\'')
        return 0;
    *at = next + 1;
    const char *end = strpbrk(*at, *next == '"' ? "\"\n" : "'\n");
    return end && *end == *next ? (size_t)(end - *at) : 0;
}

/* money: "EURO": printed without a currency, as there is none of that name. */
static void look_for_currencies(const struct look *look)
{
    const char *text = look->file->source.text;
    for (const char *at = text; (at = strchr(at, '|'));) {
        at++;
        size_t length = currency_given(&at);
        struct diag diag;
        if (!length || length >= KEY_MOST || locale_format_is_currency(at, length))
            continue;
        diag_error(&diag, "there is no currency `%.*s`", (int)length, at);
        diag_hint(&diag, "three letters of ISO 4217 are meant, such as EUR");
        add_warning(look, &diag, (size_t)(at - text), utf8_count(at, length));
    }
}

/* <img … > without an alt attribute: nothing is shown where pictures are blocked. */
static void look_for_images(const struct look *look)
{
    const char *text = look->file->source.text;
    for (const char *at = text; (at = strcasestr(at, "<img")); at += 4) {
        const char *end = strchr(at, '>'), *alt = at;
        if (isalnum((unsigned char)at[4]))
            continue;
        while ((alt = strcasestr(alt + 1, "alt")) && (!end || alt < end))
            if (isspace((unsigned char)alt[-1]) &&
                (alt[3] == '=' || isspace((unsigned char)alt[3])))
                break;
        struct diag diag;
        if (alt && (!end || alt <= end))
            continue;
        diag_error(&diag, "the picture has no `alt` text");
        diag_hint(&diag, "write alt=\"\" where it only decorates");
        add_warning(look, &diag, (size_t)(at - text), strlen("<img"));
    }
}

/* src="cid:logo.png" of which there is no attachment. */
static void look_for_inline(const struct look *look, const struct templates_variant *variant)
{
    const char *text = look->file->source.text;
    for (const char *at = text; (at = strcasestr(at, "\"cid:")); at++) {
        size_t length = strcspn(at + 5, "\"");
        bool there = memchr(at + 5, '{', length) != NULL; /* a template says which */
        for (size_t i = 0; i < variant->file_count; i++) {
            const char *id = variant->files[i].content_id;
            there |= id && strlen(id) == length && memcmp(id, at + 5, length) == 0;
        }
        struct diag diag;
        if (there)
            continue;
        diag_error(&diag, "`cid:%.*s` is not among the attachments of the front matter",
                   (int)(length < 100 ? length : 100), at + 5);
        diag_hint(&diag, "attachments: [{file: logo.png, cid: logo.png}]");
        add_warning(look, &diag, (size_t)(at + 1 - text), 1);
    }
}

/* Behind a placeholder of another program that begins at `at`, as Mailchimp's *|FNAME|*, or at it
 * where there is none. */
static const char *skip_foreign(const char *at, const char *begin)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:",
                      name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    const char *end = at;
    if (at[0] == '*' && at[1] == '|') {
        end = at + 2 + strspn(at + 2, capitals);
        return end[0] == '|' && end[1] == '*' ? end + 2 : at;
    }
    if (at[0] == '<' && at[1] == '%' && (end = strstr(at, "%>")))
        return end + 2;
    if (at[0] == '{' && at[1] == '#' && at[2] == ' ' && (end = strstr(at, "#}")))
        return end + 2;
    if (at[0] == '{' && (at == begin || !strchr("{%", at[-1]))) {
        end = at + 1 + strspn(at + 1, name);
        bool dotted = memchr(at, '.', (size_t)(end - at)) && isalpha((unsigned char)at[1]);
        return dotted && *end == '}' ? end + 1 : at;
    }
    return at;
}

/* It would stand in the message as it is. */
static void look_for_foreign(const struct look *look)
{
    const char *text = look->file->body, *whole = look->file->source.text;
    for (const char *at = text; *at; at++) {
        const char *end = strchr("*<{", *at) ? skip_foreign(at, text) : at;
        struct diag diag;
        if (end == at)
            continue;
        diag_error(&diag, "this stands in the message as it is: another program knows it");
        if (at[1] == '#')
            diag_hint(&diag, "a comment is {%% comment %%} … {%% endcomment %%}");
        else
            diag_hint(&diag, "a value is {{ customer.first_name }}, a condition {%% if … %%}");
        size_t length = (size_t)(end - at);
        add_warning(look, &diag, (size_t)(at - whole), length < KEY_MOST ? length : 1);
        at = end - 1;
    }
}

static void note_snippet(void *context, const char *path, uint32_t line, uint32_t column)
{
    const struct look *look = context;
    if (strncmp(path, "render:", 7) != 0 ||
        templates_set_snippet(look->set, path + 7, strlen(path + 7)))
        return;
    struct diag diag;
    const char *names[NAMES_MOST + 1];
    struct arena *arena = arena_new(4096);
    size_t count = 0, cursor = 0, length;
    const char *name;
    void *value;
    while (count < NAMES_MOST && map_next(look->set->snippets, &cursor, &name, &length, &value))
        names[count++] = arena_copy(arena, name, length);
    names[count] = NULL;
    diag_error(&diag, "there is no snippet `%s` in snippets/", path + 7);
    diag_suggest(&diag, path + 7, names);
    arena_destroy(&arena);
    diag.level = DIAG_WARNING;
    diag_file(&diag, look->file->source.file);
    diag_place(&diag, line, column, 1);
    diag_excerpt(&diag, look->file->source.text, look->file->source.length);
    diags_add(look->diags, &diag);
}

/* Whether {{ content }} stands somewhere. */
struct content_look {
    const struct templates *set;
    uint32_t depth; /* of snippets in snippets */
    bool shown;
};

/* In the layout, or in a snippet that it includes. */
static void note_content(void *context, const char *path, uint32_t line, uint32_t column)
{
    struct content_look *look = context;
    (void)line, (void)column;
    look->shown |= strcmp(path, "content") == 0;
    if (look->shown || look->depth == SNIPPETS_WITHIN || strncmp(path, "render:", 7) != 0)
        return;
    const struct templates_snippet *snippet =
        templates_set_snippet(look->set, path + 7, strlen(path + 7));
    look->depth++;
    if (snippet && snippet->file->liquid)
        liquid_variables(snippet->file->liquid, note_content, look);
    look->depth--;
}

/* Without it every message says what the layout says, and nothing else. */
static void look_for_content(const struct templates *set, const struct templates_file *file,
                             struct diags *diags)
{
    struct content_look content = {.set = set};
    struct diag diag;
    if (!file || !file->liquid)
        return;
    liquid_variables(file->liquid, note_content, &content);
    if (content.shown)
        return;
    diag_error(&diag, "the layout shows no {{ content }}, so no message of its own is in a mail");
    add_warning(&(struct look){set, file, diags}, &diag, 0, 1);
}

static void look_at(const struct templates *set, const struct templates_file *file, bool html,
                    struct diags *diags)
{
    struct look look = {set, file, diags};
    if (!file)
        return;
    look_for_keys(&look);
    look_for_currencies(&look);
    look_for_foreign(&look);
    if (html)
        look_for_images(&look);
    liquid_variables(file->liquid, note_snippet, &look);
}

void templates_check(const struct templates *templates, struct diags *diags)
{
    size_t cursor = 0, length;
    const char *key;
    void *value;
    translate_check(templates->translate, diags);
    while (map_next(templates->layouts, &cursor, &key, &length, &value)) {
        const struct templates_layout *layout = value;
        look_at(templates, layout->html, true, diags);
        look_at(templates, layout->text, false, diags);
        look_for_content(templates, layout->html, diags);
        look_for_content(templates, layout->text, diags);
    }
    for (cursor = 0; map_next(templates->snippets, &cursor, &key, &length, &value);)
        look_at(templates, ((const struct templates_snippet *)value)->file, true, diags);
    for (size_t i = 0; i < templates->count; i++) {
        const struct templates_pair *pair = &templates->pairs[i];
        look_at(templates, pair->html, true, diags);
        look_at(templates, pair->text, false, diags);
        if (pair->html)
            look_for_inline(&(struct look){templates, pair->html, diags}, &pair->variant);
    }
}
