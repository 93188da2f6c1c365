/*
 * token_make and token_verify, at the end, do the same with either form: a `body` is what a key
 * makes of the text (seal, enclose), and from which it has the text again (unseal, disclose). That
 * the body is right is known by making it anew.
 */
#include "mail/token.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/digest.h"

enum {
    ID_MOST = 16,
    TAG_SIZE = 16,
    TEXT_MOST = 4 * (TOKEN_FIELD_MOST + 1),
    MAC_DIGITS = 43, /* of 32 bytes, bare */
    TOKEN_FORM = BASE64_URL | BASE64_BARE,
};

bool token_is_id(const char *id, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((id[i] >= 'a' && id[i] <= 'z') || (id[i] >= 'A' && id[i] <= 'Z') ||
              (id[i] >= '0' && id[i] <= '9') || id[i] == '-' || id[i] == '_'))
            return false;
    return length > 0 && length <= ID_MOST;
}

/* ---- What is signed ---- */

/* Texts with a NUL between two. */
static void add_joined(struct buf *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add(out, texts[i], strlen(texts[i]) + (i + 1 < count));
}

static void sign(const struct token_key *key, const struct token_kind *kind, const void *text,
                 size_t length, unsigned char mac[DIGEST_SIZE])
{
    const char *const before[] = {kind->purpose, key->id, ""};
    struct buf whole;
    buf_init(&whole, 4096);
    add_joined(&whole, before, 3);
    buf_add(&whole, text, length);
    digest_hmac(key->bytes, key->length, whole.data, whole.length, mac);
    buf_free(&whole);
}

/* Seals, and unseals: the one undoes the other. */
static void mask(const struct token_key *key, const unsigned char tag[TAG_SIZE],
                 unsigned char *bytes, size_t length)
{
    static const char purpose[] = "seal";
    unsigned char seed[sizeof purpose + TAG_SIZE + 1], stream[DIGEST_SIZE];
    memcpy(seed, purpose, sizeof purpose); /* its NUL divides */
    memcpy(seed + sizeof purpose, tag, TAG_SIZE);
    for (size_t at = 0; at < length; at++) {
        if (at % DIGEST_SIZE == 0) {
            seed[sizeof seed - 1] = (unsigned char)(at / DIGEST_SIZE);
            digest_hmac(key->bytes, key->length, seed, sizeof seed, stream);
        }
        bytes[at] ^= stream[at % DIGEST_SIZE];
    }
}

/* ---- Making ---- */

static const char *encode(struct arena *arena, const void *bytes, size_t length)
{
    char *text = arena_alloc(arena, base64_size(length) + 1);
    text[base64_encode(bytes, length, TOKEN_FORM, text)] = '\0';
    return text;
}

static const char *make_open(struct arena *arena, const struct token_key *key,
                             const struct token_kind *kind, const struct buf *text)
{
    unsigned char mac[DIGEST_SIZE];
    sign(key, kind, text->data, text->length, mac);
    return arena_printf(arena, "%s.%s.%s", key->id, encode(arena, text->data, text->length),
                        encode(arena, mac, sizeof mac));
}

static const char *make_sealed(struct arena *arena, const struct token_key *key,
                               const struct token_kind *kind, const struct buf *text)
{
    unsigned char body[TAG_SIZE + TEXT_MOST], mac[DIGEST_SIZE];
    sign(key, kind, text->data, text->length, mac);
    memcpy(body, mac, TAG_SIZE);
    if (text->length)
        memcpy(body + TAG_SIZE, text->data, text->length);
    mask(key, body, body + TAG_SIZE, text->length);
    return arena_printf(arena, "%s.%s", key->id, encode(arena, body, TAG_SIZE + text->length));
}

const char *token_make(struct arena *arena, const struct token_key *key,
                       const struct token_kind *kind, const char *const *fields)
{
    struct buf text;
    if (!key->id || !token_is_id(key->id, strlen(key->id)) || key->length == 0)
        return NULL;
    for (size_t i = 0; i < kind->field_count; i++)
        if (strlen(fields[i]) > TOKEN_FIELD_MOST)
            return NULL;
    buf_init(&text, TEXT_MOST);
    add_joined(&text, fields, kind->field_count);
    const char *token = NULL;
    if (base64_size(text.length) + ID_MOST + MAC_DIGITS + 5 < TOKEN_MOST)
        token =
            key->open ? make_open(arena, key, kind, &text) : make_sealed(arena, key, kind, &text);
    buf_free(&text);
    return token;
}

/* ---- Reading ---- */

/* A token's parts: as it is written, and decoded. */
struct parts {
    const char *id;
    size_t id_length;
    bool open;
    unsigned char body[TOKEN_MOST]; /* TAG SEALED, or TEXT */
    size_t length;
    unsigned char mac[TOKEN_MOST]; /* of the open form */
};

static bool decode(const char *from, const char *end, unsigned char *bytes, size_t *length)
{
    return base64_decode(from, (size_t)(end - from), TOKEN_FORM, bytes, length);
}

static bool split(const char *token, size_t length, struct parts *parts)
{
    size_t mac_size;
    if (length > TOKEN_MOST)
        return false;
    const char *end = token + length, *first = memchr(token, '.', length);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!first)
        return false;
    parts->id = token;
    parts->id_length = (size_t)(first - token);
    parts->open = second != NULL;
    if (!token_is_id(parts->id, parts->id_length) ||
        !decode(first + 1, second ? second : end, parts->body, &parts->length))
        return false;
    if (parts->open)
        return decode(second + 1, end, parts->mac, &mac_size) && mac_size == DIGEST_SIZE;
    return parts->length >= TAG_SIZE;
}

static bool is_named(const struct parts *parts, const struct token_key *key)
{
    return key->length > 0 && key->open == parts->open && strlen(key->id) == parts->id_length &&
           memcmp(key->id, parts->id, parts->id_length) == 0;
}

/* Whether the key signed the text of these parts, which is given. */
static bool unlock(const struct token_key *key, const struct token_kind *kind,
                   const struct parts *parts, unsigned char text[TOKEN_MOST], size_t *length)
{
    unsigned char right[DIGEST_SIZE];
    const size_t tag_size = parts->open ? 0 : TAG_SIZE;
    *length = parts->length - tag_size;
    memcpy(text, parts->body + tag_size, *length);
    if (!parts->open)
        mask(key, parts->body, text, *length);
    sign(key, kind, text, *length, right);
    return parts->open ? digest_equal(parts->mac, right, DIGEST_SIZE)
                       : digest_equal(parts->body, right, TAG_SIZE);
}

/* False where they are not exactly as many as the kind has. */
static bool split_fields(struct arena *arena, const struct token_kind *kind, const char *text,
                         size_t size, const char **fields)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        const char *end = memchr(text, '\0', size);
        bool last = i + 1 == kind->field_count;
        if (last != !end)
            return false;
        size_t length = last ? size : (size_t)(end - text);
        fields[i] = arena_copy(arena, text, length);
        text += length + !last;
        size -= length + !last;
    }
    return true;
}

bool token_verify(struct arena *arena, const struct token_key *keys, size_t count,
                  const struct token_kind *kind, const char *token, size_t length,
                  const char **fields)
{
    struct parts parts;
    unsigned char text[TOKEN_MOST];
    size_t size;
    if (!split(token, length, &parts))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_named(&parts, &keys[i]) && unlock(&keys[i], kind, &parts, text, &size))
            return split_fields(arena, kind, (const char *)text, size, fields);
    return false;
}

bool token_is_foreign(const struct token_key *keys, size_t count, const char *token, size_t length)
{
    struct parts parts;
    if (!split(token, length, &parts))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_named(&parts, &keys[i]))
            return false;
    return true;
}
