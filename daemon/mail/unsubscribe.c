#include "mail/unsubscribe.h"

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

static void sign(const struct unsubscribe_key *key, const char *customer, const char *topic,
                 unsigned char mac[DIGEST_SIZE])
{
    struct buf text;
    buf_init(&text, 4096);
    const char *const fields[] = {"unsubscribe", key->id, customer, topic};
    for (size_t i = 0; i < 4; i++)
        buf_add(&text, fields[i], strlen(fields[i]) + (i < 3)); /* its NUL divides */
    digest_hmac(key->bytes, key->length, text.data, text.length, mac);
    buf_free(&text);
}

const char *unsubscribe_make(struct arena *arena, const struct unsubscribe_key *key,
                             const char *customer, const char *topic)
{
    char fields[2 * UNSUBSCRIBE_FIELD_MOST + 2], encoded[UNSUBSCRIBE_TOKEN_MOST], signature[48];
    unsigned char mac[DIGEST_SIZE];
    size_t first = strlen(customer), second = strlen(topic);
    if (!key->id || !is_id(key->id, strlen(key->id)) || key->length == 0 ||
        first > UNSUBSCRIBE_FIELD_MOST || second > UNSUBSCRIBE_FIELD_MOST)
        return NULL;
    sign(key, customer, topic, mac);
    memcpy(fields, customer, first + 1);
    memcpy(fields + first + 1, topic, second);
    encoded[base64_encode(fields, first + 1 + second, TOKEN_FORM, encoded)] = '\0';
    signature[base64_encode(mac, sizeof mac, TOKEN_FORM, signature)] = '\0';
    return arena_printf(arena, "%s.%s.%s", key->id, encoded, signature);
}

bool unsubscribe_verify(struct arena *arena, const struct unsubscribe_key *keys, size_t count,
                        const char *token, size_t length, const char **customer, const char **topic)
{
    unsigned char fields[UNSUBSCRIBE_TOKEN_MOST], mac[UNSUBSCRIBE_TOKEN_MOST], right[DIGEST_SIZE];
    size_t size, mac_size;
    if (length > UNSUBSCRIBE_TOKEN_MOST)
        return false;
    const char *end = token + length;
    const char *first = memchr(token, '.', length);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second || !is_id(token, (size_t)(first - token)) ||
        !base64_decode(first + 1, (size_t)(second - first - 1), TOKEN_FORM, fields, &size) ||
        !base64_decode(second + 1, (size_t)(end - second - 1), TOKEN_FORM, mac, &mac_size) ||
        mac_size != DIGEST_SIZE)
        return false;
    unsigned char *divide = memchr(fields, '\0', size);
    if (!divide || memchr(divide + 1, '\0', size - (size_t)(divide + 1 - fields)))
        return false;
    const char *who = arena_text(arena, (const char *)fields);
    const char *what = arena_copy(arena, divide + 1, size - (size_t)(divide + 1 - fields));
    for (size_t i = 0; i < count; i++) {
        if (keys[i].length == 0 || strlen(keys[i].id) != (size_t)(first - token) ||
            memcmp(keys[i].id, token, (size_t)(first - token)) != 0)
            continue;
        sign(&keys[i], who, what, right);
        if (!digest_equal(mac, right, DIGEST_SIZE))
            continue;
        *customer = who;
        *topic = what;
        return true;
    }
    return false;
}
