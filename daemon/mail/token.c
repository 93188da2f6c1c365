#include "mail/token.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/digest.h"

enum { ID_MOST = 16, TOKEN_FORM = BASE64_URL | BASE64_BARE };

static bool is_id(const char *id, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((id[i] >= 'a' && id[i] <= 'z') || (id[i] >= 'A' && id[i] <= 'Z') ||
              (id[i] >= '0' && id[i] <= '9') || id[i] == '-' || id[i] == '_'))
            return false;
    return length > 0 && length <= ID_MOST;
}

/* Texts with a NUL between two. */
static void add_joined(struct buf *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add(out, texts[i], strlen(texts[i]) + (i + 1 < count));
}

static void sign(const struct token_key *key, const struct token_kind *kind,
                 const char *const *fields, unsigned char mac[DIGEST_SIZE])
{
    const char *const before[] = {kind->purpose, key->id, ""};
    struct buf text;
    buf_init(&text, 4096);
    add_joined(&text, before, 3);
    add_joined(&text, fields, kind->field_count);
    digest_hmac(key->bytes, key->length, text.data, text.length, mac);
    buf_free(&text);
}

const char *token_make(struct arena *arena, const struct token_key *key,
                       const struct token_kind *kind, const char *const *fields)
{
    char encoded[TOKEN_MOST], signature[48];
    unsigned char mac[DIGEST_SIZE];
    struct buf joined;
    if (!key->id || !is_id(key->id, strlen(key->id)) || key->length == 0)
        return NULL;
    for (size_t i = 0; i < kind->field_count; i++)
        if (strlen(fields[i]) > TOKEN_FIELD_MOST)
            return NULL;
    buf_init(&joined, 4096);
    add_joined(&joined, fields, kind->field_count);
    const char *token = NULL;
    if (base64_size(joined.length) + ID_MOST + sizeof signature < sizeof encoded) {
        sign(key, kind, fields, mac);
        encoded[base64_encode(joined.data, joined.length, TOKEN_FORM, encoded)] = '\0';
        signature[base64_encode(mac, sizeof mac, TOKEN_FORM, signature)] = '\0';
        token = arena_printf(arena, "%s.%s.%s", key->id, encoded, signature);
    }
    buf_free(&joined);
    return token;
}

/* False where they are not exactly as many as the kind has. */
static bool split_fields(struct arena *arena, const struct token_kind *kind, const char *joined,
                         size_t size, const char **fields)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        const char *end = memchr(joined, '\0', size);
        bool last = i + 1 == kind->field_count;
        if (last != !end)
            return false;
        size_t length = last ? size : (size_t)(end - joined);
        fields[i] = arena_copy(arena, joined, length);
        joined += length + !last;
        size -= length + !last;
    }
    return true;
}

bool token_verify(struct arena *arena, const struct token_key *keys, size_t count,
                  const struct token_kind *kind, const char *token, size_t length,
                  const char **fields)
{
    unsigned char joined[TOKEN_MOST], mac[TOKEN_MOST], right[DIGEST_SIZE];
    size_t size, mac_size;
    if (length > TOKEN_MOST)
        return false;
    const char *end = token + length;
    const char *first = memchr(token, '.', length);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || !is_id(token, (size_t)(first - token)) ||
        !base64_decode(first + 1, (size_t)(second - first - 1), TOKEN_FORM, joined, &size) ||
        !base64_decode(second + 1, (size_t)(end - second - 1), TOKEN_FORM, mac, &mac_size) ||
        mac_size != DIGEST_SIZE || !split_fields(arena, kind, (const char *)joined, size, fields))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (keys[i].length == 0 || strlen(keys[i].id) != (size_t)(first - token) ||
            memcmp(keys[i].id, token, (size_t)(first - token)) != 0)
            continue;
        sign(&keys[i], kind, fields, right);
        if (digest_equal(mac, right, DIGEST_SIZE))
            return true;
    }
    return false;
}
