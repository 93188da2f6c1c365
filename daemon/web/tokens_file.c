/*
 * Each line is read by itself (read_line): the token, then its types, each of which is checked
 * where it stands. A file with a fault is void as a whole, for half of the logins would look like
 * all.
 */
#include "web/tokens_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/word.h"
#include "customer/shop_event.h"
#include "web/outside_event.h"

struct tokens_login {
    unsigned char digest[DIGEST_SIZE]; /* of the token */
    char mark[17];
    const char *name;
    char *key; /* "whsec_…"; NULL: it is a token */
    struct slice types[TOKENS_TYPES_MOST];
    size_t type_count;
    unsigned rights;
    uint32_t line;
};

struct tokens_file {
    struct arena *arena;
    struct tokens_login *logins[TOKENS_LOGINS_MOST];
    size_t count, keys;
};

struct reading {
    struct tokens_file *file;
    const char *name;
    struct diags *diags;
    uint32_t number; /* of the line */
    struct slice line, token;
};

static const char key_prefix[] = "whsec_";
static const char blanks[] = " \t,";

/* ---- Faults ---- */

/* A fault at a word of the line, which is shown with stars in place of its token. */
static void fault(const struct reading *reading, struct slice at, const char *text,
                  const char *hint)
{
    struct diag diag;
    char *shown = arena_copy(reading->file->arena, reading->line.text, reading->line.length);
    memset(shown + (reading->token.text - reading->line.text), '*', reading->token.length);
    diag_fault(&diag, "bad-token", "%s", text);
    diag_hint(&diag, "%s", hint);
    diag_file(&diag, reading->name);
    diag_offset(&diag, shown, reading->line.length, (size_t)(at.text - reading->line.text));
    diag.line = reading->number;
    diag.width = (uint32_t)at.length;
    diags_add(reading->diags, &diag);
}

/* ---- The token ---- */

/* RFC 6750, section 2.1: b64token. */
static bool is_token(struct slice token)
{
    static const char others[] = "-._~+/";
    size_t length = token.length;
    while (length && token.text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        char c = token.text[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!c || (!word && !strchr(others, c)))
            return false;
    }
    return length > 0;
}

static bool is_key(struct slice token)
{
    return token.length >= sizeof key_prefix - 1 &&
           memcmp(token.text, key_prefix, sizeof key_prefix - 1) == 0;
}

/* Standard Webhooks 1.0: 24 to 64 bytes in base64. */
static bool is_right_key(struct slice token)
{
    char bytes[TOKENS_TOKEN_MOST];
    size_t length, skip = sizeof key_prefix - 1;
    bool right = base64_decode(token.text + skip, token.length - skip,
                               BASE64_STANDARD | BASE64_PADDED | BASE64_BARE, bytes, &length) &&
                 length >= 24 && length <= 64;
    explicit_bzero(bytes, sizeof bytes);
    return right;
}

static bool check_token(const struct reading *reading, struct slice token)
{
    static const char make[] = "`openssl rand -base64 32` makes one";
    static const char make_key[] = "`echo whsec_$(openssl rand -base64 32)` makes one";
    if (token.length > TOKENS_TOKEN_MOST)
        fault(reading, token, "a token has at most 256 characters", make);
    else if (is_key(token) && !is_right_key(token))
        fault(reading, token, "behind `whsec_` a key of 24 to 64 bytes must stand, in base64",
              make_key);
    else if (token.length < TOKENS_TOKEN_LEAST)
        fault(reading, token, "a token of fewer than 20 characters can be guessed", make);
    else if (!is_token(token))
        fault(reading, token,
              "a token consists of letters, digits and `-._~+/`, and perhaps ends in `=`", make);
    else
        return true;
    return false;
}

/* Twice the same is a slip: which line counts would be left to chance. */
static bool is_new(const struct reading *reading, const struct tokens_login *login,
                   struct slice token)
{
    for (size_t i = 0; i < reading->file->count; i++) {
        const struct tokens_login *other = reading->file->logins[i];
        if (!digest_equal(other->digest, login->digest, DIGEST_SIZE))
            continue;
        char text[64];
        snprintf(text, sizeof text, "the same token stands in line %u", other->line);
        fault(reading, token, text, "write all its types on one line");
        return false;
    }
    return true;
}

/* ---- Types ---- */

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.text[i] < ' ' || text.text[i] == 0x7f)
            return true;
    return false;
}

/* A star stands alone, or last behind a dot. */
static bool has_stray_star(struct slice type)
{
    const char *star = memchr(type.text, '*', type.length);
    if (!star || type.length == 1)
        return false;
    return star != type.text + type.length - 1 || star[-1] != '.';
}

static void read_type(const struct reading *reading, struct tokens_login *login, struct slice type)
{
    unsigned right = outside_event_right(type.text, type.length);
    if (right == OUTSIDE_FEEDBACK)
        fault(reading, type, "`message.*` is for nudged's own events", "");
    else if (has_stray_star(type))
        fault(reading, type, "a star stands alone, or last behind a dot", "such as `order.*`");
    else if (type.length > SHOP_EVENT_TYPE_MOST || has_control(type))
        fault(reading, type, "this can be no event's type",
              "at most 100 bytes, without control characters");
    else if (login->type_count == TOKENS_TYPES_MOST)
        fault(reading, type, "more than 64 types on one line", "`order.*` has many");
    else
        login->types[login->type_count++] = slice_copy(reading->file->arena, type);
    login->rights |= right;
}

static bool matches(struct slice pattern, const char *type, size_t length)
{
    bool open = pattern.length && pattern.text[pattern.length - 1] == '*';
    size_t fixed = pattern.length - open;
    if (open && outside_event_right(type, length))
        return false;
    return (open ? length >= fixed : length == fixed) && memcmp(pattern.text, type, fixed) == 0;
}

/* ---- Lines ---- */

static struct slice next_word(struct slice *rest)
{
    *rest = slice_trim(*rest, blanks);
    size_t length = 0;
    while (length < rest->length && !memchr(blanks, rest->text[length], sizeof blanks - 1))
        length++;
    struct slice word = {rest->text, length};
    *rest = (struct slice){rest->text + length, rest->length - length};
    return word;
}

static void name_login(struct reading *reading, struct tokens_login *login, struct slice token)
{
    digest_sha256(token.text, token.length, login->digest);
    unsigned char again[DIGEST_SIZE]; /* so that what is told does not help to try tokens */
    digest_hmac("nudged login", 12, login->digest, DIGEST_SIZE, again);
    digest_hex(again, 8, login->mark);
    if (is_key(token)) {
        login->key = arena_copy(reading->file->arena, token.text, token.length);
        reading->file->keys++;
    }
    login->line = reading->number;
}

/* `NAME:` before the token; NULL: there is none. False where it cannot be one. What is as long as a
 * token is taken for one, so that none is ever shown as a name. */
static bool read_name(struct reading *reading, struct slice *line, const char **name)
{
    struct slice rest = *line, word = next_word(&rest);
    *name = NULL;
    if (word.length == 0 || word.length > TOKENS_TOKEN_LEAST || word.text[word.length - 1] != ':')
        return true;
    reading->token = slice_between(word.text, rest.text + rest.length);
    if (!word_is_plain(word.text, word.length - 1)) {
        fault(reading, word, "this is no name of a login", word_hint);
        return false;
    }
    *name = arena_copy(reading->file->arena, word.text, word.length - 1);
    *line = rest;
    return true;
}

static void read_line(struct reading *reading, struct slice line)
{
    struct tokens_file *file = reading->file;
    const char *name;
    reading->line = line;
    if (!read_name(reading, &line, &name))
        return;
    struct slice token = reading->token = next_word(&line);
    if (name && !token.length)
        fault(reading, line, "no token stands behind this name", "");
    if (!token.length || token.text[0] == '#' || !check_token(reading, token))
        return;
    struct tokens_login *login = arena_zero(file->arena, sizeof *login);
    name_login(reading, login, token);
    login->name = name ? name : arena_printf(file->arena, "line-%" PRIu32, reading->number);
    if (!is_new(reading, login, token))
        return;
    struct slice type = next_word(&line);
    if (!type.length)
        fault(reading, token, "this token may push nothing: no type stands behind it",
              "such as `order.* cart.*`, or `*`");
    for (; type.length; type = next_word(&line))
        read_type(reading, login, type);
    if (file->count == TOKENS_LOGINS_MOST)
        fault(reading, token, "more than 256 tokens", "");
    else if (file->keys > TOKENS_KEYS_MOST)
        fault(reading, token, "more than 8 keys that sign", "tokens may be 256");
    else
        file->logins[file->count++] = login;
}

/* ---- The ways in ---- */

struct tokens_file *tokens_file_read(const char *text, size_t length, const char *name,
                                     struct diags *diags)
{
    struct tokens_file *file = mem_zero(1, sizeof *file);
    struct reading reading = {.file = file, .name = name, .diags = diags};
    size_t errors = diags->errors;
    file->arena = arena_new(4096);
    for (const char *at = text; at < text + length;) {
        const char *end = memchr(at, '\n', (size_t)(text + length - at));
        end = end ? end : text + length;
        reading.number++;
        read_line(&reading, slice_trim(slice_between(at, end), "\r"));
        at = end + 1;
    }
    if (diags->errors > errors)
        tokens_file_destroy(&file);
    return file;
}

struct tokens_file *tokens_file_load(const char *path, struct diags *diags)
{
    struct arena *arena = arena_new(4096);
    struct tokens_file *file = NULL;
    struct diag diag;
    const char *text;
    size_t length;
    if (file_read(arena, path, TOKENS_FILE_MOST, &text, &length, &diag)) {
        file = tokens_file_read(text, length, path, diags);
        explicit_bzero((char *)text, length);
    } else {
        diags_add(diags, &diag);
    }
    arena_destroy(&arena);
    return file;
}

void tokens_file_destroy(struct tokens_file **file)
{
    if (!*file)
        return;
    for (size_t i = 0; i < (*file)->count; i++)
        if ((*file)->logins[i]->key)
            explicit_bzero((*file)->logins[i]->key, strlen((*file)->logins[i]->key));
    arena_destroy(&(*file)->arena);
    free(*file);
    *file = NULL;
}

const struct tokens_login *tokens_file_find(const struct tokens_file *file, const char *token,
                                            size_t length)
{
    unsigned char digest[DIGEST_SIZE];
    const struct tokens_login *found = NULL;
    digest_sha256(token, length, digest);
    for (size_t i = 0; i < file->count; i++) { /* all of them, whichever it is */
        bool same = digest_equal(file->logins[i]->digest, digest, DIGEST_SIZE);
        if (same && !file->logins[i]->key)
            found = file->logins[i];
    }
    return found;
}

const struct tokens_login *tokens_file_key(const struct tokens_file *file, size_t index,
                                           const char **key)
{
    for (size_t i = 0; i < file->count; i++) {
        *key = file->logins[i]->key;
        if (*key && index-- == 0)
            return file->logins[i];
    }
    return NULL;
}

bool tokens_file_may(const struct tokens_login *login, const char *type, size_t length)
{
    for (size_t i = 0; i < login->type_count; i++)
        if (matches(login->types[i], type, length))
            return true;
    return false;
}

unsigned tokens_file_rights(const struct tokens_login *login)
{
    return login->rights;
}

const char *tokens_file_name(const struct tokens_login *login)
{
    return login->name;
}

const char *tokens_file_mark(const struct tokens_login *login)
{
    return login->mark;
}
