/*
 * The shapes of all texts are one tree (struct node): its edges are what stands between scalars, so
 * that shapes share their beginnings. Between scalars the same bytes mean the same: each begins and
 * ends where a token does.
 *
 *   follow       goes down the tree with a text, and gathers its scalars
 *   fill         a copy of the block of the shape that was found, with these
 *   learn        of a text that json_read has read: lay makes the block, add_path the path
 *
 * A begin is a path whose end has a note and no block.
 */
#include "base/json_shape.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_scan.h"
#include "base/mem.h"

/* MEMBERS_MOST: a map of more has an index (base/value). WAYS_MOST: a key that is not the same in
 * any two texts is no shape. */
enum {
    LINKS_MOST = 128,
    MEMBERS_MOST = 24,
    BLOCK_MOST = 16 * 1024,
    WAYS_MOST = 12,
    ALL_MOST = 1 << 20, /* bytes of all that was learnt */
};

/* A scalar, or the end of the text, with what stands before it. */
struct node {
    const char *before;
    uint32_t length;
    uint32_t ways;            /* that lead on */
    struct node *first;       /* of them */
    struct node *next;        /* way instead of this one */
    struct json_shape *shape; /* the text ends here, or, where that has no tree, what is wanted of
                                 it; NULL: a scalar stands here */
};

/* All containers of a text in one block. What points into it is the distance from its begin. */
struct json_shape_tree {
    char *block;
    size_t size;
    const uint32_t *links; /* where such a pointer stands */
    uint32_t link_count;
    const uint32_t *places; /* of the scalars */
    uint32_t scalar_count;
};

struct json_shapes {
    const struct json_limits *limits;
    struct arena *arena;
    struct node root;
};

struct json_shapes *json_shapes_new(const struct json_limits *limits)
{
    struct json_shapes *shapes = mem_zero(1, sizeof *shapes);
    shapes->limits = limits;
    shapes->arena = arena_new(1);
    return shapes;
}

void json_shapes_destroy(struct json_shapes **shapes)
{
    if (!*shapes)
        return;
    arena_destroy(&(*shapes)->arena);
    free(*shapes);
    *shapes = NULL;
}

struct arena *json_shapes_arena(struct json_shapes *shapes)
{
    return shapes->arena;
}

/* ---- Reading ---- */

/* Whether a scalar begins so. */
static inline bool is_begun(char c)
{
    static const bool begins[256] = {
        ['"'] = true, ['-'] = true, ['t'] = true, ['f'] = true, ['n'] = true, ['0' ... '9'] = true};
    return begins[(unsigned char)c];
}

/* The way on from `at`; NULL: none. */
static inline const struct node *find_way(const struct node *node, const char *at, const char *end)
{
    size_t left = (size_t)(end - at);
    for (node = node->first; node; node = node->next)
        if (left >= node->length && bytes_are_same(at, node->before, node->length) &&
            (node->shape ? left == node->length || !node->shape->tree
                         : left > node->length && is_begun(at[node->length])))
            return node;
    return NULL;
}

/* Most are strings, and plain. */
static inline const char *read_scalar(struct arena *arena, const char *at, const char *end,
                                      struct value *value)
{
    if (*at == '"') {
        const char *quote = json_scan_plain(at + 1, end);
        if (quote < end && *quote == '"') {
            *value = value_string(at + 1, (size_t)(quote - at - 1));
            return quote + 1;
        }
    } else if (*at == 't' && end - at > 4 && bytes_four(at) == bytes_four("true")) {
        *value = value_bool(true);
        return at + 4;
    }
    return json_scan_scalar(arena, at, end, value);
}

/* The shape of the text; NULL: none that is known. */
static struct json_shape *follow(const struct json_shapes *shapes, struct arena *arena,
                                 const char *text, size_t length, struct value *scalars)
{
    const char *at = text, *end = text + length;
    const struct node *node = &shapes->root;
    while ((node = find_way(node, at, end))) {
        if (node->shape)
            return node->shape;
        at = read_scalar(arena, at + node->length, end, scalars++);
        if (!at)
            return NULL;
    }
    return NULL;
}

/* Makes the pointer that stands there one into the block. */
static inline void link_up(char *block, uint32_t place)
{
    uintptr_t distance;
    memcpy(&distance, block + place, sizeof distance);
    distance += (uintptr_t)block;
    memcpy(block + place, &distance, sizeof distance);
}

static struct value fill(const struct json_shape_tree *tree, struct arena *arena,
                         const struct value *scalars)
{
    char *block = arena_alloc(arena, tree->size);
    memcpy(block, tree->block, tree->size);
    for (uint32_t i = 0; i < tree->link_count; i++)
        link_up(block, tree->links[i]);
    for (uint32_t i = 0; i < tree->scalar_count; i++)
        memcpy(block + tree->places[i], &scalars[i], sizeof *scalars);
    return (struct value){.kind = VALUE_MAP, .map = (struct value_map *)block};
}

/* ---- Learning ---- */

struct span {
    const char *from, *to;
};

/* A text, and what was made of it so far. */
struct lesson {
    struct json_shapes *shapes;
    struct arena *arena; /* theirs */
    const char *at, *begin, *end;
    char *block;
    size_t size;
    uint32_t link_count, scalar_count;
    uint32_t links[LINKS_MOST], places[JSON_SHAPE_SCALARS_MOST];
    struct span spans[JSON_SHAPE_SCALARS_MOST]; /* of the scalars in the text */
};

/* Whether the tree has a shape, and how large its block is. A key with an escape has none. */
static bool measure(struct lesson *lesson, const struct value *value)
{
    const bool is_map = value->kind == VALUE_MAP;
    const uint32_t count = value_count(value);
    if (!is_map && value->kind != VALUE_LIST)
        return ++lesson->scalar_count <= JSON_SHAPE_SCALARS_MOST;
    lesson->link_count += 2;
    lesson->size += is_map ? sizeof(struct value_map) + count * sizeof(struct value_member)
                           : sizeof(struct value_list) + count * sizeof(struct value);
    if (lesson->link_count > LINKS_MOST || lesson->size > BLOCK_MOST ||
        (is_map && count > MEMBERS_MOST))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *key = is_map ? &value->map->members[i].key : NULL;
        if (key && (key->string < lesson->begin || key->string >= lesson->end))
            return false;
        if (!measure(lesson, is_map ? &value->map->members[i].value : &value->list->items[i]))
            return false;
    }
    return true;
}

static void pass(struct lesson *lesson, size_t bytes)
{
    lesson->at = json_scan_space(lesson->at, lesson->end) + bytes;
}

static void pass_string(struct lesson *lesson)
{
    pass(lesson, 1);
    while (*lesson->at != '"')
        lesson->at += *lesson->at == '\\' ? 2 : 1;
    lesson->at++;
}

static void pass_scalar(struct lesson *lesson)
{
    struct span *span = &lesson->spans[lesson->scalar_count++];
    pass(lesson, 0);
    span->from = lesson->at;
    if (*lesson->at == '"')
        pass_string(lesson);
    else
        while (lesson->at < lesson->end && !strchr(",]} \t\r\n", *lesson->at))
            lesson->at++;
    span->to = lesson->at;
}

static uint32_t place_of(const struct lesson *lesson, const void *at)
{
    return (uint32_t)((const char *)at - lesson->block);
}

/* The pointer that stands there is the distance. */
static void link(struct lesson *lesson, void *at, uintptr_t distance)
{
    memcpy(at, &distance, sizeof distance);
    lesson->links[lesson->link_count++] = place_of(lesson, at);
}

static void *take(struct lesson *lesson, size_t size)
{
    void *taken = lesson->block + lesson->size;
    lesson->size += size;
    return taken;
}

static void lay(struct lesson *lesson, const struct value *value, struct value *to);

static struct value_map *lay_map(struct lesson *lesson, const struct value_map *map)
{
    struct value_map *made = take(lesson, sizeof *made);
    struct value_member *members = take(lesson, map->count * sizeof *members);
    *made = (struct value_map){.count = map->count, .capacity = map->count, .marks = map->marks};
    link(lesson, &made->members, place_of(lesson, members));
    pass(lesson, 1);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct value *key = &map->members[i].key;
        members[i].key =
            value_string(arena_copy(lesson->arena, key->string, key->length), key->length);
        pass_string(lesson);
        pass(lesson, 1); /* a colon */
        lay(lesson, &map->members[i].value, &members[i].value);
        pass(lesson, i + 1 < map->count);
    }
    pass(lesson, 1);
    return made;
}

static struct value_list *lay_list(struct lesson *lesson, const struct value_list *list)
{
    struct value_list *made = take(lesson, sizeof *made);
    struct value *items = take(lesson, list->count * sizeof *items);
    *made = (struct value_list){.count = list->count, .capacity = list->count};
    link(lesson, &made->items, place_of(lesson, items));
    pass(lesson, 1);
    for (uint32_t i = 0; i < list->count; i++) {
        lay(lesson, &list->items[i], &items[i]);
        pass(lesson, i + 1 < list->count);
    }
    pass(lesson, 1);
    return made;
}

/* The same in the block, and the text up to its end. */
static void lay(struct lesson *lesson, const struct value *value, struct value *to)
{
    *to = (struct value){.kind = value->kind};
    if (value->kind == VALUE_MAP) {
        link(lesson, &to->map, place_of(lesson, lay_map(lesson, value->map)));
    } else if (value->kind == VALUE_LIST) {
        link(lesson, &to->list, place_of(lesson, lay_list(lesson, value->list)));
    } else {
        lesson->places[lesson->scalar_count] = place_of(lesson, to);
        pass_scalar(lesson);
    }
}

/* The way on that has this before it; NULL where there are too many. `is_end`: of the text. */
static struct node *need_way(struct lesson *lesson, struct node *node, struct slice before,
                             bool is_end)
{
    struct node **way = &node->first;
    for (; *way; way = &(*way)->next)
        if ((*way)->length == before.length && ((*way)->shape != NULL) == is_end &&
            memcmp((*way)->before, before.text, before.length) == 0)
            return *way;
    if (node->ways++ == WAYS_MOST)
        return NULL;
    *way = arena_zero(lesson->arena, sizeof **way);
    (*way)->before = arena_copy(lesson->arena, before.text, before.length);
    (*way)->length = (uint32_t)before.length;
    return *way;
}

static void *keep(struct lesson *lesson, const void *bytes, size_t size)
{
    return memcpy(arena_alloc(lesson->arena, size), bytes, size);
}

static struct json_shape *make_shape(struct lesson *lesson)
{
    struct json_shape *shape = arena_zero(lesson->arena, sizeof *shape);
    const struct json_shape_tree tree = {
        .block = lesson->block,
        .size = lesson->size,
        .links = keep(lesson, lesson->links, sizeof *lesson->links * lesson->link_count),
        .link_count = lesson->link_count,
        .places = keep(lesson, lesson->places, sizeof *lesson->places * lesson->scalar_count),
        .scalar_count = lesson->scalar_count,
    };
    shape->tree = keep(lesson, &tree, sizeof tree);
    return shape;
}

/* Where the text, or its begin, ends that has these scalars; NULL: there is no room for it. */
static struct node *add_path(struct lesson *lesson)
{
    struct node *node = &lesson->shapes->root;
    const char *from = lesson->begin;
    for (uint32_t i = 0; node && i < lesson->scalar_count; i++) {
        node = need_way(lesson, node, slice_between(from, lesson->spans[i].from), false);
        from = lesson->spans[i].to;
    }
    return node ? need_way(lesson, node, slice_between(from, lesson->end), true) : NULL;
}

static void learn(struct json_shapes *shapes, const char *text, size_t length,
                  const struct value *value)
{
    struct lesson lesson;
    lesson.shapes = shapes;
    lesson.arena = shapes->arena;
    lesson.at = lesson.begin = text;
    lesson.end = text + length;
    lesson.size = lesson.link_count = lesson.scalar_count = 0;
    if (value->kind != VALUE_MAP || arena_used(shapes->arena) > ALL_MOST ||
        !measure(&lesson, value))
        return;
    lesson.block = arena_alloc(shapes->arena, lesson.size);
    lesson.size = lesson.link_count = lesson.scalar_count = 0;
    lay_map(&lesson, value->map);
    struct node *node = add_path(&lesson);
    if (node && !node->shape)
        node->shape = make_shape(&lesson);
}

bool json_shapes_read(struct json_shapes *shapes, struct arena *arena, const char *text,
                      size_t length, struct value *value, struct json_shape **shape,
                      struct diag *diag)
{
    struct value scalars[JSON_SHAPE_SCALARS_MOST];
    *shape = length <= shapes->limits->bytes ? follow(shapes, arena, text, length, scalars) : NULL;
    if (*shape) {
        *value = fill((*shape)->tree, arena, scalars);
        return true;
    }
    if (!json_read(arena, text, length, shapes->limits, value, diag))
        return false;
    learn(shapes, text, length, value);
    return true;
}

/* ---- Begins ---- */

const void *json_shapes_begin(const struct json_shapes *shapes, struct arena *arena,
                              struct slice text, struct value scalars[JSON_SHAPE_SCALARS_MOST])
{
    const struct json_shape *shape = follow(shapes, arena, text.text, text.length, scalars);
    return shape ? shape->note : NULL;
}

void json_shapes_learn_begin(struct json_shapes *shapes, const char *begin, const char *end,
                             const struct slice *scalars, uint32_t count, const void *note,
                             size_t note_size)
{
    struct lesson lesson;
    if (count > JSON_SHAPE_SCALARS_MOST || arena_used(shapes->arena) > ALL_MOST)
        return;
    lesson.shapes = shapes;
    lesson.arena = shapes->arena;
    lesson.begin = begin;
    lesson.end = end;
    lesson.scalar_count = count;
    for (uint32_t i = 0; i < count; i++)
        lesson.spans[i] = (struct span){scalars[i].text, scalars[i].text + scalars[i].length};
    struct node *node = add_path(&lesson);
    if (!node || node->shape)
        return;
    node->shape = arena_zero(shapes->arena, sizeof *node->shape);
    node->shape->note = keep(&lesson, note, note_size);
}
