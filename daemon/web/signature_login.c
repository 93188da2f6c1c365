/* Schemes by which a provider says a secret: the request's head decides. */
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "web/signature_verify.h"

/* Any of the secrets; all are compared, so that the time does not tell which. */
static enum signature_verdict look_for(const struct signature_check *check, struct slice said)
{
    bool good = false;
    for (uint32_t i = 0; i < check->secrets->count; i++)
        good |= signature_same(check->secrets->lines[i], said);
    return good ? SIGNATURE_GOOD : SIGNATURE_WRONG;
}

/* What stands behind the scheme's name in `Authorization` (RFC 9110, 11.4); NULL: another one. */
static const char *behind(const char *header, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(header, name, length) != 0 || header[length] != ' ')
        return NULL;
    return header + length + strspn(header + length, " ");
}

bool signature_basic_fits(struct slice line)
{
    return memchr(line.text, ':', line.length) != NULL;
}

enum signature_verdict signature_basic(struct signature_check *check)
{
    const char *header = signature_header(check);
    const char *text = header ? behind(header, "Basic") : NULL;
    size_t length;
    if (!text)
        return SIGNATURE_MISSING;
    char *login = arena_alloc(check->arena, strlen(text) + 4);
    if (!base64_decode(text, strlen(text), BASE64_STANDARD | BASE64_PADDED | BASE64_BARE, login,
                       &length))
        return SIGNATURE_WRONG;
    return look_for(check, (struct slice){login, length});
}

enum signature_verdict signature_bearer(struct signature_check *check)
{
    const char *header = signature_header(check);
    const char *token = header ? behind(header, "Bearer") : NULL;
    return token ? look_for(check, slice_of(token)) : SIGNATURE_MISSING;
}

enum signature_verdict signature_token(struct signature_check *check)
{
    const char *header = signature_header(check);
    const char *prefix = check->settings->prefix ? check->settings->prefix : "";
    if (!header)
        return SIGNATURE_MISSING;
    if (strncmp(header, prefix, strlen(prefix)) != 0)
        return SIGNATURE_WRONG;
    return look_for(check, slice_of(header + strlen(prefix)));
}
