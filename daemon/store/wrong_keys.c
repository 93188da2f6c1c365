#include "store/wrong_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/keys.h"

enum { HASH_BYTES = 8 };

struct wrong_keys {
    char *prefix;
    unsigned char *secret;
    size_t length;
    struct wrong_key keys[WRONG_KEYS_MOST];
};

/* What a key is, and what the key is of. */
static const struct {
    const char *word, *of;
} table[] = {
#define WRONG_KEYS_ROW(name, word, of, type, what) {word, of},
    KEYS(WRONG_KEYS_ROW)
#undef WRONG_KEYS_ROW
};

struct wrong_keys *wrong_keys_new(const char *prefix, const void *secret, size_t length)
{
    struct wrong_keys *wrong_keys = mem_zero(1, sizeof *wrong_keys);
    wrong_keys->prefix = mem_text(prefix);
    wrong_keys->secret = mem_alloc(length + 1);
    wrong_keys->length = length;
    if (length)
        memcpy(wrong_keys->secret, secret, length);
    return wrong_keys;
}

void wrong_keys_destroy(struct wrong_keys **wrong_keys)
{
    struct wrong_keys *ended = *wrong_keys;
    if (!ended)
        return;
    free(ended->prefix);
    free(ended->secret);
    free(ended);
    *wrong_keys = NULL;
}

/* ---- Names ---- */

/* What names somebody in a key of P, or NULL. */
static const char *somebody_in(const struct wrong_keys *wrong_keys, const char *key)
{
    size_t prefix = strlen(wrong_keys->prefix);
    if (strncmp(key, wrong_keys->prefix, prefix) != 0 || key[prefix] != ':')
        return NULL;
    const char *word = key + prefix + 1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = strlen(table[i].word);
        if (strcmp(table[i].of, "<key>") == 0 && strncmp(word, table[i].word, length) == 0 &&
            word[length] == ':')
            return word + length + 1;
    }
    return NULL;
}

static void spell(const struct wrong_keys *wrong_keys, const char *key, char *name)
{
    const char *somebody = somebody_in(wrong_keys, key);
    unsigned char digest[DIGEST_SIZE];
    char hash[2 * HASH_BYTES + 1] = "";
    size_t length = somebody ? (size_t)(somebody - key) : strlen(key);
    if (somebody) {
        digest_hmac(wrong_keys->secret, wrong_keys->length, somebody, strlen(somebody), digest);
        digest_hex(digest, HASH_BYTES, hash);
    }
    int most = WRONG_KEYS_NAME_SIZE - 2 * HASH_BYTES - 2;
    snprintf(name, WRONG_KEYS_NAME_SIZE, "%.*s%s%s", (int)length < most ? (int)length : most, key,
             somebody ? "#" : "", hash);
}

/* ---- Cases ---- */

static bool is_told(const struct wrong_key *key, int64_t now_ms)
{
    return key->name[0] && now_ms - key->last_ms < WRONG_KEYS_MS;
}

/* The key's row, or one for it: the first that is free, else that of the oldest case. */
static struct wrong_key *row_of(struct wrong_keys *wrong_keys, const char *name)
{
    struct wrong_key *oldest = &wrong_keys->keys[0];
    for (struct wrong_key *key = oldest; key < wrong_keys->keys + WRONG_KEYS_MOST; key++) {
        if (!key->name[0] || strcmp(key->name, name) == 0)
            return key;
        if (key->last_ms < oldest->last_ms)
            oldest = key;
    }
    return oldest;
}

void wrong_keys_note(struct wrong_keys *wrong_keys, int64_t now_ms, const char *key,
                     const char *what)
{
    char name[WRONG_KEYS_NAME_SIZE];
    spell(wrong_keys, key, name);
    struct wrong_key *row = row_of(wrong_keys, name);
    bool known = strcmp(row->name, name) == 0 && is_told(row, now_ms);
    snprintf(row->name, sizeof row->name, "%s", name);
    snprintf(row->what, sizeof row->what, "%s", what);
    row->last_ms = now_ms;
    if (!known)
        log_error("a key in Redis is wrong, and what needs it waits or passes it over: %s %s", name,
                  row->what);
}

void wrong_keys_hear(struct wrong_keys *wrong_keys, int64_t now_ms, const char *error)
{
    static const char kind[] = "WRONGKEY ", is[] = " is a ";
    const char *what = NULL, *key = error + sizeof kind - 1;
    if (strncmp(error, kind, sizeof kind - 1) != 0)
        return;
    for (const char *at = key; (at = strstr(at, is)); at++)
        what = at;
    if (!what)
        return;
    char *name = mem_text(key);
    name[what - key] = '\0';
    wrong_keys_note(wrong_keys, now_ms, name, what + 1);
    free(name);
}

const struct wrong_key *wrong_keys_at(const struct wrong_keys *wrong_keys, int64_t now_ms,
                                      size_t index)
{
    for (size_t i = 0; i < WRONG_KEYS_MOST; i++)
        if (is_told(&wrong_keys->keys[i], now_ms) && index-- == 0)
            return &wrong_keys->keys[i];
    return NULL;
}
