#include "base/zone_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { FILE_MOST = 64 * 1024, HEADER = 44 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

/* What lies among the zones and is none: leap seconds counted, the machine's own zone. */
static const char *const not_zones[] = {"right/",     "posix/",  "localtime",
                                        "posixrules", "Factory", NULL};

static bool is_zone_name(const char *name)
{
    if (!*name || *name == '/' || name[strspn(name, letters)])
        return false;
    for (size_t i = 0; not_zones[i]; i++)
        if (strncmp(name, not_zones[i], strlen(not_zones[i])) == 0)
            return false;
    return true;
}

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* One header and where its parts lie, for times of `time_size` bytes. */
struct block {
    size_t times, types, names; /* counts; `names` in bytes */
    const unsigned char *body;  /* the times; then a type for each; then the types */
    size_t length;              /* of the body */
};

static bool find_block(const unsigned char *bytes, size_t length, size_t time_size,
                       struct block *block)
{
    if (length < HEADER || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    size_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        counts[i] = (size_t)big_endian(bytes + 20 + i * 4, 4);
        if (counts[i] > FILE_MOST)
            return false;
    }
    block->times = counts[3];
    block->types = counts[4];
    block->names = counts[5];
    block->body = bytes + HEADER;
    block->length = block->times * (time_size + 1) + block->types * 6 + block->names +
                    counts[2] * (time_size + 4) + counts[1] + counts[0];
    return block->types > 0 && block->types <= ZONE_FILE_TYPES && block->length <= length - HEADER;
}

static bool read_changes(const struct block *block, struct zone_file *file)
{
    const unsigned char *kinds = block->body + block->times * 8, *types = kinds + block->times;
    file->texts = mem_copy(types + block->types * 6, block->names); /* the last one ends, too */
    for (size_t i = 0; i < block->types; i++) {
        file->offsets[i] = (int32_t)(uint32_t)big_endian(types + i * 6, 4);
        file->names[i] = types[i * 6 + 5];
        if (file->names[i] > block->names)
            return false;
    }
    file->count = block->times;
    file->times = mem_alloc(block->times * sizeof *file->times);
    file->kinds = mem_alloc(block->times);
    for (size_t i = 0; i < block->times; i++) {
        file->times[i] = (int64_t)big_endian(block->body + i * 8, 8);
        file->kinds[i] = kinds[i];
        if (kinds[i] >= block->types || (i && file->times[i] <= file->times[i - 1]))
            return false;
    }
    return true;
}

/* "\n<TZ string>\n"; an empty string says nothing. */
static bool read_footer(const unsigned char *at, size_t length, struct zone_file *file)
{
    const unsigned char *end = length > 1 ? memchr(at + 1, '\n', length - 1) : NULL;
    if (!end || *at != '\n')
        return false;
    file->has_rule = end > at + 1;
    return !file->has_rule ||
           zone_rule_parse((const char *)at + 1, (size_t)(end - at) - 1, &file->rule);
}

/* The first block has times of 32 bits, for readers of long ago; the second counts. */
static bool parse(const unsigned char *bytes, size_t length, struct zone_file *file)
{
    struct block old, block;
    if (!find_block(bytes, length, 4, &old))
        return false;
    size_t skip = HEADER + old.length;
    if (!find_block(bytes + skip, length - skip, 8, &block))
        return false;
    size_t footer = skip + HEADER + block.length;
    return read_changes(&block, file) && read_footer(bytes + footer, length - footer, file);
}

bool zone_file_read(const char *name, struct zone_file *file)
{
    const char *folder = getenv("TZDIR"), *text;
    size_t length;
    *file = (struct zone_file){0};
    if (!is_zone_name(name))
        return false;
    struct arena *arena = arena_new(0);
    const char *path =
        arena_printf(arena, "%s/%s", folder && *folder ? folder : "/usr/share/zoneinfo", name);
    bool read = file_read(arena, path, FILE_MOST, &text, &length, NULL) &&
                parse((const unsigned char *)text, length, file);
    arena_destroy(&arena);
    if (!read)
        zone_file_free(file);
    return read;
}

void zone_file_free(struct zone_file *file)
{
    free(file->times);
    free(file->kinds);
    free(file->texts);
    *file = (struct zone_file){0};
}

/* How many changes there were up to that second. */
static size_t changes_until(const struct zone_file *file, int64_t second)
{
    size_t low = 0, high = file->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (file->times[middle] <= second)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t zone_file_offset(const struct zone_file *file, int64_t second)
{
    size_t changes = changes_until(file, second);
    if (changes == file->count && file->has_rule)
        return zone_rule_offset(&file->rule, second);
    return file->offsets[changes ? file->kinds[changes - 1] : 0];
}

const char *zone_file_name(const struct zone_file *file, int64_t second)
{
    size_t changes = changes_until(file, second);
    if (changes == file->count && file->has_rule)
        return zone_rule_name(&file->rule, second);
    return file->texts ? file->texts + file->names[changes ? file->kinds[changes - 1] : 0] : "";
}
