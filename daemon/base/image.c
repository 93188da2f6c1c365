/*
 * A maker has bytes that are put one behind the other (image_put), and where among them a pointer
 * stands (image_link): image_copy, which begins the file's use, copies both to where the image is
 * to lie. What a value points to is put by put_list, put_map and, as JSON has it, put_other.
 */
#include "base/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

enum { OTHER_MOST = 1024 * 1024 }; /* bytes of one value as JSON */

void image_maker_free(struct image_maker *maker)
{
    free(maker->bytes);
    free(maker->links);
    *maker = (struct image_maker){0};
}

/* ---- Bytes and links ---- */

void image_begin(struct image_maker *maker)
{
    maker->length = maker->link_count = 0;
}

void image_copy(const struct image_maker *maker, void *block)
{
    char *bytes = block;
    memcpy(bytes, maker->bytes, maker->length);
    for (uint32_t i = 0; i < maker->link_count; i++) {
        uintptr_t address;
        memcpy(&address, bytes + maker->links[i], sizeof address);
        address += (uintptr_t)bytes;
        memcpy(bytes + maker->links[i], &address, sizeof address);
    }
}

size_t image_room(struct image_maker *maker, size_t size)
{
    size_t place = maker->length;
    size = (size + 7) & ~(size_t)7;
    if (maker->capacity - maker->length < size) {
        maker->capacity = 2 * (maker->capacity + size);
        maker->bytes = mem_resize(maker->bytes, maker->capacity);
    }
    maker->length += size;
    return place;
}

size_t image_put(struct image_maker *maker, const void *bytes, size_t size)
{
    size_t place = image_room(maker, size);
    if (size)
        memcpy(maker->bytes + place, bytes, size);
    return place;
}

void image_link(struct image_maker *maker, size_t from, size_t to)
{
    uintptr_t place = to;
    memcpy(maker->bytes + from, &place, sizeof place);
    if (maker->link_count == maker->link_capacity) {
        maker->link_capacity = maker->link_capacity ? 2 * maker->link_capacity : 256;
        maker->links = mem_resize(maker->links, sizeof *maker->links * maker->link_capacity);
    }
    maker->links[maker->link_count++] = (uint32_t)from;
}

/* ---- Texts and values ---- */

/* Few texts come all the time. */
static bool is_lasting(struct image_maker *maker, const void *bytes)
{
    const void **known = &maker->known[(uintptr_t)bytes / ARENA_ALIGNMENT % IMAGE_KNOWN];
    if (*known == bytes)
        return true;
    if (!maker->lasting || !arena_has(maker->lasting, bytes))
        return false;
    *known = bytes;
    return true;
}

void image_text(struct image_maker *maker, size_t from, const char *text)
{
    if (!text || is_lasting(maker, text))
        memcpy(maker->bytes + from, &text, sizeof text);
    else
        image_link(maker, from, image_put(maker, text, strlen(text) + 1));
}

void image_texts(struct image_maker *maker, size_t from, const char *const *texts)
{
    size_t count = 0;
    if (!texts || !texts[0] || is_lasting(maker, texts)) {
        memcpy(maker->bytes + from, &texts, sizeof texts);
        return;
    }
    while (texts[count])
        count++;
    size_t place = image_put(maker, texts, sizeof *texts * (count + 1));
    for (size_t i = 0; i < count; i++)
        image_text(maker, place + i * sizeof *texts, texts[i]);
    image_link(maker, from, place);
}

static void put_list(struct image_maker *maker, size_t from, const struct value_list *list)
{
    const struct value_list bare = {.count = list->count, .capacity = list->count};
    size_t place = image_put(maker, &bare, sizeof bare);
    size_t items = image_room(maker, sizeof *list->items * list->count);
    image_link(maker, from + offsetof(struct value, list), place);
    image_link(maker, place + offsetof(struct value_list, items), items);
    for (uint32_t i = 0; i < list->count; i++)
        image_value(maker, items + i * sizeof *list->items, &list->items[i]);
}

static void put_map(struct image_maker *maker, size_t from, const struct value_map *map)
{
    const struct value_map bare = {.count = map->count,
                                   .capacity = map->count,
                                   .slot_count = map->slot_count,
                                   .marks = map->marks};
    size_t place = image_put(maker, &bare, sizeof bare);
    size_t members = image_room(maker, sizeof *map->members * map->count);
    image_link(maker, from + offsetof(struct value, map), place);
    image_link(maker, place + offsetof(struct value_map, members), members);
    if (map->slots)
        image_link(maker, place + offsetof(struct value_map, slots),
                   image_put(maker, map->slots, sizeof *map->slots * map->slot_count));
    for (uint32_t i = 0; i < map->count; i++) {
        size_t member = members + i * sizeof *map->members;
        image_value(maker, member + offsetof(struct value_member, key), &map->members[i].key);
        image_value(maker, member + offsetof(struct value_member, value), &map->members[i].value);
    }
}

static bool is_plain(const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_STRING:
        return true;
    case VALUE_INT:
    case VALUE_DOUBLE:
        return value->flags & VALUE_FLEXIBLE;
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->list->count; i++)
            if (!is_plain(&value->list->items[i]))
                return false;
        return true;
    case VALUE_MAP:
        for (uint32_t i = 0; i < value->map->count; i++)
            if (!is_plain(&value->map->members[i].value))
                return false;
        return true;
    default:
        return false;
    }
}

struct value image_as_read(struct arena *arena, const struct value *value)
{
    struct value read = value_null();
    struct diag diag;
    if (is_plain(value))
        return *value;
    const struct slice text = json_print_slice(arena, value, OTHER_MOST);
    json_read(arena, text.text, text.length, &json_file_limits, &read, &diag);
    return read;
}

/* What only an expression makes becomes what it is as JSON. */
static void put_other(struct image_maker *maker, size_t from, const struct value *value)
{
    struct arena *arena = arena_new(256);
    const struct value read = image_as_read(arena, value);
    image_value(maker, from, &read);
    arena_destroy(&arena);
}

void image_null(struct image_maker *maker, size_t from)
{
    const struct value null = value_null();
    memcpy(maker->bytes + from, &null, sizeof null);
}

void image_value(struct image_maker *maker, size_t from, const struct value *value)
{
    struct value bare = {.kind = value->kind, .length = value->length};
    switch (value->kind) {
    case VALUE_NULL:
        bare.length = 0;
        break;
    case VALUE_BOOL:
        bare.boolean = value->boolean;
        break;
    case VALUE_INT:
    case VALUE_DOUBLE:
        if (!(value->flags & VALUE_FLEXIBLE)) {
            put_other(maker, from, value);
            return;
        }
        bare.integer = value->integer;
        bare.flags = value->flags & (VALUE_FLEXIBLE | VALUE_SPELLED);
        break;
    case VALUE_STRING:
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    default:
        put_other(maker, from, value);
        return;
    }
    memcpy(maker->bytes + from, &bare, sizeof bare);
    if (value->kind == VALUE_STRING)
        image_link(maker, from + offsetof(struct value, string),
                   image_put(maker, value->string, value->length));
    else if (value->kind == VALUE_LIST)
        put_list(maker, from, value->list);
    else if (value->kind == VALUE_MAP)
        put_map(maker, from, value->map);
    else if (bare.flags & VALUE_SPELLED)
        image_link(maker, from + offsetof(struct value, text),
                   image_put(maker, value->text, value->length));
}
