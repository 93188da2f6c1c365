#include "base/webhook_signature.h"

#include <string.h>

#include "base/base64.h"
#include "base/digest.h"

static const char prefix[] = "whsec_";

/* The key's bytes; `*length` of them. */
static const char *key_of(struct arena *arena, const char *secret, size_t *length)
{
    size_t skip = sizeof prefix - 1;
    *length = strlen(secret);
    if (strncmp(secret, prefix, skip) != 0)
        return secret;
    char *key = arena_alloc(arena, *length + 1);
    size_t decoded;
    if (!base64_decode(secret + skip, *length - skip, BASE64_STANDARD | BASE64_PADDED | BASE64_BARE,
                       key, &decoded))
        return secret;
    *length = decoded;
    return key;
}

const char *webhook_signature(struct arena *arena, const char *secret,
                              const struct webhook_signed *what)
{
    unsigned char digest[DIGEST_SIZE];
    char text[2 * DIGEST_SIZE];
    size_t key_length;
    const char *key = key_of(arena, secret, &key_length);
    const char *head = arena_printf(arena, "%s.%lld.", what->id, (long long)what->at_s);
    size_t length = strlen(head);
    char *whole = arena_alloc(arena, length + what->length + 1);
    memcpy(whole, head, length);
    if (what->length)
        memcpy(whole + length, what->body, what->length);
    digest_hmac(key, key_length, whole, length + what->length, digest);
    size_t written =
        base64_encode((const char *)digest, sizeof digest, BASE64_STANDARD | BASE64_PADDED, text);
    return arena_printf(arena, "v1,%.*s", (int)written, text);
}
