#include "web/page_texts_file.h"

#include <string.h>

#include "base/settings_fault.h"
#include "base/value.h"
#include "base/yaml.h"

struct reading {
    struct arena *arena;
    struct settings_source source;
    struct diags *diags;
    struct page_language *items;
    uint32_t count, capacity;
};

static struct diag *fault(struct reading *reading, const struct value *place, const char *text,
                          const char *name)
{
    return settings_fault(reading->diags, &reading->source, place, DIAG_ERROR, text, name);
}

/* NULL with a fault where it cannot be shown. */
static const char *text_of(struct reading *reading, const struct value *value, const char *name)
{
    if (value->kind == VALUE_STRING && value->length > 0 && value->length <= PAGE_TEXTS_MOST)
        return value_to_text(reading->arena, value);
    fault(reading, value, "`%s` must be a text, of at most 600 bytes", name);
    return NULL;
}

static void read_topics(struct reading *reading, const struct value *map,
                        struct page_language *language)
{
    uint32_t count = value_count(map), good = 0;
    if (map->kind != VALUE_MAP) {
        fault(reading, map, "`%s` must be a mapping of topics to titles", "topics");
        return;
    }
    struct page_topic *rows = arena_zero(reading->arena, (count + 1) * sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        const char *topic = value_to_text(reading->arena, &map->map->members[i].key);
        const char *title = text_of(reading, &map->map->members[i].value, topic);
        if (title)
            rows[good++] = (struct page_topic){topic, title};
    }
    language->topics = rows;
}

static void read_text(struct reading *reading, const struct value_member *member,
                      struct page_language *language)
{
    const char *known[PAGE_TEXT_COUNT + 2] = {"all", "topics"};
    const char *name = value_to_text(reading->arena, &member->key);
    if (strcmp(name, "topics") == 0) {
        read_topics(reading, &member->value, language);
        return;
    }
    if (strcmp(name, "all") == 0) {
        const char *all = text_of(reading, &member->value, name);
        language->all = all ? all : language->all;
        return;
    }
    for (size_t i = 1; i < PAGE_TEXT_COUNT; i++) {
        known[i + 1] = page_text_names[i];
        if (strcmp(page_text_names[i], name) == 0) {
            const char *text = text_of(reading, &member->value, name);
            language->texts[i] = text ? text : language->texts[i];
            return;
        }
    }
    diag_suggest(fault(reading, &member->key, "the pages have no text `%s`", name), name, known);
}

/* The language of that tag, which is there already, or is added. */
static struct page_language *language_of(struct reading *reading, const char *tag)
{
    for (uint32_t i = 0; i < reading->count; i++)
        if (strcmp(reading->items[i].tag, tag) == 0)
            return &reading->items[i];
    reading->items = arena_grow(reading->arena, reading->items, reading->count, &reading->capacity,
                                sizeof *reading->items);
    reading->items[reading->count] = (struct page_language){.tag = tag, .texts = {""}};
    return &reading->items[reading->count++];
}

/* A page with holes would be none. */
static void check_whole(struct reading *reading, const struct value *place,
                        struct page_language *language)
{
    const struct page_language *other = &reading->items[0];
    for (size_t i = 1; i < PAGE_TEXT_COUNT; i++)
        if (!language->texts[i]) {
            fault(reading, place, "the language lacks the text `%s`", page_text_names[i]);
            language->texts[i] = other->texts[i];
        }
    if (!language->all) {
        fault(reading, place, "the language lacks the text `%s`", "all");
        language->all = other->all;
    }
}

static void read_language(struct reading *reading, const struct value_member *member)
{
    const char *tag = value_to_text(reading->arena, &member->key);
    size_t length = strspn(tag, "abcdefghijklmnopqrstuvwxyz");
    if (length < 2 || length > 3 || tag[length]) {
        fault(reading, &member->key, "`%s` is no language: two or three small letters", tag);
        return;
    }
    if (member->value.kind != VALUE_MAP) {
        fault(reading, &member->value, "`%s` must be a mapping of names to texts", tag);
        return;
    }
    struct page_language *language = language_of(reading, tag);
    for (uint32_t i = 0; i < value_count(&member->value); i++)
        read_text(reading, &member->value.map->members[i], language);
    check_whole(reading, &member->key, language);
}

void page_texts_file_load(struct arena *arena, const char *path, struct page_languages *languages,
                          struct diags *diags)
{
    struct reading reading = {.arena = arena, .diags = diags, .source = {.file = path}};
    const struct yaml_options options = {.file = path, .bytes = PAGE_TEXTS_FILE_MOST};
    struct value documents;
    struct diag diag = {0};
    *languages = page_languages_own;
    if (!yaml_read_file(arena, &options, &documents, &reading.source.text, &reading.source.length,
                        &diag)) {
        diags_add(diags, &diag);
        return;
    }
    for (size_t i = 0; i < page_languages_own.count; i++) {
        struct page_language *copy = language_of(&reading, page_languages_own.items[i].tag);
        *copy = page_languages_own.items[i];
    }
    const struct value *root = value_count(&documents) ? &documents.list->items[0] : NULL;
    if (root && root->kind != VALUE_MAP)
        fault(&reading, root, "`%s` must be a mapping of languages", "texts_file");
    for (uint32_t i = 0; value_is(root, VALUE_MAP) && i < value_count(root); i++)
        read_language(&reading, &root->map->members[i]);
    *languages = (struct page_languages){reading.items, reading.count};
}
