#include "mail/token_keys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/hex.h"

enum { BYTES_LEAST = 32, BYTES_MOST = 64 };

struct reading {
    struct arena *arena;
    const char *file;
    struct diag *diag;
    uint32_t number; /* of the line, from 1 */
    struct token_key *keys;
    uint32_t count, capacity;
};

/* Without the line itself, which is a secret. */
static bool place(const struct reading *reading, size_t column, size_t width)
{
    diag_file(reading->diag, reading->file);
    diag_place(reading->diag, reading->number, (uint32_t)column + 1, (uint32_t)width);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool read_id(const struct reading *reading, const char *line, size_t column, size_t width)
{
    const char *id = arena_copy(reading->arena, line + column, width);
    if (!token_is_id(id, width)) {
        diag_error(reading->diag, "the line begins with no id of a key");
        diag_hint(reading->diag, "1 to 16 letters, digits, `-` and `_`, then a space and the key: "
                                 "`nudgectl token-key` prints such a line");
        return place(reading, column, width);
    }
    if (strcmp(id, TOKEN_KEYS_SECRET_ID) == 0) {
        diag_error(reading->diag, "the id `%s` is that of `secret_file`", id);
        return place(reading, column, width);
    }
    for (uint32_t i = 0; i < reading->count; i++)
        if (strcmp(reading->keys[i].id, id) == 0) {
            diag_error(reading->diag, "the id `%s` is that of another key above", id);
            return place(reading, column, width);
        }
    return true;
}

static bool read_bytes(const struct reading *reading, const char *line, size_t column, size_t width,
                       struct token_key *key)
{
    unsigned char *bytes = arena_alloc(reading->arena, BYTES_MOST);
    bool right =
        width >= (size_t)2 * BYTES_LEAST && width <= (size_t)2 * BYTES_MOST && width % 2 == 0;
    for (size_t i = 0; right && i < width; i += 2) {
        int high = hex_value(line[column + i]), low = hex_value(line[column + i + 1]);
        right = high >= 0 && low >= 0;
        bytes[i / 2] = (unsigned char)((high & 15) << 4 | (low & 15));
    }
    if (!right) {
        diag_error(reading->diag, "a key is %d to %d hex digits, an even number", 2 * BYTES_LEAST,
                   2 * BYTES_MOST);
        diag_hint(reading->diag, "`nudgectl token-key` prints a new one");
        return place(reading, column, width);
    }
    key->bytes = bytes;
    key->length = width / 2;
    return true;
}

static size_t word_at(const char *line, size_t length, size_t column)
{
    size_t width = 0;
    while (column + width < length && !is_blank(line[column + width]))
        width++;
    return width;
}

static size_t skip_blanks(const char *line, size_t length, size_t column)
{
    while (column < length && is_blank(line[column]))
        column++;
    return column;
}

static bool read_line(struct reading *reading, const char *line, size_t length)
{
    size_t id = skip_blanks(line, length, 0), id_width = word_at(line, length, id);
    size_t bytes = skip_blanks(line, length, id + id_width);
    size_t width = word_at(line, length, bytes), rest = skip_blanks(line, length, bytes + width);
    struct token_key key = {0};
    if (id == length || line[id] == '#')
        return true;
    if (!read_id(reading, line, id, id_width) || !read_bytes(reading, line, bytes, width, &key))
        return false;
    if (rest < length) {
        diag_error(reading->diag, "behind the key stands something else");
        return place(reading, rest, length - rest);
    }
    if (reading->count == TOKEN_KEYS_MOST) {
        diag_error(reading->diag, "more than %d keys", TOKEN_KEYS_MOST);
        return place(reading, id, id_width);
    }
    key.id = arena_copy(reading->arena, line + id, id_width);
    reading->keys = arena_grow(reading->arena, reading->keys, reading->count, &reading->capacity,
                               sizeof *reading->keys);
    reading->keys[reading->count++] = key;
    return true;
}

bool token_keys_read(struct arena *arena, const char *file, const char *text, size_t length,
                     struct token_keys *keys, struct diag *diag)
{
    struct reading reading = {.arena = arena, .file = file, .diag = diag};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - text) - at : length - at;
        reading.number++;
        if (!read_line(&reading, text + at, size))
            return false;
        at += size + 1;
    }
    if (reading.count == 0) {
        diag_error(diag, "there is no key in it");
        diag_file(diag, file);
        diag_hint(diag, "`nudgectl token-key >> %s` adds one", file);
        return false;
    }
    *keys = (struct token_keys){reading.keys, reading.count};
    return true;
}

bool token_keys_load(struct arena *arena, const char *file, struct token_keys *keys,
                     struct diag *diag)
{
    const char *text;
    size_t length;
    return file_read(arena, file, TOKEN_KEYS_FILE_MOST, &text, &length, diag) &&
           token_keys_read(arena, file, text, length, keys, diag);
}

void token_keys_new_line(char line[TOKEN_KEYS_LINE_SIZE])
{
    unsigned char bytes[BYTES_LEAST], mark[2];
    char hex[2 * BYTES_LEAST + 1], end[5], day[16];
    const time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm t;
    digest_random(bytes, sizeof bytes);
    digest_random(mark, sizeof mark);
    digest_hex(bytes, sizeof bytes, hex);
    digest_hex(mark, sizeof mark, end);
    strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&now, &t));
    snprintf(line, TOKEN_KEYS_LINE_SIZE, "%s-%s %s\n", day, end, hex);
}

const struct token_key *token_keys_newest(const struct token_keys *keys)
{
    return keys->count ? &keys->items[keys->count - 1] : NULL;
}
